// Package node builds a running Stance from a configuration: it is the one
// place that knows which engine stands behind which interface.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/adapter/blob"
	"github.com/stance-aspm/stance/adapter/feed"
	"github.com/stance-aspm/stance/adapter/keys"
	"github.com/stance-aspm/stance/adapter/queue"
	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/ui"
)

// Node is a running Stance.
type Node struct {
	cfg     Config
	log     *slog.Logger
	db      *sqlite.DB
	blobs   *blob.Folder
	keys    *keys.Folder
	queue   *queue.Queue
	apply   *apply.Applier
	receive *receive.Receiver
	uploads *receive.Uploads
	pieces  *blob.Uploads
	feeds   *feed.Client
	gates   *gates
	formats *formats
	rules   *assetRules
	track   *tracker
	company company
	watches []*watch
	buckets buckets
	lock    *os.File
	api     *httpapi.API
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Open builds a node. Nothing works or listens yet.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (n *Node, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := ensureDir(cfg.DataDir); err != nil {
		return nil, err
	}
	n = &Node{cfg: cfg, log: log, track: newTracker()}
	half := n // what has been opened when a step fails
	defer func() {
		if err != nil {
			err = errors.Join(err, half.Close())
		}
	}()
	// One process at a time: the queue takes up what a crash left behind and
	// must not take what another process is working on.
	if n.lock, err = lockFolder(cfg.DataDir); err != nil {
		return nil, err
	}
	if n.keys, err = keys.Open(filepath.Join(cfg.DataDir, "keys")); err != nil {
		return nil, err
	}
	if n.blobs, err = blob.Open(filepath.Join(cfg.DataDir, "reports"), n.keys); err != nil {
		return nil, err
	}
	if n.pieces, err = blob.OpenUploads(filepath.Join(cfg.DataDir, "uploads"), n.keys); err != nil {
		return nil, err
	}
	if n.db, err = sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(cfg.DataDir, "stance.db"), Now: now, Limits: cfg.Waiting, Patience: cfg.Patience}); err != nil {
		return nil, err
	}
	began := time.Now()
	store, blobs, ledger := n.watched()
	n.apply = &apply.Applier{Store: store, NewID: newFindingID, Elapsed: func() time.Duration { return time.Since(began) }}
	if n.queue, err = queue.Open(ctx, n.db.Writer(), cfg.Workers, queueLog(log), n.work); err != nil {
		return nil, err
	}
	if err := queue.Recover(ctx, n.db.Writer()); err != nil {
		return nil, err
	}
	n.db.SetEnqueue(n.enqueue)
	n.receive = &receive.Receiver{Blobs: blobs, Ledger: ledger, NewID: newID, Now: now, MaxSize: cfg.MaxUpload}
	n.uploads = &receive.Uploads{Receiver: n.receive, Parts: n.pieces, Life: uploadLife}
	for _, dir := range cfg.Watch {
		w, err := newWatch(dir, tenant.Default, n.receive, log)
		if err != nil {
			return nil, err
		}
		n.watches = append(n.watches, w)
	}
	for _, address := range cfg.Buckets {
		w, err := newBucketWatch(address, tenant.Default, n.receive, n.db, log)
		if err != nil {
			return nil, err
		}
		n.buckets = append(n.buckets, w)
	}
	n.feeds = feed.NewClient(cfg.Version, feed.Options{})
	n.gates = newGates(n.db)
	n.formats = &formats{db: n.db, dir: filepath.Join(cfg.DataDir, "formats"), log: log, loaded: map[[32]byte]*mapping.Mapping{}}
	n.rules = &assetRules{db: n.db, loaded: map[tenant.ID]compiledRules{}}
	n.api = n.newAPI()
	return n, nil
}

// now is the clock of the whole node.
func now() time.Time { return time.Now().UTC() }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newFindingID(time.Time) finding.ID { return finding.ID(uuid.Must(uuid.NewV7())) }

// queueLog keeps the queue's routine out of the log.
func queueLog(log *slog.Logger) *slog.Logger {
	return slog.New(levelHandler{log.Handler(), slog.LevelWarn})
}

type levelHandler struct {
	slog.Handler
	min slog.Level
}

// Enabled implements slog.Handler.
func (h levelHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.min && h.Handler.Enabled(ctx, l)
}

