package blob_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stance-aspm/stance/ingestion/receive"
)

// TestFullDisk: the system refuses to let a file grow, as on a full disk. The
// error says so, nothing is left behind, and when there is room again the
// same bytes are taken.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	noise := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise) // never fails
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Skip("no limit of file sizes here: ", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: was.Max}); err != nil {
		t.Skip("the limit of file sizes can't be set: ", err)
	}
	_, _, err := f.Put(t.Context(), 1, bytes.NewReader(noise))
	if back := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, receive.ErrFull) {
		t.Errorf("Put = %v, want ErrFull", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("it leaves %v", left)
	}
	if got, err := get(t, f, 1, put(t, f, 1, noise)); err != nil || !bytes.Equal(got, noise) {
		t.Errorf("with room again: %d bytes, %v", len(got), err)
	}
}
