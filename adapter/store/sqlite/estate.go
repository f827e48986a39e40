package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// staleAfter is how old the last scan of an asset may be before it is shown
// as stale.
const staleAfter = 30 * 24 * time.Hour

// numbered is an application with the record's own number.
type numbered struct {
	id int64
	posture.ApplicationSummary
}

// applicationRows reads applications without their figures; tail goes on
// after the test of the tenant.
func (d *DB) applicationRows(ctx context.Context, t tenant.ID, tail string, args ...any) ([]numbered, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT id, uid, key, name, description, unit, owner, criticality, data, exposure, environment, created_at FROM application WHERE tenant_id = ? `+tail, append([]any{t}, args...)...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (numbered, error) {
		var a numbered
		var uid []byte
		var created int64
		c := &a.Context
		err := r.Scan(&a.id, &uid, &a.Key, &a.Name, &a.Description, &a.Unit, &a.Owner, &c.Criticality, &c.Data, &c.Exposure, &c.Environment, &created)
		copy(a.ID[:], uid)
		a.Created = fromMillis(created)
		return a, err
	})
}

// Applications lists every application with its figures, the worst first.
func (d *DB) Applications(ctx context.Context, t tenant.ID) ([]posture.ApplicationSummary, error) {
	list, err := d.applicationRows(ctx, t, "ORDER BY key")
	if err != nil {
		return nil, err
	}
	figures, err := d.figures(ctx, t, "application_id")
	if err != nil {
		return nil, err
	}
	assets, err := d.assetAges(ctx, t)
	if err != nil {
		return nil, err
	}
	out := make([]posture.ApplicationSummary, len(list))
	for i, a := range list {
		s := a.ApplicationSummary
		s.Open, s.Urgent = figures[a.id].open, figures[a.id].urgent
		for _, as := range assets {
			if as.app != a.id {
				continue
			}
			s.Assets++
			switch {
			case as.last.IsZero():
				s.Unscanned++
			case d.now().Sub(as.last) > staleAfter:
				s.Stale++
			}
			if as.last.After(s.LastScan) {
				s.LastScan = as.last
			}
		}
		if s.MaxScore, err = d.maxScore(ctx, t, a.id); err != nil {
			return nil, err
		}
		out[i] = s
	}
	slices.SortStableFunc(out, func(a, b posture.ApplicationSummary) int {
		switch {
		case a.Urgent != b.Urgent:
			return int(min(max(b.Urgent-a.Urgent, -1), 1))
		case a.MaxScore != b.MaxScore:
			if a.MaxScore < b.MaxScore {
				return 1
			}
			return -1
		}
		return int(min(max(countAll(b.Open)-countAll(a.Open), -1), 1))
	})
	return out, nil
}

func countAll(ts []posture.Tally) (n int64) {
	for _, t := range ts {
		n += t.Count
	}
	return n
}

// figure is what the counters say of an application or asset.
type figure struct {
	open   []posture.Tally
	urgent int64
}

func (d *DB) figures(ctx context.Context, t tenant.ID, by string) (map[int64]figure, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT `+by+`, severity, sum(n), sum(CASE WHEN priority = ? THEN n ELSE 0 END) FROM tally WHERE tenant_id = ? AND status = ? GROUP BY 1, 2 ORDER BY 1, 2 DESC`,
		int(risk.Now), t, statusCode(finding.Open, false))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]figure{}
	for rows.Next() {
		var id, n, urgent int64
		var sev finding.Severity
		if err := rows.Scan(&id, &sev, &n, &urgent); err != nil {
			return nil, err
		}
		f := out[id]
		f.open, f.urgent = append(f.open, posture.Tally{Severity: sev, Count: n}), f.urgent+urgent
		out[id] = f
	}
	return out, rows.Err()
}

type assetAge struct {
	app  int64
	last time.Time
}

