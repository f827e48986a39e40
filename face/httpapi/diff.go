package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Differ compares two refs of an application.
type Differ interface {
	// Diff returns posture.ErrNotFound for an application nobody knows.
	Diff(ctx context.Context, t tenant.ID, application, ref, base string) (posture.Diff, error)
}

// Diff is what a branch, tag or pull request brings against another.
type Diff struct {
	Ref       string    `json:"ref"`
	Base      string    `json:"base,omitempty" doc:"absent: each asset's default branch"`
	New       []Finding `json:"new" doc:"on the ref and not on the base, the highest score first"`
	Gone      []Finding `json:"gone" doc:"on the base and not on the ref, of tools that scanned both"`
	Same      int       `json:"same" doc:"how many are on both"`
	Cut       bool      `json:"cut" doc:"there are more than are listed"`
	Unscanned []string  `json:"unscanned" doc:"assets of which no scan of the base exists: all of theirs is listed as new"`
}

func (a *API) diffRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/applications/{key}/diff", "diff-application", "Compare two branches", "What a branch, tag or pull request (refs/pull/N) has that the base has not, and the other way round. Findings that are decided to be no risk are left out.", a.diff)
}

func (a *API) diff(ctx context.Context, in *struct {
	KeyInput
	Ref  string `query:"ref" required:"true" minLength:"1" maxLength:"300" doc:"branch, tag, or refs/pull/N"`
	Base string `query:"base" maxLength:"300" doc:"to compare with; without it each asset's default branch"`
}) (*body[Diff], error) {
	d, err := a.Differ.Diff(ctx, who(ctx).Tenant, in.Key, in.Ref, in.Base)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := Diff{Ref: in.Ref, Base: in.Base, New: rows(d.New), Gone: rows(d.Gone), Same: d.Same, Cut: d.Cut, Unscanned: d.Unscanned}
	if out.Unscanned == nil {
		out.Unscanned = []string{}
	}
	return &body[Diff]{out}, nil
}
