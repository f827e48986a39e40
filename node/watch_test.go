package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// sarifOf is a report of one result.
func sarifOf(rule string) string {
	return fmt.Sprintf(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"tidewatch"}},"results":[{"ruleId":%q,"message":{"text":%q},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.c"},"region":{"startLine":1}}}]}]}]}`, rule, "flaw of "+rule)
}

// folder is a watched folder whose looks the test makes.
type folder struct {
	*world
	dir string
	*watch
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{world: newWorld(t), dir: t.TempDir()}
	f.again()
	return f
}

// again starts to watch the folder, as after a restart.
func (f *folder) again() {
	f.Helper()
	w, err := newWatch(f.dir, tenant.Default, f.n.receive, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		f.Fatal(err)
	}
	f.watch = w
}

func (f *folder) put(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// looks looks into the folder several times.
func (f *folder) looks(n int) {
	f.Helper()
	for range n {
		if err := f.look(f.Context()); err != nil {
			f.Fatal(err)
		}
	}
}

// has reports whether a file is there.
func (f *folder) has(name string) bool {
	_, err := os.Lstat(filepath.Join(f.dir, name))
	return err == nil
}

func (f *folder) text(name string) string {
	f.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return string(b)
}

// applied waits until a number of reports are applied and returns them.
func (w *world) applied(want int) []httpapi.Report {
	w.Helper()
	token := w.token("read")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, done := w.reports(token), 0
		for _, r := range list {
			if r.State == "applied" {
				done++
			}
		}
		if done == want && len(list) == want {
			return list
		}
		if time.Now().After(deadline) || len(list) > want {
			w.Fatalf("%d of %d reports are applied, want %d", done, len(list), want)
		}
	}
}

// TestWatchedFolder runs a node that watches a folder: what comes to rest
// there becomes a report with what is said of it.
func TestWatchedFolder(t *testing.T) {
	f := &folder{world: &world{T: t}, dir: t.TempDir()}
	f.put("stance.yaml", "application: shop\nasset_kind: repository\nasset: shop/web\n")
	f.world = worldOf(t, Config{Watch: []string{f.dir}, WatchEvery: 20 * time.Millisecond})
	f.put("night.sarif.stance.yaml", "asset: shop/api\nref: main\n")
	f.put("night.sarif.part", sarifOf("R1"))
	if err := os.Rename(filepath.Join(f.dir, "night.sarif.part"), filepath.Join(f.dir, "night.sarif")); err != nil {
		t.Fatal(err)
	}
	r := f.applied(1)[0]
	if r.Name != "night.sarif" || r.Application != "shop" || r.Asset != "shop/api" || r.Ref != "main" || r.By != "watched folder "+f.dir {
		t.Errorf("the report is %+v", r)
	}
	for deadline := time.Now().Add(time.Minute); !f.has("done/night.sarif.stance.yaml"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the description was not moved")
		}
	}
	if f.has("night.sarif") || !f.has("done/night.sarif") || f.has("night.sarif.stance.yaml") {
		t.Error("the report was not moved to done")
	}
}

