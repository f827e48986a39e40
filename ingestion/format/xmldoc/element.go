package xmldoc

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// Element is an element read whole.
type Element struct {
	Name     string // without its namespace prefix
	Attr     []xml.Attr
	Text     string // the character data outside of child elements
	Children []*Element
}

// Element reads the element that Next returned with all that is in it.
func (r *Reader) Element(start *xml.StartElement) (*Element, error) {
	r.gate.left = MaxElement
	depth := len(r.path)
	root := newElement(start)
	stack := []*Element{root}
	for len(stack) > 0 {
		t, err := r.dec.Token()
		if err != nil {
			return nil, r.wrap(err)
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if depth+len(stack) >= MaxDepth {
				return nil, r.wrap(errTooDeep)
			}
			e := newElement(&t)
			top.Children = append(top.Children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.Text += string(t)
		}
	}
	r.path = r.path[:depth-1]
	return root, nil
}

func newElement(start *xml.StartElement) *Element {
	return &Element{Name: start.Name.Local, Attr: append([]xml.Attr(nil), start.Attr...)}
}

// Raw writes the element back as text, for the raw record. Text that stood
// between children stands before them.
func (e *Element) Raw() []byte {
	var b bytes.Buffer
	e.write(&b)
	return b.Bytes()
}

func (e *Element) write(b *bytes.Buffer) {
	b.WriteByte('<')
	b.WriteString(e.Name)
	for _, a := range e.Attr {
		b.WriteByte(' ')
		b.WriteString(a.Name.Local)
		b.WriteString(`="`)
		_ = xml.EscapeText(b, []byte(a.Value)) // a bytes.Buffer does not fail
		b.WriteByte('"')
	}
	b.WriteByte('>')
	if len(e.Children) == 0 || strings.TrimSpace(e.Text) != "" {
		_ = xml.EscapeText(b, []byte(e.Text))
	}
	for _, c := range e.Children {
		c.write(b)
	}
	b.WriteString("</")
	b.WriteString(e.Name)
	b.WriteByte('>')
}
