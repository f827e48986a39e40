package semgrep

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// hidden is what Semgrep writes in the place of code and fingerprints when
// its user is not logged in.
const hidden = "requires login"

type position struct {
	Line jsondoc.Int `json:"line"`
	Col  jsondoc.Int `json:"col"`
}

// place is Semgrep's location: a path and a range. Columns count from 1 and
// the end column is the one after the last character.
type place struct {
	Path  jsondoc.Text `json:"path"`
	Start position     `json:"start"`
	End   position     `json:"end"`
}

func (p *place) location() finding.Location {
	return finding.Location{
		Path: string(p.Path), StartLine: int(p.Start.Line), StartColumn: int(p.Start.Col),
		EndLine: int(p.End.Line), EndColumn: int(p.End.Col),
	}
}

// result is an entry of results.
type result struct {
	CheckID jsondoc.Text `json:"check_id"`
	Path    jsondoc.Text `json:"path"`
	Start   position     `json:"start"`
	End     position     `json:"end"`
	Extra   struct {
		Message     jsondoc.Text           `json:"message"`
		Metadata    jsondoc.Lax[metadata]  `json:"metadata"`
		Severity    jsondoc.Text           `json:"severity"`
		Fingerprint jsondoc.Text           `json:"fingerprint"`
		Lines       jsondoc.Text           `json:"lines"`
		Fix         jsondoc.Text           `json:"fix"`
		IsIgnored   jsondoc.Text           `json:"is_ignored"`
		SCA         *jsondoc.Lax[scaMatch] `json:"sca_info"`
		Trace       jsontext.Value         `json:"dataflow_trace"`
		Validation  jsondoc.Text           `json:"validation_state"`
		History     jsondoc.Lax[struct {
			Commit jsondoc.Text `json:"git_commit"`
			Time   jsondoc.Text `json:"git_commit_timestamp"`
		}] `json:"historical_info"`
	} `json:"extra"`
}

// metadata is what the rule's author wrote.
type metadata struct {
	CWE         jsondoc.Strings `json:"cwe"`
	OWASP       jsondoc.Strings `json:"owasp"`
	References  jsondoc.Strings `json:"references"`
	Category    jsondoc.Text    `json:"category"`
	Technology  jsondoc.Strings `json:"technology"`
	Subcategory jsondoc.Strings `json:"subcategory"`
	Class       jsondoc.Strings `json:"vulnerability_class"`
	Confidence  jsondoc.Text    `json:"confidence"`
	Source      jsondoc.Text    `json:"source"`
	Shortlink   jsondoc.Text    `json:"shortlink"`
	SecretType  jsondoc.Text    `json:"secret_type"`
	Product     jsondoc.Text    `json:"product"`
	ASVS        jsondoc.Lax[struct {
		Control jsondoc.Text `json:"control_id"`
	}] `json:"asvs"`

	CVE         jsondoc.Text                          `json:"cve"`
	GHSA        jsondoc.Text                          `json:"ghsa"`
	SCAID       jsondoc.Text                          `json:"sca-vuln-database-identifier"`
	SCASeverity jsondoc.Text                          `json:"sca-severity"`
	SCAFixes    jsondoc.List[map[string]jsondoc.Text] `json:"sca-fix-versions"`
}

// checkCache shares one Check between the results of a rule. It is bounded
// by the number of rules; a report in which every result has a rule of its
// own does not fill it.
type checkCache map[string]finding.Check

const maxChecks = 20_000

func (c checkCache) of(id string, m *metadata) finding.Check {
	if check, ok := c[id]; ok {
		return check
	}
	check := finding.Check{ID: id, Title: id[strings.LastIndexByte(id, '.')+1:], URL: string(m.Source), Guideline: string(m.ASVS.V.Control)}
	if check.Guideline != "" {
		check.Guideline = "OWASP ASVS " + check.Guideline
	}
	if check.URL == "" {
		check.URL = string(m.Shortlink)
	}
	if len(c) < maxChecks {
		c[id] = check
	}
	return check
}

