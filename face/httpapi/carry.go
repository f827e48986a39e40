package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
)

// Carry brings over what another product knew of findings.
type Carry interface {
	// Marked finds the findings of a report by a fingerprint of its records.
	Marked(ctx context.Context, t tenant.ID, report, fingerprint string) (map[string]finding.ID, error)
	// CarryOver records decisions and notes with who made them and when, and
	// returns how many were news.
	CarryOver(ctx context.Context, t tenant.ID, items []finding.Carried, by string, at time.Time) (int, error)
}

// Marks are the findings of a report by a mark of its records.
type Marks struct {
	Findings map[string]string `json:"findings" doc:"finding id by the value of the fingerprint"`
}

// CarriedNote is what someone wrote about a finding elsewhere.
type CarriedNote struct {
	By   string    `json:"by" minLength:"1" maxLength:"200"`
	At   time.Time `json:"at"`
	Text string    `json:"text" minLength:"1" maxLength:"20000"`
}

// CarriedDecision is a decision that was made elsewhere.
type CarriedDecision struct {
	Status string     `json:"status" enum:"false_positive,accepted,not_affected"`
	Reason string     `json:"reason" minLength:"1" maxLength:"20000"`
	By     string     `json:"by" minLength:"1" maxLength:"200"`
	At     time.Time  `json:"at"`
	Until  *time.Time `json:"until,omitempty" doc:"when it ends by itself; one that has ended is passed over"`
}

// CarriedFinding is what another product knew of one finding.
type CarriedFinding struct {
	Finding  string           `json:"finding" format:"uuid"`
	Decision *CarriedDecision `json:"decision,omitempty"`
	Notes    []CarriedNote    `json:"notes,omitempty" maxItems:"1000"`
}

// CarryRequest brings decisions and notes over.
type CarryRequest struct {
	Findings []CarriedFinding `json:"findings" minItems:"1" maxItems:"1000"`
}

func (a *API) carryRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/reports/{id}/marks", "report-marks", "Find a report's findings by a mark", "For records that carry an id of the sender's as a fingerprint: which finding each became.", a.marks)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/findings/carry-over", "carry-over", "Bring decisions and notes over", "Records what was decided and written elsewhere, with who and when. A later decision made here stays; doing it again changes nothing.", a.carryOver)
}

func (a *API) marks(ctx context.Context, in *struct {
	IDInput
	Fingerprint string `query:"fingerprint" required:"true" minLength:"1" maxLength:"100"`
}) (*body[Marks], error) {
	ids, err := a.Carry.Marked(ctx, who(ctx).Tenant, in.ID, in.Fingerprint)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := Marks{Findings: map[string]string{}}
	for v, id := range ids {
		out.Findings[v] = id.String()
	}
	return &body[Marks]{out}, nil
}

func (a *API) carryOver(ctx context.Context, in *struct{ Body CarryRequest }) (*body[TriageResult], error) {
	items := make([]finding.Carried, len(in.Body.Findings))
	for i, f := range in.Body.Findings {
		id, err := finding.ParseID(f.Finding)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		items[i].Finding = id
		if d := f.Decision; d != nil {
			t := &finding.Triage{Status: finding.Status(d.Status), Reason: strings.TrimSpace(d.Reason), By: d.By, At: d.At.UTC()}
			if d.Until != nil {
				t.Until = d.Until.UTC()
			}
			if err := t.Validate(); err != nil {
				return nil, huma.Error422UnprocessableEntity(err.Error())
			}
			items[i].Decision = t
		}
		for _, n := range f.Notes {
			items[i].Notes = append(items[i].Notes, finding.Note{By: n.By, At: n.At.UTC(), Text: n.Text})
		}
	}
	c := who(ctx)
	n, err := a.Carry.CarryOver(ctx, c.Tenant, items, c.Name, a.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[TriageResult]{TriageResult{n}}, nil
}
