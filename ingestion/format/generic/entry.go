package generic

import (
	"slices"
	"sort"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
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
		CWEs:         ident.CWEs(slices.Concat(e.CWE, e.CWEs)...),
		Advisories:   ident.Add(nil, slices.Concat([]string{e.CVE.String()}, e.Advisories, e.VulnIDs)...),
		CVSS:         e.ratings(),
		KEV:          e.KEV.yes || e.KnownExploited.yes,
		Component:    e.component(),
		Location:     e.location(),
		Fix:          either(e.Fix, e.Mitigation),
		FixVersions:  ident.Add(nil, append(e.FixVersions, e.FixVersion.String())...),
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
	if e.Claim != nil && !slices.Contains(claimStates(), finding.ClaimState(e.Claim.State)) {
		return jsondoc.Bad("member /claim/state: unknown state %q: want one of %v", e.Claim.State, claimStates())
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

// claimStates are those that a finding may assert.
func claimStates() []finding.ClaimState {
	return []finding.ClaimState{
		finding.ClaimAffected, finding.ClaimUnderReview, finding.ClaimNotAffected, finding.ClaimFalsePositive,
		finding.ClaimAccepted, finding.ClaimFixed, finding.ClaimSuppressedByTool,
	}
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
	return ident.Add(nil, out...)
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
