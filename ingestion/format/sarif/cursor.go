package sarif

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor walks over one JSON value that the document reader has already
// proved valid. It checks nothing again, which makes it several times faster
// than reflection, and it takes the shape that it finds: a member of an
// unexpected type reads as zero and loses only itself.
//
// A loop over members may leave a value unread; the next step passes over it:
//
//	for ok := c.object(); ok && c.member(); {
//		switch string(c.name) {
//		case "uri":
//			uri = c.text()
//		}
//	}
type cursor struct {
	b    []byte
	i    int
	name []byte // the member's name, as written between the quotes
	// at is where the value that member or element stopped before begins. A
	// value was left unread exactly when the cursor still stands there.
	at int
	// words holds strings that come again and again (paths, rule ids).
	words *words
}

// kind is the first byte of the next value, digits and signs as '0'.
func (c *cursor) kind() byte {
	c.space()
	if c.i >= len(c.b) {
		return 0
	}
	switch k := c.b[c.i]; {
	case k == '-' || k >= '0' && k <= '9':
		return '0'
	default:
		return k
	}
}

func (c *cursor) space() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\n', '\r', '\t', ',', ':':
			c.i++
		default:
			return
		}
	}
}

// object enters an object. It passes over any other value and says false.
func (c *cursor) object() bool { return c.enter('{') }

// array enters an array. It passes over any other value and says false.
func (c *cursor) array() bool { return c.enter('[') }

func (c *cursor) enter(open byte) bool {
	if c.kind() != open {
		c.skip()
		return false
	}
	c.i++
	c.at = -1
	return true
}

// member stops before the value of the next member and sets name; at the end
// it leaves the object and says false.
func (c *cursor) member() bool {
	if !c.element() {
		return false
	}
	from := c.i + 1
	c.skipString()
	c.name = c.b[from : c.i-1]
	if bytes.IndexByte(c.name, '\\') >= 0 {
		c.name, _ = jsontext.AppendUnquote(nil, c.b[from-1:c.i])
	}
	c.space()
	c.at = c.i
	return true
}

// element stops before the next element; at the end it leaves the array and
// says false.
func (c *cursor) element() bool {
	if c.i == c.at {
		c.skip()
	}
	c.space()
	if c.i >= len(c.b) {
		return false
	}
	if k := c.b[c.i]; k == ']' || k == '}' {
		c.i++
		return false
	}
	c.at = c.i
	return true
}

// skip passes over the next value.
func (c *cursor) skip() {
	c.space()
	depth := 0
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.i++
		case '}', ']':
			depth--
			c.i++
		case ' ', '\n', '\r', '\t', ',', ':':
			c.i++
			continue
		default:
			c.skipLiteral()
		}
		if depth <= 0 {
			return
		}
	}
}

func (c *cursor) skipLiteral() {
	for c.i++; c.i < len(c.b); c.i++ {
		switch c.b[c.i] {
		case ' ', '\n', '\r', '\t', ',', ':', '}', ']':
			return
		}
	}
}

// skipString passes over a string and reports whether it has escapes.
func (c *cursor) skipString() (escaped bool) {
	for c.i++; c.i < len(c.b); c.i++ {
		switch c.b[c.i] {
		case '"':
			c.i++
			return escaped
		case '\\':
			escaped = true
			c.i++
		}
	}
	return escaped
}

// raw returns the next value as written; it aliases the document.
func (c *cursor) raw() []byte {
	c.space()
	from := c.i
	c.skip()
	return c.b[from:c.i]
}

// text reads a string, or a number or boolean as text. Null, objects and
// arrays read as "". Bytes that are no UTF-8 become U+FFFD.
func (c *cursor) text() string { return string(c.bytes()) }

// word is text for values that repeat; equal ones share memory.
func (c *cursor) word() string { return c.words.of(c.bytes()) }

// bytes is text that may alias the document: good until it is copied.
func (c *cursor) bytes() []byte {
	switch c.kind() {
	case '"':
		from := c.i
		escaped := c.skipString()
		quoted := c.b[from:min(c.i, len(c.b))]
		if !escaped && utf8.Valid(quoted) {
			return quoted[1 : len(quoted)-1]
		}
		s, _ := jsontext.AppendUnquote(nil, quoted) // an error only tells of replaced bytes
		return s
	case '0', 't', 'f':
		return c.raw()
	}
	c.skip()
	return nil
}

// integer reads a whole number, written as a number or a string; anything
// else gives missing.
func (c *cursor) integer(missing int) int {
	b := c.bytes()
	if n, err := strconv.Atoi(string(b)); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(string(b), 64); err == nil && f > -1e9 && f < 1e9 {
		return int(f)
	}
	return missing
}

// boolean reads true or false; said is false for anything else.
func (c *cursor) boolean() (value, said bool) {
	s := strings.ToLower(string(c.bytes()))
	return s == "true", s == "true" || s == "false"
}

// strings reads a list of strings, or one string as a list.
func (c *cursor) strings() []string {
	if c.kind() != '[' {
		if s := c.text(); s != "" {
			return []string{s}
		}
		return nil
	}
	var list []string
	for ok := c.array(); ok && c.element(); {
		if s := c.word(); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// words lets equal strings share memory. It forgets everything when it has
// grown to its bound, so a report of a million distinct paths costs nothing.
type words struct{ seen map[string]string }

const (
	maxWords   = 1 << 14
	maxWordLen = 256
)

func (w *words) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if w == nil || len(b) > maxWordLen {
		return string(b)
	}
	if s, ok := w.seen[string(b)]; ok {
		return s
	}
	if w.seen == nil || len(w.seen) >= maxWords {
		w.seen = make(map[string]string, 256)
	}
	s := string(b)
	w.seen[s] = s
	return s
}
