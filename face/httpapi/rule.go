package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
)

// AssetRuleStore keeps the rules that say to which application and asset a
// report belongs when its sender does not.
type AssetRuleStore interface {
	AssetRules(context.Context, tenant.ID) (AssetRules, error)
	// SetAssetRules checks and replaces the rules; what is wrong comes as
	// *PolicyError joined to ErrAssetRules.
	SetAssetRules(ctx context.Context, t tenant.ID, source, by string) error
}

// ErrAssetRules says that asset rules can't be used.
var ErrAssetRules = errors.New("the asset rules can't be used")

// AssetRules are the rules in force.
type AssetRules struct {
	Source string `json:"source" doc:"YAML as docs/asset-rules.md describes it; empty when there are no rules"`
	Rules  int    `json:"rules" doc:"how many there are"`
}

// AssetRulesEdit replaces the rules.
type AssetRulesEdit struct {
	Source string `json:"source" maxLength:"1048576" doc:"YAML as docs/asset-rules.md describes it; empty takes all rules away"`
}

func (a *API) ruleRoutes(api huma.API) {
	route(api, scopeAdmin, http.MethodGet, "/api/v1/asset-rules", "get-asset-rules", "Show the asset rules", "The rules that place reports whose sender does not.", a.getAssetRules)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/asset-rules", "set-asset-rules", "Replace the asset rules", "Checks the rules first; the problems come with line and column. They place the reports that are applied from now on; what is placed already stays.", a.setAssetRules)
}

func (a *API) getAssetRules(ctx context.Context, _ *struct{}) (*body[AssetRules], error) {
	r, err := a.AssetRules.AssetRules(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[AssetRules]{r}, nil
}

func (a *API) setAssetRules(ctx context.Context, in *struct{ Body AssetRulesEdit }) (*body[AssetRules], error) {
	c := who(ctx)
	if err := a.AssetRules.SetAssetRules(ctx, c.Tenant, in.Body.Source, c.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getAssetRules(ctx, nil)
}
