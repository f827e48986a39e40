package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// cursor is one path on its way through a document.
type cursor struct {
	id    int
	steps []step
}

// walker follows several paths through a JSON document at once. Up to the
// first repeated step the document streams; an element of that step is held.
type walker struct {
	r       *jsondoc.Reader
	leaf    func(id int, p part, pos finding.Position, top jsontext.Value) error
	reached func(id int)
}

// value reads the value that comes next for all cursors that lead here.
func (w *walker) value(cursors []cursor) error {
	kind := w.r.Kind()
	var names, each, keys, leaves []cursor
	for _, c := range cursors {
		switch {
		case len(c.steps) == 0:
			leaves = append(leaves, c)
		case c.steps[0].each:
			each = append(each, c)
		case c.steps[0].keys:
			keys = append(keys, c)
		default:
			names = append(names, c)
		}
	}
	if kind == '{' && len(names) > 0 {
		each = nil // paths of two versions, and the document is of the one that isn't a list
	}
	switch {
	case kind == '[' && len(leaves) == 0 && len(each) > 0:
		return w.list(each)
	case kind == '{' && len(leaves)+len(each) == 0:
		return w.object(names, keys)
	case kind == 'n' || kind == 0:
		return w.r.Skip()
	case len(leaves)+len(each) > 0:
		return w.whole(append(leaves, append(each, append(names, keys...)...)...))
	}
	return w.r.Skip() // another shape than any path wants
}

