// Package gitlab reads the security reports of GitLab CI (gl-*-report.json) by
// GitLab's security report schemas, versions 2.0 to 15.x: SAST, secret
// detection, dependency scanning, container and cluster image scanning, DAST,
// API fuzzing and coverage fuzzing. Other scanners write the same shape so
// that GitLab shows their results (Trivy, Grype, Semgrep, KICS, Checkov).
//
// Kept only raw: request and response headers, the scanned resources of DAST,
// the diffs of remediations, and details of vulnerabilities that are tables.
package gitlab

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads GitLab security reports.
var Format = format.Format{
	Name:  "gitlab",
	Title: "GitLab security report",
	Doc: "GitLab's security report schemas 2.0 to 15.x (`gl-sast-report.json` and its siblings) for SAST, secret detection, dependency, container and " +
		"cluster image scanning, DAST, API and coverage fuzzing, whatever scanner wrote them. Each vulnerability is an observation, each entry of " +
		"`dependency_files` a component. Likely false positives that the scanner flagged become a claim. Request and response headers and " +
		"the diffs of remediations stay in the raw record.",
	Detect: detect,
	Decode: decode,
	Fields: fields(),
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if !doc.Is('{') {
		return format.No
	}
	scan, list := doc.At("scan"), doc.At("vulnerabilities")
	first := list.At("0")
	switch {
	case list != nil && !list.Is('['):
		return format.No
	case scan.At("type").Is('"') && (scan.Has("scanner") || scan.Has("analyzer")),
		strings.Contains(doc.At("schema").String(), "security-report-schemas"):
		return format.Certain
	case first.At("identifiers").Is('[') && first.Has("location"),
		list != nil && doc.Has("version", "remediations"),
		doc.Has("version", "dependency_files"):
		return format.Likely
	case list == nil || first != nil && !first.Has("identifiers"):
		return format.No
	}
	for name := range doc.Member {
		switch name {
		case "version", "schema", "vulnerabilities", "remediations", "dependency_files", "scan", "__comment__":
		default:
			return format.No
		}
	}
	if name := strings.ToLower(h.Name); strings.HasPrefix(name, "gl-") || strings.Contains(name, "gitlab") {
		return format.Likely
	}
	if doc.Has("version") {
		return format.Possible
	}
	return format.No
}

