package node

import (
	"context"
	"database/sql"
	"io"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Boundary is a place between two steps of taking in and applying a report:
// what was done before it is on disk or not, and nothing of what comes after
// has begun. A process that dies at any of them must leave a record from which
// the next one goes on as if nothing had happened.
type Boundary string

// The boundaries in the order in which a report meets them.
const (
	BeforeBytes   Boundary = "before the bytes are stored"
	AfterBytes    Boundary = "after the bytes are stored"
	InCommit      Boundary = "within the commit of report and job"
	AfterCommit   Boundary = "after the commit, before the answer"
	BeforeWork    Boundary = "before work is noted"
	AfterWork     Boundary = "after work is noted"
	AfterDetect   Boundary = "after the format is detected"
	BeforeTarget  Boundary = "before asset and application are made"
	BeforeSeries  Boundary = "before the series is made"
	BeforeFlaw    Boundary = "before a flaw is written"
	BeforeChunk   Boundary = "before a chunk of observations is written"
	BeforeInsert  Boundary = "before findings are written"
	BeforeSight   Boundary = "before sightings are written"
	BeforeSetting Boundary = "before unreadable records are set aside"
	BeforeParts   Boundary = "before the inventory is written"
	BeforeScan    Boundary = "before the scan is written"
	BeforeSave    Boundary = "before the series is written"
	BeforeUpdate  Boundary = "before findings are changed"
	BeforeEvents  Boundary = "before the history is written"
	BeforeResult  Boundary = "before the result is written"
	BeforeEnd     Boundary = "before the transaction ends"
	AfterEnd      Boundary = "after the transaction, before the job ends"
	BeforeFail    Boundary = "before a report is failed"
	AfterFail     Boundary = "after a report is failed, before the job ends"
)

// Boundaries lists all of them.
func Boundaries() []Boundary {
	return []Boundary{BeforeBytes, AfterBytes, InCommit, AfterCommit, BeforeWork, AfterWork, AfterDetect, BeforeTarget, BeforeSeries, BeforeFlaw,
		BeforeChunk, BeforeInsert, BeforeSight, BeforeSetting, BeforeParts, BeforeScan, BeforeSave, BeforeUpdate, BeforeEvents, BeforeResult,
		BeforeEnd, AfterEnd, BeforeFail, AfterFail}
}

// at tells whoever tests the node that a boundary is reached.
func (n *Node) at(b Boundary, report string) {
	if n.cfg.At != nil {
		n.cfg.At(b, report)
	}
}

// watched are the parts of a node with their boundaries told. They stand
// between the node and its parts only when someone listens.
func (n *Node) watched() (apply.Store, receive.Blobs, receive.Ledger) {
	if n.cfg.At == nil {
		return n.db, n.blobs, n.db
	}
	tell := func(b Boundary) { n.cfg.At(b, "") }
	return watchedStore{n.db, tell}, watchedBlobs{n.blobs, tell}, watchedLedger{n.db, tell}
}

// enqueue adds a report's job; it runs inside the transaction that commits
// both.
func (n *Node) enqueue(ctx context.Context, tx *sql.Tx, t tenant.ID, r receive.Accepted) error {
	n.at(InCommit, r.Submission.Name)
	return n.queue.Enqueue(ctx, tx, t, r)
}

type watchedBlobs struct {
	receive.Blobs
	tell func(Boundary)
}

// Put implements receive.Blobs.
func (w watchedBlobs) Put(ctx context.Context, t tenant.ID, r io.Reader) (string, int64, error) {
	w.tell(BeforeBytes)
	digest, size, err := w.Blobs.Put(ctx, t, r)
	w.tell(AfterBytes)
	return digest, size, err
}

type watchedLedger struct {
	receive.Ledger
	tell func(Boundary)
}

// Commit implements receive.Ledger.
func (w watchedLedger) Commit(ctx context.Context, t tenant.ID, key string, rs []receive.Accepted) ([]receive.Accepted, error) {
	out, err := w.Ledger.Commit(ctx, t, key, rs)
	w.tell(AfterCommit)
	return out, err
}

type watchedStore struct {
	apply.Store
	tell func(Boundary)
}

// Apply implements apply.Store.
func (w watchedStore) Apply(ctx context.Context, t tenant.ID, fn func(apply.Tx) error) error {
	err := w.Store.Apply(ctx, t, func(tx apply.Tx) error {
		err := fn(watchedTx{tx, w.tell})
		w.tell(BeforeEnd)
		return err
	})
	w.tell(AfterEnd)
	return err
}

// watchedTx tells of every write.
type watchedTx struct {
	apply.Tx
	tell func(Boundary)
}

// Target implements apply.Targets.
func (w watchedTx) Target(ctx context.Context, application string, kind estate.AssetKind, name string) (apply.Target, error) {
	w.tell(BeforeTarget)
	return w.Tx.Target(ctx, application, kind, name)
}

// Series implements apply.Scans.
func (w watchedTx) Series(ctx context.Context, asset int64, ref, tool, category string) (apply.Series, error) {
	w.tell(BeforeSeries)
	return w.Tx.Series(ctx, asset, ref, tool, category)
}

// Flaw implements apply.Targets.
func (w watchedTx) Flaw(ctx context.Context, f *finding.Flaw) (int64, error) {
	w.tell(BeforeFlaw)
	return w.Tx.Flaw(ctx, f)
}

// PutChunk implements apply.Sightings.
func (w watchedTx) PutChunk(ctx context.Context, b []byte) (int64, error) {
	w.tell(BeforeChunk)
	return w.Tx.PutChunk(ctx, b)
}

// InsertFindings implements apply.Findings.
func (w watchedTx) InsertFindings(ctx context.Context, fs []apply.Finding) error {
	w.tell(BeforeInsert)
	return w.Tx.InsertFindings(ctx, fs)
}

// PutSightings implements apply.Sightings.
func (w watchedTx) PutSightings(ctx context.Context, asset int64, ss []apply.Sighting) error {
	w.tell(BeforeSight)
	return w.Tx.PutSightings(ctx, asset, ss)
}

// Quarantine implements apply.Ledger.
func (w watchedTx) Quarantine(ctx context.Context, report string, fs []format.Fault) error {
	w.tell(BeforeSetting)
	return w.Tx.Quarantine(ctx, report, fs)
}

// Components implements apply.Ledger.
func (w watchedTx) Components(ctx context.Context, in apply.Inventory) error {
	w.tell(BeforeParts)
	return w.Tx.Components(ctx, in)
}

// AddScan implements apply.Scans.
func (w watchedTx) AddScan(ctx context.Context, s apply.Scan) (int64, error) {
	w.tell(BeforeScan)
	return w.Tx.AddScan(ctx, s)
}

// SaveSeries implements apply.Scans.
func (w watchedTx) SaveSeries(ctx context.Context, s apply.Series) error {
	w.tell(BeforeSave)
	return w.Tx.SaveSeries(ctx, s)
}

// UpdateFindings implements apply.Findings.
func (w watchedTx) UpdateFindings(ctx context.Context, before, after []apply.Finding) error {
	w.tell(BeforeUpdate)
	return w.Tx.UpdateFindings(ctx, before, after)
}

// AppendEvents implements apply.Ledger.
func (w watchedTx) AppendEvents(ctx context.Context, report string, es []apply.Event) error {
	w.tell(BeforeEvents)
	return w.Tx.AppendEvents(ctx, report, es)
}

// Finish implements apply.Ledger.
func (w watchedTx) Finish(ctx context.Context, report string, o apply.Outcome) error {
	w.tell(BeforeResult)
	return w.Tx.Finish(ctx, report, o)
}
