package weakness

import (
	"slices"
	"strings"
)

// Class is what kind of flaw a weakness is, coarse enough that two tools
// which look at the same flaw name the same class: "sql-injection" for
// CWE-89 and for CWE-564. It is part of a finding's identity, so a name is
// never changed once released. A weakness outside every curated class is a
// class of its own, "cwe-1021"; the empty class means that no CWE is known.
type Class string

// Title returns words for people: "SQL injection". A class that is a CWE of
// its own gives the catalogue's name.
func (c Class) Title() string {
	for i := range anchors {
		if anchors[i].name == c {
			return anchors[i].title
		}
	}
	if id, ok := ParseCWE(string(c)); ok {
		if w, ok := Lookup(id); ok {
			return w.Name
		}
		return id.String()
	}
	return string(c)
}

// ClassOf returns the class of a flaw that tools gave these CWEs, in any
// order and with repetitions.
//
// One CWE belongs to the nearest curated class at or above it in the tree.
// Of several, those that merely generalise another of the list are dropped
// first (CWE-943 beside CWE-89 adds nothing), then the class that stands
// first in the curated list wins: it runs from narrow mechanisms to wide
// consequences, so {CWE-79, CWE-1321} is prototype pollution. Without any
// curated class the deepest weakness of the list speaks for itself.
func ClassOf(cwes []CWE) Class {
	c := loaded()
	switch len(cwes) {
	case 0:
		return ""
	case 1: // by far the most frequent case, free of allocation for curated classes
		return c.classOfOne(cwes[0])
	}
	list := specific(c.entries, cwes)
	best := len(anchors)
	for _, id := range list {
		if i, ok := c.classes[id]; ok {
			best = min(best, i)
		}
	}
	if best < len(anchors) {
		return anchors[best].name
	}
	deepest, depth := CWE(0), -1
	for _, id := range list { // ascending, so the lowest number wins a tie
		d := len(ancestors(c.entries, id))
		if w, ok := c.entries[id]; !ok || !w.Mappable() {
			d = -1
		}
		if deepest == 0 || d > depth {
			deepest, depth = id, d
		}
	}
	return c.classOfOne(deepest)
}

func (c *catalogue) classOfOne(id CWE) Class {
	if i, ok := c.classes[id]; ok {
		return anchors[i].name
	}
	if id <= 0 {
		return ""
	}
	return Class(strings.ToLower(id.String()))
}

// specific sorts the list and drops repetitions, non-positive numbers and
// every entry that is an ancestor of another.
func specific(entries map[CWE]Weakness, cwes []CWE) []CWE {
	list := slices.DeleteFunc(sortedUnique(cwes), func(id CWE) bool { return id <= 0 })
	var general []CWE
	for _, id := range list {
		general = append(general, ancestors(entries, id)...)
	}
	return slices.DeleteFunc(list, func(id CWE) bool { return contains(general, id) })
}

// classify finds the nearest anchor of every entry; of two equally near the
// one first in the curated list. A CWE set apart, and what lies below it
// only, inherits nothing.
func classify(entries map[CWE]Weakness) map[CWE]int {
	root, exact := map[CWE]int{}, map[CWE]int{}
	for i, a := range anchors {
		for _, id := range a.roots {
			root[id] = i
		}
		for _, id := range a.exact {
			exact[id] = i
		}
	}
	classes := make(map[CWE]int, len(entries))
	for id := range entries {
		if i, ok := exact[id]; ok {
			classes[id] = i
		} else if i, ok := nearest(entries, root, id); ok {
			classes[id] = i
		}
	}
	return classes
}

func nearest(entries map[CWE]Weakness, root map[CWE]int, id CWE) (int, bool) {
	for level := []CWE{id}; len(level) > 0; {
		best := len(anchors)
		var next []CWE
		for _, at := range level {
			if i, ok := root[at]; ok {
				best = min(best, i)
			} else if !slices.Contains(apart[:], at) {
				next = append(next, entries[at].Parents...)
			}
		}
		if best < len(anchors) {
			return best, true
		}
		level = next
	}
	return 0, false
}

func sortedUnique(ids []CWE) []CWE {
	out := slices.Clone(ids)
	slices.Sort(out)
	return slices.Compact(out)
}

func contains(ids []CWE, id CWE) bool { return slices.Contains(ids, id) }
