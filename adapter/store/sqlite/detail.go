package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// load reads a finding's row with its flaw.
func (d *DB) load(ctx context.Context, t tenant.ID, id finding.ID) (apply.Finding, finding.Flaw, error) {
	var fl finding.Flaw
	f, err := scanFinding(d.read.QueryRowContext(ctx, "SELECT "+findingColumns+" WHERE f.tenant_id = ? AND f.id = ?", t, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return f, fl, posture.ErrNotFound
	}
	if err != nil {
		return f, fl, fmt.Errorf("load finding %s: %w", id, err)
	}
	var body []byte
	if err := d.read.QueryRowContext(ctx, `SELECT body FROM flaw WHERE tenant_id = ? AND id = ?`, t, f.Flaw).Scan(&body); err != nil {
		return f, fl, fmt.Errorf("load flaw of %s: %w", id, err)
	}
	return f, fl, decode(body, &fl)
}

// Finding returns everything about one finding.
func (d *DB) Finding(ctx context.Context, t tenant.ID, id finding.ID) (posture.Detail, error) {
	var out posture.Detail
	f, fl, err := d.load(ctx, t, id)
	if err != nil {
		return out, err
	}
	rows, err := d.read.QueryContext(ctx, "SELECT "+listColumns+" FROM finding f WHERE f.tenant_id = ? AND f.id = ?", t, id[:])
	if err != nil {
		return out, err
	}
	list, err := collect(rows, scanListRow)
	if err != nil {
		return out, err
	}
	named, err := d.decorate(ctx, t, list)
	if err != nil || len(named) == 0 {
		return out, errors.Join(err, posture.ErrNotFound)
	}
	out = posture.Detail{
		Row: named[0], Check: fl.Check, CWEs: fl.CWEs, Advisories: fl.Advisories, Component: fl.Component, FixVersions: fl.FixVersions,
		Fix: fl.Fix, References: fl.References, Decided: f.Decided, Triage: f.Triage,
	}
	if out.Observations, err = d.observations(ctx, t, id); err != nil {
		return out, err
	}
	out.Refs, err = d.refs(ctx, t, f.Asset, out.Observations)
	if lead := leading(out.Observations); lead != nil {
		out.Location = lead.Observed.Location
		out.Claim = lead.Observed.Claim
		if c := lead.Observed.Component; c != nil && out.Component != nil {
			out.Component.Path, out.Component.Direct, out.Component.Scope = c.Path, c.Direct, c.Scope
		}
	}
	if err != nil {
		return out, err
	}
	if out.Statements, err = d.statements(ctx, t, f.Asset, &fl); err == nil {
		out.Conflicts = finding.Conflicts(out.Statements, reachable(out.Observations))
	}
	return out, err
}

// reachable lists the tools that found a way to the flaw.
func reachable(os []posture.Observation) []string {
	var out []string
	for i := range os {
		if os[i].Present && slices.Contains(os[i].Observed.Tags, "reachable") && !slices.Contains(out, os[i].Tool) {
			out = append(out, os[i].Tool)
		}
	}
	return out
}

// leading is the observation whose place stands for the finding: one that is
// present, with code if any has it.
func leading(os []posture.Observation) *posture.Observation {
	var best *posture.Observation
	rank := func(o *posture.Observation) int {
		r := 0
		if o.Present {
			r += 2
		}
		if o.Observed.Location.Snippet != "" {
			r++
		}
		return r
	}
	for i := range os {
		if best == nil || rank(&os[i]) > rank(best) {
			best = &os[i]
		}
	}
	return best
}

// observations unpacks the current word of every tool on a finding.
func (d *DB) observations(ctx context.Context, t tenant.ID, id finding.ID) ([]posture.Observation, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT "+sightingColumns+" WHERE tenant_id = ? AND finding_id = ? ORDER BY series_id, n", t, id[:])
	if err != nil {
		return nil, err
	}
	ss, err := collect(rows, scanSighting)
	if err != nil {
		return nil, err
	}
	var out []posture.Observation
	for i := range ss {
		o, err := d.observation(ctx, t, &ss[i])
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (d *DB) observation(ctx context.Context, t tenant.ID, s *apply.Sighting) (posture.Observation, error) {
	series, err := scanSeries(d.read.QueryRowContext(ctx, "SELECT "+seriesColumns+" WHERE s.tenant_id = ? AND s.id = ?", t, s.Series))
	if err != nil {
		return posture.Observation{}, fmt.Errorf("load series %d: %w", s.Series, err)
	}
	var chunk []byte
	if err := d.read.QueryRowContext(ctx, `SELECT data FROM chunk WHERE tenant_id = ? AND id = ?`, t, s.At.Chunk).Scan(&chunk); err != nil {
		return posture.Observation{}, fmt.Errorf("load observation: %w", err)
	}
	obs, err := apply.ReadChunk(chunk)
	if err != nil {
		return posture.Observation{}, err
	}
	if int(s.At.Index) >= len(obs) {
		return posture.Observation{}, fmt.Errorf("observation %d of chunk %d is not there", s.At.Index, s.At.Chunk)
	}
	o := obs[s.At.Index]
	out := posture.Observation{
		Tool: series.Tool, Category: series.Category, Ref: series.Ref, Present: series.Present.Contains(s.N), Observed: *o,
		Joined: posture.Join{Rule: s.Join.Rule(), Confidence: s.Join.Confidence(), Detail: finding.Identify(o, series.Tool, "").Basis},
	}
	sets, err := d.scanTimes(ctx, t, s.Series)
	if err != nil {
		return out, err
	}
	for _, set := range sets {
		if set.seen(s.N) {
			if out.FirstSeen.IsZero() {
				out.FirstSeen = set.at
			}
			out.LastSeen, out.Report = set.at, set.report
		}
	}
	return out, nil
}

type scanTime struct {
	at     time.Time
	report string
	seen   func(uint32) bool
}

// scanTimes lists the scans of a series in the order of their valid time.
func (d *DB) scanTimes(ctx context.Context, t tenant.ID, series int64) ([]scanTime, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT at, report_id, seen FROM scan WHERE tenant_id = ? AND series_id = ? ORDER BY at, id`, t, series)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (scanTime, error) {
		var s scanTime
		var at int64
		var seen []byte
		if err := r.Scan(&at, &s.report, &seen); err != nil {
			return s, err
		}
		m, err := bitmap(seen)
		s.at, s.seen = fromMillis(at), func(n uint32) bool { return m.Contains(n) }
		return s, err
	})
}

// refs says where a finding stands on each branch or tag of its asset.
func (d *DB) refs(ctx context.Context, t tenant.ID, asset int64, os []posture.Observation) ([]posture.RefState, error) {
	var def string
	if err := d.read.QueryRowContext(ctx, `SELECT default_ref FROM asset WHERE tenant_id = ? AND id = ?`, t, asset).Scan(&def); err != nil {
		return nil, err
	}
	rows, err := d.read.QueryContext(ctx, `SELECT ref, max(last_at) FROM series WHERE tenant_id = ? AND asset_id = ? AND ref <> '' GROUP BY ref ORDER BY ref`, t, asset)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (posture.RefState, error) {
		var s posture.RefState
		var at int64
		if err := r.Scan(&s.Ref, &at); err != nil {
			return s, err
		}
		s.AsOf, s.Default = fromMillis(at), s.Ref == def
		for _, o := range os {
			s.Present = s.Present || o.Ref == s.Ref && o.Present
		}
		return s, nil
	})
}

// Explain computes the score anew from the recorded inputs, with every term.
func (d *DB) Explain(ctx context.Context, t tenant.ID, id finding.ID) (risk.Result, error) {
	f, fl, err := d.load(ctx, t, id)
	if err != nil {
		return risk.Result{}, err
	}
	var c estate.Context
	if err := d.read.QueryRowContext(ctx, `SELECT criticality, data, exposure, environment FROM application WHERE tenant_id = ? AND id = ?`, t, f.Application).
		Scan(&c.Criticality, &c.Data, &c.Exposure, &c.Environment); err != nil {
		return risk.Result{}, err
	}
	b, err := d.model.session().prepare(ctx, d.read, &fl, f.Severity)
	if err != nil {
		return risk.Result{}, err
	}
	set := b.setting
	set.Tools, set.Context = bits.OnesCount64(f.Tools), c
	return b.risk.Score(set), nil
}

// History lists what happened to a finding, oldest first. That it was opened
// is told by its row: the first scan that saw it, and when it was recorded.
func (d *DB) History(ctx context.Context, t tenant.ID, id finding.ID) ([]posture.Event, error) {
	f, _, err := d.load(ctx, t, id)
	if err != nil {
		return nil, err
	}
	opened := posture.Event{Valid: f.FirstSeen, Type: "opened"}
	var by string
	var recorded int64
	err = d.read.QueryRowContext(ctx, `SELECT r.id, r.by, r.finished_at FROM finding f JOIN report r ON r.tenant_id = f.tenant_id AND r.no = f.report_no WHERE f.tenant_id = ? AND f.id = ?`, t, id[:]).
		Scan(&opened.Report, &by, &recorded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	opened.By, opened.Recorded = by, fromMillis(recorded)
	rows, err := d.read.QueryContext(ctx, `SELECT valid_at, recorded_at, type, by, report_id, detail FROM event WHERE tenant_id = ? AND finding_id = ? ORDER BY id`, t, id[:])
	if err != nil {
		return nil, err
	}
	es, err := collect(rows, func(r interface{ Scan(...any) error }) (posture.Event, error) {
		var e posture.Event
		var valid, recorded int64
		err := r.Scan(&valid, &recorded, &e.Type, &e.By, &e.Report, &e.Detail)
		e.Valid, e.Recorded = fromMillis(valid), fromMillis(recorded)
		return e, err
	})
	return append([]posture.Event{opened}, es...), err
}
