package apply

import (
	"context"
	"math/bits"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
)

// Evidence is what a Refresher needs of the record.
type Evidence interface {
	Backing(ctx context.Context, ids []finding.ID) ([]Sighting, error)
	LoadFindings(ctx context.Context, ids []finding.ID) ([]Finding, error)
	UpdateFindings(ctx context.Context, before, after []Finding) error
	Judge(ctx context.Context, flaw int64, f *finding.Flaw, severity finding.Severity, tools int, c estate.Context) (Judgement, error)
	FlawOf(ctx context.Context, id int64) (*finding.Flaw, error)
}

// Refresher derives the state of findings from all evidence behind them.
type Refresher struct {
	Tx         Evidence
	Series     []Series          // all of the asset
	ToolBit    map[string]uint64 // by tool
	DefaultRef string
	Context    estate.Context      // of the asset's application
	Statements *finding.Statements // about the asset; nil for none
	Now        time.Time
}

// StatusTurn is a finding whose status changed.
type StatusTurn struct {
	Finding  finding.ID
	From, To finding.Status
	Sighting *Sighting          // one of those that decided
	Stated   *finding.Statement // the VEX statement that decided, if one did
}

// refreshAt is how many findings are looked at together.
const refreshAt = 1000

// Refresh derives the rows of findings of one asset anew and returns those
// whose status turned.
func (r *Refresher) Refresh(ctx context.Context, ids []finding.ID) ([]StatusTurn, error) {
	var turns []StatusTurn
	for len(ids) > 0 {
		n := min(len(ids), refreshAt)
		t, err := r.refresh(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		turns, ids = append(turns, t...), ids[n:]
	}
	return turns, nil
}

func (r *Refresher) refresh(ctx context.Context, ids []finding.ID) ([]StatusTurn, error) {
	rows, err := r.Tx.LoadFindings(ctx, ids)
	if err != nil {
		return nil, err
	}
	backing, err := r.Tx.Backing(ctx, ids)
	if err != nil {
		return nil, err
	}
	behind := map[finding.ID][]*Sighting{}
	for i := range backing {
		behind[backing[i].Finding] = append(behind[backing[i].Finding], &backing[i])
	}
	series := make(map[int64]*Series, len(r.Series))
	for i := range r.Series {
		series[r.Series[i].ID] = &r.Series[i]
	}
	var turns []StatusTurn
	var before, after []Finding
	for _, row := range rows {
		var standing []finding.Statement
		if r.Statements != nil && row.Kind == finding.Vulnerability {
			f, err := r.Tx.FlawOf(ctx, row.Flaw)
			if err != nil {
				return nil, err
			}
			standing = r.Statements.Standing(f)
		}
		next, by := r.derive(row, behind[row.ID], series, standing)
		if next.Severity != row.Severity || next.Tools != row.Tools {
			j, err := r.Tx.Judge(ctx, row.Flaw, nil, next.Severity, bits.OnesCount64(next.Tools), r.Context)
			if err != nil {
				return nil, err
			}
			next.Score, next.Priority = j.Score, j.Priority
		}
		if next == row {
			continue
		}
		if next.Status != row.Status {
			turn := StatusTurn{Finding: row.ID, From: row.Status, To: next.Status, Sighting: by}
			if next.Decided == finding.ByVEX && len(standing) > 0 {
				turn.Stated = &standing[0]
			}
			turns = append(turns, turn)
		}
		before, after = append(before, row), append(after, next)
	}
	return turns, r.Tx.UpdateFindings(ctx, before, after)
}

// derive is the pure part: a row and the sightings behind it give the row as
// it should be.
func (r *Refresher) derive(row Finding, behind []*Sighting, series map[int64]*Series, standing []finding.Statement) (Finding, *Sighting) {
	onDefault := false
	for _, s := range behind {
		onDefault = onDefault || counts(series[s.Series].Ref, r.DefaultRef)
	}
	var there, evidence []*Sighting
	var decided *Sighting
	for _, s := range behind {
		sr := series[s.Series]
		if onDefault && !counts(sr.Ref, r.DefaultRef) {
			continue
		}
		decided, evidence = s, append(evidence, s)
		if sr.Present.Contains(s.N) {
			there = append(there, s)
		}
	}
	next := row
	next.BranchOnly = !onDefault
	if len(there) > 0 {
		decided, evidence = there[0], there
	}
	// What is gone keeps what was last said of it, by whichever tool: so the
	// row does not hang on the order in which scans arrived.
	next.Severity, next.Tools = finding.SeverityUnknown, 0
	for _, s := range evidence {
		next.Severity = max(next.Severity, s.Severity)
		next.Tools |= r.ToolBit[series[s.Series].Tool]
	}
	triage := row.Triage
	if triage != nil && !triage.Until.IsZero() && !r.Now.Before(triage.Until) {
		triage = nil // it ended; the sweep takes it away and tells so
	}
	next.Status, next.Decided = decide(len(there) > 0, triage, standing, agreed(there))
	return next, decided
}

// agreed is the claim that all present sightings make; one that claims
// nothing keeps the finding open.
func agreed(there []*Sighting) finding.Claim {
	var c finding.Claim
	for i, s := range there {
		if i > 0 && s.Claim != c.State || s.Claim == finding.ClaimNone {
			return finding.Claim{}
		}
		c.State = s.Claim
		if s.VEX {
			c.Source = "vex"
		}
	}
	return c
}
