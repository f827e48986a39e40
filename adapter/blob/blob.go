// Package blob keeps bytes by their content in a folder: compressed with
// zstd, encrypted with the tenant's key, named by the SHA-256 of what they
// are. The same bytes are stored once.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Cipher encrypts and decrypts streams of a tenant.
type Cipher interface {
	Encrypt(t tenant.ID, w io.Writer, label string) (io.WriteCloser, error)
	Decrypt(t tenant.ID, r io.Reader, label string) (io.Reader, error)
}

// Folder is a blob store in a folder.
type Folder struct {
	dir    string
	cipher Cipher
	mu     sync.Mutex // held while a file gets or loses its name
}

var _ receive.Blobs = (*Folder)(nil)

// label binds ciphertexts to their use.
const label = "report"

// Open makes the folder when it is not there and clears away what a crash
// left half written.
func Open(dir string, c Cipher) (*Folder, error) {
	if err := os.MkdirAll(filepath.Join(dir, "incoming"), 0o700); err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "incoming", "*"))
	if err != nil {
		return nil, err
	}
	for _, p := range left {
		_ = os.Remove(p) // what can't be removed now is tried again at the next start
	}
	return &Folder{dir: dir, cipher: c}, nil
}

// Put implements receive.Blobs. The file has its name only when it is whole
// and on disk.
func (f *Folder) Put(ctx context.Context, t tenant.ID, r io.Reader) (string, int64, error) {
	tmp, err := os.CreateTemp(filepath.Join(f.dir, "incoming"), "*")
	if err != nil {
		return "", 0, full(fmt.Errorf("store blob: %w", err))
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	digest, size, err := f.write(ctx, t, tmp, r)
	if err != nil {
		return "", 0, full(err)
	}
	if err := f.name(t, tmp, digest); err != nil {
		return "", 0, full(fmt.Errorf("store blob: %w", err))
	}
	return digest, size, nil
}

// name gives a whole file its name, durably. One that is there already is
// marked as young: see Sweep.
func (f *Folder) name(t tenant.ID, tmp *os.File, digest string) error {
	path := f.path(t, digest)
	if _, err := os.Stat(path); err != nil { // the slow part, while others go on
		if err := tmp.Sync(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Stat(path); err == nil {
		if err := os.Chtimes(path, time.Time{}, time.Now()); err != nil {
			return err
		}
	} else {
		if err := tmp.Sync(); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.Rename(tmp.Name(), path); err != nil {
			return err
		}
	}
	// A file that was there already may be from a process that died before
	// this step.
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path)), f.dir} {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// full tells a full disk, quota or file size limit from other faults.
func full(err error) error {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w: %w", receive.ErrFull, err)
		}
	}
	return err
}

func (f *Folder) write(ctx context.Context, t tenant.ID, w io.Writer, r io.Reader) (string, int64, error) {
	e, err := f.cipher.Encrypt(t, w, label)
	if err != nil {
		return "", 0, fmt.Errorf("encrypt blob: %w", err)
	}
	z, err := zstd.NewWriter(e, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return "", 0, fmt.Errorf("compress blob: %w", err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(z, h), readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	}))
	if err = errors.Join(err, z.Close(), e.Close()); err != nil {
		return "", 0, fmt.Errorf("store blob: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Open implements receive.Blobs.
func (f *Folder) Open(_ context.Context, t tenant.ID, digest string) (io.ReadCloser, error) {
	file, err := os.Open(f.path(t, digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s is not in the store: %w", digest, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	plain, err := f.cipher.Decrypt(t, file, label)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("decrypt blob %s: %w", digest, err)
	}
	z, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("unpack blob %s: %w", digest, err)
	}
	return &reading{z, file}, nil
}

type reading struct {
	*zstd.Decoder
	file *os.File
}

// Close releases the file and the decompressor.
func (r *reading) Close() error {
	r.Decoder.Close()
	return r.file.Close()
}

func (f *Folder) path(t tenant.ID, digest string) string {
	if len(digest) < 2 {
		digest = "00" + digest
	}
	return filepath.Join(f.dir, t.String(), digest[:2], digest)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Sweep removes blobs that were not stored or asked to be stored for some
// time and that nobody needs: those of uploads that were refused, or whose
// process died before the report was committed. needed is asked for each. It
// returns how many it removed.
func (f *Folder) Sweep(ctx context.Context, before time.Time, needed func(t tenant.ID, digest string) (bool, error)) (int, error) {
	paths, err := filepath.Glob(filepath.Join(f.dir, "[0-9]*", "??", "*"))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		id, err := strconv.ParseInt(filepath.Base(filepath.Dir(filepath.Dir(p))), 10, 64)
		digest := filepath.Base(p)
		if t := tenant.ID(id); err == nil && t.Valid() && f.path(t, digest) == p && len(digest) == hex.EncodedLen(sha256.Size) {
			gone, err := f.sweep(p, before, func() (bool, error) { return needed(t, digest) })
			if err != nil {
				return n, fmt.Errorf("sweep blobs: %w", err)
			}
			if gone {
				n++
			}
		}
	}
	return n, nil
}

// sweep removes one file if nobody needs it. Whoever stores the same bytes
// meanwhile finds it young, or gone.
func (f *Folder) sweep(path string, before time.Time, needed func() (bool, error)) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if keep, err := needed(); keep || err != nil {
		return false, err
	}
	return true, os.Remove(path)
}
