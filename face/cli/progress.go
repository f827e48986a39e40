package cli

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
)

// progress shows on a terminal how far an import is; elsewhere it is silent.
type progress struct {
	w     io.Writer
	name  string
	sent  atomic.Int64
	total int64 // bytes to send, when they are known
	shown time.Time
	live  bool
}

func (a *App) progress(name string) *progress {
	return &progress{w: a.Err, name: cut(name, 40), live: terminal(a.Err)}
}

// terminal reports whether people watch a stream.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// reader counts what is sent.
func (p *progress) reader(r io.Reader) io.Reader { return &counted{p, r} }

type counted struct {
	p *progress
	r io.Reader
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.line("sending  %s", size(c.p.sent.Add(int64(n))))
	return n, err
}

// show is told how the server comes along.
func (p *progress) show(r httpapi.Report) {
	p.line("%s  %d records", r.Progress.Phase, r.Progress.Records)
}

func (p *progress) line(format string, args ...any) {
	if !p.live || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%s  %s", p.name, fmt.Sprintf(format, args...))
}

// note says something that is not to be missed, also where nobody watches.
func (p *progress) note(format string, args ...any) {
	p.end()
	fmt.Fprintf(p.w, "stance: %s: %s\n", p.name, fmt.Sprintf(format, args...))
}

func (p *progress) end() {
	if p.live && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
