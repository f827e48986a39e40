package mapping

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// parseJSON turns a value into what expressions work on: objects as maps,
// whole numbers as int. The member named skip of the outermost object is left
// out: an enclosing element is wanted without the records in it.
func parseJSON(raw []byte, skip string) (any, error) {
	d := jsondoc.NewDecoder(raw)
	return parseValue(d, skip)
}

func parseValue(d *jsontext.Decoder, skip string) (any, error) {
	switch d.PeekKind() {
	case '{':
		if _, err := d.ReadToken(); err != nil {
			return nil, err
		}
		m := map[string]any{}
		for d.PeekKind() != '}' {
			t, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name := t.String()
			if skip != "" && name == skip {
				if err := d.SkipValue(); err != nil {
					return nil, err
				}
				continue
			}
			if m[name], err = parseValue(d, ""); err != nil {
				return nil, err
			}
		}
		_, err := d.ReadToken()
		return m, err
	case '[':
		if _, err := d.ReadToken(); err != nil {
			return nil, err
		}
		l := []any{}
		for d.PeekKind() != ']' {
			v, err := parseValue(d, "")
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		_, err := d.ReadToken()
		return l, err
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '"':
		return t.String(), nil
	case 't', 'f':
		return t.Bool(), nil
	case '0':
		return number(t.String()), nil
	}
	return nil, nil
}

// number is an int where it is whole and fits, else a float. A number too
// large for either stays text: its digits are what matters.
func number(s string) any {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f >= 1<<53 || f <= -(1<<53) {
		return s
	}
	return f
}

// part is a piece of a document on its way to the records.
type part struct {
	raw  jsontext.Value
	key  any            // the member name or else the index of the repeated steps so far
	up   jsontext.Value // the element of the repeated step before the last one
	skip string         // its member in which the way goes on
}

// element is the part for one element of a repeated step, with the steps that
// follow it.
func (p part) element(v jsontext.Value, key any, rest []step) part {
	e := part{raw: v, key: key, up: p.up, skip: p.skip}
	if _, named := p.key.(string); named {
		if _, index := key.(int); index {
			e.key = p.key
		}
	}
	if _, over, _ := split(rest); over != nil {
		e.up, e.skip = v, rest[0].name
	}
	return e
}

// expand follows the steps within one element and calls each for every
// record, in document order. Where the way ends early there is no record.
func expand(p part, steps []step, each func(part) error) error {
	if len(steps) == 0 {
		return each(p)
	}
	d := jsondoc.NewDecoder(p.raw)
	s, rest, kind := steps[0], steps[1:], byte(d.PeekKind())
	switch {
	case s.name != "" && kind == '{':
		return eachMember(d, func(name string) (bool, error) {
			if name != s.name {
				return false, d.SkipValue()
			}
			v, err := d.ReadValue()
			if err != nil {
				return true, err
			}
			return true, expand(part{v.Clone(), p.key, p.up, p.skip}, rest, each)
		})
	case s.each && kind == '[':
		_, err := d.ReadToken()
		for i := 0; err == nil && d.PeekKind() != ']'; i++ {
			var v jsontext.Value
			if v, err = d.ReadValue(); err == nil && v.Kind() != 'n' {
				err = expand(p.element(v.Clone(), i, rest), rest, each)
			}
		}
		return err
	case s.each && kind != 'n':
		return expand(p.element(p.raw, 0, rest), rest, each)
	case s.keys && kind == '{':
		return eachMember(d, func(name string) (bool, error) {
			v, err := d.ReadValue()
			if err != nil || v.Kind() == 'n' {
				return false, err
			}
			return false, expand(p.element(v.Clone(), name, rest), rest, each)
		})
	}
	return nil
}

// eachMember calls fn for the members of the object that comes next until it
// says done.
func eachMember(d *jsontext.Decoder, fn func(name string) (done bool, err error)) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		if done, err := fn(t.String()); done || err != nil {
			return err
		}
	}
	return nil
}
