package all_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

// interchangeEntry is one real report with what is known of it.
type interchangeEntry struct {
	Tool       string         `json:"tool"`
	File       string         `json:"file"`
	Format     string         `json:"format"`
	Raw        *int           `json:"raw_records"`
	Expected   *int           `json:"expected_findings"`
	Components *int           `json:"components"`
	MustReject bool           `json:"must_reject"`
	First      []firstFinding `json:"first_findings"`
}

// firstFinding is what is known of one of a report's first findings.
type firstFinding struct {
	Index     int      `json:"index"`
	Severity  string   `json:"severity"`
	CWE       any      `json:"cwe"` // a number, in some entries a string
	IDs       []string `json:"vulnerability_ids"`
	Component string   `json:"component_name"`
	Version   string   `json:"component_version"`
	Path      string   `json:"file_path"`
	Line      any      `json:"line"`
}

// interchangeFolder is where real reports lie, outside the repository.
func interchangeFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("STANCE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "corpus", "manifest.json")); err != nil {
		t.Skip("the folder of real reports is not here: set STANCE_SHARED to it to run this test")
	}
	return filepath.Join(dir, "corpus")
}

func interchangeReports(t *testing.T) (dir string, entries []interchangeEntry) {
	t.Helper()
	dir = interchangeFolder(t)
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Reports []interchangeEntry `json:"reports"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return dir, m.Reports
}

// interchange says which of the two formats of this test should claim a
// report; "" for none.
func interchange(e interchangeEntry) string {
	switch {
	case e.Format == "sarif":
		return "sarif"
	case e.Tool == "cyclonedx":
		return "cyclonedx"
	}
	return ""
}

func TestInterchangeCorpus(t *testing.T) {
	dir, entries := interchangeReports(t)
	for _, e := range entries {
		want := interchange(e)
		t.Run(e.File, func(t *testing.T) {
			in := openInterchange(t, filepath.Join(dir, e.File))
			if in == nil {
				return
			}
			if want == "" {
				for _, d := range format.Detect(all.Formats(), in.Head()) {
					if n := d.Format.Name; n == "sarif" || n == "cyclonedx" {
						t.Errorf("claimed by %s with confidence %d", n, d.Confidence)
					}
				}
				return
			}
			d, err := format.Choose(all.Formats(), in, "")
			if err != nil {
				t.Fatal(err)
			}
			if d.Format.Name != want {
				t.Fatalf("chose %s, want %s", d.Format.Name, want)
			}
			doc := format.Collect(t.Context(), d.Format, in)
			if doc.Err != nil {
				t.Error(doc.Err)
			}
			for _, f := range doc.Faults {
				t.Errorf("fault: %s: %s", f.Position.Pointer, f.Reason)
			}
			compareInterchange(t, e, doc)
		})
	}
}

// openInterchange returns nil for files that the importer unpacks first.
func openInterchange(t *testing.T, path string) *format.Input {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(b), "PK\x03\x04") || strings.HasPrefix(string(b), "\x1f\x8b") {
		return nil
	}
	in, err := format.NewBytesInput(filepath.Base(path), b)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func compareInterchange(t *testing.T, e interchangeEntry, doc *format.Document) {
	t.Helper()
	if e.Raw != nil && doc.Records() != *e.Raw {
		t.Errorf("%d records, want %d", doc.Records(), *e.Raw)
	}
	if e.Components != nil && len(doc.Components) != *e.Components {
		t.Errorf("%d components, want %d", len(doc.Components), *e.Components)
	}
	for _, f := range e.First {
		if e.Raw == nil || e.Expected == nil || *e.Raw != *e.Expected || f.Index >= len(doc.Observations) {
			continue // the reference splits or joins: its places are not ours
		}
		o := doc.Observations[f.Index]
		// The reference takes SARIF's note as Info, Stance as Low: tools with
		// finer scales write their low severity as note.
		level := f.Severity == "Info" && o.Severity == finding.SeverityLow
		if f.Severity != "" && !strings.EqualFold(f.Severity, o.Severity.String()) && !level {
			t.Errorf("finding %d: severity %v (%s), want %s", f.Index, o.Severity, o.SeverityWord, f.Severity)
		}
		if n, err := strconv.Atoi(fmt.Sprint(f.CWE)); err == nil && n != 0 && !slices.Contains(o.CWEs, n) {
			t.Errorf("finding %d: CWEs %v, want %d", f.Index, o.CWEs, n)
		}
		for _, id := range f.IDs {
			if !slices.Contains(o.Advisories, id) {
				t.Errorf("finding %d: advisories %v, want %s", f.Index, o.Advisories, id)
			}
		}
		if f.Path != "" && !sameInterchangePath(f.Path, o.Location.Path) {
			t.Errorf("finding %d: path %q, want %q", f.Index, o.Location.Path, f.Path)
		}
		if n, err := strconv.Atoi(fmt.Sprint(f.Line)); err == nil && o.Location.StartLine != n {
			t.Errorf("finding %d: line %d, want %d", f.Index, o.Location.StartLine, n)
		}
		compareInterchangeComponent(t, f.Index, o.Component, f.Component, f.Version)
	}
}

func compareInterchangeComponent(t *testing.T, index int, c *finding.Component, name, version string) {
	t.Helper()
	if name == "" {
		return
	}
	if c == nil || c.Name != name || version != "" && c.Version != version {
		t.Errorf("finding %d: component %+v, want %s %s", index, c, name, version)
	}
}

// sameInterchangePath compares what a reader kept of a URI with the path it stands for.
func sameInterchangePath(uri, path string) bool {
	uri = strings.TrimPrefix(uri, "file://")
	uri = "/" + strings.TrimLeft(uri, "/")
	return strings.HasSuffix(uri, "/"+strings.TrimLeft(path, "/")) || strings.HasSuffix("/"+path, uri)
}
