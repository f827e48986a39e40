package mapping

import (
	"errors"
	"io"

	"github.com/stance-aspm/stance/ingestion/format/csvdoc"
)

func (d *decoder) csv() error {
	columns := d.m.spec.Header
	for _, c := range d.m.clues {
		if len(columns) == 0 {
			columns = c.columns
		} else if names, _, _ := csvdoc.Header(d.in.Head().Bytes, columns); names == nil && c.columns != nil {
			columns = c.columns
		}
	}
	if err := d.begin(nil); err != nil {
		return err
	}
	r, err := d.table(columns)
	if err != nil {
		return err
	}
	defer r.Close()
	d.reached = true
	for {
		row, pos, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		raw, err := r.JSON(row)
		if err != nil {
			return err
		}
		rec := make(map[string]any, len(row))
		for i, cell := range row {
			rec[r.Column(i)] = cell
		}
		for _, s := range d.p.sections {
			at := place{pos: pos}
			at.pos.Record = d.records
			if err := d.record(s, rec, raw, at); err != nil {
				return err
			}
		}
	}
}

// table opens the table with its header row, or without one where the mapping
// names the columns.
func (d *decoder) table(columns []string) (*csvdoc.Reader, error) {
	if names := d.m.spec.Names; len(names) > 0 {
		return csvdoc.OpenBare(d.ctx, d.in, names)
	}
	return csvdoc.Open(d.ctx, d.in, columns)
}
