package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/governance/gate"
)

// Gate answers whether an application may pass a stage.
type Gate interface {
	// Decide judges an application by the bundle in force, or returns
	// posture.ErrNotFound for an application nobody knows.
	Decide(ctx context.Context, t tenant.ID, application, stage, ref string) (gate.Verdict, error)
}

// PolicyStore keeps the bundle in force.
type PolicyStore interface {
	Policies(context.Context, tenant.ID) (Policies, error)
	// SetPolicies checks and replaces the bundle; what is wrong comes as
	// *PolicyError.
	SetPolicies(ctx context.Context, t tenant.ID, source, by string) error
}

// PolicyError says what is wrong with a bundle and where.
type PolicyError struct{ Problems []PolicyProblem }

// Error implements error.
func (e *PolicyError) Error() string {
	if len(e.Problems) == 0 {
		return "the policies can't be loaded"
	}
	return e.Problems[0].Message
}

func (a *API) gateRoutes(api huma.API) {
	route(api, scopeGate, http.MethodPost, "/api/v1/gate", "gate", "Ask for a verdict", "Judges the application's open findings by the policies in force.", a.gate)
	route(api, scopeRead, http.MethodGet, "/api/v1/policies", "get-policies", "Show the policies", "The bundle in force.", a.getPolicies)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/policies", "set-policies", "Replace the policies", "Type-checks the bundle first; the problems come with line and column.", a.setPolicies)
}

func (a *API) gate(ctx context.Context, in *struct{ Body GateRequest }) (*body[Verdict], error) {
	v, err := a.Gate.Decide(ctx, who(ctx).Tenant, in.Body.Application, in.Body.Stage, in.Body.Ref)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[Verdict]{verdictWire(v, a.PublicURL)}, nil
}

func (a *API) getPolicies(ctx context.Context, _ *struct{}) (*body[Policies], error) {
	p, err := a.Policies.Policies(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[Policies]{p}, nil
}

func (a *API) setPolicies(ctx context.Context, in *struct{ Body PolicyEdit }) (*body[Policies], error) {
	c := who(ctx)
	if err := a.Policies.SetPolicies(ctx, c.Tenant, in.Body.Source, c.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getPolicies(ctx, nil)
}
