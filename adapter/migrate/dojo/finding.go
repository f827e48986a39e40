package dojo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	dom "github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/migrate"
)

// found is a finding as the API gives it, as far as it is used.
type found struct {
	ID            int      `json:"id"`
	Title         string   `json:"title"`
	Severity      string   `json:"severity"`
	Description   string   `json:"description"`
	Mitigation    string   `json:"mitigation"`
	Impact        string   `json:"impact"`
	Steps         string   `json:"steps_to_reproduce"`
	Justification string   `json:"severity_justification"`
	References    string   `json:"references"`
	CWE           int      `json:"cwe"`
	CVE           string   `json:"cve"`
	VulnIDs       []raw    `json:"vulnerability_ids"`
	CVSS3         string   `json:"cvssv3"`
	CVSS3Score    *float64 `json:"cvssv3_score"`
	CVSS4         string   `json:"cvssv4"`
	CVSS4Score    *float64 `json:"cvssv4_score"`
	FilePath      string   `json:"file_path"`
	Line          *int     `json:"line"`
	Component     string   `json:"component_name"`
	Version       string   `json:"component_version"`
	UniqueID      string   `json:"unique_id_from_tool"`
	VulnID        string   `json:"vuln_id_from_tool"`
	SourceObject  string   `json:"sast_source_object"`
	SinkObject    string   `json:"sast_sink_object"`
	SourceLine    *int     `json:"sast_source_line"`
	SourcePath    string   `json:"sast_source_file_path"`
	Param         string   `json:"param"`
	Payload       string   `json:"payload"`
	Service       string   `json:"service"`
	Date          string   `json:"date"`
	FixVersion    string   `json:"fix_version"`
	KEV           bool     `json:"known_exploited"`
	Static        bool     `json:"static_finding"`
	Dynamic       bool     `json:"dynamic_finding"`
	Tags          []string `json:"tags"`
	Endpoints     []raw    `json:"endpoints"`

	FalsePositive bool         `json:"false_p"`
	OutOfScope    bool         `json:"out_of_scope"`
	Accepted      bool         `json:"risk_accepted"`
	Mitigated     bool         `json:"is_mitigated"`
	Active        bool         `json:"active"`
	Duplicate     bool         `json:"duplicate"`
	Reviewed      string       `json:"last_reviewed"`
	ReviewedBy    *int         `json:"last_reviewed_by"`
	StatusAt      string       `json:"last_status_update"`
	Created       string       `json:"created"`
	Risks         []acceptance `json:"accepted_risks"`
	Notes         []raw        `json:"notes"`
}

type note struct {
	Entry  string `json:"entry"`
	Date   string `json:"date"`
	Author struct {
		Username string `json:"username"`
	} `json:"author"`
}

// Findings implements migrate.Source.
func (s *Source) Findings(ctx context.Context, sc migrate.Scan, yield func(migrate.Finding) error) error {
	for _, id := range sc.Parts {
		err := each(ctx, s, "findings/", url.Values{"test": {id}, "o": {"id"}}, func(f found) error {
			notes, err := s.notes(ctx, &f)
			if err != nil {
				return err
			}
			out := migrate.Finding{ID: strconv.Itoa(f.ID), Record: s.record(&f, sc.Tool), Notes: notes, Decision: s.decision(&f, notes)}
			out.Gone = f.Mitigated || !f.Active && !f.Duplicate && out.Decision == nil
			return yield(out)
		})
		if err != nil {
			return fmt.Errorf("test %s: %w", id, err)
		}
	}
	return nil
}

// record writes the finding in our generic format, which knows DefectDojo's
// names for most members.
func (s *Source) record(f *found, tool string) migrate.Record {
	r := migrate.Record{"title": either(f.Title, "finding "+strconv.Itoa(f.ID)), "severity": f.Severity}
	for name, v := range map[string]string{"description": f.Description, "mitigation": f.Mitigation, "impact": f.Impact, "steps_to_reproduce": f.Steps,
		"severity_justification": f.Justification, "references": f.References, "cvssv3": f.CVSS3, "cvssv4": f.CVSS4, "file_path": f.FilePath,
		"unique_id_from_tool": f.UniqueID, "vuln_id_from_tool": f.VulnID,
		"sast_source_object": f.SourceObject, "sast_sink_object": f.SinkObject, "sast_source_file_path": f.SourcePath, "param": f.Param,
		"payload": f.Payload, "service": f.Service, "date": f.Date, "fix_version": f.FixVersion, "kind": kindOf(f, tool)} {
		r.Set(name, v)
	}
	if f.Component != "" {
		r["component"] = component(f, tool)
	}
	r.Set("cwe", f.CWE)
	for name, p := range map[string]*float64{"cvssv3_score": f.CVSS3Score, "cvssv4_score": f.CVSS4Score} {
		if p != nil {
			r.Set(name, *p)
		}
	}
	for name, p := range map[string]*int{"line": f.Line, "sast_source_line": f.SourceLine} {
		if p != nil {
			r.Set(name, *p)
		}
	}
	ids := []string{}
	for _, v := range f.VulnIDs {
		ids = append(ids, textOf(v, "vulnerability_id"))
	}
	if f.CVE != "" && len(ids) == 0 {
		ids = append(ids, f.CVE)
	}
	r.Set("vulnerability_ids", ids)
	r.Set("tags", f.Tags)
	if f.KEV {
		r["known_exploited"] = true
	}
	if f.Static {
		r["static_finding"] = true
	}
	if f.Dynamic {
		r["dynamic_finding"] = true
	}
	if e := endpoints(f.Endpoints); len(e) > 0 {
		r["endpoints"] = e
	}
	r["extra"] = map[string]any{"defectdojo": map[string]any{"id": f.ID, "active": f.Active, "duplicate": f.Duplicate}}
	return r
}

