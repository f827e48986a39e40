package spdx

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// assessment are the members of the security profile's relationships.
type assessment struct {
	Assessed      jsondoc.Text    `json:"security_assessedElement"`
	Published     jsondoc.Text    `json:"security_publishedTime"`
	Justification jsondoc.Text    `json:"security_justificationType"`
	Impact        jsondoc.Text    `json:"security_impactStatement"`
	Notes         jsondoc.Text    `json:"security_statusNotes"`
	Action        jsondoc.Text    `json:"security_actionStatement"`
	Score         jsondoc.Float   `json:"security_score"`
	Severity      jsondoc.Text    `json:"security_severity"`
	Vector        jsondoc.Text    `json:"security_vectorString"`
	Probability   jsondoc.Float   `json:"security_probability"`
	Catalogue     jsondoc.Text    `json:"security_catalogType"`
	Exploited     jsondoc.Text    `json:"security_exploited"`
	SuppliedBy    jsondoc.Strings `json:"suppliedBy"`
}

// security gathers vulnerabilities and what is said about them; elements of a
// graph stand in any order.
type security struct {
	list   []*vulnerability
	byID   map[string]*vulnerability
	states map[string]finding.ClaimState
}

func newSecurity() security {
	return security{byID: map[string]*vulnerability{}, states: map[string]finding.ClaimState{
		"VexAffectedVulnAssessmentRelationship":           finding.ClaimAffected,
		"VexFixedVulnAssessmentRelationship":              finding.ClaimFixed,
		"VexNotAffectedVulnAssessmentRelationship":        finding.ClaimNotAffected,
		"VexUnderInvestigationVulnAssessmentRelationship": finding.ClaimUnderReview,
	}}
}

// vulnerability is one with all that is said about it.
type vulnerability struct {
	id       string
	element  *element
	at       finding.Position
	raw      []byte
	affects  []string // elements that a plain relationship names
	vex      []statement
	ratings  []finding.CVSS
	severity string
	epss     *float64
	kev      bool
}

// statement is a VEX assessment of some elements.
type statement struct {
	elements []string
	claim    finding.Claim
	action   string
	raw      []byte
}

// of returns the vulnerability with that id, known or yet to come.
func (s *security) of(id string) *vulnerability {
	v := s.byID[id]
	if v == nil {
		v = &vulnerability{id: id}
		s.byID[id] = v
		s.list = append(s.list, v)
	}
	return v
}

func (s *security) vulnerability(e *element, at finding.Position, raw []byte) {
	v := s.of(string(e.ID))
	v.element, v.at, v.raw = e, at, raw
}

func (s *security) associate(id, with string, at finding.Position, raw []byte) {
	v := s.of(id)
	if v.raw == nil {
		v.at, v.raw = at, raw
	}
	v.affects = ident.Add(v.affects, with)
}

// assess takes an assessment. What it is about is the assessed element where
// it says one, else what the relationship leads to.
func (s *security) assess(e *element, kind string, at finding.Position, raw []byte) {
	v := s.of(string(e.From))
	if v.raw == nil {
		v.at, v.raw = at, raw
	}
	switch {
	case s.states[kind] != "":
		st := statement{elements: e.To, action: string(e.Action), raw: raw, claim: finding.Claim{
			State: s.states[kind], Source: "vex", Justification: string(e.Justification), By: strings.Join(e.SuppliedBy, ", "),
			At: ident.Time(string(e.Published)), Detail: strings.Join(ident.Add(nil, string(e.Impact), string(e.Notes)), "\n"),
		}}
		if e.Assessed != "" {
			st.elements = []string{string(e.Assessed)}
		}
		v.vex = append(v.vex, st)
	case strings.HasPrefix(kind, "Cvss"):
		c := ident.CVSS(string(e.Vector), float64(e.Score), strings.Join(e.SuppliedBy, ", "))
		if c.Version == "" {
			c.Version = strings.TrimSuffix(strings.TrimPrefix(kind, "CvssV"), "VulnAssessmentRelationship") + ".0"
		}
		v.ratings = ident.AddCVSS(v.ratings, c)
		if e.Severity != "" {
			v.severity = string(e.Severity)
		}
	case strings.HasPrefix(kind, "Epss"):
		if p := float64(e.Probability); p > 0 && p <= 1 {
			v.epss = &p
		}
	case strings.HasPrefix(kind, "ExploitCatalog"):
		v.kev = v.kev || e.Exploited == "true" && e.Catalogue == "kev"
	}
}

// observe tells of each vulnerability: one observation for each statement and
// element, and one for each element that no statement is about. Records are
// numbered from first on.
func (s *security) observe(b *bom, sink format.Sink, first int) error {
	for i, v := range s.list {
		tell := func(element string, st *statement) error {
			o := v.observation(b, element, st)
			o.Position.Record = first + i
			return sink.Observe(o)
		}
		told := map[string]bool{}
		for i := range v.vex {
			for _, element := range v.vex[i].elements {
				told[element] = true
				if err := tell(element, &v.vex[i]); err != nil {
					return err
				}
			}
		}
		for _, element := range v.affects {
			if told[element] {
				continue
			}
			told[element] = true
			if err := tell(element, nil); err != nil {
				return err
			}
		}
		if len(told) == 0 {
			if err := tell("", nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *vulnerability) observation(b *bom, element string, st *statement) *finding.Observation {
	o := &finding.Observation{Kind: finding.Vulnerability, Position: v.at, Raw: v.raw, KEV: v.kev, EPSS: v.epss}
	v.describe(o)
	for _, c := range v.ratings {
		o.CVSS = append(o.CVSS, c)
		if o.Severity == finding.SeverityUnknown && c.Score > 0 {
			o.Severity = finding.SeverityOfCVSS(c.Score)
		}
	}
	if v.severity != "" {
		o.Severity, o.SeverityWord = finding.SeverityOfWord(v.severity), v.severity
	}
	if st != nil {
		o.Claim, o.Fix, o.Raw = st.claim, st.action, st.raw
	}
	o.Title = o.Check.ID
	if element != "" {
		c := ident.OfPURL(element)
		if p := b.byRef[element]; p != nil {
			c = p.Component
		}
		c.Ref = element
		o.Component = &c
		o.Title += " in " + c.Name
	}
	return o
}

// describe sets ids, texts and links of the vulnerability's own element.
func (v *vulnerability) describe(o *finding.Observation) {
	e := v.element
	if e == nil { // one of another document, known by its address alone
		if o.Check.ID = vulnerabilityIn(v.id); o.Check.ID == "" {
			o.Check.ID = v.id
		}
		o.Advisories = ident.Add(nil, o.Check.ID)
		return
	}
	for _, i := range e.Identifiers {
		if i.Type == "cve" || i.Type == "securityOther" || ident.NamesOneFlaw(string(i.Identifier)) {
			o.Advisories = ident.Add(o.Advisories, string(i.Identifier))
		}
		o.References = ident.Add(o.References, i.Locators...)
	}
	if id := vulnerabilityIn(string(e.Name)); id != "" {
		o.Advisories = ident.Add(o.Advisories, id)
	}
	if len(o.Advisories) == 0 {
		o.Advisories = ident.Add(nil, vulnerabilityIn(string(e.ID)))
	}
	for _, r := range e.Refs {
		o.References = ident.Add(o.References, r.Locator...)
	}
	o.Check.Title = string(e.Summary)
	o.Check.Description = string(e.Description)
	o.Check.ID = string(e.Name)
	if len(o.Advisories) > 0 {
		o.Check.ID = o.Advisories[0]
	}
	if o.Check.ID == "" {
		o.Check.ID = string(e.ID)
	}
}
