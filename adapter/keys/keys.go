// Package keys holds the data keys of tenants in one folder: for each tenant
// a streaming key for reports at rest and a key for hashing secrets. The
// files are readable by their owner only. Deleting a tenant's file makes all
// its reports unreadable for ever.
package keys

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Folder keeps the keys of all tenants.
type Folder struct {
	dir  string
	mu   sync.Mutex
	aead map[tenant.ID]tink.StreamingAEAD
	mac  map[tenant.ID][]byte
}

// Open makes the folder when it is not there.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return &Folder{dir: dir, aead: map[tenant.ID]tink.StreamingAEAD{}, mac: map[tenant.ID][]byte{}}, nil
}

// Encrypt returns a writer that encrypts to w (AES-256-GCM-HKDF in segments
// of 1 MiB). Closing it completes the ciphertext; w stays open. What is
// encrypted can only be read back under the same label.
func (f *Folder) Encrypt(t tenant.ID, w io.Writer, label string) (io.WriteCloser, error) {
	a, err := f.streaming(t)
	if err != nil {
		return nil, err
	}
	return a.NewEncryptingWriter(w, []byte(label))
}

// Decrypt returns a reader of what Encrypt wrote under the label. Reading
// fails when a byte was changed.
func (f *Folder) Decrypt(t tenant.ID, r io.Reader, label string) (io.Reader, error) {
	a, err := f.streaming(t)
	if err != nil {
		return nil, err
	}
	return a.NewDecryptingReader(r, []byte(label))
}

// SecretKey returns the tenant's key for hashing secrets that tools found.
func (f *Folder) SecretKey(t tenant.ID) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k := f.mac[t]; k != nil {
		return k, nil
	}
	b, err := f.file(fmt.Sprintf("tenant-%s.mac", t), func() ([]byte, error) {
		k := make([]byte, 32)
		if _, err := rand.Read(k); err != nil {
			return nil, err
		}
		return []byte(hex.EncodeToString(k) + "\n"), nil
	})
	if err != nil {
		return nil, err
	}
	k, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(k) != 32 {
		return nil, fmt.Errorf("the key file of tenant %s is damaged: restore it from a backup", t)
	}
	f.mac[t] = k
	return k, nil
}

func (f *Folder) streaming(t tenant.ID) (tink.StreamingAEAD, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.aead[t]; a != nil {
		return a, nil
	}
	b, err := f.file(fmt.Sprintf("tenant-%s.json", t), func() ([]byte, error) {
		h, err := keyset.NewHandle(streamingaead.AES256GCMHKDF1MBKeyTemplate())
		if err != nil {
			return nil, err
		}
		var out strings.Builder
		err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&out))
		return []byte(out.String()), err
	})
	if err != nil {
		return nil, err
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(string(b))))
	if err != nil {
		return nil, fmt.Errorf("the key file of tenant %s is damaged: restore it from a backup", t)
	}
	a, err := streamingaead.New(h)
	if err != nil {
		return nil, fmt.Errorf("use the key of tenant %s: %w", t, err)
	}
	f.aead[t] = a
	return a, nil
}

// file reads a key file, making it first when it is not there. A new key is
// on disk before it is used: data under a lost key would be lost.
func (f *Folder) file(name string, fresh func() ([]byte, error)) ([]byte, error) {
	path := filepath.Join(f.dir, name)
	b, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	if b, err = fresh(); err != nil {
		return nil, fmt.Errorf("make key %s: %w", name, err)
	}
	tmp, err := os.CreateTemp(f.dir, ".new-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("keep key %s: %w", name, err)
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(b); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return nil, fmt.Errorf("keep key %s: %w", name, err)
	}
	// Linking fails when another process was first; its key then counts.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep key %s: %w", name, err)
	}
	if err := syncFolder(f.dir); err != nil {
		return nil, fmt.Errorf("keep key %s: %w", name, err)
	}
	return os.ReadFile(path)
}

// syncFolder puts the folder's entries on disk: a file that has no name after
// a crash is lost.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
