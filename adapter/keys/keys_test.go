package keys

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func seal(t *testing.T, f *Folder, text, label string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := f.Encrypt(1, &out, label)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestKeysStay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first := open(t, dir)
	sealed := seal(t, first, "hello", "report")
	key, err := first.SecretKey(1)
	if err != nil || len(key) != 32 {
		t.Fatalf("key of %d bytes, %v", len(key), err)
	}
	again := open(t, dir)
	r, err := again.Decrypt(1, bytes.NewReader(sealed), "report")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if same, err := again.SecretKey(1); !bytes.Equal(same, key) || err != nil {
		t.Errorf("another key after a restart, %v", err)
	}
	if other, err := again.SecretKey(2); bytes.Equal(other, key) || err != nil {
		t.Errorf("two tenants share a key, %v", err)
	}
}

func TestKeysAreBound(t *testing.T) {
	f := open(t, t.TempDir())
	sealed := seal(t, f, "hello", "report")
	read := func(r io.Reader, err error) error {
		if err != nil {
			return err
		}
		_, err = io.ReadAll(r)
		return err
	}
	if read(f.Decrypt(1, bytes.NewReader(sealed), "evidence")) == nil {
		t.Error("reads under another label")
	}
	if read(f.Decrypt(2, bytes.NewReader(sealed), "report")) == nil {
		t.Error("reads for another tenant")
	}
	sealed[len(sealed)-1] ^= 1
	if read(f.Decrypt(1, bytes.NewReader(sealed), "report")) == nil {
		t.Error("reads what was changed")
	}
}

func TestKeyFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	f := open(t, dir)
	seal(t, f, "x", "report")
	if _, err := f.SecretKey(1); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d files, %v; want two and no leftovers", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s, %v", e.Name(), info.Mode(), err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), []byte("damage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %s, %v", info.Mode(), err)
	}
	again := open(t, dir)
	if _, err := again.SecretKey(1); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged key: %v", err)
	}
	if _, err := again.Encrypt(1, io.Discard, "report"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged keyset: %v", err)
	}
}
