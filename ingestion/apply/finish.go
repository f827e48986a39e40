package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/domain/finding"
)

// finish settles a scan once all its observations are known: it matches them
// with the sightings of the series, records the scan, and brings the findings
// to the state that all evidence together gives.
func (sc *scan) finish() error {
	if err := sc.flush(); err != nil {
		return err
	}
	if !sc.fresh {
		if err := sc.match(); err != nil {
			return err
		}
	}
	if err := sc.write(); err != nil {
		return err
	}
	return sc.conclude()
}

// match assigns the observations of a scan whose series has been seen before.
func (sc *scan) match() error {
	if err := sc.contest(); err != nil {
		return err
	}
	sc.seenSet.Or(sc.clean)
	present := sc.series.Present
	if sc.late() && sc.earlier != nil { // what was there then, not what came since
		present = sc.earlier.Seen
	}
	m := assign(sc.ids, sc.known, present.Contains)
	assignRenamed(m, sc.renamed, sc.known, present.Contains)
	newer, err := sc.newer()
	if err != nil {
		return err
	}
	var updated []Sighting
	pending := map[int64][]int{} // stored observations by chunk: they are read once more
	var chunks []int64
	for i := range sc.seen {
		seen := &sc.seen[i]
		k := m.of[i]
		if seen.stored {
			if pending[seen.at.Chunk] == nil {
				chunks = append(chunks, seen.at.Chunk)
			}
			pending[seen.at.Chunk] = append(pending[seen.at.Chunk], i)
		}
		if k < 0 {
			continue
		}
		known := &sc.known[k]
		digest := uint64(0)
		if known.Join == JoinFirst || sc.recall.of(known.N) != 0 {
			digest = seen.digest
		}
		if gone(seen.claim) {
			sc.goneSet.Add(known.N)
			continue
		}
		sc.seenSet.Add(known.N)
		sc.remember(sc.ids[i], known.Finding)
		if known.ID.Content == sc.ids[i].Content && known.ID.Key == sc.ids[i].Key && known.ID.Text == sc.ids[i].Text || newer.Contains(known.N) {
			sc.touch(known.Finding, unchanged)
			if digest != 0 && !sc.late() {
				sc.recall.put(known.N, digest)
			}
			continue
		}
		sc.recall.put(known.N, digest)
		updated = append(updated, sc.update(known, i, m.how[i]))
	}
	told := map[finding.ID]told{}
	for _, u := range updated {
		told[u.Finding] = tellLine(u)
	}
	for _, c := range chunks {
		if err := sc.reread(c, pending[c], m, told); err != nil {
			return err
		}
	}
	if err := sc.s.tx.PutSightings(sc.s.ctx, sc.target.Asset, updated); err != nil {
		return fmt.Errorf("write sightings: %w", err)
	}
	return sc.follow(told)
}

// newer lists the sightings that a scan of a later time saw: what a late scan
// says of them is history and does not replace the newer word.
func (sc *scan) newer() (*roaring.Bitmap, error) {
	out := roaring.New()
	if !sc.late() && sc.earlier == nil {
		return out, nil
	}
	sets, err := sc.s.tx.ScanSets(sc.s.ctx, sc.series.ID)
	if err != nil {
		return nil, err
	}
	for i := range sets {
		if sets[i].At.After(sc.at) || sc.earlier != nil && sets[i].At.Equal(sc.at) && sets[i].ID > sc.earlier.ID {
			out.Or(sets[i].Seen)
		}
	}
	return out, nil
}

// late reports whether a scan of a later time came in before this one.
func (sc *scan) late() bool { return sc.series.Count > 0 && sc.at.Before(sc.series.LastAt) }

const (
	unchanged uint8 = 1
	changed   uint8 = 2
)

func (sc *scan) touch(id finding.ID, how uint8) { sc.touched[id] = max(sc.touched[id], how) }

