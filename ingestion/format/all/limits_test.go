package all_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

// counting is a sink that only counts.
type counting struct{ observed, faults int }

func (*counting) Run(format.Run) error                 { return nil }
func (c *counting) Observe(*finding.Observation) error { c.observed++; return nil }
func (*counting) Component(finding.Component) error    { return nil }
func (*counting) Depend(string, []string) error        { return nil }
func (c *counting) Quarantine(f format.Fault) error {
	c.faults++
	if len(f.Raw) > format.MaxFaultRaw {
		return errors.New("a fault keeps more than it may")
	}
	return nil
}

const deep = 50_000 // well beyond what any reader allows

// bombs are documents made to break decoders.
func bombs() map[string]string {
	return map[string]string{
		"deep lists":           `{"runs":` + strings.Repeat("[", deep),
		"deep lists, closed":   `[` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `]`,
		"deep objects":         strings.Repeat(`{"a":`, deep),
		"deep objects, closed": strings.Repeat(`{"components":[`, deep) + strings.Repeat(`]}`, deep),
		"deep elements":        strings.Repeat("<a>", deep),
		"deep elements closed": strings.Repeat("<a>", deep) + strings.Repeat("</a>", deep),
		"entities": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>` +
			`<x>&c;</x>`,
		"a file of the machine": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>`,
		"an open quote":         "a,b,c\n1,\"" + strings.Repeat("x,\n", 100_000),
		"a long number":         `[{"line":` + strings.Repeat("9", 100_000) + `}]`,
		"many columns":          strings.Repeat("a,", 100_000) + "\n" + strings.Repeat("1,", 100_000) + "\n",
	}
}

// TestBombs gives each format, as if someone had forced it, documents that
// nest, expand or run on without end. It ends in bounded time and memory, with
// an error or with the record set aside, and observes nothing.
func TestBombs(t *testing.T) {
	for name, text := range bombs() {
		t.Run(name, func(t *testing.T) {
			for _, f := range all.Formats() {
				in, err := format.NewBytesInput("report", []byte(text))
				if err != nil {
					continue // refused before any decoder
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				sink := &counting{}
				err = f.Decode(ctx, in, sink)
				cancel()
				runtime.ReadMemStats(&after)
				if took := time.Since(began); took > 20*time.Second || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s takes %s: %v", f.Name, took, err)
				}
				if used := int64(after.TotalAlloc - before.TotalAlloc); used > 512<<20 {
					t.Errorf("%s allocates %d MiB for %d KiB", f.Name, used>>20, len(text)>>10)
				}
				if strings.Contains(name, "deep") && sink.observed > 0 {
					t.Errorf("%s observes %d flaws in it", f.Name, sink.observed)
				}
				if err != nil && len(err.Error()) > 4<<10 {
					t.Errorf("%s says what is wrong in %d bytes", f.Name, len(err.Error()))
				}
			}
		})
	}
}

// xs is so many times the letter x.
type xs struct{ left int }

// Read implements io.Reader.
func (e *xs) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// TestHugeRecord: a document is as long as it likes, but a record beyond the
// limit is given up before it is in memory, whatever the syntax.
func TestHugeRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some hundred MiB")
	}
	for name, c := range map[string]struct{ format, head, tail string }{
		"json":    {"sarif", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"ruleId":"a","message":{"text":"`, `"}}]}]}`},
		"xml":     {"zap", `<OWASPZAPReport><site name="x"><alerts><alertitem><desc>`, `</desc></alertitem></alerts></site></OWASPZAPReport>`},
		"generic": {"generic", `{"findings":[{"title":"`, `"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var f format.Format
			for _, have := range all.Formats() {
				if have.Name == c.format {
					f = have
				}
			}
			in, err := format.NewInput("report", func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader(c.head), &xs{150 << 20}, strings.NewReader(c.tail))), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sink := &counting{}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := f.Decode(ctx, in, sink); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") || sink.observed > 0 {
				t.Errorf("%s: %v, %d observed", f.Name, err, sink.observed)
			}
			runtime.ReadMemStats(&after)
			// Garbage of a growing buffer counts, and some formats look twice.
			if used := after.TotalAlloc - before.TotalAlloc; used > 1200<<20 {
				t.Errorf("%s allocates %d MiB", f.Name, used>>20)
			}
		})
	}
}
