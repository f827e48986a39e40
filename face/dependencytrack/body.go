package dependencytrack

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// fields are the members of a request besides its document, each as the JSON
// value it came as.
type fields map[string]jsontext.Value

const (
	maxFields = 100
	maxField  = 1 << 20
)

// readBody reads a JSON object whose member named document holds a large file
// in base64. That member goes to keep as it comes, decoded: neither it nor
// the object is ever in memory as a whole, wherever it stands.
func readBody(r io.Reader, document string, keep func(io.Reader) error) (fields, error) {
	b := &body{r: bufio.NewReader(r)}
	out := fields{}
	if err := b.want('{'); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		next, err := b.peek()
		if err != nil {
			return nil, err
		}
		if next == '}' {
			return out, nil
		}
		if n > 0 {
			if err := b.want(','); err != nil {
				return nil, err
			}
		}
		if n == maxFields {
			return nil, malformed("it has too many members")
		}
		if err := b.member(out, document, keep); err != nil {
			return nil, err
		}
	}
}

func malformed(why string) error {
	return &refusal{http.StatusBadRequest, "the request's body is no JSON object as expected: " + why}
}

// body is JSON that is read piece by piece.
type body struct{ r *bufio.Reader }

// member reads one name and its value.
func (b *body) member(out fields, document string, keep func(io.Reader) error) error {
	v, err := b.value()
	if err != nil {
		return err
	}
	name, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return malformed("a member has no name")
	}
	if err := b.want(':'); err != nil {
		return err
	}
	next, err := b.peek()
	if err != nil {
		return err
	}
	if string(name) != document || next != '"' {
		out[string(name)], err = b.value()
		return err
	}
	if _, err := b.r.Discard(1); err != nil {
		return err
	}
	text := &quoted{r: b.r}
	if err := keep(base64.NewDecoder(base64.StdEncoding, text)); err != nil {
		var corrupt base64.CorruptInputError
		if errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
			return malformed(document + " is not base64: " + err.Error())
		}
		return err
	}
	if _, err := io.Copy(io.Discard, text); err != nil { // up to the closing quote
		return err
	}
	return nil
}

// peek returns the next byte that is no white space.
func (b *body) peek() (byte, error) {
	for {
		c, err := b.r.ReadByte()
		if err != nil {
			return 0, malformed("it ends early")
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, b.r.UnreadByte()
		}
	}
}

func (b *body) want(c byte) error {
	got, err := b.peek()
	if err != nil {
		return err
	}
	if got != c {
		return malformed(fmt.Sprintf("want %q, have %q", c, got))
	}
	_, err = b.r.Discard(1)
	return err
}

// value reads one small value. The decoder reads ahead; what it didn't need
// goes back before the rest.
func (b *body) value() (jsontext.Value, error) {
	if _, err := b.peek(); err != nil {
		return nil, err
	}
	d := jsontext.NewDecoder(io.LimitReader(b.r, maxField))
	v, err := d.ReadValue()
	if err != nil {
		return nil, malformed(err.Error())
	}
	v = v.Clone()
	b.r = bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(d.UnreadBuffer())), b.r))
	return v, nil
}

// quoted reads the inside of a JSON string up to its closing quote.
type quoted struct {
	r    *bufio.Reader
	left []byte // of an escape that took more than one byte
	done bool
}

// Read implements io.Reader.
func (q *quoted) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(q.left) > 0 {
			k := copy(p[n:], q.left)
			q.left, n = q.left[k:], n+k
			continue
		}
		if q.done {
			break
		}
		c, err := q.r.ReadByte()
		if err != nil {
			return n, malformed("a text has no end")
		}
		switch c {
		case '"':
			q.done = true
		case '\\':
			if err := q.escape(); err != nil {
				return n, err
			}
		default:
			p[n] = c
			n++
		}
	}
	if n == 0 && q.done && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (q *quoted) escape() error {
	c, err := q.r.ReadByte()
	if err != nil {
		return malformed("a text has no end")
	}
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		var hex [4]byte
		if _, err := io.ReadFull(q.r, hex[:]); err != nil {
			return malformed("a text has no end")
		}
		n, err := strconv.ParseUint(string(hex[:]), 16, 16)
		if err != nil {
			return malformed("a text has a broken escape")
		}
		q.left = utf8.AppendRune(nil, rune(n))
		return nil
	}
	q.left = []byte{c}
	return nil
}