func (w *walker) list(cursors []cursor) error {
	for _, c := range cursors {
		w.reached(c.id)
	}
	return w.r.Array(func(i int) error {
		raw, pos, err := w.r.Element(i)
		if err != nil {
			return err
		}
		if jsontext.Value(raw).Kind() == 'n' {
			return nil
		}
		for _, c := range cursors {
			p := part{}.element(raw, i, c.steps[1:])
			if err := w.expand(c.id, p, c.steps[1:], pos, raw); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *walker) object(names, keys []cursor) error {
	for _, c := range keys {
		w.reached(c.id)
	}
	return w.r.Object(func(name string) error {
		var next []cursor
		for _, c := range names {
			if c.steps[0].name == name {
				next = append(next, cursor{c.id, c.steps[1:]})
			}
		}
		if len(keys) == 0 {
			if len(next) == 0 {
				return w.r.Skip()
			}
			return w.value(next)
		}
		pos := w.r.Position()
		raw, err := w.r.Value()
		if err != nil || jsontext.Value(raw).Kind() == 'n' {
			return err
		}
		for _, c := range keys {
			p := part{}.element(raw, name, c.steps[1:])
			if err := w.expand(c.id, p, c.steps[1:], pos, raw); err != nil {
				return err
			}
		}
		for _, c := range next {
			if err := w.expand(c.id, part{raw: raw}, c.steps, pos, raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// whole reads the value at once for all cursors.
func (w *walker) whole(cursors []cursor) error {
	pos := w.r.Position()
	raw, err := w.r.Value()
	if err != nil {
		return err
	}
	for _, c := range cursors {
		w.reached(c.id)
		if err := w.expand(c.id, part{raw: raw}, c.steps, pos, raw); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) expand(id int, p part, steps []step, pos finding.Position, top jsontext.Value) error {
	nested := len(steps) > 0
	return expand(p, steps, func(p part) error {
		pos := pos
		if nested {
			pos.Pointer += pointerOf(steps, p.key)
		}
		return w.leaf(id, p, pos, top)
	})
}

// pointerOf names a record within the element that was read.
func pointerOf(steps []step, key any) string {
	var b strings.Builder
	for _, s := range steps {
		if s.name != "" {
			b.WriteString("/" + pointerEscapes.Replace(s.name))
		}
	}
	return b.String() + "/" + pointerEscapes.Replace(textOf(key))
}

// pointerEscapes writes a name into a JSON pointer (RFC 6901, section 3).
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func (d *decoder) json() error {
	var cursors []cursor
	var sections []*compiledSection
	for _, s := range d.p.sections {
		for _, path := range s.paths {
			cursors = append(cursors, cursor{len(sections), path})
			sections = append(sections, s)
		}
	}
	r, err := jsondoc.Open(d.ctx, d.in)
	if err != nil {
		return err
	}
	defer r.Close()
	w := &walker{r: r, reached: func(int) { d.reached = true }}
	w.leaf = func(id int, p part, pos finding.Position, top jsontext.Value) error {
		return d.recordJSON(sections[id], p, pos, top)
	}
	around := &surroundings{d: d}
	for i := 0; i == 0 || r.More(); i++ {
		context, err := around.of(i)
		if err != nil {
			return err
		}
		if err := d.begin(context); err != nil {
			return err
		}
		before := d.records
		if err := w.value(cursors); err != nil {
			return err
		}
		if d.records == before {
			if err := d.required(); err != nil {
				return err
			}
		}
	}
	return r.End()
}

// required holds a document without records to the members that every report
// of the format has.
func (d *decoder) required() error {
	head := d.in.Head()
	for _, name := range d.m.spec.Require {
		if head.JSON == nil || head.JSON.Has(name) || !head.Whole {
			continue
		}
		return fmt.Errorf("this is no %s report: it has no member %q", d.m.spec.Title, name)
	}
	return nil
}

func (d *decoder) recordJSON(c *compiledSection, p part, pos finding.Position, top jsontext.Value) error {
	at := place{pos: pos, key: p.key}
	at.pos.Record = d.records
	at.up = func() any { return d.around.ofJSON(p.up, p.skip) }
	at.top = func() any { return d.outer.ofJSON(top, "") }
	rec, err := parseJSON(p.raw, "")
	if err != nil {
		return d.quarantine(at, p.raw, err)
	}
	return d.record(c, rec, p.raw, at)
}

// surroundings reads the values of the documents that expressions see as
// variables, wherever they stand, in a pass of its own.
type surroundings struct {
	d   *decoder
	all [][]any // by document, once it had to be read to the end
}

var errEnough = errors.New("all that was wanted is read")

// of gives the values for document i of the stream. For the first, reading
// stops as soon as all of them are there.
func (s *surroundings) of(i int) ([]any, error) {
	values := s.d.p.context
	if len(values) == 0 {
		return nil, nil
	}
	if i == 0 {
		docs, err := s.read(true)
		return docs[0], err
	}
	if s.all == nil {
		var err error
		if s.all, err = s.read(false); err != nil {
			return nil, err
		}
	}
	return s.all[min(i, len(s.all)-1)], nil
}

// read never fails for a broken document: judging it is left to the pass that
// reads the records.
func (s *surroundings) read(onlyFirst bool) ([][]any, error) {
	values := s.d.p.context
	r, err := jsondoc.Open(s.d.ctx, s.d.in)
	if err != nil {
		return [][]any{make([]any, len(values))}, err
	}
	defer r.Close()
	var cursors []cursor
	single := 0
	for i, v := range values {
		cursors = append(cursors, cursor{i, v.steps})
		if _, over, _ := split(v.steps); over == nil {
			single++
		}
	}
	var docs [][]any
	for i := 0; i == 0 || !onlyFirst && r.More(); i++ {
		doc, found := make([]any, len(values)), 0
		docs = append(docs, doc)
		w := &walker{r: r, reached: func(int) {}}
		w.leaf = func(id int, p part, _ finding.Position, _ jsontext.Value) error {
			v, err := parseJSON(p.raw, "")
			if err != nil {
				return err
			}
			if _, over, _ := split(values[id].steps); over != nil {
				doc[id] = append(listOf(doc[id]), v)
				return nil
			}
			doc[id] = v
			if found++; onlyFirst && found == len(values) && single == len(values) {
				return errEnough
			}
			return nil
		}
		if w.value(cursors) != nil {
			break
		}
	}
	return docs, s.d.ctx.Err()
}
