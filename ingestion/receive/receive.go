package receive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Blobs keeps bytes by their content.
type Blobs interface {
	// Put stores the bytes durably, compressed and encrypted, and returns the
	// SHA-256 (hex) and length of what was read. Storing the same bytes again
	// is cheap and changes nothing.
	Put(ctx context.Context, t tenant.ID, r io.Reader) (digest string, size int64, err error)
	// Open returns the bytes.
	Open(ctx context.Context, t tenant.ID, digest string) (io.ReadCloser, error)
}

// Accepted is a report as the ledger keeps it.
type Accepted struct {
	ID         string
	Submission Submission
	Digest     string // of the upload
	Size       int64
	Target     string // digest of what the sender said of the target
	Received   time.Time
	// DuplicateOf is the earlier report with the same bytes for the same
	// target; such a report is not applied again.
	DuplicateOf string
}

// Ledger commits reports together with their jobs.
type Ledger interface {
	// Commit records the reports and a job for each in one transaction, marks
	// duplicates, and returns them. When the key was seen before, it returns
	// the first request's reports and records nothing. It returns ErrBusy
	// when too many reports wait.
	Commit(ctx context.Context, t tenant.ID, key string, rs []Accepted) ([]Accepted, error)
	// Room returns ErrBusy when Commit would, so that nobody sends bytes in
	// vain.
	Room(ctx context.Context, t tenant.ID) error
}

// What keeps a report from being taken that is no fault of its own. Whoever
// sends it again later, unchanged, does right.
var (
	// ErrBusy says that as much waits for the workers as is allowed to.
	ErrBusy = errors.New("too many reports are waiting")
	// ErrFull says that the disk, or a quota on it, is full.
	ErrFull = errors.New("the disk is full")
	// ErrLocked says that the record could not be written to for too long.
	ErrLocked = errors.New("the record is locked")
)

// Limits bound what waits for the workers, in reports and in bytes as they
// were sent: of each tenant, and of all together.
type Limits struct {
	Reports, AllReports int
	Bytes, AllBytes     int64
}

// DefaultLimits are those of a node that is told no others: reports for some
// minutes of work, bytes for some hours.
func DefaultLimits() Limits {
	return Limits{Reports: 10_000, AllReports: 50_000, Bytes: 16 << 30, AllBytes: 64 << 30}
}

// Backlog is what waits: of one tenant, and of all.
type Backlog struct {
	Reports, AllReports int
	Bytes, AllBytes     int64
}

// Check returns ErrBusy, saying which limit is reached, or nil. What waits
// counts, not what would be added: a report larger than the limit is taken
// once the others are applied.
func (l Limits) Check(b Backlog) error {
	switch {
	case b.Reports >= l.Reports:
		return fmt.Errorf("%w: %d, as many as may", ErrBusy, b.Reports)
	case b.AllReports >= l.AllReports:
		return fmt.Errorf("%w: %d of all tenants, as many as may", ErrBusy, b.AllReports)
	case b.Bytes >= l.Bytes:
		return fmt.Errorf("%w: %d MiB, as much as may", ErrBusy, b.Bytes>>20)
	case b.AllBytes >= l.AllBytes:
		return fmt.Errorf("%w: %d MiB of all tenants, as much as may", ErrBusy, b.AllBytes>>20)
	}
	return nil
}

// Receiver takes reports in.
type Receiver struct {
	Blobs  Blobs
	Ledger Ledger
	NewID  func() string
	Now    func() time.Time
	// MaxSize bounds an upload, packed.
	MaxSize int64
}

// Stored are bytes that are durable but that no report names yet.
type Stored struct {
	Digest string
	Size   int64
}

// Accept stores the bytes and commits the report. An archive with several
// files is one report. What it returns is durable.
func (r *Receiver) Accept(ctx context.Context, t tenant.ID, s Submission, key string, body io.Reader) ([]Accepted, error) {
	stored, err := r.Store(ctx, t, body)
	if err != nil {
		return nil, err
	}
	return r.Commit(ctx, t, s, key, stored)
}

// Store keeps the bytes of an upload whose sender says only behind them what
// they are, as the parts of a form may come in any order. Commit has to
// follow: until then nothing points at the bytes.
func (r *Receiver) Store(ctx context.Context, t tenant.ID, body io.Reader) (Stored, error) {
	if err := r.room(ctx, t); err != nil {
		return Stored{}, err
	}
	limited := &limitReader{r: body, left: r.MaxSize}
	digest, size, err := r.Blobs.Put(ctx, t, limited)
	switch {
	case limited.over:
		return Stored{}, &Refusal{TooLarge, fmt.Sprintf("the upload is larger than %d MiB", r.MaxSize>>20)}
	case err != nil:
		return Stored{}, fmt.Errorf("store the report: %w", err)
	}
	return Stored{digest, size}, nil
}

// Commit records the report of stored bytes together with its job.
func (r *Receiver) Commit(ctx context.Context, t tenant.ID, s Submission, key string, b Stored) ([]Accepted, error) {
	if b.Size == 0 && s.Format == "" {
		return nil, &Refusal{Unreadable, "the upload is empty; a tool that writes an empty file when it finds nothing needs its format named (--format)"}
	}
	if _, err := Members(s.Name, func() (io.ReadCloser, error) { return r.Blobs.Open(ctx, t, b.Digest) }, b.Size); err != nil {
		return nil, err
	}
	report := Accepted{ID: r.NewID(), Submission: s, Digest: b.Digest, Size: b.Size, Target: target(s), Received: r.Now().UTC()}
	out, err := r.Ledger.Commit(ctx, t, key, []Accepted{report})
	return out, refuseBusy(err)
}

// room refuses when nothing more may wait.
func (r *Receiver) room(ctx context.Context, t tenant.ID) error {
	return refuseBusy(r.Ledger.Room(ctx, t))
}

func refuseBusy(err error) error {
	if errors.Is(err, ErrBusy) {
		return &Refusal{Busy, err.Error() + "; try again in a few seconds"}
	}
	return err
}

// target is a digest of what the sender says of the target: the same bytes
// for another target are another report. The time of the scan belongs to it:
// the same result on another day is news.
func target(s Submission) string {
	h := sha256.New()
	at := ""
	if !s.ScannedAt.IsZero() {
		at = s.ScannedAt.UTC().Format(time.RFC3339Nano)
	}
	fields := []string{strings.ToLower(s.Application), s.Asset, string(s.AssetKind), s.Ref, s.Format, s.Tool, fmt.Sprint(s.Part), at}
	if s.Category != "" { // digests from before it was known stay as they were
		fields = append(fields, s.Category)
	}
	for _, f := range fields {
		fmt.Fprintf(h, "%d:%s", len(f), f)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

type limitReader struct {
	r    io.Reader
	left int64
	over bool
}

func (l *limitReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		l.over = true
		return 0, errors.New("upload too large")
	}
	return n, err
}
