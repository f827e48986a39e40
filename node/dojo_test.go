package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// field is a part of a form, in the order in which a client sends it.
type field struct{ name, value string }

// form sends a multipart form with a token as DefectDojo's clients do. A field
// named "file" becomes the file's part, with the name and type given.
func (w *world) form(path, token, file, kind string, fields ...field) (int, map[string]any, string) {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f.name == "file" {
			h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, file)}, "Content-Type": {kind}, "Expires": {"0"}}
			part, err = m.CreatePart(h)
		} else {
			part, err = m.CreateFormField(f.name)
		}
		if err != nil {
			w.Fatal(err)
		}
		if _, err := io.WriteString(part, f.value); err != nil {
			w.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		w.Fatal(err)
	}
	return w.ask(http.MethodPost, path, token, m.FormDataContentType(), b.String())
}

// ask makes a request with "Authorization: Token …" and reads a JSON object.
func (w *world) ask(method, path, token, kind, body string) (int, map[string]any, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Authorization", "Token "+token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
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
	out := map[string]any{}
	if json.Unmarshal(b, &out) != nil {
		out = nil
	}
	return resp.StatusCode, out, string(b)
}

// at walks into an answer: at(o, "statistics", "after", "high", "active").
func at(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

// leaks writes a gitleaks report with so many secrets.
func leaks(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"Description":"Key","StartLine":%d,"EndLine":%d,"StartColumn":1,"EndColumn":40,"Match":"key = q9w8e7r6t5z4u3i2o%dp0","Secret":"q9w8e7r6t5z4u3i2o%dp0","File":"app/f%d.py","SymlinkFile":"","Commit":"","Entropy":4.1,"Author":"","Email":"","Date":"","Message":"","Tags":[],"RuleID":"generic-api-key","Fingerprint":"app/f%d.py:generic-api-key:%d"}`, i+1, i+1, i, i, i, i, i+1))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// TestDojoImport sends what curl -F sends from a pipeline that creates its
// context, then re-imports by names and by the test's id.
func TestDojoImport(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	by := []field{{"scan_type", "Gitleaks Scan"}, {"product_type_name", "Retail"}, {"product_name", "Web Shop"}, {"engagement_name", "CI"}, {"auto_create_context", "true"},
		{"minimum_severity", "Info"}, {"active", "true"}, {"verified", "false"}, {"tags", "nightly,secrets"}, {"branch_tag", "main"}, {"commit_hash", "abc123"}}
	code, first, text := w.form("/api/v2/import-scan/", token, "gitleaks.json", "application/octet-stream", append(by, field{"close_old_findings", "true"}, field{"file", leaks(3)})...)
	if code != http.StatusCreated {
		t.Fatalf("import: %d %s", code, text)
	}
	for name, want := range map[string]any{"product_id": 1.0, "product_type_id": 1.0, "engagement_id": 1.0, "test_id": 1.0, "test": 1.0, "scan_type": "Gitleaks Scan", "active": true, "deduplication_complete": true} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	if n := at(first, "statistics", "after", "total", "active"); n != 3.0 {
		t.Errorf("after the import %v are active, want 3: %s", n, text)
	}
	if at(first, "statistics", "before") != nil {
		t.Error("an import has no before")
	}
	// The file may stand before the fields that say what it is.
	again := append([]field{{"file", leaks(2)}}, by...)
	code, second, text := w.form("/api/v2/reimport-scan/", token, "gitleaks.json", "application/json", again...)
	if code != http.StatusCreated || second["test_id"] != first["test_id"] {
		t.Fatalf("re-import by names: %d %s", code, text)
	}
	for _, want := range []struct {
		n    float64
		path []string
	}{{3, []string{"before", "total", "active"}}, {2, []string{"after", "total", "active"}}, {1, []string{"after", "total", "is_mitigated"}},
		{1, []string{"delta", "closed", "total", "total"}}, {0, []string{"delta", "created", "total", "total"}}, {2, []string{"delta", "left untouched", "total", "active"}}} {
		if got := at(second["statistics"], want.path...); got != want.n {
			t.Errorf("statistics %v: %v, want %v", want.path, got, want.n)
		}
	}
	// dd-import re-imports by the id it looked up.
	code, third, text := w.form("/api/v2/reimport-scan/", token, "gitleaks.json", "application/json", field{"scan_date", "2026-01-02"}, field{"scan_type", "Gitleaks Scan"},
		field{"test", "1"}, field{"active", "True"}, field{"verified", "True"}, field{"push_to_jira", "False"}, field{"close_old_findings", "True"}, field{"file", leaks(3)})
	if code != http.StatusCreated || third["product_id"] != 1.0 {
		t.Fatalf("re-import by id: %d %s", code, text)
	}
	_, apps := w.do("GET", "/api/v1/applications/web-shop", token, "")
	if !strings.Contains(apps, `"unit":"Retail"`) || !strings.Contains(apps, `"category":"CI"`) || !strings.Contains(apps, `"ref":"main"`) {
		t.Errorf("the application: %s", apps)
	}
	_, l, text := w.ask("GET", "/api/v2/findings/?test=1&limit=2", token, "", "")
	if l["count"] != 3.0 || len(l["results"].([]any)) != 2 || l["next"] == nil {
		t.Fatalf("findings: %s", text)
	}
	next, err := url.Parse(l["next"].(string))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, text := w.ask("GET", next.RequestURI(), token, "", "")
	if len(rest["results"].([]any)) != 1 || rest["previous"] == nil {
		t.Errorf("the second page: %s", text)
	}
	_, one, text := w.ask("GET", fmt.Sprintf("/api/v2/findings/%v/", at(rest["results"].([]any)[0], "id")), token, "", "")
	if one["severity"] == nil || one["file_path"] == "" || one["active"] != true && one["is_mitigated"] != true {
		t.Errorf("one finding: %s", text)
	}
}

// TestDojoUnchangedScan re-imports the same bytes: nothing changes, and the
// statistics still tell what is there.
func TestDojoUnchangedScan(t *testing.T) {
	w := newWorld(t)
	token := w.token("import")
	fields := []field{{"scan_type", "Gitleaks Scan"}, {"product_name", "Shop"}, {"engagement_name", "CI"}, {"auto_create_context", "on"}, {"minimum_severity", "Low"}, {"file", leaks(2)}}
	for i := range 2 {
		code, out, text := w.form("/api/v2/reimport-scan/", token, "r.json", "application/json", fields...)
		if code != http.StatusCreated || at(out, "statistics", "after", "total", "active") != 2.0 {
			t.Fatalf("scan %d: %d %s", i, code, text)
		}
		if i == 1 && (at(out, "statistics", "delta", "left untouched", "total", "active") != 2.0 || at(out, "statistics", "delta", "created", "total", "total") != 0.0) {
			t.Errorf("the delta of an unchanged scan: %s", text)
		}
	}
}

// TestDojoKeepsTestsApart is what people fear of moving: two tests of one
// scan type in a product must not close each other's findings.
func TestDojoKeepsTestsApart(t *testing.T) {
	w := newWorld(t)
	token := w.token("import")
	send := func(title, report string) map[string]any {
		code, out, text := w.form("/api/v2/reimport-scan/", token, "r.json", "application/json", field{"scan_type", "Gitleaks Scan"}, field{"product_name", "Shop"},
			field{"engagement_name", "CI"}, field{"auto_create_context", "true"}, field{"test_title", title}, field{"file", report})
		if code != http.StatusCreated {
			t.Fatalf("%s: %d %s", title, code, text)
		}
		return out
	}
	front := send("frontend", leaks(3))
	back := send("backend", strings.ReplaceAll(leaks(2), "app/f", "srv/g"))
	if front["test_id"] == back["test_id"] {
		t.Error("two titles are one test")
	}
	if n := at(send("frontend", leaks(3)), "statistics", "after", "total", "active"); n != 3.0 {
		t.Errorf("the other test closed findings: %v are active, want 3", n)
	}
}

// TestDojoClients walks through what dd-import and the Jenkins plugin ask for
// before they upload.
func TestDojoClients(t *testing.T) {
	w := newWorld(t)
	token := w.token("import")
	post := func(path, body string) map[string]any {
		code, out, text := w.ask("POST", path, token, "application/json", body)
		if code != http.StatusCreated {
			t.Fatalf("POST %s: %d %s", path, code, text)
		}
		return out
	}
	find := func(path string) map[string]any {
		code, out, text := w.ask("GET", path, token, "", "")
		if code != http.StatusOK {
			t.Fatalf("GET %s: %d %s", path, code, text)
		}
		list, ok := out["results"].([]any)
		if !ok || len(list) == 0 {
			return nil
		}
		return list[0].(map[string]any)
	}
	if find("/api/v2/product_types/?name=Retail") != nil {
		t.Error("a product type before there is one")
	}
	unit := post("/api/v2/product_types/", `{"name":"Retail"}`)
	if got := find("/api/v2/product_types/?name=Retail"); got["id"] != unit["id"] {
		t.Errorf("product type: %v, want %v", got, unit)
	}
	product := post("/api/v2/products/", fmt.Sprintf(`{"name":"Shop","description":"Shop","prod_type":%v}`, unit["id"]))
	if got := find("/api/v2/products?name_exact=Shop"); got["id"] != product["id"] || got["prod_type"] != unit["id"] {
		t.Errorf("product: %v, want %v", got, product)
	}
	engagement := post("/api/v2/engagements/", fmt.Sprintf(`{"name":"Jenkins","product":"%v","target_start":"2026-01-01","target_end":"2026-02-01","engagement_type":"Interactive","status":"In Progress","deduplication_on_engagement":"true"}`, product["id"]))
	id := fmt.Sprint(engagement["id"])
	if got := find("/api/v2/engagements/?name=Jenkins&product=" + fmt.Sprint(product["id"])); fmt.Sprint(got["id"]) != id {
		t.Errorf("engagement: %v", got)
	}
	code, changed, text := w.ask("PATCH", "/api/v2/engagements/"+id+"/", token, "application/json", `{"build_id":"7","commit_hash":"abc","branch_tag":"main"}`)
	if code != http.StatusOK || changed["branch_tag"] != "main" || changed["build_id"] != "7" {
		t.Errorf("PATCH engagement: %d %s", code, text)
	}
	typ := find("/api/v2/test_types/?name=Gitleaks+Scan")
	test := post("/api/v2/tests/", fmt.Sprintf(`{"title":"secrets","engagement":%s,"target_start":"2026-01-01T00:00:00","target_end":"2999-12-31T00:00:00","test_type":%v}`, id, typ["id"]))
	if got := find("/api/v2/tests/?title=secrets&engagement=" + id); got["id"] != test["id"] || got["scan_type"] != "Gitleaks Scan" {
		t.Errorf("test: %v", got)
	}
	// The Jenkins plugin's own form: an empty environment, a name with a blank.
	code, out, text := w.form("/api/v2/reimport-scan/", token, "leaks.json", "application/octet-stream", field{"scan_type", "Gitleaks Scan"}, field{"engagement", id}, field{"product_id", fmt.Sprint(product["id"])},
		field{"do_not_reactivate", "true"}, field{"active ", "false"}, field{"environment", ""}, field{"minimum_severity", "Low"}, field{"test", fmt.Sprint(test["id"])}, field{"file", leaks(1)})
	if code != http.StatusCreated || out["test_id"] != test["id"] {
		t.Errorf("the plugin's upload: %d %s", code, text)
	}
	if code, _, text := w.ask("GET", "/api/v2/test_types?limit=500&offset=500", token, "", ""); code != http.StatusOK || !strings.Contains(text, `"results":[]`) {
		t.Errorf("the plugin's last page: %d %s", code, text)
	}
	_, me, text := w.ask("GET", "/api/v2/user_profile/", token, "", "")
	if at(me, "user", "username") != "import" {
		t.Errorf("user_profile: %s", text)
	}
}

// TestDojoRefusals holds the shapes of what goes wrong.
func TestDojoRefusals(t *testing.T) {
	w := newWorld(t)
	token := w.token("import")
	good := map[string]string{"scan_type": "Gitleaks Scan", "product_name": "Shop", "engagement_name": "CI", "auto_create_context": "true", "file": leaks(1)}
	for name, c := range map[string]struct {
		set  map[string]string
		path string
		code int
		want string
	}{
		"no scan type":      {map[string]string{"scan_type": ""}, "import-scan", 400, `"scan_type":["This field is required."]`},
		"unknown scan type": {map[string]string{"scan_type": "Nothing Scan"}, "import-scan", 400, `"scan_type":["\"Nothing Scan\" is not a valid choice."]`},
		"bad boolean":       {map[string]string{"active": "perhaps"}, "import-scan", 400, `"active":["Must be a valid boolean."]`},
		"bad severity":      {map[string]string{"minimum_severity": "Awful"}, "import-scan", 400, `"minimum_severity":["\"Awful\" is not a valid choice."]`},
		"bad date":          {map[string]string{"scan_date": "yesterday"}, "import-scan", 400, `"scan_date":["Date has wrong format.`},
		"future":            {map[string]string{"scan_date": "2999-01-01"}, "import-scan", 400, `"scan_date":["The scan_date cannot be in the future!"]`},
		"no file":           {map[string]string{"file": ""}, "import-scan", 400, `Uploading a Report File is required`},
		"unknown id":        {map[string]string{"engagement": "77"}, "import-scan", 400, `"engagement":["Invalid pk \"77\" - object does not exist."]`},
		"no context":        {map[string]string{"auto_create_context": "false", "product_name": "Nowhere"}, "import-scan", 400, `["Product 'Nowhere' doesn't exist"]`},
		"no names":          {map[string]string{"product_name": ""}, "import-scan", 400, `["Need engagement_id or product_name`},
		"no test":           {map[string]string{"auto_create_context": "", "product_name": "Other"}, "reimport-scan", 400, `["Product 'Other' doesn't exist"]`},
		"unreadable":        {map[string]string{"file": "once upon a time"}, "import-scan", 400, `"file":["not read as Gitleaks Scan`},
	} {
		t.Run(name, func(t *testing.T) {
			values := maps.Clone(good)
			maps.Copy(values, c.set)
			var fields []field
			for _, k := range slices.Sorted(maps.Keys(values)) {
				if k != "file" || values[k] != "" {
					fields = append(fields, field{k, values[k]})
				}
			}
			if code, _, text := w.form("/api/v2/"+c.path+"/", token, "r.json", "application/json", fields...); code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("%d %s, want %d with %s", code, text, c.code, c.want)
			}
		})
	}
	if code, out, text := w.ask("POST", "/api/v2/import-scan/", token, "application/json", `{}`); code != http.StatusUnsupportedMediaType || out["detail"] == nil {
		t.Errorf("JSON to import-scan: %d %s", code, text)
	}
	if code, out, text := w.ask("GET", "/api/v2/nothing/", token, "", ""); code != http.StatusNotFound || out["detail"] != "Not found." {
		t.Errorf("an unknown path: %d %s", code, text)
	}
}

// TestEveryDoorIsGuarded asks each door without a token, with a wrong one and
// without its scope.
func TestEveryDoorIsGuarded(t *testing.T) {
	w := newWorld(t)
	nothing := w.token("gate")
	doors := w.n.doors()
	for _, d := range doors {
		method, path, _ := strings.Cut(d.Pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "1", "{uuid}", "01a20ab0-7202-729c-8121-5f2ad40b50b0", "{token}", "01a20ab0-7202-729c-8121-5f2ad40b50b0").Replace(path)
		if slices.Contains(d.Scopes, "public") {
			continue
		}
		for name, token := range map[string]string{"no": "", "a wrong": "stance_wrong"} {
			if code, _ := w.do(method, path, token, ""); code != http.StatusUnauthorized {
				t.Errorf("%s with %s token: %d, want 401", d.Pattern, name, code)
			}
		}
		if slices.Contains(d.Scopes, "any") {
			continue
		}
		if code, _ := w.do(method, path, nothing, ""); code != http.StatusForbidden {
			t.Errorf("%s without its scope: %d, want 403", d.Pattern, code)
		}
	}
	if len(doors) < 40 {
		t.Errorf("%d doors: is the list whole?", len(doors))
	}
}
