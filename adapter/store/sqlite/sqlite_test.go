package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/adapter/store/storetest"
	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

func TestStore(t *testing.T) { storetest.Run(t, open) }

// open makes a record in a file of its own.
func open(t testing.TB, now func() time.Time) storetest.World {
	db := openFile(t, filepath.Join(t.TempDir(), "stance.db"), now)
	return storetest.World{
		Store: db,
		Feed: func(ctx context.Context, kind string, signals map[advisory.ID]enrich.Signals, aliases [][]advisory.ID) error {
			_, err := db.ReplaceFeed(ctx, kind, func(put func(sqlite.FeedRow) error) (sqlite.FeedInfo, error) {
				var n int64
				for cve, s := range signals {
					n++
					if err := put(sqlite.FeedRow{CVE: cve, Signals: s}); err != nil {
						return sqlite.FeedInfo{}, err
					}
				}
				for _, a := range aliases {
					n++
					if err := put(sqlite.FeedRow{Aliases: a}); err != nil {
						return sqlite.FeedInfo{}, err
					}
				}
				return sqlite.FeedInfo{AsOf: now(), Rows: n}, nil
			})
			return err
		},
		Rows:  func(t testing.TB) map[string]int64 { return rowCounts(t, db.Writer()) },
		Check: func(t testing.TB) { check(t, db.Writer()) },
	}
}

func openFile(t testing.TB, path string, now func() time.Time) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	db.SetEnqueue(func(context.Context, *sql.Tx, tenant.ID, receive.Accepted) error { return nil })
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func rowCounts(t testing.TB, db *sql.DB) map[string]int64 {
	t.Helper()
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%'`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, name := range names {
		var n int64
		if err := db.QueryRow(`SELECT count(*) FROM ` + name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[name] = n
	}
	return out
}

// check compares the counters with a recount and looks for rows that point
// nowhere.
func check(t testing.TB, db *sql.DB) {
	t.Helper()
	const columns = `tenant_id, application_id, asset_id, status, severity, kind, priority, kev, fixable, tools`
	for what, query := range map[string]string{
		"counters without findings":  `SELECT count(*) FROM (SELECT ` + columns + `, n FROM tally EXCEPT SELECT ` + columns + `, count(*) FROM finding GROUP BY ` + columns + `)`,
		"findings without counters":  `SELECT count(*) FROM (SELECT ` + columns + `, count(*) FROM finding GROUP BY ` + columns + ` EXCEPT SELECT ` + columns + `, n FROM tally)`,
		"sightings without findings": `SELECT count(*) FROM sighting s LEFT JOIN finding f ON f.tenant_id = s.tenant_id AND f.id = s.finding_id WHERE f.id IS NULL OR f.asset_id <> s.asset_id`,
		"findings without sightings": `SELECT count(*) FROM finding f WHERE NOT EXISTS (SELECT 1 FROM sighting s WHERE s.tenant_id = f.tenant_id AND s.finding_id = f.id)`,
		"sightings without chunks":   `SELECT count(*) FROM sighting s LEFT JOIN chunk c ON c.tenant_id = s.tenant_id AND c.id = s.chunk_id WHERE c.id IS NULL`,
		"findings without flaws":     `SELECT count(*) FROM finding f LEFT JOIN flaw w ON w.tenant_id = f.tenant_id AND w.id = f.flaw_id WHERE w.id IS NULL`,
		"events without findings":    `SELECT count(*) FROM event e LEFT JOIN finding f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id WHERE f.id IS NULL`,
		"triage without findings":    `SELECT count(*) FROM triage e LEFT JOIN finding f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id WHERE f.id IS NULL`,
	} {
		var n int64
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	var damage string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&damage); err != nil || damage != "ok" {
		t.Errorf("integrity: %s, %v", damage, err)
	}
}

// TestReopen: what was committed is there after the file is closed.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%20ü.db")
	now := func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.AddAsset(t.Context(), tenant.Default, "shop", "repository", "repo"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openFile(t, path, now)
	apps, err := again.Applications(t.Context(), tenant.Default)
	if err != nil || len(apps) != 1 || apps[0].Key != "shop" || apps[0].Unscanned != 1 {
		t.Errorf("applications %+v, %v", apps, err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || !slices.Contains(names, path) {
		t.Errorf("files %v, %v: the record is not where it was asked for", names, fmt.Sprint(err))
	}
}
