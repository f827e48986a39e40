package queue

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/riverqueue/river/rivertype"
)

// dispatcher hands River the jobs to work on, as many as there are workers.
// All others wait as pending, River's state for jobs whose time someone else
// decides; so the order is ours, and everything about it survives a crash.
type dispatcher struct {
	db *sql.DB

	mu    sync.Mutex
	turns *turns
	seen  int64          // the last pending job that was read
	ended map[int64]bool // jobs whose work is over and whose end River has yet to write
	wake  chan struct{}
}

func newDispatcher(db *sql.DB, workers int) *dispatcher {
	return &dispatcher{db: db, turns: newTurns(workers), ended: map[int64]bool{}, wake: make(chan struct{}, 1)}
}

// poke lets the dispatcher look soon.
func (d *dispatcher) poke() {
	select {
	case d.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// lookEvery is how often the dispatcher looks without being told: for jobs
// that River gave up or tries again.
const lookEvery = 500 * time.Millisecond

// restAfter is how long it lets the database be after it failed.
const restAfter = 2 * time.Second

// run dispatches until the context ends.
func (d *dispatcher) run(ctx context.Context, report func(error)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := d.dispatch(ctx); err != nil && ctx.Err() == nil {
			report(err)
			select { // a full disk fills no log
			case <-ctx.Done():
			case <-time.After(restAfter):
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-tick.C:
		}
	}
}

// end notes that the work on a job is over for good and begins the next.
func (d *dispatcher) end(ctx context.Context, id int64) error {
	d.mu.Lock()
	d.ended[id] = true
	waits := len(d.turns.waiting) > 0
	d.mu.Unlock()
	if !waits {
		d.poke() // what came in since is seen without holding up the worker
		return nil
	}
	return d.dispatch(ctx)
}

// dispatch makes jobs available while workers are free.
func (d *dispatcher) dispatch(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("choose the next report: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	busy, held, err := d.live(ctx, tx)
	if err != nil {
		return err
	}
	if err := d.read(ctx, tx); err != nil {
		return err
	}
	var chosen []entry
	for {
		e, ok := d.turns.next(busy, held)
		if !ok {
			break
		}
		if _, err = tx.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE id = ? AND state = 'pending'`, e.id); err != nil {
			chosen = append(chosen, e)
			break
		}
		busy, chosen = append(busy, e), append(chosen, e)
	}
	if len(chosen) == 0 {
		return nil
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		for _, e := range chosen { // they wait on
			d.turns.add(e)
		}
		return fmt.Errorf("begin the next report: %w", err)
	}
	return nil
}

// live lists the jobs that workers have or are about to get, and those that
// wait for another try.
func (d *dispatcher) live(ctx context.Context, tx *sql.Tx) (busy, held []entry, err error) {
	ended := map[int64]bool{}
	err = entries(ctx, tx, `state IN ('available', 'running', 'retryable', 'scheduled')`, 0, func(e entry, state rivertype.JobState) {
		switch {
		case state != rivertype.JobStateAvailable && state != rivertype.JobStateRunning:
			held = append(held, e)
		case d.ended[e.id]:
			ended[e.id] = true
		default:
			busy = append(busy, e)
		}
	})
	if err == nil {
		d.ended = ended
	}
	return busy, held, err
}

// read takes in the jobs that came since the last time. One connection
// writes, so jobs appear in the order of their numbers.
func (d *dispatcher) read(ctx context.Context, tx *sql.Tx) error {
	return entries(ctx, tx, `state = 'pending'`, d.seen, func(e entry, _ rivertype.JobState) {
		d.turns.add(e)
		d.seen = max(d.seen, e.id)
	})
}

func entries(ctx context.Context, tx *sql.Tx, where string, after int64, each func(entry, rivertype.JobState)) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, state, json(args) FROM river_job WHERE `+where+` AND id > ? ORDER BY id`, after)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		var state rivertype.JobState
		var args []byte
		if err := rows.Scan(&e.id, &state, &args); err != nil {
			return fmt.Errorf("read the queue: %w", err)
		}
		if err := json.Unmarshal(args, &e.job); err != nil {
			return fmt.Errorf("read job %d: %w", e.id, err)
		}
		each(e, state)
	}
	return rows.Err()
}
