package spdx

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// decodeRDF reads RDF/XML, in which elements nest in the relationships that
// lead to them and may stand anywhere.
func decodeRDF(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &rdfDecoder{bom: newBOM(), r: r}
	for {
		var start xml.StartElement
		if start, err = r.Next(); err != nil {
			break
		}
		if err = d.element(&start); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.unwind(0)
	d.packages = slices.DeleteFunc(d.packages, func(p *pkg) bool { return p.Name == "" })
	return ended(d.flush(sink, func() error { return d.observe(sink, 0) }), err)
}

type rdfDecoder struct {
	*bom
	r     *xmldoc.Reader
	stack []node
}

// node is an element on the way from the root to where the reader is. Of a
// relationship, an external reference and a checksum it gathers the parts.
type node struct {
	name, id string
	pkg      *pkg
	part     map[string]string
}

// element takes the element that the reader stands at.
func (d *rdfDecoder) element(start *xml.StartElement) error {
	d.unwind(strings.Count(d.r.Path(), "/"))
	n := node{name: start.Name.Local}
	resource := ""
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "about", "ID":
			n.id = a.Value[strings.LastIndexByte(a.Value, '#')+1:]
		case "resource":
			resource = a.Value
		}
	}
	switch n.name {
	case "Package":
		n.pkg = d.packageOf(n.id)
	case "SpdxDocument":
		d.known = true
	case "Relationship", "ExternalRef", "Checksum":
		n.part = map[string]string{}
	}
	if parent := d.up(0); parent != nil {
		if parent.name == "relatedSpdxElement" && n.id != "" && d.up(1) != nil && d.up(1).part != nil {
			d.up(1).part["relatedSpdxElement"] = n.id
		}
		if parent.name == "describesPackage" && n.id != "" {
			d.relate("", "DESCRIBES", n.id)
		}
		if done, err := d.property(parent, start, resource); done {
			return err
		}
	}
	d.stack = append(d.stack, n)
	return nil
}

// packageOf returns the package with that id, known or new.
func (d *rdfDecoder) packageOf(id string) *pkg {
	if p := d.byRef[id]; p != nil {
		return p
	}
	p := &pkg{at: d.r.Position()}
	p.Ref = id
	d.add(p)
	return p
}

// up returns the n-th element above the current one, or nil.
func (d *rdfDecoder) up(n int) *node {
	if len(d.stack) <= n {
		return nil
	}
	return &d.stack[len(d.stack)-1-n]
}

// property takes an element that is a property of its parent and reports
// whether it has been read.
func (d *rdfDecoder) property(parent *node, start *xml.StartElement, resource string) (done bool, err error) {
	name := start.Name.Local
	text := func() string {
		if resource != "" {
			return resource
		}
		var t string
		t, err = d.r.Text(start)
		return strings.TrimSpace(t)
	}
	last := func(s string) string { return s[strings.LastIndexAny(s, "/#")+1:] }
	switch {
	case parent.part != nil && resource != "":
		parent.part[name] = resource
		return false, nil
	case parent.part != nil && (name == "referenceLocator" || name == "checksumValue" || name == "comment"):
		parent.part[name] = text()
		return true, err
	case parent.pkg != nil:
		return d.packageProperty(parent.pkg, name, resource, text, last), err
	case parent.name == "SpdxDocument" && name == "name":
		d.name = text()
		return true, err
	case parent.name == "SpdxDocument" && name == "describesPackage" && resource != "":
		d.relate("", "DESCRIBES", last(resource))
	case parent.name == "CreationInfo" && name == "created":
		d.created = text()
		return true, err
	case parent.name == "CreationInfo" && name == "creator":
		d.creators = append(d.creators, text())
		return true, err
	}
	return false, nil
}

func (d *rdfDecoder) packageProperty(p *pkg, name, resource string, text func() string, last func(string) string) bool {
	switch name {
	case "name":
		p.Name = text()
	case "versionInfo":
		p.Version = text()
	case "downloadLocation":
		p.download = text()
	case "primaryPackagePurpose":
		p.purpose(strings.TrimPrefix(last(text()), "purpose_"))
	case "licenseDeclared", "licenseConcluded":
		if resource == "" {
			return false // a set of licences, which is kept only in the report
		}
		p.licence(strings.NewReplacer("noassertion", "NOASSERTION", "none", "NONE").Replace(last(resource)))
	default:
		return false
	}
	return resource == ""
}

// unwind leaves elements until depth are left; what they gathered is taken.
func (d *rdfDecoder) unwind(depth int) {
	for len(d.stack) > depth {
		n := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if n.part == nil {
			continue
		}
		i := len(d.stack) - 1
		for i >= 0 && d.stack[i].id == "" && d.stack[i].pkg == nil {
			i--
		}
		if i < 0 {
			continue
		}
		owner := d.stack[i]
		switch {
		case n.name == "Relationship":
			to := n.part["relatedSpdxElement"]
			d.relate(owner.id, n.part["relationshipType"], to[strings.LastIndexByte(to, '#')+1:])
		case n.name == "ExternalRef" && owner.pkg != nil:
			before := len(owner.pkg.security)
			owner.pkg.refer(n.part["referenceCategory"], n.part["referenceType"], n.part["referenceLocator"], n.part["comment"])
			if len(owner.pkg.security) > before {
				owner.pkg.raw = append(owner.pkg.raw, "<externalRef>"+n.part["referenceLocator"]+"</externalRef>\n"...)
			}
		case n.name == "Checksum" && owner.pkg != nil:
			owner.pkg.checksum(n.part["algorithm"], n.part["checksumValue"])
		}
	}
}
