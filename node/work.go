package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/stance-aspm/stance/adapter/queue"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/normalise"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// tenantOf returns the tenant that the embedded node serves.
func tenantOf(context.Context) tenant.ID { return tenant.Default }

// work applies one accepted report. It may be called again for the same
// report, and ends each time as it ended the first time: the process may have
// died between the end of the report and that of its job.
func (n *Node) work(ctx context.Context, t tenant.ID, id string, last bool) error {
	r, waiting, err := n.db.Waiting(ctx, t, id)
	if err != nil {
		return err
	}
	if !waiting {
		return n.ended(ctx, t, id)
	}
	deaths, err := n.db.Tries(ctx, t, id)
	if err != nil {
		return err
	}
	if deaths >= n.cfg.ReportDeaths {
		return n.giveUp(ctx, t, id, fmt.Errorf("the server died %d times while it worked on this report, so it is set aside; its bytes are kept", deaths))
	}
	defer n.company.enter(deaths > 0)()
	n.at(BeforeWork, r.Submission.Name)
	if err := n.outlast(ctx, id, func() error { return n.db.Begin(ctx, t, id) }); err != nil {
		return err
	}
	n.at(AfterWork, r.Submission.Name)
	n.track.set(id, "decoding", 0)
	defer n.track.drop(id)
	err = n.outlast(ctx, id, func() error {
		return n.inTime(ctx, func(ctx context.Context) error { return n.applyReport(ctx, t, id, r) })
	})
	var bad *apply.Unreadable
	var refused *receive.Refusal
	switch {
	case err == nil:
		return nil
	case errors.Is(err, apply.ErrApplied): // another call was first
		return n.ended(ctx, t, id)
	case errors.Is(err, errTime):
		n.log.Error("report given up", "report", id, "reason", err)
		return n.giveUp(ctx, t, id, err)
	case errors.As(err, &bad), errors.As(err, &refused), isUnknown(err):
		n.log.Warn("report can't be read", "report", id, "reason", err)
		return n.giveUp(ctx, t, id, err)
	}
	if last {
		n.log.Error("report given up", "report", id, "error", err)
		return n.giveUp(ctx, t, id, errors.New("it could not be applied after many tries; the server's log has the reason. The report is kept"))
	}
	n.log.Error("report not applied; it will be tried again", "report", id, "error", err)
	return errors.Join(err, n.db.Rest(context.WithoutCancel(ctx), t, id))
}

// errTime says that a report took too long.
var errTime = errors.New("the report took too long")

// inTime breaks a step off, with errTime, when it takes longer than a report
// may.
func (n *Node) inTime(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, n.cfg.ReportTime, errTime)
	defer cancel()
	err := step(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errTime) {
		return fmt.Errorf("%w: it was not applied within %s, so it is set aside; its bytes are kept, and it can be replayed (stance serve --report-time)", errTime, n.cfg.ReportTime)
	}
	return err
}

