package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// AssignAsset moves an asset under an application, which is made when new,
// with its findings, their triage and history, its scans and reports. The
// scores follow the new application's context. It returns posture.ErrNotFound
// when there is no such asset, and a *posture.BadQuery when the application
// has one of that kind and name already.
func (d *DB) AssignAsset(ctx context.Context, t tenant.ID, id estate.AssetID, application string) error {
	return d.withTx(ctx, t, func(x *applyTx) error {
		var asset, from int64
		var kind, name string
		err := x.row(`SELECT id, application_id, kind, name FROM asset WHERE tenant_id = ? AND uid = ?`, []any{x.t, id[:]}, &asset, &from, &kind, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return posture.ErrNotFound
		}
		if err != nil {
			return err
		}
		app, err := x.application(application)
		if err != nil {
			return &posture.BadQuery{Reason: err.Error()}
		}
		if app.id == from {
			return nil
		}
		var taken bool
		if err := x.row(`SELECT EXISTS (SELECT 1 FROM asset WHERE tenant_id = ? AND application_id = ? AND kind = ? AND name = ?)`, []any{x.t, app.id, kind, name}, &taken); err != nil {
			return err
		}
		if taken {
			return &posture.BadQuery{Reason: fmt.Sprintf("the application %q has a %s %q already: what was found on two assets is not made one", application, kind, name)}
		}
		return x.move(asset, from, app.id)
	})
}

// move puts an asset under another application. The asset's counters are rows
// of their own, so they move as they are; then the scores are computed anew
// in the other context.
func (x *applyTx) move(asset, from, to int64) error {
	for _, query := range []string{
		`UPDATE asset SET application_id = ?1, version = version + 1 WHERE tenant_id = ?2 AND id = ?3`,
		`UPDATE finding SET application_id = ?1 WHERE tenant_id = ?2 AND asset_id = ?3`,
		`UPDATE report SET application_key = (SELECT key FROM application WHERE tenant_id = ?2 AND id = ?1) WHERE tenant_id = ?2 AND asset_id = ?3`,
	} {
		if err := x.exec(query, to, x.t, asset); err != nil {
			return fmt.Errorf("move asset %d: %w", asset, err)
		}
	}
	if err := x.exec(`UPDATE tally SET application_id = ? WHERE tenant_id = ? AND application_id = ? AND asset_id = ?`, to, x.t, from, asset); err != nil {
		return fmt.Errorf("move the counters of asset %d: %w", asset, err)
	}
	if _, err := x.rescore(`f.asset_id = ?`, asset); err != nil {
		return fmt.Errorf("score the findings of asset %d: %w", asset, err)
	}
	return nil
}

// claim moves an asset that is unassigned under the application that a sender
// now says it belongs to.
func (x *applyTx) claim(app int64, kind estate.AssetKind, name string) (bool, error) {
	var asset, from int64
	err := x.row(`SELECT s.id, a.id FROM application a JOIN asset s ON s.tenant_id = a.tenant_id AND s.application_id = a.id WHERE a.tenant_id = ? AND a.key = ? AND s.kind = ? AND s.name = ?`,
		[]any{x.t, estate.Unassigned, string(kind), name}, &asset, &from)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (from == app || name == estate.Unassigned) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up unassigned asset %q: %w", name, err)
	}
	return true, x.move(asset, from, app)
}

// knownTarget finds what a report means whose sender does not say to which
// application it belongs: the only asset of that kind and name, else the only
// one that is known as that. Those that are unassigned themselves count when
// there is no other.
func (x *applyTx) knownTarget(kind estate.AssetKind, name string) (apply.Target, bool, error) {
	lookups := []struct {
		query string
		args  []any
	}{{`SELECT id FROM asset WHERE tenant_id = ? AND kind = ? AND name = ?`, []any{x.t, string(kind), name}}}
	for _, alias := range []string{estate.AliasOf(kind, name).Name, estate.Product(name).Name} {
		if strings.HasPrefix(alias, "name:") { // many things are called the same
			continue
		}
		lookups = append(lookups, struct {
			query string
			args  []any
		}{`SELECT asset_id FROM asset_alias WHERE tenant_id = ? AND alias = ?`, []any{x.t, alias}})
	}
	for _, l := range lookups {
		asset, found, err := x.onlyAsset(l.query, l.args)
		if err != nil {
			return apply.Target{}, false, fmt.Errorf("look up asset %q: %w", name, err)
		}
		if found {
			t, err := x.TargetOf(x.ctx, asset)
			return t, true, err
		}
	}
	return apply.Target{}, false, nil
}

// onlyAsset returns the asset of a query's, if it gives exactly one that an
// application claims, or exactly one that none does and no other.
func (x *applyTx) onlyAsset(query string, args []any) (int64, bool, error) {
	st, err := x.stmt(`SELECT s.id, a.key = ? FROM asset s JOIN application a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
		WHERE s.tenant_id = ? AND s.id IN (` + query + `) ORDER BY s.id`)
	if err != nil {
		return 0, false, err
	}
	rows, err := st.QueryContext(x.ctx, append([]any{estate.Unassigned, x.t}, args...)...)
	if err != nil {
		return 0, false, err
	}
	type found struct {
		id         int64
		unassigned bool
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (f found, err error) {
		err = r.Scan(&f.id, &f.unassigned)
		return f, err
	})
	if err != nil {
		return 0, false, err
	}
	var claimed, loose []int64
	for _, f := range list {
		if f.unassigned {
			loose = append(loose, f.id)
		} else {
			claimed = append(claimed, f.id)
		}
	}
	switch {
	case len(claimed) == 1:
		return claimed[0], true, nil
	case len(claimed) == 0 && len(loose) == 1:
		return loose[0], true, nil
	}
	return 0, false, nil
}

// AssetRules returns the text of the tenant's asset rules, "" when there are
// none.
func (d *DB) AssetRules(ctx context.Context, t tenant.ID) (source string, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT source FROM asset_rules WHERE tenant_id = ? ORDER BY version DESC LIMIT 1`, t).Scan(&source)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return source, err
}

// SetAssetRules adds a version of the asset rules; older ones stay.
func (d *DB) SetAssetRules(ctx context.Context, t tenant.ID, source, by string, at time.Time) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO asset_rules (tenant_id, version, source, by, at) SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4 FROM asset_rules WHERE tenant_id = ?1`, t, source, by, millis(at))
	if err != nil {
		return fmt.Errorf("save asset rules: %w", err)
	}
	return nil
}
