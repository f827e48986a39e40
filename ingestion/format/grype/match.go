package grype

import (
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// match is one vulnerability in one package.
type match struct {
	Vulnerability vulnerability               `json:"vulnerability"`
	Related       jsondoc.List[vulnerability] `json:"relatedVulnerabilities"`
	Details       jsondoc.List[struct {
		Type    jsondoc.Text `json:"type"`
		Matcher jsondoc.Text `json:"matcher"`
	}] `json:"matchDetails"`
	Artifact artifact                    `json:"artifact"`
	Rules    jsondoc.List[appliedIgnore] `json:"appliedIgnoreRules"`
}

// vulnerability is what the database says, of the match itself or of a
// related record (the CVE of a GHSA).
type vulnerability struct {
	ID          jsondoc.Text           `json:"id"`
	DataSource  jsondoc.Text           `json:"dataSource"`
	Namespace   jsondoc.Text           `json:"namespace"`
	Severity    jsondoc.Text           `json:"severity"`
	Description jsondoc.Text           `json:"description"`
	URLs        jsondoc.Strings        `json:"urls"`
	Links       jsondoc.Strings        `json:"links"` // urls before 0.8
	CVSS        jsondoc.List[rating]   `json:"cvss"`
	CVSSv2      jsondoc.Lax[oldRating] `json:"cvssV2"` // before 0.8
	CVSSv3      jsondoc.Lax[oldRating] `json:"cvssV3"`
	EPSS        jsondoc.List[struct {
		CVE  jsondoc.Text  `json:"cve"`
		EPSS jsondoc.Float `json:"epss"`
	}] `json:"epss"`
	KnownExploited jsondoc.List[struct {
		CVE jsondoc.Text `json:"cve"`
	}] `json:"knownExploited"`
	CWEs jsondoc.List[struct {
		CWE jsondoc.Text `json:"cwe"`
	}] `json:"cwes"`
	Fix jsondoc.Lax[struct {
		Versions jsondoc.Strings `json:"versions"`
		State    jsondoc.Text    `json:"state"`
	}] `json:"fix"`
	FixedIn    jsondoc.Text `json:"fixedInVersion"` // before 0.8
	Advisories jsondoc.List[struct {
		ID   jsondoc.Text `json:"id"`
		Link jsondoc.Text `json:"link"`
	}] `json:"advisories"`
}

type rating struct {
	Source  jsondoc.Text `json:"source"`
	Version jsondoc.Text `json:"version"`
	Vector  jsondoc.Text `json:"vector"`
	Metrics jsondoc.Lax[struct {
		BaseScore jsondoc.Float `json:"baseScore"`
	}] `json:"metrics"`
}

type oldRating struct {
	BaseScore jsondoc.Float `json:"baseScore"`
	Vector    jsondoc.Text  `json:"vector"`
}

// artifact is the package.
type artifact struct {
	Name      jsondoc.Text    `json:"name"`
	Version   jsondoc.Text    `json:"version"`
	Type      jsondoc.Text    `json:"type"`
	Language  jsondoc.Text    `json:"language"`
	Licences  jsondoc.Strings `json:"licenses"`
	PURL      jsondoc.Text    `json:"purl"`
	Locations jsondoc.List[struct {
		Path    jsondoc.Text `json:"path"`
		LayerID jsondoc.Text `json:"layerID"`
	}] `json:"locations"`
}

// appliedIgnore is the rule that took a match out of the report.
type appliedIgnore struct {
	Vulnerability    jsondoc.Text `json:"vulnerability"`
	Reason           jsondoc.Text `json:"reason"`
	Namespace        jsondoc.Text `json:"namespace"`
	FixState         jsondoc.Text `json:"fix-state"`
	VEXStatus        jsondoc.Text `json:"vex-status"`
	VEXJustification jsondoc.Text `json:"vex-justification"`
	Package          jsondoc.Lax[struct {
		Name     jsondoc.Text `json:"name"`
		Version  jsondoc.Text `json:"version"`
		Type     jsondoc.Text `json:"type"`
		Location jsondoc.Text `json:"location"`
	}] `json:"package"`
}

func (m *match) observation(image string) *finding.Observation {
	v := &m.Vulnerability
	o := &finding.Observation{
		Kind:         finding.Vulnerability,
		Check:        finding.Check{ID: string(v.ID), Description: m.description(), URL: string(v.DataSource)},
		Title:        string(v.ID) + " in " + string(m.Artifact.Name),
		Severity:     finding.SeverityOfWord(string(v.Severity)),
		SeverityWord: string(v.Severity),
		Advisories:   ident.Add(nil, string(v.ID)),
		Component:    m.Artifact.component(),
		FixVersions:  fixes(v),
	}
	o.Location.Image = image
	for i, l := range m.Artifact.Locations {
		if i == 0 {
			o.Location.Path, o.Location.Layer = string(l.Path), string(l.LayerID)
			continue
		}
		o.Related = append(o.Related, finding.Location{Path: string(l.Path), Image: image, Layer: string(l.LayerID)})
	}
	v.addTo(o)
	for i := range m.Related {
		o.Advisories = ident.Add(o.Advisories, string(m.Related[i].ID))
		m.Related[i].addTo(o)
	}
	if len(m.Details) > 0 {
		o.Confidence = string(m.Details[0].Type)
		o.Tags = ident.Add(o.Tags, string(m.Details[0].Matcher))
	}
	if v.Fix.V.State != "" {
		o.Tags = ident.Add(o.Tags, "fix-state:"+string(v.Fix.V.State))
	}
	if v.Namespace != "" {
		o.Tags = ident.Add(o.Tags, "namespace:"+string(v.Namespace))
	}
	return o
}

// description is the match's own, else that of a related record:
// distributions describe little.
func (m *match) description() string {
	if m.Vulnerability.Description != "" {
		return string(m.Vulnerability.Description)
	}
	for i := range m.Related {
		if d := m.Related[i].Description; d != "" {
			return string(d)
		}
	}
	return ""
}

// addTo adds ratings, signals and references; those of the match come before
// those of related records.
func (v *vulnerability) addTo(o *finding.Observation) {
	for _, c := range v.CVSS {
		one := ident.CVSS(string(c.Vector), float64(c.Metrics.V.BaseScore), string(c.Source))
		if c.Version != "" {
			one.Version = string(c.Version)
		}
		if one.Source == "" {
			one.Source = string(v.Namespace)
		}
		o.CVSS = ident.AddCVSS(o.CVSS, one)
	}
	for _, c := range []oldRating{v.CVSSv3.V, v.CVSSv2.V} {
		o.CVSS = ident.AddCVSS(o.CVSS, ident.CVSS(string(c.Vector), float64(c.BaseScore), string(v.Namespace)))
	}
	for _, e := range v.EPSS {
		if p := float64(e.EPSS); o.EPSS == nil || p > *o.EPSS { // an id may stand for several CVEs: the likeliest counts
			o.EPSS = &p
		}
	}
	o.KEV = o.KEV || len(v.KnownExploited) > 0
	for _, c := range v.CWEs {
		for _, n := range ident.CWEs(string(c.CWE)) {
			if !slices.Contains(o.CWEs, n) {
				o.CWEs = append(o.CWEs, n)
			}
		}
	}
	o.References = ident.Add(o.References, string(v.DataSource))
	o.References = ident.Add(o.References, v.URLs...)
	o.References = ident.Add(o.References, v.Links...)
	for _, a := range v.Advisories {
		o.Tags = ident.Add(o.Tags, string(a.ID)) // bulletins, which cover several flaws
		o.References = ident.Add(o.References, string(a.Link))
	}
}

func fixes(v *vulnerability) []string {
	return ident.Add(ident.Add(nil, v.Fix.V.Versions...), string(v.FixedIn))
}

func (a *artifact) component() *finding.Component {
	c := &finding.Component{
		PURL:     string(a.PURL),
		Name:     string(a.Name),
		Version:  string(a.Version),
		Licences: ident.Add(nil, a.Licences...),
	}
	typ, namespace := ident.Ecosystem(string(a.Type))
	if c.PURL == "" {
		c.PURL = ident.PURL(typ, namespace, c.Name, c.Version)
	}
	if c.Ecosystem = ident.TypeOfPURL(c.PURL); c.Ecosystem == "" {
		c.Ecosystem = typ
	}
	return c
}

// claim says why a match was ignored, in the words of the first rule that
// applied.
func (m *match) claim() finding.Claim {
	c := finding.Claim{State: finding.ClaimSuppressedByTool, Source: "tool"}
	if len(m.Rules) == 0 {
		return c
	}
	r := &m.Rules[0]
	switch r.VEXStatus {
	case "":
	case "not_affected":
		c.State, c.Source = finding.ClaimNotAffected, "vex"
	case "fixed":
		c.State, c.Source = finding.ClaimFixed, "vex"
	default:
		c.Source = "vex"
	}
	c.Justification = string(r.VEXJustification)
	var said []string
	for _, part := range []struct{ name, value jsondoc.Text }{
		{"", r.Reason}, {"vulnerability ", r.Vulnerability}, {"namespace ", r.Namespace}, {"fix state ", r.FixState},
		{"package ", r.Package.V.Name}, {"version ", r.Package.V.Version}, {"type ", r.Package.V.Type}, {"location ", r.Package.V.Location},
	} {
		if part.value != "" {
			said = append(said, string(part.name+part.value))
		}
	}
	c.Detail = strings.Join(said, ", ")
	return c
}
