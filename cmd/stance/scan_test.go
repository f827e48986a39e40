package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/stance-aspm/stance/face/cli"
)

// leak looks like a token of GitHub's and opens nothing.
const leak = "ghp_" + "a8Kd92mXz71LqWpR5tYvBn3HcJ6sFg4UeQo0"

func files(t *testing.T, root string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, data string) (titles []string) {
	t.Helper()
	code, out, errs := run(t, data, "findings", "--output", "json")
	var list struct{ Items []struct{ Title string } }
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil {
		t.Fatalf("%d %v %s%s", code, err, out, errs)
	}
	for _, i := range list.Items {
		titles = append(titles, i.Title)
	}
	slices.Sort(titles)
	return titles
}

// TestScanBare scans with nothing installed: the detectors inside find the
// token and the component, the gate blocks, and the token is shown nowhere.
func TestScanBare(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	data, tree, osv := t.TempDir(), t.TempDir(), t.TempDir()
	files(t, tree, map[string]string{
		"app.py":            "key = '" + leak + "'\n",
		"package-lock.json": `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x"},"node_modules/lodash":{"version":"4.17.15"}}}`,
	})
	files(t, osv, map[string]string{"a.json": `{"id":"GHSA-test-0001","summary":"Flaw in lodash","affected":[{"package":{"ecosystem":"npm","name":"lodash"},` +
		`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.19"}]}]}],"database_specific":{"severity":"HIGH"}}`})
	code, out, errs := run(t, data, "scan", tree, "--osv", osv, "--no-git", "--application", "shop", "--gate")
	if code != cli.ExitBlock || !strings.Contains(out, "BLOCKED") {
		t.Errorf("scan: %d %s%s", code, out, errs)
	}
	if strings.Contains(out+errs, leak) {
		t.Errorf("the token is printed: %s%s", out, errs)
	}
	if got := open(t, data); len(got) != 2 || !slices.Contains(got, "Flaw in lodash") {
		t.Errorf("findings: %q", got)
	}
	// The same engine decides without a server's record.
	if code, out, errs = run(t, t.TempDir(), "scan", tree, "--no-git", "--gate", "--no-import"); code != cli.ExitBlock {
		t.Errorf("--no-import --gate: %d %s%s", code, out, errs)
	}
	// Fixed and scanned again: an empty report is held until someone confirms.
	files(t, tree, map[string]string{"app.py": "key = None\n"})
	code, out, errs = run(t, data, "scan", tree, "--osv", osv, "--no-git", "--application", "shop")
	if code != cli.ExitOK || !strings.Contains(out, "held") || len(open(t, data)) != 2 {
		t.Errorf("second scan: %d %s%s", code, out, errs)
	}
}

// TestScanFailing: a scanner that fails closes nothing and is told of; only
// --strict makes it an error.
func TestScanFailing(t *testing.T) {
	bin, data, tree := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	files(t, tree, map[string]string{"a.py": "eval(input())\nassert True\n"})
	result := func(line, rule string) string {
		return `{"code":"x","col_offset":0,"end_col_offset":1,"filename":"./a.py","issue_confidence":"HIGH","issue_cwe":{"id":78,"link":""},"issue_severity":"MEDIUM","issue_text":"` + rule +
			`","line_number":` + line + `,"line_range":[` + line + `],"more_info":"","test_id":"` + rule + `","test_name":"x"}`
	}
	bandit := func(code, results string) {
		report := `{"errors":[],"generated_at":"2026-01-31T12:00:00Z","metrics":{},"results":[` + results + `]}`
		files(t, bin, map[string]string{"bandit": "#!/bin/sh\nfor a; do out=$a; done\ncat > \"$out\" <<'E'\n" + report + "\nE\nexit " + code + "\n"})
	}
	scan := func(extra ...string) (int, string) {
		code, out, errs := run(t, data, append([]string{"scan", tree, "--no-git", "--application", "shop", "--skip", "stance-secrets"}, extra...)...)
		return code, out + errs
	}
	only := func(name string) []string { return []string{"--only", name} }
	bandit("1", result("1", "B307")+","+result("2", "B101"))
	if code, said := scan(only("bandit")...); code != cli.ExitOK || len(open(t, data)) != 2 {
		t.Fatalf("%d %s: %q", code, said, open(t, data))
	}
	bandit("2", result("1", "B307"))
	code, said := scan(append(only("bandit"), "--strict")...)
	if code != cli.ExitUndecided || !strings.Contains(said, "bandit: failed") || len(open(t, data)) != 2 {
		t.Errorf("failed half way: %d %s: %q", code, said, open(t, data))
	}
	bandit("0", result("1", "B307"))
	if code, said = scan(only("bandit")...); code != cli.ExitOK || len(open(t, data)) != 1 {
		t.Errorf("a whole scan closes: %d %s: %q", code, said, open(t, data))
	}
	files(t, tree, map[string]string{"go.mod": "module x\n"})
	files(t, bin, map[string]string{"osv-scanner": "#!/bin/sh\nexit 127\n"})
	if code, said = scan("--only", "bandit,osv-scanner"); code != cli.ExitOK || !strings.Contains(said, "osv-scanner: failed") {
		t.Errorf("one of two failed: %d %s", code, said)
	}
	if code, said = scan("--only", "bandit,osv-scanner", "--strict"); code != cli.ExitUndecided || !strings.Contains(said, "--strict") {
		t.Errorf("one of two failed, strictly: %d %s", code, said)
	}
}