// outlast repeats a step while the disk is full or the record is locked: that
// is no fault of the report, and the queue, which writes to the same file,
// could not even note that it is to be tried again.
func (n *Node) outlast(ctx context.Context, id string, step func() error) error {
	for wait := firstRest; ; wait = min(2*wait, longestRest) {
		err := step()
		if !errors.Is(err, receive.ErrFull) && !errors.Is(err, receive.ErrLocked) {
			return err
		}
		n.log.Error("a report waits until it can be written", "report", id, "seconds", wait.Seconds(), "error", err)
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// How long outlast waits between tries.
const (
	firstRest   = 500 * time.Millisecond
	longestRest = 15 * time.Second
)

// giveUp fails a report for a reason that people read, and ends its job.
func (n *Node) giveUp(ctx context.Context, t tenant.ID, id string, why error) error {
	n.at(BeforeFail, "")
	if err := n.outlast(ctx, id, func() error { return n.db.Fail(ctx, t, id, why.Error()) }); err != nil {
		return err
	}
	n.at(AfterFail, "")
	return fmt.Errorf("%w: %w", queue.ErrGiveUp, why)
}

// ended ends the job of a report that is done already.
func (n *Node) ended(ctx context.Context, t tenant.ID, id string) error {
	r, err := n.db.Report(ctx, t, id)
	if err == nil && r.State == posture.ReportFailed {
		err = fmt.Errorf("%w: %s", queue.ErrGiveUp, r.Reason)
	}
	return err
}

// company lets reports be worked on side by side, except for one over which
// the process has died: it is worked on alone, so that a further death is
// charged to no other.
type company struct{ mu sync.RWMutex }

func (c *company) enter(alone bool) (leave func()) {
	if alone {
		c.mu.Lock()
		return c.mu.Unlock
	}
	c.mu.RLock()
	return c.mu.RUnlock
}

func isUnknown(err error) bool {
	var u *format.UnknownError
	return errors.As(err, &u) || errors.Is(err, format.ErrEmpty) || errors.Is(err, errFormat)
}

// errFormat says that the format someone forced does not exist.
var errFormat = errors.New("format")

func (n *Node) applyReport(ctx context.Context, t tenant.ID, id string, r receive.Accepted) error {
	docs, err := n.documents(ctx, t, r)
	if err != nil {
		return err
	}
	names, sure := "", 100
	for _, d := range docs {
		if d.Err != nil {
			continue
		}
		if !strings.Contains(names, d.Format.Format.Name) {
			names = strings.TrimPrefix(names+", "+d.Format.Format.Name, ", ")
		}
		sure = min(sure, int(d.Format.Confidence))
	}
	n.at(AfterDetect, r.Submission.Name)
	key, err := n.keys.SecretKey(t)
	if err != nil {
		return err
	}
	rules, err := n.rules.of(ctx, t)
	if err != nil {
		return err
	}
	out, err := n.apply.Apply(ctx, apply.Job{
		Tenant: t, Report: id, Submission: r.Submission, Received: r.Received, Now: now(), Documents: docs,
		Format: names, Confidence: sure, SecretKey: key, Aliases: n.db.Aliases(ctx), Build: build(), Rules: rules,
		Progress: func(phase string, records int64) { n.track.set(id, phase, records) },
	})
	var bad *apply.Unreadable
	if errors.As(err, &bad) {
		return errors.Join(err, n.db.Detected(ctx, t, id, names, sure))
	}
	if err != nil {
		return err
	}
	n.log.Info("report applied", "report", id, "format", names, "records", out.Records, "new", out.New, "changed", out.Changed,
		"unchanged", out.Unchanged, "resolved", out.Resolved, "reopened", out.Reopened, "quarantined", out.Quarantined,
		"seconds", out.Took.Seconds())
	return nil
}

// documents opens what a report holds and finds out what each file is. A file
// of an archive that nobody knows is told of; the others count. When none is
// known, the report as a whole is not.
func (n *Node) documents(ctx context.Context, t tenant.ID, r receive.Accepted) ([]apply.Document, error) {
	open := func() (io.ReadCloser, error) { return n.blobs.Open(ctx, t, r.Digest) }
	members, err := receive.Members(r.Submission.Name, open, r.Size)
	if err != nil {
		return nil, err
	}
	formats, err := n.formats.of(ctx, t)
	if err != nil {
		return nil, err
	}
	var docs []apply.Document
	known := 0
	var first error
	for _, m := range members {
		d := apply.Document{Name: m}
		name := r.Submission.Name
		if m != "" {
			name = m
		}
		if d.Input, d.Err = format.NewInput(name, receive.Unpack(open, r.Size, m)); d.Err == nil {
			d.Format, d.Err = format.Choose(formats, d.Input, r.Submission.Format)
		}
		var disk *fs.PathError
		if errors.As(d.Err, &disk) {
			return nil, d.Err // no fault of the report: it is tried again
		}
		if d.Err == nil {
			known++
		} else if first == nil {
			first = d.Err
		}
		docs = append(docs, d)
	}
	if known == 0 {
		if !isUnknown(first) {
			first = fmt.Errorf("%w: %w", errFormat, first)
		}
		return nil, first
	}
	return docs, nil
}

// tracker remembers how far running reports are.
type tracker struct {
	mu   sync.Mutex
	at   map[string]posture.Progress
	last map[[32]byte]time.Time // when the use of a secret was noted, by its hash
}

func newTracker() *tracker {
	return &tracker{at: map[string]posture.Progress{}, last: map[[32]byte]time.Time{}}
}

// due reports, at most once in each period, that something is to be noted.
func (t *tracker) due(secret string, at time.Time, period time.Duration) bool {
	h := sha256.Sum256([]byte(secret))
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.Sub(t.last[h]) < period {
		return false
	}
	t.last[h] = at
	return true
}

func (t *tracker) set(id, phase string, records int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at[id] = posture.Progress{Phase: phase, Records: records}
}

func (t *tracker) drop(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, id)
}

func (t *tracker) get(id string) (posture.Progress, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.at[id]
	return p, ok
}

// reports implements httpapi.Reports.
type reports struct{ n *Node }

// Reports implements httpapi.Reports.
func (r reports) Reports(ctx context.Context, t tenant.ID, application, cursor string, limit int) ([]posture.Report, string, error) {
	list, next, err := r.n.db.Reports(ctx, t, application, cursor, limit)
	for i := range list {
		r.progress(&list[i])
	}
	return list, next, err
}

// Report implements httpapi.Reports.
func (r reports) Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error) {
	out, err := r.n.db.Report(ctx, t, id)
	r.progress(&out)
	return out, err
}

