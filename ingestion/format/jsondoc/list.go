package jsondoc

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// List is a list that tools also write as its only element or as null.
// Elements of another shape than T are left out, so one odd entry of a
// secondary list does not cost the whole record.
type List[T any] []T

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *List[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*l = nil
	add := func() error {
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		var e T
		if v.Kind() != 'n' && json.Unmarshal(v, &e, options) == nil {
			*l = append(*l, e)
		}
		return nil
	}
	if d.PeekKind() != '[' {
		return add()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		if err := add(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// Lax is a value that stays zero when the document has another shape in its
// place: for members that a record can do without.
type Lax[T any] struct{ V T }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (x *Lax[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	var e T
	if json.Unmarshal(v, &e, options) == nil {
		x.V = e
	}
	return nil
}
