// Package cargoaudit reads the JSON report of cargo-audit.
//
// Records are the entries of vulnerabilities.list and those of warnings,
// which versions before 0.14 write as a list and later ones by kind. So there
// are more records than the report's own count of vulnerabilities. A warning
// of unsound code is a vulnerability; that a crate is unmaintained, yanked or
// has a notice is a matter of quality. Kept only raw: checksums, affected
// platforms, the dependencies of the crate.
package cargoaudit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads cargo-audit's JSON report.
var Format = format.Format{
	Name:  "cargoaudit",
	Title: "cargo-audit JSON",
	Doc: "RustSec's cargo-audit, --json. Vulnerabilities are read, and warnings (unmaintained, unsound, yanked crates) beside them, " +
		"so there may be more records than the report counts; checksums and platforms are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "check.id, advisories[0]", From: "advisory.id; the kind of a warning without one"},
		{Name: "advisories", From: "advisory.aliases"},
		{Name: "check.title, title", From: "advisory.title"},
		{Name: "check.description", From: "advisory.description"},
		{Name: "check.url", From: "advisory.url"},
		{Name: "cvss", From: "advisory.cvss"},
		{Name: "kind", From: "the list, for warnings warnings[].kind: unsound → vulnerability, others → quality"},
		{Name: "component", From: "package.name, version"},
		{Name: "location.symbol, related", From: "affected.functions"},
		{Name: "fixVersions", From: "lower bounds of versions.patched"},
		{Name: "references", From: "advisory.url, advisory.references"},
		{Name: "tags", From: "advisory.categories, keywords, informational, related, warnings[].kind"},
		{Name: "claim", From: "advisory.withdrawn"},
		{Name: "only raw", From: "package.checksum, source, dependencies, affected.arch, affected.os"},
	},
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	list := doc.At("vulnerabilities", "list")
	switch {
	case list.Is('[') && doc.At("database").Has("advisory-count"), list.Is('[') && doc.At("lockfile").Has("dependency-count"):
		return format.Certain
	case list.At("0").Has("advisory", "package"):
		return format.Certain
	}
	return format.No
}

// entry is a vulnerability or a warning.
type entry struct {
	Kind     jsondoc.Text          `json:"kind"`
	Advisory jsondoc.Lax[advisory] `json:"advisory"`
	Versions jsondoc.Lax[struct {
		Patched jsondoc.Strings `json:"patched"`
	}] `json:"versions"`
	Affected jsondoc.Lax[struct {
		Functions map[string]any `json:"functions"`
	}] `json:"affected"`
	Package jsondoc.Lax[struct {
		Name    jsondoc.Text `json:"name"`
		Version jsondoc.Text `json:"version"`
	}] `json:"package"`
}

type advisory struct {
	ID            jsondoc.Text    `json:"id"`
	Package       jsondoc.Text    `json:"package"`
	Title         jsondoc.Text    `json:"title"`
	Description   jsondoc.Text    `json:"description"`
	Aliases       jsondoc.Strings `json:"aliases"`
	Related       jsondoc.Strings `json:"related"`
	Categories    jsondoc.Strings `json:"categories"`
	Keywords      jsondoc.Strings `json:"keywords"`
	CVSS          jsondoc.Text    `json:"cvss"`
	Informational jsondoc.Text    `json:"informational"`
	URL           jsondoc.Text    `json:"url"`
	References    jsondoc.Strings `json:"references"`
	Withdrawn     jsondoc.Text    `json:"withdrawn"`
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := sink.Run(format.Run{Tool: "cargo-audit"}); err != nil {
		return err
	}
	records := func(kind string) error {
		return jsondoc.Records(r, sink, func(e *entry, at finding.Position, raw []byte) error {
			if e.Kind == "" {
				e.Kind = jsondoc.Text(kind)
			}
			o, err := e.observation()
			if err != nil {
				return err
			}
			o.Position, o.Raw = at, raw
			return sink.Observe(o)
		})
	}
	known := false
	err = r.Object(func(name string) error {
		switch {
		case name == "vulnerabilities":
			return r.Object(func(name string) error {
				if name != "list" {
					return nil
				}
				known = true
				return records("")
			})
		case name == "warnings" && r.Kind() == '[':
			return records("warning")
		case name == "warnings":
			return r.Object(records)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !known {
		return errors.New("not a cargo-audit report: vulnerabilities.list is missing")
	}
	return r.End()
}

func (e *entry) observation() (*finding.Observation, error) {
	a, p := &e.Advisory.V, &e.Package.V
	c := finding.Component{Name: string(p.Name), Version: string(p.Version), Ecosystem: "cargo"}
	if c.Name == "" {
		c.Name = string(a.Package)
	}
	if c.Name == "" && a.ID == "" {
		return nil, jsondoc.Bad("neither a package nor an advisory is named")
	}
	c.PURL = ident.PURL("cargo", "", c.Name, c.Version)
	o := &finding.Observation{
		Kind:        e.kind(),
		Check:       finding.Check{ID: string(a.ID), Title: string(a.Title), Description: string(a.Description), URL: string(a.URL)},
		Title:       string(a.Title),
		Advisories:  ident.Add(ident.Add(nil, string(a.ID)), a.Aliases...),
		CVSS:        ident.AddCVSS(nil, ident.CVSS(string(a.CVSS), 0, "rustsec")),
		Component:   &c,
		FixVersions: ident.LowerBounds(e.Versions.V.Patched...),
		References:  ident.Add(ident.Add(nil, string(a.URL)), a.References...),
		Tags:        ident.Add(ident.Add(ident.Add(nil, string(e.Kind), string(a.Informational)), a.Categories...), a.Keywords...),
	}
	for _, r := range a.Related {
		o.Tags = ident.Add(o.Tags, "related:"+r)
	}
	if a.ID == "" { // a yanked crate has no advisory
		o.Check.ID, o.Title = string(e.Kind), fmt.Sprintf("%s %s is %s", c.Name, c.Version, e.Kind)
	}
	if o.Title == "" {
		o.Title = o.Check.ID + " in " + c.Name
	}
	for i, f := range slices.Sorted(maps.Keys(e.Affected.V.Functions)) {
		if i == 0 {
			o.Location.Symbol = f
			continue
		}
		o.Related = append(o.Related, finding.Location{Symbol: f})
	}
	if a.Withdrawn != "" {
		o.Claim = finding.Claim{State: finding.ClaimAbsent, Source: "tool", Detail: "withdrawn " + string(a.Withdrawn), At: ident.Time(string(a.Withdrawn))}
	}
	return o, nil
}

// kind tells flaws from warnings that name none.
func (e *entry) kind() finding.Kind {
	if e.Kind == "" || e.Kind == "unsound" {
		return finding.Vulnerability
	}
	return finding.Quality
}