func (r reports) progress(p *posture.Report) {
	if at, ok := r.n.track.get(p.ID); ok && p.State == posture.ReportAccepted {
		p.State, p.Progress = posture.ReportApplying, at
	}
}

// Quarantine implements httpapi.Reports.
func (r reports) Quarantine(ctx context.Context, t tenant.ID, id string, limit int) ([]posture.Quarantined, int64, error) {
	if _, err := r.n.db.Report(ctx, t, id); err != nil {
		return nil, 0, err
	}
	return r.n.db.Quarantine(ctx, t, id, limit)
}

// Raw implements httpapi.Reports.
func (r reports) Raw(ctx context.Context, t tenant.ID, id string) (io.ReadCloser, error) {
	digest, err := r.n.db.ReportBlob(ctx, t, id)
	if err != nil {
		return nil, err
	}
	return r.n.blobs.Open(ctx, t, digest)
}

// Unread implements httpapi.Replays. A report that failed as a whole shows
// how it begins.
func (r reports) Unread(ctx context.Context, t tenant.ID, f posture.UnreadFilter, cursor string, limit int) ([]posture.Unread, string, error) {
	list, next, err := r.n.db.Unread(ctx, t, f, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		if list[i].Kind == posture.UnreadReport {
			list[i].Raw = r.head(ctx, t, list[i].Report)
		}
	}
	return list, next, nil
}

// maxHead is how much of a report that nobody can read is shown.
const maxHead = 4 << 10

// head is the beginning of a report, unpacked where it is packed, without
// what may be a credential. What can't be opened has none: the reason says so.
func (r reports) head(ctx context.Context, t tenant.ID, id string) string {
	a, _, err := r.n.db.Waiting(ctx, t, id)
	if err != nil {
		return ""
	}
	open := func() (io.ReadCloser, error) { return r.n.blobs.Open(ctx, t, a.Digest) }
	for _, open := range []func() (io.ReadCloser, error){receive.Unpack(open, a.Size, ""), open} {
		body, err := open()
		if err != nil {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(body, maxHead))
		body.Close()
		if len(b) > 0 || err == nil {
			return strings.ToValidUTF8(string(normalise.Withhold(b)), "\uFFFD")
		}
	}
	return ""
}

// Replay implements httpapi.Replays.
func (r reports) Replay(ctx context.Context, t tenant.ID, id string) error {
	return r.n.db.Replay(ctx, t, id)
}

// Confirm implements httpapi.Reports.
func (r reports) Confirm(ctx context.Context, t tenant.ID, id, by string, at time.Time) error {
	return r.n.apply.Confirm(ctx, t, id, by, at)
}

// intake implements httpapi.Intake.
type intake struct{ n *Node }

// Accept implements httpapi.Intake.
func (i intake) Accept(ctx context.Context, t tenant.ID, s receive.Submission, key string, r io.Reader) ([]posture.Report, error) {
	return i.reports(ctx, t)(i.n.receive.Accept(ctx, t, s, key, r))
}

// Store implements the intake of the doors.
func (i intake) Store(ctx context.Context, t tenant.ID, r io.Reader) (receive.Stored, error) {
	return i.n.receive.Store(ctx, t, r)
}

// Commit implements the intake of the doors.
func (i intake) Commit(ctx context.Context, t tenant.ID, s receive.Submission, key string, b receive.Stored) ([]posture.Report, error) {
	return i.reports(ctx, t)(i.n.receive.Commit(ctx, t, s, key, b))
}

// reports loads what was accepted as people see it.
func (i intake) reports(ctx context.Context, t tenant.ID) func([]receive.Accepted, error) ([]posture.Report, error) {
	return func(accepted []receive.Accepted, err error) ([]posture.Report, error) {
		if err != nil {
			return nil, err
		}
		out := make([]posture.Report, len(accepted))
		for j, a := range accepted {
			if out[j], err = i.n.db.Report(ctx, t, a.ID); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// Import takes a report in and waits until it is applied.
func (n *Node) Import(ctx context.Context, t tenant.ID, s receive.Submission, r io.Reader) ([]posture.Report, error) {
	list, err := intake{n}.Accept(ctx, t, s, "", r)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := range list {
		for list[i].State == posture.ReportAccepted || list[i].State == posture.ReportApplying {
			select {
			case <-ctx.Done():
				return list, ctx.Err()
			case <-tick.C:
			}
			if list[i], err = (reports{n}).Report(ctx, t, list[i].ID); err != nil {
				return list, err
			}
		}
	}
	return list, nil
}

// Confirm lets a held report close what it no longer has.
func (n *Node) Confirm(ctx context.Context, t tenant.ID, report string) error {
	return reports{n}.Confirm(ctx, t, report, "administrator", now())
}
