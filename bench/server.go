package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the program under test, running.
type server struct {
	client
	cmd *exec.Cmd
	log bytes.Buffer
	dir string

	firstPage, ready time.Duration // from the start of the process
}

// patience bounds every wait for the program under test.
const patience = 30 * time.Minute

// startServer starts the program on a data folder and waits until it serves.
func startServer(ctx context.Context, c *config, dir string) (*server, error) {
	address := filepath.Join(dir, "address")
	if err := os.Remove(address); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &server{dir: dir, cmd: exec.CommandContext(ctx, c.binary, "serve", "--data", dir, "--listen", "127.0.0.1:0")}
	s.cmd.Stderr = &s.log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %q: %w", c.binary, err)
	}
	for s.base == "" {
		b, err := os.ReadFile(address)
		if err == nil && len(b) > 0 {
			s.base = strings.TrimSpace(string(b))
			break
		}
		if time.Since(began) > time.Minute {
			return nil, errors.Join(fmt.Errorf("the server did not come up: %s", s.log.String()), s.cmd.Process.Kill())
		}
		time.Sleep(time.Millisecond)
	}
	if err := s.get(ctx, "/", nil); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.firstPage = time.Since(began)
	if err := s.get(ctx, "/readyz", nil); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.ready = time.Since(began)
	token, err := os.ReadFile(filepath.Join(dir, "local-token"))
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.token, s.http = strings.TrimSpace(string(token)), &http.Client{Timeout: patience}
	return s, nil
}

// stop ends the program as a service manager does and waits for it.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the server ended badly: %w: %s", err, s.log.String())
	}
	return nil
}

// cpu is the processor time of the process, of all cores together, once it
// has stopped. Unlike the clock on the wall it says little of the neighbours.
func (s *server) cpu() time.Duration {
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

// memory reads a figure of the process in MB (10^6 bytes): VmRSS is what is
// resident now, VmHWM the most that ever was. It needs Linux.
func (s *server) memory(field string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory of the server (only Linux tells): %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell %s", field)
}

// sizeOf is the size of a file, or of all files below a folder.
func sizeOf(path string) (int64, error) {
	var n int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
