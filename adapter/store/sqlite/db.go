// Package sqlite is the system of record in one SQLite file: the embedded
// default. It implements the interfaces that the engines and faces declare.
//
// One connection writes, several read. Write-ahead logging lets readers go on
// while a report is applied; the writer syncs at every commit, so what was
// acknowledged survives a crash of the process and of the machine.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

//go:embed migration/*.sql
var migrations embed.FS

// DB is the record.
type DB struct {
	write *sql.DB
	read  *sql.DB
	now   func() time.Time
	model scorer

	limits   receive.Limits
	patience time.Duration

	enqueue Enqueue
}

// Enqueue adds the job that applies a report, in the transaction that records
// the report.
type Enqueue func(ctx context.Context, tx *sql.Tx, t tenant.ID, r receive.Accepted) error

// SetEnqueue says how jobs are added. It is called once, before the first
// report is accepted.
func (d *DB) SetEnqueue(fn Enqueue) { d.enqueue = fn }

// Options are the few knobs of the record.
type Options struct {
	// Path is the file.
	Path string
	// Now is the clock for recorded times.
	Now func() time.Time
	// CacheMiB is the page cache of the writer; readers have a quarter each.
	CacheMiB int
	// Limits bound what waits for the workers; a zero one is that of
	// receive.DefaultLimits.
	Limits receive.Limits
	// Patience is how long a write waits for others before it fails with
	// receive.ErrLocked; a minute by default.
	Patience time.Duration
}

// readers is how many connections read at a time.
const readers = 4

// Open opens the file, making or migrating it. The caller closes the DB.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.CacheMiB == 0 {
		o.CacheMiB = 64
	}
	if err := addFunctions(); err != nil {
		return nil, err
	}
	o.fill()
	w, err := sql.Open("sqlite", dsn(o, o.CacheMiB, true))
	if err != nil {
		return nil, fmt.Errorf("open record %q: %w", o.Path, err)
	}
	w.SetMaxOpenConns(1)
	w.SetConnMaxIdleTime(0)
	if err := migrate(ctx, w); err != nil {
		w.Close()
		return nil, fmt.Errorf("open record %q: %w", o.Path, err)
	}
	r, err := sql.Open("sqlite", dsn(o, o.CacheMiB/4, false))
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("open record %q: %w", o.Path, err)
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	d := &DB{write: w, read: r, now: o.Now, limits: o.Limits, patience: o.Patience}
	d.model = newScorer()
	return d, nil
}

// fill puts in the defaults.
func (o *Options) fill() {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	l, d := &o.Limits, receive.DefaultLimits()
	l.Reports, l.AllReports = cmp.Or(l.Reports, d.Reports), cmp.Or(l.AllReports, d.AllReports)
	l.Bytes, l.AllBytes = cmp.Or(l.Bytes, d.Bytes), cmp.Or(l.AllBytes, d.AllBytes)
}

func dsn(o Options, cacheMiB int, writer bool) string {
	q := url.Values{}
	for _, p := range []string{
		"journal_mode(WAL)", fmt.Sprintf("busy_timeout(%d)", o.Patience.Milliseconds()), "foreign_keys(1)", "temp_store(MEMORY)",
		fmt.Sprintf("cache_size(-%d)", cacheMiB<<10),
	} {
		q.Add("_pragma", p)
	}
	if writer {
		q.Add("_pragma", "synchronous(FULL)")
		q.Add("_pragma", "wal_autocheckpoint(16000)")
		q.Add("_pragma", "journal_size_limit(67108864)")
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: o.Path}).EscapedPath() + "?" + q.Encode()
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migration")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close closes the file after folding the log into it.
func (d *DB) Close() error {
	rerr := d.read.Close()
	_, _ = d.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)") // the log is kept if this can't be done
	_, _ = d.write.Exec("PRAGMA optimize")
	if err := d.write.Close(); err != nil {
		return err
	}
	return rerr
}

// Writer is the writing connection, for the queue that lives in the same
// file: a job commits together with the rows it belongs to.
func (d *DB) Writer() *sql.DB { return d.write }

// Ping reports whether the record answers.
func (d *DB) Ping(ctx context.Context) error { return d.read.PingContext(ctx) }

// inTx runs fn in a writing transaction.
func (d *DB) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", storage(ctx, err))
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // the error that led here says more
		return storage(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", storage(ctx, err))
	}
	return nil
}

// nextID returns the next number of a tenant's table. Numbers are handed out
// under the one writing connection, so no two callers get the same.
func nextID(ctx context.Context, tx *sql.Tx, table string, t tenant.ID) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) + 1 FROM "+table+" WHERE tenant_id = ?", t).Scan(&id)
	return id, err
}

// millis is how times are stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
