// Package sarif reads SARIF, the OASIS static analysis results interchange
// format: version 2.1.0 with its release candidates, and as far as the same
// words were used, the 2.0 drafts and 1.0.
//
// Every result is one observation, passing and suppressed ones included: what
// the report says of their state is in the claim. Kept only in the raw record
// are stacks, graphs, attachments, rank, occurrence counts, thread flows
// after the first, regions given as character or byte offsets, and the
// messages of locations. External property files are not followed; a run
// whose results lie in one counts as failed, so that it closes nothing.
package sarif

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format is SARIF.
var Format = format.Format{
	Name:  "sarif",
	Title: "SARIF 2.1.0",
	Doc: "The OASIS standard that most analysers write (CodeQL, Semgrep, Snyk, Trivy, Grype, Checkov, gitleaks, ZAP and many more). " +
		"Read are rules, levels and security severities, locations, the first code flow, fingerprints, suppressions, baselines, taxonomies and fixes; " +
		"stacks, graphs, attachments and further flows are kept only raw.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if !doc.Is('{') {
		return format.No
	}
	schema := strings.Contains(strings.ToLower(doc.At("$schema").String()), "sarif")
	version := doc.At("version").String()
	numbered := strings.HasPrefix(version, "2.") || strings.HasPrefix(version, "1.0")
	runs := doc.At("runs")
	switch {
	case schema && (runs.Is('[') || !h.Whole):
		return format.Certain
	case runs.At("0", "tool", "driver").Is('{'):
		return format.Certain
	case runs.At("0", "tool", "name").Is('"') && numbered:
		return format.Likely
	case runs.At("0", "results").Is('[') && numbered,
		runs.At("0", "results", "0").Has("ruleId", "message") && runs.At("0", "results", "0", "message").Is('{'):
		return format.Likely
	case runs.Is('[') && runs.First == nil && numbered && strings.HasSuffix(strings.ToLower(h.Name), ".sarif"):
		return format.Likely
	case runs.Is('[') && runs.First == nil && numbered:
		return format.Possible
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	behind, err := outline(ctx, in)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{r: r, sink: sink, behind: behind}
	if err := r.Object(d.top); err != nil {
		return err
	}
	return r.End()
}

// decoder is the second pass over one document.
type decoder struct {
	r      *jsondoc.Reader
	sink   format.Sink
	behind map[int][]late
}

func (d *decoder) top(name string) error {
	switch name {
	case "runs":
		return d.r.Array(d.run)
	case "inlineExternalProperties":
		return d.r.Array(d.inlined)
	}
	return nil
}

// inlined looks at an external property file that stands in the document
// itself. Context of a run that stands there is rare and left out; results
// must not be lost without a word.
func (d *decoder) inlined(i int) error {
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	c := &cursor{b: raw, at: -1}
	for ok := c.object(); ok && c.member(); {
		if string(c.name) != "results" {
			continue
		}
		pos := d.r.Position()
		pos.Pointer = "/inlineExternalProperties/" + strconv.Itoa(i)
		reason := errors.New("results among inline external properties are not read: have the tool write them into the run itself")
		return d.sink.Quarantine(jsondoc.Fault(pos, reason, raw))
	}
	return nil
}

// setAside quarantines the next value unless it is null or empty.
func (d *decoder) setAside(pointer, reason string) error {
	if d.r.Kind() == 'n' {
		return nil
	}
	pos := d.r.Position()
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	pos.Pointer = pointer
	return d.sink.Quarantine(jsondoc.Fault(pos, errors.New(reason), raw))
}

// run reads one run: its context up to the results, then what the outline
// found behind them, then the results.
func (d *decoder) run(i int) error {
	at := "/runs/" + strconv.Itoa(i)
	if d.r.Kind() != '{' {
		return d.setAside(at, "the run is no object")
	}
	run := newRun()
	opened, behind := false, false // behind: the results are, so the outline has what follows
	open := func() error {
		if opened {
			return nil
		}
		opened = true
		for _, m := range d.behind[i] {
			run.member(m.name, m.raw)
		}
		run.finish()
		return d.sink.Run(run.out)
	}
	err := d.r.Object(func(name string) error {
		behind = behind || name == "results"
		switch {
		case name == "results" && d.r.Kind() == '[':
			if err := open(); err != nil {
				return err
			}
			return d.results(run, at+"/results/")
		case name == "results":
			run.out.Failed = true
			run.note("the run has no list of results, which by the standard says that the tool did not get to scanning")
		case !behind && read(name):
			raw, err := d.r.Value()
			if err != nil {
				return err
			}
			run.member(name, raw)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return open()
}

func (d *decoder) results(run *run, at string) error {
	split, _ := d.sink.(format.Splitter)
	list := &results{run: run, at: at, first: -1}
	return d.r.Array(func(int) error {
		pos := d.r.Next()
		if list.first < 0 {
			list.first = pos.Record
		}
		raw, err := d.r.Value()
		if err != nil {
			return err
		}
		if raw[0] == '{' && split != nil {
			return split.Record(list, pos, raw)
		}
		o, err := list.Read(pos, raw)
		if err != nil {
			pos.Pointer = list.Pointer(pos)
			return d.sink.Quarantine(jsondoc.Fault(pos, err, raw))
		}
		return d.sink.Observe(o)
	})
}

// results reads the results of one run. The run is complete by then and
// nothing else reads it.
type results struct {
	run   *run
	at    string // pointer of the list, with a slash behind
	first int    // number of the record that stands first in it
}

// Context implements format.Records.
func (l *results) Context() []byte { return l.run.context.Sum(nil) }

// Pointer implements format.Records.
func (l *results) Pointer(pos finding.Position) string {
	return l.at + strconv.Itoa(pos.Record-l.first)
}

// Read implements format.Records.
func (l *results) Read(pos finding.Position, raw []byte) (*finding.Observation, error) {
	if raw[0] != '{' {
		return nil, errors.New("the result is no object")
	}
	res := readResult(&cursor{b: raw, at: -1, words: l.run.words})
	o, err := l.run.observe(&res)
	if err != nil {
		return nil, err
	}
	pos.Pointer = l.Pointer(pos)
	o.Position, o.Raw = pos, raw
	return o, nil
}