// TestWatchWaitsForRest takes no file that changes between two looks, and
// nothing that is not a finished report.
func TestWatchWaitsForRest(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{".hidden.sarif", "a.sarif.part", "b.sarif.TMP", "c.sarif.stance.yaml"} {
		f.put(name, sarifOf(name))
	}
	outside := filepath.Join(t.TempDir(), "secret.sarif")
	if err := os.WriteFile(outside, []byte(sarifOf("out")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(f.dir, "link.sarif")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(f.dir, "pipe.sarif"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := sarifOf("R1")
	for i := 1; i < 4; i++ {
		f.put("grows.sarif", whole[:i*20])
		f.looks(1)
	}
	if f.has("done/grows.sarif") {
		t.Fatal("a file that grows was taken")
	}
	f.put("grows.sarif", whole)
	f.looks(1)
	f.put("grows.sarif.stance.yaml", "application: late\n") // its description comes behind it
	f.looks(1)
	if f.has("done/grows.sarif") {
		t.Fatal("a report was taken while its description was written")
	}
	f.looks(1)
	if r := f.applied(1)[0]; r.Application != "late" {
		t.Errorf("the report is of %q", r.Application)
	}
}

// TestWatchCrash dies between the commit of a report and the move of its
// file: the next process makes no second one. The same name with other bytes
// is a report of its own, and covers nothing in done.
func TestWatchCrash(t *testing.T) {
	f := newFolder(t)
	f.put("r.sarif", sarifOf("R1"))
	root, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	info, err := root.Lstat("r.sarif")
	if err != nil {
		t.Fatal(err)
	}
	common, err := f.common(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.accept(t.Context(), root, info, common); err != nil {
		t.Fatal(err)
	}
	f.again()
	f.looks(2)
	if !f.has("done/r.sarif") {
		t.Fatal("the file was not moved")
	}
	f.applied(1)
	f.put("r.sarif", sarifOf("R2"))
	if err := os.Chtimes(filepath.Join(f.dir, "r.sarif"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	f.looks(2)
	f.applied(2)
	if f.text("done/r.sarif") != sarifOf("R1") || f.text("done/r.sarif~2") != sarifOf("R2") {
		t.Error("done does not hold both files")
	}
}

// TestWatchRefuses puts what can't be a report aside and says why.
func TestWatchRefuses(t *testing.T) {
	f := newFolder(t)
	f.put("empty.json", "")
	f.put("typo.sarif", sarifOf("R1"))
	f.put("typo.sarif.stance.yaml", "aplication: shop\n")
	f.put("twice.sarif", sarifOf("R2"))
	f.put("twice.sarif.stance.yaml", "ref: a\nref: b\n")
	f.looks(2)
	for name, why := range map[string]string{"empty.json": "empty", "typo.sarif": "aplication", "twice.sarif": "ref"} {
		if f.has(name) || !f.has("refused/"+name) || !strings.Contains(f.text("refused/"+name+".why.txt"), why) {
			t.Errorf("%s was not refused with a reason that names %q", name, why)
		}
	}
	if f.has("typo.sarif.stance.yaml") || !f.has("refused/typo.sarif.stance.yaml") {
		t.Error("the description did not follow its report")
	}
	f.applied(0)
}

// full is a ledger that is busy.
type full struct{ receive.Ledger }

func (full) Commit(context.Context, tenant.ID, string, []receive.Accepted) ([]receive.Accepted, error) {
	return nil, receive.ErrBusy
}

// TestWatchWaits leaves files where they are while the server is busy or the
// folder's description is wrong, and takes them afterwards.
func TestWatchWaits(t *testing.T) {
	f := newFolder(t)
	f.put("a.sarif", sarifOf("R1"))
	f.put("b.sarif", sarifOf("R2"))
	real := f.receive
	busy := *real
	busy.Ledger = full{real.Ledger}
	f.receive = &busy
	f.looks(3)
	if !f.has("a.sarif") || !f.has("b.sarif") {
		t.Fatal("a file was moved while the server was busy")
	}
	f.receive = real
	f.put("stance.yaml", "scope: half\n")
	if err := f.look(t.Context()); err == nil || !strings.Contains(err.Error(), "half") {
		t.Errorf("a wrong description of the folder: %v", err)
	}
	f.put("stance.yaml", "scope: part\n")
	f.looks(2)
	f.applied(2)
}

// TestWatchConfig refuses folders that can't be watched when the node starts.
func TestWatchConfig(t *testing.T) {
	dir, wrong := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(wrong, "stance.yaml"), []byte("tools: [a]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		watch []string
		want  string
	}{
		"missing": {[]string{filepath.Join(dir, "no")}, "make it"},
		"twice":   {[]string{dir, dir}, "each folder once"},
		"wrong":   {[]string{wrong}, "stance.yaml"},
	} {
		n, err := Open(t.Context(), Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Watch: c.watch}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err == nil {
			t.Errorf("%s: no error", name)
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", name, err, c.want)
		}
	}
}
