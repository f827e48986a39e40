package crash

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/node"
)

// boundaryWork is a short life with everything in it: new series, matched
// ones, unreadable records, an inventory, a report that is no report, a held
// one and its confirmation.
func boundaryWork(t *testing.T) [][]step {
	t.Helper()
	app := []string{"application", "bound", "asset", "example/bound", "ref", "main"}
	bom := []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [{"type": "library", "bom-ref": "a", "name": "left", "version": "1.0", "purl": "pkg:npm/left@1.0"}, {"type": "library", "bom-ref": "b", "name": "right", "version": "2.0", "purl": "pkg:npm/right@2.0"}], "dependencies": [{"ref": "a", "dependsOn": ["b"]}]}`)
	lane := samples(t, "flask-shop")
	lane = append(lane, upload("bound bom", bom, 1, "applied", append(app, "scanned_at", at(30), "name", "bom.json")...))
	for g := range 3 {
		lane = append(lane, generated(9, g, 900))
	}
	return [][]step{lane}
}

// TestDeathAtEveryBoundary lets a server die at each boundary between two
// steps, once as soon as it is reached and once later, and compares what is
// there in the end with a run in which nobody died.
func TestDeathAtEveryBoundary(t *testing.T) {
	r := dice(t)
	ctx := deadline(t, 100)
	lanes := boundaryWork(t)
	calm := t.TempDir()
	first := newSender(startWith(ctx, t, calm, func() *process { return child(t, calm) }), lanes)
	first.release(first.total)
	first.run(ctx, t)
	want := settle(ctx, t, first)
	if t.Failed() {
		t.Fatal("the undisturbed run is not in order: there is nothing to compare with")
	}
	counts := readCounts(t, calm)
	for _, b := range []node.Boundary{node.BeforeBytes, node.AfterBytes, node.AfterCommit} {
		counts[b] /= 2 // once more when settle repeated every request
	}
	for _, b := range node.Boundaries() {
		if counts[b] == 0 {
			t.Errorf("the workload never comes %s: the test proves nothing of it", b)
			continue
		}
		moments := []int{1}
		if counts[b] > 1 && !testing.Short() {
			moments = append(moments, 2+r.IntN(counts[b]-1))
		}
		for _, nth := range moments {
			t.Run(fmt.Sprintf("%s, time %d of %d", b, nth, counts[b]), func(t *testing.T) {
				dieAt(ctx, t, calm, lanes, b, nth, want)
			})
		}
	}
}

func readCounts(t *testing.T, dir string) map[node.Boundary]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, countsFile))
	if err != nil {
		t.Fatal(err)
	}
	out := map[node.Boundary]int{}
	for line := range strings.Lines(string(b)) {
		var n int
		if _, err := fmt.Sscan(line, &n); err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[node.Boundary(name)] = n
	}
	return out
}

// dieAt does the same work once more with a death at a boundary.
func dieAt(ctx context.Context, t *testing.T, calm string, lanes [][]step, b node.Boundary, nth int, want state) {
	dir := sameKeys(t, calm)
	calmly := func() *process { return child(t, dir) }
	s := newSender(startWith(ctx, t, dir, func() *process {
		return child(t, dir, "-child.at="+string(b), fmt.Sprintf("-child.nth=%d", nth))
	}), lanes)
	s.release(s.total)
	sent := s.begin(ctx, t)
	if !s.srv.died(over(ctx, s, sent)) {
		t.Fatalf("everything is done and the server never came %s for the %d. time", b, nth)
	}
	s.srv.revive(ctx, calmly)
	<-sent
	if t.Failed() {
		return
	}
	compare(t, want, settle(ctx, t, s))
}

// sameKeys returns a new data folder with the keys of another: secrets are
// known by a hash under the folder's own key.
func sameKeys(t *testing.T, as string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "keys"), os.DirFS(filepath.Join(as, "keys"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// compare tells in which parts two runs differ.
func compare(t *testing.T, want, got state) {
	t.Helper()
	for _, part := range want.parts() {
		lost, extra := apart(want[part], got[part])
		if len(lost)+len(extra) > 0 {
			t.Errorf("%s: the disturbed run lacks %d lines of the undisturbed one and has %d others\n-%s\n+%s", part, len(lost), len(extra),
				strings.Join(lost[:min(len(lost), 3)], "\n-"), strings.Join(extra[:min(len(extra), 3)], "\n+"))
		}
	}
}

// TestAReportThatKills sends a report over which the server dies each time,
// among others: after three deaths it is set aside with its reason, and the
// others are applied.
func TestAReportThatKills(t *testing.T) {
	ctx := deadline(t, 10)
	dir := t.TempDir()
	var lane []step
	for i := range 4 {
		lane = append(lane, upload(fmt.Sprint("good ", i), firstReport().body, 1, "applied", "application", "kill", "asset", fmt.Sprint(i), "scanned_at", at(1), "name", fmt.Sprintf("good-%d.json", i)))
	}
	bad := upload("bad", firstReport().body, 1, "failed", "application", "kill", "asset", "bad", "scanned_at", at(1), "name", "bad.json")
	for _, at := range []node.Boundary{node.AfterWork, node.BeforeEnd} {
		t.Run(string(at), func(t *testing.T) {
			dir := filepath.Join(dir, string(at))
			flags := []string{"-child.workers=2", "-child.at=" + string(at), "-child.report=bad.json"}
			if at == node.BeforeEnd { // the transaction doesn't know the file's name: it dies over whatever it writes
				flags, lane = append(flags[:2], "-child.nth=1"), nil
			}
			deadly := func() *process { return child(t, dir, flags...) }
			s := newSender(startWith(ctx, t, dir, deadly), [][]step{append([]step{bad}, lane...)})
			s.release(s.total)
			sent := s.begin(ctx, t)
			deaths := 0
			done := over(ctx, s, sent)
			for s.srv.died(done) {
				deaths += 1 + s.srv.revive(ctx, deadly)
			}
			if deaths != 3 {
				t.Errorf("the server died %d times, want 3", deaths)
			}
			list, err := s.reports(ctx)
			if err != nil {
				t.Fatal(err)
			}
			id := s.promised()["bad"][0]
			if r := list[id]; r.State != "failed" || !strings.Contains(r.Reason, "died 3 times") {
				t.Errorf("the report is %s: %q", r.State, r.Reason)
			}
			for other, r := range list {
				if other != id && r.State != "applied" {
					t.Errorf("%s is %s: %q", r.Name, r.State, r.Reason)
				}
			}
			s.srv.stop()
		})
	}
}

// over is closed when everything is sent and every report is done.
func over(ctx context.Context, s *sender, sent <-chan struct{}) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		defer close(out)
		<-sent
		for ctx.Err() == nil {
			if list, err := s.reports(ctx); err != nil || allFinished(list) {
				return
			}
			pause(ctx)
		}
	}()
	return out
}

func allFinished(list map[string]httpapi.Report) bool {
	for _, r := range list {
		if !finished(r.State) {
			return false
		}
	}
	return true
}
