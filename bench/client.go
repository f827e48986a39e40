package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// client speaks to the server as any other client does.
type client struct {
	base, token string
	http        *http.Client
}

// report is what the bench reads of a report.
type report struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Result struct {
		New       int                `json:"new"`
		Unchanged int                `json:"unchanged"`
		Steps     map[string]float64 `json:"steps"`
	} `json:"result"`
}

// call sends a request and reads the whole answer; out may be nil.
func (c *client) call(ctx context.Context, method, path string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	h := c.http
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

func (c *client) get(ctx context.Context, path string, out any) error {
	return c.call(ctx, http.MethodGet, path, nil, out)
}

func (c *client) send(ctx context.Context, method, path string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.call(ctx, method, path, bytes.NewReader(b), out)
}

// upload sends a report and returns once the server has made it durable.
func (c *client) upload(ctx context.Context, path, application, asset string) (report, error) {
	f, err := os.Open(path)
	if err != nil {
		return report{}, err
	}
	defer f.Close()
	var list struct{ Items []report }
	q := url.Values{"application": {application}, "asset": {asset}, "ref": {"main"}, "name": {"fathom.sarif"}}
	if err := c.call(ctx, http.MethodPost, "/api/v1/reports?"+q.Encode(), f, &list); err != nil {
		return report{}, err
	}
	if len(list.Items) != 1 {
		return report{}, fmt.Errorf("the server made %d reports of one", len(list.Items))
	}
	return list.Items[0], nil
}

// lookEvery is how often a report is looked at: often enough to see its end
// sharply, seldom enough to leave the server alone.
const lookEvery = 5 * time.Millisecond

// settled waits until a report is applied.
func (c *client) settled(ctx context.Context, id string) (report, error) {
	for {
		var r report
		if err := c.get(ctx, "/api/v1/reports/"+id, &r); err != nil {
			return r, err
		}
		switch r.State {
		case "applied":
			return r, nil
		case "held", "failed":
			return r, fmt.Errorf("report is %s: %s", r.State, r.Reason)
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// importReport sends a report, waits until it is applied and says how long
// both took together.
func (c *client) importReport(ctx context.Context, path, application, asset string) (report, time.Duration, error) {
	began := time.Now()
	r, err := c.upload(ctx, path, application, asset)
	if err != nil {
		return r, 0, err
	}
	r, err = c.settled(ctx, r.ID)
	return r, time.Since(began), err
}

// repeat calls something again and again and returns how long each call took.
func repeat(n int, fn func(i int) error) ([]time.Duration, error) {
	out := make([]time.Duration, 0, n)
	for i := range n {
		began := time.Now()
		if err := fn(i); err != nil {
			return nil, err
		}
		out = append(out, time.Since(began))
	}
	return out, nil
}