// remember notes which finding stands at a place of this scan, so that more
// observations of the same place join it.
func (sc *scan) remember(id finding.Identity, f finding.ID) {
	slot := id.Slot()
	if _, ok := sc.slots[slot]; !ok {
		sc.slots[slot] = uint32(len(sc.found))
		sc.found = append(sc.found, f)
	}
	if len(sc.others) > 1 {
		sc.backed[f] = true
	}
}

// update returns the sighting as the new scan has it.
func (sc *scan) update(known *Sighting, i int, how Join) Sighting {
	seen := &sc.seen[i]
	sg := *known
	moved := known.ID.Key != sc.ids[i].Key || how != JoinSame
	sg.ID, sg.At, sg.Severity, sg.Claim, sg.VEX = sc.ids[i], sc.keptAt(seen), seen.severity, seen.claim, seen.vex
	sc.touch(known.Finding, changed)
	e := Event{Finding: known.Finding, Valid: sc.at, Type: EventChanged, By: sc.tool}
	if how == JoinRenamed {
		e.Detail = how.Rule()
	} else if moved {
		e.Type, e.Detail = EventMoved, how.Rule()
	} else if known.ID.Line != sg.ID.Line {
		e.Detail = fmt.Sprintf("line %d, was %d", sg.ID.Line, known.ID.Line)
	}
	sc.events = append(sc.events, e)
	return sg
}

// keptAt is where an observation is kept: in this report, or as that of the
// sighting that said the same.
func (sc *scan) keptAt(seen *seenObservation) ChunkRef {
	if seen.same == 0 {
		return seen.at
	}
	i, _ := slices.BinarySearchFunc(sc.known, seen.same-1, func(s Sighting, n uint32) int { return cmp.Compare(s.N, n) })
	return sc.known[min(i, len(sc.known)-1)].At
}

// reread unpacks a chunk of this report and settles its observations that are
// new to the series; of changed ones it keeps what the finding's row needs.
func (sc *scan) reread(chunk int64, at []int, m match, tell map[finding.ID]told) error {
	b, err := sc.s.tx.Chunk(sc.s.ctx, chunk)
	if err != nil {
		return err
	}
	obs, err := ReadChunk(b)
	if err != nil {
		return err
	}
	for _, i := range at {
		o := obs[sc.seen[i].at.Index]
		adv := sc.s.advisory(o)
		k := m.of[i]
		if k < 0 {
			if err := sc.settle(i, o, adv); err != nil {
				return err
			}
			continue
		}
		id := sc.known[k].Finding
		if t, ok := tell[id]; ok {
			flaw, f, err := sc.s.flaw(o, sc.tool, adv)
			if err != nil {
				return err
			}
			t.flaw, t.f, t.place, t.line = flaw, f, finding.Place(o), int32(o.Location.StartLine)
			tell[id] = t
		}
	}
	return sc.write()
}

// conclude records the scan and lets the evidence decide.
func (sc *scan) conclude() error {
	ctx, tx := sc.s.ctx, sc.s.tx
	before, late := sc.series.Present, sc.late()
	set, sets, err := sc.place()
	if err != nil {
		return err
	}
	if err := sc.keepDigests(everyPart); err != nil {
		return err
	}
	why, present := set.Held, sc.series.Present
	if sc.series.FirstAt.IsZero() || sc.at.Before(sc.series.FirstAt) {
		sc.series.FirstAt = sc.at
	}
	if !late {
		sc.series.LastAt = sc.at
	}
	if set.Full && why == "" && sc.at.After(sc.series.LastFull) {
		sc.series.LastFull = sc.at
	}
	if err := tx.SaveSeries(ctx, sc.series); err != nil {
		return err
	}
	if err := sc.backdate(late || sc.earlier != nil); err != nil {
		return err
	}
	if err := sc.follow(sc.adopted); err != nil {
		return err
	}
	// Other scans of this report may have moved their series meanwhile.
	if sc.others, err = tx.AssetSeries(ctx, sc.target.Asset); err != nil {
		return err
	}
	ids, err := sc.affected(before, present)
	if err != nil {
		return err
	}
	bit, err := toolBits(ctx, tx, sc.others)
	if err != nil {
		return err
	}
	r := &Refresher{Tx: tx, Series: sc.others, ToolBit: bit, DefaultRef: sc.target.DefaultRef, Context: sc.target.Context, Statements: sc.stated, Now: sc.s.job.Now}
	stop := sc.s.judging.start()
	turns, err := r.Refresh(ctx, ids)
	stop()
	if err != nil {
		return err
	}
	if err := sc.countRecalled(turns); err != nil {
		return err
	}
	sc.record(turns, sets)
	sc.tally()
	return tx.AppendEvents(ctx, sc.s.job.Report, sc.events)
}

