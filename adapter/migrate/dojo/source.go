// Package dojo reads a DefectDojo over its API v2: products, engagements,
// tests, findings, risk acceptances and notes.
package dojo

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
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/migrate"
	"github.com/stance-aspm/stance/pack/dojo"
)

// Source is a DefectDojo. It keeps the small tables that findings refer to.
type Source struct {
	api         *rest.Client
	tools       map[string]dojo.ScanType
	users       map[int]string
	acceptances map[int]acceptance // by finding
	now         func() time.Time
}

// New returns a reader of the DefectDojo at an address.
func New(base, token string, now func() time.Time) (*Source, error) {
	api, err := rest.New(strings.TrimSuffix(strings.TrimSuffix(base, "/"), "/api/v2"), http.Header{"Authorization": {"Token " + token}, "Accept": {"application/json"}})
	if err != nil {
		return nil, err
	}
	s := &Source{api: api, tools: map[string]dojo.ScanType{}, now: now}
	for _, t := range dojo.ScanTypes() {
		s.tools[t.Name] = t
	}
	return s, nil
}

// Name implements migrate.Source.
func (s *Source) Name() string { return "defectdojo" }

const pageSize = 100

// each reads a paged list to its end. It counts offsets itself: the links in
// the answers name the server as it sees itself, which behind a proxy is not
// how we reach it.
func each[T any](ctx context.Context, s *Source, path string, q url.Values, yield func(T) error) error {
	if q == nil {
		q = url.Values{}
	}
	q.Set("limit", strconv.Itoa(pageSize))
	for offset := 0; ; {
		q.Set("offset", strconv.Itoa(offset))
		var page struct {
			Count   int `json:"count"`
			Results []T `json:"results"`
		}
		if _, err := s.api.JSON(ctx, "/api/v2/"+path, q, &page); err != nil {
			return err
		}
		for _, v := range page.Results {
			if err := yield(v); err != nil {
				return err
			}
		}
		offset += len(page.Results)
		if len(page.Results) == 0 || offset >= page.Count {
			return nil
		}
	}
}

type acceptance struct {
	ID          int     `json:"id"`
	Name        string  `json:"name"`
	Findings    []int   `json:"accepted_findings"`
	Details     string  `json:"decision_details"`
	Recommended string  `json:"recommendation_details"`
	AcceptedBy  string  `json:"accepted_by"`
	Owner       int     `json:"owner"`
	Expires     *string `json:"expiration_date"`
	Created     string  `json:"created"`
}

// tables loads what findings refer to. A token that may not see users or
// acceptances still brings the findings.
func (s *Source) tables(ctx context.Context) error {
	if s.users != nil {
		return nil
	}
	users, accepted := map[int]string{}, map[int]acceptance{}
	err := each(ctx, s, "users/", nil, func(u struct {
		ID       int    `json:"id"`
		Username string `json:"username"`
	}) error {
		users[u.ID] = u.Username
		return nil
	})
	if err != nil && !rest.Missing(err) {
		return err
	}
	err = each(ctx, s, "risk_acceptance/", nil, func(a acceptance) error {
		for _, id := range a.Findings {
			accepted[id] = a
		}
		return nil
	})
	if err != nil && !rest.Missing(err) {
		return err
	}
	s.users, s.acceptances = users, accepted
	return nil
}

// Applications implements migrate.Source: each product is one.
func (s *Source) Applications(ctx context.Context, yield func(migrate.Application) error) error {
	if err := s.tables(ctx); err != nil {
		return err
	}
	units := map[int]string{}
	if err := each(ctx, s, "product_types/", nil, func(t struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}) error {
		units[t.ID] = t.Name
		return nil
	}); err != nil {
		return err
	}
	return each(ctx, s, "products/", nil, func(p struct {
		ID          int     `json:"id"`
		Name        string  `json:"name"`
		Description string  `json:"description"`
		Type        int     `json:"prod_type"`
		Criticality *string `json:"business_criticality"`
	}) error {
		a := migrate.Application{ID: strconv.Itoa(p.ID), Name: p.Name, Description: p.Description, Unit: units[p.Type]}
		if p.Criticality != nil {
			a.Criticality = criticality(*p.Criticality)
		}
		return yield(a)
	})
}

