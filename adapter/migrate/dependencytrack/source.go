// Package dependencytrack reads a Dependency-Track over its API: projects,
// their components as an SBOM, findings with their analysis, and policy
// violations.
package dependencytrack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/adapter/migrate/rest"
	dom "github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/migrate"
)

// Source is a Dependency-Track.
type Source struct {
	api      *rest.Client
	projects []project
	now      func() time.Time
}

// New returns a reader of the Dependency-Track at an address.
func New(base, token string, now func() time.Time) (*Source, error) {
	api, err := rest.New(base, http.Header{"X-Api-Key": {token}, "Accept": {"application/json"}})
	return &Source{api: api, now: now}, err
}

// Name implements migrate.Source.
func (s *Source) Name() string { return "dependency-track" }

type project struct {
	UUID        string `json:"uuid"`
	Name        string `json:"name"`
	Version     string `json:"version"`
	Description string `json:"description"`
	LastBOM     int64  `json:"lastBomImport"` // milliseconds
	Parent      *struct {
		UUID string `json:"uuid"`
	} `json:"parent"`
}

const pageSize = 100

// each reads a paged list. Pages go on until one is not full: that is true of
// servers that tell the total and of those that don't. A list that is not
// paged comes again and again the same, which its first element tells.
func each[T any](ctx context.Context, s *Source, path string, q url.Values, key func(T) string, yield func(T) error) error {
	if q == nil {
		q = url.Values{}
	}
	q.Set("pageSize", strconv.Itoa(pageSize))
	first := ""
	for page := 1; ; page++ {
		q.Set("pageNumber", strconv.Itoa(page))
		var list []T
		if _, err := s.api.JSON(ctx, path, q, &list); err != nil {
			return err
		}
		if len(list) == 0 || key(list[0]) == first {
			return nil
		}
		first = key(list[0])
		for _, v := range list {
			if err := yield(v); err != nil {
				return err
			}
		}
		if len(list) != pageSize {
			return nil
		}
	}
}

// load reads the projects once: parents are found among them.
func (s *Source) load(ctx context.Context) error {
	if s.projects != nil {
		return nil
	}
	list := []project{}
	err := each(ctx, s, "/api/v1/project", nil, func(p project) string { return p.UUID }, func(p project) error {
		list = append(list, p)
		return nil
	})
	s.projects = list
	return err
}

// top is the project whose name the application has.
func (s *Source) top(p project) project {
	for range 20 { // as deep as anyone nests
		if p.Parent == nil {
			return p
		}
		found := false
		for _, up := range s.projects {
			if up.UUID == p.Parent.UUID {
				p, found = up, true
				break
			}
		}
		if !found {
			return p
		}
	}
	return p
}

// Applications implements migrate.Source: each project without a parent is
// one, all its versions together.
func (s *Source) Applications(ctx context.Context, yield func(migrate.Application) error) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range s.projects {
		t := s.top(p)
		if seen[t.Name] {
			continue
		}
		seen[t.Name] = true
		if err := yield(migrate.Application{ID: t.UUID, Name: t.Name, Description: t.Description}); err != nil {
			return err
		}
	}
	return nil
}

// Scans implements migrate.Source: each version of a project is one.
func (s *Source) Scans(ctx context.Context, app migrate.Application, since time.Time, yield func(migrate.Scan) error) error {
	for _, p := range s.projects {
		if s.top(p).Name != app.Name {
			continue
		}
		at := time.UnixMilli(p.LastBOM).UTC()
		if p.LastBOM == 0 || at.Before(since) {
			continue // it never had anything in it, or nothing new
		}
		sc := migrate.Scan{ID: p.UUID, Parts: []string{p.UUID}, Application: app.Name, Asset: p.Name, Ref: p.Version, Tool: "dependency-track",
			First: at, Last: at.Add(time.Second), Document: "SBOM"}
		var violations []json.RawMessage
		_, err := s.api.JSON(ctx, "/api/v1/violation/project/"+url.PathEscape(p.UUID), nil, &violations)
		if err != nil && !rest.Missing(err) {
			return err
		}
		if len(violations) > 0 {
			sc.Remarks = append(sc.Remarks, fmt.Sprintf("%d policy violations are not brought over: the policies here judge anew", len(violations)))
		}
		if err := yield(sc); err != nil {
			return err
		}
	}
	return nil
}

