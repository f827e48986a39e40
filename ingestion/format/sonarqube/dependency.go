package sonarqube

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// fromDependencyCheck takes apart the message of the Dependency-Check plugin,
// which has no fields for components: "Filename: name:1.2 | Reference: CVE-…
// | CVSS Score: 6.4 | Category: CWE-120 | text".
func fromDependencyCheck(o *finding.Observation) {
	var categories []string
	for _, part := range strings.Split(o.Message, " | ") {
		label, value, ok := strings.Cut(part, ": ")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(label) {
		case "Filename":
			o.Component = dependency(value)
		case "Reference":
			o.Advisories = append(o.Advisories, value)
		case "CVSS Score":
			if score, err := strconv.ParseFloat(value, 64); err == nil && score > 0 && score <= 10 {
				o.CVSS = append(o.CVSS, finding.CVSS{Score: score})
			}
		case "Category":
			categories = append(categories, value)
		}
	}
	// The flaw's own weaknesses come before the catch-all one in the plugin's
	// tags (CWE-937, "using components with known vulnerabilities").
	own := ident.CWEs(categories...)
	for _, n := range o.CWEs {
		if !slices.Contains(own, n) {
			own = append(own, n)
		}
	}
	o.CWEs = own
	if o.Component != nil && len(o.Advisories) > 0 {
		o.Kind = finding.Vulnerability
	}
}

func dependency(filename string) *finding.Component {
	at := strings.LastIndexByte(filename, ':')
	if at < 0 {
		return &finding.Component{Name: filename}
	}
	return &finding.Component{Name: filename[:at], Version: filename[at+1:]}
}
