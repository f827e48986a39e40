package blob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Uploads keeps unfinished uploads in a folder: for each one a folder with
// what is known of it and its bytes in parts, each a file that got its name
// when it was whole and on disk. The names of the parts say where they
// belong, so the files alone tell how far an upload has come.
type Uploads struct {
	dir    string
	cipher Cipher
	part   int64 // bytes in a part
	most   int   // unfinished uploads of a tenant
}

var _ receive.Parts = (*Uploads)(nil)

const (
	uploadLabel = "upload" // binds ciphertexts to their use
	partSize    = 16 << 20 // lost at most when the server dies
	maxUploads  = 500
	infoFile    = "info"
	doneFile    = "done"
	partPrefix  = "part-"
	newPrefix   = ".new-" // files that are being written
)

// OpenUploads makes the folder when it is not there.
func OpenUploads(dir string, c Cipher) (*Uploads, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open uploads: %w", err)
	}
	return &Uploads{dir, c, partSize, maxUploads}, nil
}

func (u *Uploads) path(t tenant.ID, id string) (string, error) {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return "", receive.ErrNoUpload
	}
	return filepath.Join(u.dir, t.String(), id), nil
}

// Begin implements receive.Parts.
func (u *Uploads) Begin(_ context.Context, t tenant.ID, up receive.Upload) error {
	dir, err := u.path(t, up.ID)
	if err != nil {
		return err
	}
	if open, err := unfinished(filepath.Dir(dir)); err != nil {
		return full(fmt.Errorf("begin upload: %w", err))
	} else if open >= u.most {
		return receive.ErrCrowded
	}
	b, err := json.Marshal(up)
	if err != nil {
		return full(fmt.Errorf("begin upload: %w", err))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return full(fmt.Errorf("begin upload: %w", err))
	}
	if _, err := u.file(t, dir, bytes.NewReader(b), func(int64) string { return infoFile }); err != nil {
		return full(fmt.Errorf("begin upload: %w", err))
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)), syncDir(u.dir))
}

// unfinished counts the uploads in a tenant's folder that bytes are missing
// of.
func unfinished(dir string) (int, error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range all {
		if _, err := os.Stat(filepath.Join(dir, e.Name(), doneFile)); err != nil {
			n++
		}
	}
	return n, nil
}

// file writes an encrypted file, syncs it and gives it the name that its
// length leads to. It returns the length, also when r broke off: what was
// read until then is in the file. No bytes make no file.
func (u *Uploads) file(t tenant.ID, dir string, r io.Reader, name func(n int64) string) (int64, error) {
	tmp, err := os.CreateTemp(dir, newPrefix+"*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	w, err := u.cipher.Encrypt(t, tmp, uploadLabel)
	if err != nil {
		return 0, err
	}
	out := &faults{w: w}
	n, broke := io.Copy(out, r)
	if err := errors.Join(out.err, w.Close()); err != nil || n == 0 {
		return 0, errors.Join(broke, err)
	}
	if err := tmp.Sync(); err != nil {
		return 0, err
	}
	if err := os.Rename(tmp.Name(), filepath.Join(dir, name(n))); err != nil {
		return 0, err
	}
	return n, broke
}

// faults remembers an error of writing, to tell it from one of reading.
type faults struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (f *faults) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.err = err
	}
	return n, err
}

// Look implements receive.Parts.
func (u *Uploads) Look(_ context.Context, t tenant.ID, id string) (receive.Upload, error) {
	var up receive.Upload
	dir, err := u.path(t, id)
	if err != nil {
		return up, err
	}
	r, err := u.read(t, filepath.Join(dir, infoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return up, receive.ErrNoUpload
	}
	if err != nil {
		return up, fmt.Errorf("look at upload: %w", err)
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(&up); err != nil {
		return up, fmt.Errorf("look at upload %s: %w", id, err)
	}
	if done, err := u.read(t, filepath.Join(dir, doneFile)); err == nil {
		defer done.Close()
		b, err := io.ReadAll(done)
		up.Report, up.Offset = string(b), up.Length
		return up, err
	} else if !errors.Is(err, fs.ErrNotExist) {
		return up, fmt.Errorf("look at upload: %w", err)
	}
	ps, err := parts(dir)
	if err != nil {
		return up, err
	}
	for _, p := range ps {
		up.Offset = p.offset + p.length
	}
	return up, nil
}

// part is a file of an upload.
type part struct {
	path           string
	offset, length int64
}

// parts lists the parts that follow each other from the start.
func parts(dir string) ([]part, error) {
	entries, err := os.ReadDir(dir) // sorted: offsets have leading zeros
	if err != nil {
		return nil, fmt.Errorf("list parts: %w", err)
	}
	var out []part
	at := int64(0)
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), partPrefix)
		if !ok {
			continue
		}
		o, l, _ := strings.Cut(name, "-")
		offset, err1 := strconv.ParseInt(o, 10, 64)
		length, err2 := strconv.ParseInt(l, 10, 64)
		if err1 != nil || err2 != nil || offset != at {
			continue // no part of this row
		}
		out = append(out, part{filepath.Join(dir, e.Name()), offset, length})
		at += length
	}
	return out, nil
}

