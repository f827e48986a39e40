package generic

import (
	"slices"
	"sort"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/weakness"
)

// entry is a finding in the words of both dialects, from JSON or a CSV row.
type entry struct {
	Title       jsondoc.Text    `json:"title"`
	Severity    jsondoc.Text    `json:"severity"`
	Description jsondoc.Text    `json:"description"`
	References  jsondoc.Strings `json:"references"`
	Tags        jsondoc.Strings `json:"tags"`
	CWE         jsondoc.Strings `json:"cwe"`

	// Stance's own.
	Kind          jsondoc.Text            `json:"kind"`
	Message       jsondoc.Text            `json:"message"`
	Confidence    jsondoc.Text            `json:"confidence"`
	Check         check                   `json:"check"`
	Advisories    jsondoc.Strings         `json:"advisories"`
	CVSS          ratings                 `json:"cvss"`
	EPSS          *jsondoc.Float          `json:"epss"`
	KEV           flag                    `json:"kev"`
	Component     *part                   `json:"component"`
	Location      place                   `json:"location"`
	Related       []place                 `json:"related"`
	Flow          []step                  `json:"flow"`
	Secret        *secret                 `json:"secret"`
	Fix           jsondoc.Text            `json:"fix"`
	FixVersions   jsondoc.Strings         `json:"fix_versions"`
	Fingerprints  map[string]jsondoc.Text `json:"fingerprints"`
	Claim         *claim                  `json:"claim"`
	FirstSeen     jsondoc.Text            `json:"first_seen"`
	Extra         jsontext.Value          `json:"extra"`
	DojoFields    `json:",embed"`
	UnknownFields map[string]jsontext.Value `json:",embed"`
}

// DojoFields are the fields that only DefectDojo's dialect has. Those without
// a reader here are known all the same: they stay in the raw record.
type DojoFields struct {
	CWEs           jsondoc.Strings `json:"cwes"`
	CVE            jsondoc.Text    `json:"cve"`
	VulnIDs        jsondoc.Strings `json:"vulnerability_ids"`
	EPSSScore      *jsondoc.Float  `json:"epss_score"`
	EPSSPercentile jsontext.Value  `json:"epss_percentile"`
	CVSS3          jsondoc.Text    `json:"cvssv3"`
	CVSS3Score     jsondoc.Float   `json:"cvssv3_score"`
	CVSS4          jsondoc.Text    `json:"cvssv4"`
	CVSS4Score     jsondoc.Float   `json:"cvssv4_score"`
	Mitigation     jsondoc.Text    `json:"mitigation"`
	Impact         jsondoc.Text    `json:"impact"`
	Steps          jsondoc.Text    `json:"steps_to_reproduce"`
	Justification  jsondoc.Text    `json:"severity_justification"`
	Active         flag            `json:"active"`
	Verified       flag            `json:"verified"`
	FalsePositive  flag            `json:"false_p"`
	Duplicate      flag            `json:"duplicate"`
	OutOfScope     flag            `json:"out_of_scope"`
	RiskAccepted   flag            `json:"risk_accepted"`
	UnderReview    flag            `json:"under_review"`
	IsMitigated    flag            `json:"is_mitigated"`
	Mitigated      jsondoc.Text    `json:"mitigated"`
	Param          jsondoc.Text    `json:"param"`
	Payload        jsondoc.Text    `json:"payload"`
	Line           jsondoc.Int     `json:"line"`
	FilePath       jsondoc.Text    `json:"file_path"`
	ComponentName  jsondoc.Text    `json:"component_name"`
	ComponentVer   jsondoc.Text    `json:"component_version"`
	Static         flag            `json:"static_finding"`
	Dynamic        flag            `json:"dynamic_finding"`
	ScannerConf    jsondoc.Text    `json:"scanner_confidence"`
	UniqueID       jsondoc.Text    `json:"unique_id_from_tool"`
	VulnID         jsondoc.Text    `json:"vuln_id_from_tool"`
	SourceObject   jsondoc.Text    `json:"sast_source_object"`
	SinkObject     jsondoc.Text    `json:"sast_sink_object"`
	SourceLine     jsondoc.Int     `json:"sast_source_line"`
	SourcePath     jsondoc.Text    `json:"sast_source_file_path"`
	Service        jsondoc.Text    `json:"service"`
	Date           jsondoc.Text    `json:"date"`
	KnownExploited flag            `json:"known_exploited"`
	FixVersion     jsondoc.Text    `json:"fix_version"`
	Endpoints      []endpoint      `json:"endpoints"`

	Files           jsontext.Value `json:"files"`
	Request         jsontext.Value `json:"request"`
	Response        jsontext.Value `json:"response"`
	ThreadID        jsontext.Value `json:"thread_id"`
	NumericSeverity jsontext.Value `json:"numerical_severity"`
	Occurrences     jsontext.Value `json:"nb_occurences"`
	PublishDate     jsontext.Value `json:"publish_date"`
	PlannedDate     jsontext.Value `json:"planned_remediation_date"`
	PlannedVersion  jsontext.Value `json:"planned_remediation_version"`
	Effort          jsontext.Value `json:"effort_for_fixing"`
	KEVDate         jsontext.Value `json:"kev_date"`
	Ransomware      jsontext.Value `json:"ransomware_used"`
	FixAvailable    jsontext.Value `json:"fix_available"`
}

