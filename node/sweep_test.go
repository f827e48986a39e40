package node

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSweepBlobs: bytes of a refused upload are removed, those of reports stay
// and can be read.
func TestSweepBlobs(t *testing.T) {
	w := still(t, Config{})
	token := w.token("import", "admin")
	id := w.accepted(w.offer(token, secret(1)))
	if resp := w.offer(token, "PK\x03\x04 an archive that is none"); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("no refusal: %d", resp.StatusCode)
	}
	past := now().Add(-100 * time.Hour)
	count := func() (n int) {
		t.Helper()
		if err := filepath.WalkDir(filepath.Join(w.n.cfg.DataDir, "reports"), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			n++
			return os.Chtimes(p, past, past)
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 2 {
		t.Fatalf("%d blobs, want the report's and the refused one's", n)
	}
	w.n.sweepBlobs(t.Context(), now().Add(-blobLife))
	if n := count(); n != 1 {
		t.Errorf("%d blobs are left, want one", n)
	}
	if _, raw := w.do("GET", "/api/v1/reports/"+id+"/raw", token, ""); raw != secret(1) {
		t.Errorf("the report's bytes are %q", raw)
	}
	w.start()
	if r := w.done(token, id); r.State != "applied" {
		t.Errorf("the report is %s (%s)", r.State, r.Reason)
	}
}
