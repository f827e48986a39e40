package asff

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// vulnerability is an entry of Vulnerabilities.
type vulnerability struct {
	ID       jsondoc.Text `json:"Id"`
	Packages jsondoc.List[struct {
		Name, Version, Epoch, Release, PackageManager          jsondoc.Text
		FilePath, FixedInVersion, Remediation, SourceLayerHash jsondoc.Text
	}] `json:"VulnerablePackages"`
	Cvss jsondoc.List[struct {
		Version, BaseVector, Source jsondoc.Text
		BaseScore                   jsondoc.Float
	}]
	Related   jsondoc.Strings `json:"RelatedVulnerabilities"`
	EpssScore jsondoc.Text
	Exploit   jsondoc.Text `json:"ExploitAvailable"`
	Vendor    jsondoc.Lax[struct {
		URL jsondoc.Text `json:"Url"`
	}]
	ReferenceURLs jsondoc.Strings `json:"ReferenceUrls"`
	Code          jsondoc.List[struct {
		Cwes     jsondoc.Strings
		FilePath jsondoc.Lax[struct {
			FileName, FilePath jsondoc.Text
			StartLine, EndLine jsondoc.Int
		}]
	}] `json:"CodeVulnerabilities"`
}

// observe makes one observation, or one for each vulnerable package.
func (rec *record) observe() []*finding.Observation {
	base := rec.common()
	var found []*finding.Observation
	for i := range rec.Vulnerabilities {
		found = append(found, rec.vulnerable(base, &rec.Vulnerabilities[i])...)
	}
	if len(found) > 0 {
		return found
	}
	rec.complete(base)
	return []*finding.Observation{base}
}

// common is what all observations of the record share.
func (rec *record) common() *finding.Observation {
	o := &finding.Observation{
		Kind:       rec.kind(),
		Title:      rec.Title.String(),
		Message:    rec.message(),
		Confidence: rec.Confidence.String(),
		Fix:        remedy(rec.Remediation.V.Recommendation.Text.String()),
		References: ident.Add(nil, rec.SourceURL.String()),
		Tags:       ident.Add(nil, rec.types()...),
		Claim:      rec.claim(),
		FirstSeen:  awsdoc.Time(rec.FirstObservedAt.String()),
		EPSS:       probability(rec.EpssScore),
		Check: finding.Check{
			ID:          rec.checkID(),
			Title:       rec.Title.String(),
			Description: rec.Description.String(),
			URL:         rec.Remediation.V.Recommendation.URL.String(),
			Guideline:   rec.guideline(),
		},
	}
	o.Severity, o.SeverityWord = rec.grade()
	if o.FirstSeen.IsZero() {
		o.FirstSeen = awsdoc.Time(rec.CreatedAt.String())
	}
	if o.Check.URL == "" {
		o.Check.URL = rec.field("RecommendationUrl")
	}
	o.References = ident.Add(o.References, o.Check.URL)
	if rec.ID != "" {
		o.Fingerprints = map[string]string{"asff": rec.ID.String()}
	}
	for i := range rec.Resources {
		r := &rec.Resources[i]
		at := finding.Location{Resource: r.ID.String()}
		at.Image, _ = r.image()
		if i == 0 {
			o.Location = at
			o.Tags = ident.Add(o.Tags, r.Type.String(), r.Region.String())
		} else {
			o.Related = append(o.Related, at)
		}
	}
	return o
}

func (rec *record) kind() finding.Kind {
	for i := range rec.Vulnerabilities {
		if len(rec.Vulnerabilities[i].Code) > 0 {
			return finding.Code
		}
	}
	if len(rec.Vulnerabilities) > 0 {
		return finding.Vulnerability
	}
	for _, t := range rec.types() {
		switch {
		case strings.HasPrefix(t, "Software and Configuration Checks/Vulnerabilities"):
			return finding.Vulnerability
		case strings.HasPrefix(t, "Sensitive Data Identifications") && strings.HasPrefix(rec.GeneratorID.String(), "Trivy/"):
			return finding.Secret
		}
	}
	return finding.Misconfiguration // also threats: what they tell apart is the resource
}