type step struct {
	Location place        `json:"location"`
	Message  jsondoc.Text `json:"message"`
}

type claim struct {
	State         jsondoc.Text `json:"state"`
	Justification jsondoc.Text `json:"justification"`
	Detail        jsondoc.Text `json:"detail"`
}

// observe makes the observations of one finding: one for each endpoint, or
// one.
func (e *entry) observe(pos finding.Position, raw []byte) ([]*finding.Observation, error) {
	if err := e.verify(); err != nil {
		return nil, err
	}
	o := &finding.Observation{
		Position:     pos,
		Kind:         e.kind(),
		Check:        e.check(),
		Title:        strings.TrimSpace(e.Title.String()),
		Message:      e.message(),
		Severity:     finding.SeverityOfWord(e.Severity.String()),
		SeverityWord: e.Severity.String(),
		Confidence:   either(e.Confidence, e.ScannerConf),
		CWEs:         weakness.Numbers(slices.Concat(e.CWE, e.CWEs)...),
		Advisories:   unique(slices.Concat([]string{e.CVE.String()}, e.Advisories, e.VulnIDs)),
		CVSS:         e.ratings(),
		KEV:          e.KEV.yes || e.KnownExploited.yes,
		Component:    e.component(),
		Location:     e.location(),
		Fix:          either(e.Fix, e.Mitigation),
		FixVersions:  unique(append(e.FixVersions, e.FixVersion.String())),
		References:   addresses(e.References),
		Tags:         e.tags(),
		Fingerprints: e.fingerprints(),
		Claim:        e.claim(),
		FirstSeen:    instant(either(e.FirstSeen, e.Date)),
		Raw:          raw,
	}
	for _, epss := range []*jsondoc.Float{e.EPSS, e.EPSSScore} {
		if epss != nil && o.EPSS == nil && *epss > 0 {
			o.EPSS = (*float64)(epss)
		}
	}
	for _, p := range e.Related {
		o.Related = append(o.Related, p.location())
	}
	o.Flow = e.flow(o.Location)
	if e.Secret != nil {
		o.Secret = &finding.SecretValue{Value: e.Secret.Value.String(), Masked: e.Secret.Masked.String(), Detector: e.Secret.Detector.String()}
		if e.Secret.Verified.said {
			o.Secret.Verified = &e.Secret.Verified.yes
		}
	}
	return perEndpoint(o, e.Endpoints), nil
}

