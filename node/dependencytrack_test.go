package node

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// bom is a CycloneDX document with so many components, the first of which are
// vulnerable.
func bom(components, vulnerable int) string {
	var cs, vs []string
	for i := range components {
		cs = append(cs, fmt.Sprintf(`{"type":"library","bom-ref":"c%d","name":"part%d","version":"1.%d","purl":"pkg:npm/part%d@1.%d"}`, i, i, i, i, i))
		if i < vulnerable {
			vs = append(vs, fmt.Sprintf(`{"id":"CVE-2025-%04d","source":{"name":"NVD"},"ratings":[{"severity":"high","method":"CVSSv31","score":7.5}],"cwes":[79],"description":"bad","affects":[{"ref":"c%d"}]}`, i+1, i))
		}
	}
	return `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"tools":[{"name":"cdxgen"}],"component":{"type":"application","name":"x","version":"1"}},"components":[` +
		strings.Join(cs, ",") + `],"vulnerabilities":[` + strings.Join(vs, ",") + `]}`
}

// key makes a request with X-Api-Key and returns status, header and body.
func (w *world) key(method, path, token, kind, body string) (int, http.Header, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("X-API-Key", token)
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
	return resp.StatusCode, resp.Header, string(b)
}

// settle polls a token until the document is processed, as the clients do.
func (w *world) settle(token, answer string) {
	w.Helper()
	var t struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(answer), &t); err != nil || t.Token == "" {
		w.Fatalf("no token in %q", answer)
	}
	for path := range map[string]bool{"/api/v1/bom/token/": true, "/api/v1/event/token/": true} {
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			code, _, text := w.key("GET", path+t.Token, token, "", "")
			if code != http.StatusOK {
				w.Fatalf("%s: %d %s", path, code, text)
			}
			if strings.Contains(text, `"processing":false`) {
				break
			}
			if time.Now().After(end) {
				w.Fatal("the document is never processed")
			}
		}
	}
}

