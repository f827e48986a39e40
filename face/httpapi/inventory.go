package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/domain/version"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Inventory answers questions about the components that SBOMs and scanners
// list.
type Inventory interface {
	// Components returns a page; an unknown cursor is a *posture.BadQuery.
	Components(context.Context, tenant.ID, posture.ComponentFilter, posture.Page) (posture.ComponentList, error)
	// ComponentUses says how an asset comes to a component, named by package
	// URL or the document's reference; posture.ErrNotFound when it does not.
	ComponentUses(ctx context.Context, t tenant.ID, asset estate.AssetID, named, ref string) ([]posture.ComponentUse, error)
}

// InventoryComponent is one component that one series of scans lists on an
// asset.
type InventoryComponent struct {
	PURL        string    `json:"purl,omitempty"`
	Reference   string    `json:"reference,omitempty" doc:"the document's own reference (bom-ref, SPDXID)"`
	Ecosystem   string    `json:"ecosystem,omitempty" doc:"package type in purl's words"`
	Group       string    `json:"group,omitempty"`
	Name        string    `json:"name"`
	Version     string    `json:"version,omitempty"`
	Type        string    `json:"type,omitempty" doc:"library, container, application, …"`
	Licences    []string  `json:"licences"`
	Scope       string    `json:"scope,omitempty"`
	Direct      *bool     `json:"direct,omitempty" doc:"whether the root depends on it itself; absent when unsaid"`
	Application string    `json:"application"`
	Asset       string    `json:"asset"`
	AssetID     string    `json:"asset_id" format:"uuid"`
	Ref         string    `json:"ref,omitempty" doc:"the branch or tag that was scanned"`
	Tool        string    `json:"tool"`
	Seen        time.Time `json:"seen" doc:"when the scan was made that lists it"`
	Report      string    `json:"report,omitempty"`
	Open        int64     `json:"open_findings" doc:"open findings of this version of it on this asset"`
}

// InventoryList is a page of components.
type InventoryList struct {
	Items      []InventoryComponent `json:"items"`
	NextCursor string               `json:"next_cursor,omitempty" doc:"pass as cursor for the next page; absent at the end. A page may have few or no items and still a next one"`
	Unknown    int64                `json:"unknown_versions" doc:"components passed over on the way because their version is missing or can't be compared: they may be meant"`
	Question   Question             `json:"question"`
}

// Question is how q was understood.
type Question struct {
	Text      string `json:"text"`
	Ecosystem string `json:"ecosystem,omitempty"`
	Version   string `json:"version,omitempty"`
}

// ComponentNode is a component in a dependency graph.
type ComponentNode struct {
	Reference string `json:"reference"`
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	PURL      string `json:"purl,omitempty"`
}

// ComponentUse is how one series of scans sees a component used.
type ComponentUse struct {
	Component  InventoryComponent `json:"component"`
	Graph      bool               `json:"graph" doc:"false when the document lists no dependencies: then no path means nothing"`
	Paths      [][]ComponentNode  `json:"paths" doc:"from a root to the component, the shortest first"`
	MorePaths  bool               `json:"more_paths"`
	Dependents []ComponentNode    `json:"dependents" doc:"what uses it, at most 200"`
	DependsOn  []ComponentNode    `json:"depends_on" doc:"what it uses, at most 200"`
}

// ComponentUses are the ways to a component on an asset.
type ComponentUses struct {
	Items []ComponentUse `json:"items"`
}

