//go:build unix

package scanner

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// bench is a tree, a folder for reports and a PATH with scripts in the place
// of scanners.
type bench struct {
	t                  *testing.T
	root, folder, bins string
}

func newBench(t *testing.T, files map[string]string) *bench {
	t.Helper()
	b := &bench{t, t.TempDir(), t.TempDir(), t.TempDir()}
	for name, text := range files {
		b.write(filepath.Join(b.root, name), text, 0o600)
	}
	t.Setenv("PATH", b.bins+":/usr/bin:/bin")
	return b
}

func (b *bench) write(name, text string, mode os.FileMode) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) script(name, body string) {
	b.write(filepath.Join(b.bins, name), "#!/bin/sh\n"+body, 0o700)
}

func (b *bench) run(timeout time.Duration, only ...string) map[string]sensor.Result {
	b.t.Helper()
	s := New()
	tree, err := s.Survey(context.Background(), b.root, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := sensor.Make(tree, sensor.Choice{Only: only, Installed: s.Installed})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]sensor.Result{}
	for _, r := range s.Run(context.Background(), p, sensor.Order{Root: b.root, Folder: b.folder, Timeout: timeout, Parallel: 4}) {
		out[r.Step.Name] = r
	}
	return out
}

// TestOrder: who reads a bill of materials waits for it and gets it.
func TestOrder(t *testing.T) {
	b := newBench(t, map[string]string{"go.mod": "module x\n"})
	b.script("syft", `sleep 0.3; for a; do case "$a" in cyclonedx-json=*) echo '{"bomFormat":"CycloneDX"}' > "${a#cyclonedx-json=}";; esac; done`)
	b.script("grype", `case "$1" in sbom:*) cat "${1#sbom:}" > "$6" ;; *) exit 9 ;; esac`)
	got := b.run(time.Minute, "syft", "grype")
	if r := got["grype"]; r.Outcome != sensor.Done || !strings.Contains(read(t, r.Report), "CycloneDX") {
		t.Errorf("%v", r)
	}
}

// TestUnaided: without a bill of materials the reader looks at the tree.
func TestUnaided(t *testing.T) {
	b := newBench(t, map[string]string{"go.mod": "module x\n"})
	b.script("syft", `echo broken >&2; exit 1`)
	b.script("grype", `[ "$1" = dir:. ] && echo '{}' > "$6"`)
	got := b.run(time.Minute, "syft", "grype")
	if r := got["syft"]; r.Outcome != sensor.Failed || !strings.Contains(r.Why, "broken") || r.Report != "" {
		t.Errorf("%v", r)
	}
	if r := got["grype"]; r.Outcome != sensor.Done {
		t.Errorf("%v", r)
	}
}

// TestOutcomes goes through exit codes and reports.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, script string
		outcome      sensor.Outcome
		report       bool
		says         string
	}{
		{"found nothing", `echo '{"results":[]}'`, sensor.Done, true, ""},
		{"found something", `echo '{"results":[1]}'; exit 1`, sensor.Done, true, ""},
		{"nothing there", `exit 128`, sensor.Nothing, false, ""},
		{"broke half way", `echo '{"res'; echo 'out of memory' >&2; exit 127`, sensor.Failed, true, "out of memory"},
		{"broke at once", `exit 127`, sensor.Failed, false, "127"},
		{"escapes", `printf 'a\033[2Jb' >&2; exit 2`, sensor.Failed, false, "a [2Jb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, map[string]string{"go.mod": "module x\n"})
			b.script("osv-scanner", c.script)
			r := b.run(time.Minute, "osv-scanner")["osv-scanner"]
			if r.Outcome != c.outcome || (r.Report != "") != c.report || !strings.Contains(r.Why, c.says) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestTimeLimit: a scanner that hangs is ended with all that it started.
func TestTimeLimit(t *testing.T) {
	b := newBench(t, map[string]string{"go.mod": "module x\n"})
	child := filepath.Join(b.root, "child.pid")
	b.script("osv-scanner", `sleep 300 & echo $! > `+child+`; echo '{"results":['; wait`)
	begin := time.Now()
	r := b.run(700*time.Millisecond, "osv-scanner")["osv-scanner"]
	if r.Outcome != sensor.TimedOut || r.Report != "" || time.Since(begin) > 5*time.Second {
		t.Errorf("%+v after %s", r, time.Since(begin))
	}
	gone(t, child)
}

// TestLeftBehind: what a scanner leaves running neither holds up the scan nor
// lives on.
func TestLeftBehind(t *testing.T) {
	b := newBench(t, map[string]string{"go.mod": "module x\n"})
	child := filepath.Join(b.root, "child.pid")
	b.script("osv-scanner", `sleep 300 & echo $! > `+child+`; echo '{"results":[]}'`)
	begin := time.Now()
	r := b.run(time.Minute, "osv-scanner")["osv-scanner"]
	if r.Outcome != sensor.Done || time.Since(begin) > 5*time.Second {
		t.Errorf("%+v after %s", r, time.Since(begin))
	}
	gone(t, child)
}

// gone waits until the process named in a file has ended.
func gone(t *testing.T, file string) {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(state), ") Z ") {
			return // gone, or dead and not yet buried
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

// TestOneFails: no scanner stops another, and our token stays with us.
func TestOneFails(t *testing.T) {
	b := newBench(t, map[string]string{"go.mod": "module x\n", "a.py": "x = 1\n"})
	t.Setenv("STANCE_TOKEN", "not for scanners")
	b.script("osv-scanner", `exit 3`)
	b.script("bandit", `[ -z "$STANCE_TOKEN" ] && for a; do out=$a; done && echo '{}' > "$out"`)
	got := b.run(time.Minute, "osv-scanner", "bandit")
	if got["osv-scanner"].Outcome != sensor.Failed || got["bandit"].Outcome != sensor.Done {
		t.Errorf("%v", got)
	}
}

// TestQuiet: what a secret scanner prints is not repeated.
func TestQuiet(t *testing.T) {
	b := newBench(t, map[string]string{"a": "b"})
	b.script("gitleaks", `echo hunter2 >&2; exit 1`)
	if r := b.run(time.Minute, "gitleaks")["gitleaks"]; r.Outcome != sensor.Failed || strings.Contains(r.String(), "hunter2") {
		t.Errorf("%v", r)
	}
}

// TestParallel: no more run at a time than asked for, and each is told of.
func TestParallel(t *testing.T) {
	var now, most, told atomic.Int32
	slow := func(context.Context, sensor.Order, string) error {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(20 * time.Millisecond)
		now.Add(-1)
		return nil
	}
	s := &Sensor{inside: map[string]Detector{"x": slow}}
	var p sensor.Plan
	for i := range 8 {
		p.Steps = append(p.Steps, sensor.Step{Scanner: sensor.Scanner{Name: "x"}, Base: strconv.Itoa(i), Name: "x"})
	}
	s.Run(context.Background(), p, sensor.Order{Folder: t.TempDir(), Timeout: time.Minute, Parallel: 2, Tell: func(sensor.Result) { told.Add(1) }})
	if most.Load() != 2 || told.Load() != 16 {
		t.Errorf("%d ran at a time, %d times told", most.Load(), told.Load())
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
