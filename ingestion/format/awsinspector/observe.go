package awsinspector

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// record is a finding as Inspector's API gives it (data type Finding).
type record struct {
	ARN           jsondoc.Text           `json:"findingArn"`
	Account       jsondoc.Text           `json:"awsAccountId"`
	Type          jsondoc.Text           `json:"type"`
	Title         jsondoc.Text           `json:"title"`
	Description   jsondoc.Text           `json:"description"`
	Severity      jsondoc.Text           `json:"severity"`
	Status        jsondoc.Text           `json:"status"`
	FirstObserved jsondoc.Text           `json:"firstObservedAt"`
	Exploit       jsondoc.Text           `json:"exploitAvailable"`
	CWEs          jsondoc.Strings        `json:"cwes"`
	Resources     jsondoc.List[resource] `json:"resources"`
	Remediation   jsondoc.Lax[struct {
		Recommendation jsondoc.Lax[struct {
			Text     jsondoc.Text `json:"text"`
			URL      jsondoc.Text `json:"Url"`
			LowerURL jsondoc.Text `json:"url"`
		}] `json:"recommendation"`
	}] `json:"remediation"`
	ScoreDetails jsondoc.Lax[struct {
		Adjusted jsondoc.Lax[struct {
			Score  jsondoc.Float `json:"score"`
			Vector jsondoc.Text  `json:"scoringVector"`
		}] `json:"adjustedCvss"`
	}] `json:"inspectorScoreDetails"`
	EPSS jsondoc.Lax[struct {
		Score jsondoc.Float `json:"score"`
	}] `json:"epss"`
	Package jsondoc.Lax[packages] `json:"packageVulnerabilityDetails"`
	Code    jsondoc.Lax[code]     `json:"codeVulnerabilityDetails"`
	Network jsondoc.Lax[struct {
		Protocol jsondoc.Text `json:"protocol"`
		Ports    jsondoc.Lax[struct {
			Begin jsondoc.Int `json:"begin"`
			End   jsondoc.Int `json:"end"`
		}] `json:"openPortRange"`
	}] `json:"networkReachabilityDetails"`
}

type resource struct {
	Type    jsondoc.Text `json:"type"`
	ID      jsondoc.Text `json:"id"`
	Region  jsondoc.Text `json:"region"`
	Details jsondoc.Lax[struct {
		Image jsondoc.Lax[struct {
			Registry   jsondoc.Text    `json:"registry"`
			Repository jsondoc.Text    `json:"repositoryName"`
			Digest     jsondoc.Text    `json:"imageHash"`
			Tags       jsondoc.Strings `json:"imageTags"`
			Platform   jsondoc.Text    `json:"platform"`
		}] `json:"awsEcrContainerImage"`
		Instance jsondoc.Lax[struct {
			Platform jsondoc.Text `json:"platform"`
		}] `json:"awsEc2Instance"`
		Repository jsondoc.Lax[struct {
			Name   jsondoc.Text `json:"projectName"`
			Commit jsondoc.Text `json:"commitId"`
			Branch jsondoc.Text `json:"branchName"`
		}] `json:"codeRepository"`
	}] `json:"details"`
}

type packages struct {
	ID         jsondoc.Text    `json:"vulnerabilityId"`
	Related    jsondoc.Strings `json:"relatedVulnerabilities"`
	SourceURL  jsondoc.Text    `json:"sourceUrl"`
	References jsondoc.Strings `json:"referenceUrls"`
	CVSS       jsondoc.List[struct {
		Score   jsondoc.Float `json:"baseScore"`
		Vector  jsondoc.Text  `json:"scoringVector"`
		Version jsondoc.Text  `json:"version"`
		Source  jsondoc.Text  `json:"source"`
	}] `json:"cvss"`
	Vulnerable jsondoc.List[struct {
		Name        jsondoc.Text `json:"name"`
		Version     jsondoc.Text `json:"version"`
		Epoch       jsondoc.Text `json:"epoch"`
		Release     jsondoc.Text `json:"release"`
		Manager     jsondoc.Text `json:"packageManager"`
		Path        jsondoc.Text `json:"filePath"`
		FixedIn     jsondoc.Text `json:"fixedInVersion"`
		Remediation jsondoc.Text `json:"remediation"`
		Layer       jsondoc.Text `json:"sourceLayerHash"`
		LambdaLayer jsondoc.Text `json:"sourceLambdaLayerArn"`
	}] `json:"vulnerablePackages"`
}

