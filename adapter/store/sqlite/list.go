package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// countBound is how far rows are counted when no counter answers.
const countBound = 10_000

// cursor is where a page ended.
type cursor struct {
	Severity int    `json:"v"`
	Score    int64  `json:"s"`
	ID       []byte `json:"i"`
}

func (c *cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil { // numbers and bytes always encode
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(s string) (*cursor, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	c := new(cursor)
	if err == nil {
		err = json.Unmarshal(b, c)
	}
	if err != nil || len(c.ID) != 16 {
		return nil, &posture.BadQuery{Reason: "unknown cursor: start again without one"}
	}
	return c, nil
}

// List returns a page of findings.
func (d *DB) List(ctx context.Context, t tenant.ID, f posture.Filter, p posture.Page) (posture.List, error) {
	at, err := parseCursor(p.Cursor)
	if err != nil {
		return posture.List{}, err
	}
	p.Limit = max(p.Limit, 1)
	q, err := d.plan(ctx, t, f)
	if err != nil {
		return posture.List{}, err
	}
	if q.nothing {
		return posture.List{Total: posture.Count{Exact: true}}, nil
	}
	query, args := q.page(p.Sort, at, p.Limit+1)
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return posture.List{}, fmt.Errorf("list findings: %w", err)
	}
	list, err := collect(rows, scanListRow)
	if err != nil {
		return posture.List{}, err
	}
	out := posture.List{}
	if len(list) > p.Limit {
		list = list[:p.Limit]
		last := list[p.Limit-1]
		out.Next = (&cursor{int(last.Severity), tenths(last.Score), last.ID[:]}).String()
	}
	if out.Rows, err = d.decorate(ctx, t, list); err != nil {
		return posture.List{}, err
	}
	out.Total, err = d.total(ctx, q)
	return out, err
}

// listRow is a row of a list before names are put in.
type listRow struct {
	posture.Row
	asset, app, flaw int64
	tools            uint64
}

const listColumns = `f.id, f.asset_id, f.application_id, f.flaw_id, f.kind, f.severity, f.status, f.score, f.priority, f.kev, f.fixable, f.tools, f.place, f.line, f.first_seen`

func scanListRow(row interface{ Scan(...any) error }) (listRow, error) {
	var r listRow
	var id []byte
	var kind, status, line, priority int
	var score, tools, seen int64
	if err := row.Scan(&id, &r.asset, &r.app, &r.flaw, &kind, &r.Severity, &status, &score, &priority, &r.KEV, &r.Fixable, &tools, &r.Place, &line, &seen); err != nil {
		return r, err
	}
	copy(r.ID[:], id)
	r.Kind, r.Status = word(kindCodes, kind), word(statusCodes, status%branchOnly)
	r.Score, r.Priority, r.FirstSeen, r.tools = float64(score)/10, risk.Priority(priority).String(), fromMillis(seen), uint64(tools)
	if line > 0 && r.Place != "" && r.Kind != finding.Vulnerability {
		r.Place = fmt.Sprintf("%s:%d", r.Place, line)
	}
	return r, nil
}

// decorate adds what stands in other tables: title, names, tools, last seen.
func (d *DB) decorate(ctx context.Context, t tenant.ID, list []listRow) ([]posture.Row, error) {
	out := make([]posture.Row, len(list))
	names, err := d.names(ctx, t)
	if err != nil {
		return nil, err
	}
	for i, r := range list {
		row := r.Row
		var component string
		if err := d.read.QueryRowContext(ctx, `SELECT title, advisory, cwe, component FROM flaw WHERE tenant_id = ? AND id = ?`, t, r.flaw).
			Scan(&row.Title, &row.Advisory, &row.CWE, &component); err != nil {
			return nil, fmt.Errorf("load flaw %d: %w", r.flaw, err)
		}
		if component != "" {
			row.Place = strings.TrimSuffix(component+" · "+row.Place, " · ")
		}
		var uid []byte
		if err := d.read.QueryRowContext(ctx, `SELECT s.uid, s.name, a.key FROM asset s JOIN application a ON a.tenant_id = s.tenant_id AND a.id = s.application_id WHERE s.tenant_id = ? AND s.id = ?`, t, r.asset).
			Scan(&uid, &row.Asset, &row.Application); err != nil {
			return nil, fmt.Errorf("load asset %d: %w", r.asset, err)
		}
		row.AssetID = estate.AssetID(uid)
		row.Tools = names.of(r.tools)
		if row.LastSeen, err = d.lastSeen(ctx, t, r.ID); err != nil {
			return nil, err
		}
		out[i] = row
	}
	return out, nil
}

// lastSeen is when a scan last reported the finding.
func (d *DB) lastSeen(ctx context.Context, t tenant.ID, id finding.ID) (seen time.Time, err error) {
	rows, err := d.read.QueryContext(ctx, `SELECT g.n, s.present, s.last_at, s.id FROM sighting g JOIN series s ON s.tenant_id = g.tenant_id AND s.id = g.series_id WHERE g.tenant_id = ? AND g.finding_id = ?`, t, id[:])
	if err != nil {
		return seen, err
	}
	defer rows.Close()
	for rows.Next() {
		var n uint32
		var present []byte
		var last, series int64
		if err := rows.Scan(&n, &present, &last, &series); err != nil {
			return seen, err
		}
		m, err := bitmap(present)
		if err != nil {
			return seen, err
		}
		at := fromMillis(last)
		if !m.Contains(n) {
			if at, err = d.lastScanWith(ctx, t, series, n); err != nil {
				return seen, err
			}
		}
		if at.After(seen) {
			seen = at
		}
	}
	return seen, rows.Err()
}

// lastScanWith is the time of the last scan of a series that saw a sighting.
func (d *DB) lastScanWith(ctx context.Context, t tenant.ID, series int64, n uint32) (time.Time, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT at, seen FROM scan WHERE tenant_id = ? AND series_id = ? ORDER BY at DESC`, t, series)
	if err != nil {
		return time.Time{}, err
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var seen []byte
		if err := rows.Scan(&at, &seen); err != nil {
			return time.Time{}, err
		}
		m, err := bitmap(seen)
		if err != nil {
			return time.Time{}, err
		}
		if m.Contains(n) {
			return fromMillis(at), nil
		}
	}
	return time.Time{}, rows.Err()
}

// toolNames maps bits to names.
type toolNames []string

func (d *DB) names(ctx context.Context, t tenant.ID) (toolNames, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT name FROM tool WHERE tenant_id = ? ORDER BY id`, t)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (string, error) {
		var s string
		return s, r.Scan(&s)
	})
}

