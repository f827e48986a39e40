package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// GateAsset is an asset as a gate sees it. Version changes whenever a fact of
// its findings may have.
type GateAsset struct {
	fact.Asset
	number  int64
	Version string
	// LastScan is zero for an asset that no scan ever reached.
	LastScan time.Time
}

// GateApp returns what is known of an application, its assets and their
// scans on a ref ("" is each asset's default one).
func (d *DB) GateApp(ctx context.Context, t tenant.ID, key, ref string) (fact.App, []GateAsset, []fact.Scan, error) {
	var app fact.App
	apps, err := d.applicationRows(ctx, t, "AND key = ?", key)
	if err != nil {
		return app, nil, nil, err
	}
	if len(apps) == 0 {
		return app, nil, nil, posture.ErrNotFound
	}
	app = fact.OfApplication(apps[0].Application)
	rows, err := d.read.QueryContext(ctx, `SELECT id, uid, kind, name, default_ref, version FROM asset WHERE tenant_id = ? AND application_id = ? ORDER BY id`, t, apps[0].id)
	if err != nil {
		return app, nil, nil, err
	}
	assets, err := collect(rows, func(r interface{ Scan(...any) error }) (GateAsset, error) {
		var a GateAsset
		var uid []byte
		var kind string
		var version int64
		err := r.Scan(&a.number, &uid, &kind, &a.Name, &a.Ref, &version)
		var id estate.AssetID
		copy(id[:], uid)
		a.ID, a.Kind, a.Version = id.String(), fact.Word(kind), strconv.FormatInt(version, 10)
		return a, err
	})
	if err != nil {
		return app, nil, nil, err
	}
	var scans []fact.Scan
	for i := range assets {
		a := &assets[i]
		if ref != "" {
			a.Ref = ref
		}
		own, last, err := d.gateScans(ctx, t, a)
		if err != nil {
			return app, nil, nil, err
		}
		a.LastScan = last
		scans = append(scans, own...)
	}
	return app, assets, scans, nil
}

