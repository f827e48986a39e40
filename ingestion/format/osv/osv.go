// Package osv reads records of the Open Source Vulnerability schema, versions
// 1.0 to 1.7: one, an array, a stream, or the answer of the OSV API
// ({"vulns": […]}). Other formats that carry such records use its [Record].
//
// A bare record is an advisory and no scan: it says which packages and
// versions are vulnerable, not what an application holds. Who imports one as
// a report says that it concerns the target. So it gives one observation for
// each package that it lists as affected, with the versions that repair it
// but without an installed version, and no claim. A withdrawn record claims
// that it is gone. Kept only raw: ranges, lists of versions, credits and what
// databases add.
package osv

import (
	"context"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format is OSV.
var Format = format.Format{
	Name:  "osv",
	Title: "OSV schema 1.x",
	Doc: "Advisories of the OSV federation (GitHub, Go, PyPA, RustSec, distributions): one, several, or an answer of the OSV API. " +
		"Each affected package gives an observation without an installed version; ranges and credits are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: Fields(""),
}

// Fields says where the fields of an observation come from in a record that
// stands at prefix.
func Fields(prefix string) []format.Field {
	return []format.Field{
		{Name: "check.id, advisories[0]", From: prefix + "id"},
		{Name: "advisories", From: prefix + "aliases; upstream and related become tags"},
		{Name: "check.title, title", From: prefix + "summary"},
		{Name: "check.description", From: prefix + "details"},
		{Name: "cvss", From: prefix + "severity[], affected[].severity[]"},
		{Name: "severity", From: prefix + "database_specific.severity, affected[].ecosystem_specific.severity and database_specific.severity"},
		{Name: "cwes", From: prefix + "database_specific.cwe_ids and cwes[].cweId, affected[].database_specific.cwes[].cweId"},
		{Name: "component", From: prefix + "affected[].package"},
		{Name: "fixVersions", From: prefix + "affected[].ranges[].events[].fixed, but not of type GIT"},
		{Name: "references", From: prefix + "references[].url"},
		{Name: "claim", From: prefix + "withdrawn"},
		{Name: "only raw", From: prefix + "credits, ranges, versions, modified, published"},
	}
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	wrapped := doc.At("vulns", "0")
	if wrapped != nil && len(doc.Member) <= 2 {
		doc = wrapped
	}
	switch {
	case doc.Has("schema_version", "id", "modified"):
		return format.Certain
	case doc.Has("id", "modified") && (doc.At("affected", "0").Has("package") || doc.At("affected", "0").Has("ranges")),
		doc.Has("id", "modified", "withdrawn"):
		return format.Likely
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := sink.Run(format.Run{Tool: "osv"}); err != nil {
		return err
	}
	each := func(rec *Record, at finding.Position, raw []byte) error {
		if rec.ID == "" {
			return jsondoc.Bad("the record has no id")
		}
		for _, o := range rec.observations() {
			o.Position, o.Raw = at, raw
			if err := sink.Observe(o); err != nil {
				return err
			}
		}
		return nil
	}
	if in.Head().JSON.At("vulns").Is('[') {
		for r.More() {
			err := r.Object(func(name string) error {
				if name != "vulns" {
					return nil
				}
				return jsondoc.Records(r, sink, each)
			})
			if err != nil {
				return err
			}
		}
		return r.End()
	}
	return jsondoc.Stream(r, sink, each)
}

// observations are those of a bare record, one a package.
func (rec *Record) observations() []*finding.Observation {
	var list []*finding.Observation
	seen := map[string]bool{}
	for i := range rec.Affected {
		p := rec.Affected[i].Package
		key := string(p.Ecosystem + "\x00" + p.Name)
		if p.Name == "" {
			key = string(p.PURL)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		o := rec.Observation(string(p.Ecosystem), string(p.Name))
		c := p.component()
		o.Component = &c
		if c.Name != "" {
			o.Title += " in " + c.Name
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		list = append(list, rec.Observation("", ""))
	}
	return list
}

func (p *Package) component() finding.Component {
	typ, namespace := ident.Ecosystem(string(p.Ecosystem))
	c := finding.Component{PURL: string(p.PURL), Name: string(p.Name), Ecosystem: typ}
	if c.PURL == "" {
		c.PURL = ident.PURL(typ, namespace, c.Name, "")
	} else {
		c.Ecosystem = ident.TypeOfPURL(c.PURL)
	}
	return c
}
