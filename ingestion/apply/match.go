package apply

import (
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
)

// Join says why an observation belongs to its finding.
type Join uint8

// The rules by which observations are joined, with how sure each is.
const (
	JoinFirst     Join = iota // the observation that made the finding
	JoinSame                  // same identity as in an earlier scan, or twice in one report
	JoinTool                  // the tool's own fingerprint
	JoinMoved                 // same code, secret, resource or advisory at another place
	JoinNear                  // same check in the same file nearby; the code was edited
	JoinOtherTool             // another tool reports the same identity
	JoinOtherRef              // the same tool on another branch or tag
	JoinPackage               // same advisory and component; the tools name the place differently
	JoinLine                  // same sort of flaw on the same line; a tool does not show the code
	JoinRenamed               // the same, but for the id that the tool gives its check
)

var joins = [...]struct {
	rule       string
	confidence float64
}{
	JoinFirst:     {"first observation", 1},
	JoinSame:      {"same identity", 1},
	JoinTool:      {"the tool's own fingerprint", 0.97},
	JoinMoved:     {"moved: the same at another place", 0.9},
	JoinNear:      {"edited: same check close by", 0.75},
	JoinOtherTool: {"another tool, same identity", 0.95},
	JoinOtherRef:  {"same identity on another branch", 0.98},
	JoinPackage:   {"same advisory and component, place named differently", 0.9},
	JoinLine:      {"same weakness on the same line of the same revision", 0.9},
	JoinRenamed:   {"the tool renamed its check", 0.95},
}

// Rule returns the words for people, Confidence how sure the rule is, 0 to 1.
func (j Join) Rule() string { return joins[min(int(j), len(joins)-1)].rule }

// Confidence is how sure the rule is, 0 to 1.
func (j Join) Confidence() float64 { return joins[min(int(j), len(joins)-1)].confidence }

// nearLines is how far an edited place may have moved to be the same.
const nearLines = 10

// match is the result of assigning a scan's observations to the sightings of
// its series.
type match struct {
	of  []int32 // for every observation the index of its sighting, or -1
	how []Join  // for matched observations the rule
}

// assign matches observations with known sightings: first by identity, then
// what is left over by the tool's fingerprint, by what stays when a flaw
// moves, and by what stays when its code is edited. Leftovers are matched
// only when it is clear which belongs to which; doubt makes a new finding.
// present tells which known sightings may have moved: those of the scan
// before.
func assign(obs []finding.Identity, known []Sighting, present func(n uint32) bool) match {
	m := match{of: make([]int32, len(obs)), how: make([]Join, len(obs))}
	for i := range m.of {
		m.of[i] = -1
	}
	if len(known) == 0 {
		return m
	}
	type sort struct {
		key  finding.Key
		text uint64
	}
	byKey := groupKnown(known, func(s *Sighting) sort { return sort{s.ID.Key, s.ID.Text} })
	taken := make([]bool, len(known))
	for key, os := range groupObs(obs, nil, func(id *finding.Identity) sort { return sort{id.Key, id.Text} }) {
		if ks := byKey[key]; ks != nil {
			pairSiblings(obs, os, known, ks, present, func(o, k int32) {
				m.of[o], m.how[o], taken[k] = k, JoinSame, true
			})
		}
	}
	for _, pass := range []struct {
		how Join
		fp  func(*finding.Identity) uint64
	}{
		{JoinTool, func(id *finding.Identity) uint64 { return id.Tool }},
		{JoinMoved, func(id *finding.Identity) uint64 { return id.Moved }},
		{JoinNear, func(id *finding.Identity) uint64 { return id.Near }},
	} {
		left := groupObs(obs, func(i int) bool { return m.of[i] < 0 }, func(id *finding.Identity) uint64 { return pass.fp(id) })
		if len(left) == 0 {
			break
		}
		gone := map[uint64][]int32{}
		for k := range known {
			if fp := pass.fp(&known[k].ID); fp != 0 && !taken[k] && present(known[k].N) {
				gone[fp] = append(gone[fp], int32(k))
			}
		}
		for fp, os := range left {
			ks := gone[fp]
			if fp == 0 || len(ks) != len(os) { // nothing, or not clear which is which
				continue
			}
			byLine(obs, os)
			byKnownLine(known, ks)
			for i, o := range os {
				if pass.how == JoinNear && abs(obs[o].Line-known[ks[i]].ID.Line) > nearLines {
					continue
				}
				m.of[o], m.how[o], taken[ks[i]] = ks[i], pass.how, true
			}
		}
	}
	return m
}

// pairSiblings pairs observations and sightings of one key. Those that were
// there in the scan before come first: code that was fixed long ago does not
// come back because its twin moved.
func pairSiblings(obs []finding.Identity, os []int32, known []Sighting, ks []int32, present func(n uint32) bool, pair func(o, k int32)) {
	if len(os) == 1 && len(ks) == 1 {
		pair(os[0], ks[0])
		return
	}
	byLine(obs, os)
	byKnownLine(known, ks)
	var there, old []int32
	for _, k := range ks {
		if present(known[k].N) {
			there = append(there, k)
		} else {
			old = append(old, k)
		}
	}
	for _, group := range [][]int32{there, old} {
		os = pairGroup(obs, os, known, group, pair)
	}
}

