package node

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHook takes reports that are signed with the secret of an address, and
// nothing else.
func TestHook(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin", "read")
	if code, body := w.do("POST", "/api/v1/hooks", admin, `{"name":"nightly","fields":{"aplication":"shop"}}`); code != http.StatusUnprocessableEntity || !strings.Contains(body, "aplication") {
		t.Errorf("a wrong field: %d %s", code, body)
	}
	code, answer := w.do("POST", "/api/v1/hooks", admin, `{"name":"nightly","fields":{"application":"shop","asset":"shop/web","asset_kind":"repository"}}`)
	var hook struct{ ID, URL, Secret string }
	if err := json.Unmarshal([]byte(answer), &hook); code != http.StatusCreated || err != nil || hook.Secret == "" {
		t.Fatalf("making a hook: %d %s", code, answer)
	}
	if _, list := w.do("GET", "/api/v1/hooks", admin, ""); !strings.Contains(list, hook.ID) || strings.Contains(list, hook.Secret) {
		t.Errorf("the list is %s", list)
	}
	report := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"tidewatch"}},"results":[{"ruleId":"R1","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.c"},"region":{"startLine":1}}}]}]}]}`
	mac := hmac.New(sha256.New, []byte(hook.Secret))
	mac.Write([]byte(report))
	signed := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	path := "/hooks/" + hook.ID
	for name, header := range map[string][]string{"none": nil, "wrong": {"X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64)}, "a token": {"X-Gitlab-Token", "guess"}} {
		if code, body := w.do("POST", path, "", report, header...); code != http.StatusUnauthorized {
			t.Errorf("signature %s: %d %s", name, code, body)
		}
	}
	if code, _ := w.do("POST", "/hooks/unknown", "", report, "X-Hub-Signature-256", signed); code != http.StatusUnauthorized {
		t.Errorf("an unknown address: %d, want 401", code)
	}
	var first struct{ Reports []string }
	for i := range 2 { // a delivery sent again is the same report
		code, body := w.do("POST", path, "", report, "X-Hub-Signature-256", signed, "X-GitHub-Delivery", "d1")
		var got struct{ Reports []string }
		if err := json.Unmarshal([]byte(body), &got); code != http.StatusAccepted || err != nil || len(got.Reports) != 1 {
			t.Fatalf("delivery %d: %d %s", i, code, body)
		}
		if i > 0 && got.Reports[0] != first.Reports[0] {
			t.Errorf("sent again it is another report")
		}
		first = got
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, body := w.do("GET", "/api/v1/reports/"+first.Reports[0], admin, ""); strings.Contains(body, `"applied"`) {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("never applied: %s", body)
		}
	}
	if code, _ := w.do("DELETE", "/api/v1/hooks/"+hook.ID, admin, ""); code != http.StatusNoContent {
		t.Errorf("removing: %d", code)
	}
	if code, _ := w.do("POST", path, "", report, "X-Hub-Signature-256", signed); code != http.StatusUnauthorized {
		t.Errorf("a removed address: %d, want 401", code)
	}
}
