package sarif

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/ingestion/format"
)

// A result can only be understood with its run's context: rules, artifacts,
// base directories, version control. Many producers (every one that streams)
// write some of that behind the results. Holding the results back would cost
// memory in proportion to the report, so the document is passed over twice:
// the outline picks up only what stands behind a results array, at the speed
// of a byte search, and the second pass reads everything else in place.

// late is a member of a run that stands behind the run's results.
type late struct {
	name string
	raw  []byte
}

// maxLate bounds the bytes of all late members of a document together.
const maxLate = 256 << 20

// outline returns the late members of every run, by the run's index. It
// judges nothing: where the document is broken it ends with what it has, and
// the second pass says what is wrong.
func outline(ctx context.Context, in *format.Input) (map[int][]late, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	s := &skimmer{r: bufio.NewReaderSize(ctxReader{ctx, rc}, 64<<10), left: maxLate}
	found := map[int][]late{}
	s.object(func(name string) {
		if name != "runs" {
			s.value(nil)
			return
		}
		s.array(func(run int) {
			results := false
			s.object(func(name string) {
				switch {
				case name == "results":
					results = true
					s.value(nil)
				case results && read(name):
					var b bytes.Buffer
					s.value(&b)
					// The cursor needs values that were proved valid.
					if s.err == nil && jsontext.Value(b.Bytes()).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) {
						found[run] = append(found[run], late{name, b.Bytes()})
					}
				default:
					s.value(nil)
				}
			})
		})
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.err != nil && !errors.Is(s.err, io.EOF) && !errors.Is(s.err, errOdd) && !errors.Is(s.err, errLate) {
		return nil, s.err
	}
	return found, nil
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

var (
	errOdd  = errors.New("not the shape of a SARIF document")
	errLate = errors.New("too much context behind the results")
)

// skimmer steps through JSON without checking what it passes over. Its first
// error stays and makes every further step a no-op.
type skimmer struct {
	r    *bufio.Reader
	left int
	err  error
}

// next returns the next byte that is not white space, comma or colon, without
// taking it; 0 after an error.
func (s *skimmer) next() byte {
	for s.err == nil {
		b, err := s.r.ReadByte()
		if err != nil {
			s.err = err
			break
		}
		switch b {
		case ' ', '\n', '\r', '\t', ',', ':':
		default:
			s.err = s.r.UnreadByte()
			return b
		}
	}
	return 0
}

func (s *skimmer) take(want byte) bool {
	if s.next() != want {
		if s.err == nil {
			s.err = errOdd
		}
		return false
	}
	_, s.err = s.r.ReadByte()
	return s.err == nil
}

// object calls fn before every member's value; fn passes over the value. A
// value that is no object is passed over.
func (s *skimmer) object(fn func(name string)) {
	if s.next() != '{' {
		s.value(nil)
		return
	}
	s.take('{')
	for s.err == nil && s.next() != '}' {
		var name bytes.Buffer
		if s.next() != '"' {
			s.err = errOdd
			return
		}
		s.value(&name)
		if s.err == nil {
			fn(string(bytes.Trim(name.Bytes(), `"`)))
		}
	}
	s.take('}')
}

// array calls fn before every element; fn passes over it.
func (s *skimmer) array(fn func(i int)) {
	if s.next() != '[' {
		s.value(nil)
		return
	}
	s.take('[')
	for i := 0; s.err == nil && s.next() != ']'; i++ {
		fn(i)
	}
	s.take(']')
}

// value passes over one value and copies it to w unless w is nil.
func (s *skimmer) value(w *bytes.Buffer) {
	if k := s.next(); k == '}' || k == ']' { // no value where one must be
		s.err = errOdd
	}
	v := valueEnd{}
	for s.err == nil {
		if s.r.Buffered() == 0 {
			if _, s.err = s.r.Peek(1); s.err != nil {
				return
			}
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		n, done := v.scan(chunk)
		if w != nil {
			if s.left -= n; s.left < 0 {
				s.err = errLate
				return
			}
			w.Write(chunk[:n])
		}
		_, _ = s.r.Discard(n) // n bytes are buffered
		if done {
			return
		}
	}
}

// valueEnd finds the end of a JSON value that comes in chunks.
type valueEnd struct {
	depth   int
	started bool // inside a number, true, false or null
	quoted  bool // inside a string
	escape  bool // behind a backslash
}

// scan returns how many bytes of the chunk belong to the value and whether it
// ends there.
func (v *valueEnd) scan(b []byte) (n int, done bool) {
	for i := 0; i < len(b); i++ {
		if v.quoted {
			if i = v.scanString(b, i); i >= len(b) {
				return len(b), false
			}
			if v.depth == 0 {
				return i + 1, true
			}
			continue
		}
		switch b[i] {
		case '"':
			v.quoted = true
		case '{', '[':
			v.depth++
		case '}', ']':
			if v.depth == 0 { // the end of what holds a bare number or word
				return i, true
			}
			if v.depth--; v.depth == 0 {
				return i + 1, true
			}
		case ',', ':', ' ', '\n', '\r', '\t':
			if v.depth == 0 && v.started {
				return i, true
			}
		default:
			v.started = true
		}
	}
	return len(b), false
}

// scanString returns the index of the closing quote, or len(b).
func (v *valueEnd) scanString(b []byte, i int) int {
	for i < len(b) {
		if v.escape {
			v.escape = false
			i++
			continue
		}
		quote := bytes.IndexByte(b[i:], '"')
		if quote < 0 {
			quote = len(b) - i
		}
		slash := bytes.IndexByte(b[i:i+quote], '\\')
		switch {
		case slash >= 0:
			v.escape = true
			i += slash + 1
		case i+quote < len(b):
			v.quoted = false
			return i + quote
		default:
			return len(b)
		}
	}
	return len(b)
}
