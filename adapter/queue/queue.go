// Package queue carries accepted reports to the workers. It is River in the
// same database as the record, so that a report and its job commit together
// or not at all, and a job survives any crash until it is done. Which report
// is next is decided here, fairly between tenants and in order for each asset.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Handler applies one report. It is called at least once for each job; a
// returned error makes the queue try again later, except when it is
// [ErrGiveUp] or when last says that there is no further try.
type Handler func(ctx context.Context, t tenant.ID, report string, last bool) error

// ErrGiveUp ends a job for good.
var ErrGiveUp = errors.New("give up")

// applyReport is the job. Its fields are part of the stored format.
type applyReport struct {
	Tenant tenant.ID `json:"tenant"`
	Report string    `json:"report"`
	// What the sender said of the target, by which jobs are kept in order.
	Application string `json:"application,omitempty"`
	Asset       string `json:"asset,omitempty"`
	Size        int64  `json:"size,omitempty"`
	Scheduled   bool   `json:"scheduled,omitempty"`
}

// Kind implements river.JobArgs.
func (applyReport) Kind() string { return "apply_report" }

// Queue adds and works jobs.
type Queue struct {
	client   *river.Client[*sql.Tx]
	dispatch *dispatcher
	log      *slog.Logger
	stop     context.CancelFunc // ends the dispatcher
	done     sync.WaitGroup
}

// maxAttempts is how often a report is tried. A report that can't be read is
// given up at once; these are for faults of the machine.
const maxAttempts = 25

// Open prepares the queue's tables. workers is how many reports are applied
// at a time; 0 makes a queue that only adds jobs.
func Open(ctx context.Context, db *sql.DB, workers int, log *slog.Logger, h Handler) (*Queue, error) {
	driver := riversqlite.New(db)
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate queue: %w", err)
	}
	c := &river.Config{
		Logger:               log,
		MaxAttempts:          maxAttempts,
		JobTimeout:           -1, // a large report takes its time
		RescueStuckJobsAfter: 24 * time.Hour,
		FetchCooldown:        10 * time.Millisecond,
		FetchPollInterval:    100 * time.Millisecond,
		RetryPolicy:          retry{},
	}
	d := newDispatcher(db, workers)
	if workers > 0 {
		ws := river.NewWorkers()
		river.AddWorker(ws, &worker{h: h, dispatch: d, log: log})
		c.Workers = ws
		c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}}
	}
	client, err := river.NewClient(driver, c)
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return &Queue{client: client, dispatch: d, log: log}, nil
}

// retry waits 1, 2, 4 … seconds, a minute at most: what fails here is a full
// disk or a locked file, and people wait for their reports.
type retry struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retry) NextRetry(job *rivertype.JobRow) time.Time {
	wait := time.Second << min(len(job.Errors), 6)
	return time.Now().Add(min(wait, time.Minute))
}

// Start begins to work. Jobs that a crash left behind as running are taken up
// again.
func (q *Queue) Start(ctx context.Context) error {
	ctx, q.stop = context.WithCancel(ctx)
	q.done.Go(func() {
		q.dispatch.run(ctx, func(err error) { q.log.Error("the queue stands still", "error", err) })
	})
	return q.client.Start(ctx)
}

// Stop waits for running jobs until the context ends, then cancels them; they
// are tried again after the next start. What waits goes on waiting.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = q.client.StopAndCancel(stop)
	}
	if q.stop != nil {
		q.stop()
	}
	q.done.Wait()
	return err
}

// Enqueue adds the job that applies a report, in a transaction of the record.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, t tenant.ID, r receive.Accepted) error {
	job := applyReport{Tenant: t, Report: r.ID, Asset: r.Submission.Asset, Size: r.Size, Scheduled: r.Submission.Scheduled}
	if name := r.Submission.Application; name != "" {
		key, err := estate.Key(name)
		if err != nil {
			return fmt.Errorf("queue report %s: %w", r.ID, err)
		}
		job.Application = key
	}
	var others bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE state IN ('pending', 'available', 'running', 'retryable', 'scheduled'))`).Scan(&others); err != nil {
		return fmt.Errorf("queue report %s: %w", r.ID, err)
	}
	// Where nothing else is to be done there is nothing to choose from.
	if _, err := q.client.InsertTx(ctx, tx, job, &river.InsertOpts{Pending: others}); err != nil {
		return fmt.Errorf("queue report %s: %w", r.ID, err)
	}
	q.dispatch.poke() // it gets the database after this transaction
	return nil
}

// Recover lets jobs that another process worked on or was about to wait again,
// each at the place in the queue that it had: reports are taken in the order
// in which they were accepted, whatever the process went through. Tries that
// the process did not live to end don't count against a job: a report that
// takes the process down is found out by whoever works on it.
// The embedded record has one process, so at start none can be running.
func Recover(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `UPDATE river_job SET state = 'pending', scheduled_at = created_at,
		attempt = coalesce(json_array_length(errors), 0) WHERE state IN ('available', 'running', 'retryable', 'scheduled')`)
	if err != nil {
		return fmt.Errorf("take up jobs that a crash left behind: %w", err)
	}
	return nil
}

type worker struct {
	river.WorkerDefaults[applyReport]
	h        Handler
	dispatch *dispatcher
	log      *slog.Logger
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[applyReport]) error {
	err := w.h(ctx, job.Args.Tenant, job.Args.Report, job.Attempt >= job.MaxAttempts)
	giveUp := errors.Is(err, ErrGiveUp)
	if err == nil || giveUp {
		if next := w.dispatch.end(ctx, job.ID); next != nil && ctx.Err() == nil {
			w.log.Error("the next report is not begun yet", "error", next)
		}
	}
	if giveUp {
		return river.JobCancel(err)
	}
	return err
}
