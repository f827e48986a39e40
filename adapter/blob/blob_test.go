package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/adapter/blob"
	"github.com/stance-aspm/stance/adapter/keys"
	"github.com/stance-aspm/stance/domain/tenant"
)

func open(t *testing.T, dir string) *blob.Folder {
	t.Helper()
	k, err := keys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := blob.Open(filepath.Join(dir, "blobs"), k)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func put(t *testing.T, f *blob.Folder, id tenant.ID, b []byte) string {
	t.Helper()
	digest, size, err := f.Put(t.Context(), id, bytes.NewReader(b))
	if sum := sha256.Sum256(b); err != nil || size != int64(len(b)) || digest != hex.EncodeToString(sum[:]) {
		t.Fatalf("Put = %s, %d, %v", digest, size, err)
	}
	return digest
}

func get(t *testing.T, f *blob.Folder, id tenant.ID, digest string) ([]byte, error) {
	t.Helper()
	r, err := f.Open(t.Context(), id, digest)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// files lists the files below the store.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	if err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPutOnce(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	for _, b := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("a line of a report\n"), 200_000)} {
		digest := put(t, f, 1, b)
		before := len(files(t, dir))
		put(t, f, 1, b)
		if n := len(files(t, dir)); n != before {
			t.Errorf("%d files after the same bytes, had %d", n, before)
		}
		if got, err := get(t, open(t, dir), 1, digest); !bytes.Equal(got, b) || err != nil {
			t.Errorf("%d bytes of %d, %v", len(got), len(b), err)
		}
		if _, err := get(t, f, 2, digest); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("another tenant opens it: %v", err)
		}
	}
}

func TestAtRest(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	text := strings.Repeat("clear text of a report ", 2000)
	digest := put(t, f, 1, []byte(text))
	list := files(t, dir)
	if len(list) != 1 {
		t.Fatalf("files %v", list)
	}
	sealed, err := os.ReadFile(list[0])
	if err != nil || bytes.Contains(sealed, []byte("clear text")) || len(sealed) > len(text)/4 {
		t.Errorf("%d bytes at rest of %d, %v", len(sealed), len(text), err)
	}
	if info, err := os.Stat(list[0]); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %s, %v", info.Mode(), err)
	}
	for _, at := range []int{0, len(sealed) / 2, len(sealed) - 1} {
		bad := bytes.Clone(sealed)
		bad[at] ^= 1
		if err := os.WriteFile(list[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := get(t, f, 1, digest); err == nil {
			t.Errorf("byte %d changed: read %d bytes without an error", at, len(got))
		}
	}
	if err := os.WriteFile(list[0], sealed[:len(sealed)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, f, 1, digest); err == nil {
		t.Error("a cut file reads without an error")
	}
}

// failing breaks off after some bytes.
type failing struct{ n int }

var errLine = errors.New("the line broke")

func (f *failing) Read(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errLine
	}
	return len(p), nil
}

func TestBrokenUpload(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if _, _, err := f.Put(t.Context(), 1, &failing{1 << 20}); !errors.Is(err, errLine) {
		t.Errorf("Put = %v, want the reader's error", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Put(ended, 1, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want Canceled", err)
	}
	if list := files(t, dir); len(list) != 0 {
		t.Errorf("broken uploads left %v", list)
	}
	left := filepath.Join(dir, "blobs", "incoming", "12345")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if list := files(t, dir); len(list) != 0 {
		t.Errorf("a crash's leftovers stay: %v", list)
	}
}
