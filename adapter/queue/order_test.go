package queue

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// TestRecoverKeepsTheOrder leaves a job as a crash does, while others wait
// that came in later, and expects it to be worked first.
func TestRecoverKeepsTheOrder(t *testing.T) {
	ctx := t.Context()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "queue.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	done := make(chan string, 3)
	q, err := Open(ctx, db, 1, slog.New(slog.DiscardHandler), func(_ context.Context, _ tenant.ID, report string, _ bool) error {
		done <- report
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"first", "second", "third"}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range want {
		err = errors.Join(err, q.Enqueue(ctx, tx, tenant.Default, receive.Accepted{ID: report}))
	}
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Fatal(err)
	}
	// All came in long ago, and the process died while it worked on the first.
	for _, query := range []string{
		`UPDATE river_job SET created_at = '2024-01-01 00:00:00.000', scheduled_at = '2024-01-01 00:00:00.000'`,
		`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = '2024-01-01 00:00:01.000' WHERE id = (SELECT min(id) FROM river_job)`,
	} {
		if _, err := db.ExecContext(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	if err := Recover(ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := q.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range want {
		select {
		case report := <-done:
			got = append(got, report)
		case <-time.After(time.Minute):
			t.Fatalf("worked %v, then nothing came", got)
		}
	}
	if err := q.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("worked %v, want %v", got, want)
	}
}
