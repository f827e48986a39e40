// Package xmldoc reads large XML documents element by element for the
// decoders. External and custom entities are never expanded: encoding/xml
// knows only the five predefined ones and refuses others.
package xmldoc

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// MaxElement is the size in bytes that one record element may have, MaxDepth
// how deep elements may nest.
const (
	MaxElement = 64 << 20
	MaxDepth   = 512
)

// Reader walks the elements of one document.
type Reader struct {
	dec    *xml.Decoder
	gate   *gate
	path   []string
	record int
	close  io.Closer
}

// Open opens the input for reading. The caller closes the reader.
func Open(ctx context.Context, in *format.Input) (*Reader, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	g := &gate{ctx: ctx, r: rc, left: MaxElement}
	d := xml.NewDecoder(g)
	// The input is UTF-8 already, whatever the declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return &Reader{dec: d, gate: g, close: rc}, nil
}

// Close releases the input.
func (r *Reader) Close() error { return r.close.Close() }

// Next returns the next start element in document order, or io.EOF at a clean
// end. Path then names it.
func (r *Reader) Next() (xml.StartElement, error) {
	for {
		r.gate.left = MaxElement
		t, err := r.dec.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(r.path) == 0 {
				return xml.StartElement{}, io.EOF
			}
			return xml.StartElement{}, r.wrap(err)
		}
		switch e := t.(type) {
		case xml.StartElement:
			r.path = append(r.path, e.Name.Local)
			if len(r.path) > MaxDepth {
				return e, fmt.Errorf("%w at byte %d", errTooDeep, r.dec.InputOffset())
			}
			return e, nil
		case xml.EndElement:
			r.path = r.path[:len(r.path)-1]
		}
	}
}

// Path is the slash-separated local names from the root to the element that
// Next returned.
func (r *Reader) Path() string { return strings.Join(r.path, "/") }

// At reports whether the names lead from the root to the element that Next
// returned; the name "*" stands for any.
func (r *Reader) At(names []string) bool {
	return slices.EqualFunc(r.path, names, func(have, want string) bool { return have == want || want == "*" })
}

// Depth is how deep the element that Next returned stands; the root is 1.
func (r *Reader) Depth() int { return len(r.path) }

// Within reports whether the current element stands somewhere below (or is)
// an element of that local name.
func (r *Reader) Within(name string) bool {
	for _, p := range r.path {
		if p == name {
			return true
		}
	}
	return false
}

// Decode reads the element that Next returned, with all that is in it, into
// dst by the rules of encoding/xml.
func (r *Reader) Decode(start *xml.StartElement, dst any) error {
	r.gate.left = MaxElement
	r.path = r.path[:len(r.path)-1]
	return r.wrap(r.dec.DecodeElement(dst, start))
}

// Skip passes over the element that Next returned.
func (r *Reader) Skip() error {
	r.path = r.path[:len(r.path)-1]
	r.gate.left = 1 << 62
	err := r.dec.Skip()
	r.gate.left = MaxElement
	return r.wrap(err)
}

// Text reads the element that Next returned as character data.
func (r *Reader) Text(start *xml.StartElement) (string, error) {
	var s string
	err := r.Decode(start, &s)
	return strings.TrimSpace(s), err
}

// Position describes the element that Next returned as the next record and
// counts it.
func (r *Reader) Position() finding.Position {
	p := finding.Position{
		Record:  r.record,
		Offset:  r.dec.InputOffset(),
		Pointer: fmt.Sprintf("/%s[%d]", r.Path(), r.record+1),
	}
	r.record++
	return p
}

// Raw writes an element back as text: the start tag with its attributes and
// the inner XML that a struct field tagged ",innerxml" took.
func Raw(start xml.StartElement, inner string) []byte {
	var b bytes.Buffer
	b.WriteByte('<')
	b.WriteString(start.Name.Local)
	for _, a := range start.Attr {
		b.WriteByte(' ')
		b.WriteString(a.Name.Local)
		b.WriteString(`="`)
		_ = xml.EscapeText(&b, []byte(a.Value)) // a bytes.Buffer does not fail
		b.WriteByte('"')
	}
	b.WriteByte('>')
	b.WriteString(inner)
	b.WriteString("</")
	b.WriteString(start.Name.Local)
	b.WriteByte('>')
	return b.Bytes()
}

func (r *Reader) wrap(err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := r.gate.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var syn *xml.SyntaxError
	switch {
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("a single element at byte %d is larger than %d MiB", r.dec.InputOffset(), MaxElement>>20)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		errors.As(err, &syn) && strings.Contains(syn.Msg, "unexpected EOF"):
		return fmt.Errorf("the document ends in the middle (after byte %d): it was cut off while it was written or uploaded: %w", r.dec.InputOffset(), io.ErrUnexpectedEOF)
	case errors.As(err, &syn):
		return fmt.Errorf("not valid XML on line %d (byte %d): %s", syn.Line, r.dec.InputOffset(), syn.Msg)
	}
	return err
}

var (
	errTooLarge = errors.New("element too large")
	errTooDeep  = fmt.Errorf("elements nest deeper than %d", MaxDepth)
)

type gate struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (g *gate) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	if g.left <= 0 {
		return 0, errTooLarge
	}
	n, err := g.r.Read(p)
	g.left -= int64(n)
	return n, err
}
