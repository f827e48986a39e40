package node

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// world is a node behind a test server.
type world struct {
	*testing.T
	n   *Node
	srv *httptest.Server
}

func newWorld(t *testing.T) *world { return worldOf(t, Config{}) }

// worldOf starts a node of a configuration, in a folder of its own.
func worldOf(t *testing.T, cfg Config) *world {
	t.Helper()
	cfg.DataDir, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	n, err := Open(t.Context(), cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &world{t, n, httptest.NewServer(n.Handler())}
	t.Cleanup(func() {
		w.srv.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// token makes an API token with scopes.
func (w *world) token(scopes ...string) string {
	w.Helper()
	secret, err := newSecret("stance_")
	if err != nil {
		w.Fatal(err)
	}
	row := sqlite.TokenRow{ID: newID(), Name: strings.Join(scopes, " "), Scopes: scopes, Created: now(), Expires: now().Add(time.Hour)}
	if err := w.n.db.AddToken(w.Context(), tenant.Default, secret, "test", row); err != nil {
		w.Fatal(err)
	}
	return secret
}

// do makes a request and returns the status and body.
func (w *world) do(method, path, token, body string, header ...string) (int, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestEveryRouteIsGuarded walks the API document: no operation but signing in
// answers a caller without credentials, with wrong ones, or without its scope.
func TestEveryRouteIsGuarded(t *testing.T) {
	w := newWorld(t)
	doc, err := httpapi.OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(doc, &api); err != nil {
		t.Fatal(err)
	}
	nothing := w.token("gate") // may ask the gate and who it is, nothing else
	operations := 0
	for path, methods := range api.Paths {
		for method, op := range methods {
			operations++
			url := strings.NewReplacer("{name}", "tidewatch", "{id}", "01a20ab0-7202-729c-8121-5f2ad40b50b0", "{key}", "shop").Replace(path)
			if op.ID == "sign-in" {
				continue
			}
			for name, token := range map[string]string{"no": "", "a wrong": "stance_wrong"} {
				if code, _ := w.do(strings.ToUpper(method), url, token, ""); code != http.StatusUnauthorized {
					t.Errorf("%s with %s token: %d, want 401", op.ID, name, code)
				}
			}
			if op.ID == "gate" || op.ID == "me" || op.ID == "sign-out" {
				continue
			}
			if code, _ := w.do(strings.ToUpper(method), url, nothing, ""); code != http.StatusForbidden {
				t.Errorf("%s without its scope: %d, want 403", op.ID, code)
			}
		}
	}
	if operations < 25 {
		t.Errorf("the document has %d operations: is it whole?", operations)
	}
}

func TestForeignRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin")
	if code, _ := w.do("GET", "/api/v1/me", admin, "", "Host", "evil.example"); code != http.StatusMisdirectedRequest {
		t.Errorf("a foreign host name: %d, want 421", code)
	}
	if code, _ := w.do("POST", "/api/v1/session/link", admin, "", "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("a cross-site write: %d, want 403", code)
	}
}

func TestSignInWorksOnce(t *testing.T) {
	w := newWorld(t)
	link, err := w.n.SignInLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(link, "#")
	body := `{"code":"` + code + `"}`
	resp, err := http.Post(w.srv.URL+"/api/v1/session", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("status %d, cookies %v", resp.StatusCode, cookies)
	}
	if code, _ := w.do("GET", "/api/v1/me", "", "", "Cookie", cookies[0].Name+"="+cookies[0].Value); code != http.StatusOK {
		t.Errorf("the session does not work: %d", code)
	}
	if code, _ := w.do("POST", "/api/v1/session", "", body); code != http.StatusUnauthorized {
		t.Errorf("the link worked twice: %d", code)
	}
}

const gitleaks = `[{"Description":"Key","StartLine":3,"EndLine":3,"StartColumn":1,"EndColumn":40,"Match":"key = q9w8e7r6t5z4u3i2o1p0","Secret":"q9w8e7r6t5z4u3i2o1p0","File":"app/settings.py","SymlinkFile":"","Commit":"","Entropy":4.1,"Author":"","Email":"","Date":"","Message":"","Tags":[],"RuleID":"generic-api-key","Fingerprint":"app/settings.py:generic-api-key:3"}]`

// TestReportOverTheWire sends a report as a pipeline does and reads back what
// became of it. The secret in it stands nowhere in clear but in the raw
// report.
func TestReportOverTheWire(t *testing.T) {
	w := newWorld(t)
	importer, reader := w.token("import"), w.token("read")
	send := func(key string) httpapi.Report {
		code, body := w.do("POST", "/api/v1/reports?application=Shop&ref=main&name=gitleaks.json", importer, gitleaks, "Idempotency-Key", key)
		if code != http.StatusAccepted {
			t.Fatalf("%d: %s", code, body)
		}
		var l httpapi.ReportList
		if err := json.Unmarshal([]byte(body), &l); err != nil {
			t.Fatal(err)
		}
		return l.Items[0]
	}
	r := send("one")
	if again := send("one"); again.ID != r.ID {
		t.Errorf("the same key made another report: %s, %s", again.ID, r.ID)
	}
	code, events := w.do("GET", "/api/v1/reports/"+r.ID+"/events", reader, "")
	if code != http.StatusOK || !strings.Contains(events, "event: done") {
		t.Fatalf("events: %d %s", code, events)
	}
	if dup := send("two"); dup.DuplicateOf != r.ID {
		t.Errorf("the same bytes for the same target are report %s, duplicate of %q", dup.ID, dup.DuplicateOf)
	}
	code, list := w.do("GET", "/api/v1/findings?application=shop", reader, "")
	var l httpapi.FindingList
	if err := json.Unmarshal([]byte(list), &l); err != nil || code != http.StatusOK || len(l.Items) != 1 {
		t.Fatalf("findings: %d %v %s", code, err, list)
	}
	_, detail := w.do("GET", "/api/v1/findings/"+l.Items[0].ID, reader, "")
	if strings.Contains(detail, "q9w8e7r6t5z4u3i2o1p0") || !strings.Contains(detail, "q9w8****p0") {
		t.Errorf("the secret is not masked: %s", detail)
	}
	if code, _ := w.do("GET", "/api/v1/reports/"+r.ID+"/raw", reader, ""); code != http.StatusForbidden {
		t.Errorf("a reader gets the raw report: %d", code)
	}
	if _, raw := w.do("GET", "/api/v1/reports/"+r.ID+"/raw", w.token("admin"), ""); raw != gitleaks {
		t.Errorf("the raw report came back changed: %s", raw)
	}
}

func TestBadUploads(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	for name, c := range map[string]struct {
		query, body string
		code        int
		state       string
	}{
		"empty":          {"", "", http.StatusUnprocessableEntity, ""},
		"unknown":        {"", "once upon a time", http.StatusAccepted, "failed"},
		"truncated":      {"", gitleaks[:len(gitleaks)/2], http.StatusAccepted, "failed"},
		"unknown format": {"?format=nonsense", gitleaks, http.StatusAccepted, "failed"},
		"absurd time":    {"?scanned_at=0001-01-01T00:00:00Z", gitleaks, http.StatusUnprocessableEntity, ""},
		"nesting bomb":   {"?format=sarif", `{"runs":` + strings.Repeat("[", 100_000), http.StatusAccepted, "failed"},
		"broken gzip":    {"", "\x1f\x8b\x08garbage", http.StatusAccepted, "failed"},
	} {
		code, body := w.do("POST", "/api/v1/reports"+c.query, token, c.body)
		if code != c.code {
			t.Errorf("%s: %d %s, want %d", name, code, body, c.code)
			continue
		}
		if c.state == "" {
			continue
		}
		var l httpapi.ReportList
		if err := json.Unmarshal([]byte(body), &l); err != nil {
			t.Fatal(err)
		}
		_, events := w.do("GET", "/api/v1/reports/"+l.Items[0].ID+"/events", token, "")
		if !strings.Contains(events, `"state":"`+c.state+`"`) || !strings.Contains(events, `"reason":"`) {
			t.Errorf("%s: %s", name, events)
		}
	}
	if code, _ := w.do("GET", "/readyz", "", ""); code != http.StatusOK {
		t.Errorf("the server is not ready any more: %d", code)
	}
}

func TestOneProcessPerFolder(t *testing.T) {
	w := newWorld(t)
	_, err := Open(t.Context(), Config{DataDir: w.n.cfg.DataDir, Listen: "127.0.0.1:0"}, slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	if err == nil || !strings.Contains(err.Error(), "in use by another") {
		t.Errorf("a second process opened the folder: %v", err)
	}
}

// TestAssign moves an asset through the API: the gate of the application it
// comes to sees its findings at once, that of the one it leaves no more.
func TestAssign(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin", "read", "import", "gate")
	report := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"alpha"}},"versionControlProvenance":[{"repositoryUri":"https://git.test/acme/shop","branch":"main"}],"results":[
		{"ruleId":"sqli","level":"error","message":{"text":"x"},"properties":{"security-severity":"9.8"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.go"},"region":{"startLine":3}}}]}]}]}`
	if _, err := w.n.Import(t.Context(), tenant.Default, receive.Submission{Name: "a.sarif"}, strings.NewReader(report)); err != nil {
		t.Fatal(err)
	}
	if code, body := w.do("PUT", "/api/v1/applications/shop", admin, `{"name":"Shop","context":{"criticality":"unknown","exposure":"unknown","environment":"unknown","data_classes":[]}}`); code != http.StatusOK {
		t.Fatalf("make the application: %d %s", code, body)
	}
	policies, err := json.Marshal(map[string]string{"source": "policy: none\nversion: 1\nstages: [build]\nrules:\n  - name: no-findings\n    when: finding.score >= 0.0\n    action: block\n"})
	if err != nil {
		t.Fatal(err)
	}
	if code, body := w.do("PUT", "/api/v1/policies", admin, string(policies)); code != http.StatusOK {
		t.Fatalf("set policies: %d %s", code, body)
	}
	blocked := func(application string) bool {
		t.Helper()
		code, body := w.do("POST", "/api/v1/gate", admin, `{"application":"`+application+`","stage":"build"}`)
		var v struct {
			Outcome string `json:"outcome"`
		}
		if err := json.Unmarshal([]byte(body), &v); err != nil || code != http.StatusOK {
			t.Fatalf("gate of %s: %d %s (%v)", application, code, body, err)
		}
		return v.Outcome == "block"
	}
	if !blocked("unassigned") || blocked("shop") {
		t.Fatal("before: want the application 'unassigned' blocked alone")
	}
	_, body := w.do("GET", "/api/v1/applications/unassigned", admin, "")
	var d httpapi.ApplicationDetail
	if err := json.Unmarshal([]byte(body), &d); err != nil || len(d.AssetList) != 1 {
		t.Fatalf("unassigned: %s (%v)", body, err)
	}
	if code, _ := w.do("PUT", "/api/v1/assets/"+d.AssetList[0].ID+"/application", w.token("read"), `{"application":"shop"}`); code != http.StatusForbidden {
		t.Errorf("without the scope: %d, want 403", code)
	}
	if code, body := w.do("PUT", "/api/v1/assets/"+d.AssetList[0].ID+"/application", admin, `{"application":"shop"}`); code != http.StatusOK || !strings.Contains(body, "git.test/acme/shop") {
		t.Fatalf("assign: %d %s", code, body)
	}
	if blocked("unassigned") || !blocked("shop") {
		t.Error("after: want the application 'shop' blocked alone")
	}
}

// TestAssetRules sets rules through the API: they place what the sender does
// not, and only that.
func TestAssetRules(t *testing.T) {
	w := newWorld(t)
	admin := w.token("admin", "read")
	set := func(source string) (int, string) {
		t.Helper()
		b, err := json.Marshal(httpapi.AssetRulesEdit{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		return w.do("PUT", "/api/v1/asset-rules", admin, string(b))
	}
	if code, body := set("rules:\n  - name: a\n    when: toll == 'x'\n    asset: x\n"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "asset-rules.yaml:3:11") {
		t.Errorf("rules that are wrong: %d %s, want 422 with the place", code, body)
	}
	if code, body := set("rules:\n  - name: mono\n    when: target.repository.endsWith('acme/mono')\n    application: \"{{file.split('/')[0]}}\"\n    asset: mono/{{file.split('/')[0]}}\n    ref: main\n"); code != http.StatusOK || !strings.Contains(body, `"rules":1`) {
		t.Fatalf("set rules: %d %s", code, body)
	}
	if _, body := w.do("GET", "/api/v1/asset-rules", admin, ""); !strings.Contains(body, "name: mono") {
		t.Errorf("rules in force: %s", body)
	}
	report := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"alpha"}},"versionControlProvenance":[{"repositoryUri":"https://git.test/acme/mono","branch":"trunk"}],"results":[]}]}`
	for _, c := range []struct {
		sub                     receive.Submission
		application, asset, ref string
	}{
		{receive.Submission{Name: "till/a.sarif"}, "till", "mono/till", "main"},
		{receive.Submission{Name: "shop/a.sarif", Ref: "next", Asset: "shop"}, "shop", "shop", "next"},
		{receive.Submission{Name: "shop/a.sarif", Application: "bank"}, "bank", "mono/shop", "main"},
	} {
		rs, err := w.n.Import(t.Context(), tenant.Default, c.sub, strings.NewReader(report))
		if err != nil {
			t.Fatal(err)
		}
		if r := rs[0]; r.Application != c.application || r.Asset != c.asset || r.Ref != c.ref {
			t.Errorf("%+v: in %s at %s on %s, want %s, %s, %s (%s)", c.sub, r.Application, r.Asset, r.Ref, c.application, c.asset, c.ref, r.Reason)
		}
	}
}

// TestPullRequest uploads the scan of a pull request and asks what it brings.
func TestPullRequest(t *testing.T) {
	w := newWorld(t)
	token := w.token("read", "import", "gate")
	send := func(query, checks string) {
		t.Helper()
		results := ""
		for _, c := range strings.Fields(checks) {
			results += `,{"ruleId":"` + c + `","message":{"text":"` + c + `"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"` + c + `.go"},"region":{"startLine":3}}}]}`
		}
		report := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"alpha"}},"results":[` + strings.TrimPrefix(results, ",") + `]}]}`
		code, body := w.do("POST", "/api/v1/reports?application=shop&"+query, token, report)
		var l httpapi.ReportList
		if err := json.Unmarshal([]byte(body), &l); err != nil || code != http.StatusAccepted {
			t.Fatalf("import: %d %s (%v)", code, body, err)
		}
		if code, body := w.do("GET", "/api/v1/reports/"+l.Items[0].ID+"/events", token, ""); code != http.StatusOK || !strings.Contains(body, "event: done") {
			t.Fatalf("follow: %d %s", code, body)
		}
	}
	send("ref=main", "a b")
	send("pull_request=7", "a c")
	code, body := w.do("GET", "/api/v1/applications/shop/diff?ref=refs/pull/7", token, "")
	var d httpapi.Diff
	if err := json.Unmarshal([]byte(body), &d); err != nil || code != http.StatusOK {
		t.Fatalf("diff: %d %s (%v)", code, body, err)
	}
	if len(d.New) != 1 || d.New[0].Title != "c" || len(d.Gone) != 1 || d.Gone[0].Title != "b" || d.Same != 1 || len(d.Unscanned) != 0 {
		t.Errorf("diff: %s, want c new, b gone, one the same", body)
	}
	for _, query := range []string{"pull_request=x", "pull_request=0", "pull_request=7&ref=main"} {
		if code, body := w.do("POST", "/api/v1/reports?application=shop&"+query, token, "{}"); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s, want 422", query, code, body)
		}
	}
	if code, _ := w.do("GET", "/api/v1/applications/shop/diff?ref=refs/pull/8", token, ""); code != http.StatusUnprocessableEntity {
		t.Errorf("a pull request without scans: %d, want 422", code)
	}
}
