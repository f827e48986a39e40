package jsondoc

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Text is a string that tools also write as a number, a boolean or null.
type Text string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *Text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if k := d.PeekKind(); k == '{' || k == '[' {
		v, err := d.ReadValue()
		*t = Text(v)
		return err
	}
	tok, err := d.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != 'n' {
		*t = Text(tok.String())
	}
	return nil
}

// String returns the text.
func (t Text) String() string { return string(t) }

// Int is a whole number that tools also write as a string, a float or null.
// Text that is no number gives 0.
type Int int

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Int) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var t Text
	if err := t.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	*n = Int(toFloat(string(t)))
	return nil
}

// Float is a number that tools also write as a string or null. Text that is
// no number gives 0.
type Float float64

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Float) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var t Text
	if err := t.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	*n = Float(toFloat(string(t)))
	return nil
}

func toFloat(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f != f || f > 1<<52 || f < -(1<<52) {
		return 0
	}
	return f
}

// Strings is a list of strings that tools also write as one string, as a list
// with numbers in it, or as null. Empty strings are left out.
type Strings []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *Strings) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*l = nil
	add := func() error {
		var t Text
		if err := t.UnmarshalJSONFrom(d); err != nil {
			return err
		}
		if t != "" {
			*l = append(*l, string(t))
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
