package node

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
)

// describe keeps a mapping.
func (w *world) describe(token, name, source string) {
	w.Helper()
	edit, err := json.Marshal(map[string]string{"source": source})
	if err != nil {
		w.Fatal(err)
	}
	if code, body := w.do("PUT", "/api/v1/formats/"+name, token, string(edit)); code != http.StatusOK {
		w.Fatalf("the mapping is refused: %d %s", code, body)
	}
}

// replay decodes a report again and waits until that is done.
func (w *world) replay(token, id string) httpapi.Report {
	w.Helper()
	if code, body := w.do("POST", "/api/v1/reports/"+id+"/replay", token, ""); code != http.StatusAccepted {
		w.Fatalf("replay: %d %s", code, body)
	}
	return w.done(token, id)
}

// done follows a report to its end.
func (w *world) done(token, id string) (r httpapi.Report) {
	w.Helper()
	_, events := w.do("GET", "/api/v1/reports/"+id+"/events", token, "")
	_, last, ok := strings.Cut(events, "event: done\ndata: ")
	if !ok {
		w.Fatalf("the report is never done: %s", events)
	}
	if err := json.Unmarshal([]byte(last), &r); err != nil {
		w.Fatal(err)
	}
	return r
}

// quarantine lists what could not be read.
func (w *world) quarantine(token string, query ...string) httpapi.UnreadList {
	w.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	code, body := w.do("GET", "/api/v1/quarantine?"+q.Encode(), token, "")
	var l httpapi.UnreadList
	if err := json.Unmarshal([]byte(body), &l); err != nil || code != http.StatusOK {
		w.Fatalf("quarantine: %d %v %s", code, err, body)
	}
	return l
}

// stillOpen lists the places of open findings.
func (w *world) stillOpen(token string) map[string]bool {
	w.Helper()
	_, body := w.do("GET", "/api/v1/findings?limit=200&status=open", token, "")
	var l httpapi.FindingList
	if err := json.Unmarshal([]byte(body), &l); err != nil {
		w.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range l.Items {
		out[f.Place+" "+f.ID] = true
	}
	return out
}

func tidings(lines ...string) string {
	return `{"tidewatch":1,"problems":[` + strings.Join(lines, ",") + `]}`
}

// TestReplayUnknown: a report that nobody could read is listed with its
// beginning, without secrets, and is applied once someone has described it.
func TestReplayUnknown(t *testing.T) {
	w := newWorld(t)
	admin, importer := w.token("admin"), w.token("import", "read")
	r := w.imported(importer, tidings(`{"rule":"TW1","level":"high","file":"a.c","line":3,"note":"AKIA9Q8W7E6R5T4Z3U2I"}`))
	if r.State != "failed" {
		t.Fatalf("a report nobody knows is %+v", r)
	}
	l := w.quarantine(importer, "kind", "report", "format", "none", "application", "shop")
	if len(l.Items) != 1 || l.Items[0].Report != r.ID || l.Items[0].Reason == "" || !strings.Contains(l.Items[0].Raw, `"tidewatch"`) || strings.Contains(l.Items[0].Raw, "9Q8W7E6R5T4Z") {
		t.Fatalf("in quarantine: %+v", l)
	}
	for _, other := range [][]string{{"kind", "record"}, {"format", "tidewatch"}, {"application", "else"}} {
		if l := w.quarantine(importer, other...); len(l.Items) != 0 {
			t.Errorf("%v lists %+v", other, l)
		}
	}
	if again := w.replay(importer, r.ID); again.State != "failed" || again.Reason != r.Reason {
		t.Errorf("replayed without a mapping: %+v", again)
	}
	before, _ := w.n.db.Report(t.Context(), tenant.Default, r.ID)
	w.describe(admin, "tidewatch", tidewatch)
	again := w.replay(importer, r.ID)
	if again.State != "applied" || again.Format != "tidewatch" || again.Result.New != 1 || again.ScannedAt == nil || again.ScannedAt.Sub(before.Received).Abs() > 1e6 {
		t.Errorf("replayed with a mapping: %+v, received %s", again, before.Received)
	}
	if l := w.quarantine(importer); len(l.Items) != 0 {
		t.Errorf("still in quarantine: %+v", l)
	}
}

// TestReplayRecords: records that a mapping could not read become findings
// when a better one can, and those that it read stay the same findings. A
// worse one changes nothing but the reason, and a third reading changes
// nothing at all.
func TestReplayRecords(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin")
	w.describe(admin, "tidewatch", tidewatch)
	full := tidings(`{"rule":"TW1","level":"high","file":"a.c","line":3}`, `{"ruleId":"TW2","level":"high","file":"b.c","line":4}`, `{"ruleId":"TW3","level":"low","file":"c.c","line":5}`)
	r := w.imported(admin, full)
	if r.State != "applied" || r.Result.New != 1 {
		t.Fatalf("imported as %+v", r)
	}
	var positions []int
	var cursor string
	for range 2 {
		l := w.quarantine(admin, "kind", "record", "format", "tidewatch", "limit", "1", "cursor", cursor)
		if len(l.Items) != 1 || l.Items[0].Parts != 2 || !strings.Contains(l.Items[0].Raw, `"ruleId"`) {
			t.Fatalf("in quarantine: %+v", l)
		}
		positions, cursor = append(positions, l.Items[0].Record), l.NextCursor
	}
	if positions[0] >= positions[1] || cursor != "" {
		t.Errorf("pages give records %v and go on at %q", positions, cursor)
	}
	if l := w.quarantine(admin, "first", "true"); len(l.Items) != 1 {
		t.Errorf("first of each report: %+v", l)
	}
	first := w.stillOpen(admin)

	w.describe(admin, "tidewatch", strings.Replace(tidewatch, "problems[]", "nothing[]", 1))
	if bad := w.replay(admin, r.ID); bad.State != "applied" || !strings.Contains(bad.Reason, "decoded again without success") || bad.Result.New != 1 {
		t.Errorf("replayed with a mapping that reads nothing: %+v", bad)
	}
	if l := w.quarantine(admin); len(l.Items) != 2 {
		t.Errorf("%d records in quarantine after that, want 2", len(l.Items))
	}

	w.describe(admin, "tidewatch", strings.Replace(tidewatch, "check.id: .rule", `check.id: ".rule // .ruleId"`, 1))
	again := w.replay(admin, r.ID)
	if again.State != "applied" || again.Reason != "" || again.Result.New != 2 || again.Result.Unchanged != 1 || again.Result.Quarantined != 0 {
		t.Errorf("replayed with a better mapping: %+v", again)
	}
	if l := w.quarantine(admin); len(l.Items) != 0 {
		t.Errorf("still in quarantine: %+v", l)
	}
	second := w.stillOpen(admin)
	for f := range first {
		if !second[f] {
			t.Errorf("%s is another finding now", f)
		}
	}
	if len(second) != 3 {
		t.Errorf("%d findings open, want 3", len(second))
	}

	rows := w.rows()
	if third := w.replay(admin, r.ID); third.State != "applied" || third.Result.New != 0 || third.Result.Unchanged != 3 || third.Result.Changed != 0 {
		t.Errorf("replayed once more: %+v", third)
	}
	if now := w.rows(); !maps.Equal(rows, now) {
		t.Errorf("rows %v, were %v", now, rows)
	}
}

// rows counts what the record holds.
func (w *world) rows() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, table := range []string{"scan", "series", "finding", "sighting", "event", "flaw", "chunk", "report", "quarantine"} {
		var n int
		if err := w.n.db.Writer().QueryRowContext(w.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			w.Fatal(err)
		}
		out[table] = n
	}
	return out
}

