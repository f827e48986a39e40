package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// crowded answers 429 so often, without reading what is sent.
func crowded(t *testing.T, times int) (*client, *[]string) {
	t.Helper()
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if times--; times >= 0 {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"status":429,"title":"Too Many Requests","detail":"no room"}`)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, string(b))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"items":[]}`)
	}))
	t.Cleanup(srv.Close)
	return newClient(srv.URL, "x"), &got
}

func TestImportWaitsForRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, []byte("the report"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, body := range map[string]io.Reader{"file": file, "standard input": io.MultiReader(strings.NewReader("the report"))} {
		c, got := crowded(t, 3)
		var said bytes.Buffer
		var waited time.Duration
		p := &patience{time.Minute, &said, func(_ context.Context, d time.Duration) error { waited += d; return nil }}
		body, rewind := rewinder(body)
		err := p.do(t.Context(), "r.json", func() error {
			return c.call(t.Context(), http.MethodPost, "/api/v1/reports", nil, io.NopCloser(body), nil)
		}, rewind)
		if err != nil || waited != 21*time.Second || len(*got) != 1 || (*got)[0] != "the report" {
			t.Errorf("%s: %v after %s, the server got %q", name, err, waited, *got)
		}
		if strings.Count(said.String(), "no room; trying again in 7s") != 3 {
			t.Errorf("%s: it says %q", name, said.String())
		}
	}
}

func TestImportGivesUpWaiting(t *testing.T) {
	c, got := crowded(t, 100)
	waits := 0
	p := &patience{time.Minute, io.Discard, func(context.Context, time.Duration) error { waits++; return nil }}
	err := p.do(t.Context(), "x", func() error { return c.call(t.Context(), http.MethodPost, "/", nil, nil, nil) }, func() error { return nil })
	var e *exit
	if !errors.As(err, &e) || e.code != ExitUndecided || waits != 8 || len(*got) != 0 {
		t.Errorf("%v after %d waits, want exit code %d after 8", err, waits, ExitUndecided)
	}
	used := &once{r: strings.NewReader("x")}
	body, rewind := rewinder(used)
	if _, err := io.ReadAll(body); err != nil || rewind() == nil {
		t.Errorf("a pipe that was read is sent again (%v)", err)
	}
}
