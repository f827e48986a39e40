package ocsf

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// vulnerability is an entry of vulnerabilities.
type vulnerability struct {
	CVE         jsondoc.Lax[cve]           `json:"cve"`
	CWE         jsondoc.Lax[cwe]           `json:"cwe"`
	Advisory    jsondoc.Lax[advisory]      `json:"advisory"`
	Title       jsondoc.Text               `json:"title"`
	Desc        jsondoc.Text               `json:"desc"`
	Severity    jsondoc.Text               `json:"severity"`
	References  jsondoc.Strings            `json:"references"`
	Related     jsondoc.Strings            `json:"related_vulnerabilities"`
	FirstSeen   jsondoc.Text               `json:"first_seen_time"`
	FirstSeenDT jsondoc.Text               `json:"first_seen_time_dt"`
	Exploit     jsondoc.Text               `json:"is_exploit_available"`
	Remediation jsondoc.Lax[remediation]   `json:"remediation"`
	Affected    jsondoc.List[affected]     `json:"affected_packages"`
	Packages    jsondoc.List[affected]     `json:"packages"` // before 1.1
	Code        jsondoc.List[affectedCode] `json:"affected_code"`
}

type cve struct {
	UID        jsondoc.Text      `json:"uid"`
	Title      jsondoc.Text      `json:"title"`
	Desc       jsondoc.Text      `json:"desc"`
	References jsondoc.Strings   `json:"references"`
	CWE        jsondoc.Lax[cwe]  `json:"cwe"`
	CWEUID     jsondoc.Text      `json:"cwe_uid"`
	Related    jsondoc.List[cwe] `json:"related_cwes"`
	CVSS       jsondoc.List[struct {
		BaseScore    jsondoc.Float `json:"base_score"`
		OverallScore jsondoc.Float `json:"overall_score"`
		Vector       jsondoc.Text  `json:"vector_string"`
		Version      jsondoc.Text  `json:"version"`
		Vendor       jsondoc.Text  `json:"vendor_name"`
	}] `json:"cvss"`
	EPSS jsondoc.Lax[struct {
		Score jsondoc.Text `json:"score"`
	}] `json:"epss"`
}

type cwe struct {
	UID     jsondoc.Text `json:"uid"`
	Caption jsondoc.Text `json:"caption"`
}

type advisory struct {
	UID        jsondoc.Text    `json:"uid"`
	Title      jsondoc.Text    `json:"title"`
	Desc       jsondoc.Text    `json:"desc"`
	SrcURL     jsondoc.Text    `json:"src_url"`
	References jsondoc.Strings `json:"references"`
}

type affected struct {
	Name        jsondoc.Text             `json:"name"`
	Version     jsondoc.Text             `json:"version"`
	Epoch       jsondoc.Text             `json:"epoch"`
	Release     jsondoc.Text             `json:"release"`
	PURL        jsondoc.Text             `json:"purl"`
	Type        jsondoc.Text             `json:"type"`
	License     jsondoc.Text             `json:"license"`
	Manager     jsondoc.Text             `json:"package_manager"`
	FixedIn     jsondoc.Text             `json:"fixed_in_version"`
	Path        jsondoc.Text             `json:"path"`
	Remediation jsondoc.Lax[remediation] `json:"remediation"`
}

type affectedCode struct {
	StartLine   jsondoc.Int `json:"start_line"`
	EndLine     jsondoc.Int `json:"end_line"`
	StartColumn jsondoc.Int `json:"start_column"`
	EndColumn   jsondoc.Int `json:"end_column"`
	File        jsondoc.Lax[struct {
		Path jsondoc.Text `json:"path"`
		Name jsondoc.Text `json:"name"`
	}] `json:"file"`
	Rule jsondoc.Lax[struct {
		UID  jsondoc.Text `json:"uid"`
		Name jsondoc.Text `json:"name"`
	}] `json:"rule"`
	Remediation jsondoc.Lax[remediation] `json:"remediation"`
}

// observe makes one observation, or one for each vulnerability and package or
// place in code that it affects.
func (rec *record) observe() []*finding.Observation {
	base := rec.common()
	var found []*finding.Observation
	for i := range rec.Vulnerabilities {
		found = append(found, rec.vulnerable(base, &rec.Vulnerabilities[i])...)
	}
	if len(found) == 0 {
		return []*finding.Observation{base}
	}
	if len(found) > 1 {
		for _, o := range found { // the uid tells them apart only together with the place
			if id := o.Fingerprints["ocsf"]; id != "" {
				o.Fingerprints = map[string]string{"ocsf": id + "#" + place(o)}
			}
		}
	}
	return found
}