func (d *DB) assetAges(ctx context.Context, t tenant.ID) ([]assetAge, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT a.application_id, coalesce(max(s.last_at), 0) FROM asset a LEFT JOIN series s ON s.tenant_id = a.tenant_id AND s.asset_id = a.id WHERE a.tenant_id = ? GROUP BY a.id`, t)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (assetAge, error) {
		var a assetAge
		var last int64
		err := r.Scan(&a.app, &last)
		a.last = fromMillis(last)
		return a, err
	})
}

// maxScore is the highest score of an application's open findings: the end of
// one index range for each severity.
func (d *DB) maxScore(ctx context.Context, t tenant.ID, app int64) (float64, error) {
	var best sql.NullInt64
	err := d.read.QueryRowContext(ctx, `SELECT max(s) FROM (
		SELECT max(score) AS s FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 5 UNION ALL
		SELECT max(score) FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 4 UNION ALL
		SELECT max(score) FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 3 UNION ALL
		SELECT max(score) FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 2 UNION ALL
		SELECT max(score) FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 1 UNION ALL
		SELECT max(score) FROM finding WHERE tenant_id = ?1 AND application_id = ?2 AND status = ?3 AND severity = 0)`,
		t, app, statusCode(finding.Open, false)).Scan(&best)
	return float64(best.Int64) / 10, err
}

// Application returns one application with its assets.
func (d *DB) Application(ctx context.Context, t tenant.ID, key string) (posture.ApplicationSummary, []posture.AssetSummary, error) {
	apps, err := d.Applications(ctx, t)
	if err != nil {
		return posture.ApplicationSummary{}, nil, err
	}
	i := slices.IndexFunc(apps, func(a posture.ApplicationSummary) bool { return a.Key == key })
	if i < 0 {
		return posture.ApplicationSummary{}, nil, posture.ErrNotFound
	}
	assets, err := d.assets(ctx, t, apps[i].Key)
	return apps[i], assets, err
}

func (d *DB) assets(ctx context.Context, t tenant.ID, app string) ([]posture.AssetSummary, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT s.id, s.uid, s.kind, s.name, s.default_ref, s.created_at,
		coalesce((SELECT max(score) FROM finding f WHERE f.tenant_id = s.tenant_id AND f.asset_id = s.id AND f.status = ?), 0)
		FROM asset s JOIN application a ON a.tenant_id = s.tenant_id AND a.id = s.application_id WHERE s.tenant_id = ? AND a.key = ? ORDER BY s.kind, s.name`, statusCode(finding.Open, false), t, app)
	if err != nil {
		return nil, err
	}
	type asset struct {
		id int64
		posture.AssetSummary
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (asset, error) {
		var a asset
		var uid []byte
		var created, score int64
		err := r.Scan(&a.id, &uid, &a.Kind, &a.Name, &a.DefaultRef, &created, &score)
		copy(a.ID[:], uid)
		a.Created, a.MaxScore = fromMillis(created), float64(score)/10
		return a, err
	})
	if err != nil {
		return nil, err
	}
	figures, err := d.figures(ctx, t, "asset_id")
	if err != nil {
		return nil, err
	}
	out := make([]posture.AssetSummary, len(list))
	for i, a := range list {
		a.Open = figures[a.id].open
		rows, err := d.read.QueryContext(ctx, "SELECT "+seriesColumns+" WHERE s.tenant_id = ? AND s.asset_id = ? ORDER BY t.name, s.ref", t, a.id)
		if err != nil {
			return nil, err
		}
		series, err := collect(rows, scanSeries)
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			a.Series = append(a.Series, posture.Series{Tool: s.Tool, Category: s.Category, Ref: s.Ref, Scans: s.Count, Present: int64(s.Present.GetCardinality()),
				FirstScan: s.FirstAt, LastScan: s.LastAt, LastFull: s.LastFull})
			if s.LastAt.After(a.LastScan) {
				a.LastScan = s.LastAt
			}
		}
		out[i] = a.AssetSummary
	}
	return out, nil
}

// SaveApplication makes or changes an application. When its context changes,
// the scores of its findings are computed anew in the same transaction.
func (d *DB) SaveApplication(ctx context.Context, t tenant.ID, a estate.Application, by string) error {
	return d.withTx(ctx, t, func(x *applyTx) error {
		var id int64
		var c estate.Context
		err := x.row(`SELECT id, criticality, data, exposure, environment FROM application WHERE tenant_id = ? AND key = ?`, []any{x.t, a.Key}, &id, &c.Criticality, &c.Data, &c.Exposure, &c.Environment)
		if errors.Is(err, sql.ErrNoRows) {
			return x.insertApplication(&id, a)
		}
		if err != nil {
			return err
		}
		n := a.Context
		if err := x.exec(`UPDATE application SET name = ?, description = ?, unit = ?, owner = ?, criticality = ?, data = ?, exposure = ?, environment = ? WHERE tenant_id = ? AND id = ?`,
			a.Name, a.Description, a.Unit, a.Owner, n.Criticality, n.Data, n.Exposure, n.Environment, x.t, id); err != nil {
			return err
		}
		if c == n {
			return nil
		}
		_, err = x.rescore(`f.application_id = ?`, id)
		return err
	})
}

// AddAsset makes an asset that no scan has reached yet.
func (d *DB) AddAsset(ctx context.Context, t tenant.ID, application string, kind estate.AssetKind, name string) error {
	return d.withTx(ctx, t, func(x *applyTx) error {
		_, err := x.Target(ctx, application, kind, name)
		return err
	})
}

