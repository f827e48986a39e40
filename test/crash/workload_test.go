package crash

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/pack/demo"
)

// firstScan is when the first scan of the workload was made: long ago, so that no
// clock finds it absurd.
var firstScan = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// workload is a fixed sequence of reports in lanes that know nothing of each
// other: what one lane does gives the same whatever the others do meanwhile.
// It is long enough that every round finds work.
func workload(t *testing.T, rounds int) [][]step {
	t.Helper()
	lanes := [][]step{samples(t, "flask-shop"), branches(t)}
	for n, size := range []int{2000, 3000} {
		var lane []step
		for g := range max(3, rounds/6) {
			lane = append(lane, generated(n, g, size))
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

// firstReport is small and has a secret in it, so that all keys are needed.
func firstReport() step {
	b := []byte(`[{"RuleID":"generic-api-key","Description":"Generic API Key","StartLine":3,"EndLine":3,"Match":"key = \"9f3c71d2b86a4e05\"","Secret":"9f3c71d2b86a4e05","File":"deploy/settings.ini","Entropy":3.9}]`)
	return upload("first", b, 1, "applied", "application", "first", "scanned_at", at(0))
}

// upload makes a step; the words after the state are pairs of the query.
func upload(key string, body []byte, count int, state string, pairs ...string) step {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	sum := sha256.Sum256(body)
	return step{key: key, query: q, body: body, digest: hex.EncodeToString(sum[:]), count: count, state: state}
}

// at is the time of a scan, some hours after the first.
func at(hours int) string {
	return firstScan.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
}

// samples is the life of one application: an archive with the reports of all
// tools, a second version, a scan of a part, the same bytes twice, a report
// that is no report, one that is suddenly empty and its confirmation.
func samples(t *testing.T, sample string) []step {
	t.Helper()
	app := []string{"application", sample, "asset", "example/" + sample}
	with := func(pairs ...string) []string { return append(append([]string{}, app...), pairs...) }
	v1 := files(t, sample+"/v1")
	out := []step{upload(sample+" v1.zip", archive(t, v1), 1, "applied", with("ref", "main", "scanned_at", at(1), "name", "v1.zip")...)}
	for _, f := range files(t, sample+"/v2") {
		pairs := with("ref", "main", "scanned_at", at(2), "name", f.name)
		if strings.HasSuffix(f.name, "-changed.json") {
			pairs = with("ref", "main", "scanned_at", at(3), "name", f.name, "scope", "part")
		}
		out = append(out, upload(sample+" v2 "+f.name, f.body, 1, "applied", pairs...))
		if f.name == "gitleaks.json" {
			out = append(out, upload(sample+" again "+f.name, f.body, 1, "applied", pairs...))
		}
	}
	empty := sample + " empty"
	none, err := json.Marshal(document("bandit", "1.7", []any{}, []any{}))
	if err != nil {
		t.Fatal(err)
	}
	return append(out,
		upload(sample+" torn", []byte(`{"version": "2.1.0", "runs": [{"tool`), 1, "failed", with("ref", "main", "scanned_at", at(4), "format", "sarif")...),
		upload(empty, none, 1, "held", with("ref", "main", "scanned_at", at(5), "name", "bandit.sarif", "tool", "bandit")...),
		step{key: empty + " confirmed", of: empty},
		upload(sample+" empty on a branch", none, 1, "applied", with("ref", "quiet", "scanned_at", at(6), "tool", "bandit")...),
	)
}

// branches sends the same tools for two branches and older scans after newer
// ones, and other kinds of findings.
func branches(t *testing.T) []step {
	t.Helper()
	var out []step
	for _, b := range []struct {
		dir, ref string
		hour     int
	}{
		{"py-mobile/main", "main", 10}, {"py-mobile/feature", "feature", 11},
		{"tf-platform/v2", "main", 13}, {"tf-platform/v1", "main", 12},
		{"go-ledger/v1", "main", 14}, {"go-ledger/v2", "main", 15},
	} {
		app, _, _ := strings.Cut(b.dir, "/")
		for _, f := range files(t, b.dir) {
			out = append(out, upload(b.dir+" "+f.name, f.body, 1, "", "application", app, "asset", "example/"+app, "ref", b.ref, "scanned_at", at(b.hour), "name", f.name))
		}
	}
	return out
}

type file struct {
	name string
	body []byte
}

// files reads the demonstration's reports of one sample.
func files(t *testing.T, dir string) []file {
	t.Helper()
	dir = "report/" + dir
	list, err := fs.ReadDir(demo.Files(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []file
	for _, e := range list {
		b, err := fs.ReadFile(demo.Files(), dir+"/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file{e.Name(), b})
	}
	return out
}

func archive(t *testing.T, list []file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range list {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = w.Write(f.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type object = map[string]any

// generated is the g-th scan of an application by one of two tools, of which
// the second sees a part of what the first sees. From scan to scan places come, go, return and move.
func generated(app, g, size int) step {
	tool, turn := []string{"alder", "birch"}[g%2], g/2
	rules := make([]any, 40)
	for i := range rules {
		rules[i] = object{
			"id": fmt.Sprintf("%s-%d-%03d", tool, app, i), "shortDescription": object{"text": fmt.Sprintf("Invented check %d", i)},
			"defaultConfiguration": object{"level": []string{"error", "warning", "note"}[i%3]},
			"properties":           object{"tags": []string{fmt.Sprintf("external/cwe/cwe-%d", []int{22, 78, 79, 89, 327, 502, 798, 918}[i%8])}},
		}
	}
	results := []any{}
	for i := range size {
		if chance(app, turn, i, "absent", 20) || tool == "birch" && i%3 != 0 {
			continue
		}
		line := 10 + i/211*15
		if chance(app, turn, i/50, "shifted", 10) {
			line += 2
		}
		code := fmt.Sprintf("value%d := transform(input%d, %d)", i, i%17, app)
		if chance(app, turn, i, "edited", 40) {
			code += fmt.Sprintf(" // %d", turn)
		}
		results = append(results, object{
			"ruleIndex": i % 40, "ruleId": fmt.Sprintf("%s-%d-%03d", tool, app, i%40), "message": object{"text": fmt.Sprintf("Input %d reaches place %d.", i%17, i)},
			"locations": []any{object{"physicalLocation": object{
				"artifactLocation": object{"uri": fmt.Sprintf("src/part%02d/file%03d.go", i%211%20, i%211)},
				"region":           object{"startLine": line, "snippet": object{"text": code}},
			}}},
		})
		if i%997 == 0 { // a record that can't be read
			results = append(results, object{"ruleId": "odd", "message": object{"text": "odd"}, "locations": "nowhere"})
		}
	}
	b, err := json.Marshal(document(tool, "1.0", rules, results))
	if err != nil {
		panic(err) // maps of strings and numbers always encode
	}
	name := fmt.Sprintf("generated-%d", app)
	return upload(fmt.Sprintf("%s %d", name, g), b, 1, "", "application", name, "asset", "example/"+name, "ref", "main", "scanned_at", at(20+g), "name", tool+".sarif")
}

// chance tells by a hash whether something happens, one time in n.
func chance(app, turn, i int, what string, n uint32) bool {
	h := fnv.New32a()
	fmt.Fprint(h, app, turn, i, what)
	return h.Sum32()%n == 0
}

// document is a SARIF document with one run.
func document(tool, version string, rules, results []any) object {
	return object{"version": "2.1.0", "runs": []any{object{
		"tool": object{"driver": object{"name": tool, "version": version, "rules": rules}}, "results": results,
	}}}
}