func (n toolNames) of(bits uint64) []string {
	out := []string{}
	for i, name := range n {
		if i < lastToolBit && bits&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	if bits&(1<<lastToolBit) != 0 {
		out = append(out, "others")
	}
	slices.Sort(out)
	return out
}

const lastToolBit = 62

// total counts the rows of a filter: from the counters where they know all of
// its fields, else row by row up to a bound.
func (d *DB) total(ctx context.Context, q *plan) (posture.Count, error) {
	if q.counted() {
		query, args := q.tally("coalesce(sum(n), 0)", "")
		var n int64
		err := d.read.QueryRowContext(ctx, query, args...).Scan(&n)
		return posture.Count{N: n, Exact: true}, err
	}
	query, args := q.bounded("count(*)", countBound+1)
	var n int64
	if err := d.read.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return posture.Count{}, err
	}
	if n > countBound || q.cut {
		return posture.Count{N: min(n, countBound)}, nil
	}
	return posture.Count{N: n, Exact: true}, nil
}

// Facets counts by field; each field's own filter is left out of its counts.
func (d *DB) Facets(ctx context.Context, t tenant.ID, f posture.Filter) (posture.Facets, error) {
	out := posture.Facets{Fields: map[string][]posture.Facet{}, Exact: true}
	tools, err := d.names(ctx, t)
	if err != nil {
		return out, err
	}
	for _, field := range facetFields {
		q, err := d.plan(ctx, t, field.without(f))
		if err != nil {
			return out, err
		}
		values := []posture.Facet{}
		if !q.nothing {
			var query string
			var args []any
			if q.counted() {
				query, args = q.tally(field.tally+", sum(n)", " GROUP BY 1 ORDER BY 2 DESC")
			} else {
				query, args = q.bounded(field.row+", count(*)", countBound, " GROUP BY 1 ORDER BY 2 DESC")
			}
			var counted int64
			if values, counted, err = d.facet(ctx, query, args, field, tools); err != nil {
				return out, fmt.Errorf("count by %s: %w", field.name, err)
			}
			out.Exact = out.Exact && !q.cut && (q.counted() || counted < countBound)
		}
		out.Fields[field.name] = values
	}
	return out, nil
}

// maxFacets is how many values of one field are listed, the most frequent
// first.
const maxFacets = 200

// facet returns the values of one field, and how many findings were counted.
func (d *DB) facet(ctx context.Context, query string, args []any, field facetField, tools toolNames) (out []posture.Facet, total int64, err error) {
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var v sql.NullInt64
		var text sql.NullString
		var n int64
		dst := any(&v)
		if field.text {
			dst = &text
		}
		if err := rows.Scan(dst, &n); err != nil {
			return nil, 0, err
		}
		words := []string{text.String}
		if !field.text {
			words = field.words(v.Int64, tools)
		}
		for _, w := range words {
			counts[w] += n
		}
		total += n
	}
	out = []posture.Facet{}
	for w, n := range counts {
		if n > 0 {
			out = append(out, posture.Facet{Value: w, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b posture.Facet) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), maxFacets)], total, rows.Err()
}
