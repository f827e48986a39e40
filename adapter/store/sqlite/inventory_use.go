package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/component"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// ComponentUses says how an asset comes to a component, once for each series
// that lists it on the ref (as ComponentFilter has it). The component is named
// by its package URL or the document's reference. It returns
// posture.ErrNotFound when no inventory of the asset lists it.
func (d *DB) ComponentUses(ctx context.Context, t tenant.ID, asset estate.AssetID, named, ref string) ([]posture.ComponentUse, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT "+inventoryColumns+" WHERE i.tenant_id = ? AND a.uid = ? ORDER BY t.name, s.ref, s.category", t, asset[:])
	if err != nil {
		return nil, fmt.Errorf("show component: %w", err)
	}
	series, err := collect(rows, scanInventory)
	if err != nil {
		return nil, err
	}
	var out []posture.ComponentUse
	for i := range series {
		s := &series[i]
		if !s.wants(ref) {
			continue
		}
		r, err := scanComponent(d.read.QueryRowContext(ctx, "SELECT "+componentColumns+" WHERE tenant_id = ? AND series_id = ? AND (purl = ? OR ref = ?) ORDER BY n LIMIT 1", t, s.id, named, named))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		use, err := d.use(ctx, t, s, r.Component)
		if err != nil {
			return nil, fmt.Errorf("show component: %w", err)
		}
		out = append(out, use)
	}
	if len(out) == 0 {
		return nil, posture.ErrNotFound
	}
	return out, nil
}

// use reads the graph of a series and finds the component's place in it.
func (d *DB) use(ctx context.Context, t tenant.ID, s *inventorySeries, c finding.Component) (posture.ComponentUse, error) {
	row := s.row
	row.Component = c
	one := []posture.Component{row}
	if err := d.countOpen(ctx, t, one, []*inventorySeries{s}); err != nil {
		return posture.ComponentUse{}, err
	}
	u := posture.ComponentUse{Component: one[0], Paths: [][]posture.Node{}}
	g, err := d.graph(ctx, t, s.id)
	if err != nil {
		return u, err
	}
	u.Graph = len(g) > 0
	refs, more := g.Paths(c.Ref, posture.MaxPaths)
	by, on := g.Dependents()[c.Ref], slices.Sorted(slices.Values(g[c.Ref]))
	by, on = by[:min(len(by), posture.MaxNeighbours)], on[:min(len(on), posture.MaxNeighbours)]
	nodes, err := d.nodes(ctx, t, s.id, append(refs, by, on))
	if err != nil {
		return u, err
	}
	u.MorePaths, u.Dependents, u.DependsOn = more, nodes[len(refs)], nodes[len(refs)+1]
	u.Paths = nodes[:len(refs)]
	return u, nil
}

// graph reads the dependencies that a series lists.
func (d *DB) graph(ctx context.Context, t tenant.ID, series int64) (component.Graph, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT ref, on_ref FROM dependency WHERE tenant_id = ? AND series_id = ?`, t, series)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	g := component.Graph{}
	for rows.Next() {
		var ref, on string
		if err := rows.Scan(&ref, &on); err != nil {
			return nil, err
		}
		g[ref] = append(g[ref], on)
	}
	return g, rows.Err()
}

// nodes puts names to lists of references.
func (d *DB) nodes(ctx context.Context, t tenant.ID, series int64, lists [][]string) ([][]posture.Node, error) {
	wanted := map[string]posture.Node{}
	for _, list := range lists {
		for _, ref := range list {
			wanted[ref] = posture.Node{Ref: ref, Name: ref}
		}
	}
	rows, err := d.read.QueryContext(ctx, "SELECT "+componentColumns+" WHERE tenant_id = ? AND series_id = ?", t, series)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanComponent(rows)
		if err != nil {
			return nil, err
		}
		if _, ok := wanted[r.Ref]; ok {
			wanted[r.Ref] = posture.Node{Ref: r.Ref, Name: strings.TrimPrefix(r.Group+"/"+r.Name, "/"), Version: r.Version, PURL: r.PURL}
		}
	}
	out := make([][]posture.Node, len(lists))
	for i, list := range lists {
		out[i] = make([]posture.Node, len(list))
		for j, ref := range list {
			out[i][j] = wanted[ref]
		}
	}
	return out, rows.Err()
}