// gateScans tells of the last scan of each series that counts.
func (d *DB) gateScans(ctx context.Context, t tenant.ID, a *GateAsset) ([]fact.Scan, time.Time, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT t.name, s.ref, s.last_at, s.last_full, coalesce((SELECT c.doubt FROM scan c WHERE c.tenant_id = s.tenant_id AND c.series_id = s.id ORDER BY c.at DESC, c.id DESC LIMIT 1), ''),
		coalesce((SELECT r.state = 'held' FROM scan c JOIN report r ON r.tenant_id = c.tenant_id AND r.id = c.report_id WHERE c.tenant_id = s.tenant_id AND c.series_id = s.id ORDER BY c.at DESC, c.id DESC LIMIT 1), 0)
		FROM series s JOIN tool t ON t.tenant_id = s.tenant_id AND t.id = s.tool_id WHERE s.tenant_id = ? AND s.asset_id = ? AND s.scans > 0 ORDER BY s.id`, t, a.number)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer rows.Close()
	var out []fact.Scan
	var newest time.Time
	for rows.Next() {
		var tool, ref, doubt string
		var last, full int64
		var held bool
		if err := rows.Scan(&tool, &ref, &last, &full, &doubt, &held); err != nil {
			return nil, newest, err
		}
		if ref != "" && a.Ref != "" && ref != a.Ref {
			continue
		}
		s := fact.Scan{Asset: a.ID, Tool: tool, Status: fact.ScanSucceeded, Full: fact.FlagOf(full == last), At: fromMillis(last)}
		switch {
		case doubt != "":
			s.Status = fact.ScanFailed
		case held:
			s.Status = fact.ScanDoubtful
		}
		if s.At.After(newest) {
			newest = s.At
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = []fact.Scan{{Asset: a.ID, Status: fact.ScanMissing}}
	}
	return out, newest, rows.Err()
}

// GateFindings returns the facts of an asset's findings: those that count by
// default, or with a ref those present there.
func (d *DB) GateFindings(ctx context.Context, t tenant.ID, a GateAsset, ref string) ([]fact.Finding, error) {
	query := "SELECT " + findingColumns + ` WHERE f.tenant_id = ? AND f.asset_id = ? AND f.status NOT IN (?, ?)`
	args := []any{t, a.number, statusCode(finding.Resolved, false), statusCode(finding.Resolved, true)}
	var there map[finding.ID]bool
	if ref == "" {
		query += " AND f.status < ?"
		args = append(args, branchOnly)
	} else {
		var err error
		if there, err = d.presentOn(ctx, t, a.number, ref); err != nil {
			return nil, err
		}
	}
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("load facts: %w", err)
	}
	list, err := collect(rows, scanFinding)
	if err != nil {
		return nil, err
	}
	names, err := d.names(ctx, t)
	if err != nil {
		return nil, err
	}
	look := signals{d.read}
	feeds, err := look.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	flaws := map[int64]fact.Finding{}
	out := make([]fact.Finding, 0, len(list))
	for i := range list {
		f := &list[i]
		if there != nil && !there[f.ID] {
			continue
		}
		base, ok := flaws[f.Flaw]
		if !ok {
			if base, err = d.flawFacts(ctx, t, look, feeds, f); err != nil {
				return nil, err
			}
			flaws[f.Flaw] = base
		}
		out = append(out, rowFacts(base, f, names))
	}
	return out, nil
}

// presentOn lists the findings that are present on one ref of an asset.
func (d *DB) presentOn(ctx context.Context, t tenant.ID, asset int64, ref string) (map[finding.ID]bool, error) {
	series, err := d.refSeries(ctx, t, asset, ref)
	if err != nil {
		return nil, err
	}
	return d.presentIn(ctx, t, series)
}

// presentIn lists the findings that are present in any of the series.
func (d *DB) presentIn(ctx context.Context, t tenant.ID, series []apply.Series) (map[finding.ID]bool, error) {
	out := map[finding.ID]bool{}
	for _, s := range series {
		rows, err := d.read.QueryContext(ctx, `SELECT n, finding_id FROM sighting WHERE tenant_id = ? AND series_id = ?`, t, s.ID)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var n uint32
			var b []byte
			if err := rows.Scan(&n, &b); err != nil {
				rows.Close()
				return nil, err
			}
			if s.Present.Contains(n) {
				var id finding.ID
				copy(id[:], b)
				out[id] = true
			}
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// flawFacts gathers what all findings of a flaw share.
func (d *DB) flawFacts(ctx context.Context, t tenant.ID, look signals, feeds enrich.Feeds, f *apply.Finding) (fact.Finding, error) {
	var body []byte
	var fl finding.Flaw
	if err := d.read.QueryRowContext(ctx, `SELECT body FROM flaw WHERE tenant_id = ? AND id = ?`, t, f.Flaw).Scan(&body); err != nil {
		return fact.Finding{}, fmt.Errorf("load flaw %d: %w", f.Flaw, err)
	}
	if err := decode(body, &fl); err != nil {
		return fact.Finding{}, err
	}
	in, err := flawInputs(ctx, look, feeds, &fl, f.Severity)
	if err != nil {
		return fact.Finding{}, err
	}
	return fact.OfFlaw(&fl, in.Evidence), nil
}

// rowFacts adds what is this finding's own.
func rowFacts(base fact.Finding, f *apply.Finding, names toolNames) fact.Finding {
	out := base
	out.ID, out.Severity, out.Score, out.Line = f.ID.String(), f.Severity, fact.Number(f.Score), int(f.Line)
	out.Priority, out.Tools, out.FirstSeen = fact.Word(risk.Priority(f.Priority).String()), names.of(f.Tools), f.FirstSeen
	out.New = fact.FlagOf(f.BranchOnly)
	if f.Status != finding.Open {
		out.Closed = string(f.Status)
	}
	switch f.Kind {
	case finding.Dynamic:
		out.URL = f.Place
	case finding.Misconfiguration:
		out.Resource = f.Place
	default:
		out.Path = f.Place
	}
	return out
}
