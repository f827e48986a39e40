package generic

import (
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// columnOf gives the field that a column of that name leads to, or "" for a
// name of no meaning here. Case, spaces and signs do not matter. "raw" is known
// and kept only in the raw record.
func columnOf(name string) string {
	switch plain := plainName(name); plain {
	case "message", "kind", "confidence", "method", "resource", "image", "impact", "tags", "active", "verified", "duplicate", "cvssv4", "purl", "service":
		return plain
	case "title", "name", "summary", "issue":
		return "title"
	case "severity", "risk", "criticality":
		return "severity"
	case "description", "details":
		return "description"
	case "date", "firstseen":
		return "date"
	case "cwe", "cweid", "cwes", "cweids":
		return "cwe"
	case "cve", "cves", "vulnerabilityid", "vulnerabilityids", "advisories":
		return "advisories"
	case "url", "endpoint", "endpoints":
		return "url"
	case "parameter", "param":
		return "param"
	case "evidence", "payload":
		return "evidence"
	case "mitigation", "remediation", "recommendation", "solution", "fix":
		return "fix"
	case "references", "reference", "links":
		return "references"
	case "falsepositive", "falsep":
		return "false_p"
	case "ismitigated":
		return "is_mitigated"
	case "mitigateddate", "mitigated":
		return "mitigated"
	case "riskaccepted":
		return "risk_accepted"
	case "outofscope":
		return "out_of_scope"
	case "underreview":
		return "under_review"
	case "cvssv3", "cvssvector":
		return "cvssv3"
	case "cvssv3score", "cvss", "cvssscore":
		return "cvssv3_score"
	case "cvssv4score":
		return "cvssv4_score"
	case "epssscore", "epss":
		return "epss"
	case "epsspercentile", "kevdate", "ransomwareused", "fixavailable", "severityjustification":
		return "raw"
	case "knownexploited", "kev":
		return "kev"
	case "fixversion", "fixedversion":
		return "fix_version"
	case "filepath", "file", "path":
		return "file_path"
	case "line", "linenumber":
		return "line"
	case "componentname", "component", "package":
		return "component_name"
	case "componentversion", "packageversion":
		return "component_version"
	case "checkid", "ruleid", "rule", "vulnidfromtool":
		return "check"
	case "uniqueidfromtool":
		return "unique_id"
	case "stepstoreproduce":
		return "steps"
	}
	return ""
}

// plainName is a name in lower case without anything but letters and digits.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// setter puts the text of a cell, trimmed and not empty, into an entry.
type setter func(e *entry, cell string)

// setters are the fields that columns lead to; "raw" has none.
func setters() map[string]setter {
	return map[string]setter{
		"title":             text(func(e *entry) *jsondoc.Text { return &e.Title }),
		"severity":          text(func(e *entry) *jsondoc.Text { return &e.Severity }),
		"description":       text(func(e *entry) *jsondoc.Text { return &e.Description }),
		"message":           text(func(e *entry) *jsondoc.Text { return &e.Message }),
		"kind":              func(e *entry, cell string) { e.Kind = jsondoc.Text(strings.ToLower(cell)) },
		"confidence":        text(func(e *entry) *jsondoc.Text { return &e.Confidence }),
		"date":              text(func(e *entry) *jsondoc.Text { return &e.Date }),
		"check":             text(func(e *entry) *jsondoc.Text { return &e.Check.ID }),
		"unique_id":         text(func(e *entry) *jsondoc.Text { return &e.UniqueID }),
		"service":           text(func(e *entry) *jsondoc.Text { return &e.Service }),
		"fix":               text(func(e *entry) *jsondoc.Text { return &e.Fix }),
		"impact":            text(func(e *entry) *jsondoc.Text { return &e.Impact }),
		"steps":             text(func(e *entry) *jsondoc.Text { return &e.Steps }),
		"cwe":               list(func(e *entry) *jsondoc.Strings { return &e.CWE }),
		"advisories":        list(func(e *entry) *jsondoc.Strings { return &e.Advisories }),
		"tags":              list(func(e *entry) *jsondoc.Strings { return &e.Tags }),
		"references":        func(e *entry, cell string) { e.References = append(e.References, cell) },
		"cvssv3":            text(func(e *entry) *jsondoc.Text { return &e.CVSS3 }),
		"cvssv3_score":      func(e *entry, cell string) { e.CVSS3Score = number(cell) },
		"cvssv4":            text(func(e *entry) *jsondoc.Text { return &e.CVSS4 }),
		"cvssv4_score":      func(e *entry, cell string) { e.CVSS4Score = number(cell) },
		"epss":              func(e *entry, cell string) { n := number(cell); e.EPSS = &n },
		"kev":               yesNo(func(e *entry) *flag { return &e.KEV }),
		"active":            yesNo(func(e *entry) *flag { return &e.Active }),
		"verified":          yesNo(func(e *entry) *flag { return &e.Verified }),
		"false_p":           yesNo(func(e *entry) *flag { return &e.FalsePositive }),
		"duplicate":         yesNo(func(e *entry) *flag { return &e.Duplicate }),
		"is_mitigated":      yesNo(func(e *entry) *flag { return &e.IsMitigated }),
		"mitigated":         text(func(e *entry) *jsondoc.Text { return &e.Mitigated }),
		"risk_accepted":     yesNo(func(e *entry) *flag { return &e.RiskAccepted }),
		"out_of_scope":      yesNo(func(e *entry) *flag { return &e.OutOfScope }),
		"under_review":      yesNo(func(e *entry) *flag { return &e.UnderReview }),
		"component_name":    text(func(e *entry) *jsondoc.Text { return &e.ComponentName }),
		"component_version": text(func(e *entry) *jsondoc.Text { return &e.ComponentVer }),
		"purl":              func(e *entry, cell string) { e.Component = &part{PURL: jsondoc.Text(cell)} },
		"fix_version":       text(func(e *entry) *jsondoc.Text { return &e.FixVersion }),
		"file_path":         text(func(e *entry) *jsondoc.Text { return &e.FilePath }),
		"line":              func(e *entry, cell string) { e.Line = jsondoc.Int(number(cell)) },
		"method":            text(func(e *entry) *jsondoc.Text { return &e.Location.Method }),
		"param":             text(func(e *entry) *jsondoc.Text { return &e.Param }),
		"evidence":          text(func(e *entry) *jsondoc.Text { return &e.Payload }),
		"resource":          text(func(e *entry) *jsondoc.Text { return &e.Location.Resource }),
		"image":             text(func(e *entry) *jsondoc.Text { return &e.Location.Image }),
		"url": func(e *entry, cell string) {
			for _, url := range strings.Fields(cell) {
				e.Endpoints = append(e.Endpoints, endpoint{URL: jsondoc.Text(url)})
			}
		},
	}
}

func text(field func(*entry) *jsondoc.Text) setter {
	return func(e *entry, cell string) { *field(e) = jsondoc.Text(cell) }
}

func yesNo(field func(*entry) *flag) setter {
	return func(e *entry, cell string) { *field(e) = newFlag(cell) }
}

// list appends the values that a cell holds between separators.
func list(field func(*entry) *jsondoc.Strings) setter {
	return func(e *entry, cell string) {
		values := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;| \t\n", r) })
		*field(e) = append(*field(e), values...)
	}
}

// number reads a number with a point; other text is 0, as in JSON.
func number(cell string) jsondoc.Float {
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || n != n || n > 1<<31 || n < -(1<<31) {
		return 0
	}
	return jsondoc.Float(n)
}
