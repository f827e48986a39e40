package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stance-aspm/stance/face/cli"
)

// object is JSON of a product that people move from.
type object = map[string]any

// paged answers a list as Django REST framework does. The links name a host
// that nobody reaches, as behind a proxy.
func paged(w http.ResponseWriter, r *http.Request, list []object) {
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	from := min(offset, len(list))
	page := list[from:min(from+max(limit, 1), len(list))]
	answer(w, object{"count": len(list), "next": "http://internal.invalid/next", "previous": nil, "results": page})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

// trivyPackages is how many packages the moved test has flaws in: more than
// two pages.
const trivyPackages = 230

// fakeDojo is a DefectDojo with two products. It is busy now and then.
func fakeDojo(t *testing.T) *httptest.Server {
	var trivy []object
	for i := range trivyPackages {
		trivy = append(trivy, object{"id": 1000 + i, "test": 7, "title": fmt.Sprintf("CVE-2024-%04d part%d 1.0.0", i, i), "severity": "High", "description": "Bad.",
			"cwe": 79, "vulnerability_ids": []object{{"vulnerability_id": fmt.Sprintf("CVE-2024-%04d", i)}}, "component_name": fmt.Sprintf("part%d", i), "component_version": "1.0.0",
			"file_path": "package-lock.json", "tags": []string{"npm", "lang-pkgs"}, "active": true, "date": "2026-01-05", "notes": []int{}, "created": "2026-01-05T10:00:00Z",
			"cvssv3": nil, "cvssv3_score": nil, "line": nil, "endpoints": []int{}, "service": nil})
	}
	trivy[0]["false_p"], trivy[0]["active"], trivy[0]["notes"] = true, false, []int{5}
	trivy[0]["last_reviewed"], trivy[0]["last_reviewed_by"] = "2026-01-06T09:00:00Z", 2
	trivy[1]["risk_accepted"], trivy[1]["active"] = true, false
	trivy[2]["risk_accepted"], trivy[2]["active"] = true, false
	trivy[3]["is_mitigated"], trivy[3]["active"], trivy[3]["mitigated"] = true, false, "2026-01-08T00:00:00Z"
	trivy[4]["out_of_scope"], trivy[4]["active"] = true, false
	sast := []object{{"id": 1, "test": 8, "title": "SQL injection", "severity": "Critical", "description": "Built from user text.", "cwe": 89, "file_path": "app/db.py", "line": 20,
		"vuln_id_from_tool": "B608", "static_finding": true, "active": true, "date": "2026-01-04",
		"notes": []object{{"id": 1, "entry": "Look at this first.", "date": "2026-01-05T08:00:00Z", "author": object{"username": "bob"}, "private": false}}}}
	lists := map[string][]object{
		"product_types": {{"id": 1, "name": "Retail"}, {"id": 2, "name": "Payments"}},
		"products": {{"id": 1, "name": "Web Shop", "description": "The shop.", "prod_type": 1, "business_criticality": "very high"},
			{"id": 2, "name": "Ledger", "description": "Books.", "prod_type": 2, "business_criticality": nil}},
		"users": {{"id": 1, "username": "admin"}, {"id": 2, "username": "alice"}},
		"risk_acceptance": {{"id": 1, "name": "Until the rewrite", "accepted_findings": []int{1001}, "decision_details": "No path to it.", "accepted_by": "The CISO", "owner": 2,
			"expiration_date": "2099-01-01T00:00:00Z", "created": "2026-01-07T00:00:00Z"},
			{"id": 2, "name": "Long ago", "accepted_findings": []int{1002}, "decision_details": "Then.", "owner": 2, "expiration_date": "2026-01-20T00:00:00Z", "created": "2026-01-01T00:00:00Z"}},
	}
	engagements := map[string][]object{"1": {{"id": 3, "name": "CI", "branch_tag": "main", "commit_hash": "", "source_code_management_uri": nil}},
		"2": {{"id": 4, "name": "Review", "branch_tag": nil, "source_code_management_uri": "https://git.example.com/books/ledger.git"}}}
	tests := map[string][]object{"3": {{"id": 7, "title": nil, "scan_type": "Trivy Scan", "target_start": "2026-01-05T00:00:00Z", "target_end": "2026-01-05T00:00:00Z", "updated": "2026-01-09T00:00:00Z"}},
		"4": {{"id": 8, "title": "by hand", "scan_type": "Bandit Scan", "target_start": "2026-01-04T00:00:00Z", "target_end": "2026-01-04T00:00:00Z", "updated": "2026-01-04T00:00:00Z"}}}
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token dojo-token" {
			http.Error(w, `{"detail":"Invalid token."}`, http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodGet {
			t.Errorf("migrate wrote there: %s %s", r.Method, r.URL.Path)
		}
		if asked.Add(1)%4 == 0 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, `{"detail":"Request was throttled."}`, http.StatusTooManyRequests)
			return
		}
		q := r.URL.Query()
		switch name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/api/v2/"), "/"); name {
		case "engagements":
			paged(w, r, engagements[q.Get("product")])
		case "tests":
			paged(w, r, tests[q.Get("engagement")])
		case "findings":
			paged(w, r, map[string][]object{"7": trivy, "8": sast}[q.Get("test")])
		case "findings/1000/notes":
			answer(w, object{"finding_id": 1000, "notes": []object{{"id": 5, "entry": "Not in our build.", "date": "2026-01-06T09:00:00Z", "author": object{"username": "alice"}}}})
		default:
			list, ok := lists[name]
			if !ok {
				http.NotFound(w, r)
				return
			}
			paged(w, r, list)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

// listed are findings by status.
func listed(t *testing.T, data string, args ...string) map[string]int {
	t.Helper()
	code, out, errs := run(t, data, append([]string{"findings", "--output", "json", "--limit", "200"}, args...)...)
	if code != 0 {
		t.Fatalf("findings: %d %s", code, errs)
	}
	var l struct {
		Items []struct{ Status, Title string }
		Total struct{ N int }
	}
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		t.Fatal(err)
	}
	n := map[string]int{"": l.Total.N}
	for _, i := range l.Items {
		n[i.Status]++
	}
	return n
}