func TestScanUsage(t *testing.T) {
	tree, data := t.TempDir(), t.TempDir()
	for says, args := range map[string][]string{
		"no scanner is called": {"--only", "nobody"},
		"no such folder":       {"--osv", filepath.Join(tree, "nowhere")},
		"more than nothing":    {"--timeout", "0s"},
	} {
		code, out, errs := run(t, data, append([]string{"scan", tree}, args...)...)
		if code != cli.ExitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	kept := filepath.Join(t.TempDir(), "reports")
	code, out, errs := run(t, data, "scan", tree, "--no-git", "--no-import", "--only", "stance-secrets", "--output-dir", kept)
	if _, err := os.Stat(filepath.Join(kept, "stance-secrets", "stance-secrets.json")); code != 0 || err != nil {
		t.Errorf("--output-dir: %d %s%s %v", code, out, errs, err)
	}
	if code, out, _ = run(t, data, "scan", tree, "--list"); code != 0 || !strings.Contains(out, "stance-secrets") || !strings.Contains(out, "needs terraform") {
		t.Errorf("--list: %d %s", code, out)
	}
}

// TestTemplates holds the templates for pipelines to the command line: each
// parses, scans with a gate, and uses only flags that there are.
func TestTemplates(t *testing.T) {
	_, help, _ := run(t, t.TempDir(), "scan", "--help")
	command := regexp.MustCompile(`(?m)^.*\bstance (scan [^#\n]*(?:\n\s+--[^\n]*)*)`)
	flag := regexp.MustCompile(`--[a-z-]+`)
	seen := 0
	err := filepath.WalkDir("../../deploy/ci", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(b)
		if filepath.Base(path) != "Jenkinsfile" {
			var doc map[string]any
			if err := yaml.UnmarshalWithOptions(b, &doc, yaml.Strict()); err != nil || len(doc) < 1 {
				t.Errorf("%s: %v", path, err)
			}
		} else if strings.Count(text, "{") != strings.Count(text, "}") || !strings.HasSuffix(strings.TrimSpace(text), "}") {
			t.Errorf("%s: braces do not match", path)
		}
		if strings.Contains(text, "cache") {
			t.Errorf("%s caches", path)
		}
		calls := command.FindAllStringSubmatch(text, -1)
		if strings.HasSuffix(path, "workflow.yml") {
			if !strings.Contains(text, "stance-scan") {
				t.Errorf("%s does not use the action", path)
			}
			return nil
		}
		if len(calls) == 0 || !strings.Contains(text, "STANCE_TOKEN") && !strings.Contains(text, "context: [stance]") {
			t.Errorf("%s: no scan or no token", path)
		}
		for _, c := range calls {
			seen++
			if !strings.HasPrefix(c[1], "scan . --gate") {
				t.Errorf("%s: %s", path, c[1])
			}
			for _, f := range flag.FindAllString(c[1], -1) {
				if !regexp.MustCompile(`\s` + f + `\s`).MatchString(help) {
					t.Errorf("%s: stance scan has no flag %s", path, f)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 7 {
		t.Errorf("%d calls found in the templates", seen)
	}
}
