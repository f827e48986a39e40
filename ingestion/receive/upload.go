package receive

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Upload is a report that arrives in pieces.
type Upload struct {
	ID         string
	Length     int64  // bytes announced
	Offset     int64  // bytes that are durable
	Metadata   string // what the sender said, as it said it
	Submission Submission
	Expires    time.Time
	// Report is the report that the whole upload became; empty while bytes
	// are missing.
	Report string
}

// What may be wrong with a step of an upload.
var (
	ErrNoUpload = errors.New("no such upload")                       // never was, ended, or expired
	ErrOffset   = errors.New("the upload is not at this offset")     // look where it is and go on from there
	ErrChecksum = errors.New("the bytes do not have their checksum") // none of them was kept
	ErrCrowded  = errors.New("too many unfinished uploads")
)

// Checksum is what the bytes of one piece must come to. The zero value
// demands nothing.
type Checksum struct {
	Hash hash.Hash
	Want []byte
}

// Parts keeps the bytes of unfinished uploads.
type Parts interface {
	// Begin keeps an upload, durably, with no bytes yet.
	Begin(ctx context.Context, t tenant.ID, u Upload) error
	// Look returns an upload with the offset that is durable, or ErrNoUpload.
	Look(ctx context.Context, t tenant.ID, id string) (Upload, error)
	// Append adds bytes at the offset until r ends and returns how many are
	// durable, also when r breaks off. With a checksum it keeps all or none.
	Append(ctx context.Context, t tenant.ID, id string, offset int64, r io.Reader, sum Checksum) (int64, error)
	// Open reads an upload from its start.
	Open(ctx context.Context, t tenant.ID, id string) (io.ReadCloser, error)
	// End forgets the bytes and keeps the report's id for whoever asks; with
	// an empty id it forgets the upload too.
	End(ctx context.Context, t tenant.ID, id, report string) error
}

// Uploads takes reports in pieces and hands each that is whole to the
// Receiver, once.
type Uploads struct {
	Receiver *Receiver
	Parts    Parts
	// Life is how long an upload may take.
	Life time.Duration

	mu    sync.Mutex
	turns map[turnKey]*turn
}

type turnKey struct {
	t  tenant.ID
	id string
}

// turn is one caller's time with an upload.
type turn struct {
	interrupt func()
	done      chan struct{}
}

// take waits until nobody else works on the upload. Who does is interrupted:
// a sender whose connection broke comes back while the server still waits for
// its old one.
func (u *Uploads) take(ctx context.Context, k turnKey, interrupt func()) (release func(), err error) {
	mine := &turn{interrupt, make(chan struct{})}
	for {
		u.mu.Lock()
		if u.turns == nil {
			u.turns = map[turnKey]*turn{}
		}
		other := u.turns[k]
		if other == nil {
			u.turns[k] = mine
		}
		u.mu.Unlock()
		if other == nil {
			return func() {
				u.mu.Lock()
				delete(u.turns, k)
				u.mu.Unlock()
				close(mine.done)
			}, nil
		}
		if other.interrupt != nil {
			other.interrupt()
		}
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Create begins an upload of so many bytes.
func (u *Uploads) Create(ctx context.Context, t tenant.ID, s Submission, length int64, metadata string) (Upload, error) {
	if length > u.Receiver.MaxSize {
		return Upload{}, &Refusal{TooLarge, fmt.Sprintf("the upload is larger than %d MiB", u.Receiver.MaxSize>>20)}
	}
	if err := u.Receiver.room(ctx, t); err != nil {
		return Upload{}, err
	}
	up := Upload{ID: u.Receiver.NewID(), Length: length, Metadata: metadata, Submission: s, Expires: u.Receiver.Now().UTC().Add(u.Life).Truncate(time.Second)}
	err := u.Parts.Begin(ctx, t, up)
	if errors.Is(err, ErrCrowded) {
		return up, &Refusal{Busy, "too many uploads are unfinished; finish or end some, or wait until they expire"}
	}
	return up, err
}

// Append adds the bytes of r at the offset. What it returns is durable, also
// with an error. The last byte makes the report; interrupt ends the reading
// of r early, from another goroutine.
func (u *Uploads) Append(ctx context.Context, t tenant.ID, id string, offset int64, r io.Reader, sum Checksum, interrupt func()) (Upload, error) {
	release, err := u.take(ctx, turnKey{t, id}, interrupt)
	if err != nil {
		return Upload{}, err
	}
	defer release()
	up, err := u.look(ctx, t, id)
	if err != nil {
		return up, err
	}
	if offset != up.Offset {
		return up, ErrOffset
	}
	if up.Offset < up.Length {
		n, err := u.Parts.Append(ctx, t, id, offset, io.LimitReader(r, up.Length-up.Offset), sum)
		up.Offset += n
		if err != nil {
			return up, err
		}
	}
	return u.finish(ctx, t, up)
}

// Look returns an upload. One that is whole but has no report yet, because a
// crash came between the two, becomes one now.
func (u *Uploads) Look(ctx context.Context, t tenant.ID, id string) (Upload, error) {
	release, err := u.take(ctx, turnKey{t, id}, nil)
	if err != nil {
		return Upload{}, err
	}
	defer release()
	up, err := u.look(ctx, t, id)
	if err != nil {
		return up, err
	}
	return u.finish(ctx, t, up)
}

func (u *Uploads) look(ctx context.Context, t tenant.ID, id string) (Upload, error) {
	up, err := u.Parts.Look(ctx, t, id)
	if err == nil && u.Receiver.Now().After(up.Expires) {
		err = ErrNoUpload
	}
	return up, err
}

// finish makes the report of an upload that is whole. The upload's id is the
// key of the request: however often this is tried, there is one report.
func (u *Uploads) finish(ctx context.Context, t tenant.ID, up Upload) (Upload, error) {
	if up.Offset < up.Length || up.Report != "" {
		return up, nil
	}
	// The sender has done its part: that it went away now changes nothing.
	ctx = context.WithoutCancel(ctx)
	body, err := u.Parts.Open(ctx, t, up.ID)
	if err != nil {
		return up, err
	}
	defer body.Close()
	accepted, err := u.Receiver.Accept(ctx, t, up.Submission, "upload:"+up.ID, body)
	var refused *Refusal
	if errors.As(err, &refused) && refused.Reason != Busy {
		return up, errors.Join(err, u.Parts.End(ctx, t, up.ID, "")) // sending it again would not help
	}
	if err != nil {
		return up, err
	}
	up.Report = accepted[0].ID
	return up, u.Parts.End(ctx, t, up.ID, up.Report)
}

// Drop ends an upload; its bytes are gone.
func (u *Uploads) Drop(ctx context.Context, t tenant.ID, id string) error {
	release, err := u.take(ctx, turnKey{t, id}, nil)
	if err != nil {
		return err
	}
	defer release()
	if _, err := u.look(ctx, t, id); err != nil {
		return err
	}
	return u.Parts.End(ctx, t, id, "")
}

// Sweep puts one upload in order: one that has expired goes, one that is
// whole becomes its report.
func (u *Uploads) Sweep(ctx context.Context, t tenant.ID, id string) error {
	if u.busy(turnKey{t, id}) {
		return nil
	}
	_, err := u.Look(ctx, t, id)
	if errors.Is(err, ErrNoUpload) {
		return u.Parts.End(ctx, t, id, "")
	}
	return err
}

// busy reports whether somebody sends to the upload: then nothing is amiss.
func (u *Uploads) busy(k turnKey) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.turns[k] != nil
}