// SetDefaultRef says which ref of an asset counts, and derives the state of
// its findings anew.
func (d *DB) SetDefaultRef(ctx context.Context, t tenant.ID, id estate.AssetID, ref string) error {
	if estate.IsPull(ref) {
		return &posture.BadQuery{Reason: "a pull request is only proposed: its findings can't be the ones that count"}
	}
	return d.withTx(ctx, t, func(x *applyTx) error {
		var asset int64
		err := x.row(`SELECT id FROM asset WHERE tenant_id = ? AND uid = ?`, []any{x.t, id[:]}, &asset)
		if errors.Is(err, sql.ErrNoRows) {
			return posture.ErrNotFound
		}
		if err != nil {
			return err
		}
		var known bool
		if err := x.row(`SELECT EXISTS (SELECT 1 FROM series WHERE tenant_id = ? AND asset_id = ? AND ref = ?)`, []any{x.t, asset, ref}, &known); err != nil {
			return err
		}
		if !known {
			return &posture.BadQuery{Reason: fmt.Sprintf("no scan of the branch or tag %q has been imported for this asset", ref)}
		}
		if err := x.exec(`UPDATE asset SET default_ref = ?, pinned_ref = 1 WHERE tenant_id = ? AND id = ?`, ref, x.t, asset); err != nil {
			return err
		}
		st, err := x.stmt(`SELECT DISTINCT finding_id FROM sighting WHERE tenant_id = ? AND asset_id = ?`)
		if err != nil {
			return err
		}
		rows, err := st.QueryContext(x.ctx, x.t, asset)
		if err != nil {
			return err
		}
		ids, err := collect(rows, func(r interface{ Scan(...any) error }) (finding.ID, error) {
			var id finding.ID
			var b []byte
			err := r.Scan(&b)
			copy(id[:], b)
			return id, err
		})
		if err != nil {
			return err
		}
		_, err = apply.RefreshAsset(ctx, x, asset, ids, d.now())
		return err
	})
}

// Overview gathers the figures of the first page.
func (d *DB) Overview(ctx context.Context, t tenant.ID) (posture.Overview, error) {
	var o posture.Overview
	apps, err := d.Applications(ctx, t)
	if err != nil {
		return o, err
	}
	o.Total = len(apps)
	open := map[finding.Severity]int64{}
	for _, a := range apps {
		o.Unscanned += a.Unscanned
		for _, tl := range a.Open {
			open[tl.Severity] += tl.Count
		}
	}
	for s := finding.SeverityCritical; ; s-- {
		o.Open = append(o.Open, posture.Tally{Severity: s, Count: open[s]})
		if s == finding.SeverityUnknown {
			break
		}
	}
	o.Applications = apps[:min(len(apps), 50)]
	list, err := d.List(ctx, t, posture.Filter{Statuses: []finding.Status{finding.Open}}, posture.Page{Sort: posture.ByScore, Limit: 10})
	if err != nil {
		return o, err
	}
	o.Top = list.Rows
	return o, d.overviewCounts(ctx, t, &o)
}

func (d *DB) overviewCounts(ctx context.Context, t tenant.ID, o *posture.Overview) error {
	rows, err := d.read.QueryContext(ctx, `SELECT priority, sum(n) FROM tally WHERE tenant_id = ? AND status = ? GROUP BY 1 ORDER BY 1 DESC`, t, statusCode(finding.Open, false))
	if err != nil {
		return err
	}
	if o.Priorities, err = collect(rows, func(r interface{ Scan(...any) error }) (posture.Facet, error) {
		var p int
		var f posture.Facet
		err := r.Scan(&p, &f.Count)
		f.Value = risk.Priority(p).String()
		return f, err
	}); err != nil {
		return err
	}
	week := day(millis(d.now().AddDate(0, 0, -7)))
	return d.read.QueryRowContext(ctx, `SELECT
		(SELECT coalesce(sum(n), 0) FROM activity WHERE tenant_id = ?1 AND day > ?2 AND type = 'new'),
		(SELECT coalesce(sum(n), 0) FROM activity WHERE tenant_id = ?1 AND day > ?2 AND type = 'resolved'),
		(SELECT coalesce(sum(next), 0) FROM series WHERE tenant_id = ?1),
		(SELECT coalesce(sum(n), 0) FROM tally WHERE tenant_id = ?1),
		(SELECT count(*) FROM report WHERE tenant_id = ?1 AND state = 'held')`, t, week).
		Scan(&o.NewWeek, &o.ResolvedWeek, &o.Observations, &o.Findings, &o.AwaitingCheck)
}
