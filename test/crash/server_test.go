package crash

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stance-aspm/stance/node"
)

// binDir is where the program is built; TestMain makes and removes it.
var binDir string

// TestMain removes the binary when all tests are done.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stance-crash-")
	if err != nil {
		panic(err)
	}
	binDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program builds the real binary once for all tests.
var program = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(binDir, "stance")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "./cmd/stance")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return bin, nil
})

// process is one life of the server.
type process struct {
	cmd   *exec.Cmd
	ready chan string // the address, once; closed at the end of the output
	ended chan struct{}
	err   error // of Wait; to be read after ended
	log   bytes.Buffer
}

// launch starts the program on a data folder. It need not come up.
func launch(t *testing.T, dir string) *process {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	// One worker: reports are applied in the order in which they were
	// accepted, so that two runs can be compared to the last byte. The kills
	// here are not the reports' fault: none is set aside for them.
	return run(t, exec.Command(bin, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--workers", "1", "--report-deaths", "1000000"))
}

// run starts a command that serves and says where.
func run(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, ready: make(chan string, 1), ended: make(chan struct{})}
	p.cmd.Stderr = &p.log
	out, w := io.Pipe()
	p.cmd.Stdout = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), " is ready at "); ok {
				p.ready <- url
			}
		}
		close(p.ready)
	}()
	go func() {
		p.err = p.cmd.Wait()
		w.Close()
		close(p.ended)
	}()
	return p
}

// kill ends the process as the kernel does when memory runs out.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // one that has ended already is as dead
	<-p.ended
}

// server is a server that is killed and started again on one data folder.
type server struct {
	t      *testing.T
	dir    string
	launch func() *process

	mu    sync.Mutex
	p     *process
	base  string
	token string
	up    chan struct{} // closed while the server is up
}

// startServer starts a server and waits until it is ready. The test's end
// stops it.
func startServer(ctx context.Context, t *testing.T, dir string) *server {
	t.Helper()
	return startWith(ctx, t, dir, func() *process { return launch(t, dir) })
}

// startWith starts a server whose processes are launched in a way of the
// caller's.
func startWith(ctx context.Context, t *testing.T, dir string, launch func() *process) *server {
	t.Helper()
	s := &server{t: t, dir: dir, launch: launch, up: make(chan struct{})}
	t.Cleanup(func() {
		if s.p != nil {
			s.p.kill()
		}
	})
	s.start(ctx)
	return s
}

func (s *server) start(ctx context.Context) {
	s.t.Helper()
	s.p = s.launch()
	s.await(ctx)
}

// await waits until the process that was launched last is ready.
func (s *server) await(ctx context.Context) {
	s.t.Helper()
	if !s.tryAwait(ctx) {
		s.p.kill()
		s.t.Fatalf("the server did not come up: %v\n%s", s.p.err, s.p.log.String())
	}
}

func (s *server) tryAwait(ctx context.Context) bool {
	s.t.Helper()
	var url string
	select {
	case url = <-s.p.ready:
	case <-ctx.Done():
	}
	if url == "" {
		return false
	}
	token, err := os.ReadFile(node.TokenFile(s.dir))
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base, s.token = url, strings.TrimSpace(string(token))
	close(s.up)
	return true
}

// address waits until the server is up and returns where it is.
func (s *server) address(ctx context.Context) (base, token string, err error) {
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	select {
	case <-up:
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base, s.token, nil
}

// kill kills the server; who asks for its address waits from now on.
func (s *server) kill() {
	s.down()
	s.p.kill()
}

// down lets those who ask for the address wait.
func (s *server) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = make(chan struct{})
}

func (s *server) restart(ctx context.Context) {
	s.t.Helper()
	s.kill()
	s.start(ctx)
}

// stop ends the server as an operator does.
func (s *server) stop() {
	s.t.Helper()
	if err := s.p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.p.ended
	if s.p.err != nil {
		s.t.Fatalf("the server did not stop in order: %v\n%s", s.p.err, s.p.log.String())
	}
}
