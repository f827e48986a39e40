package mapping

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

const (
	// maxLine is how many bytes a line of a text may have.
	maxLine = 1 << 20
	// maxMore is how many lines one record may have besides its first; those
	// after them say nothing new (a scanner that prints every match).
	maxMore = 1000
	// maxLooked is how many lines a context value collects.
	maxLooked = 100_000
)

// line is one line of a text.
type line struct {
	text   []byte
	number int
	offset int64
}

// escapes are the sequences that colour a terminal's text.
var escapes = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// eachLine gives every line without its end and without colours.
func eachLine(ctx context.Context, in *format.Input, do func(line) error) error {
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	r := bufio.NewReaderSize(rc, 64<<10)
	l := line{}
	for err == nil {
		if err = ctx.Err(); err != nil {
			return err
		}
		var text []byte
		if text, err = readLine(r); err != nil && err != io.EOF {
			return fmt.Errorf("read line %d: %w", l.number+1, err)
		}
		l.number++
		l.text = bytes.TrimRight(text, "\r\n")
		if bytes.IndexByte(l.text, 0x1b) >= 0 {
			l.text = escapes.ReplaceAll(l.text, nil)
		}
		if e := do(l); e != nil {
			return e
		}
		l.offset += int64(len(text))
	}
	return nil
}

// readLine reads up to and with the next line end.
func readLine(r *bufio.Reader) ([]byte, error) {
	var out []byte
	for {
		part, err := r.ReadSlice('\n')
		out = append(out, part...)
		if err != bufio.ErrBufferFull {
			return out, err
		}
		if len(out) > maxLine {
			return nil, fmt.Errorf("the line is longer than %d bytes: this is no text", maxLine)
		}
	}
}

// groups are the named groups of a pattern in a line that matches it: nil when
// it does not. A group that took no part is left out.
func groups(re *regexp.Regexp, text []byte) map[string]any {
	if re == nil {
		return nil
	}
	m := re.FindSubmatch(text)
	if m == nil {
		return nil
	}
	out := map[string]any{}
	for i, name := range re.SubexpNames() {
		if name != "" && m[i] != nil {
			out[name] = string(bytes.TrimSpace(m[i]))
		}
	}
	return out
}

// addMore keeps a further line of a record in its member "more".
func addMore(rec, further map[string]any) {
	list, _ := rec["more"].([]any)
	if len(list) < maxMore {
		rec["more"] = append(list, further)
	}
}

// textDecoder reads a text line by line: a record begins at a line that fits a
// section and has the lines after it that fit the section's "more".
type textDecoder struct {
	*decoder
	around map[string]any // what the lines around the records said last
	open   *compiledSection
	rec    map[string]any
	raw    []byte
	at     finding.Position
}

func (d *decoder) text() error {
	values, err := d.textContext()
	if err != nil {
		return err
	}
	if err := d.begin(values); err != nil {
		return err
	}
	t := &textDecoder{decoder: d, around: map[string]any{}}
	if err := eachLine(d.ctx, d.in, t.line); err != nil {
		return err
	}
	return t.end()
}

func (t *textDecoder) line(l line) error {
	for i, re := range t.p.around {
		found := groups(re, l.text)
		if found == nil {
			continue
		}
		if err := t.end(); err != nil {
			return err
		}
		t.step(i, found)
		return nil
	}
	if t.open != nil {
		if found := groups(t.open.more, l.text); found != nil {
			if addMore(t.rec, found); len(t.raw) < format.MaxFaultRaw {
				t.raw = append(append(t.raw, '\n'), l.text...)
			}
			return nil
		}
	}
	for _, s := range t.p.sections {
		found := groups(s.line, l.text)
		if found == nil {
			continue
		}
		if err := t.end(); err != nil {
			return err
		}
		t.reached = true
		t.open, t.rec, t.raw = s, found, bytes.Clone(l.text)
		t.at = finding.Position{Offset: l.offset, Pointer: fmt.Sprintf("line %d", l.number)}
		return nil
	}
	return nil
}

// step takes what a line around the records says: it ends what the patterns
// named after its own said before.
func (t *textDecoder) step(i int, found map[string]any) {
	next := map[string]any{}
	for _, re := range t.p.around[:i] {
		for _, name := range re.SubexpNames() {
			if v, ok := t.around[name]; ok {
				next[name] = v
			}
		}
	}
	for name, v := range found {
		next[name] = v
	}
	t.around = next
}

// end hands over the record that is open.
func (t *textDecoder) end() error {
	if t.open == nil {
		return nil
	}
	s := t.open
	t.open = nil
	at := place{pos: t.at, up: func() any { return t.around }}
	at.pos.Record = t.records
	return t.record(s, t.rec, t.raw, at)
}

// textContext looks for the context's lines in a pass of their own: a summary
// may stand behind the records.
func (d *decoder) textContext() ([]any, error) {
	out := make([]any, len(d.p.context))
	if len(out) == 0 {
		return out, nil
	}
	lists := make([][]any, len(out))
	err := eachLine(d.ctx, d.in, func(l line) error {
		for i, c := range d.p.context {
			n := len(lists[i])
			if n > 0 && c.more != nil {
				if found := groups(c.more, l.text); found != nil {
					addMore(lists[i][n-1].(map[string]any), found)
					continue
				}
			}
			if n >= maxLooked || n > 0 && c.key == nil {
				continue
			}
			if found := groups(c.line, l.text); found != nil {
				lists[i] = append(lists[i], found)
			}
		}
		return nil
	})
	for i, c := range d.p.context {
		switch {
		case c.key != nil:
			out[i] = lists[i]
		case len(lists[i]) > 0:
			out[i] = lists[i][0]
		}
	}
	return out, err
}
