package crash

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

const cell = `tenant_id, application_id, asset_id, status, severity, kind, priority, kev, fixable, tools`

// always are queries that find nothing in a record that is in order, at any
// moment at which a process may die.
var always = map[string]string{
	"a count that no findings stand behind":   `SELECT ` + cell + `, n FROM tally EXCEPT SELECT ` + cell + `, count(*) FROM finding GROUP BY ` + cell,
	"findings that are not counted":           `SELECT ` + cell + `, count(*) FROM finding GROUP BY ` + cell + ` EXCEPT SELECT ` + cell + `, n FROM tally`,
	"a sighting without its finding":          `SELECT series_id, n FROM sighting WHERE finding_id NOT IN (SELECT id FROM finding)`,
	"a sighting without its series":           `SELECT series_id, n FROM sighting WHERE series_id NOT IN (SELECT id FROM series)`,
	"a sighting without its chunk":            `SELECT series_id, n FROM sighting WHERE chunk_id NOT IN (SELECT id FROM chunk)`,
	"a finding that nobody sighted":           `SELECT id FROM finding WHERE id NOT IN (SELECT finding_id FROM sighting)`,
	"a finding without its flaw":              `SELECT id FROM finding WHERE flaw_id NOT IN (SELECT id FROM flaw)`,
	"a finding of a report that made nothing": `SELECT f.id FROM finding f LEFT JOIN report r ON r.no = f.report_no AND r.state IN ('applied', 'held') WHERE r.id IS NULL`,
	"an event without its finding":            `SELECT id FROM event WHERE finding_id NOT IN (SELECT id FROM finding)`,
	"a series that miscounts its sightings":   `SELECT id FROM series s WHERE next <> (SELECT count(*) FROM sighting WHERE series_id = s.id)`,
	"a series that miscounts its scans":       `SELECT id FROM series s WHERE scans <> (SELECT count(*) FROM scan WHERE series_id = s.id)`,
	"a report applied twice":                  `SELECT report_id, series_id FROM scan GROUP BY 1, 2 HAVING count(*) > 1`,
	"an applied report without a scan":        `SELECT id FROM report WHERE state IN ('applied', 'held') AND duplicate_of = '' AND id NOT IN (SELECT report_id FROM scan)`,
	"a report that waits and has a scan":      `SELECT id FROM report WHERE state IN ('accepted', 'failed') AND id IN (SELECT report_id FROM scan)`,
	"a report that waits and has events":      `SELECT id FROM report WHERE state IN ('accepted', 'failed') AND id IN (SELECT report_id FROM event)`,
	"a report that waits and is quarantined":  `SELECT id FROM report WHERE state = 'accepted' AND id IN (SELECT report_id FROM quarantine)`,
	"a report without its one job":            `SELECT id FROM report r WHERE (duplicate_of = '') <> (SELECT count(*) FROM river_job WHERE json_extract(args, '$.report') = r.id)`,
	"a report that waits without a live job":  `SELECT r.id FROM report r JOIN river_job j ON json_extract(j.args, '$.report') = r.id WHERE r.state = 'accepted' AND j.state IN ('completed', 'cancelled', 'discarded')`,
	"a job without its report":                `SELECT id FROM river_job WHERE json_extract(args, '$.report') NOT IN (SELECT id FROM report)`,
	"an answer that names a lost report":      `SELECT key FROM request q WHERE NOT EXISTS (SELECT 1 FROM report WHERE id = substr(q.reports, 1, 36))`,
	"a reference that leads nowhere":          `PRAGMA foreign_key_check`,
}

// settled are queries that find nothing once all reports are done.
var settled = map[string]string{
	"a job that is not done":    `SELECT id, state FROM river_job WHERE state NOT IN ('completed', 'cancelled')`,
	"a report that is not done": `SELECT id, state FROM report WHERE state IN ('accepted', 'applying')`,
}

// inOrder holds the record to its invariants.
func inOrder(ctx context.Context, t *testing.T, db *sql.DB, rules map[string]string) {
	t.Helper()
	for what, query := range rules {
		if found := rows(ctx, t, db, query); len(found) > 0 {
			t.Errorf("%s: %d of them, the first %s", what, len(found), names{}.row(found[0]))
		}
	}
	if got := rows(ctx, t, db, `PRAGMA integrity_check`); fmt.Sprint(got) != "[[ok]]" {
		t.Errorf("the file is damaged: %v", got)
	}
}

