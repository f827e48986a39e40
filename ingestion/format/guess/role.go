package guess

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/stance-aspm/stance/domain/finding"
)

// role is a field of a finding and how it is known by the names that tools
// give it and by what its values look like. Each gives 0 to 1; the names of
// a role stand from the best to the weakest.
type role struct {
	field string
	names []string
	// shape grades a value; nil for roles that are known by name alone.
	shape func(string) float64
	// need is the part that the shape must reach for a name to count.
	need float64
	// alone is how much the shape counts without a name.
	alone float64
	list  bool
}

var roles = []role{
	{field: "severity", names: []string{"severity", "risk level", "issue severity", "criticality", "risk", "threat", "severity level", "impact", "priority", "level", "rating"}, shape: severityShape, need: 0.7, alone: 0.55},
	{field: "advisory", names: []string{"cve", "cves", "vulnerability id", "vuln id", "advisory", "ghsa", "cve id", "identifiers", "advisory id", "aliases", "id", "name"}, shape: pattern(`(?i)^\W*(CVE-\d{4}-\d{4,}|GHSA(-\w{4}){3}|[A-Z]{2,8}-\d{4}[-:]\d+)`), need: 0.4, alone: 0.8, list: true},
	{field: "cwe", names: []string{"cwe", "cwe id", "cwes", "weakness", "cwe ids"}, shape: cweShape, need: 0.5, alone: 0, list: true},
	{field: "cvss.vector", names: []string{"cvss vector", "vector", "cvss", "vector string", "cvssv3"}, shape: pattern(`^\(?(CVSS:[34]\.\d/)?AV:[NALP]/`), need: 0.5, alone: 0.9},
	{field: "cvss.score", names: []string{"cvss score", "cvss", "base score", "cvss base score", "cvss v3 score", "score"}, shape: number(0, 10), need: 0.8},
	{field: "component.purl", names: []string{"purl", "package url"}, shape: pattern(`^pkg:[a-z]+/`), need: 0.8, alone: 0.9},
	{field: "component.version", names: []string{"installed version", "package version", "version", "component version", "current version", "module version", "library version"}, shape: pattern(`^v?\d+([.\-:+~]\w+)*`), need: 0.6},
	{field: "fix_version", names: []string{"fixed version", "fix version", "fixed in", "fixed versions", "patched versions", "fixed by", "upgrade to", "fix available"}, shape: pattern(`\d`), need: 0.3, list: true},
	{field: "component.name", names: []string{"package name", "component name", "pkg name", "package", "module name", "component", "library", "dependency", "artifact", "module", "product", "pkg"}, shape: pattern(`^[@\w][\w.@/:+~-]*$`), need: 0.7},
	{field: "location.path", names: []string{"file path", "file name", "filename", "file", "path", "filepath", "source file", "location", "uri", "resource path", "location path"}, shape: pathShape, need: 0.5, alone: 0.4},
	{field: "location.line", names: []string{"line number", "line", "start line", "line no", "begin line", "row", "start", "lineno", "line start"}, shape: number(0, 1e7), need: 0.8},
	{field: "location.column", names: []string{"column", "col", "start column", "column number", "begin column", "col offset"}, shape: number(0, 1e5), need: 0.8},
	{field: "location.end_line", names: []string{"end line", "line end", "end line number"}, shape: number(0, 1e7), need: 0.8},
	{field: "location.url", names: []string{"url", "endpoint", "matched at", "request url", "target url", "uri", "affected url", "vulnerable url", "host", "target", "address"}, shape: pattern(`^https?://`), need: 0.5},
	{field: "location.method", names: []string{"method", "http method", "request method", "verb"}, shape: pattern(`^(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|TRACE)$`), need: 0.7, alone: 0.7},
	{field: "location.parameter", names: []string{"parameter", "param", "attack parameter", "parameter name", "vulnerable parameter"}},
	{field: "location.resource", names: []string{"resource", "resource name", "resource id", "arn", "resource arn", "resource address", "asset", "host", "ip", "ip address"}},
	{field: "location.image", names: []string{"image", "image name", "container image", "repository tag"}},
	{field: "location.snippet", names: []string{"code", "snippet", "code snippet", "line content", "matched line", "extract", "evidence", "match"}},
	{field: "location.symbol", names: []string{"function", "method name", "symbol", "function name", "class name"}},
	{field: "secret.masked", names: []string{"secret", "token", "password", "credential"}},
	{field: "check.url", names: []string{"more info", "documentation", "help uri", "doc url", "rule url", "guideline", "more information", "help url", "info url"}, shape: pattern(`^https?://`), need: 0.6},
	{field: "reference", names: []string{"references", "reference", "links", "link", "urls", "url", "see also", "reference links", "primary url"}, shape: pattern(`https?://`), need: 0.4, list: true},
	{field: "fix", names: []string{"remediation", "solution", "recommendation", "fix", "resolution", "mitigation", "suggestion", "how to fix", "recommendations"}},
	{field: "confidence", names: []string{"confidence", "issue confidence", "certainty", "likelihood", "precision"}},
	{field: "first_seen", names: []string{"first seen", "first found", "first detected", "created at", "date", "timestamp", "detected at", "discovered", "created", "first observed"}, shape: pattern(`\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|^\d{10,13}$`), need: 0.6},
	{field: "check.id", names: []string{"rule id", "check id", "test id", "plugin id", "ruleid", "checkid", "rule", "rule key", "query id", "code", "check", "vulnerability type id", "issue id", "type id", "type", "signature", "id", "test name", "name", "key"}, shape: pattern(`^[\w][\w.:/@ -]{0,79}$`), need: 0.7},
	{field: "title", names: []string{"title", "issue title", "name", "vulnerability name", "vulnerability", "issue", "rule name", "summary", "plugin name", "check name", "problem", "finding", "test name", "short description", "category", "alert", "type", "query name", "headline"}, shape: titleShape, need: 0.3},
	{field: "message", names: []string{"description", "message", "details", "issue text", "desc", "detail", "text", "msg", "overview", "long description", "synopsis", "info", "reason", "explanation"}, shape: titleShape, need: 0.2},
	{field: "tag", names: []string{"tags", "labels", "categories", "category", "owasp"}, list: true},
	{field: "fingerprint.tool", names: []string{"fingerprint", "uuid", "hash", "unique id", "guid", "instance id", "checksum", "finding id", "issue id", "uid"}, shape: pattern(`^[\w:.+/=-]{8,}$`), need: 0.7},
}

