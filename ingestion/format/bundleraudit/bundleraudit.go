// Package bundleraudit reads the reports of bundler-audit: the JSON that it
// writes since version 0.9, and its text of every version.
//
// A record is an unpatched gem or an insecure source. Kept only raw: paths in
// the advisory database, unaffected versions, dates of advisories.
package bundleraudit

import (
	"context"
	"errors"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads bundler-audit's JSON and text.
var Format = format.Format{
	Name:  "bundleraudit",
	Title: "bundler-audit JSON and text",
	Doc: "Ruby's bundler-audit, check, as text or with --format json. Unpatched gems and insecure sources are read; " +
		"unaffected versions are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.version, run.started", From: "version, created_at"},
		{Name: "check.id, advisories", From: "results[].advisory.id, cve, ghsa, osvdb; text: Advisory, CVE, GHSA"},
		{Name: "check.title, title", From: "results[].advisory.title; text: Title"},
		{Name: "check.description", From: "results[].advisory.description; text: Description"},
		{Name: "check.url, references", From: "results[].advisory.url; text: URL"},
		{Name: "severity", From: "results[].advisory.criticality; text: Criticality"},
		{Name: "cvss", From: "results[].advisory.cvss_v2, cvss_v3, cvss_v4"},
		{Name: "component", From: "results[].gem; text: Name, Version"},
		{Name: "fixVersions", From: "lower bounds of results[].advisory.patched_versions; text: Solution"},
		{Name: "fix", From: "text: Solution"},
		{Name: "insecure source", From: "results[].source; text: Insecure Source URI found"},
		{Name: "only raw", From: "results[].advisory.path, date, unaffected_versions"},
	},
}

func detect(h format.Head) format.Confidence {
	switch h.Shape {
	case format.ShapeJSON:
		first := h.JSON.At("results", "0")
		switch t := first.At("type").String(); {
		case t == "unpatched_gem" && first.Has("gem"), t == "insecure_source" && first.Has("source"):
			return format.Certain
		case first == nil && h.JSON.At("results").Is('[') && h.JSON.Has("version", "created_at") && len(h.JSON.Member) == 3:
			return format.Likely
		}
	case format.ShapeText:
		text := "\n" + string(h.Bytes[:min(len(h.Bytes), 8<<10)])
		switch {
		case strings.Contains(text, "\nName: ") && strings.Contains(text, "\nVersion: ") && strings.Contains(text, "\nSolution: "),
			strings.Contains(text, "\nInsecure Source URI found: "):
			return format.Certain
		case strings.HasPrefix(strings.TrimSpace(text), "No vulnerabilities found") && h.Whole && len(h.Bytes) < 200:
			return format.Possible
		}
	}
	return format.No
}

// result is a record.
type result struct {
	Type     jsondoc.Text `json:"type"`
	Source   jsondoc.Text `json:"source"`
	Gem      gem          `json:"gem"`
	Advisory advisory     `json:"advisory"`
}

type gem struct {
	Name    jsondoc.Text `json:"name"`
	Version jsondoc.Text `json:"version"`
}

type advisory struct {
	ID          jsondoc.Text    `json:"id"`
	URL         jsondoc.Text    `json:"url"`
	Title       jsondoc.Text    `json:"title"`
	Description jsondoc.Text    `json:"description"`
	V2          jsondoc.Float   `json:"cvss_v2"`
	V3          jsondoc.Float   `json:"cvss_v3"`
	V4          jsondoc.Float   `json:"cvss_v4"`
	CVE         jsondoc.Text    `json:"cve"`
	GHSA        jsondoc.Text    `json:"ghsa"`
	OSVDB       jsondoc.Text    `json:"osvdb"`
	Patched     jsondoc.Strings `json:"patched_versions"`
	Criticality jsondoc.Text    `json:"criticality"`
	solution    string          // of the text
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	if in.Head().Shape != format.ShapeJSON {
		return decodeText(ctx, in, sink)
	}
	outline, err := jsondoc.ReadOutline(ctx, in, []string{"version", "created_at"}, nil)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	run := format.Run{Tool: "bundler-audit", Version: outline.Text("", "version"), Started: ident.Time(outline.Text("", "created_at"))}
	if err := sink.Run(run); err != nil {
		return err
	}
	known := false
	err = r.Object(func(name string) error {
		if name != "results" {
			return nil
		}
		known = true
		return jsondoc.Records(r, sink, func(res *result, at finding.Position, raw []byte) error {
			o, err := res.observation()
			if err != nil {
				return err
			}
			o.Position, o.Raw = at, raw
			return sink.Observe(o)
		})
	})
	if err != nil {
		return err
	}
	if !known {
		return errors.New("not a bundler-audit report: results is missing")
	}
	return r.End()
}

func (r *result) observation() (*finding.Observation, error) {
	if r.Type == "insecure_source" || r.Gem.Name == "" && r.Source != "" {
		return &finding.Observation{
			Kind:  finding.Misconfiguration,
			Check: finding.Check{ID: "insecure_source", Title: "Gem source without transport security"},
			Title: "Insecure source " + string(r.Source), Location: finding.Location{Resource: string(r.Source)},
		}, nil
	}
	a := &r.Advisory
	ids := a.ids()
	if r.Gem.Name == "" || len(ids) == 0 && a.Title == "" {
		return nil, jsondoc.Bad("the result names no gem or no advisory")
	}
	c := finding.Component{Name: string(r.Gem.Name), Version: string(r.Gem.Version), Ecosystem: "gem"}
	c.PURL = ident.PURL("gem", "", c.Name, c.Version)
	o := &finding.Observation{
		Kind:       finding.Vulnerability,
		Check:      finding.Check{Title: string(a.Title), Description: string(a.Description), URL: string(a.URL)},
		Title:      string(a.Title),
		Advisories: ids, Component: &c,
		Severity: finding.SeverityOfWord(string(a.Criticality)), SeverityWord: string(a.Criticality),
		FixVersions: ident.LowerBounds(a.Patched...),
		References:  ident.Add(nil, string(a.URL)),
		Fix:         a.solution,
	}
	if len(ids) > 0 {
		o.Check.ID = ids[0]
	}
	if o.Title == "" {
		o.Title = o.Check.ID + " in " + c.Name
	}
	for _, rating := range [...]finding.CVSS{{Score: float64(a.V4), Version: "4.0"}, {Score: float64(a.V3), Version: "3.0"}, {Score: float64(a.V2), Version: "2.0"}} {
		if rating.Score > 0 {
			o.CVSS = append(o.CVSS, rating)
		}
	}
	return o, nil
}

// ids are the advisory's names. CVE, GHSA and OSVDB numbers are written
// without their prefix in JSON.
func (a *advisory) ids() []string {
	var ids []string
	ids = ident.Add(ids, string(a.ID))
	for _, n := range [...]struct{ prefix, number string }{{"CVE-", string(a.CVE)}, {"GHSA-", string(a.GHSA)}, {"OSVDB-", string(a.OSVDB)}} {
		if n.number == "" {
			continue
		}
		if !strings.HasPrefix(n.number, n.prefix) {
			n.number = n.prefix + n.number
		}
		ids = ident.Add(ids, n.number)
	}
	return ids
}