// openRecord opens a record that no process works on.
func openRecord(t *testing.T, dir, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "stance.db")}).EscapedPath()+"?mode="+mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// autopsy looks at a copy of what the kill left behind, before a new process
// can put anything right.
func (k *killer) autopsy(i int) {
	dir := k.t.TempDir()
	defer os.RemoveAll(dir)
	for _, name := range []string{"stance.db", "stance.db-wal"} {
		b, err := os.ReadFile(filepath.Join(k.s.srv.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil && !os.IsNotExist(err) {
			k.t.Fatal(err)
		}
	}
	db := openRecord(k.t, dir, "rw")
	defer db.Close()
	inOrder(k.t.Context(), k.t, db, always)
	reports := map[string]bool{}
	for _, r := range rows(k.t.Context(), k.t, db, `SELECT id, blob FROM report`) {
		reports[r[0].(string)] = true
		blob := r[1].(string)
		if found, err := filepath.Glob(filepath.Join(k.s.srv.dir, "reports", "*", blob[:2], blob)); len(found) != 1 {
			k.t.Errorf("report %v has no bytes: %v", r[0], err)
		}
	}
	for _, id := range k.s.accepted() {
		if !reports[id] {
			k.t.Errorf("after kill %d: report %s was accepted and is not in the record", i+1, id)
		}
	}
}

// settle waits until all reports are done, holds the server to what it said
// and the record to its invariants, stops it and returns what it knows.
func settle(ctx context.Context, t *testing.T, s *sender) state {
	t.Helper()
	n := names{}
	for key, ids := range s.promised() {
		for i, id := range ids {
			n[id] = fmt.Sprintf("%s #%d", key, i)
		}
	}
	waitUntilDone(ctx, t, s, n)
	s.steps(func(st step) { keepsItsWord(ctx, t, s, st) })
	out := apiState(ctx, t, s, n)
	s.srv.stop()
	left, err := os.ReadDir(filepath.Join(s.srv.dir, "reports", "incoming"))
	if err != nil || len(left) > 0 {
		t.Errorf("half-written uploads are left behind: %v %v", left, err)
	}
	db := openRecord(t, s.srv.dir, "ro")
	defer db.Close()
	inOrder(ctx, t, db, always)
	inOrder(ctx, t, db, settled)
	maps.Copy(out, recordState(ctx, t, db, n))
	return out
}

// waitUntilDone waits for the last report and checks that there are exactly
// those that were acknowledged.
func waitUntilDone(ctx context.Context, t *testing.T, s *sender, n names) {
	t.Helper()
	for {
		known, err := s.reports(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if open := slices.Collect(maps.Keys(known)); !slices.ContainsFunc(open, func(id string) bool { return !finished(known[id].State) }) {
			for id := range known {
				if n[id] == "" {
					t.Errorf("report %s is there and nobody was told of it", id)
				}
			}
			if len(known) != len(n) {
				t.Errorf("%d reports are there, %d were acknowledged", len(known), len(n))
			}
			return
		}
		pause(ctx)
	}
}

// keepsItsWord sends a request once more, which must answer with the first
// reports and make none, and looks at those: how they ended, and their bytes.
func keepsItsWord(ctx context.Context, t *testing.T, s *sender, st step) {
	t.Helper()
	again, err := s.upload(ctx, st)
	if err != nil {
		t.Fatal(err)
	}
	if first := s.promised()[st.key]; !slices.Equal(first, again) {
		t.Errorf("%s: sent again it is the reports %v, was %v", st.key, again, first)
	}
	for _, id := range again {
		r, err := s.report(ctx, "/api/v1/reports/"+id)
		if err != nil {
			t.Fatal(err)
		}
		if want := st.state; want != "" && r.State != want && (want != "held" || r.State != "applied") {
			t.Errorf("%s: the report is %s (%s), want %s", st.key, r.State, r.Reason, want)
		}
		var raw []byte
		if err := s.call(ctx, http.MethodGet, "/api/v1/reports/"+id+"/raw", nil, "", nil, http.StatusOK, &raw); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != st.digest {
			t.Errorf("%s: the bytes of report %s are not those that were sent", st.key, id)
		}
	}
}
