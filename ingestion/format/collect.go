package format

import (
	"context"
	"errors"
	"io"

	"github.com/stance-aspm/stance/domain/finding"
)

// Document is a whole decoded report in memory, for small reports and tests.
type Document struct {
	Runs         []DocumentRun
	Observations []*finding.Observation
	Components   []finding.Component
	Depends      map[string][]string
	Faults       []Fault
	// Err is why decoding could not go on to the end; nil for a whole report.
	Err error
}

// DocumentRun is a run and the number of observations before it.
type DocumentRun struct {
	Run
	First int // index of the run's first observation
}

// Records is the number of records in the report: decoded or quarantined.
func (d *Document) Records() int {
	seen := map[int]bool{}
	for _, o := range d.Observations {
		seen[o.Position.Record] = true
	}
	for _, f := range d.Faults {
		seen[f.Position.Record] = true
	}
	return len(seen)
}

// Collect decodes one document into memory. An error of the decoder is kept
// in Document.Err beside what was read before it; panics are not caught.
func Collect(ctx context.Context, f Format, in *Input) *Document {
	d := &Document{Depends: map[string][]string{}}
	d.Err = f.Decode(ctx, in, (*collector)(d))
	if d.Err != nil && errors.Is(d.Err, io.EOF) && !errors.Is(d.Err, io.ErrUnexpectedEOF) {
		d.Err = io.ErrUnexpectedEOF
	}
	return d
}

type collector Document

func (c *collector) Run(r Run) error {
	c.Runs = append(c.Runs, DocumentRun{r, len(c.Observations)})
	return nil
}

func (c *collector) Observe(o *finding.Observation) error {
	c.Observations = append(c.Observations, o)
	return nil
}

func (c *collector) Component(p finding.Component) error {
	c.Components = append(c.Components, p)
	return nil
}

func (c *collector) Depend(ref string, on []string) error {
	c.Depends[ref] = append(c.Depends[ref], on...)
	return nil
}

func (c *collector) Quarantine(f Fault) error {
	c.Faults = append(c.Faults, f)
	return nil
}
