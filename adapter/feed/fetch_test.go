package feed

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// testClient counts its pauses and waits for none.
func testClient(t *testing.T, o Options) (*Client, *[]time.Duration, string) {
	t.Helper()
	var pauses []time.Duration
	o.Dir = t.TempDir()
	o.Pause = func(ctx context.Context, d time.Duration) error { pauses = append(pauses, d); return ctx.Err() }
	return NewClient("1.2.3", o), &pauses, o.Dir
}

func leftovers(t *testing.T, dir string) int {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestFetch(t *testing.T) {
	const tag, date = `"v1"`, "Sun, 16 Aug 2026 04:00:00 GMT"
	var agents []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.UserAgent())
		if r.Header.Get("If-None-Match") == tag || r.Header.Get("If-Modified-Since") == date {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		w.Header().Set("Last-Modified", date)
		w.Write(zip(samples[Metasploit]))
	})
	c, pauses, dir := testClient(t, Options{})
	src := Source{Kind: Metasploit, URL: url}
	d, err := c.Fetch(context.Background(), src, Validator{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a download can be read again
		rows := 0
		m, err := d.Parse(func(Row) error { rows++; return nil })
		if err != nil || rows != 1 || m.AsOf.Format(time.DateOnly) != "2026-08-16" {
			t.Errorf("parsed %d rows, %+v, %v; a feed without a date takes the server's", rows, m, err)
		}
	}
	if d.Bytes == 0 || len(d.SHA256) != 64 || d.Validator != (Validator{tag, date}) {
		t.Errorf("download %+v", d)
	}
	if err := d.Close(); err != nil || leftovers(t, dir) != 0 {
		t.Errorf("close: %v, %d files left", err, leftovers(t, dir))
	}
	for _, v := range []Validator{{ETag: tag}, {LastModified: date}} {
		if _, err := c.Fetch(context.Background(), src, v); !errors.Is(err, ErrNotModified) {
			t.Errorf("with %+v: %v", v, err)
		}
	}
	if len(*pauses) != 0 || len(agents) != 3 || agents[0] != "stance/1.2.3" {
		t.Errorf("%d pauses, agents %q", len(*pauses), agents)
	}
}

func TestFetchRetries(t *testing.T) {
	calls := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		switch calls {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 3: // announces more than it sends
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, "cve,epss\n")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			io.WriteString(w, samples[EPSS])
		}
	})
	c, pauses, dir := testClient(t, Options{})
	d, err := c.Fetch(context.Background(), Source{Kind: EPSS, URL: url}, Validator{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if m, err := d.Parse(func(Row) error { return nil }); err != nil || m.Rows != 2 {
		t.Errorf("%+v, %v", m, err)
	}
	want := []time.Duration{time.Second, 7 * time.Second, 4 * time.Second}
	if calls != 4 || len(*pauses) != 3 || (*pauses)[0] != want[0] || (*pauses)[1] != want[1] || (*pauses)[2] != want[2] {
		t.Errorf("%d calls, pauses %v; want 4 and %v", calls, *pauses, want)
	}
	if n := leftovers(t, dir); n != 1 {
		t.Errorf("%d files on disk, want only the good download", n)
	}
}

func TestFetchGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		options Options
		calls   int
		check   func(error) bool
	}{
		"missing": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, Options{}, 1, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.Status == 404 && strings.Contains(err.Error(), "Not Found")
		}},
		"always down": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, Options{Attempts: 3}, 3, func(err error) bool {
			var s *StatusError
			return errors.As(err, &s) && s.Status == 503
		}},
		"announced too large": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 2000)) }, Options{MaxBytes: 1000}, 1, func(err error) bool { return errors.Is(err, ErrTooLarge) }},
		"too large without saying so": {func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				io.WriteString(w, strings.Repeat("x", 900))
				w.(http.Flusher).Flush()
			}
		}, Options{MaxBytes: 1000}, 1, func(err error) bool { return errors.Is(err, ErrTooLarge) }},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Options{Timeout: 20 * time.Millisecond, Attempts: 2}, 2, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(name, func(t *testing.T) {
			calls := make(chan struct{}, 10)
			url := serve(t, func(w http.ResponseWriter, r *http.Request) { calls <- struct{}{}; c.handler(w, r) })
			client, _, dir := testClient(t, c.options)
			_, err := client.Fetch(context.Background(), Source{Kind: EPSS, URL: url}, Validator{})
			if err == nil || !c.check(err) || len(calls) != c.calls {
				t.Errorf("%d calls, error %v", len(calls), err)
			}
			if n := leftovers(t, dir); n != 0 {
				t.Errorf("%d files left", n)
			}
		})
	}
}

func TestFetchStopsWithContext(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	c := NewClient("1", Options{Dir: t.TempDir()}) // with the real pause
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Fetch(ctx, Source{Kind: EPSS, URL: url}, Validator{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Fetch(context.Background(), Source{Kind: EPSS, URL: "::"}, Validator{}); err == nil {
		t.Error("a broken address is accepted")
	}
}

func TestBackoff(t *testing.T) {
	last := time.Duration(0)
	for i := 1; i < 40; i++ {
		d := backoff(i)
		if d < last || d > maxPause || d <= 0 {
			t.Fatalf("pause %d is %v after %v", i, d, last)
		}
		last = d
	}
	for s, want := range map[string]time.Duration{"": 0, "soon": 0, "-1": 0, "5": 5 * time.Second, "99999999": maxPause} {
		if got := retryAfter(s); got != want {
			t.Errorf("retryAfter(%q) = %v; want %v", s, got, want)
		}
	}
}

func TestMirror(t *testing.T) {
	got, err := Mirror(Official(), "https://mirror.example/feeds/?token=x")
	if err != nil || len(got) != len(Official()) {
		t.Fatal(err)
	}
	if want := "https://mirror.example/feeds/epss_scores-current.csv.gz?token=x"; got[0].URL != want || got[0].Kind != EPSS {
		t.Errorf("EPSS is at %q; want %q", got[0].URL, want)
	}
	for _, bad := range []string{"", "mirror", "ftp://mirror.example", "http://", "::"} {
		if _, err := Mirror(Official(), bad); err == nil {
			t.Errorf("mirror %q is accepted", bad)
		}
	}
}

// Two official sources must not fall on one file name in a mirror, and each
// names its terms.
func TestOfficial(t *testing.T) {
	seen := map[string]Kind{}
	for _, s := range Official() {
		name := s.URL[strings.LastIndexByte(s.URL, '/')+1:]
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s share the file name %s", s.Kind, other, name)
		}
		seen[name] = s.Kind
		if s.Publisher == "" || s.Terms == "" || !strings.HasPrefix(s.URL, "https://") {
			t.Errorf("source %+v", s)
		}
	}
}