// put is the body that the GitHub action and the Maven plugin PUT.
func put(members map[string]any, document string) string {
	members["bom"] = base64.StdEncoding.EncodeToString([]byte(document))
	b, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestDependencyTrackUpload sends a BOM as the GitHub action does and asks
// back as the Jenkins plugin does.
func TestDependencyTrackUpload(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	code, _, text := w.key("PUT", "/api/v1/bom", token, "application/json", put(map[string]any{"projectName": "Web Shop", "projectVersion": "1.0", "autoCreate": true,
		"projectTags": []map[string]string{{"name": "team-a"}}, "isLatestProjectVersion": "true"}, bom(5, 2)))
	if code != http.StatusOK {
		t.Fatalf("PUT bom: %d %s", code, text)
	}
	w.settle(token, text)
	code, header, text := w.key("GET", "/api/v1/project/lookup?name=Web+Shop&version=1.0", token, "", "")
	var p struct {
		UUID    string
		Name    string
		Version string
		Tags    []struct{ Name string }
		Latest  bool `json:"isLatest"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || code != http.StatusOK || p.Name != "Web Shop" || !p.Latest || len(p.Tags) != 1 {
		t.Fatalf("lookup: %d %s", code, text)
	}
	if !strings.HasPrefix(header.Get("X-Powered-By"), "Dependency-Track v") {
		t.Errorf("X-Powered-By is %q: the Jenkins plugin reads the version there", header.Get("X-Powered-By"))
	}
	var found []struct {
		Component     struct{ Name, PURL string }
		Vulnerability struct {
			VulnID, Source, Severity string
			CWEs                     []struct{ CWEID int }
		}
		Analysis struct{ State string }
		Matrix   string
	}
	_, header, text = w.key("GET", "/api/v1/finding/project/"+p.UUID, token, "", "")
	if err := json.Unmarshal([]byte(text), &found); err != nil || len(found) != 2 || header.Get("X-Total-Count") != "2" {
		t.Fatalf("findings: %v %s", err, text)
	}
	f := found[0]
	if f.Vulnerability.Source != "NVD" || f.Vulnerability.Severity != "HIGH" || f.Analysis.State != "NOT_SET" || !strings.HasPrefix(f.Component.PURL, "pkg:npm/part") || strings.Count(f.Matrix, ":") != 2 || f.Vulnerability.CWEs[0].CWEID != 79 {
		t.Errorf("a finding: %+v", f)
	}
	var m map[string]float64
	_, _, text = w.key("GET", "/api/v1/metrics/project/"+p.UUID+"/current", token, "", "")
	if err := json.Unmarshal([]byte(text), &m); err != nil || m["high"] != 2 || m["components"] != 5 || m["inheritedRiskScore"] != 10 || m["vulnerableComponents"] != 2 {
		t.Errorf("metrics: %v %s", err, text)
	}
	var violations []any
	code, _, text = w.key("GET", "/api/v1/violation/project/"+p.UUID, token, "", "")
	if err := json.Unmarshal([]byte(text), &violations); err != nil || code != http.StatusOK {
		t.Errorf("violations: %d %s", code, text)
	}
	// A later version without the flaws is another ref; as the latest it is
	// what counts from now on.
	_, _, text = w.key("PUT", "/api/v1/bom", token, "application/json", put(map[string]any{"projectName": "Web Shop", "projectVersion": "2.0", "autoCreate": true, "isLatest": true}, bom(5, 1)))
	w.settle(token, text)
	_, _, text = w.key("GET", "/api/v1/finding/project/"+p.UUID, token, "", "")
	if err := json.Unmarshal([]byte(text), &found); err != nil || len(found) != 2 {
		t.Errorf("the old version has %d findings now, want 2 still: %s", len(found), text)
	}
	_, apps := w.do("GET", "/api/v1/applications/web-shop", token, "")
	if !strings.Contains(apps, `"default_ref":"2.0"`) {
		t.Errorf("the latest version does not count: %s", apps)
	}
}

// TestDependencyTrackForm sends the Jenkins plugin's form, whose BOM is a
// field, and a curl form, whose BOM is a file that stands first.
func TestDependencyTrackForm(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	send := func(file bool, names ...string) string {
		t.Helper()
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		var err error
		part, field := io.Writer(nil), func() {
			for i := 0; i+1 < len(names); i += 2 {
				if err := m.WriteField(names[i], names[i+1]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if file {
			part, err = m.CreateFormFile("bom", "bom.json")
		} else {
			part, err = m.CreateFormField("bom")
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, bom(3, 1)); err != nil {
			t.Fatal(err)
		}
		field()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		code, _, text := w.key("POST", "/api/v1/bom", token, m.FormDataContentType(), b.String())
		if code != http.StatusOK {
			t.Fatalf("POST bom: %d %s", code, text)
		}
		w.settle(token, text)
		return text
	}
	code, _, parent := w.key("PUT", "/api/v1/project", token, "application/json", `{"name":"Platform","version":"1","classifier":"APPLICATION","tags":[]}`)
	if code != http.StatusCreated {
		t.Fatalf("PUT project: %d %s", code, parent)
	}
	if code, _, _ := w.key("PUT", "/api/v1/project", token, "application/json", `{"name":"Platform","version":"1"}`); code != http.StatusConflict {
		t.Errorf("the same project again: %d, want 409", code)
	}
	send(false, "projectName", "api", "projectVersion", "7", "autoCreate", "true", "parentName", "Platform", "parentVersion", "1", "isLatest", "true")
	send(true, "autoCreate", "true", "projectName", "web", "projectVersion", "7", "parentName", "Platform", "parentVersion", "1")
	_, apps := w.do("GET", "/api/v1/applications/platform", token, "")
	if !strings.Contains(apps, `"name":"api"`) || !strings.Contains(apps, `"name":"web"`) {
		t.Errorf("both projects should be assets of their parent: %s", apps)
	}
	_, header, text := w.key("GET", "/api/v1/project?limit=500&excludeInactive=true&page=1", token, "", "")
	if header.Get("X-Total-Count") != "3" || strings.Count(text, `"uuid"`) < 3 {
		t.Errorf("projects: %s", text)
	}
	if _, _, text := w.key("GET", "/api/v1/project?limit=500&page=2", token, "", ""); strings.TrimSpace(text) != "[]" {
		t.Errorf("the second page: %s", text)
	}
	if _, _, text := w.key("GET", "/api/v1/team/self", token, "", ""); !strings.Contains(text, "BOM_UPLOAD") || !strings.Contains(text, "VIEW_VULNERABILITY") {
		t.Errorf("team/self: %s", text)
	}
	if code, _, text := w.key("GET", "/api/version", "", "", ""); code != http.StatusOK || !strings.Contains(text, `"version":"4.`) {
		t.Errorf("version: %d %s", code, text)
	}
	var p struct{ UUID string }
	_, _, text = w.key("GET", "/api/v1/project/lookup?"+url.Values{"name": {"api"}, "version": {"7"}}.Encode(), token, "", "")
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if code, _, text := w.key("PATCH", "/api/v1/project/"+p.UUID, token, "application/json", `{"tags":[{"name":"x"}],"description":"d"}`); code != http.StatusOK || !strings.Contains(text, `"description":"d"`) {
		t.Errorf("PATCH: %d %s", code, text)
	}
	if code, _, text := w.key("PUT", "/api/v1/vex", token, "application/json", strings.Replace(put(map[string]any{"project": p.UUID}, bom(1, 1)), `"bom"`, `"vex"`, 1)); code != http.StatusOK {
		t.Errorf("PUT vex: %d %s", code, text)
	} else {
		w.settle(token, text)
	}
}

// TestDependencyTrackRefusals holds the answers to what goes wrong.
func TestDependencyTrackRefusals(t *testing.T) {
	w := newWorld(t)
	token := w.token("import")
	for name, c := range map[string]struct {
		body string
		code int
		want string
	}{
		"no such project": {put(map[string]any{"projectName": "x", "projectVersion": "1"}, bom(1, 0)), 404, "The project could not be found."},
		"unknown uuid":    {put(map[string]any{"project": "01a20ab0-7202-729c-8121-5f2ad40b50b0"}, bom(1, 0)), 404, "The project could not be found."},
		"no parent":       {put(map[string]any{"projectName": "x", "autoCreate": true, "parentName": "nobody"}, bom(1, 0)), 404, "The parent component could not be found."},
		"no base64":       {`{"projectName":"x","autoCreate":true,"bom":"***"}`, 400, "base64"},
		"no bom":          {`{"projectName":"x","autoCreate":true}`, 400, "no bom"},
		"no JSON":         {`once upon a time`, 400, "no JSON"},
		"cut short":       {put(map[string]any{"projectName": "x"}, bom(9, 0))[:200], 400, ""},
		"escaped base64":  {strings.ReplaceAll(put(map[string]any{"projectName": "esc", "autoCreate": "true"}, bom(40, 0)), "/", `\/`), 200, "token"},
		"bom first":       {`{"bom":"` + base64.StdEncoding.EncodeToString([]byte(bom(1, 0))) + "\",\n \"autoCreate\" : true , \"projectName\":\"first\"}", 200, "token"},
	} {
		if code, _, text := w.key("PUT", "/api/v1/bom", token, "application/json", c.body); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want %d with %s", name, code, text, c.code, c.want)
		}
	}
	if _, _, text := w.key("GET", "/api/v1/bom/token/01a20ab0-7202-729c-8121-5f2ad40b50b0", token, "", ""); !strings.Contains(text, `"processing":false`) {
		t.Errorf("an unknown token: %s", text)
	}
}
