package apply

import (
	"maps"
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
)

// renamed knows by which other ids the checks of one document went or will
// go: of old and new versions of a tool reports come in any order.
type renamed struct {
	doc   int
	names map[string][]string
}

// otherNames lists for each check the ids that it was called before, the
// nearest first, and then those that it was given later. Two checks that
// became one are not each other's names.
func otherNames(renames map[string]string) map[string][]string {
	out := map[string][]string{}
	for _, old := range slices.Sorted(maps.Keys(renames)) {
		chain := []string{old}
		for name, ok := renames[old]; ok && !slices.Contains(chain, name); name, ok = renames[name] {
			chain = append(chain, name)
		}
		out[old] = append(out[old], chain[1:]...)
		for i, name := range chain[1:] {
			if i == 0 {
				out[name] = slices.Insert(out[name], 0, old)
			} else {
				out[name] = append(out[name], old)
			}
		}
	}
	return out
}

// otherwise lists who an observation would be if its tool had not renamed the
// check.
func (sc *scan) otherwise(o *finding.Observation, adv string) []finding.Identity {
	s := sc.s
	if s.renamed == nil || s.renamed.doc != s.doc {
		s.renamed = &renamed{doc: s.doc, names: otherNames(s.job.Documents[s.doc].Format.Format.Renames)}
	}
	names := s.renamed.names[o.Check.ID]
	if len(names) == 0 {
		return nil
	}
	out := make([]finding.Identity, len(names))
	for i, name := range names {
		other := *o
		other.Check.ID = name
		out[i] = finding.Identify(&other, sc.tool, adv)
		out[i].Basis = ""
	}
	return out
}

// assignRenamed matches what [assign] left over by who the observations were
// under other names of their checks.
func assignRenamed(m match, others map[int][]finding.Identity, known []Sighting, present func(n uint32) bool) {
	for turn := 0; ; turn++ {
		var of []int
		var ids []finding.Identity
		for _, i := range slices.Sorted(maps.Keys(others)) {
			if m.of[i] < 0 && turn < len(others[i]) {
				of, ids = append(of, i), append(ids, others[i][turn])
			}
		}
		if len(ids) == 0 {
			return
		}
		taken := make([]bool, len(known))
		for _, k := range m.of {
			if k >= 0 {
				taken[k] = true
			}
		}
		var at []int32
		var left []Sighting
		for k := range known {
			if !taken[k] {
				at, left = append(at, int32(k)), append(left, known[k])
			}
		}
		again := assign(ids, left, present)
		for j, i := range of {
			if k := again.of[j]; k >= 0 {
				m.of[i], m.how[i] = at[k], JoinRenamed
			}
		}
	}
}

// underOtherName finds the finding that the same tool reports elsewhere on the
// asset under another name of the check.
func (sc *scan) underOtherName(sg *Sighting, o *finding.Observation, adv string) (*Sighting, error) {
	for _, id := range sc.otherwise(o, adv) {
		cands, err := sc.candidates(id.Key, 0)
		if err != nil {
			return nil, err
		}
		own := make([]Sighting, 0, len(cands))
		for _, c := range cands {
			if c.ID.Key == id.Key && sc.byID[c.Series].Tool == sc.tool {
				own = append(own, c)
			}
		}
		other := *sg
		other.ID = id
		if c, _ := sc.choose(&other, own, o.Kind); c != nil {
			return c, nil
		}
	}
	return nil, nil
}
