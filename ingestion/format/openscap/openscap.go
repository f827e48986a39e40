// Package openscap reads results of SCAP scanners, most of all OpenSCAP
// (`oscap xccdf eval`): XCCDF 1.1 and 1.2 documents (a benchmark with its
// test results, or a test result alone) and the asset reports (ARF) that hold
// them.
//
// Records are the rule results that failed. Kept only raw: scores, facts of
// the target, the check's parameters. Rules that passed, do not apply, were not
// checked, were fixed by the scan itself or whose check broke are no findings.
package openscap

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// Format reads XCCDF results and ARF.
var Format = format.Format{
	Name:  "openscap",
	Title: "OpenSCAP (XCCDF and ARF)",
	Doc: "Results of OpenSCAP and other SCAP scanners, XCCDF 1.1 and 1.2, alone or in an asset report (ARF). Every rule result that failed is read; " +
		"results that passed, do not apply or could not be checked are not.",
	Fields: []format.Field{
		{Name: "run.version", From: "TestResult/@test-system"},
		{Name: "run.started", From: "TestResult/@start-time, else @end-time"},
		{Name: "target.name", From: "TestResult/target"},
		{Name: "check.id", From: "rule-result/@idref"},
		{Name: "check.title, title", From: "Rule/title"},
		{Name: "check.description", From: "Rule/description"},
		{Name: "check.help", From: "Rule/rationale"},
		{Name: "check.guideline", From: "TestResult/profile/@idref"},
		{Name: "message", From: "rule-result/message"},
		{Name: "severity", From: "rule-result/@severity, else Rule/@severity"},
		{Name: "cwe", From: "ident that names a CWE"},
		{Name: "advisory", From: "the advisory that begins the rule's title; ident of the systems of CVE and of vendors' advisories"},
		{Name: "tag", From: "other ident (CCE, STIG, CIS)"},
		{Name: "reference", From: "Rule/reference/@href"},
		{Name: "fix", From: "Rule/fixtext, else Rule/fix"},
		{Name: "location.resource", From: "target and rule-result/instance"},
		{Name: "raw only", From: "scores, facts of the target, parameters of checks"},
	},
	Detect: detect,
	Decode: decode,
}

func detect(h format.Head) format.Confidence {
	if h.Shape != format.ShapeXML {
		return format.No
	}
	xccdf := strings.HasPrefix(h.Namespace, "http://checklists.nist.gov/xccdf/")
	switch h.Root {
	case "Benchmark", "TestResult":
		if xccdf {
			return format.Certain
		}
	case "asset-report-collection":
		return format.Certain
	}
	return format.No
}

// rule is what the benchmark says of a rule; its strings are held until the
// results come.
type rule struct {
	check      finding.Check
	severity   string
	fix        string
	references []string
	idents     []identifier
}

// identifier is an id that a system gives to a flaw or a rule.
type identifier struct{ system, id string }

// decoder reads one document. The schema has rules before the results.
type decoder struct {
	sink    format.Sink
	rules   map[string]*rule
	run     format.Run
	profile string
	pending bool // a test result has begun and its run is not open
	seen    bool // there was a test result
	records int
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{sink: sink, rules: map[string]*rule{}}
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = d.element(r, start)
		}
		if err != nil {
			return err
		}
	}
	if !d.seen {
		return errors.New("no results: the document has rules but no TestResult; evaluate them first (oscap xccdf eval --results FILE)")
	}
	return d.open()
}

func (d *decoder) element(r *xmldoc.Reader, start xml.StartElement) error {
	name := start.Name.Local
	switch {
	case name == "TestResult":
		return d.begin(start)
	case !r.Within("TestResult"):
		if name != "Rule" {
			return nil
		}
		x := &ruleXML{}
		err := r.Decode(&start, x)
		if err == nil {
			d.rules[x.ID] = newRule(x)
		}
		return err
	case name == "rule-result":
		pos := r.Position()
		e, err := r.Element(&start)
		if err != nil {
			return err
		}
		return d.result(e, pos)
	case name == "target" && d.run.Target.Name == "":
		s, err := r.Text(&start)
		d.run.Target.Name = s
		return err
	case name == "profile":
		d.profile = attr(start.Attr, "idref")
	}
	return r.Skip()
}

// begin starts a test result; its run opens when all that stands before the
// results is read.
func (d *decoder) begin(start xml.StartElement) error {
	if err := d.open(); err != nil {
		return err
	}
	d.seen, d.pending, d.profile = true, true, ""
	d.run = format.Run{Tool: "OpenSCAP", Target: format.Target{Kind: "host"}}
	// cpe:/a:redhat:openscap:1.3.8
	if parts := strings.Split(attr(start.Attr, "test-system"), ":"); len(parts) > 4 {
		d.run.Version = parts[4]
		if parts[3] != "openscap" {
			d.run.Tool = parts[3]
		}
	}
	if d.run.Started = ident.Time(attr(start.Attr, "start-time")); d.run.Started.IsZero() {
		d.run.Started = ident.Time(attr(start.Attr, "end-time"))
	}
	return nil
}

func (d *decoder) open() error {
	if !d.pending {
		return nil
	}
	d.pending = false
	return d.sink.Run(d.run)
}

func (d *decoder) result(e *xmldoc.Element, pos finding.Position) error {
	if err := d.open(); err != nil {
		return err
	}
	if !strings.EqualFold(text(e, "result"), "fail") {
		return nil
	}
	pos.Record = d.records
	d.records++
	id := attr(e.Attr, "idref")
	if id == "" {
		return d.sink.Quarantine(jsondoc.Fault(pos, errors.New("the rule result names no rule (idref)"), e.Raw()))
	}
	rl := d.rules[id]
	if rl == nil {
		rl = &rule{check: finding.Check{ID: id}}
	}
	o := &finding.Observation{Position: pos, Kind: finding.Misconfiguration, Check: rl.check, Title: rl.check.Title, Fix: rl.fix, References: rl.references, Raw: e.Raw()}
	o.Check.ID, o.Check.Guideline = id, d.profile
	o.Message = text(e, "message")
	if o.SeverityWord = attr(e.Attr, "severity"); o.SeverityWord == "" {
		o.SeverityWord = rl.severity
	}
	o.Severity = finding.SeverityOfWord(o.SeverityWord)
	o.Location.Resource = d.run.Target.Name
	if at := text(e, "instance"); at != "" {
		o.Location.Resource = fmt.Sprintf("%s: %s", d.run.Target.Name, at)
	}
	identify(o, append(rl.idents, identifiers(e)...))
	return d.sink.Observe(o)
}

// identify sorts the ids that the rule and its result carry. A rule whose
// title begins with an advisory is that advisory's check: a package to
// update, not a setting.
func identify(o *finding.Observation, ids []identifier) {
	if first, _, ok := strings.Cut(o.Title, ": "); ok && ident.NamesOneFlaw(first) {
		o.Advisories = ident.Add(o.Advisories, first)
	}
	for _, i := range ids {
		switch {
		case strings.HasPrefix(strings.ToUpper(i.id), "CWE-"):
			o.CWEs = ident.CWEs(i.id)
		case strings.Contains(i.system, "cve.mitre.org"), ident.NamesOneFlaw(i.id):
			o.Advisories = ident.Add(o.Advisories, i.id)
		default:
			o.Tags = ident.Add(o.Tags, i.id)
		}
	}
	if len(o.Advisories) > 0 {
		o.Kind = finding.Vulnerability
	}
}
