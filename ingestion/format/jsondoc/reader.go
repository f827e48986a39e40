// Package jsondoc reads large JSON documents record by record for the
// decoders: memory holds one record, a record of the wrong shape is set aside
// with its position, and a nesting or size bomb ends with a clear error.
package jsondoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// MaxValue is the size in bytes that a single record or scalar may have.
const MaxValue = 64 << 20

// Reader walks one or more JSON values in a stream.
type Reader struct {
	ctx    context.Context
	dec    *jsontext.Decoder
	gate   *gate
	record int
	close  io.Closer
}

// Open opens the input for reading. The caller closes the reader.
func Open(ctx context.Context, in *format.Input) (*Reader, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	g := &gate{ctx: ctx, r: rc, left: MaxValue, blank: in.Head().Script}
	d := jsontext.NewDecoder(g, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	return &Reader{ctx: ctx, dec: d, gate: g, close: rc}, nil
}

// Close releases the input.
func (r *Reader) Close() error { return r.close.Close() }

// Kind peeks at the next value: '{', '[', '"', '0', 't', 'f', 'n', or 0 when
// there is none or the document is broken (the next read tells).
func (r *Reader) Kind() byte {
	k := byte(r.dec.PeekKind())
	switch k {
	case '{', '[', '"', '0', 't', 'f', 'n':
		return k
	}
	return 0
}

// More reports whether another value follows in the current array or stream
// (JSON lines, concatenated documents).
func (r *Reader) More() bool { return r.Kind() != 0 }

// End returns nil at a clean end of the document and an error when something
// else than white space follows.
func (r *Reader) End() error {
	r.gate.left = MaxValue
	_, err := r.dec.ReadToken()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("more data after the end of the document at byte %d", r.dec.InputOffset())
	}
	return r.wrap(err)
}

// Object calls fn for every member of the object that comes next. fn reads
// the member's value with the reader or leaves it: then it is skipped. A null
// in place of the object is an empty one; anything else is skipped and
// reported as a *ShapeError.
func (r *Reader) Object(fn func(name string) error) error {
	if ok, err := r.enter('{'); !ok {
		return err
	}
	for r.dec.PeekKind() != '}' {
		r.gate.left = MaxValue
		t, err := r.dec.ReadToken()
		if err != nil {
			return r.wrap(err)
		}
		name := t.String()
		at := r.dec.InputOffset()
		if err := fn(name); err != nil {
			return err
		}
		if r.dec.InputOffset() == at {
			if err := r.Skip(); err != nil {
				return err
			}
		}
	}
	_, err := r.dec.ReadToken()
	return r.wrap(err)
}

// Array calls fn for every element of the array that comes next, with the
// same rules as Object.
func (r *Reader) Array(fn func(i int) error) error {
	if ok, err := r.enter('['); !ok {
		return err
	}
	for i := 0; r.dec.PeekKind() != ']'; i++ {
		at := r.dec.InputOffset()
		if r.Kind() == 0 { // broken or cut here
			return r.Skip()
		}
		if err := fn(i); err != nil {
			return err
		}
		if r.dec.InputOffset() == at {
			if err := r.Skip(); err != nil {
				return err
			}
		}
	}
	_, err := r.dec.ReadToken()
	return r.wrap(err)
}

// enter reads the opening delimiter; false with nil error means null.
func (r *Reader) enter(want byte) (bool, error) {
	r.gate.left = MaxValue
	k := byte(r.dec.PeekKind())
	if k != want {
		at, pointer := r.dec.InputOffset(), string(r.dec.StackPointer())
		if err := r.Skip(); err != nil {
			return false, err
		}
		if k == 'n' {
			return false, nil
		}
		return false, &ShapeError{Offset: at, Pointer: pointer, Want: kindName(want), Got: kindName(k)}
	}
	_, err := r.dec.ReadToken()
	return err == nil, r.wrap(err)
}

// Skip passes over the next value.
func (r *Reader) Skip() error {
	depth := r.dec.StackDepth()
	for {
		r.gate.left = MaxValue // each token may be that large, the whole may be larger
		if _, err := r.dec.ReadToken(); err != nil {
			return r.wrap(err)
		}
		if r.dec.StackDepth() <= depth {
			return nil
		}
	}
}

// Value returns the next value as it stands in the document. The bytes are
// the caller's to keep.
func (r *Reader) Value() ([]byte, error) {
	r.gate.left = MaxValue
	v, err := r.dec.ReadValue()
	if err != nil {
		return nil, r.wrap(err)
	}
	return bytes.Clone(v), nil
}

// Decode reads the next value into dst by the rules of encoding/json v2,
// except that names match without regard to case only where tagged so and
// duplicate names are allowed (the last wins). A value of another shape is
// consumed and reported as a *ShapeError, so reading can go on.
func (r *Reader) Decode(dst any) error {
	at, pointer := r.dec.InputOffset(), string(r.dec.StackPointer())
	r.gate.left = MaxValue
	v, err := r.dec.ReadValue()
	if err != nil {
		return r.wrap(err)
	}
	if err := Unmarshal(v, dst); err != nil {
		return &ShapeError{Offset: at, Pointer: pointer, Reason: err.Error()}
	}
	return nil
}

// Position describes the value that comes next as the next record and counts
// it.
func (r *Reader) Position() finding.Position {
	p := finding.Position{Record: r.record, Offset: r.dec.InputOffset(), Pointer: string(r.dec.StackPointer())}
	r.record++
	return p
}

// Next is Position without the pointer, for formats that make their own.
func (r *Reader) Next() finding.Position {
	p := finding.Position{Record: r.record, Offset: r.dec.InputOffset()}
	r.record++
	return p
}

