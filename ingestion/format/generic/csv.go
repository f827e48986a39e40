package generic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/csvdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

func decodeCSV(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := csvdoc.Open(ctx, in, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	if !hasTitle(r.Columns) {
		return errors.New("the table has no column for the title: docs/formats/generic.md lists the names that are read")
	}
	if err := sink.Run(format.Run{Tool: "generic"}); err != nil {
		return err
	}
	set, all := make([]setter, len(r.Columns)), setters()
	for i, name := range r.Columns {
		set[i] = all[columnOf(name)]
	}
	count := counter{Sink: sink}
	for {
		row, pos, err := r.Next()
		if errors.Is(err, io.EOF) {
			return count.verdict()
		}
		if err != nil {
			return err
		}
		if err := readRow(r, set, row, pos, &count); err != nil {
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

func readRow(r *csvdoc.Reader, set []setter, row []string, pos finding.Position, count *counter) error {
	raw, err := r.JSON(row)
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
