package apply

import (
	"sort"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// ScanSet is what one scan of a series saw: the evidence that presence is
// made of. Sightings are numbered within their series.
type ScanSet struct {
	ID   int64     // orders scans of the same time
	At   time.Time // valid time: when the scan was made
	Full bool      // the whole of the target was scanned, successfully
	// Confirmed says that a person let this scan close what it no longer
	// reports although it looked suspicious.
	Confirmed bool
	// Doubt is why a full scan is not trusted to close anything, beyond its
	// size ("3 records could not be read"); empty when there is none.
	Doubt string
	Seen  *roaring.Bitmap
	// Gone are sightings that the report itself says are fixed or absent.
	Gone *roaring.Bitmap
}

// A full scan that would close at least shrinkMin sightings and more than
// half of what was present closes nothing until a person confirms: a broken
// scanner and a great clean-up look the same in a report.
const (
	shrinkMin  = 10
	shrinkPart = 2
)

// Held says why a scan's closings are held back, or "".
func held(s *ScanSet, before *roaring.Bitmap) string {
	if !s.Full || s.Confirmed {
		return ""
	}
	missing := before.GetCardinality() - before.AndCardinality(s.Seen)
	switch {
	case missing == 0:
		return ""
	case s.Doubt != "":
		return s.Doubt
	case s.Seen.IsEmpty():
		return "the report is empty, the scan before was not"
	case missing >= shrinkMin && missing*shrinkPart > before.GetCardinality():
		return "the report is suddenly much smaller than the scan before"
	}
	return ""
}

// step returns what is present after a scan, given what was before. before is
// not changed.
func step(before *roaring.Bitmap, s *ScanSet) (after *roaring.Bitmap, why string) {
	why = held(s, before)
	if s.Full && why == "" {
		after = s.Seen.Clone()
	} else {
		after = roaring.Or(before, s.Seen)
	}
	if s.Gone != nil {
		after.AndNot(s.Gone)
	}
	return after, why
}

// Fold computes what is present after all scans of a series, in the order of
// their valid time whatever the order they came in, and which of them are
// held back.
func Fold(scans []ScanSet) (present *roaring.Bitmap, held map[int64]string) {
	held = map[int64]string{}
	present = fold(scans, func(s *ScanSet, why string, _ uint64) { held[s.ID] = why })
	return present, held
}

// fold is Fold that tells of each held scan, in order, with how many
// sightings it would close.
func fold(scans []ScanSet, tell func(s *ScanSet, why string, missing uint64)) *roaring.Bitmap {
	present := roaring.New()
	for _, s := range inOrder(scans) {
		after, why := step(present, s)
		if why != "" {
			tell(s, why, present.GetCardinality()-present.AndCardinality(s.Seen))
		}
		present = after
	}
	return present
}

// Turn is one change of a sighting's presence.
type Turn struct {
	At      time.Time
	Scan    int64
	Present bool
}

// Timeline returns when a sighting came and went.
func Timeline(scans []ScanSet, n uint32) []Turn {
	var turns []Turn
	present := roaring.New()
	was := false
	for _, s := range inOrder(scans) {
		present, _ = step(present, s)
		if is := present.Contains(n); is != was {
			turns = append(turns, Turn{s.At, s.ID, is})
			was = is
		}
	}
	return turns
}

// lastTurns returns when each of some sightings came or went last. It walks
// the scans once, however many sightings are asked for.
func lastTurns(scans []ScanSet, of *roaring.Bitmap) map[uint32]time.Time {
	out := map[uint32]time.Time{}
	present := roaring.New()
	for _, s := range inOrder(scans) {
		after, _ := step(present, s)
		turned := roaring.Xor(present, after)
		turned.And(of)
		for it := turned.Iterator(); it.HasNext(); {
			out[it.Next()] = s.At
		}
		present = after
	}
	return out
}

func inOrder(scans []ScanSet) []*ScanSet {
	out := make([]*ScanSet, len(scans))
	for i := range scans {
		out[i] = &scans[i]
	}
	sort.SliceStable(out, func(i, j int) bool {
		if !out[i].At.Equal(out[j].At) {
			return out[i].At.Before(out[j].At)
		}
		return out[i].ID < out[j].ID
	})
	return out
}
