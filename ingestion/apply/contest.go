package apply

import (
	"encoding/binary"

	"github.com/stance-aspm/stance/domain/finding"
)

// offer returns what finds sightings by their records, once for a scan. A
// scan older than what is known is read in full: it may contradict the newer
// word.
func (sc *scan) offer() *recaller {
	if sc.offered || sc.fresh || sc.late() {
		return nil
	}
	sc.offered = true
	return sc.recall.recaller(sc.series.Present)
}

// keepDigests stores the digests of sightings below a number.
func (sc *scan) keepDigests(below uint32) error {
	return sc.recall.take(below, func(part uint32, b []byte) error {
		return sc.s.tx.PutDigests(sc.s.ctx, sc.series.ID, part, b)
	})
}

// contest decides which sightings of the series observations have to be
// matched with, and loads them.
//
// A sighting whose record came again is left out when all present sightings
// with its key came again and nothing else has the key: then matching would
// give each its own, because equal lines and contents pair first, and nothing
// would be left over for the looser rules. Where anything about a key is in
// doubt, all sightings with it are matched, those that came again with
// observations made of what is known of them.
func (sc *scan) contest() error {
	missing := sc.series.Present.Clone()
	missing.AndNot(sc.recalled)
	if len(sc.ids) == 0 && missing.IsEmpty() {
		sc.clean.Or(sc.recalled)
		return nil
	}
	all := sc.recalled.IsEmpty()
	keys, shared := map[finding.Key]bool{}, map[finding.ID]bool{}
	if !all {
		for i := range sc.ids {
			keys[sc.ids[i].Key] = true
		}
		for _, others := range sc.renamed {
			for i := range others {
				keys[others[i].Key] = true
			}
		}
		if err := sc.s.tx.EachSighting(sc.s.ctx, sc.series.ID, func(s *Sighting) {
			if missing.Contains(s.N) {
				keys[s.ID.Key] = true
			}
			if s.Join != JoinFirst && !sc.recalled.Contains(s.N) { // the finding may be counted once more
				shared[s.Finding] = true
			}
		}); err != nil {
			return err
		}
	} else {
		sc.known = make([]Sighting, 0, sc.series.Next)
	}
	return sc.s.tx.EachSighting(sc.s.ctx, sc.series.ID, func(s *Sighting) {
		again := sc.recalled.Contains(s.N)
		if all || keys[s.ID.Key] || shared[s.Finding] {
			sc.known = append(sc.known, *s)
			if again {
				sc.ids = append(sc.ids, s.ID)
				sc.seen = append(sc.seen, seenObservation{at: s.At, severity: s.Severity, claim: s.Claim, vex: s.VEX, digest: sc.recall.of(s.N)})
			}
		} else if again {
			sc.clean.Add(s.N)
			if len(sc.others) > 1 {
				sc.backed[s.Finding] = true
			}
		}
	})
}

// countRecalled counts the findings of sightings that were not matched. None
// of them is shared with another sighting of the series. Those whose status
// turned all the same are told in the history instead.
func (sc *scan) countRecalled(turns []StatusTurn) error {
	n := int64(sc.clean.GetCardinality())
	var ids []finding.ID
	for _, t := range turns {
		if _, ok := sc.touched[t.Finding]; !ok && n > 0 {
			ids = append(ids, t.Finding)
		}
	}
	if len(ids) > 0 {
		backing, err := sc.s.tx.Backing(sc.s.ctx, ids)
		if err != nil {
			return err
		}
		for i := range backing {
			if backing[i].Series == sc.series.ID && sc.clean.Contains(backing[i].N) {
				n--
			}
		}
	}
	sc.s.out.Unchanged += n
	return nil
}

// says returns the sighting of the series that says the same as an
// observation at the same place.
func (sc *scan) says(id *finding.Identity) (n uint32, ok bool, err error) {
	if sc.contents == nil {
		sc.contents = newContentIndex(sc.series.Next)
		if err := sc.s.tx.EachSighting(sc.s.ctx, sc.series.ID, func(s *Sighting) { sc.contents.add(&s.ID, s.N) }); err != nil {
			return 0, false, err
		}
	}
	n, ok = sc.contents.find(id)
	return n, ok, nil
}

// contentIndex finds sightings by key and content: open addressing over plain
// arrays, about 20 bytes a sighting where a map takes three times that.
type contentIndex struct {
	hashes  []uint64 // 0: free
	numbers []uint32
}

func newContentIndex(n uint32) *contentIndex {
	size := 16
	for size < int(n)*4/3 {
		size *= 2
	}
	return &contentIndex{make([]uint64, size), make([]uint32, size)}
}

// contentHash mixes what are hashes already.
func contentHash(id *finding.Identity) uint64 {
	return max(1, id.Content^binary.LittleEndian.Uint64(id.Key[:])*0x9E3779B97F4A7C15^binary.LittleEndian.Uint64(id.Key[8:]))
}

// slot returns where a hash is or belongs.
func (x *contentIndex) slot(h uint64) int {
	mask := len(x.hashes) - 1
	at := int(h) & mask
	for x.hashes[at] != 0 && x.hashes[at] != h {
		at = (at + 1) & mask
	}
	return at
}

// add enters a sighting; the last of equal ones is found.
func (x *contentIndex) add(id *finding.Identity, n uint32) {
	h := contentHash(id)
	at := x.slot(h)
	x.hashes[at], x.numbers[at] = h, n
}

func (x *contentIndex) find(id *finding.Identity) (n uint32, ok bool) {
	at := x.slot(contentHash(id))
	return x.numbers[at], x.hashes[at] != 0
}