// TestReplayedOldReport: a report that is decoded again after newer ones says
// what was so then, not what is so now.
func TestReplayedOldReport(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin")
	w.describe(admin, "tidewatch", tidewatch)
	old := w.imported(admin, tidings(`{"rule":"TW1","level":"high","file":"a.c","line":3}`, `{"ruleId":"TW2","level":"high","file":"b.c","line":4}`))
	if r := w.imported(admin, tidings(`{"rule":"TW5","level":"high","file":"e.c","line":9}`)); r.State != "applied" {
		t.Fatalf("the newer report: %+v", r)
	}
	now := w.stillOpen(admin)
	w.describe(admin, "tidewatch", strings.Replace(tidewatch, "check.id: .rule", `check.id: ".rule // .ruleId"`, 1))
	if r := w.replay(admin, old.ID); r.State != "applied" || r.Result.Quarantined != 0 {
		t.Errorf("replayed: %+v", r)
	}
	if after := w.stillOpen(admin); !maps.Equal(now, after) {
		t.Errorf("open are %v, were %v", after, now)
	}
	if n := w.rows()["finding"]; n != 3 {
		t.Errorf("%d findings, want the old report's two and the newer one's", n)
	}
}

// TestReplayRefused: what can't be replayed is said, and nobody replays
// another tenant's.
func TestReplayRefused(t *testing.T) {
	w := newWorld(t)
	importer := w.token("import", "read")
	first := w.imported(importer, gitleaks)
	_, body := w.do("POST", "/api/v1/reports?application=shop&asset=repo&asset_kind=repository", importer, gitleaks)
	var l httpapi.ReportList
	if err := json.Unmarshal([]byte(body), &l); err != nil || len(l.Items) != 1 || l.Items[0].DuplicateOf != first.ID {
		t.Fatalf("sent twice: %s", body)
	}
	for id, want := range map[string]int{l.Items[0].ID: http.StatusUnprocessableEntity, newID(): http.StatusNotFound} {
		if code, body := w.do("POST", "/api/v1/reports/"+id+"/replay", importer, ""); code != want {
			t.Errorf("replay of %s: %d %s, want %d", id, code, body, want)
		}
	}
	if code, _ := w.do("POST", "/api/v1/reports/"+first.ID+"/replay", w.token("read"), ""); code != http.StatusForbidden {
		t.Errorf("a reader replays: %d", code)
	}
	if err := w.n.db.Replay(t.Context(), tenant.ID(2), first.ID); err == nil {
		t.Error("another tenant replays the report")
	}
	if code, body := w.do("GET", "/api/v1/quarantine?cursor=x", importer, ""); code != http.StatusUnprocessableEntity {
		t.Errorf("a cursor that is none: %d %s", code, body)
	}
}
