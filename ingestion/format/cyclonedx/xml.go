package cyclonedx

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// xml reads a BOM in XML. The second pass reads only vulnerabilities.
func (d *decoder) xml(ctx context.Context, in *format.Input, second bool) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.element(r, &start, second); err != nil {
			return err
		}
	}
}

// element reads the element that the reader stands at, passes over it, or
// leaves it for its children to come next.
func (d *decoder) element(r *xmldoc.Reader, start *xml.StartElement, second bool) error {
	path := r.Path()
	switch {
	case path == "bom":
		return nil
	case path == "bom/vulnerabilities":
		if second || d.ready() {
			return d.flush()
		}
		d.deferred = true
		return r.Skip()
	case path == "bom/vulnerabilities/vulnerability":
		at := d.position(r.Position())
		d.vulnerability++
		at.Pointer = fmt.Sprintf("/bom/vulnerabilities/vulnerability[%d]", d.vulnerability)
		var v vulnerability
		if err := r.Decode(start, &v); err != nil {
			return err
		}
		return d.observe(&v, nil, at, xmldoc.Raw(*start, v.Inner))
	case second:
		return r.Skip()
	case path == "bom/metadata":
		var m metadata
		if err := r.Decode(start, &m); err != nil {
			return err
		}
		d.setMetadata(&m)
		return nil
	case path == "bom/components":
		d.sawComponents = true
		return nil
	case path == "bom/components/component":
		at := r.Position()
		d.component++
		at.Pointer = fmt.Sprintf("/bom/components/component[%d]", d.component)
		var c component
		if err := r.Decode(start, &c); err != nil {
			return err
		}
		d.add(&c)
		return d.extension(&c, at)
	case path == "bom/dependencies":
		d.sawDependencies = true
		return nil
	case path == "bom/dependencies/dependency":
		var dep dependency
		if err := r.Decode(start, &dep); err != nil {
			return err
		}
		d.depend(&dep)
		return nil
	}
	return r.Skip()
}

// extension tells of the vulnerabilities that stand inside a component and
// the components inside it.
func (d *decoder) extension(c *component, at finding.Position) error {
	for i := range c.Vulnerabilities {
		if err := d.open(); err != nil {
			return err
		}
		v := &c.Vulnerabilities[i]
		here := d.position(at)
		here.Pointer = fmt.Sprintf("%s/vulnerabilities/vulnerability[%d]", at.Pointer, i+1)
		start := xml.StartElement{Name: v.XMLName, Attr: v.Attrs}
		if v.Component != "" {
			start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "ref"}, Value: string(v.Component)})
		}
		if err := d.observe(v, newEntry(c), here, xmldoc.Raw(start, v.Inner)); err != nil {
			return err
		}
	}
	for i := range c.Components {
		if err := d.extension(&c.Components[i], at); err != nil {
			return err
		}
	}
	return nil
}

func positionOf(e *jsondoc.ShapeError) finding.Position {
	return finding.Position{Offset: e.Offset, Pointer: e.Pointer}
}
