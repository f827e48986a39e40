package jsondoc

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/ingestion/format"
)

// maxKept is the size in bytes up to which an outline keeps a member,
// maxOutline how deep it follows.
const (
	maxKept    = 4 << 20
	maxOutline = 16
)

// Outline holds what stands around the records of a document: for every
// object on the way to them, by its JSON pointer, the members that were asked
// for.
type Outline map[string]map[string]jsontext.Value

// ReadOutline passes over the whole document for members that tools write
// after the records they describe (the tool's version, the scanned image). It
// looks into the top-level object, or the objects of a top-level array, keeps
// the members named by keep and descends into objects and arrays that are
// members named by follow. Everything else is passed over without being
// parsed, many times faster than reading it.
//
// A broken or cut document gives what came before the break: judging it is
// left to the pass that reads the records. The error is the context's.
func ReadOutline(ctx context.Context, in *format.Input, keep, follow []string) (Outline, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	s := &outliner{ctx: ctx, r: rc, keep: keep, follow: follow, out: Outline{}, buf: make([]byte, 64<<10), mark: -1}
	s.descend("", 0)
	return s.out, ctx.Err()
}

// Decode reads the member of the object at the pointer into dst and reports
// whether it was there and had that shape.
func (o Outline) Decode(pointer, name string, dst any) bool {
	v, ok := o[pointer][name]
	return ok && Unmarshal(v, dst) == nil
}

// Text returns a member that is a string, number or boolean as text, and ""
// when it is not there.
func (o Outline) Text(pointer, name string) string {
	var t Text
	o.Decode(pointer, name, &t)
	return string(t)
}

// outliner is a scanner that knows no more of JSON than where strings,
// objects and arrays begin and end.
type outliner struct {
	ctx          context.Context
	r            io.Reader
	keep, follow []string
	out          Outline

	buf      []byte
	pos, end int
	done     bool
	mark     int    // where in buf the value being kept begins; -1: none is
	held     []byte // the part of it that buf no longer has
}

// fill makes at least one more byte available.
func (s *outliner) fill() bool {
	for s.pos == s.end {
		if s.done || s.ctx.Err() != nil {
			return false
		}
		if s.mark >= 0 && len(s.held) <= maxKept {
			s.held = append(s.held, s.buf[s.mark:s.end]...)
		}
		if s.mark >= 0 {
			s.mark = 0
		}
		n, err := s.r.Read(s.buf)
		s.pos, s.end, s.done = 0, n, err != nil
	}
	return true
}

// peek returns the next byte that is no white space, comma or colon, and 0 at
// the end of the document.
func (s *outliner) peek() byte {
	for s.fill() {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// descend looks into the object or array that comes next.
func (s *outliner) descend(pointer string, depth int) {
	if depth > maxOutline {
		s.skip()
		return
	}
	switch s.peek() {
	case '{':
		s.object(pointer, depth)
	case '[':
		s.pos++
		for i := 0; ; i++ {
			switch s.peek() {
			case 0:
				return
			case ']':
				s.pos++
				return
			}
			s.descend(pointer+"/"+strconv.Itoa(i), depth+1)
		}
	default:
		s.skip()
	}
}

func (s *outliner) object(pointer string, depth int) {
	s.pos++
	for {
		switch s.peek() {
		case '"':
		case 0:
			return
		case '}':
			s.pos++
			return
		default:
			s.skip() // broken; go on as well as may be
			continue
		}
		name, err := jsontext.AppendUnquote(nil, s.take())
		if err != nil {
			return
		}
		switch {
		case slices.Contains(s.keep, string(name)):
			s.peek()
			if v := s.take(); v != nil {
				if s.out[pointer] == nil {
					s.out[pointer] = map[string]jsontext.Value{}
				}
				s.out[pointer][string(name)] = v
			}
		case slices.Contains(s.follow, string(name)):
			s.descend(pointer+"/"+string(name), depth+1)
		default:
			s.skip()
		}
	}
}

// take returns the text of the value that comes next, nil when it is too
// large to keep.
func (s *outliner) take() []byte {
	s.mark, s.held = s.pos, nil
	s.skip()
	v := append(s.held, s.buf[s.mark:s.pos]...)
	s.mark, s.held = -1, nil
	if len(v) > maxKept {
		return nil
	}
	return v
}

// skip passes over the value that comes next.
func (s *outliner) skip() {
	s.peek()
	depth := 0
	for s.fill() {
		switch c := s.buf[s.pos]; c {
		case '"':
			s.pos++
			s.text()
		case '{', '[':
			s.pos++
			depth++
			continue
		case '}', ']':
			s.pos++
			depth--
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
			continue
		default:
			s.scalar()
		}
		if depth <= 0 {
			return
		}
	}
}

// text passes over the rest of a string.
func (s *outliner) text() {
	for s.fill() {
		rest := s.buf[s.pos:s.end]
		quote := bytes.IndexByte(rest, '"')
		if quote >= 0 {
			rest = rest[:quote]
		}
		if esc := bytes.IndexByte(rest, '\\'); esc >= 0 {
			s.pos += esc + 1
			if s.fill() {
				s.pos++ // the escaped character
			}
			continue
		}
		s.pos += len(rest)
		if quote >= 0 {
			s.pos++
			return
		}
	}
}

// scalar passes over a number, true, false or null.
func (s *outliner) scalar() {
	s.pos++
	for s.fill() {
		switch s.buf[s.pos] {
		case '"', '{', '[', '}', ']', ' ', '\t', '\r', '\n', ',', ':':
			return
		}
		s.pos++
	}
}
