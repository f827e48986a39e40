package gate

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// Table holds the facts of one application between verdicts, cut into one
// segment per asset, with everything about them that has already been found
// out. It is safe for concurrent use; verdicts on one table take turns.
//
// What it remembers, from the bottom up:
//   - for each field that rules look at, a number for each distinct value;
//   - for each atom of a condition, the answer for each of those numbers, so
//     that CEL is asked once per distinct value and not once per finding;
//   - for each segment and rule, how many findings match and the worst of
//     them; replacing an asset drops only that asset's;
//   - for each rule, the sum over segments.
//
// All of it can be dropped at any time without changing a verdict.
type Table struct {
	mu       sync.Mutex
	segments map[string]*segment
	columns  map[string]*column
	answers  map[answerKey]*answers
	keys     map[resultKey]int // numbers for the names of results
	sums     []*sum            // by that number
	changes  uint64            // how often what the sums are over changed
	judged   uint64            // verdicts given, the clock of forgetting
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{segments: map[string]*segment{}, columns: map[string]*column{}, answers: map[answerKey]*answers{}, keys: map[resultKey]int{}}
}

// Replace makes findings all that is known of an asset. The table keeps the
// slice: the caller must not change it afterwards. The version is the
// caller's name for this state of the asset, see [Table.Version].
func (t *Table) Replace(asset fact.Asset, version string, findings []fact.Finding) {
	s := newSegment(asset, version, findings)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments[asset.ID] = s
	t.changes++
	t.compact()
}

// Remove forgets an asset. Removing one that is not there does nothing.
func (t *Table) Remove(assetID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.segments, assetID)
	t.changes++
}

// Version returns the version that the asset was last replaced with, and
// whether the table holds the asset. A caller compares it with its record to
// know which assets to replace.
func (t *Table) Version(assetID string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.segments[assetID]
	if !ok {
		return "", false
	}
	return s.version, true
}

// Assets returns the ids of the assets that the table holds, sorted.
func (t *Table) Assets() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.segments))
}

// compact starts the columns anew once most of their values are of findings
// that are gone. What they carry is recomputed when next asked for.
func (t *Table) compact() {
	rows := 0
	for _, s := range t.segments {
		rows += len(s.rows)
	}
	for _, c := range t.columns {
		if c.size > 4*rows+4096 {
			clear(t.columns)
			clear(t.answers)
			for _, s := range t.segments {
				clear(s.coded)
			}
			return
		}
	}
}

// ordered returns the segments by asset id.
func (t *Table) ordered() []*segment {
	out := slices.Collect(maps.Values(t.segments))
	slices.SortFunc(out, func(a, b *segment) int { return cmp.Compare(a.asset.ID, b.asset.ID) })
	return out
}

// segment is one asset with its findings.
type segment struct {
	asset   fact.Asset
	version string
	// rows are the open findings, the worst first, so that the worst matches
	// of a rule are its first set bits.
	rows       []*fact.Finding
	closed     map[string]int
	severities [finding.SeverityCritical + 1]int
	digest     [sha256.Size]byte
	assetSum   [sha256.Size]byte

	coded   map[*column]*coded
	results []*result // by the number of their names; nil when not yet known

	// waivable are the rows that have waivers; cover is what they amount to
	// at an instant.
	waivable []int32
	cover    cover
}

// cover is which rows are waived between two instants.
type cover struct {
	from, until time.Time // until is zero when nothing changes any more
	all         bitset    // rows waived for all rules; nil when none is
	byRule      map[string]bitset
	waived      int
}

func newSegment(asset fact.Asset, version string, findings []fact.Finding) *segment {
	s := &segment{asset: asset, version: version, closed: map[string]int{}, coded: map[*column]*coded{}}
	byID := make([]*fact.Finding, len(findings))
	for i := range findings {
		byID[i] = &findings[i]
	}
	slices.SortFunc(byID, func(a, b *fact.Finding) int { return cmp.Compare(a.ID, b.ID) })
	h := sha256.New()
	h.Write([]byte(asset.ID))
	fact.Assets().Digest(h, &asset)
	h.Sum(s.assetSum[:0])
	for _, f := range byID {
		fact.DigestFinding(h, f)
	}
	h.Sum(s.digest[:0])
	s.rows = slices.DeleteFunc(byID, func(f *fact.Finding) bool {
		if f.Closed != "" {
			s.closed[f.Closed]++
		}
		return f.Closed != ""
	})
	slices.SortStableFunc(s.rows, compareFindings)
	for i, f := range s.rows {
		s.severities[min(f.Severity, finding.SeverityCritical)]++
		if len(f.Waivers) > 0 {
			s.waivable = append(s.waivable, int32(i))
		}
	}
	return s
}

// compareFindings puts the worst first: by risk score with unknown ones
// last, by severity, by id.
func compareFindings(a, b *fact.Finding) int {
	if a.Score.Known != b.Score.Known {
		if a.Score.Known {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.Score.Value, a.Score.Value), cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.ID, b.ID))
}

// coverAt brings the cover of waivers to an instant. It returns whether it
// changed, which makes results that were computed under it stale.
func (s *segment) coverAt(now time.Time) bool {
	c := &s.cover
	if len(s.waivable) == 0 || (!c.from.IsZero() && !now.Before(c.from) && (c.until.IsZero() || now.Before(c.until))) {
		return false
	}
	*c = cover{from: now, byRule: map[string]bitset{}}
	for _, row := range s.waivable {
		all := false
		for _, w := range s.rows[row].Waivers {
			if !now.Before(w.Until) {
				continue // over, or without an end and so never valid
			}
			if c.until.IsZero() || w.Until.Before(c.until) {
				c.until = w.Until
			}
			if w.Rule == "" {
				all = true
				continue
			}
			set := c.byRule[w.Rule]
			if set == nil {
				set = newBits(len(s.rows))
				c.byRule[w.Rule] = set
			}
			set.set(int(row))
		}
		if all {
			if c.all == nil {
				c.all = newBits(len(s.rows))
			}
			c.all.set(int(row))
			c.waived++
		}
	}
	s.results = nil
	return true
}

// waiverOf returns the id of the first waiver that takes a finding out of a
// rule at an instant.
func waiverOf(f *fact.Finding, rule string, now time.Time) string {
	for _, w := range f.Waivers {
		if (w.Rule == "" || w.Rule == rule) && now.Before(w.Until) {
			return w.ID
		}
	}
	return ""
}

// context is what an answer hangs on besides the finding. Parts that the
// condition doesn't look at stay zero, so that answers outlive changes that
// don't concern them.
type context struct {
	app   [sha256.Size]byte
	asset [sha256.Size]byte
	stage policy.Stage
	day   int64
	now   int64
}

// result returns what the segment keeps under a number.
func (s *segment) result(key int) *result {
	if key < len(s.results) {
		return s.results[key]
	}
	return nil
}

// keep stores a result under a number.
func (s *segment) keep(key int, r *result) {
	if key >= len(s.results) {
		s.results = append(s.results, make([]*result, key+1-len(s.results))...)
	}
	s.results[key] = r
}

// resultKey names what a rule gave.
type resultKey struct {
	rule *policy.Rule
	list int
	ctx  context
}
