package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/ingestion/apply"
)

const seriesColumns = `s.id, s.asset_id, s.ref, t.name, s.category, s.next, s.present, s.scans, s.first_at, s.last_at, s.last_full,
	coalesce((SELECT c.commit_id FROM scan c WHERE c.tenant_id = s.tenant_id AND c.series_id = s.id ORDER BY c.at DESC LIMIT 1), '')
	FROM series s JOIN tool t ON t.tenant_id = s.tenant_id AND t.id = s.tool_id`

func scanSeries(row interface{ Scan(...any) error }) (apply.Series, error) {
	var s apply.Series
	var present []byte
	var first, last, full int64
	if err := row.Scan(&s.ID, &s.Asset, &s.Ref, &s.Tool, &s.Category, &s.Next, &present, &s.Count, &first, &last, &full, &s.Commit); err != nil {
		return s, err
	}
	s.FirstAt, s.LastAt, s.LastFull = fromMillis(first), fromMillis(last), fromMillis(full)
	var err error
	s.Present, err = bitmap(present)
	return s, err
}

func bitmap(b []byte) (*roaring.Bitmap, error) {
	m := roaring.New()
	if len(b) == 0 {
		return m, nil
	}
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("read bitmap: %w", err)
	}
	return m, nil
}

func bitmapBytes(m *roaring.Bitmap) ([]byte, error) {
	if m == nil || m.IsEmpty() {
		return []byte{}, nil
	}
	m.RunOptimize()
	return m.ToBytes()
}

// Series implements apply.Scans.
func (x *applyTx) Series(ctx context.Context, asset int64, ref, tool, category string) (apply.Series, error) {
	toolID, err := x.Tool(ctx, tool)
	if err != nil {
		return apply.Series{}, err
	}
	st, err := x.stmt("SELECT " + seriesColumns + " WHERE s.tenant_id = ? AND s.asset_id = ? AND s.ref = ? AND s.tool_id = ? AND s.category = ?")
	if err != nil {
		return apply.Series{}, err
	}
	s, err := scanSeries(st.QueryRowContext(x.ctx, x.t, asset, ref, toolID, category))
	if !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	id, err := nextID(x.ctx, x.tx, "series", x.t)
	if err != nil {
		return s, err
	}
	s = apply.Series{ID: id, Asset: asset, Ref: ref, Tool: tool, Category: category, Present: roaring.New()}
	return s, x.exec(`INSERT INTO series (tenant_id, id, asset_id, ref, tool_id, category, next, present, scans, first_at, last_at, last_full) VALUES (?, ?, ?, ?, ?, ?, 0, x'', 0, 0, 0, 0)`,
		x.t, id, asset, ref, toolID, category)
}

// AssetSeries implements apply.Scans.
func (x *applyTx) AssetSeries(_ context.Context, asset int64) ([]apply.Series, error) {
	st, err := x.stmt("SELECT " + seriesColumns + " WHERE s.tenant_id = ? AND s.asset_id = ? ORDER BY s.id")
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, asset)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanSeries)
}

// collect reads all rows with one scanner.
func collect[T any](rows *sql.Rows, scan func(interface{ Scan(...any) error }) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// ScanSets implements apply.Scans.
func (x *applyTx) ScanSets(_ context.Context, series int64) ([]apply.ScanSet, error) {
	st, err := x.stmt(`SELECT ` + setColumns + ` FROM scan c WHERE c.tenant_id = ? AND c.series_id = ?`)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, series)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (s apply.ScanSet, err error) {
		return s, scanSet(&s, r.Scan)
	})
}

const setColumns = `c.id, c.at, c.full, c.confirmed, c.doubt, c.seen, c.gone`

// scanSet reads the columns of setColumns and those that follow them.
func scanSet(s *apply.ScanSet, scan func(...any) error, more ...any) error {
	var at int64
	var seen, gone []byte
	if err := scan(append([]any{&s.ID, &at, &s.Full, &s.Confirmed, &s.Doubt, &seen, &gone}, more...)...); err != nil {
		return err
	}
	s.At = fromMillis(at)
	var err error
	if s.Seen, err = bitmap(seen); err != nil {
		return err
	}
	s.Gone, err = bitmap(gone)
	return err
}

// AddScan implements apply.Scans.
func (x *applyTx) AddScan(_ context.Context, s apply.Scan) (int64, error) {
	id, err := nextID(x.ctx, x.tx, "scan", x.t)
	if err != nil {
		return 0, err
	}
	seen, err := bitmapBytes(s.Seen)
	if err != nil {
		return 0, err
	}
	gone, err := bitmapBytes(s.Gone)
	if err != nil {
		return 0, err
	}
	return id, x.exec(`INSERT INTO scan (tenant_id, id, series_id, report_id, at, full, confirmed, doubt, seen, gone, tool_version, commit_id, digest, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.t, id, s.Series, s.Report, millis(s.At), s.Full, s.Confirmed, s.Doubt, seen, gone, s.Version, s.Commit, s.Digest, s.Held)
}

// SaveSeries implements apply.Scans.
func (x *applyTx) SaveSeries(_ context.Context, s apply.Series) error {
	present, err := bitmapBytes(s.Present)
	if err != nil {
		return err
	}
	return x.exec(`UPDATE series SET next = ?, present = ?, scans = ?, first_at = ?, last_at = ?, last_full = ? WHERE tenant_id = ? AND id = ?`,
		s.Next, present, s.Count, millis(s.FirstAt), millis(s.LastAt), millis(s.LastFull), x.t, s.ID)
}