// perEndpoint copies an observation for every endpoint it was seen at.
func perEndpoint(o *finding.Observation, endpoints []endpoint) []*finding.Observation {
	var out []*finding.Observation
	for _, at := range endpoints {
		if url := at.String(); url != "" {
			one := *o
			one.Location.URL = url
			out = append(out, &one)
		}
	}
	if len(out) == 0 {
		return []*finding.Observation{o}
	}
	return out
}

// verify says why a finding can't be taken, naming what to change.
func (e *entry) verify() error {
	if strings.TrimSpace(e.Title.String()) == "" {
		return jsondoc.Bad("the finding has no title")
	}
	if e.Kind != "" {
		if _, err := finding.ParseKind(e.Kind.String()); err != nil {
			return jsondoc.Bad("member /kind: %v", err)
		}
	}
	if e.Claim != nil && !slices.Contains(claimStates, finding.ClaimState(e.Claim.State)) {
		return jsondoc.Bad("member /claim/state: unknown state %q: want one of %v", e.Claim.State, claimStates)
	}
	var unknown []string
	for name := range e.UnknownFields {
		unknown = append(unknown, name)
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return jsondoc.Bad("unknown field %s: correct the name, or put fields of your own into \"extra\"", strings.Join(unknown, ", "))
	}
	return nil
}

var claimStates = []finding.ClaimState{
	finding.ClaimAffected, finding.ClaimUnderReview, finding.ClaimNotAffected, finding.ClaimFalsePositive,
	finding.ClaimAccepted, finding.ClaimFixed, finding.ClaimSuppressedByTool,
}

// kind is what the finding says, else what it tells by its other fields.
func (e *entry) kind() finding.Kind {
	loc := &e.Location
	switch {
	case e.Kind != "":
		return finding.Kind(e.Kind)
	case e.Secret != nil:
		return finding.Secret
	case e.Component != nil || e.ComponentName != "":
		return finding.Vulnerability
	case e.Dynamic.yes || loc.URL != "" || len(e.Endpoints) > 0 && e.FilePath == "":
		return finding.Dynamic
	case e.CVE != "" || len(e.VulnIDs) > 0 || len(e.Advisories) > 0:
		return finding.Vulnerability
	case loc.Resource != "":
		return finding.Misconfiguration
	}
	return finding.Code
}

func (e *entry) check() finding.Check {
	c := finding.Check{
		ID:          either(e.Check.ID, e.VulnID),
		Title:       e.Check.Title.String(),
		Description: e.Check.Description.String(),
		Help:        e.Check.Help.String(),
		URL:         e.Check.URL.String(),
		Guideline:   e.Check.Guideline.String(),
	}
	if c.Description == "" {
		c.Description = e.Impact.String()
	}
	return c
}

// message joins what was said of this very place.
func (e *entry) message() string {
	text := []string{either(e.Message, e.Description)}
	if e.Message != "" && e.Description != "" {
		text = append(text, e.Description.String())
	}
	if e.Steps != "" {
		text = append(text, "Steps to reproduce: "+e.Steps.String())
	}
	if e.Justification != "" {
		text = append(text, "Severity: "+e.Justification.String())
	}
	return strings.TrimSpace(strings.Join(text, "\n\n"))
}

func (e *entry) ratings() []finding.CVSS {
	var out []finding.CVSS
	all := append(slices.Clone(e.CVSS),
		rating{Vector: e.CVSS3, Score: e.CVSS3Score},
		rating{Vector: e.CVSS4, Score: e.CVSS4Score})
	for i, r := range all {
		if r.Vector == "" && r.Score <= 0 {
			continue
		}
		c := finding.CVSS{Vector: r.Vector.String(), Score: float64(r.Score), Version: r.Version.String(), Source: r.Source.String()}
		if rest, ok := strings.CutPrefix(c.Vector, "CVSS:"); ok && c.Version == "" {
			c.Version, _, _ = strings.Cut(rest, "/")
		}
		if c.Version == "" && i == len(all)-1 {
			c.Version = "4.0"
		}
		out = append(out, c)
	}
	return out
}

