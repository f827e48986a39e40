package crash

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/apply"
)

// What rows are called by where their numbers differ between runs.
const (
	ofAsset  = `(SELECT p.key || ' ' || a.kind || ' ' || a.name FROM asset a JOIN application p ON p.tenant_id = a.tenant_id AND p.id = a.application_id WHERE a.id = x.asset_id)`
	ofSeries = `(SELECT a.name || ' ' || s.ref || ' ' || o.name || ' ' || s.category FROM series s JOIN asset a ON a.id = s.asset_id JOIN tool o ON o.id = s.tool_id WHERE s.id = x.series_id)`
	ofTools  = `(SELECT group_concat(name, '+') FROM (SELECT name FROM tool WHERE x.tools >> min(id, 62) & 1 ORDER BY name))`
	ofFlaw   = `(SELECT key FROM flaw WHERE id = x.flaw_id)`
)

// plain are the tables that are compared row by row.
var plain = map[string]string{
	"application": `SELECT key, name, description, unit, owner, criticality, data, exposure, environment FROM application`,
	"asset":       `SELECT (SELECT key FROM application WHERE id = x.application_id), kind, name, default_ref, pinned_ref, version FROM asset x`,
	"tool":        `SELECT name FROM tool`,
	"series":      `SELECT ` + ofAsset + `, ref, (SELECT name FROM tool WHERE id = x.tool_id), category, next, present, scans, first_at, last_at, last_full FROM series x`,
	"scan":        `SELECT ` + ofSeries + `, report_id, at, full, confirmed, doubt, seen, gone, tool_version, commit_id, digest FROM scan x`,
	"flaw":        `SELECT key, kind, title, advisory, cwe, component, search, body FROM flaw`,
	"flaw term":   `SELECT term, ` + ofFlaw + ` FROM flaw_term x`,
	"triage":      `SELECT status, reason, by FROM triage`,
	"chunk":       `SELECT count(*) FROM chunk`,
	"tally":       `SELECT ` + ofAsset + `, status, severity, kind, priority, kev, fixable, ` + ofTools + `, n FROM tally x`,
	"activity":    `SELECT type, sum(n) FROM activity GROUP BY type`,
	"report":      `SELECT id, name, digest, blob, size, target, state, reason, format, confidence, application_key, by, scanned_at, duplicate_of FROM report`,
	"request":     `SELECT key, reports FROM request`,
	"quarantine":  `SELECT report_id, n, record, offset, pointer, reason, raw FROM quarantine`,
	"inventory":   `SELECT ` + ofSeries + `, at, report_id, components FROM inventory x`,
	"component":   `SELECT ` + ofSeries + `, n, ref, purl, ecosystem, grp, name, version, type, licences, scope, direct, key FROM component x`,
	"dependency":  `SELECT ` + ofSeries + `, ref, on_ref FROM dependency x`,
	"job":         `SELECT json_extract(args, '$.report'), kind, state FROM river_job`,
}

// byPerson is the detail of events that a confirmation makes: they are valid
// from the moment of the confirmation, which differs between runs.
const byPerson = "confirmed by a person"

// The rows that hang on a finding, in order; the finding's id comes first.
const (
	findings = `SELECT id, ` + ofAsset + `, ` + ofFlaw + `, kind, severity, status, decided, score, priority, kev, fixable, ` + ofTools + `, place, line, first_seen,
		(SELECT id FROM report WHERE no = x.report_no) FROM finding x`
	events    = `SELECT finding_id, type, CASE detail WHEN '` + byPerson + `' THEN 0 ELSE valid_at END, by, report_id, detail FROM event ORDER BY id`
	sightings = `SELECT finding_id, chunk_id, idx, ` + ofSeries + `, n, key, text, line, tool, moved, near, content, severity, claim, joined, recipe FROM sighting x ORDER BY series_id, n`
)

// recordState reads the record itself.
func recordState(ctx context.Context, t *testing.T, db *sql.DB, n names) state {
	t.Helper()
	out := state{}
	for part, query := range plain {
		for _, row := range rows(ctx, t, db, query) {
			out.add("record "+part, n.row(row))
		}
	}
	said := observations(ctx, t, db)
	about := map[string][]string{}
	for _, row := range rows(ctx, t, db, events) {
		id := fmt.Sprint(row[0])
		about[id] = append(about[id], "  event "+n.row(row[1:]))
	}
	for _, row := range rows(ctx, t, db, sightings) {
		id := fmt.Sprint(row[0])
		about[id] = append(about[id], "  sighting "+n.row(row[3:])+" says "+said[place(row[1], row[2])])
	}
	for _, row := range rows(ctx, t, db, findings) {
		out.add("record finding", n.row(row[1:])+"\n"+strings.Join(about[fmt.Sprint(row[0])], "\n"))
	}
	for _, lines := range out {
		slices.Sort(lines)
	}
	return out
}

// observations unpacks all chunks and returns a digest of each observation by
// its place.
func observations(ctx context.Context, t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, row := range rows(ctx, t, db, `SELECT id, data FROM chunk`) {
		obs, err := apply.ReadChunk(row[1].([]byte))
		if err != nil {
			t.Fatalf("chunk %v: %v", row[0], err)
		}
		for i, o := range obs {
			b, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			out[place(row[0], int64(i))] = fmt.Sprintf("%x", sum[:8])
		}
	}
	return out
}

func place(chunk, index any) string { return fmt.Sprint(chunk, ".", index) }

// row writes a row; bytes that are no text as hexadecimal digits.
func (n names) row(cells []any) string {
	out := make([]string, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case []byte:
			if json.Valid(c) {
				out[i] = string(c)
			} else {
				out[i] = fmt.Sprintf("%x", c)
			}
		case string:
			out[i] = n.name(c)
		default:
			out[i] = fmt.Sprint(c)
		}
	}
	return strings.Join(out, " | ")
}

func rows(ctx context.Context, t *testing.T, db *sql.DB, query string) (out [][]any) {
	t.Helper()
	rs, err := db.QueryContext(ctx, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rs.Close()
	cols, err := rs.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rs.Next() {
		row, dst := make([]any, len(cols)), make([]any, len(cols))
		for i := range row {
			dst[i] = &row[i]
		}
		if err := rs.Scan(dst...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rs.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
