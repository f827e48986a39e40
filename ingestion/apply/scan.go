package apply

import (
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// scan is the work on one scan: the observations of one tool over one target.
type scan struct {
	s         *session
	target    Target
	series    Series
	earlier   *Earlier // what an earlier reading of the report made of it; nil at the first
	tool      string
	toolBit   uint64
	version   string
	at        time.Time
	commit    string
	digest    string
	failed    bool
	part      bool // not the whole of the target
	faults    int
	doubt     string
	stated    *finding.Statements // of VEX documents about the asset
	others    []Series            // of the asset, this one included
	byID      map[int64]Series    // those series by number
	backed    map[finding.ID]bool // findings that this scan stands behind, when others may share them
	redefault bool                // this scan changed which ref counts: every finding of the asset is looked at

	fresh    bool // the series has no sightings yet: every observation is new and can be settled at once
	offered  bool
	recall   recall
	recalled *roaring.Bitmap // sightings whose record came again
	clean    *roaring.Bitmap // of those, the ones that need no matching
	contents *contentIndex   // known sightings by what they say; nil until asked
	known    []Sighting      // those that observations are matched with
	writer   *ChunkWriter
	held     []heldObservation // of the chunk being filled

	ids  []finding.Identity // of all observations, when there are known sightings
	seen []seenObservation
	// renamed are the other identities of those observations whose check the
	// tool renamed.
	renamed map[int][]finding.Identity

	seenSet, goneSet *roaring.Bitmap
	born             *roaring.Bitmap // sightings whose finding this scan made
	slots            map[uint64]uint32
	found            []finding.ID // by slot
	newSightings     []Sighting
	newFindings      []Finding
	touched          map[finding.ID]uint8 // matched findings: 1 unchanged, 2 changed
	joined           []finding.ID
	asked            map[finding.Key][]Sighting
	adopted          map[finding.ID]told // joined from a branch, now on the default ref
	events           []Event
}

// seenObservation is what is remembered of an observation until the end of
// the scan.
type seenObservation struct {
	at       ChunkRef
	stored   bool   // kept in a chunk of this report; else the content was known
	same     uint32 // then the sighting that says the same, and one
	digest   uint64 // of the record
	severity finding.Severity
	claim    finding.ClaimState
	vex      bool
}

type heldObservation struct {
	o   *finding.Observation
	adv string
	i   int // index among the scan's observations
}

// openScan begins a scan of a series.
func (s *session) openScan(t Target, ref, tool string, r *format.Run) (*scan, error) {
	series, err := s.tx.Series(s.ctx, t.Asset, ref, tool, r.Category)
	if err != nil {
		return nil, err
	}
	bit, err := s.tx.Tool(s.ctx, tool)
	if err != nil {
		return nil, err
	}
	all, err := s.tx.AssetSeries(s.ctx, t.Asset)
	if err != nil {
		return nil, err
	}
	if s.pack == nil {
		if s.pack, err = NewChunkWriter(); err != nil {
			return nil, err
		}
	}
	sc := &scan{
		s: s, target: t, series: series, tool: tool, toolBit: toolBit(bit), version: r.Version, at: s.scannedAt(r),
		commit: s.job.Submission.Commit, digest: s.job.Submission.Digest, failed: r.Failed, part: s.job.Submission.Part || r.Part, byID: map[int64]Series{}, backed: map[finding.ID]bool{}, adopted: map[finding.ID]told{},
		writer: chunkWriterWith(s.pack.enc), fresh: series.Next == 0, recalled: roaring.New(), clean: roaring.New(), seenSet: roaring.New(), goneSet: roaring.New(), born: roaring.New(),
		slots: map[uint64]uint32{}, touched: map[finding.ID]uint8{}, renamed: map[int][]finding.Identity{},
	}
	if sc.earlier = s.earlierOf(series.ID); sc.earlier != nil {
		sc.at = sc.earlier.At // the time of a scan doesn't change by reading it again
	}
	if sc.commit == "" {
		sc.commit = r.Target.Commit
	}
	if sc.digest == "" {
		sc.digest = r.Target.Digest
	}
	sc.seesOthers(all)
	for _, other := range s.order {
		if other.target.Asset == t.Asset {
			other.seesOthers(all)
		}
	}
	refs := []refAge{{ref, sc.at}}
	for _, o := range all {
		if o.Count > 0 {
			refs = append(refs, refAge{o.Ref, o.FirstAt})
		}
	}
	if d := chooseDefault(refs); !t.PinnedRef && d != t.DefaultRef {
		sc.redefault = t.DefaultRef != ""
		sc.target.DefaultRef = d
		if err := s.tx.SetDefaultRef(s.ctx, t.Asset, d); err != nil {
			return nil, err
		}
	}
	if !sc.fresh {
		err = s.tx.Digests(s.ctx, series.ID, sc.recall.load)
	}
	return sc, err
}

// scannedAt is when the scan was made: as the sender says, else the report,
// else when it was received. An absurd time in a report is not believed.
func (s *session) scannedAt(r *format.Run) time.Time {
	if !s.job.Submission.ScannedAt.IsZero() {
		return s.job.Submission.ScannedAt.UTC().Truncate(time.Millisecond)
	}
	if r.Started.Year() >= 1990 && !r.Started.After(s.job.Received.Add(24*time.Hour)) {
		return r.Started.UTC().Truncate(time.Millisecond)
	}
	return s.job.Received.UTC().Truncate(time.Millisecond)
}

// observe takes one observation.
func (sc *scan) observe(in *identified) error {
	i, o := len(sc.seen), in.Observation
	seen := seenObservation{severity: o.Severity, claim: o.Claim.State, vex: o.Claim.Source == "vex", digest: in.digest}
	if !sc.fresh {
		same, ok, err := sc.says(&in.id)
		if err != nil {
			return err
		}
		sc.ids = append(sc.ids, in.id)
		if ok {
			seen.same = same + 1
			sc.seen = append(sc.seen, seen)
			return nil
		}
		if others := sc.otherwise(o, in.advisory); others != nil {
			sc.renamed[i] = others
		}
		if gone(seen.claim) { // what is not there need not be kept
			sc.seen = append(sc.seen, seen)
			return nil
		}
	}
	index, err := sc.writer.Add(o)
	if err != nil {
		return err
	}
	seen.at.Index, seen.stored = index, true
	if sc.fresh {
		sc.held = append(sc.held, heldObservation{o, in.advisory, i})
		sc.ids = append(sc.ids, in.id)
	}
	sc.seen = append(sc.seen, seen)
	if sc.writer.Full() {
		return sc.flush()
	}
	return nil
}

// flush keeps the chunk being filled and, in a fresh series, settles its
// observations.
func (sc *scan) flush() error {
	if sc.writer.Len() == 0 {
		return nil
	}
	n := sc.writer.Len()
	b, err := sc.writer.Take()
	if err != nil {
		return err
	}
	chunk, err := sc.s.tx.PutChunk(sc.s.ctx, b)
	if err != nil {
		return err
	}
	for i := len(sc.seen) - 1; i >= 0 && n > 0; i-- { // the last n stored ones are those of this chunk
		if sc.seen[i].stored {
			sc.seen[i].at.Chunk = chunk
			n--
		}
	}
	if !sc.fresh {
		return nil
	}
	for _, h := range sc.held {
		if err := sc.settle(h.i, h.o, h.adv); err != nil {
			return err
		}
	}
	sc.held = sc.held[:0]
	// Nothing of these is needed again: memory stays flat.
	sc.seen, sc.ids = sc.seen[:0], sc.ids[:0]
	return sc.write()
}

// settle finds or makes the finding of an observation that is new to its
// series.
func (sc *scan) settle(i int, o *finding.Observation, adv string) error {
	seen, id := sc.seen[i], sc.ids[i]
	if gone(seen.claim) {
		return nil // nothing is there; the report says so itself
	}
	n := sc.series.Next
	sc.series.Next++
	sc.seenSet.Add(n)
	sg := Sighting{Series: sc.series.ID, N: n, ID: id, At: seen.at, Severity: seen.severity, Claim: seen.claim, VEX: seen.vex}
	slot := id.Slot()
	if at, ok := sc.slots[slot]; ok {
		sg.Finding, sg.Join = sc.found[at], JoinSame
	} else {
		if err := sc.resolveFinding(&sg, o, adv); err != nil {
			return err
		}
		sc.slots[slot] = uint32(len(sc.found))
		sc.found = append(sc.found, sg.Finding)
		if sc.fresh || sg.Join == JoinFirst { // no other sighting of the series has the finding
			sc.recall.put(n, seen.digest)
		}
	}
	sc.newSightings = append(sc.newSightings, sg)
	return nil
}

// gone reports whether a record only says that something is not there.
func gone(c finding.ClaimState) bool { return c == finding.ClaimFixed || c == finding.ClaimAbsent }

// resolveFinding looks for the finding among those that other tools and other
// branches know on the asset, and makes it when there is none.
func (sc *scan) resolveFinding(sg *Sighting, o *finding.Observation, adv string) error {
	flaw, f, err := sc.s.flaw(o, sc.tool, adv)
	if err != nil {
		return err
	}
	if len(sc.others) > 1 {
		same := int64(0)
		if o.Kind == finding.Vulnerability {
			same = flaw
		}
		cands, err := sc.candidates(sg.ID.Key, same)
		if err != nil {
			return err
		}
		c, how := sc.choose(sg, cands, o.Kind)
		if c == nil {
			if c, err = sc.underOtherName(sg, o, adv); err != nil {
				return err
			}
			how = JoinRenamed
		}
		if c != nil {
			sg.Finding, sg.Join = c.Finding, how
			sc.joined = append(sc.joined, c.Finding)
			sc.s.joined = append(sc.s.joined, c.Finding)
			sc.adopt(c, flaw, f, o)
			sc.backed[c.Finding] = true
			sc.events = append(sc.events, Event{Finding: c.Finding, Valid: sc.at, Type: EventJoined, By: sc.tool, Detail: how.Rule()})
			return nil
		}
	}
	row, err := sc.newFinding(o, flaw, f)
	if err != nil {
		return err
	}
	sg.Finding, sg.Join = row.ID, JoinFirst
	sc.newFindings = append(sc.newFindings, row)
	if len(sc.others) > 1 {
		sc.backed[row.ID] = true
	}
	sc.born.Add(sg.N)
	sc.s.out.New++
	return nil
}

// candidates looks up the sightings of other series with a key, and remembers
// them until the next write: a file with a thousand flaws of one sort asks a
// thousand times.
func (sc *scan) candidates(key finding.Key, flaw int64) ([]Sighting, error) {
	if known, ok := sc.asked[key]; ok {
		return known, nil
	}
	found, err := sc.s.tx.Candidates(sc.s.ctx, sc.target.Asset, sc.series.ID, key, flaw)
	if err != nil {
		return nil, err
	}
	if sc.asked == nil {
		sc.asked = map[finding.Key][]Sighting{}
	}
	sc.asked[key] = found
	return found, nil
}

// choose picks the sighting of another series that shows the same finding.
// Of siblings the one on the nearest line is meant; a finding that another
// place of this scan already stands behind is not taken twice.
func (sc *scan) choose(sg *Sighting, cands []Sighting, kind finding.Kind) (*Sighting, Join) {
	var best *Sighting
	how := JoinOtherTool
	for i := range cands {
		c := &cands[i]
		if c.ID.Key != sg.ID.Key || sc.backed[c.Finding] {
			continue
		}
		rule := JoinOtherTool
		if c.ID.Text != sg.ID.Text {
			if c.ID.Text != 0 && sg.ID.Text != 0 || c.ID.Line != sg.ID.Line || c.ID.Line == 0 || !sc.sameRevision(c.Series) {
				continue
			}
			rule = JoinLine
		} else if c.ID.Text == 0 && c.ID.Line != 0 && (c.ID.Line != sg.ID.Line || !sc.sameRevision(c.Series)) && sc.byID[c.Series].Tool != sc.tool {
			continue // neither tool shows the code: only the line tells
		}
		if best == nil || rule < how || rule == how && abs(c.ID.Line-sg.ID.Line) < abs(best.ID.Line-sg.ID.Line) {
			best, how = c, rule
		}
	}
	if best != nil {
		if sc.byID[best.Series].Tool == sc.tool {
			return best, JoinOtherRef
		}
		return best, how
	}
	if kind != finding.Vulnerability {
		return nil, 0
	}
	// The same advisory in the same version of the same component: tools name
	// a package's place in their own ways. Only when there is no choice.
	for i := range cands {
		c := &cands[i]
		if sc.byID[c.Series].Tool == sc.tool || sc.backed[c.Finding] {
			continue
		}
		if best != nil && best.Finding != c.Finding {
			return nil, 0
		}
		best = c
	}
	return best, JoinPackage
}

// sameRevision reports whether the last scan of another series looked at the
// same commit, or at the same ref when a scan doesn't tell its commit.
func (sc *scan) sameRevision(series int64) bool {
	o := sc.byID[series]
	if o.Commit != "" && sc.commit != "" {
		return o.Commit == sc.commit
	}
	return o.Ref == sc.series.Ref || o.Ref == "" || sc.series.Ref == ""
}

// newFinding makes the row of a new finding.
func (sc *scan) newFinding(o *finding.Observation, flaw int64, f *finding.Flaw) (Finding, error) {
	j, err := sc.s.judge(flaw, f, &sc.target, o.Severity, 1)
	if err != nil {
		return Finding{}, err
	}
	status, by := decide(true, nil, sc.stated.Standing(f), o.Claim)
	return Finding{
		ID: sc.s.a.NewID(sc.s.job.Now), Asset: sc.target.Asset, Application: sc.target.Application, Flaw: flaw, Kind: o.Kind,
		Severity: o.Severity, Status: status, Decided: by, BranchOnly: !counts(sc.series.Ref, sc.target.DefaultRef),
		Score: j.Score, Priority: j.Priority, KEV: j.KEV, Fixable: j.Fixable, Tools: sc.toolBit,
		Place: finding.Place(o), Line: int32(o.Location.StartLine), FirstSeen: sc.at, Report: sc.s.job.Report,
	}, nil
}

// write puts what has gathered into the record.
func (sc *scan) write() error {
	began := sc.s.a.Elapsed()
	defer func() { sc.s.out.Write += sc.s.a.Elapsed() - began }()
	if err := sc.s.tx.InsertFindings(sc.s.ctx, sc.newFindings); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	if err := sc.s.tx.PutSightings(sc.s.ctx, sc.target.Asset, sc.newSightings); err != nil {
		return fmt.Errorf("write sightings: %w", err)
	}
	sc.newFindings, sc.newSightings = sc.newFindings[:0], sc.newSightings[:0]
	clear(sc.asked)
	if sc.fresh {
		return sc.keepDigests(sc.series.Next)
	}
	return nil
}