// TestMigrateDojo moves a DefectDojo, moves it again, and scans on with the
// same tool: what people decided there holds.
func TestMigrateDojo(t *testing.T) {
	srv, data := fakeDojo(t), t.TempDir()
	t.Setenv("STANCE_MIGRATE_TOKEN", "dojo-token")
	code, out, errs := run(t, data, "migrate", "defectdojo", "--url", srv.URL, "--dry-run")
	if code != 0 || !strings.Contains(out, "2 applications, 2 scans (0 done before), 231 findings (1 of them resolved), 4 decisions, 2 notes would be brought over") {
		t.Fatalf("dry run: %d %s %s", code, out, errs)
	}
	if _, err := os.Stat(filepath.Join(data, "stance.db")); err == nil {
		t.Error("a dry run made a record")
	}
	journal := filepath.Join(data, "journal")
	if code, out, errs = run(t, data, "migrate", "defectdojo", "--url", srv.URL, "--journal", journal); code != 0 || !strings.Contains(out, "231 findings are new here") {
		t.Fatalf("migrate: %d %s %s", code, out, errs)
	}
	check := func(when string) {
		t.Helper()
		// One of the two acceptances has ended: its finding is open.
		for status, want := range map[string]int{"open": trivyPackages - 4, "false_positive": 1, "accepted": 1, "not_affected": 1, "resolved": 1} {
			if n := listed(t, data, "--app", "web-shop", "--status", status)[""]; n != want {
				t.Errorf("%s: %d findings are %s, want %d", when, n, status, want)
			}
		}
	}
	check("after the move")
	_, out, _ = run(t, data, "findings", "--app", "web-shop", "--status", "accepted", "--output", "json")
	var l struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(out), &l); err != nil || len(l.Items) != 1 {
		t.Fatalf("%v %s", err, out)
	}
	_, out, _ = run(t, data, "explain", l.Items[0].ID, "--output", "json")
	for _, want := range []string{"The CISO", "No path to it.", "2099-01-01", "2026-01-07"} {
		if !strings.Contains(out, want) {
			t.Errorf("the acceptance lost %q: %s", want, out)
		}
	}
	if n := listed(t, data, "--app", "ledger")["open"]; n != 1 {
		t.Errorf("%d findings of the other product, want 1", n)
	}
	if code, out, errs = run(t, data, "migrate", "defectdojo", "--url", srv.URL); code != 0 || !strings.Contains(out, "0 findings are new here") && !strings.Contains(out, "231 findings are new here") {
		t.Fatalf("again: %d %s %s", code, out, errs)
	}
	check("after moving again")
	if code, out, _ = run(t, data, "migrate", "defectdojo", "--url", srv.URL, "--journal", journal); code != 0 || !strings.Contains(out, "0 scans (2 done before)") {
		t.Errorf("with the journal: %d %s", code, out)
	}
	// The pipeline goes on with Trivy itself.
	report := filepath.Join(data, "trivy.json")
	if err := os.WriteFile(report, []byte(trivyReport()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = run(t, data, "import", "--no-git", "--application", "Web Shop", "--ref", "main", "--category", "CI", "--asset", "Web Shop", "--asset-kind", "repository", report)
	if code != 0 {
		t.Fatalf("import: %d %s", code, errs)
	}
	// Trivy reports what was resolved too: it is open again. Nothing is new.
	for status, want := range map[string]int{"open": trivyPackages - 3, "false_positive": 1, "accepted": 1, "not_affected": 1, "resolved": 0} {
		if n := listed(t, data, "--app", "web-shop", "--status", status)[""]; n != want {
			t.Errorf("after a scan of Trivy's own: %d findings are %s, want %d: %s", n, status, want, out)
		}
	}
}

// trivyReport is what Trivy itself says of the packages that moved.
func trivyReport() string {
	var vs []object
	for i := range trivyPackages {
		vs = append(vs, object{"VulnerabilityID": fmt.Sprintf("CVE-2024-%04d", i), "PkgID": fmt.Sprintf("part%d@1.0.0", i), "PkgName": fmt.Sprintf("part%d", i), "InstalledVersion": "1.0.0",
			"PkgIdentifier": object{"PURL": fmt.Sprintf("pkg:npm/part%d@1.0.0", i)}, "Severity": "HIGH", "Title": "bad", "CweIDs": []string{"CWE-79"}})
	}
	b, err := json.Marshal(object{"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem",
		"Results": []object{{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": vs}}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// fakeTrack is a Dependency-Track with a project in two versions below a
// parent.
func fakeTrack(t *testing.T) *httptest.Server {
	const bomAt = 1767225600000 // 2026-01-01
	projects := []object{{"uuid": "p0", "name": "Platform", "version": "", "active": true},
		{"uuid": "p1", "name": "api", "version": "1.0", "lastBomImport": bomAt, "parent": object{"uuid": "p0"}},
		{"uuid": "p2", "name": "api", "version": "2.0", "lastBomImport": bomAt + 86_400_000, "parent": object{"uuid": "p0"}}}
	one := func(i int, state string, hidden bool) object {
		return object{"component": object{"uuid": fmt.Sprintf("c%d", i), "name": fmt.Sprintf("part%d", i), "version": "1.0.0", "purl": fmt.Sprintf("pkg:npm/part%d@1.0.0", i)},
			"vulnerability": object{"uuid": fmt.Sprintf("v%d", i), "source": "NVD", "vulnId": fmt.Sprintf("CVE-2024-%04d", i), "severity": "HIGH", "description": "Bad.", "cwes": []object{{"cweId": 79, "name": "XSS"}},
				"aliases": []object{{"cveId": fmt.Sprintf("CVE-2024-%04d", i), "ghsaId": fmt.Sprintf("GHSA-aaaa-bbbb-%04d", i)}}, "cvssV3BaseScore": 7.5, "epssScore": 0.01},
			"analysis": object{"state": state, "isSuppressed": hidden}, "attribution": object{"attributedOn": bomAt, "analyzerIdentity": "INTERNAL_ANALYZER"}, "matrix": "m"}
	}
	found := map[string][]object{"p1": {one(1, "NOT_AFFECTED", true), one(2, "", false), one(3, "IN_TRIAGE", true)}, "p2": {one(2, "", false)}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "odt_token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodGet {
			t.Errorf("migrate wrote there: %s %s", r.Method, r.URL.Path)
		}
		path, q := r.URL.Path, r.URL.Query()
		switch {
		case path == "/api/v1/project":
			if q.Get("pageNumber") != "1" {
				answer(w, []object{})
				return
			}
			answer(w, projects)
		case strings.HasPrefix(path, "/api/v1/finding/project/"):
			answer(w, found[filepath.Base(path)]) // not paged, whatever is asked
		case strings.HasPrefix(path, "/api/v1/violation/project/"):
			answer(w, []object{{"uuid": "x"}})
		case strings.HasPrefix(path, "/api/v1/bom/cyclonedx/project/"):
			fmt.Fprint(w, `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"tools":[{"vendor":"OWASP","name":"Dependency-Track"}]},"components":[{"type":"library","bom-ref":"a","name":"part1","version":"1.0.0","purl":"pkg:npm/part1@1.0.0"},{"type":"library","bom-ref":"b","name":"part2","version":"1.0.0","purl":"pkg:npm/part2@1.0.0"}]}`)
		case path == "/api/v1/analysis" && q.Get("component") == "c1":
			answer(w, object{"analysisState": "NOT_AFFECTED", "analysisJustification": "CODE_NOT_REACHABLE", "analysisDetails": "Only used in tests.", "isSuppressed": true,
				"analysisComments": []object{{"timestamp": bomAt + 1000, "comment": "NOT_SET → NOT_AFFECTED", "commenter": "carol"}}})
		case path == "/api/v1/analysis":
			answer(w, object{"analysisState": "IN_TRIAGE", "isSuppressed": true, "analysisComments": []object{}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

// TestMigrateDependencyTrack moves a Dependency-Track, twice.
func TestMigrateDependencyTrack(t *testing.T) {
	srv, data := fakeTrack(t), t.TempDir()
	for i := range 2 {
		code, out, errs := run(t, data, "migrate", "dependency-track", "--url", srv.URL, "--token", "odt_token")
		if code != 0 || !strings.Contains(out, "1 applications, 2 scans (0 done before), 4 findings (0 of them resolved), 2 decisions, 1 notes") {
			t.Fatalf("run %d: %d %s %s", i, code, out, errs)
		}
		if !strings.Contains(errs, "1 policy violations are not brought over") {
			t.Errorf("run %d says nothing of the violations: %s", i, errs)
		}
		for status, want := range map[string]int{"open": 1, "not_affected": 1, "accepted": 1} {
			if n := listed(t, data, "--app", "platform", "--status", status)[""]; n != want {
				t.Errorf("run %d: %d findings are %s, want %d", i, n, status, want)
			}
		}
	}
}

// TestMigrateRefusals holds what is said when it can't begin.
func TestMigrateRefusals(t *testing.T) {
	srv := fakeDojo(t)
	t.Setenv("STANCE_MIGRATE_TOKEN", "")
	if code, _, errs := run(t, t.TempDir(), "migrate", "defectdojo", "--url", srv.URL); code != cli.ExitUsage || !strings.Contains(errs, "STANCE_MIGRATE_TOKEN") {
		t.Errorf("no token: %d %s", code, errs)
	}
	code, _, errs := run(t, t.TempDir(), "migrate", "defectdojo", "--url", srv.URL, "--token", "secret-and-wrong")
	if code != cli.ExitUndecided || !strings.Contains(errs, "401") || strings.Contains(errs, "secret-and-wrong") {
		t.Errorf("a wrong token: %d %s", code, errs)
	}
	if code, out, _ := run(t, t.TempDir(), "migrate", "defectdojo", "--help"); code != 0 || strings.Contains(out, "secret") {
		t.Errorf("help: %d %s", code, out)
	}
}
