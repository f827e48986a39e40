package osvscanner

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/osv"
)

// packageResult is what was found in one package.
type packageResult struct {
	Raw             jsontext.Value               `json:"package,case:ignore"`
	Groups          jsondoc.List[group]          `json:"groups"`
	DependencyGroup jsondoc.Strings              `json:"dependency_groups"`
	Vulnerabilities jsondoc.List[jsontext.Value] `json:"vulnerabilities"`
	Licences        jsondoc.Strings              `json:"licenses"`
	Violations      jsondoc.Strings              `json:"license_violations"`

	path   string
	layers []layer
}

// packageInfo names the package.
type packageInfo struct {
	Name      jsondoc.Text `json:"name"`
	OSName    jsondoc.Text `json:"os_package_name"`
	Version   jsondoc.Text `json:"version"`
	Ecosystem jsondoc.Text `json:"ecosystem"`
	Commit    jsondoc.Text `json:"commit"`
	Origin    *struct {
		Index jsondoc.Int `json:"index"`
	} `json:"image_origin_details"`
}

// group gathers records of one flaw.
type group struct {
	IDs      jsondoc.Strings `json:"ids"`
	Aliases  jsondoc.Strings `json:"aliases"`
	Highest  jsondoc.Text    `json:"max_severity"`
	Analysis jsondoc.Lax[map[string]struct {
		Called      *bool `json:"called"`
		Unimportant bool  `json:"unimportant"`
	}] `json:"experimental_analysis"`
}

func rawOr(v jsontext.Value) string {
	if len(v) == 0 {
		return "null"
	}
	return string(v)
}

func ignoreShape(err error) error {
	var odd *jsondoc.ShapeError
	if errors.As(err, &odd) {
		return nil
	}
	return err
}

// info reads who the package is; odd members leave their fields empty.
func (p *packageResult) info() packageInfo {
	var i jsondoc.Lax[packageInfo]
	if len(p.Raw) > 0 {
		_ = jsondoc.Unmarshal(p.Raw, &i) // what has another shape is left out
	}
	return i.V
}

// place sets component and location.
func (p *packageResult) place(o *finding.Observation) packageInfo {
	i := p.info()
	typ, namespace := ident.Ecosystem(string(i.Ecosystem))
	c := &finding.Component{Name: string(i.Name), Version: string(i.Version), Ecosystem: typ, Licences: ident.Add(nil, p.Licences...)}
	if i.OSName != "" { // the binary package; the name is that of its source
		c.Name = string(i.OSName)
	}
	c.PURL = ident.PURL(typ, namespace, c.Name, c.Version)
	for _, g := range p.DependencyGroup {
		if c.Scope == "" {
			c.Scope = g
		}
	}
	o.Component = c
	o.Location.Path, o.Location.Commit = p.path, string(i.Commit)
	if i.Origin != nil && int(i.Origin.Index) >= 0 && int(i.Origin.Index) < len(p.layers) {
		l := p.layers[i.Origin.Index]
		o.Location.Layer = string(l.DiffID)
		if l.BaseIndex > 0 {
			o.Tags = ident.Add(o.Tags, "base-image")
		}
	}
	return i
}

func (p *packageResult) vulnerability(raw []byte) (*finding.Observation, error) {
	var rec osv.Record
	if err := jsondoc.Unmarshal(raw, &rec); err != nil {
		return nil, err
	}
	if rec.ID == "" {
		return nil, jsondoc.Bad("the vulnerability has no id")
	}
	i := p.info()
	o := rec.Observation(string(i.Ecosystem), string(i.Name))
	p.place(o)
	if rec.Summary == "" {
		o.Title += " in " + o.Component.Name
	}
	for _, g := range p.Groups {
		if g.has(string(rec.ID)) {
			g.addTo(o)
		}
	}
	return o, nil
}

func (g *group) has(id string) bool {
	for _, one := range g.IDs {
		if one == id {
			return true
		}
	}
	return false
}

// addTo adds what the group knows of the flaw: its other names, the highest
// score of its records, and whether the code that has it is called.
func (g *group) addTo(o *finding.Observation) {
	for _, a := range g.Aliases {
		if ident.NamesOneFlaw(a) {
			o.Advisories = ident.Add(o.Advisories, a)
		} else if a != o.Check.ID {
			o.Tags = ident.Add(o.Tags, "related:"+a)
		}
	}
	if score, err := strconv.ParseFloat(strings.TrimSpace(string(g.Highest)), 64); err == nil && score > 0 && score <= 10 {
		o.CVSS = ident.AddCVSS(o.CVSS, finding.CVSS{Score: score, Source: "osv-scanner"})
		if o.SeverityWord == "" {
			o.SeverityWord = string(g.Highest)
		}
		if o.Severity == finding.SeverityUnknown {
			o.Severity = finding.SeverityOfCVSS(score)
		}
	}
	judged, called := false, false
	for _, a := range g.Analysis.V {
		if a.Called != nil {
			judged, called = true, called || *a.Called
		}
		if a.Unimportant {
			o.Tags = ident.Add(o.Tags, "unimportant")
		}
	}
	switch {
	case called:
		o.Tags = ident.Add(o.Tags, "reachable")
	case judged:
		o.Tags = ident.Add(o.Tags, "unreachable")
	}
}

func (p *packageResult) licence(id string) *finding.Observation {
	o := &finding.Observation{
		Kind:  finding.Licence,
		Check: finding.Check{ID: id, Title: "Licence " + id + " is not on the allow list"},
	}
	p.place(o)
	o.Title = o.Component.Name + " has licence " + id + ", which is not on the allow list"
	return o
}

// genericFinding is osv-scalibr's GenericFinding.
type genericFinding struct {
	Adv struct {
		ID struct {
			Publisher jsondoc.Text `json:"publisher,case:ignore"`
			Reference jsondoc.Text `json:"reference,case:ignore"`
		} `json:"id,case:ignore"`
		Title          jsondoc.Text `json:"title,case:ignore"`
		Description    jsondoc.Text `json:"description,case:ignore"`
		Recommendation jsondoc.Text `json:"recommendation,case:ignore"`
		Severity       jsondoc.Text `json:"sev,case:ignore"`
	} `json:"adv,case:ignore"`
	Target jsondoc.Lax[struct {
		Extra jsondoc.Text `json:"extra,case:ignore"`
	}] `json:"target,case:ignore"`
}

func (g *genericFinding) observation() (*finding.Observation, error) {
	if g.Adv.ID.Reference == "" && g.Adv.Title == "" {
		return nil, jsondoc.Bad("the finding has neither Adv.ID.Reference nor Adv.Title")
	}
	o := &finding.Observation{
		Kind: finding.Misconfiguration,
		Check: finding.Check{
			ID: string(g.Adv.ID.Reference), Title: string(g.Adv.Title),
			Description: string(g.Adv.Description), Help: string(g.Adv.Recommendation),
		},
		Title: string(g.Adv.Title), Message: string(g.Target.V.Extra), Fix: string(g.Adv.Recommendation),
		SeverityWord: string(g.Adv.Severity),
	}
	// Severities are numbered: unspecified, minimal, low, medium, high, critical.
	if n, err := strconv.Atoi(string(g.Adv.Severity)); err == nil {
		if n >= 0 && n <= 5 {
			o.Severity = finding.Severity(n)
		}
	} else {
		o.Severity = finding.SeverityOfWord(string(g.Adv.Severity))
	}
	return o, nil
}
