// Package osvscanner reads the JSON report of OSV-Scanner, versions 1 and 2,
// of lockfiles, SBOMs, directories, commits and container images.
//
// Records are the entries of vulnerabilities and, after those of the same
// package, its licence violations; generic findings come last. What call
// analysis found is a tag ("reachable", "unreachable"): OSV-Scanner does not
// claim that a flaw that nothing calls can be left alone. Kept only raw:
// ranges, credits, licence summaries and the commands of image layers.
package osvscanner

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/osv"
)

// Format reads OSV-Scanner's JSON report.
var Format = format.Format{
	Name:  "osvscanner",
	Title: "OSV-Scanner JSON",
	Doc: "Google OSV-Scanner, --format json, versions 1 and 2. " +
		"Vulnerabilities with call analysis and image layers, licence violations and generic findings are read; ranges are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: append([]format.Field{
		{Name: "location.path", From: "results[].source.path"},
		{Name: "component.name, version, ecosystem", From: "results[].packages[].package"},
		{Name: "component.scope", From: "results[].packages[].dependency_groups"},
		{Name: "component.licences", From: "results[].packages[].licenses"},
		{Name: "location.layer", From: "package.image_origin_details.index in image_metadata.layer_metadata[].diff_id"},
		{Name: "location.commit", From: "results[].packages[].package.commit"},
		{Name: "severity, cvss.score", From: "results[].packages[].groups[].max_severity"},
		{Name: "advisories", From: "results[].packages[].groups[].aliases"},
		{Name: "tags reachable, unreachable, unimportant", From: "results[].packages[].groups[].experimental_analysis"},
		{Name: "licence findings", From: "results[].packages[].license_violations"},
		{Name: "misconfiguration findings", From: "experimental_generic_findings[].Adv"},
	}, osv.Fields("results[].packages[].vulnerabilities[].")...),
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	first := doc.At("results", "0")
	switch {
	case doc.At("results").Is('[') && (doc.At("experimental_config").Is('{') || doc.At("image_metadata").Has("layer_metadata")),
		first.Has("packageSource", "packages"):
		return format.Certain
	case first.At("source").Has("path", "type") && first.Has("packages"):
		return format.Certain
	}
	return format.No
}

// layer is one of the image's.
type layer struct {
	DiffID    jsondoc.Text `json:"diff_id"`
	BaseIndex jsondoc.Int  `json:"base_image_index"`
}

type decoder struct {
	r      *jsondoc.Reader
	sink   format.Sink
	record int
	layers []layer
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	o, err := jsondoc.ReadOutline(ctx, in, []string{"image_metadata"}, nil)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{r: r, sink: sink}
	run := format.Run{Tool: "osv-scanner"}
	var image struct {
		Layers jsondoc.List[layer] `json:"layer_metadata"`
	}
	if o.Decode("", "image_metadata", &image) {
		d.layers, run.Target.Kind = image.Layers, "image"
	}
	if err := sink.Run(run); err != nil {
		return err
	}
	err = r.Object(func(name string) error {
		switch name {
		case "results":
			return r.Array(d.result)
		case "experimental_generic_findings":
			return r.Array(d.generic)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.End()
}

// result reads what was found in one source.
func (d *decoder) result(i int) error {
	var source struct {
		Path jsondoc.Text `json:"path"`
		Type jsondoc.Text `json:"type"`
	}
	err := d.r.Object(func(name string) error {
		switch name {
		case "source", "packageSource": // the latter before version 1
			return ignoreShape(d.r.Decode(&source))
		case "packages":
			return d.r.Array(func(j int) error {
				at := d.r.Position()
				at.Pointer = fmt.Sprintf("/results/%d/packages/%d", i, j)
				raw, err := d.r.Value()
				if err != nil {
					return err
				}
				return d.pack(raw, at, string(source.Path))
			})
		}
		return nil
	})
	return ignoreShape(err)
}

// pack tells of one package.
func (d *decoder) pack(raw []byte, at finding.Position, path string) error {
	p := &packageResult{}
	if err := jsondoc.Unmarshal(raw, p); err != nil {
		at.Record = d.record
		d.record++
		return d.sink.Quarantine(jsondoc.Fault(at, err, raw))
	}
	p.path, p.layers = path, d.layers
	for k, v := range p.Vulnerabilities {
		err := d.tell(at, fmt.Sprintf("%s/vulnerabilities/%d", at.Pointer, k), v, func() (*finding.Observation, error) { return p.vulnerability(v) })
		if err != nil {
			return err
		}
	}
	for k, licence := range p.Violations {
		part, err := jsontext.AppendQuote([]byte(`{"package":`+rawOr(p.Raw)+`,"license_violations":[`), licence)
		if err != nil { // not valid UTF-8: the package alone tells enough
			part = append(part, "null"...)
		}
		part = append(part, "]}"...)
		err = d.tell(at, fmt.Sprintf("%s/license_violations/%d", at.Pointer, k), part, func() (*finding.Observation, error) { return p.licence(licence), nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// tell hands over a record, or sets it aside when it can't be understood.
func (d *decoder) tell(at finding.Position, pointer string, raw []byte, make func() (*finding.Observation, error)) error {
	at.Record, at.Pointer = d.record, pointer
	d.record++
	o, err := make()
	if err != nil {
		return d.sink.Quarantine(jsondoc.Fault(at, err, raw))
	}
	o.Position, o.Raw = at, raw
	return d.sink.Observe(o)
}

// generic reads a finding that is no known vulnerability, such as a weak
// credential in an image.
func (d *decoder) generic(i int) error {
	at := d.r.Position()
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	return d.tell(at, fmt.Sprintf("/experimental_generic_findings/%d", i), raw, func() (*finding.Observation, error) {
		var g genericFinding
		if err := jsondoc.Unmarshal(raw, &g); err != nil {
			return nil, err
		}
		return g.observation()
	})
}
