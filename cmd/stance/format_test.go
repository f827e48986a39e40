package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/face/cli"
)

// TestUnknownTool imports a report of a tool nobody knows: nothing without
// consent, everything with it, and the mapping serves from then on.
func TestUnknownTool(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	report := filepath.Join(dir, "night.json")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(report, `{"scanner":"Tidewatch","issues":[{"ruleName":"TW1","headline":"Unbounded copy into name","riskLevel":"High","where":{"file":"src/a.c","lineNumber":12},"cwe":"CWE-120"},
{"ruleName":"TW2","headline":"Result not looked at","riskLevel":"Low","where":{"file":"src/b.c","lineNumber":7},"cwe":"CWE-252"}]}`)
	importing := []string{"import", "--application", "shop", "--asset", "shop/web", "--no-git"}
	if code, _, errs := run(t, data, append(importing, report)...); code != cli.ExitUndecided || !strings.Contains(errs, "Nothing was imported") || !strings.Contains(errs, "src/a.c:12") {
		t.Errorf("without consent: %d %s", code, errs)
	}
	if _, out, _ := run(t, data, "findings", "--app", "shop"); strings.Contains(out, "Unbounded") {
		t.Errorf("imported on a guess: %s", out)
	}
	if code, out, errs := run(t, data, append(importing, "--accept", report)...); code != 0 || !strings.Contains(out, "tidewatch") {
		t.Errorf("with consent: %d %s %s", code, out, errs)
	}
	write(report, strings.Replace(`{"scanner":"Tidewatch","issues":[{"ruleName":"TW3","headline":"Third","riskLevel":"High","where":{"file":"src/c.c","lineNumber":1},"cwe":"CWE-1"}]}`, "Third", "Third of them", 1))
	if code, out, errs := run(t, data, append(importing, "--part", report)...); code != 0 || !strings.Contains(out, "tidewatch") {
		t.Errorf("the next report: %d %s %s", code, out, errs)
	}

	// The same by hand: draft, check, decode, add.
	draft := filepath.Join(dir, "draft.yaml")
	if code, out, errs := run(t, data, "format", "propose", "--save", draft, report); code != 0 || !strings.Contains(out, ".riskLevel") {
		t.Errorf("propose: %d %s %s", code, out, errs)
	}
	if code, out, _ := run(t, data, "format", "check", draft); code != 0 || !strings.Contains(out, "can be used") {
		t.Errorf("check: %d %s", code, out)
	}
	if code, out, errs := run(t, data, "decode", "--formats", draft, report); code != 0 || !strings.Contains(out, "tidewatch") {
		t.Errorf("decode: %d %s %s", code, out, errs)
	}
	if code, _, errs := run(t, data, "decode", report); code != cli.ExitUndecided {
		t.Errorf("decode without it: %d %s", code, errs)
	}
	broken := filepath.Join(dir, "broken.yaml")
	write(broken, "name: broken\ninput: json\nkind: code\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {titel: .t}}]\n")
	if code, out, _ := run(t, data, "format", "check", broken); code != cli.ExitBlock || !strings.Contains(out, "titel") {
		t.Errorf("check of a broken one: %d %s", code, out)
	}
}