// criticality maps DefectDojo's six words to our four.
func criticality(word string) string {
	switch strings.ToLower(word) {
	case "very high":
		return "critical"
	case "high", "medium", "low":
		return strings.ToLower(word)
	case "very low", "none":
		return "low"
	}
	return ""
}

type engagement struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Branch string `json:"branch_tag"`
	Commit string `json:"commit_hash"`
	Source string `json:"source_code_management_uri"`
}

type test struct {
	ID       int    `json:"id"`
	Title    string `json:"title"`
	ScanType string `json:"scan_type"`
	TypeName string `json:"test_type_name"`
	Branch   string `json:"branch_tag"`
	Commit   string `json:"commit_hash"`
	Start    string `json:"target_start"`
	End      string `json:"target_end"`
	Updated  string `json:"updated"`
}

// Scans implements migrate.Source: the tests of an engagement with the same
// scan type and title are one row of scans that replaced each other, as they
// would be through our door.
func (s *Source) Scans(ctx context.Context, app migrate.Application, since time.Time, yield func(migrate.Scan) error) error {
	return each(ctx, s, "engagements/", url.Values{"product": {app.ID}}, func(e engagement) error {
		var order []string
		scans := map[string]*migrate.Scan{}
		err := each(ctx, s, "tests/", url.Values{"engagement": {strconv.Itoa(e.ID)}}, func(t test) error {
			sc := s.scan(app, &e, &t)
			at, known := scans[sc.ID]
			if !known {
				scans[sc.ID], order = &sc, append(order, sc.ID)
				return nil
			}
			at.Parts = append(at.Parts, sc.Parts...)
			if sc.First.Before(at.First) {
				at.First = sc.First
			}
			if sc.Last.After(at.Last) {
				at.Last = sc.Last
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("engagement %d: %w", e.ID, err)
		}
		for _, id := range order {
			if sc := scans[id]; since.IsZero() || !sc.Last.Before(since) {
				if err := yield(*sc); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Source) scan(app migrate.Application, e *engagement, t *test) migrate.Scan {
	typ := t.ScanType
	if typ == "" {
		typ = t.TypeName
	}
	title := t.Title
	if title == typ {
		title = ""
	}
	sc := migrate.Scan{ID: fmt.Sprintf("engagement %d, %s, %s", e.ID, typ, title), Parts: []string{strconv.Itoa(t.ID)}, Application: app.Name,
		Ref: either(t.Branch, e.Branch), Commit: either(t.Commit, e.Commit), Category: e.Name, Tool: s.tool(typ)}
	if sc.Category == "" {
		sc.Category = fmt.Sprintf("engagement %d", e.ID)
	}
	if title != "" {
		sc.Category += " / " + title
	}
	if e.Source != "" {
		sc.Asset = estate.RepositoryName(e.Source)
	}
	sc.First, sc.Last = when(t.Start), when(either(t.Updated, t.End))
	if now := s.now(); sc.Last.IsZero() || sc.Last.After(now) {
		sc.Last = when(t.End)
		if sc.Last.IsZero() || sc.Last.After(now) {
			sc.Last = sc.First
		}
	}
	if sc.First.IsZero() {
		sc.First = sc.Last
	}
	if !sc.Last.After(sc.First) {
		sc.Last = sc.First.Add(time.Second)
	}
	return sc
}

// tool is what the tool's own reports are imported under.
func (s *Source) tool(scanType string) string {
	if t := s.tools[scanType].Tool; t != "" {
		return t
	}
	name, _, _ := strings.Cut(scanType, " (")
	return strings.ToLower(strings.TrimSuffix(name, " Scan"))
}

// Document implements migrate.Source: DefectDojo gives no report back.
func (s *Source) Document(context.Context, migrate.Scan) (io.ReadCloser, error) { return nil, nil }

func either(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// when reads the times and dates of the API; zero for none.
func when(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// raw is a member that may be a number, a text or an object.
type raw = json.RawMessage
