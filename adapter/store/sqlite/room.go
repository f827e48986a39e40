package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// waitingNow counts what waits; the index report_backlog has all of it.
const waitingNow = `SELECT count(*) FILTER (WHERE tenant_id = ?1), count(*),
	coalesce(sum(size) FILTER (WHERE tenant_id = ?1), 0), coalesce(sum(size), 0) FROM report INDEXED BY report_backlog WHERE state = 'accepted'`

func (d *DB) checkRoom(row *sql.Row) error {
	var b receive.Backlog
	if err := row.Scan(&b.Reports, &b.AllReports, &b.Bytes, &b.AllBytes); err != nil {
		return fmt.Errorf("count what waits: %w", err)
	}
	return d.limits.Check(b)
}

// Room implements receive.Ledger.
func (d *DB) Room(ctx context.Context, t tenant.ID) error {
	return d.checkRoom(d.read.QueryRowContext(ctx, waitingNow, t))
}

func (x *applyTx) room() error {
	return x.d.checkRoom(x.tx.QueryRowContext(x.ctx, waitingNow, x.t))
}

// patiently bounds how long a sender is left waiting for its turn to write.
// The error is receive.ErrLocked then, and nothing was written.
func (d *DB) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d.patience, receive.ErrLocked)
}

// exec runs one statement on the writing connection.
func (d *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := d.write.ExecContext(ctx, query, args...)
	return res, storage(ctx, err)
}

// storage names faults of the disk and locks by what callers do about them.
func storage(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, receive.ErrFull) || errors.Is(err, receive.ErrLocked) {
		return err
	}
	if errors.Is(context.Cause(ctx), receive.ErrLocked) {
		return fmt.Errorf("%w: others wrote for too long", receive.ErrLocked)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the primary code
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", receive.ErrFull, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", receive.ErrLocked, err)
	case lib.SQLITE_IOERR:
		if errno := syscall.Errno(0); errors.As(err, &errno) && (errno == syscall.ENOSPC || errno == syscall.EDQUOT) {
			return fmt.Errorf("%w: %w", receive.ErrFull, err)
		}
	}
	return err
}

// defaultPatience is long enough for all but the largest reports to be
// written.
const defaultPatience = time.Minute