// pairGroup pairs siblings, both sorted by line, and returns the observations
// that are left over. Where the key alone is exact, what says the same is
// paired, then the rest in order. Siblings on lines are paired by the shift
// that explains most of them: lines added or removed above move all together.
// When as many came as there were and no shift stands out, they keep their
// order.
func pairGroup(obs []finding.Identity, os []int32, known []Sighting, ks []int32, pair func(o, k int32)) []int32 {
	if len(os) == 0 || len(ks) == 0 {
		return os
	}
	if obs[os[0]].Line == 0 && obs[os[len(os)-1]].Line == 0 {
		os, ks = pairWhere(os, ks, func(o, k int32) int { return order(&obs[o], &known[k].ID) }, pair)
	} else if shift, clear := commonShift(obs, os, known, ks); clear || len(os) != len(ks) {
		if shift == 0 {
			os, ks = pairWhere(os, ks, func(o, k int32) int { return order(&obs[o], &known[k].ID) }, pair)
		}
		os, ks = pairWhere(os, ks, func(o, k int32) int { return int(obs[o].Line) - int(shift) - int(known[k].ID.Line) }, pair)
	}
	n := min(len(os), len(ks))
	for i := range n {
		pair(os[i], ks[i])
	}
	return os[n:]
}

// pairWhere pairs what compares equal and returns the rest in order.
func pairWhere(os, ks []int32, compare func(o, k int32) int, pair func(o, k int32)) (restO, restK []int32) {
	i, j := 0, 0
	for i < len(os) && j < len(ks) {
		switch c := compare(os[i], ks[j]); {
		case c == 0:
			pair(os[i], ks[j])
			i, j = i+1, j+1
		case c < 0:
			restO = append(restO, os[i])
			i++
		default:
			restK = append(restK, ks[j])
			j++
		}
	}
	return append(restO, os[i:]...), append(restK, ks[j:]...)
}

// maxShifts bounds how many pairs of siblings are looked at for their shift;
// beyond it only the likely shifts are tried.
const maxShifts = 1 << 14

// commonShift returns the number of lines by which most siblings moved, of
// equally good ones the smallest. It is clear when it explains at least two
// and no other shift explains as many.
func commonShift(obs []finding.Identity, os []int32, known []Sighting, ks []int32) (shift int32, clear bool) {
	votes := map[int32]int{}
	if len(os)*len(ks) <= maxShifts {
		for _, o := range os {
			for _, k := range ks {
				votes[obs[o].Line-known[k].ID.Line]++
			}
		}
	} else {
		for _, d := range []int32{0, obs[os[0]].Line - known[ks[0]].ID.Line, obs[os[len(os)-1]].Line - known[ks[len(ks)-1]].ID.Line} {
			votes[d] = 0
			pairWhere(os, ks, func(o, k int32) int { return int(obs[o].Line) - int(d) - int(known[k].ID.Line) }, func(_, _ int32) { votes[d]++ })
		}
	}
	best := 0
	for d, n := range votes {
		switch {
		case n > best:
			best, shift, clear = n, d, n > 1
		case n == best:
			clear = false
			if abs(d) < abs(shift) || abs(d) == abs(shift) && d < shift {
				shift = d
			}
		}
	}
	return shift, clear
}

func less(a, b *finding.Identity) bool {
	if a.Line != b.Line {
		return a.Line < b.Line
	}
	return a.Content < b.Content
}

func order(a, b *finding.Identity) int {
	switch {
	case less(a, b):
		return -1
	case less(b, a):
		return 1
	}
	return 0
}

func byLine(obs []finding.Identity, os []int32) {
	slices.SortStableFunc(os, func(a, b int32) int { return order(&obs[a], &obs[b]) })
}

func byKnownLine(known []Sighting, ks []int32) {
	slices.SortStableFunc(ks, func(a, b int32) int { return order(&known[a].ID, &known[b].ID) })
}

func groupObs[K comparable](obs []finding.Identity, take func(i int) bool, key func(*finding.Identity) K) map[K][]int32 {
	out := map[K][]int32{}
	for i := range obs {
		if take == nil || take(i) {
			k := key(&obs[i])
			out[k] = append(out[k], int32(i))
		}
	}
	return out
}

func groupKnown[K comparable](known []Sighting, key func(*Sighting) K) map[K][]int32 {
	out := make(map[K][]int32, len(known))
	for i := range known {
		k := key(&known[i])
		out[k] = append(out[k], int32(i))
	}
	return out
}

func abs(n int32) int32 {
	if n < 0 {
		return -n
	}
	return n
}
