package apply

import (
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"
)

var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func scanSet(id int64, day int, full bool, seen ...uint32) ScanSet {
	return ScanSet{ID: id, At: day0.AddDate(0, 0, day), Full: full, Seen: roaring.BitmapOf(seen...)}
}

func TestFold(t *testing.T) {
	many := make([]uint32, 30)
	for i := range many {
		many[i] = uint32(i)
	}
	confirmed := scanSet(2, 2, true)
	confirmed.Confirmed = true
	doubtful := scanSet(2, 2, true, 1)
	doubtful.Doubt = "2 records could not be read"
	gone := scanSet(2, 2, false)
	gone.Gone = roaring.BitmapOf(1)
	for name, c := range map[string]struct {
		scans   []ScanSet
		present []uint32
		held    int
	}{
		"full replaces":              {[]ScanSet{scanSet(1, 1, true, 1, 2), scanSet(2, 2, true, 2, 3)}, []uint32{2, 3}, 0},
		"part adds":                  {[]ScanSet{scanSet(1, 1, true, 1, 2), scanSet(2, 2, false, 3)}, []uint32{1, 2, 3}, 0},
		"late full scan is history":  {[]ScanSet{scanSet(1, 5, true, 1, 2), scanSet(2, 2, true, 7)}, []uint32{1, 2}, 0},
		"late part before full":      {[]ScanSet{scanSet(1, 5, true, 1), scanSet(2, 2, false, 7)}, []uint32{1}, 0},
		"empty is held":              {[]ScanSet{scanSet(1, 1, true, 1, 2), scanSet(2, 2, true)}, []uint32{1, 2}, 1},
		"confirmed empty closes":     {[]ScanSet{scanSet(1, 1, true, 1, 2), confirmed}, nil, 0},
		"much smaller is held":       {[]ScanSet{scanSet(1, 1, true, many...), scanSet(2, 2, true, 1, 2)}, many, 1},
		"somewhat smaller closes":    {[]ScanSet{scanSet(1, 1, true, many...), scanSet(2, 2, true, many[:20]...)}, many[:20], 0},
		"unread records are doubted": {[]ScanSet{scanSet(1, 1, true, 1, 2), doubtful}, []uint32{1, 2}, 1},
		"said to be gone":            {[]ScanSet{scanSet(1, 1, true, 1, 2), gone}, []uint32{2}, 0},
	} {
		got, held := Fold(c.scans)
		if !got.Equals(roaring.BitmapOf(c.present...)) || len(held) != c.held {
			t.Errorf("%s: present %v, held %v", name, got.ToArray(), held)
		}
	}
}

// TestFoldOrder: whatever order scans come in, the end is the same, and the
// timelines of all sightings end in what Fold says.
func TestFoldOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "scans")
		scans := make([]ScanSet, n)
		for i := range scans {
			seen := rapid.SliceOfN(rapid.Uint32Range(0, 40), 0, 40).Draw(t, "seen")
			scans[i] = scanSet(int64(i), rapid.IntRange(0, 5).Draw(t, "day"), rapid.Bool().Draw(t, "full"), seen...)
			scans[i].Confirmed = rapid.Bool().Draw(t, "confirmed")
		}
		want, wantHeld := Fold(scans)
		got, gotHeld := Fold(rapid.Permutation(scans).Draw(t, "order"))
		if !want.Equals(got) || len(wantHeld) != len(gotHeld) {
			t.Fatalf("in order %v, otherwise %v", want.ToArray(), got.ToArray())
		}
		for s := uint32(0); s <= 40; s++ {
			turns := Timeline(scans, s)
			last := len(turns) > 0 && turns[len(turns)-1].Present
			if last != want.Contains(s) {
				t.Fatalf("sighting %d: timeline %v, present %v", s, turns, want.Contains(s))
			}
		}
	})
}
