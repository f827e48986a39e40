package scanner

import (
	"slices"
	"strings"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// The types below are the members of CycloneDX 1.6 that are written.
type (
	bom struct {
		Format          string      `json:"bomFormat"`
		SpecVersion     string      `json:"specVersion"`
		Version         int         `json:"version"`
		Metadata        bomMetadata `json:"metadata"`
		Components      []bomPart   `json:"components"`
		Vulnerabilities []bomFlaw   `json:"vulnerabilities"`
	}
	bomMetadata struct {
		Tools struct {
			Components []bomPart `json:"components"`
		} `json:"tools"`
		Properties []bomProperty `json:"properties,omitempty"`
	}
	bomPart struct {
		Type     string       `json:"type"`
		Ref      string       `json:"bom-ref,omitempty"`
		Name     string       `json:"name"`
		Version  string       `json:"version,omitempty"`
		PURL     string       `json:"purl,omitempty"`
		Evidence *bomEvidence `json:"evidence,omitempty"`
	}
	bomEvidence struct {
		Occurrences []bomOccurrence `json:"occurrences"`
	}
	bomOccurrence struct {
		Location string `json:"location"`
	}
	bomProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	bomFlaw struct {
		ID             string         `json:"id"`
		Source         bomSource      `json:"source"`
		References     []bomReference `json:"references,omitempty"`
		Ratings        []bomRating    `json:"ratings,omitempty"`
		CWEs           []int          `json:"cwes,omitempty"`
		Description    string         `json:"description,omitempty"`
		Detail         string         `json:"detail,omitempty"`
		Recommendation string         `json:"recommendation,omitempty"`
		Advisories     []bomAdvisory  `json:"advisories,omitempty"`
		Affects        []bomAffected  `json:"affects"`
	}
	bomSource struct {
		Name string `json:"name"`
		URL  string `json:"url,omitempty"`
	}
	bomReference struct {
		ID     string    `json:"id"`
		Source bomSource `json:"source"`
	}
	bomRating struct {
		Source   bomSource `json:"source"`
		Severity string    `json:"severity,omitempty"`
		Method   string    `json:"method,omitempty"`
		Vector   string    `json:"vector,omitempty"`
	}
	bomAdvisory struct {
		URL string `json:"url"`
	}
	bomAffected struct {
		Ref string `json:"ref"`
	}
)

// bill writes components and what is known against them as one document.
func bill(list []pkg, hits []hit, notes []string) bom {
	b := bom{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, Components: []bomPart{}, Vulnerabilities: []bomFlaw{}}
	b.Metadata.Tools.Components = []bomPart{{Type: "application", Name: sensor.InsideComponents}}
	for _, n := range notes {
		b.Metadata.Properties = append(b.Metadata.Properties, bomProperty{"stance:unreadable", n})
	}
	for _, p := range list {
		b.Components = append(b.Components, bomPart{
			Type: "library", Ref: p.ref(), Name: p.name, Version: p.version, PURL: p.purl,
			Evidence: &bomEvidence{[]bomOccurrence{{p.file}}},
		})
	}
	for _, h := range hits {
		b.Vulnerabilities = append(b.Vulnerabilities, flaw(h))
	}
	return b
}

// flaw writes one advisory about one component.
func flaw(h hit) bomFlaw {
	a := h.advisory
	source := bomSource{Name: "OSV", URL: "https://osv.dev/vulnerability/" + a.ID}
	f := bomFlaw{ID: a.ID, Source: source, Description: a.Summary, Detail: a.Details, Affects: []bomAffected{{h.pkg.ref()}}}
	for _, alias := range a.Aliases {
		f.References = append(f.References, bomReference{alias, bomSource{Name: "OSV", URL: "https://osv.dev/vulnerability/" + alias}})
	}
	if word := severityWord(a.Specific.Severity); word != "" {
		f.Ratings = append(f.Ratings, bomRating{Source: source, Severity: word, Method: "other"})
	}
	for _, s := range slices.Concat(a.Severity, h.severity) {
		if method := methods[s.Type]; method != "" {
			f.Ratings = append(f.Ratings, bomRating{Source: source, Method: method, Vector: s.Score})
		}
	}
	f.CWEs = a.cwes()
	for _, r := range a.References {
		f.Advisories = append(f.Advisories, bomAdvisory{r.URL})
	}
	if len(h.fixed) > 0 {
		f.Recommendation = "Upgrade " + h.pkg.name + " to version " + strings.Join(h.fixed, ", ")
	}
	return f
}

// methods are CycloneDX's names of OSV's severity types.
var methods = map[string]string{"CVSS_V2": "CVSSv2", "CVSS_V3": "CVSSv31", "CVSS_V4": "CVSSv4"}

// severityWord is CycloneDX's word for the one that GitHub's advisories use.
func severityWord(s string) string {
	switch s = strings.ToLower(s); s {
	case "critical", "high", "low", "medium":
		return s
	case "moderate":
		return "medium"
	}
	return ""
}