type componentsInput struct {
	Query       string   `query:"q" maxLength:"300" doc:"a part of the name or package URL, with a version constraint if wanted: log4j-core < 2.17.1"`
	Name        string   `query:"name" maxLength:"300" doc:"the whole name, with or without group"`
	Version     string   `query:"version" maxLength:"300" doc:"constraint: < <= > >= = != joined by commas, || between alternatives, or an interval [2.0,2.17.1); compared by the rules of the ecosystem"`
	Ecosystem   string   `query:"ecosystem" maxLength:"50" doc:"package type in purl's words: npm, maven, pypi, deb"`
	Application []string `query:"application" doc:"application keys"`
	Asset       []string `query:"asset" doc:"asset ids"`
	Licence     string   `query:"licence" maxLength:"100" doc:"a part of a licence"`
	Ref         string   `query:"ref" maxLength:"300" doc:"branch or tag, * for any; absent means each asset's default"`
	Cursor      string   `query:"cursor" maxLength:"2000"`
	Limit       int      `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type pathsInput struct {
	Asset     string `query:"asset" required:"true" format:"uuid"`
	Component string `query:"component" required:"true" maxLength:"2000" doc:"package URL, or the document's reference"`
	Ref       string `query:"ref" maxLength:"300" doc:"branch or tag, * for any; absent means the asset's default"`
}

func (a *API) inventoryRoutes(api huma.API) {
	const at = "/api/v1/components"
	route(api, scopeRead, http.MethodGet, at, "list-components", "Find components", "Which assets have a component, in which version: of every SBOM and every scanner that lists packages, the newest list of each. In a total order by name; follow next_cursor for more.", a.listComponents)
	route(api, scopeRead, http.MethodGet, at+"/paths", "component-paths", "Show how an asset comes to a component", "Dependency paths from the root, who uses it and what it uses, once for each tool that lists it.", a.componentPaths)
}

func (a *API) listComponents(ctx context.Context, in *componentsInput) (*body[InventoryList], error) {
	f, err := in.filter()
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	l, err := a.Inventory.Components(ctx, who(ctx).Tenant, f, posture.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := InventoryList{Items: make([]InventoryComponent, len(l.Rows)), NextCursor: l.Next, Unknown: l.Unknown,
		Question: Question{Text: f.Text, Ecosystem: f.Ecosystem, Version: f.Version.String()}}
	for i := range l.Rows {
		out.Items[i] = componentWire(&l.Rows[i])
	}
	return &body[InventoryList]{out}, nil
}

// filter reads the query. What the expression in q says must not be said a
// second time in another way.
func (in *componentsInput) filter() (posture.ComponentFilter, error) {
	f, err := posture.ParseComponentQuestion(in.Query)
	if err != nil {
		return f, err
	}
	if in.Version != "" {
		if !f.Version.Any() {
			return f, &posture.BadQuery{Reason: "the version is constrained twice, in q and in version: say it once"}
		}
		if f.Version, err = version.ParseConstraint(in.Version); err != nil {
			return f, &posture.BadQuery{Reason: err.Error()}
		}
	}
	if in.Ecosystem != "" {
		f.Ecosystem = in.Ecosystem
	}
	for _, s := range in.Asset {
		id, err := parseAssetID(s)
		if err != nil {
			return f, &posture.BadQuery{Reason: "asset: want a UUID"}
		}
		f.Assets = append(f.Assets, id)
	}
	f.Name, f.Applications, f.Licence, f.Ref = in.Name, in.Application, in.Licence, in.Ref
	return f, nil
}

func (a *API) componentPaths(ctx context.Context, in *pathsInput) (*body[ComponentUses], error) {
	id, err := parseAssetID(in.Asset)
	if err != nil {
		return nil, err
	}
	uses, err := a.Inventory.ComponentUses(ctx, who(ctx).Tenant, id, in.Component, in.Ref)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := ComponentUses{Items: make([]ComponentUse, len(uses))}
	for i := range uses {
		u := &uses[i]
		w := ComponentUse{Component: componentWire(&u.Component), Graph: u.Graph, Paths: make([][]ComponentNode, len(u.Paths)),
			MorePaths: u.MorePaths, Dependents: nodesWire(u.Dependents), DependsOn: nodesWire(u.DependsOn)}
		for j, p := range u.Paths {
			w.Paths[j] = nodesWire(p)
		}
		out.Items[i] = w
	}
	return &body[ComponentUses]{out}, nil
}

func componentWire(c *posture.Component) InventoryComponent {
	w := InventoryComponent{
		PURL: c.PURL, Reference: c.Component.Ref, Ecosystem: c.Ecosystem, Group: c.Group, Name: c.Name, Version: c.Version, Type: c.Type,
		Licences: c.Licences, Scope: c.Scope, Direct: c.Direct, Application: c.Application, Asset: c.Asset, AssetID: c.AssetID.String(),
		Ref: c.Branch, Tool: c.Tool, Seen: c.Seen, Report: c.Report, Open: c.Open,
	}
	if w.Licences == nil {
		w.Licences = []string{}
	}
	return w
}

func nodesWire(nodes []posture.Node) []ComponentNode {
	out := make([]ComponentNode, len(nodes))
	for i, n := range nodes {
		out[i] = ComponentNode{Reference: n.Ref, Name: n.Name, Version: n.Version, PURL: n.PURL}
	}
	return out
}
