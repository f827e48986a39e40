package advisory

import "slices"

// Aliases tells what else an advisory is called.
type Aliases interface {
	// Aliases returns other ids of the same flaw, in any order and without
	// id itself; none when nothing is known. The answer may be one step only:
	// callers follow it.
	Aliases(id ID) []ID
}

// maxNames bounds an alias group. Real groups have two to six members; a
// larger one means that something links unrelated flaws.
const maxNames = 64

// Names returns every name of the flaw that id names: id itself, the CVE it
// spells out, and its aliases over any number of steps, best name first (see
// [Compare]). Umbrella advisories are neither returned nor followed, unless
// id is one: then it stands alone. A nil Aliases knows none.
func Names(id ID, aliases Aliases) []ID {
	names := []ID{id}
	if id.Umbrella() {
		return names
	}
	for i := 0; i < len(names) && len(names) < maxNames; i++ {
		if cve, ok := names[i].EmbeddedCVE(); ok {
			names = appendNew(names, cve)
		}
		if aliases == nil {
			continue
		}
		for _, other := range aliases.Aliases(names[i]) {
			if !other.Umbrella() {
				names = appendNew(names, other)
			}
		}
	}
	slices.SortFunc(names, Compare)
	return names
}

// Canonical chooses the id that stands for the flaw of one observation, whose
// tool lists ids with the one it leads with first. It returns "" for an empty
// list.
//
// A CVE is preferred, then a GHSA, an OSV-family id, a vendor's, another. A
// lead that is a CVE is always chosen: tools list neighbours ("see also
// CVE-2021-44228") behind it. Otherwise, kind by kind, a name in the lead's
// alias group wins (the lowest of several), then the only one of that kind in
// the whole list. When the list names several and nothing says which of them
// the lead means, the lead keeps its own best name: two findings where one
// would do are better than one finding that hides a flaw. So an umbrella
// advisory that names one CVE becomes this CVE, and one that names five
// stays itself.
func Canonical(ids []ID, aliases Aliases) ID {
	if len(ids) == 0 {
		return ""
	}
	lead := ids[0]
	if cve, ok := lead.EmbeddedCVE(); ok {
		return cve
	}
	own := Names(lead, aliases)
	if own[0].Kind() == CVE {
		return own[0]
	}
	var listed []ID
	for _, id := range ids {
		for _, name := range Names(id, aliases) {
			listed = appendNew(listed, name)
		}
	}
	for kind := CVE; kind <= Other; kind++ {
		if id, ok := firstOf(own, kind); ok {
			return id
		}
		switch id, n := countOf(listed, kind); {
		case n == 1:
			return id
		case n > 1:
			return own[0]
		}
	}
	return own[0]
}

func firstOf(sorted []ID, kind Kind) (ID, bool) {
	for _, id := range sorted {
		if id.Kind() == kind {
			return id, true
		}
	}
	return "", false
}

func countOf(ids []ID, kind Kind) (last ID, n int) {
	for _, id := range ids {
		if id.Kind() == kind {
			last = id
			n++
		}
	}
	return last, n
}

func appendNew(ids []ID, id ID) []ID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}