// decoder holds what belongs to all vulnerabilities of a report.
type decoder struct {
	sink   format.Sink
	scan   scan
	run    format.Run
	files  dependencies
	remedy map[string]string // vulnerability id or compare key to remediation
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Kind() != '{' {
		if err := r.Skip(); err != nil {
			return err
		}
		return errors.New("not a GitLab security report: want an object with vulnerabilities")
	}
	d := &decoder{sink: sink}
	if err := d.readContext(ctx, in); err != nil {
		return err
	}
	if err := d.openRun(d.firstRun(in.Head().JSON.At("vulnerabilities", "0"))); err != nil {
		return err
	}
	found := false
	err = r.Object(func(name string) error {
		switch name {
		case "vulnerabilities":
			found = true
			return jsondoc.Records(r, sink, d.vulnerability)
		case "dependency_files":
			return d.inventory(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !found {
		return errors.New("not a GitLab security report: it has no vulnerabilities member")
	}
	return r.End()
}

// scan is the member that says who scanned, from schema 3 on.
type scan struct {
	Analyzer  jsondoc.Lax[tool]        `json:"analyzer"`
	Scanner   jsondoc.Lax[tool]        `json:"scanner"`
	StartTime jsondoc.Text             `json:"start_time"`
	EndTime   jsondoc.Text             `json:"end_time"`
	Status    jsondoc.Text             `json:"status"`
	Type      jsondoc.Text             `json:"type"`
	Messages  jsondoc.List[logMessage] `json:"messages"`
}

// tool is an analyzer or a scanner.
type tool struct {
	ID      jsondoc.Text `json:"id"`
	Name    jsondoc.Text `json:"name"`
	Version jsondoc.Text `json:"version"`
}

func (t *tool) word() string { return either(t.ID, t.Name) }

// logMessage is what the analyzer wants to tell people of the scan.
type logMessage struct {
	Level jsondoc.Text `json:"level"`
	Value jsondoc.Text `json:"value"`
}

// maxNotes is how many of the scan's messages a run keeps.
const maxNotes = 5

// readContext reads what most analyzers write after the vulnerabilities.
func (d *decoder) readContext(ctx context.Context, in *format.Input) error {
	o, err := jsondoc.ReadOutline(ctx, in, []string{"scan", "dependency_files", "remediations"}, nil)
	if err != nil {
		return err
	}
	o.Decode("", "scan", &d.scan)
	var files jsondoc.List[dependencyFile]
	o.Decode("", "dependency_files", &files)
	d.files = newDependencies(files)
	var remedies jsondoc.List[struct {
		Fixes jsondoc.List[struct {
			ID  jsondoc.Text `json:"id"`
			CVE jsondoc.Text `json:"cve"`
		}] `json:"fixes"`
		Summary jsondoc.Text `json:"summary"`
	}]
	o.Decode("", "remediations", &remedies)
	d.remedy = map[string]string{}
	for _, one := range remedies {
		for _, f := range one.Fixes {
			if key := either(f.ID, f.CVE); key != "" && one.Summary != "" {
				d.remedy[key] = one.Summary.String()
			}
		}
	}
	return nil
}

// firstRun describes the run by the scan member. Reports before schema 3 have
// none: there each vulnerability names its scanner and category.
func (d *decoder) firstRun(first *format.Node) format.Run {
	s := &d.scan
	run := format.Run{
		Tool:     either(jsondoc.Text(s.Scanner.V.word()), jsondoc.Text(s.Analyzer.V.word())),
		Version:  either(s.Scanner.V.Version, s.Analyzer.V.Version),
		Category: s.Type.String(),
		Started:  parseTime(either(s.StartTime, s.EndTime)),
		Failed:   s.Status == "failure",
	}
	for _, m := range s.Messages {
		if (m.Level == "warn" || m.Level == "fatal") && len(run.Notes) < maxNotes {
			run.Notes = append(run.Notes, m.Value.String())
		}
	}
	if run.Category == "" {
		run.Category = first.At("category").String()
	}
	if run.Tool == "" {
		run.Tool = first.At("scanner", "id").String()
	}
	if run.Tool == "" {
		run.Tool = "gitlab"
	}
	run.Target = targetOf(run.Category, first.At("location", "image").String(), first.At("location", "hostname").String())
	return run
}

// targetOf names what was scanned by the place of a vulnerability.
func targetOf(category, image, host string) format.Target {
	switch category {
	case "container_scanning":
		if isImage(image) {
			return format.Target{Kind: "image", Name: image}
		}
		return format.Target{Kind: "image"}
	case "cluster_image_scanning":
		return format.Target{Kind: "cluster"}
	case "dast", "api_fuzzing":
		return format.Target{Kind: "endpoint", Name: host}
	}
	return format.Target{}
}

func (d *decoder) openRun(run format.Run) error {
	d.run = run
	return d.sink.Run(run)
}

// follow opens another run when a vulnerability is another scanner's (merged
// reports before schema 3) or another image's.
func (d *decoder) follow(v *vulnerability) error {
	run := d.run
	if d.scan.Scanner.V.word() == "" && d.scan.Analyzer.V.word() == "" {
		if t := v.Scanner.V.word(); t != "" {
			run.Tool = t
		}
		if v.Category != "" {
			run.Category = v.Category.String()
		}
	}
	loc := &v.Location.V
	if t := targetOf(run.Category, loc.Image.String(), loc.Hostname.String()); t.Name != "" {
		run.Target = t
	}
	if run.Tool == d.run.Tool && run.Category == d.run.Category && run.Target == d.run.Target {
		return nil
	}
	return d.openRun(run)
}

func (d *decoder) vulnerability(v *vulnerability, pos finding.Position, raw []byte) error {
	if v.empty() {
		return jsondoc.Bad("a vulnerability needs identifiers, a name, a message or a description")
	}
	if err := d.follow(v); err != nil {
		return err
	}
	o := d.observe(v)
	o.Position, o.Raw = pos, raw
	return d.sink.Observe(o)
}

// parseTime reads the schema's times: UTC without a zone, with or without
// fractions; some scanners add a zone.
func parseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05 MST"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
