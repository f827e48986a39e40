package openvex

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// statement is one record.
type statement struct {
	Vulnerability   vulnerability         `json:"vulnerability"`
	VulnDescription jsondoc.Text          `json:"vuln_description"` // before 0.2.0
	Timestamp       jsondoc.Text          `json:"timestamp"`
	Updated         jsondoc.Text          `json:"last_updated"`
	Products        jsondoc.List[product] `json:"products"`
	Subcomponents   jsondoc.List[product] `json:"subcomponents"` // before 0.2.0
	Status          jsondoc.Text          `json:"status"`
	Notes           jsondoc.Text          `json:"status_notes"`
	Justification   jsondoc.Text          `json:"justification"`
	Impact          jsondoc.Text          `json:"impact_statement"`
	Action          jsondoc.Text          `json:"action_statement"`
}

// vulnerability is an object, and before 0.2.0 its name alone.
type vulnerability struct {
	ID          jsondoc.Text    `json:"@id"`
	Name        jsondoc.Text    `json:"name"`
	Description jsondoc.Text    `json:"description"`
	Aliases     jsondoc.Strings `json:"aliases"`
}

// UnmarshalJSONFrom reads either form.
func (v *vulnerability) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return v.Name.UnmarshalJSONFrom(d)
	}
	type plain vulnerability
	return json.UnmarshalDecode(d, (*plain)(v))
}

// product is an object, and before 0.2.0 its id alone.
type product struct {
	ID          jsondoc.Text `json:"@id"`
	Identifiers jsondoc.Lax[struct {
		PURL  jsondoc.Text `json:"purl"`
		CPE23 jsondoc.Text `json:"cpe23"`
		CPE22 jsondoc.Text `json:"cpe22"`
	}] `json:"identifiers"`
	Subcomponents jsondoc.List[product] `json:"subcomponents"`
}

// UnmarshalJSONFrom reads either form.
func (p *product) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return p.ID.UnmarshalJSONFrom(d)
	}
	type plain product
	return json.UnmarshalDecode(d, (*plain)(p))
}

// name is the package URL where there is one, else the id, else a CPE.
func (p *product) name() string {
	i := &p.Identifiers.V
	for _, s := range [...]jsondoc.Text{i.PURL, p.ID, i.CPE23, i.CPE22} {
		if s != "" {
			return string(s)
		}
	}
	return ""
}

// statements makes the callback that turns statements of a document into
// observations.
func statements(h *head, sink format.Sink) func(*statement, finding.Position, []byte) error {
	return func(s *statement, at finding.Position, raw []byte) error {
		if s.Vulnerability.name() == "" {
			return jsondoc.Bad("the statement names no vulnerability")
		}
		state, ok := claimStates[string(s.Status)]
		if !ok {
			return jsondoc.Bad("unknown status %q: want not_affected, affected, fixed or under_investigation", s.Status)
		}
		products := s.Products
		for i := range h.subjects {
			if len(s.Products) == 0 {
				products = append(products, product{ID: jsondoc.Text(h.subjects[i].name())})
			}
		}
		if len(products) == 0 {
			products = jsondoc.List[product]{{}}
		}
		for i := range products {
			p := &products[i]
			parts := append(p.Subcomponents[:len(p.Subcomponents):len(p.Subcomponents)], s.Subcomponents...)
			if len(parts) == 0 {
				parts = jsondoc.List[product]{{}}
			}
			for j := range parts {
				o := s.observation(h, state)
				place(o, p.name(), parts[j].name())
				o.Position, o.Raw = at, raw
				if err := sink.Observe(o); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// claimStates are the statuses of the specification.
var claimStates = map[string]finding.ClaimState{
	"not_affected":        finding.ClaimNotAffected,
	"affected":            finding.ClaimAffected,
	"fixed":               finding.ClaimFixed,
	"under_investigation": finding.ClaimUnderReview,
}

// name is the vulnerability's name, or what its IRI ends with.
func (v *vulnerability) name() string {
	if v.Name != "" {
		return string(v.Name)
	}
	id := strings.TrimRight(string(v.ID), "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}

func (s *statement) observation(h *head, state finding.ClaimState) *finding.Observation {
	name := s.Vulnerability.name()
	o := &finding.Observation{
		Kind:       finding.Vulnerability,
		Check:      finding.Check{ID: name, Description: string(s.Vulnerability.Description)},
		Advisories: ident.Add(ident.Add(nil, name), s.Vulnerability.Aliases...),
		Fix:        string(s.Action),
		Claim: finding.Claim{
			State: state, Justification: string(s.Justification), Source: "vex", By: h.author,
			Detail: lines(string(s.Impact), string(s.Notes)),
		},
	}
	if o.Check.Description == "" {
		o.Check.Description = string(s.VulnDescription)
	}
	if id := string(s.Vulnerability.ID); strings.HasPrefix(id, "http") {
		o.Check.URL = id
		o.References = ident.Add(nil, id)
	}
	for _, t := range [...]string{string(s.Updated), string(s.Timestamp), h.updated, h.time} {
		if o.Claim.At = ident.Time(t); !o.Claim.At.IsZero() {
			break
		}
	}
	return o
}

// place says which component the statement is about and what it is part of.
func place(o *finding.Observation, product, part string) {
	whole := ident.OfPURL(product)
	o.Location.Image, _ = ident.ImageOfPURL(product)
	subject := whole
	if part != "" {
		subject = ident.OfPURL(part)
		subject.Path = ident.Add(nil, product, part)
		o.Claim.Product = product
	}
	o.Title = o.Check.ID
	if subject.Name != "" {
		o.Component = &subject
		o.Title += " in " + subject.Name
	}
}

// lines joins the texts that are there.
func lines(texts ...string) string { return strings.Join(ident.Add(nil, texts...), "\n") }
