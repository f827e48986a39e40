package dojo

import (
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format/all"
)

// TestTable holds the table to its own rules: no line is passed over, no name
// stands twice, and every format named is one that there is.
func TestTable(t *testing.T) {
	formats := map[string]bool{}
	for _, f := range all.Formats() {
		formats[f.Name] = true
	}
	types, seen := ScanTypes(), map[string]bool{}
	lines := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "#") {
			lines++
		}
	}
	if len(types) != lines || lines < 260 {
		t.Errorf("%d lines, %d scan types: want as many, at least 260", lines, len(types))
	}
	for i, s := range types {
		if s.ID != i+1 || s.Name == "" || seen[s.Name] {
			t.Errorf("line %d: %+v is empty or stands twice", i+1, s)
		}
		seen[s.Name] = true
		if s.Format != "" && !formats[s.Format] {
			t.Errorf("%s: there is no format %q", s.Name, s.Format)
		}
	}
	for _, name := range []string{"Trivy Scan", "ZAP Scan", "SARIF", "Generic Findings Import", "Semgrep JSON Report"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