func pattern(re string) func(string) float64 {
	r := regexp.MustCompile(re)
	return func(s string) float64 {
		if r.MatchString(s) {
			return 1
		}
		return 0
	}
}

func number(low, high float64) func(string) float64 {
	return func(s string) float64 {
		if f, err := strconv.ParseFloat(s, 64); err == nil && f >= low && f <= high {
			return 1
		}
		return 0
	}
}

func severityShape(s string) float64 {
	if finding.SeverityOfWord(s) != finding.SeverityUnknown {
		return 1
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f <= 10 {
		return 0.75
	}
	if first, _, _ := strings.Cut(s, " "); finding.SeverityOfWord(strings.Trim(first, "(),:")) != finding.SeverityUnknown {
		return 0.9
	}
	return 0
}

var cwePattern = regexp.MustCompile(`(?i)^\W*(cwe[-_: ]?)?\d{1,4}\b`)

func cweShape(s string) float64 {
	if cwePattern.MatchString(s) {
		return 1
	}
	return 0
}

var pathPattern = regexp.MustCompile(`^(\w:)?[\w.@~+ /\\-]*([/\\][\w.@~+ -]+|\.[a-zA-Z][\w]{0,9}|[dD]ockerfile|Makefile)(:\d+)*$`)

func pathShape(s string) float64 {
	if len(s) < 300 && pathPattern.MatchString(s) && !strings.Contains(s, "://") {
		return 1
	}
	return 0
}

func titleShape(s string) float64 {
	if strings.Contains(s, " ") && len(s) > 8 {
		return 1
	}
	if len(s) > 3 && strings.IndexFunc(s, unicode.IsLetter) >= 0 {
		return 0.5
	}
	return 0
}

// words are the words of a path's last names, lower-case: ".info.pkgName" is
// "info pkg name".
func words(path string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	runes := []rune(path)
	for i, r := range runes {
		switch {
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsLetter(runes[i-1])):
			flush()
			word.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// byName grades how well a path's words fit the names of a role: the last
// words count, and the earlier a name stands in the role's list the more.
func (r *role) byName(path string) float64 {
	w := words(path)
	if len(w) == 0 {
		return 0
	}
	last := strings.Join(w[max(0, len(w)-3):], " ")
	squeezed := strings.Join(w, "")
	best := 0.0
	for i, name := range r.names {
		weight := 1 - 0.5*float64(i)/float64(len(r.names))
		grade := 0.0
		switch n := strings.Fields(name); {
		case strings.Join(w, " ") == name, squeezed == strings.ReplaceAll(name, " ", ""):
			grade = 1
		case strings.HasSuffix(last, name) && (last == name || strings.HasSuffix(last, " "+name)):
			grade = 0.85
		case len(n) == 1 && slices.Contains(w, name):
			grade = 0.5
		}
		best = max(best, grade*weight)
	}
	return best
}
