package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/adapter/bucket"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// maxNudges is how many events wait for one bucket. What comes beyond is
// found by a listing.
const maxNudges = 1000

// bucketWatch takes the reports that come into one bucket. Listing finds
// everything; events only make it sooner. One goroutine does both, so no
// object is fetched twice at a time.
type bucketWatch struct {
	bucket  *bucket.Bucket
	tenant  tenant.ID
	receive *receive.Receiver
	asked   requests
	log     *slog.Logger
	// nudge has the keys of objects that events named; all asks for a listing.
	nudge chan string
	all   chan struct{}
	// settled are the arrivals that need no further look: taken, or refused
	// by this process. It holds what the last listing had, no more.
	settled map[string]bool
	told    map[string]string // by key: the trouble that the log has; "" is the bucket
}

// requests knows which arrivals were taken, also before this process began.
type requests interface {
	Requested(ctx context.Context, t tenant.ID, key string) (bool, error)
}

// newBucketWatch reads the address of a bucket. Whether it can be reached
// shows when it is looked into: storage that is away does not keep the server
// from starting.
func newBucketWatch(address string, t tenant.ID, r *receive.Receiver, asked requests, log *slog.Logger) (*bucketWatch, error) {
	c, err := bucket.Parse(address)
	if err != nil {
		return nil, err
	}
	if _, err := receive.Describe(c.Fields, "", r.Now()); err != nil {
		return nil, fmt.Errorf("bucket %s: %w, or endpoint, region, path_style, every, credentials, profile", c, err)
	}
	b, err := bucket.Open(c)
	if err != nil {
		return nil, err
	}
	return &bucketWatch{bucket: b, tenant: t, receive: r, asked: asked, log: log.With("bucket", c.String()), nudge: make(chan string, maxNudges),
		all: make(chan struct{}, 1), settled: map[string]bool{}, told: map[string]string{}}, nil
}

// run takes reports until the context ends.
func (w *bucketWatch) run(ctx context.Context) {
	tick := time.NewTicker(w.bucket.Every)
	defer tick.Stop()
	for {
		w.tell(ctx, "", w.look(ctx))
		for listed := false; !listed; {
			select {
			case <-ctx.Done():
				return
			case key := <-w.nudge:
				w.event(ctx, key)
			case <-w.all:
				listed = true
			case <-tick.C:
				listed = true
			}
		}
	}
}

// tell logs a trouble once for as long as it lasts.
func (w *bucketWatch) tell(ctx context.Context, key string, err error) {
	switch {
	case ctx.Err() != nil:
	case err == nil:
		delete(w.told, key)
	case w.told[key] != err.Error():
		w.told[key] = err.Error()
		w.log.Error("can't take reports from a bucket; it will be tried again", "object", key, "error", err)
	}
}

// look lists the bucket and takes what is new, the oldest first: what was
// stored later is to be applied later.
func (w *bucketWatch) look(ctx context.Context) error {
	var fresh []bucket.Object
	settled, told := map[string]bool{}, map[string]string{"": w.told[""]}
	for o, err := range w.bucket.List(ctx) {
		if err != nil {
			return err
		}
		if !reportName(path.Base(o.Key)) || strings.HasSuffix(o.Key, "/") {
			continue
		}
		known, err := w.known(ctx, o)
		if err != nil {
			return err
		}
		if known {
			settled[w.arrival(o)] = true
			continue
		}
		if why, ok := w.told[o.Key]; ok {
			told[o.Key] = why
		}
		fresh = append(fresh, o)
	}
	w.settled, w.told = settled, told
	slices.SortStableFunc(fresh, func(a, b bucket.Object) int { return a.Modified.Compare(b.Modified) })
	for _, o := range fresh {
		err := w.take(ctx, o)
		w.tell(ctx, o.Key, err)
		var refused *receive.Refusal
		if ctx.Err() != nil || errors.As(err, &refused) {
			return nil // too much is waiting: the others wait too
		}
	}
	return nil
}

// event takes the one object that an event named.
func (w *bucketWatch) event(ctx context.Context, key string) {
	o, err := w.bucket.Stat(ctx, key)
	if errors.Is(err, bucket.ErrChanged) {
		return
	}
	known := false
	if err == nil {
		known, err = w.known(ctx, o)
	}
	if err == nil && !known {
		err = w.take(ctx, o)
	}
	w.tell(ctx, key, err)
}

// arrival is the idempotency key of an object as it was stored at one time.
// The time belongs to it: when a report with the content of an earlier one
// replaces another, that is news.
func (w *bucketWatch) arrival(o bucket.Object) string {
	return takenKey("bucket", w.bucket.Endpoint, w.bucket.Bucket, o.Key, o.ETag, o.Modified.Format(time.RFC3339))
}

func (w *bucketWatch) known(ctx context.Context, o bucket.Object) (bool, error) {
	key := w.arrival(o)
	if w.settled[key] {
		return true, nil
	}
	return w.asked.Requested(ctx, w.tenant, key)
}

// take makes a report of one object. What is refused is not asked for again
// until it changes or the server starts anew; a *receive.Refusal that is
// returned says that the server is busy.
func (w *bucketWatch) take(ctx context.Context, o bucket.Object) error {
	err := w.accept(ctx, o)
	var refused *receive.Refusal
	var bad badFields
	switch {
	case err == nil:
		w.settled[w.arrival(o)] = true
	case errors.Is(err, bucket.ErrChanged):
		return nil // the next listing has what is there now
	case errors.As(err, &refused) && refused.Reason != receive.Busy, errors.As(err, &bad):
		w.settled[w.arrival(o)] = true
		w.log.Warn("report refused", "object", o.Key, "reason", err)
		return nil
	}
	return err
}

// accept streams one object into the receive path.
func (w *bucketWatch) accept(ctx context.Context, o bucket.Object) error {
	body, own, err := w.bucket.Get(ctx, o)
	if err != nil {
		return err
	}
	defer body.Close()
	fields := receive.Fields{"name": path.Base(o.Key)}.Over(w.bucket.Fields).Over(own)
	s, err := receive.Describe(fields, "bucket "+w.bucket.String(), w.receive.Now())
	if err != nil {
		return badFields{fmt.Errorf("its metadata: %w", err)}
	}
	s.Scheduled = true
	_, err = w.receive.Accept(ctx, w.tenant, s, w.arrival(o), body)
	return err
}

// hear notes that an object was stored, without waiting for anything.
func (w *bucketWatch) hear(key string) {
	if !reportName(path.Base(key)) || strings.HasSuffix(key, "/") {
		return
	}
	select {
	case w.nudge <- key:
	default:
		select {
		case w.all <- struct{}{}:
		default: // a listing is due already
		}
	}
}

// buckets implements httpapi.Buckets.
type buckets []*bucketWatch

// Notify implements httpapi.Buckets. An event only names a bucket: where it
// is and how to reach it the configuration says, not the sender.
func (bs buckets) Notify(_ context.Context, t tenant.ID, event []byte) (noted, ignored int, err error) {
	events, err := bucket.ParseEvents(event)
	if err != nil {
		return 0, 0, &posture.BadQuery{Reason: err.Error()}
	}
	for _, e := range events {
		found := false
		for _, w := range bs {
			if w.tenant == t && w.bucket.Bucket == e.Bucket && strings.HasPrefix(e.Key, w.bucket.Prefix) {
				w.hear(e.Key)
				found = true
			}
		}
		if found {
			noted++
		} else {
			ignored++
		}
	}
	return noted, ignored, nil
}
