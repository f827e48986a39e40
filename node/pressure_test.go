package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// still opens a node that does not work yet.
func still(t *testing.T, c Config) *world {
	t.Helper()
	if c.DataDir == "" {
		c.DataDir = t.TempDir()
	}
	c.Listen = "127.0.0.1:0"
	n, err := Open(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, n, httptest.NewServer(n.Handler())}
	t.Cleanup(func() {
		w.srv.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) start() {
	w.Helper()
	if err := w.n.Start(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// secret is a report of one finding, another for each n.
func secret(n int) string {
	return strings.ReplaceAll(gitleaks, "app/settings.py", fmt.Sprintf("app/s%d.py", n))
}

// offer sends a report and returns the whole answer.
func (w *world) offer(token, body string) *http.Response {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.srv.URL+"/api/v1/reports?application=shop&asset=repo", strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		w.Fatal(err)
	}
	resp.Body = io.NopCloser(strings.NewReader(string(b)))
	return resp
}

// accepted is the id of the report in an answer.
func (w *world) accepted(resp *http.Response) string {
	w.Helper()
	var l httpapi.ReportList
	if err := json.NewDecoder(resp.Body).Decode(&l); err != nil || resp.StatusCode != http.StatusAccepted || len(l.Items) != 1 {
		w.Fatalf("%d %v", resp.StatusCode, err)
	}
	return l.Items[0].ID
}

// refused checks an answer that says what is wrong and when to come back.
func (w *world) refused(resp *http.Response, status int, later bool) {
	w.Helper()
	var p struct {
		Status int
		Detail string
	}
	err := json.NewDecoder(resp.Body).Decode(&p)
	after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	if resp.StatusCode != status || p.Status != status || p.Detail == "" || (after > 0) != later || err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		w.Errorf("answered %d %v %+v (%v), want %d", resp.StatusCode, resp.Header, p, err, status)
	}
}

// TestBackPressure: beyond a limit, of reports or of bytes, of a tenant or of
// all, nothing more is taken by any way in; what was taken is applied, and
// then there is room again.
func TestBackPressure(t *testing.T) {
	size := int64(len(secret(1)))
	for name, limits := range map[string]receive.Limits{
		"reports":        {Reports: 3},
		"all reports":    {AllReports: 3},
		"bytes":          {Bytes: 3 * size},
		"bytes of all":   {AllBytes: 3 * size},
		"part of a byte": {Bytes: 2*size + 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := still(t, Config{Waiting: limits})
			token := w.token("import", "read", "admin")
			for i := range 3 {
				w.accepted(w.offer(token, secret(i)))
			}
			w.refused(w.offer(token, secret(4)), http.StatusTooManyRequests, true)
			if resp := w.tus("POST", "/api/v1/uploads", token, "", "Upload-Length", "10"); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
				t.Errorf("an upload in pieces: %d", resp.StatusCode)
			}
			code, body := w.do("PUT", "/api/v1/bom", token, `{"projectName":"p","projectVersion":"1","autoCreate":true,"bom":"eyJib21Gb3JtYXQiOiJDeWNsb25lRFgiLCJzcGVjVmVyc2lvbiI6IjEuNSJ9"}`)
			if code != http.StatusTooManyRequests {
				t.Errorf("a door: %d %s", code, body)
			}
			w.start()
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
				resp := w.offer(token, secret(4))
				if resp.StatusCode == http.StatusAccepted {
					w.done(token, w.accepted(resp))
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("there is never room again")
				}
			}
		})
	}
}

// TestRefusedUnread: a server without room says so before it reads the body.
func TestRefusedUnread(t *testing.T) {
	w := still(t, Config{Waiting: receive.Limits{Reports: 1}})
	token := w.token("import")
	w.accepted(w.offer(token, secret(1)))
	var read atomic.Int64
	body := readerFunc(func(p []byte) (int, error) { read.Add(int64(len(p))); return len(p), nil })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.srv.URL+"/api/v1/reports", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests || read.Load() != 0 {
		t.Errorf("%d after %d bytes", resp.StatusCode, read.Load())
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestFullDatabase: when the file can't grow, uploads are refused and nothing
// is acknowledged; what was acknowledged before waits and is applied when
// there is room again, without being failed.
func TestFullDatabase(t *testing.T) {
	w := still(t, Config{Workers: 1})
	token := w.token("import", "read")
	var ids []string
	for i := range 4 {
		ids = append(ids, w.accepted(w.offer(token, secret(i))))
	}
	pragma := func(q string) (n int64) {
		t.Helper()
		if err := w.n.db.Writer().QueryRowContext(t.Context(), "PRAGMA "+q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	most := pragma("max_page_count")
	pragma(fmt.Sprintf("max_page_count = %d", pragma("page_count")))
	full := false
	for i := 100; i < 1000 && !full; i++ {
		resp := w.offer(token, secret(i))
		if full = resp.StatusCode == http.StatusInsufficientStorage; full {
			w.refused(resp, http.StatusInsufficientStorage, false)
			break
		}
		ids = append(ids, w.accepted(resp))
	}
	if !full {
		t.Fatal("the file never fills")
	}
	w.start()
	time.Sleep(1200 * time.Millisecond) // the worker meets the full disk, twice
	for _, id := range ids {
		if r, err := w.n.db.Report(t.Context(), tenant.Default, id); err != nil || r.State == "failed" {
			t.Fatalf("on a full disk report %s is %s (%s), %v", id, r.State, r.Reason, err)
		}
	}
	pragma(fmt.Sprintf("max_page_count = %d", most))
	for _, id := range ids {
		if r := w.done(token, id); r.State != "applied" || r.Result.Records != 1 {
			t.Fatalf("with room again report %s is %s (%s)", id, r.State, r.Reason)
		}
	}
	w.done(token, w.accepted(w.offer(token, secret(2000))))
}

// TestLockedDatabase: while another program holds the database, uploads are
// answered "later" in bounded time; what was taken before is applied when the
// lock is gone.
func TestLockedDatabase(t *testing.T) {
	begun, resume := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := still(t, Config{Workers: 1, Patience: 300 * time.Millisecond, At: func(b Boundary, _ string) {
		if b == BeforeWork {
			once.Do(func() { close(begun) })
			<-resume
		}
	}})
	token := w.token("import", "read")
	w.start()
	id := w.accepted(w.offer(token, secret(1)))
	<-begun
	other, err := sql.Open("sqlite", "file:"+filepath.Join(w.n.cfg.DataDir, "stance.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(w.offer(token, secret(2)), http.StatusServiceUnavailable, true)
	close(resume)
	w.refused(w.offer(token, secret(2)), http.StatusServiceUnavailable, true)
	if r, err := w.n.db.Report(t.Context(), tenant.Default, id); err != nil || r.State != "accepted" {
		t.Errorf("while it is locked the report is %s (%s), %v", r.State, r.Reason, err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if r := w.done(token, id); r.State != "applied" {
		t.Errorf("unlocked: %+v", r)
	}
	if r := w.done(token, w.accepted(w.offer(token, secret(2)))); r.State != "applied" {
		t.Errorf("sent again: %+v", r)
	}
}
