package node

import (
	"strings"
	"testing"
	"time"
)

// TestReportTakesTooLong: a report beyond its time is failed with the reason,
// the next goes on, and with more time it can be replayed.
func TestReportTakesTooLong(t *testing.T) {
	slow := true
	dir := t.TempDir()
	w := still(t, Config{DataDir: dir, Workers: 1, ReportTime: 300 * time.Millisecond, At: func(b Boundary, _ string) {
		if b == AfterDetect && slow { // one worker: no two calls at a time
			slow = false
			time.Sleep(600 * time.Millisecond) // the time itself is what is tested
		}
	}})
	token := w.token("import", "read")
	w.start()
	first, second := w.accepted(w.offer(token, secret(1))), w.accepted(w.offer(token, secret(2)))
	if r := w.done(token, first); r.State != "failed" || !strings.Contains(r.Reason, "not applied within 300ms") {
		t.Errorf("the slow report is %s (%s)", r.State, r.Reason)
	}
	if r := w.done(token, second); r.State != "applied" {
		t.Errorf("the next report is %s (%s)", r.State, r.Reason)
	}
	if r := w.replay(token, first); r.State != "applied" {
		t.Errorf("replayed, the report is %s (%s)", r.State, r.Reason)
	}
}
