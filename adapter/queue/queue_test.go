package queue_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stance-aspm/stance/adapter/queue"
	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// record opens a record whose commits add jobs to a queue.
func record(t *testing.T, h queue.Handler) (*sqlite.DB, *queue.Queue) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "q.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, work(t, db, h)
}

func work(t *testing.T, db *sqlite.DB, h queue.Handler) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), db.Writer(), 2, slog.New(slog.NewTextHandler(io.Discard, nil)), h)
	if err != nil {
		t.Fatal(err)
	}
	db.SetEnqueue(q.Enqueue)
	return q
}

func commit(t *testing.T, db *sqlite.DB, ids ...string) error {
	t.Helper()
	var rs []receive.Accepted
	for _, id := range ids {
		rs = append(rs, receive.Accepted{ID: id, Digest: id, Target: "t"})
	}
	_, err := db.Commit(t.Context(), tenant.Default, "", rs)
	return err
}

func count(t *testing.T, db *sqlite.DB, query string) (n int) {
	t.Helper()
	if err := db.Writer().QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func start(t *testing.T, q *queue.Queue) {
	t.Helper()
	if err := q.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// await waits until something holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

// seen counts the calls of a handler by report.
type seen struct {
	mu sync.Mutex
	n  map[string]int
}

func (s *seen) add(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == nil {
		s.n = map[string]int{}
	}
	s.n[id]++
	return s.n[id]
}

func (s *seen) get(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n[id]
}

func TestCommittedTogether(t *testing.T) {
	db, q := record(t, nil)
	if err := commit(t, db, "a", "b"); err != nil {
		t.Fatal(err)
	}
	const jobs, reports = `SELECT count(*) FROM river_job`, `SELECT count(*) FROM report`
	if j, r := count(t, db, jobs), count(t, db, reports); j != 2 || r != 2 {
		t.Fatalf("%d jobs, %d reports, want 2 and 2", j, r)
	}
	calls, broken := 0, errors.New("broken")
	db.SetEnqueue(func(ctx context.Context, tx *sql.Tx, id tenant.ID, r receive.Accepted) error {
		if calls++; calls == 2 {
			return broken
		}
		return q.Enqueue(ctx, tx, id, r)
	})
	if err := commit(t, db, "c", "d"); !errors.Is(err, broken) {
		t.Errorf("Commit = %v", err)
	}
	if j, r := count(t, db, jobs), count(t, db, reports); j != 2 || r != 2 {
		t.Errorf("%d jobs, %d reports after a rollback, want 2 and 2", j, r)
	}
}

func TestWorked(t *testing.T) {
	var s seen
	db, q := record(t, func(_ context.Context, id tenant.ID, report string, _ bool) error {
		n := s.add(report)
		switch {
		case id != tenant.Default:
			return queue.ErrGiveUp
		case report == "gives up":
			return queue.ErrGiveUp
		case report == "second time" && n == 1:
			return errors.New("disk full")
		}
		return nil
	})
	start(t, q)
	if err := commit(t, db, "good", "gives up", "second time"); err != nil {
		t.Fatal(err)
	}
	await(t, "the second try", func() bool { return s.get("second time") == 2 })
	await(t, "the end of all jobs", func() bool {
		return count(t, db, `SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled')`) == 0
	})
	if s.get("good") != 1 || s.get("gives up") != 1 {
		t.Errorf("tried %v", s.n)
	}
}

// TestRecover: what a killed process left as running or waiting for another
// try is taken up at once by the next.
func TestRecover(t *testing.T) {
	db, _ := record(t, nil)
	if err := commit(t, db, "running", "retryable", "done"); err != nil {
		t.Fatal(err)
	}
	for state, report := range map[string]string{"running": "running", "retryable": "retryable", "completed": "done"} {
		if _, err := db.Writer().Exec(`UPDATE river_job SET state = ?1, attempt = 1, attempted_at = CURRENT_TIMESTAMP, scheduled_at = datetime('now', '+1 hour'),
			finalized_at = CASE WHEN ?1 = 'completed' THEN CURRENT_TIMESTAMP END WHERE json_extract(args, '$.report') = ?2`, state, report); err != nil {
			t.Fatal(err)
		}
	}
	if err := queue.Recover(t.Context(), db.Writer()); err != nil {
		t.Fatal(err)
	}
	var s seen
	q := work(t, db, func(_ context.Context, _ tenant.ID, report string, _ bool) error { s.add(report); return nil })
	start(t, q)
	await(t, "both jobs", func() bool { return s.get("running") == 1 && s.get("retryable") == 1 })
	if s.get("done") != 0 {
		t.Error("a finished job was done again")
	}
}
