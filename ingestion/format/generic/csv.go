package generic

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

func decodeCSV(ctx context.Context, in *format.Input, sink format.Sink) error {
	names, comma := header(in.Head().Bytes)
	if !hasTitle(names) {
		return errors.New("the table has no column for the title: docs/formats/generic.md lists the names that are read")
	}
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	gate := &rowGate{ctx: ctx, r: rc, left: jsondoc.MaxValue}
	r := csv.NewReader(gate)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	if err := sink.Run(format.Run{Tool: "generic"}); err != nil {
		return err
	}
	if _, err := r.Read(); err != nil { // the header, read above
		return wrap(err, r)
	}
	set, all := make([]setter, len(names)), setters()
	for i, name := range names {
		set[i] = all[columnOf(name)]
	}
	count := counter{Sink: sink}
	for record := 0; ; record++ {
		gate.left = jsondoc.MaxValue
		at := r.InputOffset()
		row, err := r.Read()
		if errors.Is(err, io.EOF) && ctx.Err() == nil {
			return count.verdict()
		}
		if err != nil {
			return wrap(err, r)
		}
		line, _ := r.FieldPos(0)
		pos := finding.Position{Record: record, Offset: at, Pointer: "line " + strconv.Itoa(line)}
		if err := readRow(names, set, row, pos, &count); err != nil {
			return err
		}
	}
}

func hasTitle(names []string) bool {
	for _, name := range names {
		if columnOf(name) == "title" {
			return true
		}
	}
	return false
}

func readRow(names []string, set []setter, row []string, pos finding.Position, count *counter) error {
	raw, err := rowJSON(names, row)
	if err != nil {
		return fmt.Errorf("%s: %w", pos.Pointer, err)
	}
	e := &entry{}
	for i, value := range row {
		if value = strings.TrimSpace(value); value != "" && i < len(set) && set[i] != nil {
			set[i](e, value)
		}
	}
	found, err := e.observe(pos, raw)
	if err != nil {
		return count.Quarantine(jsondoc.Fault(pos, err, raw))
	}
	count.read++
	for _, o := range found {
		if err := count.Observe(o); err != nil {
			return err
		}
	}
	return nil
}

// rowJSON re-serialises a row as an object by column name. Cells without a
// name are kept under their number.
func rowJSON(names, row []string) ([]byte, error) {
	raw := []byte{'{'}
	for i, value := range row {
		name := "column " + strconv.Itoa(i+1)
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		if i > 0 {
			raw = append(raw, ',')
		}
		var err error
		if raw, err = jsontext.AppendQuote(raw, strings.ToValidUTF8(name, "\uFFFD")); err != nil {
			return nil, err
		}
		raw = append(raw, ':')
		if raw, err = jsontext.AppendQuote(raw, strings.ToValidUTF8(value, "\uFFFD")); err != nil {
			return nil, err
		}
	}
	return append(raw, '}'), nil
}

func wrap(err error, r *csv.Reader) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errRowTooLarge):
		return fmt.Errorf("a row at byte %d is larger than %d MiB: a quote may be missing its end", r.InputOffset(), jsondoc.MaxValue>>20)
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
