package node

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tidewatch is a mapping as a user would write it, for a tool nobody knows.
const tidewatch = `name: tidewatch
title: Tidewatch
doc: a test
kind: code
input: json
detect: [{sure: certain, keys: [tidewatch, problems]}]
records: [{path: "problems[]", fields: {check.id: .rule, severity: .level, location.path: .file, location.line: .line}}]
`

// TestOwnMapping reads a report of an unknown tool as soon as someone has
// described it, by the API or in the folder, and not before.
func TestOwnMapping(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin", "import", "read")
	report := `{"tidewatch":1,"problems":[{"rule":"TW1","level":"high","file":"a.c","line":3}]}`
	if got := w.imported(admin, report); got.State != "failed" || !strings.Contains(got.Reason, "format") {
		t.Fatalf("a report nobody knows is %+v", got)
	}
	edit, err := json.Marshal(map[string]string{"source": tidewatch})
	if err != nil {
		t.Fatal(err)
	}
	if code, body := w.do("PUT", "/api/v1/formats/other", admin, string(edit)); code != http.StatusUnprocessableEntity || !strings.Contains(body, "calls itself") {
		t.Errorf("under another name: %d %s", code, body)
	}
	if code, body := w.do("PUT", "/api/v1/formats/tidewatch", admin, `{"source":"name: tidewatch\ninput: jsonn\n"}`); code != http.StatusUnprocessableEntity || !strings.Contains(body, "jsonn") {
		t.Errorf("a broken mapping: %d %s", code, body)
	}
	if code, body := w.do("PUT", "/api/v1/formats/tidewatch", admin, string(edit)); code != http.StatusOK {
		t.Fatalf("the mapping is refused: %d %s", code, body)
	}
	if got := w.imported(admin, strings.Replace(report, "1,", "2,", 1)); got.State != "applied" || got.Format != "tidewatch" || got.Result.New != 1 {
		t.Errorf("the report is %+v", got)
	}
	if code, _ := w.do("DELETE", "/api/v1/formats/tidewatch", admin, ""); code != http.StatusNoContent {
		t.Errorf("removing: %d", code)
	}
	dir := filepath.Join(w.n.cfg.DataDir, "formats")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"tidewatch.yaml": tidewatch, "broken.yaml": "name: [\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.imported(admin, strings.Replace(report, "1,", "3,", 1)); got.State != "applied" || got.Result.Unchanged != 1 {
		t.Errorf("by the mapping in the folder: %+v", got)
	}
	if _, body := w.do("GET", "/api/v1/formats/tidewatch", admin, ""); !strings.Contains(body, `"origin":"folder"`) || !strings.Contains(body, `".rule"`) {
		t.Errorf("the format is shown as %s", body)
	}
}

type importedReport struct {
	ID, State, Reason, Format string
	Result                    struct{ New, Unchanged int }
}

// imported sends a report and waits until it is done.
func (w *world) imported(token, report string) (out importedReport) {
	w.Helper()
	code, body := w.do("POST", "/api/v1/reports?application=shop&asset=repo&asset_kind=repository", token, report, "Content-Type", "application/octet-stream")
	var list struct {
		Items   []importedReport
		Reports []importedReport
		ID      string
	}
	if err := json.Unmarshal([]byte(body), &list); code != http.StatusAccepted || err != nil {
		w.Fatalf("import: %d %s", code, body)
	}
	id := list.ID
	for _, r := range append(list.Items, list.Reports...) {
		id = r.ID
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, body = w.do("GET", "/api/v1/reports/"+id, token, "")
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			w.Fatal(err)
		}
		if out.State == "applied" || out.State == "failed" || out.State == "held" {
			return out
		}
	}
	w.Fatalf("the report is never done: %s", body)
	return out
}