// Document implements migrate.Source: the project's components as CycloneDX.
func (s *Source) Document(ctx context.Context, sc migrate.Scan) (io.ReadCloser, error) {
	resp, err := s.api.Get(ctx, "/api/v1/bom/cyclonedx/project/"+url.PathEscape(sc.Parts[0]), url.Values{"format": {"json"}, "variant": {"inventory"}, "download": {"true"}})
	if rest.Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

type component struct {
	UUID    string `json:"uuid"`
	Name    string `json:"name"`
	Group   string `json:"group"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

type found struct {
	Matrix    string    `json:"matrix"`
	Component component `json:"component"`
	Vuln      struct {
		UUID        string              `json:"uuid"`
		Source      string              `json:"source"`
		ID          string              `json:"vulnId"`
		Title       string              `json:"title"`
		Severity    string              `json:"severity"`
		Description string              `json:"description"`
		Advice      string              `json:"recommendation"`
		CWEs        []map[string]any    `json:"cwes"`
		Aliases     []map[string]string `json:"aliases"`
		CVSS3       float64             `json:"cvssV3BaseScore"`
		Vector3     string              `json:"cvssV3Vector"`
		EPSS        float64             `json:"epssScore"`
	} `json:"vulnerability"`
	Analysis struct {
		State      string `json:"state"`
		Suppressed bool   `json:"isSuppressed"`
	} `json:"analysis"`
	Attribution struct {
		On json.RawMessage `json:"attributedOn"`
	} `json:"attribution"`
}

// Findings implements migrate.Source.
func (s *Source) Findings(ctx context.Context, sc migrate.Scan, yield func(migrate.Finding) error) error {
	id := sc.Parts[0]
	key := func(f found) string { return f.Component.UUID + f.Vuln.UUID }
	return each(ctx, s, "/api/v1/finding/project/"+url.PathEscape(id), url.Values{"suppressed": {"true"}}, key, func(f found) error {
		out := migrate.Finding{ID: id + ":" + f.Component.UUID + ":" + f.Vuln.UUID, Record: record(&f)}
		if f.Analysis.Suppressed || f.Analysis.State != "" && f.Analysis.State != "NOT_SET" {
			if err := s.analysis(ctx, id, &f, &out); err != nil {
				return err
			}
		}
		return yield(out)
	})
}

func record(f *found) migrate.Record {
	r := migrate.Record{"kind": string(dom.Vulnerability), "title": f.Vuln.Title, "severity": f.Vuln.Severity, "check": map[string]string{"id": f.Vuln.ID}}
	if f.Vuln.Title == "" {
		r["title"] = f.Vuln.ID + " in " + f.Component.Name
	}
	r.Set("description", f.Vuln.Description)
	r.Set("fix", f.Vuln.Advice)
	r.Set("epss", f.Vuln.EPSS)
	ids, seen := []string{f.Vuln.ID}, map[string]bool{f.Vuln.ID: true}
	for _, a := range f.Vuln.Aliases {
		for _, name := range []string{"cveId", "ghsaId", "osvId", "snykId", "sonatypeId", "gsdId", "vulnDbId"} {
			if v := a[name]; v != "" && !seen[v] {
				seen[v], ids = true, append(ids, v)
			}
		}
	}
	r.Set("advisories", ids)
	var cwes []string
	for _, c := range f.Vuln.CWEs {
		if n, ok := c["cweId"].(float64); ok {
			cwes = append(cwes, "CWE-"+strconv.Itoa(int(n)))
		}
	}
	r.Set("cwe", cwes)
	if f.Vuln.CVSS3 > 0 || f.Vuln.Vector3 != "" {
		rating := migrate.Record{"source": strings.ToLower(f.Vuln.Source)}
		rating.Set("score", f.Vuln.CVSS3)
		rating.Set("vector", f.Vuln.Vector3)
		r["cvss"] = []any{rating}
	}
	part := migrate.Record{"name": f.Component.Name}
	part.Set("group", f.Component.Group)
	part.Set("version", f.Component.Version)
	part.Set("purl", f.Component.PURL)
	r["component"] = part
	if at := moment(f.Attribution.On); !at.IsZero() {
		r["first_seen"] = at.Format(time.RFC3339)
	}
	return r
}

// analysis adds what people decided and wrote.
func (s *Source) analysis(ctx context.Context, projectID string, f *found, out *migrate.Finding) error {
	var a struct {
		State         string `json:"analysisState"`
		Justification string `json:"analysisJustification"`
		Response      string `json:"analysisResponse"`
		Details       string `json:"analysisDetails"`
		Suppressed    bool   `json:"isSuppressed"`
		Comments      []struct {
			At   json.RawMessage `json:"timestamp"`
			Text string          `json:"comment"`
			By   string          `json:"commenter"`
		} `json:"analysisComments"`
	}
	q := url.Values{"project": {projectID}, "component": {f.Component.UUID}, "vulnerability": {f.Vuln.UUID}}
	if _, err := s.api.JSON(ctx, "/api/v1/analysis", q, &a); err != nil && !rest.Missing(err) {
		return err
	}
	if a.State == "" {
		a.State, a.Suppressed = f.Analysis.State, f.Analysis.Suppressed
	}
	d := &dom.Triage{By: "Dependency-Track", At: moment(f.Attribution.On)}
	for _, c := range a.Comments {
		n := dom.Note{By: c.By, At: moment(c.At), Text: c.Text}
		if n.By == "" {
			n.By = "Dependency-Track"
		}
		out.Notes = append(out.Notes, n)
		d.By, d.At = n.By, n.At
	}
	d.Status, out.Gone = decided(a.State, a.Suppressed, a.Response)
	if d.Status == "" {
		return nil
	}
	var why []string
	for _, w := range []string{a.Details, a.Justification, a.Response} {
		if w != "" && w != "NOT_SET" {
			why = append(why, w)
		}
	}
	if len(why) == 0 {
		why = []string{strings.ToLower(strings.ReplaceAll(a.State, "_", " ")) + " in Dependency-Track"}
	}
	d.Reason = strings.Join(why, "\n")
	out.Decision = d
	return nil
}

// decided is an analysis in our words. What is merely hidden, or will not be
// fixed, is a flaw that somebody decided to live with.
func decided(state string, suppressed bool, response string) (s dom.Status, gone bool) {
	switch state {
	case "FALSE_POSITIVE":
		return dom.FalsePositive, false
	case "NOT_AFFECTED":
		return dom.NotAffected, false
	case "RESOLVED":
		return "", true
	}
	if suppressed || response == "WILL_NOT_FIX" {
		return dom.Accepted, false
	}
	return "", false
}

// moment reads a time that is milliseconds or text.
func moment(v json.RawMessage) time.Time {
	var ms int64
	if json.Unmarshal(v, &ms) == nil && ms > 0 {
		return time.UnixMilli(ms).UTC()
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