// checkID is the product's own id of what it looked for. A generator's ARN
// names a detector in the account, not what it detected.
func (rec *record) checkID() string {
	id := rec.Compliance.V.SecurityControlID.String()
	if id == "" {
		id = rec.field("ControlId", "RuleId")
	}
	if id != "" {
		return id
	}
	generator := rec.GeneratorID.String()
	if types := rec.types(); strings.HasPrefix(generator, "arn:") && len(types) > 0 {
		return lastOf(types[0])
	}
	for _, prefix := range []string{"security-control/", "prowler-", "Trivy/"} {
		generator = strings.TrimPrefix(generator, prefix)
	}
	if generator == "" && len(rec.types()) > 0 {
		return lastOf(rec.types()[0])
	}
	return generator
}

// lastOf is the classifier of "namespace/category/classifier"; GuardDuty's
// has slashes of its own.
func lastOf(t string) string {
	part := strings.SplitN(t, "/", 3)
	return part[len(part)-1]
}

func (rec *record) guideline() string {
	if list := rec.Compliance.V.RelatedRequirements; len(list) > 0 {
		return strings.Join(list, "; ")
	}
	arn := rec.field("StandardsArn", "StandardsGuideArn")
	if _, standard, ok := strings.Cut(arn, ":::"); ok {
		return standard
	}
	return arn
}

func (rec *record) message() string {
	text := rec.Description.String()
	for _, r := range rec.Compliance.V.StatusReasons {
		if d := r.Description.String(); d != "" && !strings.Contains(text, d) {
			text = strings.TrimSpace(text + "\n\n" + d)
		}
	}
	return text
}

// remedy leaves out Inspector's word for none.
func remedy(s string) string {
	if s == "None Provided" {
		return ""
	}
	return s
}

func probability(t jsondoc.Text) *float64 {
	if p, err := strconv.ParseFloat(t.String(), 64); err == nil && p > 0 && p <= 1 {
		return &p
	}
	return nil
}

// vulnerable makes an observation for each package, or each place in code, of
// a vulnerability.
func (rec *record) vulnerable(base *finding.Observation, v *vulnerability) []*finding.Observation {
	b := *base
	if v.ID != "" {
		b.Advisories = ident.Add(nil, v.ID.String())
		b.Check.ID = v.ID.String()
	}
	for _, id := range v.Related {
		if ident.NamesOneFlaw(id) {
			b.Advisories = ident.Add(b.Advisories, id)
		}
	}
	for _, c := range v.Cvss {
		one := ident.CVSS(c.BaseVector.String(), float64(c.BaseScore), strings.ToLower(c.Source.String()))
		one.Version = c.Version.String()
		b.CVSS = ident.AddCVSS(b.CVSS, one)
	}
	if p := probability(v.EpssScore); p != nil {
		b.EPSS = p
	}
	if v.Exploit == "YES" {
		b.Tags = ident.Add(append([]string(nil), b.Tags...), "exploit-available")
	}
	b.References = ident.Add(append([]string(nil), b.References...), append([]string{v.Vendor.V.URL.String()}, v.ReferenceURLs...)...)
	var found []*finding.Observation
	platform := rec.platform()
	for i := range v.Packages {
		p, o := &v.Packages[i], own(&b, v.Packages[i].Name.String()+"@"+v.Packages[i].FilePath.String())
		typ, distro := awsdoc.Ecosystem(p.PackageManager.String(), platform)
		c := finding.Component{Ecosystem: typ, Name: p.Name.String(), Version: awsdoc.Version(p.Epoch.String(), p.Version.String(), p.Release.String())}
		c.PURL = ident.PURL(typ, distro, c.Name, c.Version)
		o.Component = &c
		o.FixVersions = ident.Add(nil, awsdoc.FixVersion(p.FixedInVersion.String()))
		o.Location.Path, o.Location.Layer = p.FilePath.String(), p.SourceLayerHash.String()
		if p.Remediation != "" {
			o.Fix = p.Remediation.String()
		}
		found = append(found, o)
	}
	for i := range v.Code {
		c := &v.Code[i]
		f := &c.FilePath.V
		o := own(&b, f.FilePath.String()+":"+strconv.Itoa(int(f.StartLine)))
		o.CWEs = ident.CWEs(c.Cwes...)
		if len(o.CWEs) > 0 && v.ID == "" { // Inspector names no rule here, only itself
			o.Check.ID = "CWE-" + strconv.Itoa(o.CWEs[0])
		}
		o.Location.Path, o.Location.StartLine, o.Location.EndLine = f.FilePath.String(), int(f.StartLine), int(f.EndLine)
		if o.Location.Path == "" {
			o.Location.Path = f.FileName.String()
		}
		found = append(found, o)
	}
	if found == nil {
		rec.complete(&b)
		found = append(found, &b)
	}
	return found
}

