// Package version compares versions of packages by the rules of their own
// ecosystem and decides whether a version lies within a constraint. A version
// is not one thing: 1.0-rc1 comes before 1.0 in Maven and after it for dpkg,
// and only the ecosystem tells.
package version

import (
	"fmt"
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// orderings translates purl types to the names under which OSV knows an
// ecosystem's rules. Distributions of one package manager share its rules.
var orderings = map[string]string{
	"alpm": "Red Hat", // pacman's vercmp is a port of rpm's
	"apk":  "Alpine", "bitnami": "Bitnami", "cargo": "crates.io", "composer": "Packagist", "conan": "ConanCenter", "cran": "CRAN",
	"deb": "Debian", "gem": "RubyGems", "golang": "Go", "hackage": "Hackage", "hex": "Hex", "julia": "Julia", "maven": "Maven",
	"npm": "npm", "nuget": "NuGet", "pub": "Pub", "pypi": "PyPI", "rpm": "Red Hat", "swift": "SwiftURL",
}

// fallback orders the versions of ecosystems without rules of their own: by
// Semantic Versioning, leniently.
const fallback = "npm"

// maxLength bounds what is taken for a version. Rules with regular
// expressions and numbers of any size should not meet a megabyte of digits.
const maxLength = 256

// Compare returns -1, 0 or 1 as version a comes before, with or after b in the
// ecosystem, which is a purl type ("maven", "deb"); one that is not known is
// ordered by Semantic Versioning. Versions that are equal but for their
// spelling (1.0 and 1.0.0 in npm) compare as 0. ok is false when a or b is no
// version there.
func Compare(ecosystem, a, b string) (order int, ok bool) {
	if !orderable(a) || !orderable(b) {
		return 0, false
	}
	rules, known := orderings[ecosystem]
	if !known {
		rules = fallback
	}
	v, err := semantic.Parse(clean(ecosystem, a), rules)
	if err != nil {
		return 0, false
	}
	order, err = v.CompareStr(clean(ecosystem, b))
	return order, err == nil
}

// clean takes off the "v" that people and tools put before a version where the
// ecosystem's own rules would take it for a part of it.
func clean(ecosystem, v string) string {
	v = strings.TrimSpace(v)
	if len(v) > 1 && (v[0] == 'v' || v[0] == 'V') && '0' <= v[1] && v[1] <= '9' {
		v = v[1:]
	}
	if ecosystem == "pypi" {
		v = strings.ToLower(v)
	}
	return v
}

// orderable reports whether a text can be a version. Words alone ("latest",
// "${project.version}", "unknown") have no place in any order, though some
// rules would give them one.
func orderable(v string) bool {
	return len(v) <= maxLength && strings.ContainsAny(v, "0123456789") && !strings.ContainsAny(v, "${}")
}

// bound is one comparison: a version is Op than At.
type bound struct {
	op Op
	at string
}

// Op is a comparison.
type Op string

// The comparisons.
const (
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Equal        Op = "="
	NotEqual     Op = "!="
)

// allows reports whether a version that stands so to the bound satisfies it.
func (o Op) allows(order int) bool {
	switch o {
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case Greater:
		return order > 0
	case GreaterEqual:
		return order >= 0
	case NotEqual:
		return order != 0
	}
	return order == 0
}

// Constraint selects versions: alternatives of bounds that hold together. The
// zero Constraint selects every version, known or not.
type Constraint struct{ alternatives [][]bound }

// Any reports whether the constraint selects every version.
func (c Constraint) Any() bool { return len(c.alternatives) == 0 }

// String writes the constraint as ParseConstraint reads it.
func (c Constraint) String() string {
	out := make([]string, len(c.alternatives))
	for i, all := range c.alternatives {
		bounds := make([]string, len(all))
		for j, b := range all {
			bounds[j] = string(b.op) + " " + b.at
		}
		out[i] = strings.Join(bounds, ", ")
	}
	return strings.Join(out, " || ")
}

// Holds reports whether a version of the ecosystem satisfies the constraint.
// known is false when that can't be told, because the version is missing or
// has no place in the ecosystem's order.
func (c Constraint) Holds(ecosystem, v string) (holds, known bool) {
	if c.Any() {
		return true, true
	}
	known = true
	for _, all := range c.alternatives {
		switch h, k := together(all, ecosystem, v); {
		case h:
			return true, true
		case !k:
			known = false
		}
	}
	return false, known
}

// together reports whether all bounds hold. One that certainly fails decides,
// whatever the others are.
func together(all []bound, ecosystem, v string) (holds, known bool) {
	holds, known = true, true
	for _, b := range all {
		order, ok := 0, v != "" && v == b.at
		if !ok {
			order, ok = Compare(ecosystem, v, b.at)
		}
		switch {
		case !ok:
			holds, known = false, false
		case !b.op.allows(order):
			return false, true
		}
	}
	return holds, known
}

// limits of one constraint.
const (
	maxAlternatives = 16
	maxBounds       = 16
)

// ParseConstraint reads a constraint: bounds like "< 2.17.1" or ">=2.0 <2.17.1",
// with commas or spaces between those that hold together and "||" between
// alternatives; an interval as Maven and NuGet write it, "[2.0,2.17.1)" with
// either end open; or a version alone, which means that one. The operators are
// < <= > >= = (or ==) !=. Empty text selects every version.
func ParseConstraint(s string) (Constraint, error) {
	var c Constraint
	if strings.TrimSpace(s) == "" {
		return c, nil
	}
	for part := range strings.SplitSeq(s, "||") {
		all, err := parseBounds(strings.TrimSpace(part))
		if err != nil {
			return Constraint{}, fmt.Errorf("version constraint %q: %w", s, err)
		}
		if c.alternatives = append(c.alternatives, all); len(c.alternatives) > maxAlternatives {
			return Constraint{}, fmt.Errorf("version constraint: more than %d alternatives", maxAlternatives)
		}
	}
	return c, nil
}

func parseBounds(s string) ([]bound, error) {
	if s == "" {
		return nil, fmt.Errorf("nothing stands between two ||: write a version")
	}
	if strings.ContainsAny(s[:1], "[(") {
		return parseInterval(s)
	}
	var all []bound
	for s != "" {
		op, rest := cutOperator(s)
		end := strings.IndexAny(rest, ", <>=!")
		if end < 0 {
			end = len(rest)
		}
		at := rest[:end]
		switch {
		case at == "":
			return nil, fmt.Errorf("%q is followed by no version: write for example < 2.17.1", strings.TrimSpace(s[:len(s)-len(rest)]))
		case op == "" && len(all) > 0:
			return nil, fmt.Errorf("%q has no operator: write for example >= %s", at, at)
		case op == "":
			op = Equal
		}
		if all = append(all, bound{op, at}); len(all) > maxBounds {
			return nil, fmt.Errorf("more than %d bounds", maxBounds)
		}
		s = strings.TrimLeft(rest[end:], ", ")
	}
	return all, nil
}

// cutOperator takes the operator and the space behind it off the front; op is
// empty when none stands there.
func cutOperator(s string) (op Op, rest string) {
	for _, o := range [...]string{"<=", ">=", "==", "!=", "<", ">", "="} {
		if rest, ok := strings.CutPrefix(s, o); ok {
			if o == "==" {
				o = "="
			}
			return Op(o), strings.TrimLeft(rest, " ")
		}
	}
	return "", s
}

// parseInterval reads "[a,b)", "(,b]", "[a]".
func parseInterval(s string) ([]bound, error) {
	last := s[len(s)-1]
	if last != ']' && last != ')' || len(s) < 3 {
		return nil, fmt.Errorf("the interval %q is not closed: write for example [2.0,2.17.1)", s)
	}
	from, to, both := strings.Cut(s[1:len(s)-1], ",")
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if !both {
		if s[0] != '[' || last != ']' {
			return nil, fmt.Errorf("the interval %q holds no version: write [%s] for one version, [%s,) for it and later ones", s, from, from)
		}
		return []bound{{Equal, from}}, nil
	}
	var all []bound
	if from != "" {
		op := Greater
		if s[0] == '[' {
			op = GreaterEqual
		}
		all = append(all, bound{op, from})
	}
	if to != "" {
		op := Less
		if last == ']' {
			op = LessEqual
		}
		all = append(all, bound{op, to})
	}
	if len(all) == 0 || strings.ContainsAny(from+to, ",[]() ") {
		return nil, fmt.Errorf("the interval %q has no ends: write for example [2.0,2.17.1)", s)
	}
	return all, nil
}
