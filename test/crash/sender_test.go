package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
)

// step is one thing that a pipeline does: it sends a report or, without a
// body, confirms the held report of an earlier step.
type step struct {
	key    string // Idempotency-Key, and the name of the step in what is compared
	query  url.Values
	body   []byte
	digest string // SHA-256 of the body, hex
	count  int    // how many reports the upload makes
	state  string // how its reports are to end
	of     string // of a confirmation: the key of the held report
}

// sender sends the steps of several lanes, each lane in its order, and
// repeats a request until the server has answered it.
type sender struct {
	srv    *server
	client *http.Client
	lanes  [][]step
	total  int
	next   chan struct{} // one element lets one step begin

	mu    sync.Mutex
	acked map[string][]string // report ids by key, of what was acknowledged
	order []string            // those ids in the order of their acknowledgement

	began chan string // a key whenever a request is about to be sent
	ended chan string // a key whenever one was acknowledged
}

func newSender(srv *server, lanes [][]step) *sender {
	s := &sender{srv: srv, client: &http.Client{}, lanes: lanes, acked: map[string][]string{}, began: make(chan string), ended: make(chan string)}
	for _, l := range lanes {
		s.total += len(l)
	}
	s.next = make(chan struct{}, s.total)
	return s
}

// release lets n more steps begin.
func (s *sender) release(n int) {
	for range n {
		s.next <- struct{}{}
	}
}

// begin runs the sender beside the test and returns what is closed at its
// end. The test does not end before.
func (s *sender) begin(ctx context.Context, t *testing.T) <-chan struct{} {
	sent := make(chan struct{})
	t.Cleanup(func() { <-sent })
	go func() {
		defer close(sent)
		s.run(ctx, t)
	}()
	return sent
}

// run sends everything and returns when all of it is acknowledged.
func (s *sender) run(ctx context.Context, t *testing.T) {
	var all sync.WaitGroup
	for _, lane := range s.lanes {
		all.Go(func() {
			for _, st := range lane {
				select {
				case <-s.next:
				case <-ctx.Done():
				}
				if err := s.do(ctx, st); err != nil {
					t.Errorf("%s: %v", st.key, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func (s *sender) do(ctx context.Context, st step) error {
	if st.of != "" {
		return s.confirm(ctx, st)
	}
	tell(s.began, st.key)
	ids, err := s.upload(ctx, st)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.acked[st.key], s.order = ids, append(s.order, ids...)
	s.mu.Unlock()
	tell(s.ended, st.key)
	return nil
}

// tell passes a key to whoever waits for one.
func tell(c chan<- string, key string) {
	select {
	case c <- key:
	default:
	}
}

// upload sends a report until the server says that it has it.
func (s *sender) upload(ctx context.Context, st step) ([]string, error) {
	var list httpapi.ReportList
	if err := s.call(ctx, http.MethodPost, "/api/v1/reports", st.query, st.key, st.body, http.StatusAccepted, &list); err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range list.Items {
		ids = append(ids, r.ID)
	}
	if len(ids) != st.count {
		return nil, fmt.Errorf("made %d reports, want %d", len(ids), st.count)
	}
	return ids, nil
}

// confirm waits for a report to be held and confirms it until it is applied:
// when a kill takes the answer, the report itself tells whether it was done.
func (s *sender) confirm(ctx context.Context, st step) error {
	s.mu.Lock()
	path := "/api/v1/reports/" + s.acked[st.of][0]
	s.mu.Unlock()
	for {
		r, err := s.report(ctx, path)
		switch {
		case err != nil:
			return err
		case r.State == "applied":
			return nil
		case r.State == "held":
			base, token, err := s.srv.address(ctx)
			if err != nil {
				return err
			}
			if code, answer, err := s.once(ctx, http.MethodPost, base+path+"/confirm", token, "", nil); err == nil && code != http.StatusOK {
				return fmt.Errorf("confirm: %d %s", code, answer)
			}
		case r.State == "failed":
			return fmt.Errorf("failed: %s", r.Reason)
		}
		pause(ctx)
	}
}

func (s *sender) report(ctx context.Context, path string) (r httpapi.Report, err error) {
	return r, s.call(ctx, http.MethodGet, path, nil, "", nil, http.StatusOK, &r)
}

// call makes one request until it is answered. Another answer than the wanted
// one is an error at once: a server that is up has no reason to fail.
func (s *sender) call(ctx context.Context, method, path string, q url.Values, key string, body []byte, want int, out any) error {
	for {
		base, token, err := s.srv.address(ctx)
		if err != nil {
			return err
		}
		code, answer, err := s.once(ctx, method, base+path+"?"+q.Encode(), token, key, body)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // it was killed
			pause(ctx)
			continue
		case code != want:
			return fmt.Errorf("%s %s: %d %s", method, path, code, answer)
		}
		if raw, ok := out.(*[]byte); ok {
			*raw = answer
			return nil
		}
		return json.Unmarshal(answer, out)
	}
}

// once makes one request. An error says that no whole answer came.
func (s *sender) once(ctx context.Context, method, u, token, key string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// pause is how long a client waits before it asks again.
func pause(ctx context.Context) {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
	}
}

// reports lists all reports that the server knows, by id.
func (s *sender) reports(ctx context.Context) (map[string]httpapi.Report, error) {
	out := map[string]httpapi.Report{}
	q := url.Values{"limit": {"200"}}
	for {
		var page httpapi.ReportList
		if err := s.call(ctx, http.MethodGet, "/api/v1/reports", q, "", nil, http.StatusOK, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			out[r.ID] = r
		}
		if page.NextCursor == "" {
			return out, nil
		}
		q.Set("cursor", page.NextCursor)
	}
}

// promised returns what was acknowledged so far.
func (s *sender) promised() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]string{}
	for k, ids := range s.acked {
		out[k] = slices.Clone(ids)
	}
	return out
}

// accepted returns the ids of all acknowledged reports, the oldest first.
func (s *sender) accepted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// steps calls fn for every step that sends a report.
func (s *sender) steps(fn func(step)) {
	for _, l := range s.lanes {
		for _, st := range l {
			if st.of == "" {
				fn(st)
			}
		}
	}
}
