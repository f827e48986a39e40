// Package migrate holds what is brought over from another product: its
// applications, the scans behind its findings, and what people decided and
// wrote there. Findings become a report in our generic format, so they take
// the way of every report and nothing writes past it.
package migrate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Application is what becomes an application here.
type Application struct {
	ID          string // there
	Name        string
	Description string
	Unit        string // business unit
	Criticality string // critical, high, medium, low; empty unknown
}

// Scan is what becomes a series here: the scans of one tool over one target
// that replaced each other there.
type Scan struct {
	ID          string // there; it tells scans apart in a journal
	Parts       []string
	Application string
	Asset       string // empty: the application itself
	Ref, Commit string
	Category    string
	Tool        string // as the tool's own reports are imported under
	// First is when its findings begin to be known, Last when what is left
	// of them was so. Last is later.
	First, Last time.Time
	// Document is what Source.Document can give of it besides findings ("an
	// SBOM"); empty for nothing.
	Document string
	// Remarks are what is not brought over, for people.
	Remarks []string
}

// Finding is one finding of a scan.
type Finding struct {
	ID string // there
	// Record is the finding in our generic format.
	Record Record
	// Gone says that it was resolved there.
	Gone     bool
	Decision *finding.Triage
	Notes    []finding.Note
}

// Record is a finding in the generic format; docs/formats/generic.md names the
// members.
type Record map[string]any

// Set sets a member unless the value is empty.
func (r Record) Set(name string, v any) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case int:
		if v == 0 {
			return
		}
	case float64:
		if v == 0 {
			return
		}
	case nil:
		return
	}
	r[name] = v
}

// Writer writes findings as a report in the generic format, one at a time.
type Writer struct {
	w     *bufio.Writer
	mark  string
	count int
}

// NewWriter begins a report. mark names the fingerprint that carries each
// finding's id there, by which it is found again.
func NewWriter(w io.Writer, tool, mark string) (*Writer, error) {
	b, err := json.Marshal(tool)
	if err != nil {
		return nil, err
	}
	out := &Writer{w: bufio.NewWriter(w), mark: mark}
	_, err = fmt.Fprintf(out.w, `{"stance":"1","tool":{"name":%s},"findings":[`, b)
	return out, err
}

// Add writes one finding.
func (w *Writer) Add(f *Finding) error {
	f.Record["fingerprints"] = map[string]string{w.mark: f.ID}
	b, err := json.Marshal(f.Record)
	if err != nil {
		return fmt.Errorf("write finding %s: %w", f.ID, err)
	}
	if w.count > 0 {
		b = append([]byte(",\n"), b...)
	}
	w.count++
	_, err = w.w.Write(b)
	return err
}

// Count is how many findings were written.
func (w *Writer) Count() int { return w.count }

// Close ends the report.
func (w *Writer) Close() error {
	if _, err := w.w.WriteString("]}\n"); err != nil {
		return err
	}
	return w.w.Flush()
}
