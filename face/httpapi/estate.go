package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Estate answers questions about applications and changes them.
type Estate interface {
	Overview(context.Context, tenant.ID) (posture.Overview, error)
	Applications(context.Context, tenant.ID) ([]posture.ApplicationSummary, error)
	// Application returns one application with its assets or
	// posture.ErrNotFound.
	Application(ctx context.Context, t tenant.ID, key string) (posture.ApplicationSummary, []posture.AssetSummary, error)
	// SaveApplication makes the application or changes it, and computes the
	// scores anew that its context moves.
	SaveApplication(ctx context.Context, t tenant.ID, app estate.Application, by string) error
}

// Assets changes assets.
type Assets interface {
	// AddAsset makes an asset that no scan has reached yet; it changes nothing
	// when there is one of that kind and name.
	AddAsset(ctx context.Context, t tenant.ID, application string, kind estate.AssetKind, name string) error
	// SetDefaultRef says which branch or tag of an asset counts in figures.
	SetDefaultRef(ctx context.Context, t tenant.ID, id estate.AssetID, ref string) error
	// AssignAsset moves an asset with all that is known of it under an
	// application, which is made when new.
	AssignAsset(ctx context.Context, t tenant.ID, id estate.AssetID, application string) error
}

// KeyInput names an application in a path. It is exported because only
// exported embedded structs become parameters.
type KeyInput struct {
	Key string `path:"key" maxLength:"100"`
}

func (a *API) estateRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/overview", "overview", "What matters now", "The figures of the first page.", a.overview)
	route(api, scopeRead, http.MethodGet, "/api/v1/applications", "list-applications", "List applications", "Every application with its figures, the worst first.", a.listApplications)
	route(api, scopeRead, http.MethodGet, "/api/v1/applications/{key}", "get-application", "Show an application", "An application with its assets and what scanned them.", a.getApplication)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/applications/{key}", "save-application", "Make or change an application", "Sets name, owner and context. The scores of its findings follow.", a.saveApplication)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/applications/{key}/assets", "add-asset", "Add an asset", "Makes an asset that no scan has reached yet: it is shown as unscanned, not as clean.", a.addAsset)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/assets/{id}/default-ref", "set-default-ref", "Choose the branch that counts", "Figures count the findings of this branch or tag.", a.setDefaultRef)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/assets/{id}/application", "assign-asset", "Assign an asset to an application", "Moves an asset with its findings, their triage and history, its scans and reports under an application, which is made when new. Scores follow the application's context. Assets that no sender placed wait under the application 'unassigned'.", a.assignAsset)
}

func (a *API) overview(ctx context.Context, _ *struct{}) (*body[Overview], error) {
	t := who(ctx).Tenant
	o, err := a.Estate.Overview(ctx, t)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	feeds, err := a.Feeds.Status(ctx)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[Overview]{overview(o, feeds)}, nil
}

func (a *API) listApplications(ctx context.Context, _ *struct{}) (*body[ApplicationList], error) {
	apps, err := a.Estate.Applications(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[ApplicationList]{ApplicationList{Items: applications(apps)}}, nil
}

func (a *API) getApplication(ctx context.Context, in *KeyInput) (*body[ApplicationDetail], error) {
	app, assets, err := a.Estate.Application(ctx, who(ctx).Tenant, in.Key)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[ApplicationDetail]{applicationDetail(app, assets)}, nil
}

func (a *API) saveApplication(ctx context.Context, in *struct {
	KeyInput
	Body ApplicationEdit
}) (*body[ApplicationDetail], error) {
	key, err := estate.Key(in.Key)
	if err != nil || key != in.Key {
		return nil, huma.Error422UnprocessableEntity("the key of an application is lower case letters, digits and single dashes")
	}
	c, err := contextOf(in.Body.Context)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	who := who(ctx)
	app := estate.Application{Key: key, Name: in.Body.Name, Description: in.Body.Description, Unit: in.Body.Unit, Owner: in.Body.Owner, Context: c}
	if err := a.Estate.SaveApplication(ctx, who.Tenant, app, who.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getApplication(ctx, &KeyInput{key})
}

func (a *API) setDefaultRef(ctx context.Context, in *struct {
	IDInput
	Body struct {
		Ref string `json:"ref" minLength:"1" maxLength:"300"`
	}
}) (*struct{}, error) {
	id, err := parseAssetID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.problem(ctx, a.Assets.SetDefaultRef(ctx, who(ctx).Tenant, id, in.Body.Ref))
}

func (a *API) assignAsset(ctx context.Context, in *struct {
	IDInput
	Body AssetAssignment
}) (*body[ApplicationDetail], error) {
	id, err := parseAssetID(in.ID)
	if err != nil {
		return nil, err
	}
	key, err := estate.Key(in.Body.Application)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	if err := a.Assets.AssignAsset(ctx, who(ctx).Tenant, id, in.Body.Application); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getApplication(ctx, &KeyInput{key})
}

func (a *API) addAsset(ctx context.Context, in *struct {
	KeyInput
	Body struct {
		Kind string `json:"kind" enum:"repository,image,endpoint,cloud_resource,cluster,host"`
		Name string `json:"name" minLength:"1" maxLength:"500"`
	}
}) (*body[ApplicationDetail], error) {
	t := who(ctx).Tenant
	if _, _, err := a.Estate.Application(ctx, t, in.Key); err != nil {
		return nil, a.problem(ctx, err)
	}
	if err := a.Assets.AddAsset(ctx, t, in.Key, estate.AssetKind(in.Body.Kind), in.Body.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getApplication(ctx, &KeyInput{in.Key})
}
