package snyk

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// misconfiguration is an entry of infrastructureAsCodeIssues.
type misconfiguration struct {
	ID            jsondoc.Text                  `json:"id"`
	PublicID      jsondoc.Text                  `json:"publicId"`
	Title         jsondoc.Text                  `json:"title"`
	Severity      jsondoc.Text                  `json:"severity"`
	SubType       jsondoc.Text                  `json:"subType"`
	Documentation jsondoc.Text                  `json:"documentation"`
	Issue         jsondoc.Text                  `json:"issue"`
	Impact        jsondoc.Text                  `json:"impact"`
	Resolve       jsondoc.Text                  `json:"resolve"`
	Described     jsondoc.Lax[described]        `json:"iacDescription"`
	Line          jsondoc.Int                   `json:"lineNumber"`
	Message       jsondoc.Text                  `json:"msg"`
	Path          jsondoc.Strings               `json:"path"`
	References    jsondoc.Strings               `json:"references"`
	Ignored       jsondoc.Text                  `json:"isIgnored"`
	Compliance    jsondoc.List[jsondoc.Strings] `json:"compliance"`
}

// described holds issue, impact and resolve in versions before 1.700.
type described struct {
	Issue   jsondoc.Text `json:"issue"`
	Impact  jsondoc.Text `json:"impact"`
	Resolve jsondoc.Text `json:"resolve"`
}

func (m *misconfiguration) observation(p *project) (*finding.Observation, error) {
	if m.ID == "" && m.PublicID == "" && m.Title == "" {
		return nil, jsondoc.Bad("neither id, publicId nor title is given")
	}
	issue, impact, resolve := m.Issue, m.Impact, m.Resolve
	if issue == "" && impact == "" && resolve == "" {
		issue, impact, resolve = m.Described.V.Issue, m.Described.V.Impact, m.Described.V.Resolve
	}
	o := &finding.Observation{
		Kind: finding.Misconfiguration,
		Check: finding.Check{
			ID: string(m.ID), Title: string(m.Title), Description: strings.TrimSpace(string(issue + "\n\n" + impact)),
			Help: string(resolve), URL: string(m.Documentation),
		},
		Title:        string(m.Title),
		Message:      string(m.Message),
		Severity:     finding.SeverityOfWord(string(m.Severity)),
		SeverityWord: string(m.Severity),
		Location:     finding.Location{Path: p.file, Resource: resource(m.Path)},
		Fix:          string(resolve),
		References:   ident.Add(ident.Add(nil, string(m.Documentation)), m.References...),
		Tags:         ident.Add(nil, string(m.SubType)),
	}
	if o.Check.ID == "" {
		o.Check.ID = string(m.PublicID)
	}
	if o.Message == "" {
		o.Message = strings.Join(m.Path, ".")
	}
	if m.Line > 0 { // -1: not found
		o.Location.StartLine = int(m.Line)
	}
	if len(m.Compliance) > 0 {
		o.Check.Guideline = strings.Join(m.Compliance[0], " ")
	}
	if m.Ignored == "true" {
		o.Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Justification: "ignored", Source: "policy"}
	}
	return o, nil
}

// resource makes a resource address of the path into the file: Terraform's
// "resource", "aws_s3_bucket[logs]", "acl" is aws_s3_bucket.logs. Other paths
// are joined with dots.
func resource(path []string) string {
	if len(path) >= 2 && (path[0] == "resource" || path[0] == "data") {
		kind, name, ok := strings.Cut(strings.TrimSuffix(path[1], "]"), "[")
		if ok {
			address := kind + "." + strings.Trim(name, `"'`)
			if path[0] == "data" {
				address = "data." + address
			}
			return address
		}
	}
	return strings.Join(path, ".")
}
