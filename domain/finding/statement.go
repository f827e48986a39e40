package finding

import (
	"slices"
	"strings"
	"time"
)

// Statement is what a VEX document says of an advisory in a product: whether
// the product is affected, who says so and when. It is kept whether or not a
// scanner ever finds the flaw, and never makes a finding by itself.
type Statement struct {
	// Advisory is the canonical id, Names all ids that the document gives.
	Advisory string
	Names    []string
	// Component is the part of the product that the statement is about; one
	// without a name is the product as a whole, one without a version every
	// version.
	Component Component
	// Product is the product as the document names it; empty when it names
	// none.
	Product string
	Claim   Claim
	Author  string
	Trust   Trust
	At      time.Time
	Report  string
}

// Trust is how much the author of a statement is believed. A larger one
// outranks a smaller.
type Trust uint8

// The order of trust, unless an organisation lists its own.
const (
	TrustScanner  Trust = iota + 1 // a scanner repeats it
	TrustSupplier                  // whoever makes the product or its parts
	TrustOwn                       // the organisation itself
)

var trustNames = [...]string{"", "scanner", "supplier", "own"}

// String returns the lower-case name.
func (t Trust) String() string { return trustNames[min(int(t), len(trustNames)-1)] }

// ParseTrust returns the trust with that name, or 0.
func ParseTrust(s string) Trust { return Trust(max(slices.Index(trustNames[1:], s)+1, 0)) }

// About reports whether the statement is about a flaw: the same advisory, in
// the same component where the statement names one.
func (s *Statement) About(f *Flaw) bool {
	return s.sameAdvisory(f) && s.sameComponent(f.Component)
}

// sameAdvisory compares names. A flaw that has a CVE is not taken for another
// CVE that its tool lists beside it.
func (s *Statement) sameAdvisory(f *Flaw) bool {
	if f.Advisory == "" {
		return false
	}
	if strings.EqualFold(s.Advisory, f.Advisory) || containsFold(s.Names, f.Advisory) {
		return true
	}
	return !isCVE(s.Advisory) && containsFold(f.Advisories, s.Advisory)
}

func isCVE(id string) bool { return len(id) > 4 && strings.EqualFold(id[:4], "CVE-") }

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, s) })
}

func (s *Statement) sameComponent(c *Component) bool {
	w := &s.Component
	if w.Name == "" {
		return true
	}
	if c == nil || !strings.EqualFold(w.Name, c.Name) || !strings.EqualFold(w.Group, c.Group) {
		return false
	}
	if w.Ecosystem != "" && c.Ecosystem != "" && !strings.EqualFold(w.Ecosystem, c.Ecosystem) {
		return false
	}
	return w.Version == "" || c.Version == "" || w.Version == c.Version
}

// affects says which way a statement points: 1 affected, -1 not, 0 open.
func (s *Statement) affects() int {
	switch s.Claim.State {
	case ClaimAffected:
		return 1
	case ClaimNotAffected, ClaimFalsePositive, ClaimFixed:
		return -1
	}
	return 0
}

// Statements are what is said about one asset, found by advisory.
type Statements struct {
	all  []Statement
	byID map[string][]int
}

// NewStatements makes them findable. A nil result, for none, answers too.
func NewStatements(all []Statement) *Statements {
	if len(all) == 0 {
		return nil
	}
	x := &Statements{all: all, byID: map[string][]int{}}
	for i := range all {
		for _, id := range append([]string{all[i].Advisory}, all[i].Names...) {
			id = strings.ToUpper(id)
			if at := x.byID[id]; id != "" && (len(at) == 0 || at[len(at)-1] != i) {
				x.byID[id] = append(at, i)
			}
		}
	}
	return x
}

// Standing returns the statements about a flaw that stand.
func (x *Statements) Standing(f *Flaw) []Statement {
	if x == nil {
		return nil
	}
	seen := map[int]bool{}
	var about []Statement
	for _, id := range append([]string{f.Advisory}, f.Advisories...) {
		for _, i := range x.byID[strings.ToUpper(id)] {
			if !seen[i] && x.all[i].About(f) {
				about = append(about, x.all[i])
			}
			seen[i] = true
		}
	}
	return Standing(about)
}

// Standing returns the statements that stand: of each author the newest, the
// most trusted first, among equals the newest. Authors who say opposite
// things at the same time are all kept; the one that keeps the finding open
// comes first.
func Standing(all []Statement) []Statement {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b Statement) int {
		switch {
		case a.Trust != b.Trust:
			return int(b.Trust) - int(a.Trust)
		case !a.At.Equal(b.At):
			return b.At.Compare(a.At)
		case a.affects() != b.affects():
			return b.affects() - a.affects()
		}
		return strings.Compare(a.Author, b.Author)
	})
	newest := map[string]time.Time{}
	for _, s := range out {
		if at, ok := newest[s.Author]; !ok || s.At.After(at) {
			newest[s.Author] = s.At
		}
	}
	return slices.DeleteFunc(out, func(s Statement) bool { return s.At.Before(newest[s.Author]) })
}

// Stated is the claim that standing statements make: the first one's. The
// source marks it as VEX, which outranks what scanners claim.
func Stated(standing []Statement) Claim {
	if len(standing) == 0 {
		return Claim{}
	}
	c := standing[0].Claim
	c.Source = "vex"
	return c
}

// Conflicts tells in words where statements that stand disagree with each
// other or with evidence that the flaw can be reached. Each names who says
// what; nothing is left out because something else decided.
func Conflicts(standing []Statement, reachable []string) []string {
	var out []string
	for i := range standing {
		for j := i + 1; j < len(standing); j++ {
			if a, b := &standing[i], &standing[j]; a.affects()*b.affects() < 0 {
				out = append(out, a.who()+" says "+a.word()+", "+b.who()+" says "+b.word())
			}
		}
	}
	for i := range standing {
		if s := &standing[i]; s.affects() < 0 && len(reachable) > 0 && s.Claim.State != ClaimFixed {
			out = append(out, s.who()+" says "+s.word()+", "+strings.Join(reachable, ", ")+" found the flaw to be reachable")
		}
	}
	return out
}

func (s *Statement) who() string {
	if s.Author == "" {
		return "a statement without an author"
	}
	return s.Author
}

func (s *Statement) word() string { return strings.ReplaceAll(string(s.Claim.State), "_", " ") }

// Trusted is an entry of an organisation's list: how much authors are
// trusted whose name matches. "*" in it stands for any text; case does not
// count.
type Trusted struct {
	Author string
	Trust  Trust
}

// TrustList says whom an organisation trusts how much. The first entry that
// matches decides; whoever is not listed is taken for the supplier.
type TrustList []Trusted

// Of returns the trust in an author.
func (l TrustList) Of(author string) Trust {
	for _, e := range l {
		if matches(strings.ToLower(e.Author), strings.ToLower(author)) {
			return e.Trust
		}
	}
	return TrustSupplier
}

// matches reports whether a name fits a pattern with "*".
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, last)
}