func place(o *finding.Observation) string {
	p := o.Check.ID + "@" + o.Location.Path
	if o.Component != nil {
		p += "@" + o.Component.Name
	}
	if o.Location.StartLine > 0 {
		p += ":" + strconv.Itoa(o.Location.StartLine)
	}
	return p
}

// common is what all observations of the record share.
func (rec *record) common() *finding.Observation {
	i := rec.info()
	o := &finding.Observation{
		Kind:       finding.Misconfiguration,
		Title:      i.Title.String(),
		Message:    first(rec.StatusDetail, rec.Compliance.V.StatusDetail, rec.Message, i.Desc),
		Confidence: first(rec.Confidence, rec.ConfScore),
		Claim:      rec.claim(),
		FirstSeen:  instant(i.FirstSeenDT, i.FirstSeen, i.CreatedDT, i.Created),
		Check: finding.Check{
			ID:          first(rec.Metadata.V.EventCode, rec.Compliance.V.Control, i.Analytic.V.UID, i.Analytic.V.Name, i.Title),
			Title:       i.Title.String(),
			Description: paragraphs(i.Desc, rec.RiskDetails),
			Guideline:   rec.guideline(),
		},
	}
	if rec.checked() != "" { // the check has the title, the message says what came of it
		if m := first(rec.Message, rec.StatusDetail); m != "" && len(m) <= 300 && !strings.Contains(m, "\n") {
			o.Title = m
		}
	}
	o.Severity, o.SeverityWord = rec.grade()
	for _, r := range []*remediation{&rec.Remediation.V, &i.Remediation.V} {
		mend(o, r)
	}
	o.Check.Help = o.Fix
	u := &rec.Unmapped.V
	o.References = ident.Add(o.References, links(append([]string{u.RelatedURL.String(), i.SrcURL.String()}, u.AdditionalURLs...))...)
	if len(o.References) > 0 {
		o.Check.URL = o.References[0]
	}
	o.Tags = ident.Add(nil, i.Types...)
	if i.UID != "" {
		o.Fingerprints = map[string]string{"ocsf": i.UID.String()}
	}
	image, _ := rec.image()
	for n, r := range rec.places() {
		at := finding.Location{Resource: r.address()}
		if n == 0 {
			at.Image, o.Location = image, at
			o.Tags = ident.Add(o.Tags, r.Type.String(), r.Group.V.Name.String(), first(r.Region, rec.Cloud.V.Region))
		} else {
			o.Related = append(o.Related, at)
		}
	}
	o.Location.Image = image
	o.Tags = ident.Add(o.Tags, u.Categories...)
	return o
}

// mend adds a remediation: what to do, and where to read more. Prowler puts
// commands between the addresses.
func mend(o *finding.Observation, r *remediation) {
	if o.Fix == "" {
		o.Fix = r.Desc.String()
	}
	o.References = ident.Add(o.References, links(r.References)...)
	o.References = ident.Add(o.References, links(r.KBArticles)...)
}

func links(texts []string) []string {
	var out []string
	for _, t := range texts {
		if strings.HasPrefix(t, "http://") || strings.HasPrefix(t, "https://") {
			out = append(out, t)
		}
	}
	return out
}

func paragraphs(texts ...jsondoc.Text) string {
	var out []string
	for _, t := range texts {
		if t != "" && !slices.Contains(out, t.String()) {
			out = append(out, t.String())
		}
	}
	return strings.Join(out, "\n\n")
}

func (rec *record) guideline() string {
	c := &rec.Compliance.V
	out := ident.Add(nil, c.Standards...)
	out = ident.Add(out, c.Requirements...)
	out = ident.Add(out, c.Control.String())
	all := rec.Unmapped.V.Compliance.V
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = ident.Add(out, name+": "+strings.Join(all[name], ", "))
	}
	return strings.Join(out, "; ")
}

