package spdx

import (
	"context"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// element is a node of a version 3 graph: of its members those that packages,
// relationships, licences, vulnerabilities and assessments have.
type element struct {
	ID    jsondoc.Text `json:"spdxId"`
	Blank jsondoc.Text `json:"@id"`
	Type  jsondoc.Text `json:"type"`
	AType jsondoc.Text `json:"@type"`
	Name  jsondoc.Text `json:"name"`

	Created      jsondoc.Text    `json:"created"`
	CreatedUsing jsondoc.Strings `json:"createdUsing"`
	Roots        jsondoc.Strings `json:"rootElement"`

	Version    jsondoc.Text `json:"software_packageVersion"`
	PURL       jsondoc.Text `json:"software_packageUrl"`
	Purpose    jsondoc.Text `json:"software_primaryPurpose"`
	Download   jsondoc.Text `json:"software_downloadLocation"`
	Expression jsondoc.Text `json:"simplelicensing_licenseExpression"`
	Hashes     jsondoc.List[struct {
		Algorithm jsondoc.Text `json:"algorithm"`
		Value     jsondoc.Text `json:"hashValue"`
	}] `json:"verifiedUsing"`
	Identifiers jsondoc.List[struct {
		Type       jsondoc.Text    `json:"externalIdentifierType"`
		Identifier jsondoc.Text    `json:"identifier"`
		Locators   jsondoc.Strings `json:"identifierLocator"`
	}] `json:"externalIdentifier"`
	Refs jsondoc.List[struct {
		Type    jsondoc.Text    `json:"externalRefType"`
		Locator jsondoc.Strings `json:"locator"`
		Comment jsondoc.Text    `json:"comment"`
	}] `json:"externalRef"`

	Relation jsondoc.Text    `json:"relationshipType"`
	From     jsondoc.Text    `json:"from"`
	To       jsondoc.Strings `json:"to"`
	Scope    jsondoc.Text    `json:"scope"`

	Summary     jsondoc.Text `json:"summary"`
	Description jsondoc.Text `json:"description"`
	assessment
}

// kind is the type without its profile: "Package" of "software_Package".
func (e *element) kind() string {
	t := string(e.Type)
	if t == "" {
		t = string(e.AType)
	}
	t = t[strings.LastIndexAny(t, "/#:")+1:]
	return t[strings.LastIndexByte(t, '_')+1:]
}

// graphDecoder gathers a graph in which nodes stand in any order.
type graphDecoder struct {
	*bom
	r         *jsondoc.Reader
	security  security
	faults    []format.Fault
	tools     []string          // ids
	toolNames map[string]string // by id
	licences  map[string]string // expressions by id
	licensed  [][2]string       // package, licence
}

func decodeGraph(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &graphDecoder{bom: newBOM(), r: r, security: newSecurity(), toolNames: map[string]string{}, licences: map[string]string{}}
	err = r.Object(func(name string) error {
		switch name {
		case "@context":
			d.known = true
		case "@graph":
			return r.Array(d.node)
		}
		return nil
	})
	if err == nil {
		err = r.End()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.join()
	return ended(d.flush(sink, func() error {
		if err := setAside(sink, d.faults); err != nil {
			return err
		}
		return d.security.observe(d.bom, sink, len(d.faults))
	}), err)
}

// ended chooses the error to return: the sink's as it is, else the reader's.
func ended(flush, read error) error {
	if flush != nil && (read == nil || flush != errNoSPDX) {
		return flush
	}
	return read
}

// node reads an element of the graph.
func (d *graphDecoder) node(i int) error {
	at := d.r.Position()
	at.Pointer = fmt.Sprintf("/@graph/%d", i)
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	e := new(element)
	if err := jsondoc.Unmarshal(raw, e); err != nil {
		if len(d.faults) < maxFaults {
			d.faults = append(d.faults, jsondoc.Fault(at, err, raw))
		}
		return nil
	}
	switch kind := e.kind(); kind {
	case "CreationInfo":
		if d.created == "" {
			d.created, d.tools = string(e.Created), e.CreatedUsing
		}
	case "Tool":
		d.toolNames[string(e.ID)] = string(e.Name)
	case "SpdxDocument", "Sbom", "Bom":
		if kind == "SpdxDocument" {
			d.name = string(e.Name)
		}
		for _, root := range e.Roots {
			d.relate("", "DESCRIBES", root)
		}
	case "Package":
		d.add(e.pkg(at))
	case "LicenseExpression":
		d.licences[string(e.ID)] = string(e.Expression)
	case "Relationship", "LifecycleScopedRelationship":
		d.relationship(e, at, raw)
	case "Vulnerability":
		d.security.vulnerability(e, at, raw)
	default:
		if strings.HasSuffix(kind, "VulnAssessmentRelationship") {
			d.security.assess(e, kind, at, raw)
		}
	}
	return nil
}

func (e *element) pkg(at finding.Position) *pkg {
	p := &pkg{at: at, download: string(e.Download)}
	p.Ref, p.Name, p.Version = string(e.ID), string(e.Name), string(e.Version)
	p.purpose(string(e.Purpose))
	p.locate(string(e.PURL))
	for _, i := range e.Identifiers {
		if i.Type == "packageUrl" || i.Type == "purl" {
			p.locate(string(i.Identifier))
		}
	}
	for _, r := range e.Refs {
		for _, l := range r.Locator {
			if r.Type == "purl" || r.Type == "packageUrl" {
				p.locate(l)
			}
		}
	}
	for _, h := range e.Hashes {
		p.checksum(string(h.Algorithm), string(h.Value))
	}
	return p
}

// relationship takes a plain relationship, which may lead to several elements.
func (d *graphDecoder) relationship(e *element, at finding.Position, raw []byte) {
	from := string(e.From)
	for _, to := range e.To {
		switch e.Relation {
		case "hasDeclaredLicense", "hasConcludedLicense":
			d.licensed = append(d.licensed, [2]string{from, to})
		case "hasAssociatedVulnerability":
			d.security.associate(to, from, at, raw)
		default:
			before := len(d.edges)
			d.relate(from, string(e.Relation), to)
			if len(d.edges) > before && e.Scope != "" {
				d.edges[before].scope = lifecycle(string(e.Scope))
			}
		}
	}
}

// lifecycle writes a LifecycleScopeType as version 2 names its scopes.
func lifecycle(scope string) string {
	if scope == "development" {
		return "dev"
	}
	return scope
}

// join puts together what stood apart: licences and tools.
func (d *graphDecoder) join() {
	for _, l := range d.licensed {
		p := d.byRef[l[0]]
		if p == nil {
			continue
		}
		expression, ok := d.licences[l[1]]
		if !ok { // a licence of the list by its address, or one of the special values
			expression = l[1][strings.LastIndexAny(l[1], "/#_")+1:]
			if strings.EqualFold(expression, "NoAssertionLicense") || strings.EqualFold(expression, "NoneLicense") || !strings.Contains(l[1], "spdx.org/") {
				continue
			}
		}
		p.licence(expression)
	}
	for _, id := range d.tools {
		if name := d.toolNames[id]; name != "" {
			d.creators = append(d.creators, "Tool: "+name)
		}
	}
}
