package npmaudit

import (
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// advisory is an entry of advisories, as npm 6 writes it.
type advisory struct {
	ID       jsondoc.Text `json:"id"`
	GHSA     jsondoc.Text `json:"github_advisory_id"`
	Title    jsondoc.Text `json:"title"`
	Module   jsondoc.Text `json:"module_name"`
	Findings jsondoc.List[struct {
		Version  jsondoc.Text    `json:"version"`
		Paths    jsondoc.Strings `json:"paths"`
		Dev      jsondoc.Text    `json:"dev"`
		Optional jsondoc.Text    `json:"optional"`
	}] `json:"findings"`
	CVEs           jsondoc.Strings   `json:"cves"`
	CWE            jsondoc.Strings   `json:"cwe"`
	CVSS           jsondoc.Lax[cvss] `json:"cvss"`
	Vulnerable     jsondoc.Text      `json:"vulnerable_versions"`
	Patched        jsondoc.Text      `json:"patched_versions"`
	Overview       jsondoc.Text      `json:"overview"`
	Recommendation jsondoc.Text      `json:"recommendation"`
	References     jsondoc.Strings   `json:"references"`
	Severity       jsondoc.Text      `json:"severity"`
	URL            jsondoc.Text      `json:"url"`
}

type cvss struct {
	Score  jsondoc.Float `json:"score"`
	Vector jsondoc.Text  `json:"vectorString"`
}

// observations makes one observation of every installed version.
func (a *advisory) observations(number string) ([]*finding.Observation, error) {
	if a.Module == "" && a.Title == "" {
		return nil, jsondoc.Bad("neither module_name nor title is given")
	}
	if a.ID == "" {
		a.ID = jsondoc.Text(number)
	}
	if len(a.Findings) == 0 {
		return []*finding.Observation{a.observation("")}, nil
	}
	var all []*finding.Observation
	for _, f := range a.Findings {
		o := a.observation(string(f.Version))
		if len(f.Paths) > 0 {
			o.Component.Path = strings.Split(f.Paths[0], ">")
			direct := len(o.Component.Path) == 1
			o.Component.Direct = &direct
		}
		if len(f.Paths) > 1 {
			o.Message += fmt.Sprintf("\n\nInstalled on %d dependency paths.", len(f.Paths))
		}
		switch {
		case f.Dev == "true":
			o.Component.Scope = "dev"
		case f.Optional == "true":
			o.Component.Scope = "optional"
		}
		all = append(all, o)
	}
	return all, nil
}

func (a *advisory) observation(version string) *finding.Observation {
	o := &finding.Observation{
		Kind:         finding.Vulnerability,
		Check:        finding.Check{ID: string(a.ID), Title: string(a.Title), Description: string(a.Overview), Help: string(a.Recommendation), URL: string(a.URL)},
		Title:        string(a.Title),
		Severity:     finding.SeverityOfWord(string(a.Severity)),
		SeverityWord: string(a.Severity),
		CWEs:         ident.CWEs(a.CWE...),
		Advisories:   ident.Add(ident.Add(nil, string(a.GHSA), ident.AdvisoryInURL(string(a.URL))), a.CVEs...),
		CVSS:         a.CVSS.V.rating(),
		Component:    component(string(a.Module), version),
		Fix:          string(a.Recommendation),
		FixVersions:  lowest(string(a.Patched)),
		References:   ident.Add(nil, string(a.URL)),
	}
	if a.Vulnerable != "" {
		o.Message = "Affected versions: " + string(a.Vulnerable)
	}
	for _, text := range a.References { // Markdown
		o.References = ident.Add(o.References, addresses(text)...)
	}
	return o
}

func component(name, version string) *finding.Component {
	return &finding.Component{PURL: ident.PURL("npm", "", name, version), Ecosystem: "npm", Name: name, Version: version}
}

func (c cvss) rating() []finding.CVSS {
	return ident.AddCVSS(nil, ident.CVSS(string(c.Vector), float64(c.Score), "ghsa"))
}

// lowest returns the first patched version of every part of a range such as
// ">= 2.6.9 < 3.0.0 || >= 3.1.0". "<0.0.0" stands for none.
func lowest(patched string) []string {
	var versions []string
	for _, part := range strings.Split(patched, "||") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(part), ">=")
		if fields := strings.Fields(rest); ok && len(fields) > 0 {
			versions = ident.Add(versions, fields[0])
		}
	}
	return versions
}

// addresses finds the web addresses in a text.
func addresses(text string) []string {
	var found []string
	for {
		at := strings.Index(text, "http")
		if at < 0 {
			return found
		}
		text = text[at:]
		end := strings.IndexAny(text, " \t\r\n)>]\"'")
		if end < 0 {
			end = len(text)
		}
		if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
			found = append(found, text[:end])
		}
		text = text[max(end, 1):]
	}
}
