package apply

import (
	"math/bits"

	"github.com/stance-aspm/stance/domain/finding"
)

// told is what the newest observation says of a finding's row.
type told struct {
	how   Join // why the observation belongs to the finding
	line  int32
	flaw  int64 // 0 when only the line is known to differ
	f     *finding.Flaw
	place string
}

func tellLine(s Sighting) told { return told{how: s.Join, line: s.ID.Line} }

// follow brings what the tool owns on a finding's row after the tool: its
// place, its flaw, its line. A scan older than what is known changes nothing,
// nor does a branch on the row of a finding that the default ref has. Another
// tool's words don't replace those of the one that found it.
func (sc *scan) follow(tell map[finding.ID]told) error {
	if len(tell) == 0 || sc.at.Before(sc.series.LastAt) {
		return nil
	}
	ids := make([]finding.ID, 0, len(tell))
	for id := range tell {
		ids = append(ids, id)
	}
	rows, err := sc.s.tx.LoadFindings(sc.s.ctx, ids)
	if err != nil {
		return err
	}
	onDefault := counts(sc.series.Ref, sc.target.DefaultRef)
	var before, after []Finding
	for _, row := range rows {
		t := tell[row.ID]
		shared := row.Tools&^sc.toolBit != 0
		if !onDefault && !row.BranchOnly || shared && (t.how == JoinOtherTool || t.how == JoinPackage) {
			continue
		}
		next := row
		if t.line != 0 {
			next.Line = t.line
		}
		if t.flaw != 0 {
			j, err := sc.s.judge(t.flaw, t.f, &sc.target, row.Severity, bits.OnesCount64(row.Tools))
			if err != nil {
				return err
			}
			next.Flaw, next.Place, next.Line = t.flaw, t.place, t.line
			next.Score, next.Priority, next.KEV, next.Fixable = j.Score, j.Priority, j.KEV, j.Fixable
		}
		if next != row {
			before, after = append(before, row), append(after, next)
		}
	}
	return sc.s.tx.UpdateFindings(sc.s.ctx, before, after)
}

// backdate moves the day on which findings were first seen, when this scan
// was made before those that brought them.
func (sc *scan) backdate(late bool) error {
	ids := append([]finding.ID(nil), sc.joined...)
	if late {
		for id := range sc.touched {
			ids = append(ids, id)
		}
	}
	rows, err := sc.s.tx.LoadFindings(sc.s.ctx, unique(ids))
	if err != nil {
		return err
	}
	var before, after []Finding
	for _, row := range rows {
		if sc.at.Before(row.FirstSeen) {
			next := row
			next.FirstSeen = sc.at
			before, after = append(before, row), append(after, next)
		}
	}
	return sc.s.tx.UpdateFindings(sc.s.ctx, before, after)
}

// adopt notes that the default ref now has what was on a branch alone: the
// row tells where it is there.
func (sc *scan) adopt(c *Sighting, flaw int64, f *finding.Flaw, o *finding.Observation) {
	if !counts(sc.series.Ref, sc.target.DefaultRef) || counts(sc.byID[c.Series].Ref, sc.target.DefaultRef) {
		return
	}
	sc.adopted[c.Finding] = told{how: JoinOtherRef, line: int32(o.Location.StartLine), flaw: flaw, f: f, place: finding.Place(o)}
}

// seesOthers takes in that the asset has more series than when the scan
// began: another run of the same report brought one.
func (sc *scan) seesOthers(all []Series) {
	if len(sc.others) <= 1 && len(all) > 1 {
		for _, id := range sc.found {
			sc.backed[id] = true
		}
	}
	sc.others = all
	for _, o := range all {
		sc.byID[o.ID] = o
	}
}