// own copies an observation so that nothing of it is shared with its siblings;
// the finding's id tells them apart only together with the place.
func own(of *finding.Observation, place string) *finding.Observation {
	o := *of
	o.Advisories, o.CVSS, o.Related = slices.Clone(o.Advisories), slices.Clone(o.CVSS), slices.Clone(o.Related)
	o.Tags, o.References = slices.Clone(o.Tags), slices.Clone(o.References)
	if id := of.Fingerprints["asff"]; id != "" {
		o.Fingerprints = map[string]string{"asff": id + "#" + place}
	}
	return &o
}

// platform is the operating system that Inspector names beside the finding.
func (rec *record) platform() string {
	for name, v := range rec.ProductFields.V {
		if strings.HasPrefix(name, "aws/inspector/resources/") && strings.HasSuffix(name, "/platform") {
			return v.String()
		}
	}
	return ""
}

var advisoryTitle = regexp.MustCompile(`^((?:CVE|GHSA|ALAS\w*)-[\w-]+) - (.+)$`)

// complete fills what producers without Vulnerabilities write elsewhere:
// Inspector into the title, Trivy into the resource's details.
func (rec *record) complete(o *finding.Observation) {
	if m := advisoryTitle.FindStringSubmatch(o.Title); m != nil && o.Kind == finding.Vulnerability {
		o.Advisories = ident.Add(o.Advisories, m[1])
		o.Check.ID = o.Advisories[0]
		if name, _, _ := strings.Cut(m[2], ", "); o.Component == nil {
			o.Component = &finding.Component{Name: name}
		}
	}
	if len(rec.Resources) == 0 {
		return
	}
	other := rec.Resources[0].Details.V.Other.V
	if path := other["Filename"].String(); path != "" {
		o.Location.Path = path
		o.Location.StartLine, o.Location.EndLine = number(other["StartLine"]), number(other["EndLine"])
	}
	if m := other["Message"].String(); m != "" {
		o.Message = m
	}
	if name := other["PkgName"].String(); name != "" {
		o.Kind = finding.Vulnerability
		o.Component = &finding.Component{Name: name, Version: other["Installed Package"].String()}
		o.FixVersions = ident.Add(nil, strings.Split(other["Patched Package"].String(), ",")...)
	}
	if id := other["CVE ID"].String(); id != "" {
		o.Advisories = ident.Add(o.Advisories, id)
		o.Check.ID = id
	}
	if t := other["CVE Title"].String(); t != "" {
		o.Check.Title = t
	}
	for _, v := range []string{"V3", "V2"} {
		score, _ := strconv.ParseFloat(other["NvdCvssScore"+v].String(), 64)
		o.CVSS = ident.AddCVSS(o.CVSS, ident.CVSS(other["NvdCvssVector"+v].String(), score, "nvd"))
	}
	if o.Kind == finding.Secret {
		o.Secret = &finding.SecretValue{Detector: o.Check.ID}
	}
}

func number(t jsondoc.Text) int {
	n, _ := strconv.Atoi(strings.TrimSpace(t.String())) // 0 stands for unknown
	return n
}
