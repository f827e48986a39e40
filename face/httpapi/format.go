package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// FormatDesk knows the report formats and keeps mappings of a tenant's own.
type FormatDesk interface {
	// Formats lists all formats for a tenant's reports, sorted by name.
	Formats(context.Context, tenant.ID) ([]Format, error)
	// SaveMapping checks and keeps a mapping; what is wrong comes as a
	// *PolicyError joined to ErrMapping.
	SaveMapping(ctx context.Context, t tenant.ID, name, source, by string) error
	// RemoveMapping takes one away, or returns posture.ErrNotFound.
	RemoveMapping(ctx context.Context, t tenant.ID, name string) error
}

// ErrMapping says that a mapping can't be used.
var ErrMapping = errors.New("the mapping can't be used")

// Format is a report format that is read.
type Format struct {
	Name   string        `json:"name" doc:"The id that --format takes."`
	Title  string        `json:"title"`
	Doc    string        `json:"doc"`
	Origin string        `json:"origin" enum:"built in,folder,yours" doc:"Whether Stance comes with it, the data folder has it, or someone added it by the API."`
	By     string        `json:"by,omitempty" doc:"Who added it; of those built in: parser or mapping."`
	At     *time.Time    `json:"at,omitempty"`
	Fields []FormatField `json:"fields" doc:"Where each of our fields comes from in such a report."`
	Source string        `json:"source,omitempty" doc:"The mapping's YAML, of those in the folder and your own."`
}

// FormatField says where one field comes from.
type FormatField struct {
	Name string `json:"name"`
	From string `json:"from"`
}

// FormatList is all formats.
type FormatList struct {
	Items []Format `json:"items"`
}

// MappingEdit is a mapping to keep.
type MappingEdit struct {
	Source string `json:"source" maxLength:"1048576" doc:"YAML as docs/mappings.md describes it."`
}

func (a *API) formatRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/formats", "list-formats", "List report formats", "All that are read, with where each field comes from.", a.listFormats)
	route(api, scopeRead, http.MethodGet, "/api/v1/formats/{name}", "get-format", "Show a report format", "One format.", a.getFormat)
	route(api, scopeAdmin, http.MethodPut, "/api/v1/formats/{name}", "save-mapping", "Add or replace a format mapping", "Checks the mapping first. It is used for the next report; one by the name of a built-in format stands in its place.", a.saveMapping)
	route(api, scopeAdmin, http.MethodDelete, "/api/v1/formats/{name}", "remove-mapping", "Remove a format mapping", "Of your own only. What was imported by it stays.", a.removeMapping)
}

type formatPath struct {
	Name string `path:"name" maxLength:"100"`
}

func (a *API) listFormats(ctx context.Context, _ *struct{}) (*body[FormatList], error) {
	list, err := a.Formats.Formats(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[FormatList]{FormatList{list}}, nil
}

func (a *API) getFormat(ctx context.Context, in *formatPath) (*body[Format], error) {
	list, err := a.Formats.Formats(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	for _, f := range list {
		if f.Name == in.Name {
			return &body[Format]{f}, nil
		}
	}
	return nil, a.problem(ctx, posture.ErrNotFound)
}

func (a *API) saveMapping(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"100"`
	Body MappingEdit
}) (*body[Format], error) {
	c := who(ctx)
	if err := a.Formats.SaveMapping(ctx, c.Tenant, in.Name, in.Body.Source, c.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getFormat(ctx, &formatPath{in.Name})
}

func (a *API) removeMapping(ctx context.Context, in *formatPath) (*struct{}, error) {
	if err := a.Formats.RemoveMapping(ctx, who(ctx).Tenant, in.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return nil, nil
}
