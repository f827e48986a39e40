package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// scoredBy sums up what a score knows of a flaw. When it changes, findings
// that share the flaw are scored anew.
func scoredBy(f *finding.Flaw) string {
	epss, verified := "", ""
	if f.EPSS != nil {
		epss = fmt.Sprint(*f.EPSS)
	}
	if f.Verified != nil {
		verified = fmt.Sprint(*f.Verified)
	}
	return fmt.Sprintf("%q %q %q %q %v %s %t %t", f.Advisory, f.Advisories, epss, f.Confidence, f.CVSS, verified, f.KEV, f.Fixable())
}

func firstCWE(f *finding.Flaw) int {
	if len(f.CWEs) == 0 {
		return 0
	}
	return f.CWEs[0]
}

func componentText(f *finding.Flaw) string {
	c := f.Component
	if c == nil {
		return ""
	}
	name := c.Name
	switch {
	case c.Group == "":
	case c.Ecosystem == "maven":
		name = c.Group + ":" + c.Name
	default:
		name = c.Group + "/" + c.Name
	}
	if c.Version != "" {
		name += " " + c.Version
	}
	return name
}

// maxSearch bounds the text that searches look through for one flaw.
const maxSearch = 600

// searchText is what free-text search looks through: lower case.
func searchText(f *finding.Flaw) string {
	s := strings.ToLower(strings.Join([]string{f.Title, f.Check.ID, f.Check.Title, strings.Join(f.Advisories, " "), componentText(f)}, " "))
	if len(s) > maxSearch {
		s = strings.ToValidUTF8(s[:maxSearch], "")
	}
	return s
}

// flawTerms are the exact words that filters ask for.
func flawTerms(f *finding.Flaw) []string {
	terms := []string{"chk:" + strings.ToLower(f.Check.ID)}
	if f.Advisory != "" {
		terms = append(terms, "adv:"+strings.ToUpper(f.Advisory))
	}
	for _, a := range f.Advisories {
		terms = append(terms, "adv:"+strings.ToUpper(a))
	}
	for _, c := range f.CWEs {
		terms = append(terms, fmt.Sprintf("cwe:%d", c))
	}
	if c := f.Component; c != nil && c.Name != "" {
		terms = append(terms, "pkg:"+strings.ToLower(c.Name))
		if c.Group != "" {
			terms = append(terms, "pkg:"+strings.ToLower(c.Group+"/"+c.Name), "pkg:"+strings.ToLower(c.Group+":"+c.Name))
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}
