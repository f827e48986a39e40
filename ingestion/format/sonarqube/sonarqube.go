// Package sonarqube reads what people take out of SonarQube, which has no
// report file of its own: the answers of its web API (api/issues/search and
// api/hotspots/search, SonarCloud included, one document or several joined)
// and the JSON and HTML of the sonar-report tool.
//
// Comments, changelogs, debt and effort stay in the raw record.
package sonarqube

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads SonarQube issues and hotspots.
var Format = format.Format{
	Name:  "sonarqube",
	Title: "SonarQube issues and hotspots",
	Doc: "Answers of SonarQube's `api/issues/search` and `api/hotspots/search`, and the JSON or HTML of sonar-report. Bugs and code smells " +
		"are read as quality findings. BLOCKER is critical, CRITICAL high, MAJOR medium, MINOR low, as SonarQube itself translates them to " +
		"its newer scale; a hotspot has its vulnerability probability. Resolutions become claims. Comments and effort stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	top := h.JSON
	if top.Is('[') {
		top = top.First
	}
	switch {
	case h.Shape == format.ShapeHTML && isReport(h.Bytes), top.Has("sonarBaseURL"), top.Has("sonarComponent"):
		return format.Certain
	case top.Has("paging", "issues"), top.Has("paging", "hotspots"),
		top.At("issues", "0").Has("key", "rule", "component"),
		top.At("hotspots", "0").Has("key", "vulnerabilityProbability"):
		return format.Likely
	}
	return format.No
}

func isReport(head []byte) bool {
	_, rest, found := bytes.Cut(head, []byte("<title>SonarQube "))
	title, _, closed := bytes.Cut(rest, []byte("</title>"))
	return found && closed && bytes.HasSuffix(title, []byte("Report"))
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	if in.Head().Shape == format.ShapeHTML {
		return decodeHTML(ctx, in, sink)
	}
	return decodeJSON(ctx, in, sink)
}

// rule is what a document tells of a rule, usually behind the issues.
type rule struct {
	check finding.Check
	cwes  []int
}

func newRule(key, name, htmlDesc string) rule {
	return rule{
		check: finding.Check{ID: key, Title: name, Description: htmldoc.Text(htmlDesc)},
		cwes:  ident.CWEs(htmlDesc),
	}
}

// decodeJSON reads the input twice: components and rules stand behind the
// issues that refer to them.
func decodeJSON(ctx context.Context, in *format.Input, sink format.Sink) error {
	about, err := readContext(ctx, in)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := sink.Run(run(in.Head().JSON)); err != nil {
		return err
	}
	each := func(hotspot bool) func(*record, finding.Position, []byte) error {
		return func(rec *record, pos finding.Position, raw []byte) error {
			o, err := rec.observe(about, hotspot)
			if err != nil {
				return err
			}
			o.Position, o.Raw = pos, raw
			return sink.Observe(o)
		}
	}
	return eachDocument(r, func(name string) error {
		switch name {
		case "issues":
			return jsondoc.Records(r, sink, each(false))
		case "hotspots":
			return jsondoc.Records(r, sink, each(true))
		}
		return nil
	})
}

// eachDocument calls fn for the members of every object of the input: one
// answer, an array of pages, or answers one after another.
func eachDocument(r *jsondoc.Reader, fn func(name string) error) error {
	for r.More() {
		var err error
		if r.Kind() == '[' {
			err = r.Array(func(int) error { return r.Object(fn) })
		} else {
			err = r.Object(fn)
		}
		if err != nil {
			return err
		}
	}
	return r.End()
}

// run reads the scanned project off the head of the document.
func run(top *format.Node) format.Run {
	if top.Is('[') {
		top = top.First
	}
	first := top.At("issues", "0")
	if first == nil {
		first = top.At("hotspots", "0")
	}
	run := format.Run{Tool: "sonarqube", Target: format.Target{Kind: "repository", Branch: first.At("branch").String()}}
	for _, name := range []*format.Node{first.At("project"), top.At("sonarComponent"), top.At("projectName")} {
		if run.Target.Name == "" {
			run.Target.Name = name.String()
		}
	}
	if t, err := time.Parse("Monday, Jan 2, 2006", top.At("date").String()); err == nil {
		run.Started = t
	}
	return run
}

// surroundings is what records refer to by key.
type surroundings struct {
	paths map[string]string // by component key
	rules map[string]rule
}

// readContext reads what stands around the records of the first document, or
// of all pages of an array.
func readContext(ctx context.Context, in *format.Input) (*surroundings, error) {
	outline, err := jsondoc.ReadOutline(ctx, in, []string{"components", "rules"}, nil)
	if err != nil {
		return nil, err
	}
	s := &surroundings{paths: map[string]string{}, rules: map[string]rule{}}
	for _, page := range slices.Sorted(maps.Keys(outline)) {
		s.addComponents(outline, page)
		s.addRules(outline, page)
	}
	return s, nil
}

func (s *surroundings) addComponents(outline jsondoc.Outline, page string) {
	var components jsondoc.List[struct {
		Key  jsondoc.Text `json:"key"`
		Path jsondoc.Text `json:"path"`
	}]
	outline.Decode(page, "components", &components)
	for _, c := range components {
		if c.Path != "" {
			s.paths[c.Key.String()] = c.Path.String()
		}
	}
}

// addRules reads the rules of the API (a list of rules with keys) or of
// sonar-report (an object by key).
func (s *surroundings) addRules(outline jsondoc.Outline, page string) {
	type ruleJSON struct {
		Key      jsondoc.Text `json:"key"`
		Name     jsondoc.Text `json:"name"`
		HTMLDesc jsondoc.Text `json:"htmlDesc"`
	}
	var byKey map[string]jsondoc.Lax[ruleJSON]
	if outline.Decode(page, "rules", &byKey) {
		for key, r := range byKey {
			s.rules[key] = newRule(key, r.V.Name.String(), r.V.HTMLDesc.String())
		}
		return
	}
	var list jsondoc.List[ruleJSON]
	outline.Decode(page, "rules", &list)
	for _, r := range list {
		s.rules[r.Key.String()] = newRule(r.Key.String(), r.Name.String(), r.HTMLDesc.String())
	}
}