func (n *Node) newAPI() *httpapi.API {
	return &httpapi.API{
		Findings: n.db, Triage: n.db, Estate: n.db, Assets: n.db, Reports: reports{n}, Replays: reports{n}, Intake: intake{n}, Uploads: n.uploads, Gate: n.gates, Policies: n.gates,
		Feeds: feedDesk{n}, Formats: n.formats, AssetRules: n.rules, Differ: n.db, Hooks: hooks{n}, Buckets: n.buckets, Inventory: n.db, Access: access{n}, Tokens: access{n}, Carry: n.db, Doors: n.doors(), Version: n.cfg.Version, PublicURL: n.URL(), Hosts: n.cfg.hosts(), Web: ui.Handler(), Now: now,
		Log:   func(_ context.Context, msg string, err error) { n.log.Error(msg, "error", err) },
		Ready: n.db.Ping,
	}
}

// URL is how people reach the node.
func (n *Node) URL() string {
	if n.cfg.PublicURL != "" {
		return n.cfg.PublicURL
	}
	return "http://" + n.cfg.Listen
}

// Handler is the node's HTTP face.
func (n *Node) Handler() http.Handler { return n.api.Handler() }

// DB is the record, for commands that work without a server.
func (n *Node) DB() *sqlite.DB { return n.db }

// Start begins to apply reports and to do what the clock asks for.
func (n *Node) Start(ctx context.Context) error {
	ctx, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := n.queue.Start(ctx); err != nil {
		return fmt.Errorf("start workers: %w", err)
	}
	n.done.Go(func() { n.keepTime(ctx) })
	for _, w := range n.watches {
		n.done.Go(func() { w.run(ctx, n.cfg.WatchEvery) })
	}
	for _, b := range n.buckets {
		n.done.Go(func() { b.run(ctx) })
	}
	return nil
}

// keepTime ends decisions whose time has come.
func (n *Node) keepTime(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	var swept time.Time
	for {
		if at := now(); at.Sub(swept) >= sweepEvery {
			swept = at
			n.sweepBlobs(ctx, at.Add(-blobLife))
		}
		if count, err := n.db.ExpireTriage(ctx, tenantOf(ctx), now()); err != nil && ctx.Err() == nil {
			n.log.Error("end decisions", "error", err)
		} else if count > 0 {
			n.log.Info("decisions ended", "count", count)
		}
		n.sweepUploads(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Blobs that no report names are removed at start and daily, once they are
// older than any request that could still make a report of them.
const (
	sweepEvery = 24 * time.Hour
	blobLife   = 2 * uploadLife
)

// sweepBlobs removes the bytes of uploads that became no report.
func (n *Node) sweepBlobs(ctx context.Context, before time.Time) {
	count, err := n.blobs.Sweep(ctx, before, func(t tenant.ID, digest string) (bool, error) { return n.db.Referred(ctx, t, digest) })
	if err != nil && ctx.Err() == nil {
		n.log.Error("sweep blobs", "error", err)
	}
	if count > 0 {
		n.log.Info("removed bytes that no report names", "blobs", count)
	}
}

// uploadLife is how long an upload in pieces may take.
const uploadLife = 24 * time.Hour

// sweepUploads ends uploads that nobody went on with, and makes reports of
// those whose last step a crash prevented.
func (n *Node) sweepUploads(ctx context.Context) {
	err := n.pieces.Each(func(t tenant.ID, id string) error {
		if ctx.Err() != nil {
			return nil
		}
		err := n.uploads.Sweep(ctx, t, id)
		var refused *receive.Refusal
		if errors.As(err, &refused) {
			n.log.Warn("upload refused", "upload", id, "reason", refused.Text)
			return nil
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		n.log.Error("put uploads in order", "error", err)
	}
}

// Close waits a little for running work and releases everything. What was
// interrupted is done again after the next start.
func (n *Node) Close() error {
	var errs []error
	if n.stop != nil {
		ctx, cancel := context.WithTimeout(context.Background(), n.cfg.Drain)
		defer cancel()
		if err := n.queue.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, fmt.Errorf("stop workers: %w", err))
		}
		n.stop()
		n.done.Wait()
	}
	if n.db != nil {
		errs = append(errs, n.db.Close())
	}
	if n.lock != nil {
		errs = append(errs, n.lock.Close())
	}
	return errors.Join(errs...)
}

// lockFolder takes the data folder for this process. The lock goes with the
// process, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("the data folder %q is in use by another stance process: stop that one or choose another folder with --data", dir)
	}
	return f, nil
}
