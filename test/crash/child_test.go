package crash

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stance-aspm/stance/node"
)

// The tests at boundaries run their servers as children: this test binary,
// told by these flags to serve and to die somewhere.
var (
	childDir     = flag.String("child.dir", "", "serve this data folder")
	childWorkers = flag.Int("child.workers", 1, "workers of the child")
	childAt      = flag.String("child.at", "", "boundary to die at")
	childNth     = flag.Int("child.nth", 1, "how often the boundary is reached before the child dies there")
	childReport  = flag.String("child.report", "", "die only over the report of this file name")
	childDrain   = flag.Duration("child.drain", 0, "how long the child waits for its work when it is told to end")
	childSlow    = flag.Duration("child.slow", 0, "how long the child stays at the boundary instead of dying there")
)

// countsFile is where a child writes how often it reached each boundary.
const countsFile = "boundaries"

// child is the command of a server that dies, with more flags than its folder.
func child(t *testing.T, dir string, flags ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return run(t, exec.Command(self, append([]string{"-test.run=^TestChild$", "-test.timeout=10m", "-child.dir=" + dir}, flags...)...))
}

// TestChild is no test but the body of a child.
func TestChild(t *testing.T) {
	if *childDir == "" {
		t.Skip("this serves the other tests")
	}
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	reached := &reached{n: map[node.Boundary]int{}}
	cfg := node.Config{DataDir: *childDir, Listen: "127.0.0.1:0", Workers: *childWorkers, Drain: *childDrain, At: reached.at}
	n, err := node.Open(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err = errors.Join(err, n.EnsureLocalToken(ctx), n.Start(ctx)); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: n.Handler(), ReadHeaderTimeout: time.Minute}
	go srv.Serve(l) //nolint:errcheck // it ends when the child does
	fmt.Printf("the child is ready at http://%s\n", l.Addr())
	<-ctx.Done()
	if err := errors.Join(srv.Close(), n.Close(), reached.write(*childDir)); err != nil {
		t.Fatal(err)
	}
}

// reached counts boundaries and dies at one.
type reached struct {
	mu sync.Mutex
	n  map[node.Boundary]int
}

func (r *reached) at(b node.Boundary, report string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n[b]++
	if string(b) != *childAt || *childReport != "" && report != *childReport || *childReport == "" && r.n[b] != *childNth {
		return
	}
	if *childSlow > 0 {
		time.Sleep(*childSlow)
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) // what follows waits for the signal
	select {}
}

func (r *reached) write(dir string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b []byte
	for _, at := range node.Boundaries() {
		b = fmt.Appendf(b, "%d %s\n", r.n[at], at)
	}
	return os.WriteFile(filepath.Join(dir, countsFile), b, 0o600)
}

// died waits until the process has ended by itself, or until the other
// channel is closed, and tells which.
func (s *server) died(or <-chan struct{}) bool {
	select {
	case <-s.p.ended:
		return true
	case <-or:
	}
	select { // it may have died with its last answer
	case <-s.p.ended:
		return true
	default:
		return false
	}
}

// revive launches processes until one comes up, and returns how many died
// before.
func (s *server) revive(ctx context.Context, again func() *process) (deaths int) {
	s.t.Helper()
	s.down()
	s.launch = again
	for ; ctx.Err() == nil; deaths++ {
		if s.p = again(); s.tryAwait(ctx) {
			return deaths
		}
	}
	s.t.Fatal("the server did not come up in time")
	return deaths
}