func (r *result) observation(checks checkCache) *finding.Observation {
	x, m := &r.Extra, &r.Extra.Metadata.V
	o := &finding.Observation{
		Kind:         r.kind(),
		Check:        checks.of(string(r.CheckID), m),
		Message:      string(x.Message),
		Severity:     severity(string(x.Severity)),
		SeverityWord: string(x.Severity),
		Confidence:   string(m.Confidence),
		CWEs:         ident.CWEs(m.CWE...),
		Fix:          string(x.Fix),
		References:   ident.Add(ident.Add(nil, m.References...), string(m.Source), string(m.Shortlink)),
		Flow:         flow(x.Trace),
	}
	p := place{r.Path, r.Start, r.End}
	o.Location = p.location()
	if x.Lines != hidden {
		o.Location.Snippet = string(x.Lines)
	}
	o.Location.Commit, o.Location.Date = string(x.History.V.Commit), string(x.History.V.Time)
	o.Tags = ident.Add(o.Tags, string(m.Category))
	for _, list := range [][]string{m.OWASP, m.Technology, m.Class, m.Subcategory} {
		o.Tags = ident.Add(o.Tags, list...)
	}
	if x.Fingerprint != "" && x.Fingerprint != hidden {
		// The name that Semgrep's SARIF output gives the same value.
		o.Fingerprints = map[string]string{"matchBasedId/v1": string(x.Fingerprint)}
	}
	if x.IsIgnored == "true" {
		o.Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Justification: "nosemgrep", Source: "in-source"}
	}
	switch o.Kind {
	case finding.Secret:
		o.Secret = r.secret()
	case finding.Vulnerability:
		x.SCA.V.addTo(o, m)
	}
	return o
}

// kind sorts a result: Supply Chain matches carry sca_info; secrets are known
// by the rule's product, type, technology or folder; a category other than
// security is a rule of good practice.
func (r *result) kind() finding.Kind {
	m := &r.Extra.Metadata.V
	switch {
	case r.Extra.SCA != nil && r.Extra.SCA.V.Match.Found.Package != "":
		return finding.Vulnerability
	case m.Product == "secrets", m.SecretType != "", has(m.Technology, "secrets"), has(m.Technology, "secret"),
		strings.Contains(string(r.CheckID), "secrets.security."), validated(string(r.Extra.Validation)) != nil:
		return finding.Secret
	case m.Category != "" && !strings.EqualFold(string(m.Category), "security"):
		return finding.Quality
	}
	return finding.Code
}

func has(list []string, word string) bool {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// severity grades Semgrep's words: its documentation equates the rule
// severities ERROR, WARNING and INFO with high, medium and low. EXPERIMENT
// and INVENTORY rules take stock and report no flaw.
func severity(word string) finding.Severity {
	switch strings.ToUpper(word) {
	case "INFO":
		return finding.SeverityLow
	case "EXPERIMENT", "INVENTORY":
		return finding.SeverityInfo
	}
	return finding.SeverityOfWord(word)
}

// validated is what Semgrep found when it tried the credential.
func validated(state string) *bool {
	yes := state == "CONFIRMED_VALID"
	if yes || state == "CONFIRMED_INVALID" {
		return &yes
	}
	return nil
}

// secret takes the matched text as the credential: rules for secrets match
// the value itself or the assignment of it.
func (r *result) secret() *finding.SecretValue {
	m := &r.Extra.Metadata.V
	s := &finding.SecretValue{Verified: validated(string(r.Extra.Validation)), Detector: string(m.SecretType)}
	if s.Detector == "" {
		id := string(r.CheckID)
		s.Detector = id[strings.LastIndexByte(id, '.')+1:]
	}
	if r.Extra.Lines != hidden {
		s.Value = matched(string(r.Extra.Lines), r.Start, r.End)
	}
	return s
}

// matched cuts the range out of the lines that hold it. Columns that do not
// fit the lines (tabs, shortened lines) give the lines without their margin.
func matched(lines string, start, end position) string {
	text := strings.TrimSpace(lines)
	from, to := int(start.Col)-1, int(end.Col)-1
	if last := strings.LastIndexByte(lines, '\n'); last >= 0 && end.Line > start.Line {
		to += last + 1
	}
	if from < 0 || to > len(lines) || from >= to {
		return text
	}
	if cut := strings.TrimSpace(lines[from:to]); cut != "" {
		return cut
	}
	return text
}
