package semgrep

import (
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// scaMatch is sca_info: the dependency behind a Supply Chain result and
// whether the code reaches the flaw.
type scaMatch struct {
	Reachable jsondoc.Text `json:"reachable"`
	Match     struct {
		Found struct {
			Package   jsondoc.Text `json:"package"`
			Version   jsondoc.Text `json:"version"`
			Ecosystem jsondoc.Text `json:"ecosystem"`
			Kind      jsondoc.Text `json:"transitivity"`
			Manifest  jsondoc.Text `json:"manifest_path"`
			Lockfile  jsondoc.Text `json:"lockfile_path"`
			Line      jsondoc.Int  `json:"line_number"`
		} `json:"found_dependency"`
		Lockfile jsondoc.Text `json:"lockfile"`
	} `json:"dependency_match"`
}

// addTo makes the observation one of a component. A reachable flaw stands
// where the code uses the component; the lock file then is a related place.
func (s *scaMatch) addTo(o *finding.Observation, m *metadata) {
	dep := &s.Match.Found
	o.Component = component(string(dep.Ecosystem), string(dep.Package), string(dep.Version))
	o.Component.Direct = direct(string(dep.Kind))
	o.Advisories = ident.Add(o.Advisories, string(m.SCAID), string(m.CVE), string(m.GHSA))
	for _, fix := range m.SCAFixes {
		if v, ok := fix[string(dep.Package)]; ok {
			o.FixVersions = ident.Add(o.FixVersions, string(v))
		}
	}
	if word := string(m.SCASeverity); word != "" {
		o.Severity, o.SeverityWord = finding.SeverityOfWord(word), word
	}
	switch s.Reachable {
	case "true":
		o.Tags = ident.Add(o.Tags, "reachable")
	case "false":
		o.Tags = ident.Add(o.Tags, "unreachable")
	}
	lock := string(dep.Lockfile)
	if lock == "" {
		lock = string(s.Match.Lockfile)
	}
	if lock != "" && lock != o.Location.Path {
		o.Related = append(o.Related, finding.Location{Path: lock, StartLine: int(dep.Line)})
	} else if dep.Line > 0 {
		o.Location.StartLine, o.Location.EndLine, o.Location.StartColumn, o.Location.EndColumn = int(dep.Line), int(dep.Line), 0, 0
	}
}

func component(ecosystem, name, version string) *finding.Component {
	typ, namespace := ident.Ecosystem(ecosystem)
	return &finding.Component{PURL: ident.PURL(typ, namespace, name, version), Ecosystem: typ, Name: name, Version: version}
}

// direct reads Semgrep's transitivity; "unknown" is unsaid.
func direct(kind string) *bool {
	yes := strings.EqualFold(kind, "direct")
	if yes || strings.EqualFold(kind, "transitive") {
		return &yes
	}
	return nil
}

// exported is an entry of vulns, as the deployments API gives it.
type exported struct {
	Title    jsondoc.Text `json:"title"`
	Advisory struct {
		RuleID      jsondoc.Text `json:"ruleId"`
		Title       jsondoc.Text `json:"title"`
		Description jsondoc.Text `json:"description"`
		Ecosystem   jsondoc.Text `json:"ecosystem"`
		Severity    jsondoc.Text `json:"severity"`
		ReachableIf jsondoc.Text `json:"reachableIf"`
		References  jsondoc.Lax[struct {
			CVEs  jsondoc.Strings `json:"cveIds"`
			CWEs  jsondoc.Strings `json:"cweIds"`
			OWASP jsondoc.Strings `json:"owaspIds"`
			URLs  jsondoc.Strings `json:"urls"`
		}] `json:"references"`
	} `json:"advisory"`
	Exposure   jsondoc.Text            `json:"exposureType"`
	Repository jsondoc.Text            `json:"repositoryName"`
	Dependency dependency              `json:"matchedDependency"`
	Safe       jsondoc.Lax[dependency] `json:"closestSafeDependency"`
	File       exportedPlace           `json:"dependencyFileLocation"`
	Usages     jsondoc.List[struct {
		Location exportedPlace `json:"location"`
	}] `json:"usages"`
	Triage jsondoc.Lax[struct {
		Status jsondoc.Text `json:"status"`
		Reason jsondoc.Text `json:"dismissReason"`
		Issue  jsondoc.Text `json:"issueUrl"`
	}] `json:"triage"`
	GroupKey       jsondoc.Text `json:"groupKey"`
	OpenedAt       jsondoc.Text `json:"openedAt"`
	Transitivity   jsondoc.Text `json:"transitivity"`
	PackageManager jsondoc.Text `json:"packageManager"`
}

type dependency struct {
	Name    jsondoc.Text `json:"name"`
	Version jsondoc.Text `json:"versionSpecifier"`
}

type exportedPlace struct {
	Path      jsondoc.Text `json:"path"`
	StartLine jsondoc.Int  `json:"startLine"`
	StartCol  jsondoc.Int  `json:"startCol"`
	EndLine   jsondoc.Int  `json:"endLine"`
	EndCol    jsondoc.Int  `json:"endCol"`
	URL       jsondoc.Text `json:"url"`
}

func (p *exportedPlace) location() finding.Location {
	return finding.Location{
		Path: string(p.Path), StartLine: int(p.StartLine), StartColumn: int(p.StartCol),
		EndLine: int(p.EndLine), EndColumn: int(p.EndCol),
	}
}

func (v *exported) observation() *finding.Observation {
	a, refs := &v.Advisory, &v.Advisory.References.V
	o := &finding.Observation{
		Kind:         finding.Vulnerability,
		Check:        finding.Check{ID: string(a.RuleID), Title: string(a.Title), Description: string(a.Description)},
		Title:        string(v.Title),
		Severity:     finding.SeverityOfWord(string(a.Severity)),
		SeverityWord: string(a.Severity),
		CWEs:         ident.CWEs(refs.CWEs...),
		Advisories:   ident.Add(nil, refs.CVEs...),
		Component:    component(v.ecosystem(), string(v.Dependency.Name), string(v.Dependency.Version)),
		Location:     v.File.location(),
		References:   ident.Add(ident.Add(nil, refs.URLs...), string(v.File.URL), string(v.Triage.V.Issue)),
		Tags:         ident.Add(ident.Add(nil, refs.OWASP...), strings.ToLower(string(v.Exposure))),
		Claim:        triage(string(v.Triage.V.Status), string(v.Triage.V.Reason)),
		FixVersions:  ident.Add(nil, string(v.Safe.V.Version)),
	}
	for _, url := range refs.URLs {
		o.Advisories = ident.Add(o.Advisories, ident.AdvisoryInURL(url))
	}
	if v.Repository != "" {
		o.Tags = ident.Add(o.Tags, "repository:"+string(v.Repository))
	}
	if a.ReachableIf != "" && strings.EqualFold(string(v.Exposure), "REACHABLE") {
		o.Message = "Reachable if " + string(a.ReachableIf)
	}
	o.Component.Direct = direct(string(v.Transitivity))
	for i := range v.Usages {
		o.Related = append(o.Related, v.Usages[i].Location.location())
	}
	if v.GroupKey != "" {
		o.Fingerprints = map[string]string{"semgrepGroupKey": string(v.GroupKey)}
	}
	if t, err := time.Parse(time.RFC3339Nano, string(v.OpenedAt)); err == nil && t.Unix() > 0 { // 1970 stands for never
		o.FirstSeen = t.UTC()
	}
	return o
}

// ecosystem is that of the file the dependency stands in: an advisory may
// name another one when it covers several.
func (v *exported) ecosystem() string {
	if e := ident.EcosystemOfFile(string(v.File.Path)); e != "" {
		return e
	}
	if e, _ := ident.Ecosystem(string(v.PackageManager)); e != "" {
		return e
	}
	return string(v.Advisory.Ecosystem)
}

// triage reads what was decided in the platform.
func triage(status, reason string) finding.Claim {
	c := finding.Claim{Justification: reason, Source: "tool"}
	switch strings.ToUpper(status) {
	case "FIXED", "REMOVED":
		c.State = finding.ClaimFixed
	case "REVIEWING":
		c.State = finding.ClaimUnderReview
	case "IGNORED", "CLOSED":
		switch strings.ToUpper(reason) {
		case "FALSE_POSITIVE":
			c.State = finding.ClaimFalsePositive
		case "ACCEPTABLE_RISK", "ACCEPTED_RISK":
			c.State = finding.ClaimAccepted
		default:
			c.State = finding.ClaimSuppressedByTool
		}
	default: // NEW, REOPENED, FIXING
		return finding.Claim{}
	}
	return c
}