// Records reads the elements of the array that comes next (or, for a stream
// of documents, use [Lines]) into values of T and calls each for every one.
// A record that does not fit T goes to the sink's quarantine with its
// position and reason, and reading goes on; so does one for which each
// returns a *BadRecord. raw is the record's own text and may be kept.
func Records[T any](r *Reader, sink format.Sink, each func(rec *T, pos finding.Position, raw []byte) error) error {
	return r.Array(func(i int) error { return Record(r, sink, i, each) })
}

// Lines reads the rest of a stream of JSON values, one record each.
func Lines[T any](r *Reader, sink format.Sink, each func(rec *T, pos finding.Position, raw []byte) error) error {
	for i := 0; r.More(); i++ {
		if err := Record(r, sink, i, each); err != nil {
			return err
		}
	}
	return r.End()
}

// Record reads the next value as one record: element i of its array.
func Record[T any](r *Reader, sink format.Sink, i int, each func(rec *T, pos finding.Position, raw []byte) error) error {
	raw, pos, err := r.Element(i)
	if err != nil {
		return err
	}
	rec := new(T)
	if err = Unmarshal(raw, rec); err == nil {
		err = each(rec, pos, raw)
		var bad *BadRecord
		if !errors.As(err, &bad) {
			return err
		}
	}
	return sink.Quarantine(Fault(pos, err, raw))
}

// elementPointer is the JSON pointer of element i of the array the reader is
// in, or of document i of a stream.
func elementPointer(r *Reader, i int) string {
	depth := r.dec.StackDepth()
	p := string(r.dec.StackPointer())
	if k, n := r.dec.StackIndex(depth); depth > 0 && k == '[' && n > 0 {
		p = p[:bytes.LastIndexByte([]byte(p), '/')] // the pointer still names the element before
	}
	return fmt.Sprintf("%s/%d", p, i)
}

// Fault makes a quarantine entry.
func Fault(pos finding.Position, err error, raw []byte) format.Fault {
	if len(raw) > format.MaxFaultRaw {
		raw = raw[:format.MaxFaultRaw]
	}
	return format.Fault{Position: pos, Reason: err.Error(), Raw: raw}
}

// BadRecord is what a decoder returns from a record callback when the record
// has the right shape but makes no sense (a result with no rule and no text).
type BadRecord struct{ Reason string }

// Error implements error.
func (e *BadRecord) Error() string { return e.Reason }

// Bad makes a *BadRecord.
func Bad(format string, args ...any) error { return &BadRecord{fmt.Sprintf(format, args...)} }

// ShapeError says that a value has another shape than the format needs. The
// reader has consumed the value.
type ShapeError struct {
	Offset    int64
	Pointer   string
	Want, Got string
	Reason    string
}

// Error implements error.
func (e *ShapeError) Error() string {
	where := short(e.Pointer)
	if where == "" {
		where = "the top of the document"
	}
	if e.Reason != "" {
		return fmt.Sprintf("at %s (byte %d): %s", where, e.Offset, e.Reason)
	}
	return fmt.Sprintf("at %s (byte %d): want %s, got %s", where, e.Offset, e.Want, e.Got)
}

var options = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// Unmarshal reads one value by the options that decoders use everywhere. Its
// error names the member that does not fit.
func Unmarshal(b []byte, dst any) error {
	err := json.Unmarshal(b, dst, options)
	var sem *json.SemanticError
	if errors.As(err, &sem) {
		got := kindName(byte(sem.JSONKind))
		return fmt.Errorf("member %s: want %s, got %s", orTop(string(sem.JSONPointer)), goKind(sem.GoType), got)
	}
	return err
}

// maxPointer is how much of a pointer people are shown: a document that nests
// ten thousand deep has one of many pages.
const maxPointer = 300

func short(p string) string {
	if len(p) > maxPointer {
		p = strings.ToValidUTF8(p[:maxPointer], "") + "…"
	}
	return p
}

func orTop(p string) string {
	if p == "" {
		return "(the record itself)"
	}
	p = short(p)
	return p
}

func goKind(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Uint8, reflect.Int32:
		return "a number"
	}
	return "another value"
}

func kindName(k byte) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "nothing"
}

// wrap turns the reader's errors into sentences a person can act on.
func (r *Reader) wrap(err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := r.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var syn *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("a single value at byte %d is larger than %d MiB", r.dec.InputOffset(), MaxValue>>20)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("the document ends in the middle (after byte %d): it was cut off while it was written or uploaded: %w", r.gate.read, io.ErrUnexpectedEOF)
	case errors.As(err, &syn):
		return fmt.Errorf("not valid JSON at byte %d (%s): %w", syn.ByteOffset, orTop(string(syn.JSONPointer)), syn.Err)
	}
	return err
}

var errTooLarge = errors.New("value too large")

// gate passes bytes through until one value has taken more than it may.
type gate struct {
	ctx  context.Context
	r    io.Reader
	left int64
	read int64
	// blank is how many bytes at the beginning are read as white space: a
	// script's assignment before the document.
	blank int
}

func (g *gate) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	if g.left <= 0 {
		return 0, errTooLarge
	}
	n, err := g.r.Read(p)
	for i := range min(n, g.blank) {
		p[i] = ' '
	}
	g.blank -= min(n, g.blank)
	g.left -= int64(n)
	g.read += int64(n)
	return n, err
}

// NewDecoder reads one value in memory by the options that decoders use
// everywhere.
func NewDecoder(b []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewReader(b), options)
}

// Element reads element i of the array that the reader is in as the next
// record: its own text, the caller's to keep, and its position.
func (r *Reader) Element(i int) ([]byte, finding.Position, error) {
	pos := r.Position()
	pos.Pointer = elementPointer(r, i)
	raw, err := r.Value()
	return raw, pos, err
}
