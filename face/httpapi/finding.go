package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// Findings answers questions about findings.
type Findings interface {
	// List returns a page; an unknown cursor is a *posture.BadQuery.
	List(context.Context, tenant.ID, posture.Filter, posture.Page) (posture.List, error)
	Facets(context.Context, tenant.ID, posture.Filter) (posture.Facets, error)
	// Finding returns one finding or posture.ErrNotFound.
	Finding(context.Context, tenant.ID, finding.ID) (posture.Detail, error)
	History(context.Context, tenant.ID, finding.ID) ([]posture.Event, error)
	// Explain computes the score anew from the recorded inputs.
	Explain(context.Context, tenant.ID, finding.ID) (risk.Result, error)
}

// Triager records people's decisions.
type Triager interface {
	// Triage sets (or with a nil decision takes back) the decision on
	// findings and returns how many changed.
	Triage(ctx context.Context, t tenant.ID, ids []finding.ID, decision *finding.Triage, by, reason string, at time.Time) (int, error)
}

// FilterInput is the query of every list of findings; the web application's
// URL uses the same names. It is exported because only exported embedded
// structs become parameters.
type FilterInput struct {
	Application []string `query:"application" doc:"application keys"`
	Asset       []string `query:"asset" doc:"asset ids"`
	Status      []string `query:"status" enum:"open,resolved,false_positive,accepted,not_affected,suppressed" doc:"open when absent; pass all six for everything"`
	Severity    []string `query:"severity" enum:"unknown,info,low,medium,high,critical"`
	Priority    []string `query:"priority"`
	Kind        []string `query:"kind" enum:"vulnerability,code,secret,misconfiguration,dynamic,licence,quality"`
	Tool        []string `query:"tool"`
	CWE         []int    `query:"cwe"`
	Advisory    string   `query:"advisory" maxLength:"100" doc:"CVE, GHSA or other id; aliases match"`
	Component   string   `query:"component" maxLength:"300"`
	Check       string   `query:"check" maxLength:"300"`
	Path        string   `query:"path" maxLength:"1000" doc:"path prefix"`
	Ref         string   `query:"ref" maxLength:"300" doc:"present on this branch or tag"`
	KEV         string   `query:"kev" enum:"true,false"`
	Fixable     string   `query:"fixable" enum:"true,false"`
	MinScore    float64  `query:"min_score" minimum:"0" maximum:"100"`
	Text        string   `query:"q" maxLength:"200" doc:"words to find in title, check, advisory, component or path"`
	Report      string   `query:"report" maxLength:"64" doc:"touched by this report"`
	Change      string   `query:"change" enum:"new,changed,reopened,resolved" doc:"with report: how it was touched"`
	Since       string   `query:"since" format:"date-time" doc:"first seen at or after"`
}

type listInput struct {
	FilterInput
	Sort   string `query:"sort" enum:"score,severity,newest,oldest" default:"score"`
	Cursor string `query:"cursor" maxLength:"400"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// IDInput names a finding, report or asset in a path. It is exported because
// only exported embedded structs become parameters.
type IDInput struct {
	ID string `path:"id" format:"uuid"`
}

type body[T any] struct{ Body T }

func (a *API) findingRoutes(api huma.API) {
	const tag = "/api/v1/findings"
	route(api, scopeRead, http.MethodGet, tag, "list-findings", "List findings", "A page of findings in a total order. Follow next_cursor for more.", a.listFindings)
	route(api, scopeRead, http.MethodGet, tag+"/facets", "finding-facets", "Count findings by field", "Counts for the same filter as the list; each field's own filter is left out of its counts.", a.facets)
	route(api, scopeRead, http.MethodGet, tag+"/{id}", "get-finding", "Show a finding", "Everything about one finding: places, tools, score with every term, decisions.", a.getFinding)
	route(api, scopeRead, http.MethodGet, tag+"/{id}/history", "finding-history", "Show a finding's history", "Append-only, with valid and recorded time.", a.getHistory)
	route(api, scopeTriage, http.MethodPost, tag+"/triage", "triage-findings", "Decide about findings", "Marks findings as false positive, accepted or not affected, or takes that back (open). No scan overwrites it.", a.triage)
}

func (a *API) listFindings(ctx context.Context, in *listInput) (*body[FindingList], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	l, err := a.Findings.List(ctx, who(ctx).Tenant, f, posture.Page{Sort: posture.Sort(in.Sort), Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[FindingList]{FindingList{Items: rows(l.Rows), NextCursor: l.Next, Total: Count(l.Total)}}, nil
}

func (a *API) facets(ctx context.Context, in *FilterInput) (*body[Facets], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	fs, err := a.Findings.Facets(ctx, who(ctx).Tenant, f)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[Facets]{facetsWire(fs)}, nil
}

func (a *API) getFinding(ctx context.Context, in *IDInput) (*body[FindingDetail], error) {
	id, err := finding.ParseID(in.ID)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	t := who(ctx).Tenant
	d, err := a.Findings.Finding(ctx, t, id)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	s, err := a.Findings.Explain(ctx, t, id)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[FindingDetail]{detail(d, s)}, nil
}

func (a *API) getHistory(ctx context.Context, in *IDInput) (*body[History], error) {
	id, err := finding.ParseID(in.ID)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	es, err := a.Findings.History(ctx, who(ctx).Tenant, id)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[History]{history(es)}, nil
}

func (a *API) triage(ctx context.Context, in *struct{ Body TriageRequest }) (*body[TriageResult], error) {
	ids := make([]finding.ID, len(in.Body.Findings))
	for i, s := range in.Body.Findings {
		id, err := finding.ParseID(s)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		ids[i] = id
	}
	c, now := who(ctx), a.Now()
	var decision *finding.Triage
	if in.Body.Status != string(finding.Open) {
		decision = &finding.Triage{Status: finding.Status(in.Body.Status), Reason: in.Body.Reason, By: c.Name, At: now}
		if in.Body.Until != nil {
			if !in.Body.Until.After(now) {
				return nil, huma.Error422UnprocessableEntity("until must lie in the future")
			}
			decision.Until = in.Body.Until.UTC()
		}
		if err := decision.Validate(); err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
	}
	n, err := a.Triage.Triage(ctx, c.Tenant, ids, decision, c.Name, in.Body.Reason, now)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[TriageResult]{TriageResult{n}}, nil
}
