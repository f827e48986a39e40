// Package weakness knows the Common Weakness Enumeration (CWE): the names of
// weaknesses, the tree they form, and the coarse class by which Stance tells
// whether two tools mean the same flaw although one calls it CWE-23 and the
// other CWE-22.
//
// The tree is the "Research Concepts" view (CWE-1000) of the catalogue
// version in the header of cwe.tsv; it is embedded, so every look-up works
// offline and gives the same answer on every machine.
package weakness

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// CWE is the number of an entry of the Common Weakness Enumeration. Zero
// names nothing.
type CWE int

// String returns the number as the catalogue writes it, "CWE-79".
func (c CWE) String() string { return "CWE-" + strconv.Itoa(int(c)) }

// maxCWE bounds what is taken for a CWE number. The catalogue stands below
// 2,000; the bound keeps CVE years, line numbers and timestamps out.
const maxCWE = 9999

// ParseCWE reads a CWE number as security tools write it: "CWE-79",
// "cwe-079", "CWE79", "CWE-79: Improper Neutralization…", "79", the CodeQL
// tag "external/cwe/cwe-079" and the URL of the catalogue's page. It says
// false for anything else, for "NVD-CWE-noinfo" and for CWE-0. The number
// need not be in the catalogue: tools run ahead of it.
func ParseCWE(s string) (CWE, bool) {
	s = strings.TrimSpace(s)
	if c, rest := leadingNumber(s); c != 0 && rest == "" {
		return c, true
	}
	lower := strings.ToLower(s)
	for _, mark := range []string{"cwe.mitre.org/data/definitions/", "cwe"} {
		for from := 0; ; {
			at := strings.Index(lower[from:], mark)
			if at < 0 {
				break
			}
			from += at + len(mark)
			if c, _ := leadingNumber(strings.TrimLeft(lower[from:], "-_:# \t")); c != 0 {
				return c, true
			}
		}
	}
	return 0, false
}

// leadingNumber reads the decimal number at the start of s and returns what
// stands behind it; 0 when there is none or it is out of range.
func leadingNumber(s string) (CWE, string) {
	end := 0
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil || n < 1 || n > maxCWE {
		return 0, s
	}
	return CWE(n), s[end:]
}

// Abstraction is how general an entry is, from Pillar (widest) to Variant.
type Abstraction byte

// The abstractions of the catalogue. Category and View are no weaknesses:
// they group weaknesses, and the catalogue forbids mapping a flaw to them,
// though tools do.
const (
	Pillar   Abstraction = 'P'
	ClassAbs Abstraction = 'C' // the catalogue's "Class"; see [Class] for ours
	Base     Abstraction = 'B'
	Variant  Abstraction = 'V'
	Compound Abstraction = 'X' // needs several weaknesses at once (CSRF)
	Category Abstraction = 'G'
	View     Abstraction = 'W'
)

// String returns the catalogue's word.
func (a Abstraction) String() string {
	switch a {
	case Pillar:
		return "Pillar"
	case ClassAbs:
		return "Class"
	case Base:
		return "Base"
	case Variant:
		return "Variant"
	case Compound:
		return "Compound"
	case Category:
		return "Category"
	case View:
		return "View"
	}
	return "Unknown"
}

// Usage is the catalogue's advice whether a flaw may be mapped to an entry.
type Usage byte

// The usages of the catalogue. Deprecated entries, categories and views are
// all Prohibited.
const (
	Allowed     Usage = 'A'
	Review      Usage = 'R' // allowed with review
	Discouraged Usage = 'D' // too general to be useful
	Prohibited  Usage = 'P'
)

// Weakness is one entry of the catalogue.
type Weakness struct {
	ID          CWE
	Name        string
	Abstraction Abstraction
	Usage       Usage
	Deprecated  bool
	// Parents are the entries this one is a ChildOf in view 1000, ascending.
	Parents []CWE
}

// Mappable reports whether a flaw can be an instance of this entry: it is a
// weakness, not a category or view, and not deprecated.
func (w Weakness) Mappable() bool {
	return !w.Deprecated && w.Abstraction != Category && w.Abstraction != View
}

//go:embed cwe.tsv
var data string

type catalogue struct {
	version string
	entries map[CWE]Weakness
	classes map[CWE]int // index into anchors
}

// loaded is parsed on first use and never changes afterwards.
var loaded = sync.OnceValue(func() *catalogue {
	c, err := parse(data)
	if err != nil { // the file is part of the binary: only a broken build gets here
		c = &catalogue{entries: map[CWE]Weakness{}}
	}
	c.classes = classify(c.entries)
	return c
})

// parse reads the lines of cwe.tsv: id, abstraction and usage as one letter
// each (usage lower case when deprecated), parents joined by commas, name.
func parse(text string) (*catalogue, error) {
	c := &catalogue{entries: make(map[CWE]Weakness, 1500)}
	for n := 1; text != ""; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if strings.HasPrefix(line, "#") {
			if v, ok := strings.CutPrefix(line, "# version "); ok {
				c.version = v
			}
			continue
		}
		id, rest, _ := strings.Cut(line, "\t")
		kind, rest, _ := strings.Cut(rest, "\t")
		parents, name, ok := strings.Cut(rest, "\t")
		num, tail := leadingNumber(id)
		if !ok || num == 0 || tail != "" || len(kind) != 2 {
			return nil, fmt.Errorf("parse CWE catalogue: line %d: malformed entry %q", n, line)
		}
		w := Weakness{ID: num, Name: name, Abstraction: Abstraction(kind[0]), Usage: Usage(kind[1] &^ 0x20), Deprecated: kind[1]&0x20 != 0}
		for parents != "" {
			var p string
			p, parents, _ = strings.Cut(parents, ",")
			pn, tail := leadingNumber(p)
			if pn == 0 || tail != "" {
				return nil, fmt.Errorf("parse CWE catalogue: line %d: malformed parent %q", n, p)
			}
			w.Parents = append(w.Parents, pn)
		}
		c.entries[num] = w
	}
	return c, nil
}

// CatalogueVersion is the version and date of the embedded catalogue, for
// display beside what was derived from it.
func CatalogueVersion() string { return loaded().version }

// Lookup returns the catalogue's entry. Categories, views and deprecated
// entries are found too; ask [Weakness.Mappable].
func Lookup(id CWE) (Weakness, bool) {
	w, ok := loaded().entries[id]
	return w, ok
}

// Ancestors lists every entry above id in view 1000, nearest first and
// ascending among equals; empty for a pillar, a category or an unknown id.
func Ancestors(id CWE) []CWE { return ancestors(loaded().entries, id) }

// IsA reports whether id is ancestor itself or lies below it.
func IsA(id, ancestor CWE) bool {
	if id == ancestor {
		return id != 0
	}
	entries := loaded().entries
	for _, p := range entries[id].Parents {
		if IsA(p, ancestor) {
			return true
		}
	}
	return false
}

// ancestors walks upwards breadth first.
func ancestors(entries map[CWE]Weakness, id CWE) []CWE {
	var out []CWE
	for level := entries[id].Parents; len(level) > 0; {
		var next []CWE
		for _, p := range sortedUnique(level) {
			if p == id || contains(out, p) {
				continue
			}
			out = append(out, p)
			next = append(next, entries[p].Parents...)
		}
		level = next
	}
	return out
}
