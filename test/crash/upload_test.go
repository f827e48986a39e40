package crash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stance-aspm/stance/face/cli"
	"github.com/stance-aspm/stance/face/httpapi"
)

// line is a bad line to a server: it cuts its first connections in the
// middle of what is sent.
type line struct {
	net.Listener
	srv   *server
	cuts  []int64      // bytes after which the next connections are cut
	sent  atomic.Int64 // bytes towards the server
	marks chan struct{}
	at    []int64 // numbers of bytes at which marks gets an element
}

func newLine(ctx context.Context, t *testing.T, srv *server, cuts, at []int64) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := &line{Listener: l, srv: srv, cuts: cuts, at: at, marks: make(chan struct{}, len(at))}
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			limit := int64(1) << 40
			// The first request, which begins the upload, passes.
			if n > 0 && n <= len(cuts) {
				limit = cuts[n-1]
			}
			go out.carry(ctx, c, limit)
		}
	}()
	return out
}

// carry passes a connection on, until the limit.
func (l *line) carry(ctx context.Context, c net.Conn, limit int64) {
	defer c.Close()
	base, _, err := l.srv.address(ctx)
	if err != nil {
		return
	}
	s, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return
	}
	defer s.Close()
	go func() {
		_, _ = io.Copy(c, s) // its end is the end of the connection
		c.Close()
	}()
	_, _ = io.Copy(s, io.TeeReader(io.LimitReader(c, limit), l))
}

// Write counts what passes.
func (l *line) Write(p []byte) (int, error) {
	after := l.sent.Add(int64(len(p)))
	for _, at := range l.at {
		if before := after - int64(len(p)); before < at && at <= after {
			l.marks <- struct{}{}
		}
	}
	return len(p), nil
}

// TestUploadSurvives sends a large report with the command line over a line
// that breaks and to a server that is killed in between: it becomes one
// report, with every byte in its place, and not much is sent twice.
func TestUploadSurvives(t *testing.T) {
	ctx, rng := deadline(t, 3), dice(t)
	srv := startServer(ctx, t, t.TempDir())
	const length = 96 << 20
	path := filepath.Join(t.TempDir(), "gitleaks.json")
	sum := writePadded(t, rng, path, length)
	mib := func(from, to int64) int64 { return (from + rng.Int64N(to-from)) << 20 }
	l := newLine(ctx, t, srv, []int64{mib(2, 8), mib(10, 20), mib(20, 30)}, []int64{mib(40, 50), mib(80, 90)})

	type end struct {
		code     int
		out, err string
	}
	ended := make(chan end, 1)
	_, token, err := srv.address(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STANCE_TOKEN", token)
	go func() {
		var out, errs bytes.Buffer
		app := &cli.App{Version: "test", In: strings.NewReader(""), Out: &out, Err: &errs}
		code := app.Run(ctx, []string{"--server", "http://" + l.Addr().String(), "import", "--no-git", "--application", "shop", "--ref", "main", "--output", "json", path})
		ended <- end{code, out.String(), errs.String()}
	}()
	kills := 0
	var e end
	for done := false; !done; {
		select {
		case <-l.marks:
			srv.restart(ctx)
			kills++
		case e = <-ended:
			done = true
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	var rs []httpapi.Report
	if err := json.Unmarshal([]byte(e.out), &rs); e.code != 0 || err != nil || len(rs) != 1 {
		t.Fatalf("exit %d, %v: %s%s", e.code, err, e.out, e.err)
	}
	if r := rs[0]; r.State != "applied" || r.Digest != sum || r.Size != length || r.Application != "shop" || r.Ref != "main" {
		t.Errorf("the report is not what was sent: %+v, want digest %s", r, sum)
	}
	again := l.sent.Load() - length
	t.Logf("%d cuts and %d kills cost %d MiB that were sent twice, of %d MiB", len(l.cuts), kills, again>>20, length>>20)
	if kills != 2 {
		t.Errorf("the server was killed %d times, want 2", kills)
	}
	// A kill may cost a part of 16 MiB and what was under way in buffers; a
	// cut only the latter.
	if again > 64<<20 {
		t.Errorf("%d MiB were sent again", again>>20)
	}
	if n := strings.Count(e.err, "trying again"); n < 3 {
		t.Errorf("the command line told of %d broken lines: %s", n, e.err)
	}
}

// writePadded writes a report of so many bytes with blanks of chance between
// its members and returns its SHA-256.
func writePadded(t *testing.T, rng *rand.Rand, path string, length int) string {
	t.Helper()
	const record = `{"RuleID":"generic-api-key","Description":"Key","StartLine":3,"EndLine":3,"StartColumn":1,"EndColumn":40,"Match":"key = x","Secret":"q9w8e7r6t5z4u3i2o1p0","File":"app/settings.py","SymlinkFile":"","Commit":"","Entropy":4.1,"Author":"","Email":"","Date":"","Message":"","Tags":[],"Fingerprint":"app/settings.py:generic-api-key:3"}`
	b := make([]byte, length)
	for i := range b {
		b[i] = " \t\n "[rng.IntN(4)]
	}
	copy(b, "["+record)
	b[length-1] = ']'
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// TestUploadGivesUp sends to a server that is gone for good.
func TestUploadGivesUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				c.Close()
			}
		}
	}()
	defer l.Close()
	path := filepath.Join(t.TempDir(), "gitleaks.json")
	if err := os.WriteFile(path, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	t.Setenv("STANCE_TOKEN", "stance_x")
	var out, errs bytes.Buffer
	app := &cli.App{Version: "test", In: strings.NewReader(""), Out: &out, Err: &errs}
	if code := app.Run(ctx, []string{"--server", "http://" + l.Addr().String(), "import", "--no-git", "--resume-above", "0", path}); code != cli.ExitUndecided {
		t.Errorf("exit %d, want %d: %s", code, cli.ExitUndecided, errs.String())
	}
}
