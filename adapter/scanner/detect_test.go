package scanner

import (
	"archive/zip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

func put(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// token looks like one of GitHub's and opens nothing.
const token = "ghp_" + "a8Kd92mXz71LqWpR5tYvBn3HcJ6sFg4UeQo0"

func TestSecrets(t *testing.T) {
	root, report := t.TempDir(), filepath.Join(t.TempDir(), "r.json")
	put(t, root, map[string]string{
		"app.py":                  "import os\n\nkey = '" + token + "'\n",
		"allowed.py":              "key = '" + token + "' # gitleaks:allow\n",
		"ignored.py":              "key = '" + token + "'\n",
		".gitleaksignore":         "ignored.py:github-pat:1\n",
		"node_modules/x/index.js": "key = '" + token + "'\n",
		"own/data.txt":            "key = '" + token + "'\n",
		"image.bin":               "\x00key = '" + token + "'\n",
	})
	o := sensor.Order{Root: root, Except: []string{filepath.Join(root, "own")}}
	if err := findSecrets(context.Background(), o, report); err != nil {
		t.Fatal(err)
	}
	var got []struct {
		RuleID, File, Secret string
		StartLine            int
	}
	b, err := os.ReadFile(report)
	if err != nil || json.Unmarshal(b, &got) != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if len(got) != 1 || got[0].RuleID != "github-pat" || got[0].File != "app.py" || got[0].StartLine != 3 || got[0].Secret != token {
		t.Errorf("%+v", got)
	}
	info, err := os.Stat(report)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: a report with secrets is private", info.Mode(), err)
	}
}

const lodash = `{"id":"GHSA-test-0001","aliases":["CVE-2099-0001"],"summary":"Flaw",
 "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.19"}]}]}],
 "database_specific":{"severity":"HIGH","cwe_ids":["CWE-1321"]}}`

func TestComponents(t *testing.T) {
	root, osv, report := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "r.json")
	put(t, root, map[string]string{
		"go.mod":               "module x\n\ngo 1.25\n\nrequire example.com/m v1.2.3\n",
		"py/requirements.txt":  "Zope.Interface==5.0\n",
		"js/package-lock.json": `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x"},"node_modules/lodash":{"version":"4.17.15"}}}`,
		"rs/Cargo.lock":        "[[package]]\nname = \"time\"\nversion = \"0.1.40\"\n",
		"bad/composer.lock":    "{",
	})
	put(t, osv, map[string]string{"py.json": `{"id":"PYSEC-1","affected":[{"package":{"ecosystem":"PyPI","name":"zope-interface"},"versions":["5.0"]}]}`,
		"gone.json": `{"id":"PYSEC-2","withdrawn":"2020-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"zope-interface"},"versions":["5.0"]}]}`})
	f, err := os.Create(filepath.Join(osv, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"GHSA-test-0001.json", "again.json"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(lodash)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := findComponents(context.Background(), sensor.Order{Root: root, OSV: osv}, report); err != nil {
		t.Fatal(err)
	}
	var got bom
	b, err := os.ReadFile(report)
	if err != nil || json.Unmarshal(b, &got) != nil {
		t.Fatalf("%v: %s", err, b)
	}
	var purls, flaws []string
	for _, c := range got.Components {
		purls = append(purls, c.PURL)
	}
	for _, v := range got.Vulnerabilities {
		flaws = append(flaws, v.ID+" "+v.Affects[0].Ref+" "+v.Recommendation)
	}
	if d := cmp.Diff([]string{"pkg:golang/example.com/m@v1.2.3", "pkg:golang/stdlib@1.25", "pkg:npm/lodash@4.17.15", "pkg:pypi/zope-interface@5.0", "pkg:cargo/time@0.1.40"}, purls); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"GHSA-test-0001 js/package-lock.json#npm:lodash@4.17.15 Upgrade lodash to version 4.17.19",
		"PYSEC-1 py/requirements.txt#PyPI:Zope.Interface@5.0 "}, flaws); d != "" {
		t.Error(d)
	}
	if len(got.Metadata.Properties) != 1 || !strings.Contains(got.Metadata.Properties[0].Value, "bad/composer.lock") {
		t.Errorf("a lock file that cannot be read is named: %+v", got.Metadata.Properties)
	}
}

// TestRanges evaluates ranges as the OSV schema describes, in versions of
// several ecosystems.
func TestRanges(t *testing.T) {
	events := func(pairs ...string) (out []map[string]string) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, map[string]string{pairs[i]: pairs[i+1]})
		}
		return out
	}
	two := events("introduced", "2.0", "fixed", "2.4", "introduced", "0", "fixed", "1.10")
	for _, c := range []struct {
		ecosystem, version string
		events             []map[string]string
		in                 bool
		fix                string
	}{
		{"npm", "1.9.0", two, true, "1.10"},
		{"npm", "1.10.0", two, false, ""},
		{"npm", "2.3.9", two, true, "2.4"},
		{"npm", "2.4.0", two, false, ""},
		{"npm", "2.4.0-rc.1", events("introduced", "0", "fixed", "2.4.0"), true, "2.4.0"},
		{"npm", "3.0.0", events("introduced", "2.0.0"), true, ""},
		{"npm", "2.0.0", events("introduced", "0", "last_affected", "2.0.0"), true, ""},
		{"npm", "2.0.1", events("introduced", "0", "last_affected", "2.0.0"), false, ""},
		{"npm", "1.2.0", events("introduced", "1.2.0", "last_affected", "1.2.0"), true, ""},
		{"PyPI", "1.0.post1", events("introduced", "1.0", "fixed", "1.1"), true, "1.1"},
		{"PyPI", "1.0a1", events("introduced", "1.0", "fixed", "1.1"), false, ""},
		{"Maven", "1.0-alpha-1", events("introduced", "0", "fixed", "1.0"), true, "1.0"},
		{"NuGet", "1.0.0.2", events("introduced", "0", "fixed", "1.0.0.10"), true, "1.0.0.10"},
		{"unheard of", "1", events("introduced", "0.1"), false, ""},
	} {
		r := osvRange{Type: "ECOSYSTEM", Events: c.events}
		if in, fix := r.holds(pkg{ecosystem: c.ecosystem, version: c.version}); in != c.in || fix != c.fix {
			t.Errorf("%s %s in %v: %v, fixed in %q", c.ecosystem, c.version, c.events, in, fix)
		}
	}
}
