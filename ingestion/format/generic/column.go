package generic

import (
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// columns translates names, written in lower case without anything but letters
// and digits, to the fields of an entry. Several names lead to one field.
var columns = map[string]string{
	"title": "title", "name": "title", "summary": "title", "issue": "title",
	"severity": "severity", "risk": "severity", "criticality": "severity",
	"description": "description", "details": "description", "message": "message",
	"kind": "kind", "confidence": "confidence", "date": "date", "firstseen": "date",
	"cwe": "cwe", "cweid": "cwe", "cwes": "cwe", "cweids": "cwe",
	"cve": "advisories", "cves": "advisories", "vulnerabilityid": "advisories", "vulnerabilityids": "advisories", "advisories": "advisories",
	"url": "url", "endpoint": "url", "endpoints": "url", "method": "method", "parameter": "param", "param": "param",
	"evidence": "evidence", "payload": "evidence", "resource": "resource", "image": "image",
	"mitigation": "fix", "remediation": "fix", "recommendation": "fix", "solution": "fix", "fix": "fix",
	"impact": "impact", "references": "references", "reference": "references", "links": "references", "tags": "tags",
	"active": "active", "verified": "verified", "falsepositive": "false_p", "falsep": "false_p", "duplicate": "duplicate",
	"ismitigated": "is_mitigated", "mitigateddate": "mitigated", "mitigated": "mitigated", "riskaccepted": "risk_accepted",
	"outofscope": "out_of_scope", "underreview": "under_review",
	"cvssv3": "cvssv3", "cvssvector": "cvssv3", "cvssv3score": "cvssv3_score", "cvss": "cvssv3_score", "cvssscore": "cvssv3_score",
	"cvssv4": "cvssv4", "cvssv4score": "cvssv4_score", "epssscore": "epss", "epss": "epss", "epsspercentile": "raw",
	"knownexploited": "kev", "kev": "kev", "kevdate": "raw", "ransomwareused": "raw", "fixavailable": "raw", "fixversion": "fix_version", "fixedversion": "fix_version",
	"filepath": "file_path", "file": "file_path", "path": "file_path", "line": "line", "linenumber": "line",
	"componentname": "component_name", "component": "component_name", "package": "component_name",
	"componentversion": "component_version", "packageversion": "component_version", "purl": "purl",
	"checkid": "check", "ruleid": "check", "rule": "check", "vulnidfromtool": "check",
	"uniqueidfromtool": "unique_id", "service": "service", "stepstoreproduce": "steps", "severityjustification": "raw",
}

// columnOf gives the field of a column; "raw" is known and kept only raw.
func columnOf(name string) string {
	return columns[strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)]
}

// setter puts the text of a cell, trimmed and not empty, into an entry.
type setter func(e *entry, cell string)

// setters are the fields that columns lead to. "raw" has none: such a column
// is known and stays in the raw record.
var setters = map[string]setter{
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
