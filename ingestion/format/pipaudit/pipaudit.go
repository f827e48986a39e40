// Package pipaudit reads the JSON report of pip-audit: the object that it
// writes since version 2 and the bare array of version 1.
//
// A record is an entry of a dependency's vulns. Every dependency with a
// version becomes inventory. Those that pip-audit could not audit, and fixes
// that it applied (--fix), are kept only in the report.
package pipaudit

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads pip-audit's JSON report.
var Format = format.Format{
	Name:  "pipaudit",
	Title: "pip-audit JSON",
	Doc: "PyPA's pip-audit, -f json, versions 1 and 2. Vulnerabilities and the audited dependencies are read; " +
		"applied fixes are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "check.id, advisories[0]", From: "dependencies[].vulns[].id"},
		{Name: "advisories", From: "dependencies[].vulns[].aliases"},
		{Name: "check.description, message", From: "dependencies[].vulns[].description"},
		{Name: "component.name, version, purl", From: "dependencies[].name, version"},
		{Name: "fixVersions", From: "dependencies[].vulns[].fix_versions"},
		{Name: "component (inventory)", From: "dependencies[]"},
		{Name: "only in the report", From: "dependencies[].skip_reason, fixes[]"},
	},
}

func detect(h format.Head) format.Confidence {
	doc, list := h.JSON, h.JSON.At("dependencies")
	if doc.Is('[') {
		list = doc
	}
	first := list.At("0")
	switch {
	case !list.Is('['):
		return format.No
	case first.Has("name", "version") && first.At("vulns").Is('['), first.Has("name", "skip_reason"):
		return format.Likely
	case first == nil && doc.Is('{') && h.Whole && (len(doc.Member) == 1 || len(doc.Member) == 2 && doc.Has("fixes")):
		return format.Possible
	}
	return format.No
}

// dependency is a package with its vulnerabilities.
type dependency struct {
	Name    jsondoc.Text                 `json:"name"`
	Version jsondoc.Text                 `json:"version"`
	Vulns   jsondoc.List[jsontext.Value] `json:"vulns"`
}

type vuln struct {
	ID          jsondoc.Text    `json:"id"`
	Fixed       jsondoc.Strings `json:"fix_versions"`
	Aliases     jsondoc.Strings `json:"aliases"`
	Description jsondoc.Text    `json:"description"`
}

type decoder struct {
	r      *jsondoc.Reader
	sink   format.Sink
	record int
	seen   bool
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{r: r, sink: sink}
	if err := sink.Run(format.Run{Tool: "pip-audit"}); err != nil {
		return err
	}
	if r.Kind() == '[' {
		d.seen = true
		err = r.Array(func(i int) error { return d.dependency(fmt.Sprintf("/%d", i)) })
	} else {
		err = r.Object(func(name string) error {
			if name != "dependencies" {
				return nil
			}
			d.seen = true
			return r.Array(func(i int) error { return d.dependency(fmt.Sprintf("/dependencies/%d", i)) })
		})
	}
	if err != nil {
		return err
	}
	if !d.seen {
		return errors.New("not a pip-audit report: dependencies is missing")
	}
	return r.End()
}

func (d *decoder) dependency(pointer string) error {
	at := d.r.Position()
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	at.Pointer, at.Record = pointer, d.record
	var dep dependency
	if err := jsondoc.Unmarshal(raw, &dep); err != nil || dep.Name == "" {
		if err == nil {
			err = jsondoc.Bad("the dependency has no name")
		}
		d.record++
		return d.sink.Quarantine(jsondoc.Fault(at, err, raw))
	}
	c := finding.Component{Name: string(dep.Name), Version: string(dep.Version), Ecosystem: "pypi", Type: "library"}
	c.PURL = ident.PURL("pypi", "", c.Name, c.Version)
	if c.Version != "" {
		inventory := c
		inventory.Ref = c.PURL
		if err := d.sink.Component(inventory); err != nil {
			return err
		}
	}
	for i, raw := range dep.Vulns {
		at.Record, at.Pointer = d.record, fmt.Sprintf("%s/vulns/%d", pointer, i)
		d.record++
		if err := d.vuln(raw, c, at); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) vuln(raw []byte, c finding.Component, at finding.Position) error {
	var v vuln
	err := jsondoc.Unmarshal(raw, &v)
	if err == nil && v.ID == "" {
		err = jsondoc.Bad("the vulnerability has no id")
	}
	if err != nil {
		return d.sink.Quarantine(jsondoc.Fault(at, err, raw))
	}
	return d.sink.Observe(&finding.Observation{
		Position: at, Raw: raw, Kind: finding.Vulnerability,
		Check:      finding.Check{ID: string(v.ID), Description: string(v.Description)},
		Title:      string(v.ID) + " in " + c.Name,
		Message:    string(v.Description),
		Advisories: ident.Add(ident.Add(nil, string(v.ID)), v.Aliases...),
		Component:  &c, FixVersions: ident.Add(nil, v.Fixed...),
	})
}
