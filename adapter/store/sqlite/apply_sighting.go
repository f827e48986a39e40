package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
)

const sightingColumns = `series_id, n, finding_id, key, text, line, tool, moved, near, content, chunk_id, idx, severity, claim, joined FROM sighting`

func scanSighting(row interface{ Scan(...any) error }) (apply.Sighting, error) {
	var s apply.Sighting
	var id, key []byte
	var text, tool, moved, near, content int64
	var claim int
	if err := row.Scan(&s.Series, &s.N, &id, &key, &text, &s.ID.Line, &tool, &moved, &near, &content, &s.At.Chunk, &s.At.Index, &s.Severity, &claim, &s.Join); err != nil {
		return s, err
	}
	copy(s.Finding[:], id)
	copy(s.ID.Key[:], key)
	s.ID.Text, s.ID.Tool, s.ID.Moved, s.ID.Near, s.ID.Content = uint64(text), uint64(tool), uint64(moved), uint64(near), uint64(content)
	s.VEX = claim >= vexClaim
	s.Claim = word(claimCodes, claim%vexClaim)
	return s, nil
}

// EachSighting implements apply.Sightings.
func (x *applyTx) EachSighting(_ context.Context, series int64, fn func(*apply.Sighting)) error {
	st, err := x.stmt("SELECT " + sightingColumns + " WHERE tenant_id = ? AND series_id = ? ORDER BY n")
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(x.ctx, x.t, series)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		s, err := scanSighting(rows)
		if err != nil {
			return err
		}
		fn(&s)
	}
	return rows.Err()
}

// Digests implements apply.Digests.
func (x *applyTx) Digests(_ context.Context, series int64, fn func(part uint32, b []byte)) error {
	st, err := x.stmt(`SELECT part, data FROM recall WHERE tenant_id = ? AND series_id = ? ORDER BY part`)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(x.ctx, x.t, series)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var part uint32
		var b sql.RawBytes
		if err := rows.Scan(&part, &b); err != nil {
			return err
		}
		fn(part, b)
	}
	return rows.Err()
}

// PutDigests implements apply.Digests.
func (x *applyTx) PutDigests(_ context.Context, series int64, part uint32, b []byte) error {
	return x.exec(`INSERT OR REPLACE INTO recall (tenant_id, series_id, part, data) VALUES (?, ?, ?, ?)`, x.t, series, int64(part), b)
}

// Backing implements apply.Sightings.
func (x *applyTx) Backing(_ context.Context, ids []finding.ID) ([]apply.Sighting, error) {
	st, err := x.stmt("SELECT " + sightingColumns + " WHERE tenant_id = ? AND finding_id = ? ORDER BY series_id, n")
	if err != nil {
		return nil, err
	}
	var out []apply.Sighting
	for _, id := range ids {
		rows, err := st.QueryContext(x.ctx, x.t, id[:])
		if err != nil {
			return nil, err
		}
		ss, err := collect(rows, scanSighting)
		if err != nil {
			return nil, err
		}
		out = append(out, ss...)
	}
	return out, nil
}

// Candidates implements apply.Sightings.
func (x *applyTx) Candidates(_ context.Context, asset, exceptSeries int64, key finding.Key, flaw int64) ([]apply.Sighting, error) {
	st, err := x.stmt("SELECT " + sightingColumns + " WHERE tenant_id = ? AND asset_id = ? AND key = ? AND series_id <> ? ORDER BY series_id, n")
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, asset, key[:], exceptSeries)
	if err != nil {
		return nil, err
	}
	out, err := collect(rows, scanSighting)
	if err != nil || len(out) > 0 || flaw == 0 {
		return out, err
	}
	if st, err = x.stmt(`SELECT s.series_id, s.n, s.finding_id, s.key, s.text, s.line, s.tool, s.moved, s.near, s.content, s.chunk_id, s.idx, s.severity, s.claim, s.joined
		FROM finding f JOIN sighting s ON s.tenant_id = f.tenant_id AND s.finding_id = f.id
		WHERE f.tenant_id = ? AND f.flaw_id = ? AND f.asset_id = ? AND s.series_id <> ? ORDER BY s.series_id, s.n LIMIT 100`); err != nil {
		return nil, err
	}
	if rows, err = st.QueryContext(x.ctx, x.t, flaw, asset, exceptSeries); err != nil {
		return nil, err
	}
	return collect(rows, scanSighting)
}

// rowsAtOnce is how many rows one statement inserts. Larger statements gain
// nothing more and cost memory.
const rowsAtOnce = 32

// values writes "(?, …), (?, …)" for n rows of c columns.
func values(n, c int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", c), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(one+",", n), ",")
}

// insert writes rows of c columns, many with one statement.
func (x *applyTx) insert(head string, c, n int, fill func(args []any, i int) []any) error {
	args := make([]any, 0, rowsAtOnce*c)
	for i := 0; i < n; {
		take := rowsAtOnce
		if n-i < rowsAtOnce {
			take = 1
		}
		args = args[:0]
		for range take {
			args = fill(args, i)
			i++
		}
		if err := x.exec(head+values(take, c), args...); err != nil {
			return err
		}
	}
	return nil
}

// PutSightings implements apply.Sightings.
func (x *applyTx) PutSightings(_ context.Context, asset int64, ss []apply.Sighting) error {
	return x.insert(`INSERT OR REPLACE INTO sighting (tenant_id, series_id, n, asset_id, finding_id, key, text, line, tool, moved, near, content, chunk_id, idx, severity, claim, joined, recipe) VALUES `,
		18, len(ss), func(args []any, i int) []any {
			s := &ss[i]
			claim := code(claimCodes, s.Claim)
			if s.VEX {
				claim += vexClaim
			}
			return append(args, int64(x.t), s.Series, int64(s.N), asset, s.Finding[:], s.ID.Key[:], int64(s.ID.Text), int64(s.ID.Line), int64(s.ID.Tool), int64(s.ID.Moved), int64(s.ID.Near), int64(s.ID.Content),
				s.At.Chunk, int64(s.At.Index), int64(s.Severity), int64(claim), int64(s.Join), int64(finding.Recipe))
		})
}

// PutChunk implements apply.Sightings.
func (x *applyTx) PutChunk(_ context.Context, b []byte) (int64, error) {
	if x.nextChunk == 0 {
		id, err := nextID(x.ctx, x.tx, "chunk", x.t)
		if err != nil {
			return 0, err
		}
		x.nextChunk = id
	}
	id := x.nextChunk
	x.nextChunk++
	return id, x.exec(`INSERT INTO chunk (tenant_id, id, data) VALUES (?, ?, ?)`, x.t, id, b)
}

// Chunk implements apply.Findings.
func (x *applyTx) Chunk(_ context.Context, id int64) ([]byte, error) {
	var b []byte
	err := x.row(`SELECT data FROM chunk WHERE tenant_id = ? AND id = ?`, []any{x.t, id}, &b)
	return b, err
}