// kindOf tells the kind where the tool does better than the members would.
func kindOf(f *found, tool string) string {
	for _, s := range []string{"secret", "gitleaks", "trufflehog", "talisman", "ggshield", "nosey"} {
		if strings.Contains(tool, s) {
			return string(dom.Secret)
		}
	}
	if f.Component != "" {
		return string(dom.Vulnerability)
	}
	for _, s := range []string{"checkov", "tfsec", "kics", "terrascan", "kube", "hadolint", "cfn", "dockle", "prowler", "scout"} {
		if strings.Contains(tool, s) {
			return string(dom.Misconfiguration)
		}
	}
	return ""
}

// textOf is a text, or the member of an object.
func textOf(v raw, member string) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var o map[string]any
	if json.Unmarshal(v, &o) == nil {
		if t, ok := o[member].(string); ok {
			return t
		}
	}
	return ""
}

// endpoints keeps those that the API spells out; mere numbers tell nothing.
func endpoints(list []raw) []any {
	var out []any
	for _, v := range list {
		var o struct {
			Protocol string `json:"protocol,omitempty"`
			Host     string `json:"host,omitempty"`
			Port     *int   `json:"port,omitempty"`
			Path     string `json:"path,omitempty"`
			Query    string `json:"query,omitempty"`
			Fragment string `json:"fragment,omitempty"`
		}
		if json.Unmarshal(v, &o) == nil && o.Host != "" {
			out = append(out, o)
			continue
		}
		if s := textOf(v, "url"); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// notes are in the finding, or there are only their numbers.
func (s *Source) notes(ctx context.Context, f *found) ([]dom.Note, error) {
	var list []note
	numbers := false
	for _, v := range f.Notes {
		var n note
		if json.Unmarshal(v, &n) != nil {
			numbers = true
			continue
		}
		list = append(list, n)
	}
	if numbers {
		var answer struct {
			Notes []note `json:"notes"`
		}
		if _, err := s.api.JSON(ctx, fmt.Sprintf("/api/v2/findings/%d/notes/", f.ID), nil, &answer); err != nil {
			return nil, err
		}
		list = answer.Notes
	}
	var out []dom.Note
	for _, n := range list {
		if strings.TrimSpace(n.Entry) != "" {
			out = append(out, dom.Note{By: either(n.Author.Username, "DefectDojo"), At: when(n.Date), Text: n.Entry})
		}
	}
	return out, nil
}

// decision is what people decided there. A risk acceptance that has run out
// decides nothing any more; its text is among the notes of what is open.
func (s *Source) decision(f *found, notes []dom.Note) *dom.Triage {
	d := &dom.Triage{By: "DefectDojo", At: when(either(f.Reviewed, f.StatusAt, f.Created, f.Date))}
	if f.ReviewedBy != nil && s.users[*f.ReviewedBy] != "" {
		d.By = s.users[*f.ReviewedBy]
	}
	if len(notes) > 0 {
		d.Reason = notes[len(notes)-1].Text
	}
	switch {
	case f.FalsePositive:
		d.Status, d.Reason = dom.FalsePositive, either(d.Reason, "marked as false positive in DefectDojo")
	case f.OutOfScope:
		d.Status, d.Reason = dom.NotAffected, either(d.Reason, "marked as out of scope in DefectDojo")
	case f.Accepted:
		d.Status = dom.Accepted
		s.accept(f, d)
	default:
		return nil
	}
	return d
}

// accept takes reason, owner and expiry from the risk acceptance behind a
// finding; a simple acceptance has none.
func (s *Source) accept(f *found, d *dom.Triage) {
	a, ok := s.acceptances[f.ID]
	if len(f.Risks) > 0 {
		a, ok = f.Risks[len(f.Risks)-1], true
	}
	if !ok {
		d.Reason = either(d.Reason, "accepted in DefectDojo without a reason")
		return
	}
	d.Reason = strings.TrimSpace(strings.Join([]string{a.Name, a.Details, a.Recommended}, "\n"))
	d.Reason = either(d.Reason, "accepted in DefectDojo without a reason")
	d.By = either(a.AcceptedBy, s.users[a.Owner], d.By)
	if at := when(a.Created); !at.IsZero() {
		d.At = at
	}
	if a.Expires != nil {
		d.Until = when(*a.Expires).Truncate(time.Second)
	}
}
