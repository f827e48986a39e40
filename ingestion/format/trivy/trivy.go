// Package trivy reads the JSON reports of Aqua Trivy: schema 2 (image, file
// system, repository, cloud and SBOM scans, from version 0.20 on), the older
// array of results, cluster reports of "trivy k8s" and compliance reports
// with all details.
//
// Vulnerabilities, misconfigurations, secrets and licences become
// observations, and so do findings that Trivy lists as suppressed
// (ExperimentalModifiedFindings), with what Trivy says of them as a claim.
// Misconfigurations with status PASS are no flaws and are passed over.
// Kept only raw: package lists, vendor severities, publication dates, image
// configuration and custom resources.
package trivy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Trivy's JSON reports.
var Format = format.Format{
	Name:  "trivy",
	Title: "Trivy JSON",
	Doc: "Aqua Trivy, --format json: images, file systems, repositories, clouds, clusters (trivy k8s) and the array of results of versions before 0.20. " +
		"Every vulnerability, misconfiguration, secret, licence and suppressed finding is read; package lists are kept only in the raw report.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	switch {
	case doc.Is('n') && h.Whole: // an old Trivy that found no targets wrote null; so do others
		if strings.Contains(strings.ToLower(h.Name), "trivy") {
			return format.Likely
		}
		return format.Possible
	case doc.Is('['):
		return detectResult(doc.First)
	case !doc.Is('{'):
		return format.No
	case doc.Has("SchemaVersion") && (doc.Has("ArtifactName") || doc.Has("ArtifactType") || doc.Has("Results")),
		doc.Has("ClusterName") && (doc.Has("Resources") || doc.Has("Vulnerabilities") || doc.Has("Misconfigurations") || doc.Has("Findings")):
		return format.Certain
	case doc.Has("ArtifactName", "ArtifactType"):
		return format.Likely
	}
	if c := detectResult(doc.At("Results", "0")); c != format.No {
		return c
	}
	return detectResult(doc.At("Results", "0", "Results", "0")) // a compliance report
}

// detectResult tells one element of Results.
func detectResult(n *format.Node) format.Confidence {
	if !n.At("Target").Is('"') {
		return format.No
	}
	for _, list := range lists() {
		if n.Has(list) {
			return format.Likely
		}
	}
	if n.Has("Class") || n.Has("Type") {
		return format.Possible
	}
	return format.No
}

// lists are the members of a result that hold records.
func lists() []string {
	return []string{"Vulnerabilities", "Misconfigurations", "Secrets", "Licenses", "ExperimentalModifiedFindings"}
}

// resource is what a record belongs to in a cluster report, and the control
// it stands under in a compliance report.
type resource struct {
	address string // "Deployment/default/shop"
	image   string
	control string
}

// result is the head of one element of Results.
type result struct {
	Target, Class, Type jsondoc.Text
}

type decoder struct {
	ctx  context.Context
	in   *format.Input
	r    *jsondoc.Reader
	sink format.Sink
	head header
	// outline is read when the records of a result come before its head.
	outline jsondoc.Outline
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{ctx: ctx, in: in, r: r, sink: sink}
	switch r.Kind() {
	case '{':
		if d.head, err = readHeader(ctx, in); err != nil {
			return err
		}
		if err := sink.Run(d.head.run()); err != nil {
			return err
		}
		if err := d.report(); err != nil {
			return err
		}
	case '[', 'n':
		if err := sink.Run(legacyRun(in.Head())); err != nil {
			return err
		}
		if err := d.results("", resource{}); err != nil {
			return err
		}
	default:
		if err := r.Skip(); err != nil {
			return err
		}
		return errors.New("not a Trivy report: want an object or an array of results")
	}
	return r.End()
}

// report reads the top-level object of any kind of report. In a cluster
// report Vulnerabilities and Misconfigurations are lists of resources.
func (d *decoder) report() error {
	return d.r.Object(func(name string) error {
		switch name {
		case "Results":
			return d.results("/Results", resource{})
		case "Resources", "Findings", "Vulnerabilities", "Misconfigurations":
			return d.each("/"+name, d.kubernetes)
		}
		return nil
	})
}

// each calls fn for the objects of the array that comes next, with the
// pointer of each. Another shape in the place of the array or an element is
// quarantined.
func (d *decoder) each(pointer string, fn func(pointer string) error) error {
	return d.shaped(d.r.Array(func(i int) error { return d.shaped(fn(fmt.Sprintf("%s/%d", pointer, i))) }))
}

// shaped quarantines a value of the wrong shape and lets reading go on.
func (d *decoder) shaped(err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	pos := d.r.Position()
	pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
	return d.sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
}

func (d *decoder) results(pointer string, res resource) error {
	return d.each(pointer, func(p string) error { return d.result(p, res) })
}

// result reads one element of Results: a scanned target or, in a compliance
// report, a control with results of its own.
func (d *decoder) result(pointer string, res resource) error {
	var head result
	return d.r.Object(func(name string) error {
		switch name {
		case "Target":
			return d.r.Decode(&head.Target)
		case "Class":
			return d.r.Decode(&head.Class)
		case "Type":
			return d.r.Decode(&head.Type)
		case "ID":
			var id jsondoc.Text
			err := d.r.Decode(&id)
			res.control = string(id)
			return err
		case "Results":
			if strings.Count(pointer, "/Results") > 2 {
				return nil // deeper than any report nests
			}
			return d.results(pointer+"/Results", res)
		}
		return d.records(name, &head, pointer, res)
	})
}

// records reads one list of records of a result.
func (d *decoder) records(list string, head *result, pointer string, res resource) error {
	if !slices.Contains(lists(), list) {
		return nil
	}
	if head.Target == "" {
		if err := d.lookBehind(head, pointer); err != nil {
			return err
		}
	}
	a := d.place(*head, res)
	switch list {
	case "Vulnerabilities":
		return records(d, a, observeVulnerability)
	case "Misconfigurations":
		return records(d, a, observeMisconfiguration)
	case "Secrets":
		return records(d, a, observeSecret)
	case "Licenses":
		return records(d, a, observeLicence)
	default:
		return records(d, a, observeModified)
	}
}

// lookBehind fills the head of a result whose records come first: reports
// that went through a tool that sorts members.
func (d *decoder) lookBehind(head *result, pointer string) error {
	if d.outline == nil {
		var err error
		d.outline, err = jsondoc.ReadOutline(d.ctx, d.in, []string{"Target", "Class", "Type"},
			[]string{"Results", "Resources", "Findings", "Vulnerabilities", "Misconfigurations"})
		if err != nil {
			return err
		}
	}
	head.Target = jsondoc.Text(d.outline.Text(pointer, "Target"))
	head.Class = jsondoc.Text(d.outline.Text(pointer, "Class"))
	head.Type = jsondoc.Text(d.outline.Text(pointer, "Type"))
	return nil
}

// records decodes a list of records of one sort; a nil observation is a
// record that is no flaw.
func records[T any](d *decoder, a *at, observe func(*at, *T) (*finding.Observation, error)) error {
	return d.shaped(jsondoc.Records(d.r, d.sink, func(rec *T, pos finding.Position, raw []byte) error {
		o, err := observe(a, rec)
		if err != nil || o == nil {
			return err
		}
		o.Position, o.Raw = pos, raw
		return d.sink.Observe(o)
	}))
}

func parseTime(s jsondoc.Text) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