type code struct {
	Path jsondoc.Lax[struct {
		Name  jsondoc.Text `json:"fileName"`
		Path  jsondoc.Text `json:"filePath"`
		Start jsondoc.Int  `json:"startLine"`
		End   jsondoc.Int  `json:"endLine"`
	}] `json:"filePath"`
	CWEs         jsondoc.Strings `json:"cwes"`
	DetectorID   jsondoc.Text    `json:"detectorId"`
	DetectorName jsondoc.Text    `json:"detectorName"`
	DetectorTags jsondoc.Strings `json:"detectorTags"`
	RuleID       jsondoc.Text    `json:"ruleId"`
	References   jsondoc.Strings `json:"referenceUrls"`
}

// image is the address and the digest of an image resource.
func (r *resource) image() (name, digest string) {
	i := &r.Details.V.Image.V
	if i.Repository == "" && r.Type != "AWS_ECR_CONTAINER_IMAGE" {
		return "", ""
	}
	return awsdoc.Image(r.ID.String(), i.Registry.String(), i.Repository.String(), i.Digest.String(), i.Tags)
}

func (rec *record) run() format.Run {
	run := format.Run{Tool: tool, Target: format.Target{Kind: "cloud", Name: rec.Account.String()}}
	if len(rec.Resources) == 0 {
		return run
	}
	if name, digest := rec.Resources[0].image(); name != "" {
		run.Target = format.Target{Kind: "image", Name: name, Digest: digest}
	} else if repo := &rec.Resources[0].Details.V.Repository.V; repo.Name != "" {
		run.Target = format.Target{Kind: "repository", Name: repo.Name.String(), Commit: repo.Commit.String(), Branch: repo.Branch.String()}
	}
	return run
}

// platform is the operating system of the resource ("UBUNTU_22_04").
func (rec *record) platform() string {
	for i := range rec.Resources {
		d := &rec.Resources[i].Details.V
		for _, p := range []jsondoc.Text{d.Image.V.Platform, d.Instance.V.Platform} {
			if p != "" {
				return p.String()
			}
		}
	}
	return ""
}

func (rec *record) observe() []*finding.Observation {
	base := rec.common()
	switch {
	case rec.Type == "CODE_VULNERABILITY" || rec.Code.V.DetectorID != "" || rec.Code.V.Path.V.Path != "":
		rec.inCode(base)
	case rec.Type == "PACKAGE_VULNERABILITY" || rec.Package.V.ID != "":
		return rec.inPackages(base)
	default: // NETWORK_REACHABILITY
		n := &rec.Network.V
		if p := &n.Ports.V; p.Begin > 0 {
			ports := fmt.Sprintf("%s/%d", n.Protocol, p.Begin)
			if p.End > p.Begin {
				ports += fmt.Sprintf("-%d", p.End)
			}
			base.Message += "\n\nReachable: " + ports
			base.Check.ID += ":" + ports // each open port of a resource is a flaw of its own
		}
	}
	return []*finding.Observation{base}
}

