package blob_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
)

// TestSweep: what is old and not needed goes; what is young, needed, or asked
// to be stored again just now stays.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	old, young, needed, again := put(t, f, 1, []byte("old")), put(t, f, 1, []byte("young")), put(t, f, 1, []byte("needed")), put(t, f, 1, []byte("again"))
	other := put(t, f, 2, []byte("needed"))
	past := time.Now().Add(-72 * time.Hour)
	for _, p := range files(t, dir) {
		if err := os.Chtimes(p, past, past); err != nil {
			t.Fatal(err)
		}
	}
	put(t, f, 1, []byte("young"))
	fails := errors.New("the record can't be read")
	if _, err := f.Sweep(t.Context(), time.Now().Add(-time.Hour), func(tenant.ID, string) (bool, error) { return false, fails }); !errors.Is(err, fails) {
		t.Errorf("Sweep = %v, want the reason why it can't know", err)
	}
	asked := map[string]bool{}
	put(t, f, 1, []byte("again"))
	n, err := f.Sweep(t.Context(), time.Now().Add(-time.Hour), func(id tenant.ID, digest string) (bool, error) {
		asked[digest] = true
		return id == 1 && digest == needed, nil
	})
	if n != 2 || err != nil || asked[young] || asked[again] {
		t.Errorf("Sweep = %d, %v, asked of %v", n, err, asked)
	}
	for digest, want := range map[string]bool{old: false, young: true, needed: true, again: true} {
		if _, err := get(t, f, 1, digest); (err == nil) != want {
			t.Errorf("blob %s: %v, want there %t", digest, err, want)
		}
	}
	if _, err := get(t, f, 2, other); err == nil {
		t.Error("what another tenant needs keeps this one's")
	}
	put(t, f, 1, []byte("old"))
	if _, err := get(t, f, 1, old); err != nil {
		t.Errorf("stored anew: %v", err)
	}
}
