package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Diff compares what is present on two refs of each asset of an application;
// without a base it is each asset's default ref. Assets that no scan of the
// ref reached are left out. It returns posture.ErrNotFound for an application
// nobody knows and a *posture.BadQuery for a ref without scans.
func (d *DB) Diff(ctx context.Context, t tenant.ID, application, ref, base string) (posture.Diff, error) {
	out := posture.Diff{Ref: ref}
	apps, err := d.applicationRows(ctx, t, "AND key = ?", application)
	if err != nil {
		return out, err
	}
	if len(apps) == 0 {
		return out, posture.ErrNotFound
	}
	type asset struct {
		id            int64
		name, against string
	}
	rows, err := d.read.QueryContext(ctx, `SELECT id, name, default_ref FROM asset WHERE tenant_id = ? AND application_id = ? ORDER BY id`, t, apps[0].id)
	if err != nil {
		return out, err
	}
	assets, err := collect(rows, func(r interface{ Scan(...any) error }) (a asset, err error) {
		err = r.Scan(&a.id, &a.name, &a.against)
		return a, err
	})
	if err != nil {
		return out, err
	}
	scanned := false
	var fresh, gone []finding.ID
	for _, a := range assets {
		on, err := d.refSeries(ctx, t, a.id, ref)
		if err != nil {
			return out, err
		}
		if len(on) == 0 {
			continue
		}
		scanned = true
		below, err := d.refSeries(ctx, t, a.id, cmp.Or(base, a.against))
		if err != nil {
			return out, err
		}
		if len(below) == 0 {
			out.Unscanned = append(out.Unscanned, a.name)
		}
		here, err := d.presentIn(ctx, t, on)
		if err != nil {
			return out, err
		}
		there, err := d.presentIn(ctx, t, below)
		if err != nil {
			return out, err
		}
		comparable, err := d.presentIn(ctx, t, slices.DeleteFunc(below, func(s apply.Series) bool {
			return !slices.ContainsFunc(on, func(o apply.Series) bool { return o.Tool == s.Tool && o.Category == s.Category })
		}))
		if err != nil {
			return out, err
		}
		for id := range here {
			if there[id] {
				out.Same++
			} else {
				fresh = append(fresh, id)
			}
		}
		for id := range comparable {
			if !here[id] {
				gone = append(gone, id)
			}
		}
	}
	if !scanned {
		return out, &posture.BadQuery{Reason: fmt.Sprintf("no scan of %q has been imported for this application", ref)}
	}
	var cutNew, cutGone bool
	if out.New, cutNew, err = d.undecided(ctx, t, fresh); err != nil {
		return out, err
	}
	out.Gone, cutGone, err = d.undecided(ctx, t, gone)
	out.Cut = cutNew || cutGone
	return out, err
}

// refSeries lists the series of an asset's ref that scans were made of.
func (d *DB) refSeries(ctx context.Context, t tenant.ID, asset int64, ref string) ([]apply.Series, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT "+seriesColumns+" WHERE s.tenant_id = ? AND s.asset_id = ? AND s.ref = ? AND s.scans > 0", t, asset, ref)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanSeries)
}

// undecided loads those findings of which nothing says that they are no risk,
// the highest score first.
func (d *DB) undecided(ctx context.Context, t tenant.ID, ids []finding.ID) ([]posture.Row, bool, error) {
	var list []listRow
	for _, id := range ids {
		r, err := scanListRow(d.read.QueryRowContext(ctx, "SELECT "+listColumns+" FROM finding f WHERE f.tenant_id = ? AND f.id = ?", t, id[:]))
		if err != nil {
			return nil, false, fmt.Errorf("load finding %s: %w", id, err)
		}
		if r.Status == finding.Open || r.Status == finding.Resolved { // resolved: gone from the default ref
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b listRow) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), slices.Compare(a.ID[:], b.ID[:]))
	})
	n := min(len(list), posture.DiffLimit)
	rows, err := d.decorate(ctx, t, list[:n])
	return rows, n < len(list), err
}