// common is what all observations of the record share.
func (rec *record) common() *finding.Observation {
	advice := &rec.Remediation.V.Recommendation.V
	o := &finding.Observation{
		Kind:         finding.Misconfiguration,
		Title:        rec.Title.String(),
		Message:      rec.Description.String(),
		Severity:     finding.SeverityOfWord(rec.Severity.String()), // UNTRIAGED is unknown
		SeverityWord: rec.Severity.String(),
		Claim:        rec.claim(),
		FirstSeen:    awsdoc.Time(rec.FirstObserved.String()),
		CWEs:         ident.CWEs(rec.CWEs...),
		Check:        finding.Check{ID: rec.Type.String(), Title: rec.Title.String(), Description: rec.Description.String()},
		Tags:         ident.Add(nil, rec.Type.String()),
		References:   ident.Add(nil, advice.URL.String(), advice.LowerURL.String()),
	}
	if advice.Text != "None Provided" {
		o.Fix = advice.Text.String()
	}
	if rec.ARN != "" {
		o.Fingerprints = map[string]string{"inspector": rec.ARN.String()}
	}
	if p := float64(rec.EPSS.V.Score); p > 0 && p <= 1 {
		o.EPSS = &p
	}
	if rec.Exploit == "YES" {
		o.Tags = ident.Add(o.Tags, "exploit-available")
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

// claim is what Inspector says of the finding's state. It closes a finding
// when the flaw is mended or the resource is gone.
func (rec *record) claim() finding.Claim {
	switch rec.Status {
	case "SUPPRESSED":
		return finding.Claim{State: finding.ClaimSuppressedByTool, Justification: "SUPPRESSED", Source: "tool"}
	case "CLOSED":
		return finding.Claim{State: finding.ClaimFixed, Justification: "CLOSED", Source: "tool"}
	}
	return finding.Claim{}
}

// inCode completes a flaw in the code of a function or a repository.
func (rec *record) inCode(o *finding.Observation) {
	c := &rec.Code.V
	f := &c.Path.V
	o.Kind = finding.Code
	o.Location.Path, o.Location.StartLine, o.Location.EndLine = f.Path.String(), int(f.Start), int(f.End)
	if o.Location.Path == "" {
		o.Location.Path = f.Name.String()
	}
	o.CWEs = ident.CWEs(append(slices.Clone([]string(c.CWEs)), rec.CWEs...)...)
	detector, _, _ := strings.Cut(c.DetectorID.String(), "@") // without its version
	for _, id := range []string{c.RuleID.String(), detector} {
		if id != "" {
			o.Check.ID = id
		}
	}
	if c.DetectorName != "" {
		o.Check.Title = c.DetectorName.String()
	}
	o.Check.Help = o.Fix
	o.Tags = ident.Add(o.Tags, c.DetectorTags...)
	o.References = ident.Add(o.References, c.References...)
}

// inPackages makes an observation for each vulnerable package.
func (rec *record) inPackages(base *finding.Observation) []*finding.Observation {
	p := &rec.Package.V
	base.Kind = finding.Vulnerability
	base.Advisories = ident.Add(nil, p.ID.String())
	for _, id := range p.Related {
		if ident.NamesOneFlaw(id) {
			base.Advisories = ident.Add(base.Advisories, id)
		}
	}
	if p.ID != "" {
		base.Check.ID = p.ID.String()
	}
	base.Check.URL = p.SourceURL.String()
	base.References = ident.Add(base.References, append([]string{p.SourceURL.String()}, p.References...)...)
	for _, c := range p.CVSS {
		one := ident.CVSS(c.Vector.String(), float64(c.Score), strings.ToLower(c.Source.String()))
		if c.Version != "" {
			one.Version = c.Version.String()
		}
		base.CVSS = ident.AddCVSS(base.CVSS, one)
	}
	if a := &rec.ScoreDetails.V.Adjusted.V; a.Vector != "" || a.Score > 0 {
		one := ident.CVSS(a.Vector.String(), float64(a.Score), "inspector")
		if !slices.ContainsFunc(base.CVSS, func(c finding.CVSS) bool { return c.Vector == one.Vector && c.Score == one.Score }) {
			base.CVSS = ident.AddCVSS(base.CVSS, one)
		}
	}
	if len(p.Vulnerable) == 0 {
		return []*finding.Observation{base}
	}
	var found []*finding.Observation
	platform := rec.platform()
	for i := range p.Vulnerable {
		v, o := &p.Vulnerable[i], own(base)
		typ, distro := awsdoc.Ecosystem(v.Manager.String(), platform)
		c := finding.Component{Ecosystem: typ, Name: v.Name.String(), Version: awsdoc.Version(v.Epoch.String(), v.Version.String(), v.Release.String())}
		c.PURL = ident.PURL(typ, distro, c.Name, c.Version)
		o.Component = &c
		o.FixVersions = ident.Add(nil, awsdoc.FixVersion(v.FixedIn.String()))
		o.Location.Path, o.Location.Layer = v.Path.String(), v.Layer.String()
		if v.LambdaLayer != "" {
			o.Location.Layer = v.LambdaLayer.String()
		}
		if v.Remediation != "" {
			o.Fix = v.Remediation.String()
		}
		if id := rec.ARN.String(); id != "" && len(p.Vulnerable) > 1 {
			o.Fingerprints = map[string]string{"inspector": id + "#" + c.Name + "@" + o.Location.Path}
		}
		found = append(found, o)
	}
	return found
}

// own copies an observation so that nothing of it is shared with its siblings.
func own(of *finding.Observation) *finding.Observation {
	o := *of
	o.Advisories, o.CVSS, o.Related = slices.Clone(o.Advisories), slices.Clone(o.CVSS), slices.Clone(o.Related)
	o.Tags, o.References, o.CWEs = slices.Clone(o.Tags), slices.Clone(o.References), slices.Clone(o.CWEs)
	return &o
}
