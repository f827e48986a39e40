package osv

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Record is an OSV record, of its members those that become fields. Names are
// read in the schema's spelling and in that of its protocol buffers, in which
// OSV-Scanner writes them from version 2.3 on.
type Record struct {
	ID         jsondoc.Text            `json:"id,case:ignore"`
	Aliases    jsondoc.Strings         `json:"aliases,case:ignore"`
	Related    jsondoc.Strings         `json:"related,case:ignore"`
	Upstream   jsondoc.Strings         `json:"upstream,case:ignore"`
	Withdrawn  jsondoc.Text            `json:"withdrawn,case:ignore"`
	Summary    jsondoc.Text            `json:"summary,case:ignore"`
	Details    jsondoc.Text            `json:"details,case:ignore"`
	Severity   jsondoc.List[Severity]  `json:"severity,case:ignore"`
	Affected   jsondoc.List[Affected]  `json:"affected,case:ignore"`
	References jsondoc.List[Reference] `json:"references,case:ignore"`
	Database   jsondoc.Lax[Additional] `json:"database_specific,case:ignore"`
}

// Severity is a rating: a CVSS vector, or a distribution's word.
type Severity struct {
	Type  jsondoc.Text `json:"type"`
	Score jsondoc.Text `json:"score"`
}

// Affected is one package that has the flaw.
type Affected struct {
	Package   Package                 `json:"package"`
	Severity  jsondoc.List[Severity]  `json:"severity"`
	Ranges    jsondoc.List[Range]     `json:"ranges"`
	Ecosystem jsondoc.Lax[Additional] `json:"ecosystem_specific,case:ignore"`
	Database  jsondoc.Lax[Additional] `json:"database_specific,case:ignore"`
}

// Package is a package's name in its ecosystem ("Debian:12", "PyPI").
type Package struct {
	Ecosystem jsondoc.Text `json:"ecosystem"`
	Name      jsondoc.Text `json:"name"`
	PURL      jsondoc.Text `json:"purl"`
}

// Range is a run of versions; its events say where the flaw came and went.
type Range struct {
	Type   jsondoc.Text `json:"type"`
	Events jsondoc.List[struct {
		Fixed jsondoc.Text `json:"fixed"`
	}] `json:"events"`
}

// Reference is an address about the flaw.
type Reference struct {
	Type jsondoc.Text `json:"type"`
	URL  jsondoc.Text `json:"url"`
}

// Additional is what a database or an ecosystem adds to the schema, of which
// some parts are common.
type Additional struct {
	Severity jsondoc.Text    `json:"severity"`
	CWEIDs   jsondoc.Strings `json:"cwe_ids"`
	CWEs     jsondoc.List[struct {
		ID jsondoc.Text `json:"cweId"`
	}] `json:"cwes"`
	URL jsondoc.Text `json:"url"`
}

func (a *Additional) cwes() []string {
	words := []string(a.CWEIDs)
	for _, c := range a.CWEs {
		words = append(words, string(c.ID))
	}
	return words
}

// Observation is what the record says of a package; of all packages when
// none is named. The caller sets component, place, position and raw.
func (rec *Record) Observation(ecosystem, name string) *finding.Observation {
	id := string(rec.ID)
	o := &finding.Observation{
		Kind:       finding.Vulnerability,
		Check:      finding.Check{ID: id, Title: string(rec.Summary), Description: strings.TrimSpace(string(rec.Details)), URL: string(rec.Database.V.URL)},
		Title:      string(rec.Summary),
		Advisories: ident.Add(ident.Add(nil, id), rec.Aliases...),
	}
	if o.Title == "" {
		o.Title = id
	}
	for _, list := range [...]jsondoc.Strings{rec.Upstream, rec.Related} {
		for _, other := range list {
			o.Tags = ident.Add(o.Tags, "related:"+other)
		}
	}
	for _, r := range rec.References {
		o.References = ident.Add(o.References, string(r.URL))
	}
	words := rec.Database.V.cwes()
	rate(o, rec.Severity)
	grade(o, rec.Database.V.Severity)
	for i := range rec.Affected {
		a := &rec.Affected[i]
		if !a.about(ecosystem, name) {
			continue
		}
		words = append(append(words, a.Database.V.cwes()...), a.Ecosystem.V.cwes()...)
		rate(o, a.Severity)
		grade(o, a.Ecosystem.V.Severity)
		grade(o, a.Database.V.Severity)
		if o.Check.URL == "" {
			o.Check.URL = string(a.Database.V.URL)
		}
		for _, r := range a.Ranges {
			for _, e := range r.Events {
				if r.Type != "GIT" {
					o.FixVersions = ident.Add(o.FixVersions, string(e.Fixed))
				}
			}
		}
	}
	o.CWEs = ident.CWEs(words...)
	if rec.Withdrawn != "" {
		o.Claim = finding.Claim{State: finding.ClaimAbsent, Source: "tool", Detail: "withdrawn " + string(rec.Withdrawn), At: ident.Time(string(rec.Withdrawn))}
	}
	return o
}

// about reports whether the entry is about that package. The release of a
// distribution ("Debian:12") may be left out on either side.
func (a *Affected) about(ecosystem, name string) bool {
	if name == "" {
		return true
	}
	mine, _, _ := strings.Cut(string(a.Package.Ecosystem), ":")
	other, _, _ := strings.Cut(ecosystem, ":")
	return strings.EqualFold(string(a.Package.Name), name) && (strings.EqualFold(mine, other) || mine == "" || other == "")
}

// rate adds ratings. What is no CVSS vector is a word that grades.
func rate(o *finding.Observation, list jsondoc.List[Severity]) {
	for _, s := range list {
		if strings.HasPrefix(string(s.Type), "CVSS") {
			c := ident.CVSS(string(s.Score), 0, "")
			if c.Version == "" && s.Type == "CVSS_V2" {
				c.Version = "2.0"
			}
			o.CVSS = ident.AddCVSS(o.CVSS, c)
		} else {
			grade(o, s.Score)
		}
	}
}

// grade takes a severity in a word; the first one counts.
func grade(o *finding.Observation, word jsondoc.Text) {
	if word == "" || o.SeverityWord != "" {
		return
	}
	o.SeverityWord, o.Severity = string(word), finding.SeverityOfWord(string(word))
}
