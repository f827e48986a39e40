// Package csvdoc reads tables of separated values row by row for the decoders:
// it finds out the separator and the row with the column names, and a quote
// without an end is an error instead of the rest of the file in one cell.
package csvdoc

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// maxHead is how much of a document the header is looked for in.
const maxHead = 64 << 10

// maxPreamble is how many rows may stand before the column names.
const maxPreamble = 100

// Reader walks the rows of one table.
type Reader struct {
	// Columns are the names in the header row, trimmed; a name that comes
	// again has its number behind it ("Severity (2)").
	Columns []string

	csv    *csv.Reader
	gate   *rowGate
	record int
	close  io.Closer
}

// Open opens the input and reads up to the header: the first row that has all
// the columns named, compared without regard to case; without any, the first
// row. The caller closes the reader.
func Open(ctx context.Context, in *format.Input, columns []string) (*Reader, error) {
	names, comma, skip := Header(in.Head().Bytes, columns)
	if names == nil {
		return nil, fmt.Errorf("no row has the columns %s", strings.Join(columns, ", "))
	}
	return open(ctx, in, names, comma, skip+1)
}

// OpenBare opens a table that has no header row; names are its columns, in
// order.
func OpenBare(ctx context.Context, in *format.Input, names []string) (*Reader, error) {
	_, comma, _ := Header(in.Head().Bytes, nil)
	if comma == 0 {
		comma = ','
	}
	return open(ctx, in, slices.Clone(names), comma, 0)
}

// open opens the input and passes over the rows before the first record.
func open(ctx context.Context, in *format.Input, names []string, comma rune, skip int) (*Reader, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	g := &rowGate{ctx: ctx, r: rc, left: jsondoc.MaxValue}
	c := csv.NewReader(g)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = comma, -1, true, true
	r := &Reader{Columns: unique(names), csv: c, gate: g, close: rc}
	for range skip {
		if _, err := c.Read(); err != nil {
			return nil, errors.Join(r.wrap(err), rc.Close())
		}
	}
	return r, nil
}

// Close releases the input.
func (r *Reader) Close() error { return r.close.Close() }

// Next returns the next row with its position. The row is reused by the next
// call. io.EOF is the clean end. Empty rows are passed over.
func (r *Reader) Next() ([]string, finding.Position, error) {
	for {
		r.gate.left = jsondoc.MaxValue
		at := r.csv.InputOffset()
		row, err := r.csv.Read()
		if errors.Is(err, io.EOF) && r.gate.ctx.Err() == nil {
			return nil, finding.Position{}, io.EOF
		}
		if err != nil {
			return nil, finding.Position{}, r.wrap(err)
		}
		if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue
		}
		line, _ := r.csv.FieldPos(0)
		p := finding.Position{Record: r.record, Offset: at, Pointer: "line " + strconv.Itoa(line)}
		r.record++
		return row, p, nil
	}
}

// JSON writes a row as an object by column name, for the raw record. Cells
// without a name are kept under their number.
func (r *Reader) JSON(row []string) ([]byte, error) {
	raw := []byte{'{'}
	for i, value := range row {
		if i > 0 {
			raw = append(raw, ',')
		}
		var err error
		if raw, err = jsontext.AppendQuote(raw, strings.ToValidUTF8(r.Column(i), "\uFFFD")); err != nil {
			return nil, err
		}
		raw = append(raw, ':')
		if raw, err = jsontext.AppendQuote(raw, strings.ToValidUTF8(value, "\uFFFD")); err != nil {
			return nil, err
		}
	}
	return append(raw, '}'), nil
}

// Column is the name of column i; "column N" where the header has none.
func (r *Reader) Column(i int) string {
	if i < len(r.Columns) && r.Columns[i] != "" {
		return r.Columns[i]
	}
	return "column " + strconv.Itoa(i+1)
}

// Header finds the column names in the head of a document, the separator, and
// how many rows stand before them. Names is nil when no row has the columns.
func Header(head []byte, columns []string) (names []string, comma rune, skip int) {
	head = head[:min(len(head), maxHead)]
	if !namesAll(head, columns) {
		return nil, 0, 0
	}
	for _, c := range []rune{',', ';', '\t', '|'} {
		r := csv.NewReader(strings.NewReader(string(head)))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = c, -1, true
		for i := range maxPreamble {
			row, err := r.Read()
			if err != nil {
				break
			}
			if hasAll(row, columns) {
				if len(row) > len(names) {
					names, comma, skip = row, c, i
				}
				break
			}
		}
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names, comma, skip
}

// namesAll tells without taking rows apart whether the columns can be there.
func namesAll(head []byte, columns []string) bool {
	if len(columns) == 0 {
		return true
	}
	lower := bytes.ToLower(head)
	for _, want := range columns {
		if !bytes.Contains(lower, []byte(strings.ToLower(want))) {
			return false
		}
	}
	return true
}

func hasAll(row, columns []string) bool {
	for _, want := range columns {
		if !slices.ContainsFunc(row, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), want) }) {
			return false
		}
	}
	return true
}

func unique(names []string) []string {
	seen := map[string]int{}
	for i, n := range names {
		seen[n]++
		if seen[n] > 1 && n != "" {
			names[i] = fmt.Sprintf("%s (%d)", n, seen[n])
		}
	}
	return names
}

func (r *Reader) wrap(err error) error {
	var parse *csv.ParseError
	switch {
	case r.gate.ctx.Err() != nil:
		return r.gate.ctx.Err()
	case errors.Is(err, errRowTooLarge):
		return fmt.Errorf("a row at byte %d is larger than %d MiB: a quote may be missing its end", r.csv.InputOffset(), jsondoc.MaxValue>>20)
	case errors.As(err, &parse):
		return fmt.Errorf("not valid CSV on line %d: %w", parse.Line, parse.Err)
	}
	return err
}

var errRowTooLarge = errors.New("row too large")

// rowGate ends a stream whose single row takes more than it may, as an open
// quote makes the rest of the file one cell.
type rowGate struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (g *rowGate) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	if g.left <= 0 {
		return 0, errRowTooLarge
	}
	n, err := g.r.Read(p)
	g.left -= int64(n)
	return n, err
}
