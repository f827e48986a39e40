package trivy

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// misconfiguration is a record of Misconfigurations.
type misconfiguration struct {
	Type          jsondoc.Text
	ID            jsondoc.Text
	AVDID         jsondoc.Text
	Title         jsondoc.Text
	Description   jsondoc.Text
	Message       jsondoc.Text
	Resolution    jsondoc.Text
	Severity      jsondoc.Text
	PrimaryURL    jsondoc.Text
	References    jsondoc.Strings
	Status        jsondoc.Text
	Layer         layer
	CauseMetadata jsondoc.Lax[cause]
}

// cause is the resource and the lines at fault.
type cause struct {
	Resource, Provider, Service jsondoc.Text
	StartLine, EndLine          jsondoc.Int
	Code                        code
	Occurrences                 jsondoc.List[struct {
		Resource, Filename jsondoc.Text
		Location           struct{ StartLine, EndLine jsondoc.Int }
	}]
}

func observeMisconfiguration(a *at, m *misconfiguration) (*finding.Observation, error) {
	status := strings.ToUpper(string(m.Status))
	switch {
	case status == "PASS":
		return nil, nil
	case m.ID == "" && m.AVDID == "" && m.Title == "" && m.Message == "":
		return nil, jsondoc.Bad("neither ID, Title nor Message is given")
	}
	o := &finding.Observation{
		Kind: finding.Misconfiguration,
		Check: finding.Check{
			ID: string(m.ID), Title: string(m.Title), Description: string(m.Description),
			Help: string(m.Resolution), URL: string(m.PrimaryURL), Guideline: a.control,
		},
		Title:        string(m.Title),
		Message:      string(m.Message),
		Severity:     finding.SeverityOfWord(string(m.Severity)),
		SeverityWord: string(m.Severity),
		Location:     a.location(m.Layer),
		Fix:          string(m.Resolution),
		References:   ident.Add(nil, append([]string{string(m.PrimaryURL)}, m.References...)...),
	}
	if o.Check.ID == "" {
		o.Check.ID = string(m.AVDID)
	}
	if status == "EXCEPTION" {
		o.Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Justification: string(m.Status), Source: "policy exception"}
	}
	c := &m.CauseMetadata.V
	l := &o.Location
	l.StartLine, l.EndLine = int(c.StartLine), int(c.EndLine)
	c.Code.put(l)
	if l.Resource == "" {
		l.Resource = string(c.Resource)
	}
	for _, seen := range c.Occurrences {
		o.Related = append(o.Related, finding.Location{
			Path: string(seen.Filename), Resource: string(seen.Resource),
			StartLine: int(seen.Location.StartLine), EndLine: int(seen.Location.EndLine),
		})
	}
	if m.AVDID != m.ID {
		o.Tags = ident.Add(o.Tags, string(m.AVDID))
	}
	o.Tags = ident.Add(o.Tags, string(m.Type), string(c.Provider), string(c.Service))
	return o, nil
}

// secret is a record of Secrets. Trivy writes the line with the secret
// itself starred out; the clear text is nowhere in the report.
type secret struct {
	RuleID, Category, Severity, Title, Match jsondoc.Text
	StartLine, EndLine                       jsondoc.Int
	Code                                     code
	Deleted                                  bool
	Layer                                    layer
}

func observeSecret(a *at, s *secret) (*finding.Observation, error) {
	if s.RuleID == "" && s.Title == "" {
		return nil, jsondoc.Bad("neither RuleID nor Title is given")
	}
	o := &finding.Observation{
		Kind:         finding.Secret,
		Check:        finding.Check{ID: string(s.RuleID), Title: string(s.Title), Guideline: a.control},
		Title:        string(s.Title),
		Severity:     finding.SeverityOfWord(string(s.Severity)),
		SeverityWord: string(s.Severity),
		Location:     a.location(s.Layer),
		Secret:       &finding.SecretValue{Masked: string(s.Match), Detector: string(s.Category)},
		Tags:         ident.Add(nil, string(s.Category)),
	}
	l := &o.Location
	l.StartLine, l.EndLine = int(s.StartLine), int(s.EndLine)
	s.Code.put(l)
	if l.Snippet == "" {
		l.Snippet = string(s.Match)
	}
	if s.Deleted {
		o.Tags = append(o.Tags, "deleted") // gone from the image's top layer, still in the one below
	}
	return o, nil
}

// licence is a record of Licenses: of a package, or of a file.
type licence struct {
	Severity, Category, PkgName, FilePath, Name, Link jsondoc.Text
	Confidence                                        jsondoc.Float
}

func observeLicence(a *at, l *licence) (*finding.Observation, error) {
	if l.Name == "" && l.PkgName == "" {
		return nil, jsondoc.Bad("neither Name nor PkgName is given")
	}
	of := string(l.PkgName)
	if of == "" {
		of = string(l.FilePath)
	}
	o := &finding.Observation{
		Kind:         finding.Licence,
		Check:        finding.Check{ID: string(l.Name), Title: "Licence " + string(l.Name), URL: string(l.Link), Guideline: a.control},
		Title:        string(l.Name) + " licence of " + of,
		Severity:     finding.SeverityOfWord(string(l.Severity)),
		SeverityWord: string(l.Severity),
		Location:     a.location(layer{}),
		References:   ident.Add(nil, string(l.Link)),
		Tags:         ident.Add(nil, string(l.Category)),
	}
	if l.Confidence > 0 {
		o.Confidence = strconv.FormatFloat(float64(l.Confidence), 'f', -1, 64)
	}
	if l.FilePath != "" {
		o.Location.Path = string(l.FilePath)
	}
	if l.PkgName != "" {
		o.Component = &finding.Component{Ecosystem: a.ecosystem, Name: string(l.PkgName), Licences: ident.Add(nil, string(l.Name))}
	}
	return o, nil
}

// modified is a record of ExperimentalModifiedFindings: a finding that an
// ignore file or a VEX document took out of the lists.
type modified struct {
	Type, Status, Statement, Source jsondoc.Text
	Finding                         jsontext.Value
}

func observeModified(a *at, m *modified) (*finding.Observation, error) {
	var o *finding.Observation
	var err error
	switch m.Type {
	case "vulnerability":
		o, err = inner(a, m.Finding, observeVulnerability)
	case "misconfiguration":
		o, err = inner(a, m.Finding, observeMisconfiguration)
	case "secret":
		o, err = inner(a, m.Finding, observeSecret)
	case "license":
		o, err = inner(a, m.Finding, observeLicence)
	default:
		return nil, jsondoc.Bad("suppressed finding of unknown type %q", m.Type)
	}
	if err != nil || o == nil {
		return nil, err
	}
	o.Claim = finding.Claim{
		State: modifiedState(string(m.Status)), Justification: string(m.Status),
		Detail: string(m.Statement), Source: string(m.Source),
	}
	return o, nil
}

func inner[T any](a *at, raw jsontext.Value, observe func(*at, *T) (*finding.Observation, error)) (*finding.Observation, error) {
	var rec T
	if err := jsondoc.Unmarshal(raw, &rec); err != nil {
		return nil, jsondoc.Bad("suppressed finding: %v", err)
	}
	return observe(a, &rec)
}

func modifiedState(status string) finding.ClaimState {
	switch status {
	case "ignored":
		return finding.ClaimSuppressedByTool
	case "not_affected":
		return finding.ClaimNotAffected
	case "affected":
		return finding.ClaimAffected
	case "fixed":
		return finding.ClaimFixed
	case "under_investigation":
		return finding.ClaimUnderReview
	}
	return finding.ClaimNone
}