func (e *entry) component() *finding.Component {
	if e.Component == nil && e.ComponentName == "" {
		return nil
	}
	p := part{}
	if e.Component != nil {
		p = *e.Component
	}
	if p.Name == "" {
		p.Name, p.Version = e.ComponentName, jsondoc.Text(either(p.Version, e.ComponentVer))
	}
	return p.component()
}

func (e *entry) location() finding.Location {
	l := e.Location.location()
	if l.Path == "" {
		l.Path, l.StartLine = e.FilePath.String(), max(int(e.Line), l.StartLine, 0)
	}
	if l.Parameter == "" {
		l.Parameter = e.Param.String()
	}
	if l.Evidence == "" {
		l.Evidence = e.Payload.String()
	}
	if l.Symbol == "" {
		l.Symbol = e.SinkObject.String()
	}
	return l
}

// flow is given step by step, or by DefectDojo's source of the data, whose
// sink is the place of the finding.
func (e *entry) flow(sink finding.Location) []finding.Step {
	var out []finding.Step
	for _, s := range e.Flow {
		out = append(out, finding.Step{Location: s.Location.location(), Message: s.Message.String()})
	}
	if len(out) == 0 && (e.SourcePath != "" || e.SourceObject != "") {
		source := finding.Location{Path: e.SourcePath.String(), StartLine: max(int(e.SourceLine), 0), Symbol: e.SourceObject.String()}
		out = append(out, finding.Step{Location: source}, finding.Step{Location: sink})
	}
	return out
}

func (e *entry) tags() []string {
	tags := slices.Clone([]string(e.Tags))
	if e.Service != "" {
		tags = append(tags, "service:"+e.Service.String())
	}
	if e.Verified.yes {
		tags = append(tags, "verified")
	}
	return tags
}

func (e *entry) fingerprints() map[string]string {
	if len(e.Fingerprints) == 0 && e.UniqueID == "" {
		return nil
	}
	out := map[string]string{}
	for name, value := range e.Fingerprints {
		out[name] = value.String()
	}
	if e.UniqueID != "" {
		out["unique_id_from_tool"] = e.UniqueID.String()
	}
	return out
}

// claim is the finding's own, or the first of DefectDojo's marks that is set.
func (e *entry) claim() finding.Claim {
	if c := e.Claim; c != nil {
		return finding.Claim{State: finding.ClaimState(c.State), Justification: c.Justification.String(), Detail: c.Detail.String(), Source: "tool"}
	}
	made := func(state finding.ClaimState, why string) finding.Claim {
		return finding.Claim{State: state, Justification: why, Source: "tool"}
	}
	switch {
	case e.FalsePositive.yes:
		return made(finding.ClaimFalsePositive, "false_p")
	case e.IsMitigated.yes, e.Mitigated != "" && !e.IsMitigated.said:
		return made(finding.ClaimFixed, "is_mitigated")
	case e.RiskAccepted.yes:
		return made(finding.ClaimAccepted, "risk_accepted")
	case e.OutOfScope.yes:
		return made(finding.ClaimNotAffected, "out_of_scope")
	case e.Duplicate.yes:
		return made(finding.ClaimSuppressedByTool, "duplicate")
	case e.UnderReview.yes:
		return made(finding.ClaimUnderReview, "under_review")
	case e.Active.said && !e.Active.yes:
		return made(finding.ClaimSuppressedByTool, "inactive")
	}
	return finding.Claim{}
}

// addresses picks URLs out of references, which may be lists or Markdown.
func addresses(list []string) []string {
	var out []string
	for _, s := range list {
		for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>()[]\"", r) }) {
			if strings.Contains(word, "://") {
				out = append(out, strings.TrimRight(word, ".,;"))
			}
		}
	}
	return unique(out)
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