// vulnerable makes an observation for each package and each place in code that
// a vulnerability affects, or one when it names neither.
func (rec *record) vulnerable(base *finding.Observation, v *vulnerability) []*finding.Observation {
	b := rec.flaw(base, v)
	var found []*finding.Observation
	for i, list := 0, append(slices.Clone(v.Affected), v.Packages...); i < len(list); i++ {
		p, o := &list[i], own(b)
		o.Kind = finding.Vulnerability
		o.Component = p.component()
		o.FixVersions = ident.Add(nil, awsdoc.FixVersion(p.FixedIn.String()))
		o.Location.Path = p.Path.String()
		if r := &p.Remediation.V; r.Desc != "" {
			o.Fix = r.Desc.String()
		}
		mend(o, &p.Remediation.V)
		found = append(found, o)
	}
	for i := range v.Code {
		c, o := &v.Code[i], own(b)
		if len(o.Advisories) == 0 {
			o.Kind = finding.Code
		}
		o.Location.Path = first(c.File.V.Path, c.File.V.Name)
		o.Location.StartLine, o.Location.EndLine = int(c.StartLine), int(c.EndLine)
		o.Location.StartColumn, o.Location.EndColumn = int(c.StartColumn), int(c.EndColumn)
		if id := first(c.Rule.V.UID, c.Rule.V.Name); id != "" {
			o.Check.ID = id
		}
		mend(o, &c.Remediation.V)
		found = append(found, o)
	}
	if found == nil {
		found = append(found, b)
	}
	return found
}

// flaw is the vulnerability without the places that it affects.
func (rec *record) flaw(base *finding.Observation, v *vulnerability) *finding.Observation {
	o := own(base)
	o.Kind = finding.Vulnerability
	c, a := &v.CVE.V, &v.Advisory.V
	o.Advisories = ident.Add(nil, c.UID.String(), a.UID.String())
	for _, id := range v.Related {
		if ident.NamesOneFlaw(id) {
			o.Advisories = ident.Add(o.Advisories, id)
		}
	}
	weak := []string{v.CWE.V.UID.String(), c.CWE.V.UID.String(), c.CWEUID.String()}
	for _, w := range c.Related {
		weak = append(weak, w.UID.String())
	}
	o.CWEs = ident.CWEs(weak...)
	switch {
	case len(o.Advisories) > 0:
		o.Check.ID = o.Advisories[0]
	case rec.Metadata.V.EventCode == "" && len(o.CWEs) > 0:
		o.Check.ID = "CWE-" + strconv.Itoa(o.CWEs[0])
	}
	if t := first(v.Title, c.Title, a.Title); t != "" {
		o.Check.Title = t
	}
	if d := first(v.Desc, c.Desc, a.Desc); d != "" {
		o.Check.Description = d
	}
	if o.Title == "" {
		o.Title = o.Check.Title
	}
	if s := finding.SeverityOfWord(v.Severity.String()); s != finding.SeverityUnknown {
		o.Severity, o.SeverityWord = s, v.Severity.String()
	}
	for _, s := range c.CVSS {
		score := float64(s.BaseScore)
		if score == 0 {
			score = float64(s.OverallScore)
		}
		one := ident.CVSS(s.Vector.String(), score, strings.ToLower(s.Vendor.String()))
		if s.Version != "" {
			one.Version = s.Version.String()
		}
		o.CVSS = ident.AddCVSS(o.CVSS, one)
	}
	if p, err := strconv.ParseFloat(c.EPSS.V.Score.String(), 64); err == nil && p > 0 && p <= 1 {
		o.EPSS = &p
	}
	if at := instant(v.FirstSeenDT, v.FirstSeen); !at.IsZero() {
		o.FirstSeen = at
	}
	if v.Exploit == "true" {
		o.Tags = ident.Add(o.Tags, "exploit-available")
	}
	if r := &v.Remediation.V; r.Desc != "" {
		o.Fix = r.Desc.String()
	}
	mend(o, &v.Remediation.V)
	o.References = ident.Add(o.References, links(slices.Concat(v.References, c.References, a.References, []string{a.SrcURL.String()}))...)
	return o
}

func (p *affected) component() *finding.Component {
	c := ident.OfPURL(p.PURL.String())
	if p.PURL == "" {
		typ, distro := awsdoc.Ecosystem(p.Manager.String(), "")
		c = finding.Component{Ecosystem: typ, Name: p.Name.String(), Version: awsdoc.Version(p.Epoch.String(), p.Version.String(), p.Release.String())}
		c.PURL = ident.PURL(typ, distro, c.Name, c.Version)
	}
	if p.License != "" {
		c.Licences = []string{p.License.String()}
	}
	return &c
}

// own copies an observation so that nothing of it is shared with its siblings.
func own(of *finding.Observation) *finding.Observation {
	o := *of
	o.Advisories, o.CVSS, o.Related = slices.Clone(o.Advisories), slices.Clone(o.CVSS), slices.Clone(o.Related)
	o.Tags, o.References, o.CWEs = slices.Clone(o.Tags), slices.Clone(o.References), slices.Clone(o.CWEs)
	return &o
}