func partName(offset, length int64) string {
	return fmt.Sprintf("%s%019d-%d", partPrefix, offset, length)
}

// Append implements receive.Parts. It cuts a long stream into parts, so that
// little is lost when the server dies in the middle.
func (u *Uploads) Append(ctx context.Context, t tenant.ID, id string, offset int64, r io.Reader, sum receive.Checksum) (int64, error) {
	dir, err := u.path(t, id)
	if err != nil {
		return 0, err
	}
	if err := clearNew(dir); err != nil {
		return 0, err
	}
	if sum.Hash != nil {
		return u.appendChecked(t, dir, offset, r, sum)
	}
	total := int64(0)
	for {
		n, err := u.file(t, dir, io.LimitReader(r, u.part), func(n int64) string { return partName(offset+total, n) })
		if n > 0 {
			if syncErr := syncDir(dir); syncErr != nil {
				return total, errors.Join(err, syncErr)
			}
		}
		total += n
		if err != nil || n < u.part {
			return total, full(err)
		}
		if err := ctx.Err(); err != nil {
			return total, err
		}
	}
}

// appendChecked keeps the bytes as one part, when they have their checksum.
func (u *Uploads) appendChecked(t tenant.ID, dir string, offset int64, r io.Reader, sum receive.Checksum) (int64, error) {
	hidden := ""
	n, err := u.file(t, dir, io.TeeReader(r, sum.Hash), func(n int64) string {
		hidden = newPrefix + partName(offset, n)
		return hidden
	})
	if err == nil && !bytes.Equal(sum.Hash.Sum(nil), sum.Want) {
		err = receive.ErrChecksum
	}
	if err != nil || n == 0 {
		return 0, full(errors.Join(err, clearNew(dir)))
	}
	if err := os.Rename(filepath.Join(dir, hidden), filepath.Join(dir, partName(offset, n))); err != nil {
		return 0, fmt.Errorf("keep part: %w", err)
	}
	return n, syncDir(dir)
}

// clearNew removes what an earlier process left half written.
func clearNew(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, newPrefix+"*"))
	if err != nil {
		return err
	}
	for _, p := range left {
		if err := os.Remove(p); err != nil {
			return fmt.Errorf("clear upload: %w", err)
		}
	}
	return nil
}

func (u *Uploads) read(t tenant.ID, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := u.cipher.Decrypt(t, f, uploadLabel)
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// Open implements receive.Parts.
func (u *Uploads) Open(_ context.Context, t tenant.ID, id string) (io.ReadCloser, error) {
	dir, err := u.path(t, id)
	if err != nil {
		return nil, err
	}
	ps, err := parts(dir)
	if err != nil {
		return nil, err
	}
	return &row{u: u, t: t, parts: ps}, nil
}

// row reads parts one after the other, one file open at a time.
type row struct {
	u     *Uploads
	t     tenant.ID
	parts []part
	at    io.ReadCloser
}

// Read implements io.Reader.
func (r *row) Read(p []byte) (int, error) {
	for {
		if r.at == nil {
			if len(r.parts) == 0 {
				return 0, io.EOF
			}
			next, err := r.u.read(r.t, r.parts[0].path)
			if err != nil {
				return 0, fmt.Errorf("read upload: %w", err)
			}
			r.at, r.parts = next, r.parts[1:]
		}
		n, err := r.at.Read(p)
		if errors.Is(err, io.EOF) {
			err = r.at.Close()
			r.at = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close implements io.Closer.
func (r *row) Close() error {
	if r.at == nil {
		return nil
	}
	return r.at.Close()
}

// End implements receive.Parts. The mark is durable before the bytes go.
func (u *Uploads) End(_ context.Context, t tenant.ID, id, report string) error {
	dir, err := u.path(t, id)
	if err != nil {
		return err
	}
	if report == "" {
		// The information first: without it there is no upload.
		err := os.Remove(filepath.Join(dir, infoFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("end upload: %w", err)
		}
		return os.RemoveAll(dir)
	}
	if _, err := u.file(t, dir, strings.NewReader(report), func(int64) string { return doneFile }); err != nil {
		return fmt.Errorf("end upload: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("end upload: %w", err)
	}
	ps, err := parts(dir)
	if err != nil {
		return err
	}
	// From the end: what is left after a crash still starts at the start.
	for _, p := range slices.Backward(ps) {
		if err := os.Remove(p.path); err != nil {
			return fmt.Errorf("end upload: %w", err)
		}
	}
	return nil
}

// Each calls f with every upload that the folder holds, finished ones too.
func (u *Uploads) Each(f func(t tenant.ID, id string) error) error {
	tenants, err := os.ReadDir(u.dir)
	if err != nil {
		return fmt.Errorf("list uploads: %w", err)
	}
	var errs []error
	for _, d := range tenants {
		n, err := strconv.ParseInt(d.Name(), 10, 64)
		t := tenant.ID(n)
		if err != nil || !t.Valid() {
			continue // not ours
		}
		ids, err := os.ReadDir(filepath.Join(u.dir, d.Name()))
		if err != nil {
			errs = append(errs, fmt.Errorf("list uploads: %w", err))
			continue
		}
		for _, id := range ids {
			errs = append(errs, f(t, id.Name()))
		}
	}
	return errors.Join(errs...)
}
