package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/adapter/scanner"
	"github.com/stance-aspm/stance/face/cli"
	"github.com/stance-aspm/stance/pack/demo"
)

// run runs a command line on a data folder and returns exit code and output.
func run(t *testing.T, data string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	app := &cli.App{Version: "test", In: strings.NewReader(""), Out: &o, Err: &e, Serve: serve, Local: local, Demo: cli.Demo{Files: demo.Files()}, Migrate: source, Sensor: scanner.New()}
	code = app.Run(context.Background(), append([]string{"--data", data}, args...))
	return code, o.String(), e.String()
}

const samples = "../../pack/demo/report/flask-shop/"

// TestTour walks the way that the README shows.
func TestTour(t *testing.T) {
	data := t.TempDir()
	code, out, errs := run(t, data, "import", "--application", "shop", "--asset", "shop/web", "--ref", "main", "--no-git", "--output", "json",
		samples+"v1/bandit.sarif", samples+"v1/semgrep.json", samples+"v1/gitleaks.json", samples+"v1/matcher.cdx.json")
	if code != 0 {
		t.Fatalf("import: %d %s", code, errs)
	}
	var reports []struct {
		State  string
		Result struct{ New, Changed, Unchanged, Resolved int }
	}
	if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 4 {
		t.Fatalf("%v: %s", err, out)
	}
	if r := reports[1].Result; r.New != 6 || r.Changed != 6 {
		t.Errorf("semgrep: %+v: six of its twelve results are Bandit's findings too", r)
	}
	if code, out, _ = run(t, data, "import", "--application", "shop", "--asset", "shop/web", "--ref", "main", "--no-git", samples+"v1/bandit.sarif"); code != 0 || !strings.Contains(out, "already known") {
		t.Errorf("the same bytes again: %d %s", code, out)
	}
	if code, out, _ = run(t, data, "gate", "--app", "shop", "--stage", "build"); code != cli.ExitBlock || !strings.Contains(out, "BLOCKED") {
		t.Errorf("gate: %d %s", code, out)
	}
	if code, out, _ = run(t, data, "gate", "--app", "shop", "--output", "sarif"); code != cli.ExitBlock || !json.Valid([]byte(out)) {
		t.Errorf("gate as SARIF: %d %s", code, out)
	}
	_, out, _ = run(t, data, "findings", "--app", "shop", "--limit", "1", "--kind", "vulnerability", "--output", "json")
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if code, out, _ = run(t, data, "explain", list.Items[0].ID); code != 0 || !strings.Contains(out, "Known exploited (KEV)") || !strings.Contains(out, "unknown") {
		t.Errorf("explain: %d %s", code, out)
	}
}

// TestExitCodes holds the documented exit codes.
func TestExitCodes(t *testing.T) {
	data := t.TempDir()
	bad := filepath.Join(data, "bad.json")
	if err := os.WriteFile(bad, []byte("neither one nor the other"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(data, "policy.yaml")
	text := "policy: p\nversion: 1\nstages: [build]\nrules:\n  - name: r\n    when: finding.severty >= HIGH\n    action: block\n"
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, cli.ExitOK, ""},
		{"unknown flag", []string{"gate", "--nonsense"}, cli.ExitUsage, "nonsense"},
		{"no file", []string{"import"}, cli.ExitUsage, "file"},
		{"missing file", []string{"decode", "nowhere.json"}, cli.ExitUndecided, ""},
		{"unknown application", []string{"gate", "--app", "nobody"}, cli.ExitUndecided, "nobody"},
		{"unreadable report", []string{"gate", "--local", "--report", bad}, cli.ExitUndecided, "recognises"},
		{"local block", []string{"gate", "--local", "--stage", "commit", "--report", samples + "v1/gitleaks.json"}, cli.ExitBlock, ""},
		{"local pass", []string{"gate", "--local", "--report", "../../pack/demo/report/py-clean/v1/bandit.sarif"}, cli.ExitOK, ""},
		{"bad policy", []string{"policy", "check", policy}, cli.ExitUsage, "policy.yaml:6:"},
		{"standard policies", []string{"policy", "test"}, cli.ExitOK, ""},
		{"server without token", []string{"--server", "http://127.0.0.1:1", "findings"}, cli.ExitUsage, "STANCE_TOKEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("STANCE_TOKEN", "")
			code, out, errs := run(t, filepath.Join(data, "stance"), c.args...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit %d, want %d; %s%s", code, c.code, out, errs)
			}
		})
	}
}

// TestDemo fills the demonstration estate, twice: the second time changes
// nothing.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	code, out, errs := run(t, data, "demo")
	if code != 0 || !strings.Contains(out, "22 applications, 164 reports") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if code, out, _ = run(t, data, "demo"); code != 0 || !strings.Contains(out, " 0 new findings, 0 decisions") {
		t.Errorf("the second time: %d %s", code, out)
	}
}