// place puts the scan among those of its series and works out what is present
// after all of them. One that comes last is a step from what was present; one
// of an earlier time, or read again, may change what later scans were held
// for, so all are folded anew and returned.
func (sc *scan) place() (set Scan, sets []ScanSet, err error) {
	ctx, tx := sc.s.ctx, sc.s.tx
	set = Scan{ScanSet: ScanSet{At: sc.at, Full: !sc.part, Doubt: sc.doubts(), Seen: sc.seenSet, Gone: sc.goneSet},
		Series: sc.series.ID, Report: sc.s.job.Report, Version: sc.version, Commit: sc.commit, Digest: sc.digest}
	would := int64(0)
	if !sc.late() && sc.earlier == nil {
		before := sc.series.Present
		sc.series.Present, set.Held = step(before, &set.ScanSet)
		would = int64(before.GetCardinality() - before.AndCardinality(sc.seenSet))
		set.ID, err = tx.AddScan(ctx, set)
		sc.series.Count++
	} else {
		if sc.earlier != nil {
			if lost(sc.earlier.Seen, roaring.Or(sc.seenSet, sc.goneSet)) {
				return set, nil, &Unreadable{errLess}
			}
			set.ID, set.Confirmed = sc.earlier.ID, sc.earlier.Confirmed
			err = tx.ReplaceScan(ctx, set)
		} else {
			set.ID, err = tx.AddScan(ctx, set)
			sc.series.Count++
		}
		if err != nil {
			return set, nil, err
		}
		if sets, err = tx.ScanSets(ctx, sc.series.ID); err != nil {
			return set, nil, err
		}
		sc.series.Present, _ = Fold(sets)
		hs := holdings(sets)
		for _, h := range hs {
			if h.Scan == set.ID {
				set.Held, would = h.Why, h.Would
			}
		}
		err = tx.Settle(ctx, sc.series.ID, hs)
	}
	if set.Held != "" {
		sc.s.out.Held = set.Held
		sc.s.out.WouldResolve += would
	}
	return set, sets, err
}

// toolBits maps the tools of series to their bits.
func toolBits(ctx context.Context, tx Targets, series []Series) (map[string]uint64, error) {
	out := map[string]uint64{}
	for _, s := range series {
		n, err := tx.Tool(ctx, s.Tool)
		if err != nil {
			return nil, err
		}
		out[s.Tool] = toolBit(n)
	}
	return out, nil
}

// toolBit is the bit of a tool in [Finding.Tools].
func toolBit(n int) uint64 { return 1 << min(n, 62) }

// doubts says why the scan is not trusted to close findings.
func (sc *scan) doubts() string {
	switch {
	case sc.failed:
		return "the tool itself reports that the scan failed"
	case sc.doubt != "":
		return sc.doubt
	case sc.faults > 0:
		return fmt.Sprintf("%d records of the report could not be read", sc.faults)
	}
	return ""
}

