package sarif

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// properties are the members of a property bag that mean something by common
// use. The standard leaves the bag to each tool.
type properties struct {
	tags []string
	// scalar and listed hold the members named in wanted, lower-cased.
	scalar map[string]string
	listed map[string][]string
}

// wanted are the names, lower-cased, that tools are known to write.
func wanted(name string) bool {
	switch name {
	case "security-severity", "severity", "issue_severity", "securityrisk", "precision", "confidence", "issue_confidence",
		"name", "description", "guideline", "benchmark", "kind", "problem.severity",
		"cwe", "cwes", "cwe-id", "cweid", "cwe_id", "owasp", "cve", "cves", "aliases",
		"purl", "purls", "packageurl", "package", "packagename", "package_name", "component", "componentname", "pkgname",
		"version", "packageversion", "package_version", "componentversion", "installedversion", "installed_version",
		"fixedversion", "fixed_version", "fixedversions", "fix_version", "fixversion", "fixversions",
		"ecosystem", "componentorigin", "packagetype", "references", "attack", "param", "parameter", "evidence", "method",
		"resource", "resourcename", "resource_name", "license":
		return true
	}
	return false
}

func (p *properties) read(c *cursor) {
	for ok := c.object(); ok && c.member(); {
		if string(c.name) == "tags" {
			p.tags = c.strings()
			continue
		}
		var buf [24]byte
		name := buf[:0]
		for _, b := range c.name {
			if b >= 'A' && b <= 'Z' {
				b |= 0x20
			}
			name = append(name, b)
		}
		if !wanted(string(name)) {
			continue
		}
		switch c.kind() {
		case '[':
			if p.listed == nil {
				p.listed = map[string][]string{}
			}
			p.listed[string(name)] = c.strings()
		case '{':
		default:
			if p.scalar == nil {
				p.scalar = map[string]string{}
			}
			p.scalar[string(name)] = c.word()
		}
	}
}

// text is the first of these members that is said.
func (p *properties) text(names ...string) string {
	if p.scalar == nil && p.listed == nil {
		return ""
	}
	for _, n := range names {
		if s := p.scalar[n]; s != "" {
			return s
		}
		if l := p.listed[n]; len(l) > 0 {
			return l[0]
		}
	}
	return ""
}

// list is a member as a list, be it written as one string.
func (p *properties) list(name string) []string {
	if l := p.listed[name]; len(l) > 0 {
		return l
	}
	if s := p.scalar[name]; s != "" {
		return []string{s}
	}
	return nil
}

// cwes are the weaknesses in the tags and in members of their own.
func (p *properties) cwes() []int {
	var list []int
	for _, t := range p.tags {
		list = addCWE(list, cweOf(t, false))
	}
	if p.scalar == nil && p.listed == nil {
		return list
	}
	for _, name := range [...]string{"cwe", "cwes", "cwe-id", "cweid", "cwe_id"} {
		for _, s := range p.list(name) {
			list = addCWE(list, cweOf(s, true))
		}
	}
	return list
}

// score is the security-severity, 0 when unsaid or out of range; the code
// scanning services that read it take 0 as no rating, too.
func (p *properties) score() float64 {
	if p.scalar == nil {
		return 0
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(p.scalar["security-severity"]), 64)
	if err != nil || !(f > 0 && f <= 10) {
		return 0
	}
	return f
}

// severity is a word on a scale of severities, as some tools add because the
// three levels of SARIF are too coarse for them.
func (p *properties) severity() (finding.Severity, string) {
	if p.scalar == nil {
		return finding.SeverityUnknown, ""
	}
	for _, name := range [...]string{"severity", "issue_severity", "securityrisk", "security-severity"} {
		if w := p.scalar[name]; w != "" {
			if s := finding.SeverityOfWord(w); s != finding.SeverityUnknown {
				return s, w
			}
		}
	}
	return finding.SeverityUnknown, ""
}

func (p *properties) confidence() string {
	return p.text("precision", "confidence", "issue_confidence")
}

// labels are the tags and the OWASP category.
func (p *properties) labels() []string {
	return union(p.tags, p.list("owasp"))
}

// union is a new list of what is in either, in order, each once.
func union(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	list := make([]string, 0, len(a)+len(b))
	for _, l := range [2][]string{a, b} {
		for _, s := range l {
			if s != "" && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}