// affected lists the findings whose evidence this scan moved: those that came
// or went, those another series shares, and new ones that a later scan no
// longer has. New findings that are simply there need no second look.
func (sc *scan) affected(before, present *roaring.Bitmap) (ids []finding.ID, err error) {
	if sc.redefault {
		all, err := sc.everything()
		return all, err
	}
	moved := roaring.Xor(before, present)
	moved.AndNot(roaring.And(sc.born, present))
	moved.Or(roaring.AndNot(sc.born, present))
	ids = append(ids, sc.joined...)
	if len(sc.s.order) > 1 { // what this scan made, another run of the report may have joined
		if ids, err = sc.mine(sc.s.joined, ids); err != nil {
			return nil, err
		}
	}
	for id, how := range sc.touched {
		if how == changed {
			ids = append(ids, id)
		}
	}
	if moved.IsEmpty() {
		return unique(ids), nil
	}
	err = sc.s.tx.EachSighting(sc.s.ctx, sc.series.ID, func(s *Sighting) {
		if moved.Contains(s.N) {
			ids = append(ids, s.Finding)
		}
	})
	return unique(ids), err
}

// mine adds those findings to ids that this scan stands behind.
func (sc *scan) mine(of, ids []finding.ID) ([]finding.ID, error) {
	if len(of) == 0 {
		return ids, nil
	}
	have := make(map[finding.ID]bool, len(sc.found))
	for _, id := range sc.found {
		have[id] = true
	}
	if !sc.clean.IsEmpty() {
		if err := sc.s.tx.EachSighting(sc.s.ctx, sc.series.ID, func(s *Sighting) {
			if sc.clean.Contains(s.N) {
				have[s.Finding] = true
			}
		}); err != nil {
			return nil, err
		}
	}
	for _, id := range of {
		if have[id] {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// everything lists all findings of the asset.
func (sc *scan) everything() ([]finding.ID, error) {
	var ids []finding.ID
	for _, s := range sc.others {
		if err := sc.s.tx.EachSighting(sc.s.ctx, s.ID, func(s *Sighting) { ids = append(ids, s.Finding) }); err != nil {
			return nil, err
		}
	}
	return unique(ids), nil
}

// record turns changes of state into history. When scans came out of order,
// the valid time is that of the scan that made it so.
func (sc *scan) record(turns []StatusTurn, sets []ScanSet) {
	valid := validTimes(sets, sc.series.ID, turns)
	for _, t := range turns {
		e := Event{Finding: t.Finding, Valid: sc.at, By: sc.tool}
		e.Type, e.Detail = t.tell()
		switch e.Type {
		case EventResolved:
			sc.s.out.Resolved++
		case EventReopened:
			sc.s.out.Reopened++
		}
		if at, ok := valid[t.Finding]; ok {
			e.Valid = at
		}
		sc.events = append(sc.events, e)
		delete(sc.touched, t.Finding)
	}
}

// tell names a change of status for the history.
func (t *StatusTurn) tell() (what EventType, detail string) {
	switch {
	case t.To == finding.Resolved:
		return EventResolved, ""
	case t.From == finding.Resolved:
		return EventReopened, ""
	}
	return EventChanged, fmt.Sprintf("%s, was %s", t.To, t.From)
}

// validTimes says when the presence turned that is behind changes of status,
// as far as the scans of one series tell.
func validTimes(sets []ScanSet, series int64, turns []StatusTurn) map[finding.ID]time.Time {
	out := map[finding.ID]time.Time{}
	if len(sets) == 0 {
		return out
	}
	of := roaring.New()
	for _, t := range turns {
		if t.Sighting != nil && t.Sighting.Series == series {
			of.Add(t.Sighting.N)
		}
	}
	at := lastTurns(sets, of)
	for _, t := range turns {
		if t.Sighting != nil && t.Sighting.Series == series {
			if when, ok := at[t.Sighting.N]; ok {
				out[t.Finding] = when
			}
		}
	}
	return out
}

// tally counts the findings that were there before.
func (sc *scan) tally() {
	for _, how := range sc.touched {
		if how == changed {
			sc.s.out.Changed++
		} else {
			sc.s.out.Unchanged++
		}
	}
	sc.s.out.Changed += int64(len(unique(sc.joined)))
}

func unique(ids []finding.ID) []finding.ID {
	seen := make(map[finding.ID]bool, len(ids))
	out := ids[:0]
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
