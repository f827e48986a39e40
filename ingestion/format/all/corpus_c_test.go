package all

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// batchC maps the tools of the corpus that this test covers to their format.
var batchC = map[string]string{
	"gitleaks":    "gitleaks",
	"trufflehog":  "trufflehog",
	"trufflehog3": "trufflehog",
	"checkov":     "checkov",
	"zap":         "zap",
	"nuclei":      "nuclei",
	"sonarqube":   "sonarqube",
	"generic":     "generic",
}

// nameless are documents without any word of their tool (a bare "[]"): to be
// recognised they need the tool's name from whoever imports them.
var nameless = map[string]bool{
	"reports/trufflehog3/zero_vulns.json": true,
	"reports/nuclei/empty.jsonl":          true,
	"reports/nuclei/no_findings.json":     true,
	"reports/sonarqube/empty_zip.zip":     true,
}

// sharedShape are documents that several tools write in just this form (a bare
// null, an empty list), so that whoever stands first in the list gets them.
var sharedShape = map[string]bool{
	"reports/trivy/legacy_no_vuln.json":                   true,
	"reports/aws_inspector2/aws_inspector2_zero_vul.json": true, // {"findings": []}
}

type corpusEntry struct {
	Tool        string `json:"tool"`
	File        string `json:"file"`
	Format      string `json:"format"`
	MustReject  bool   `json:"must_reject"`
	RawRecords  *int   `json:"raw_records"`
	Expected    *int   `json:"expected_findings"`
	RawUnit     string `json:"raw_unit"`
	FirstFinds  []fact `json:"first_findings"`
	ExpectedSrc string `json:"expected_source"`
}

type fact struct {
	Index     int             `json:"index"`
	Severity  string          `json:"severity"`
	CWE       json.RawMessage `json:"cwe"`
	Ids       []string        `json:"vulnerability_ids"`
	Component string          `json:"component_name"`
	Version   string          `json:"component_version"`
	Path      string          `json:"file_path"`
	Line      json.RawMessage `json:"line"`
}

func TestCorpusC(t *testing.T) {
	root := os.Getenv("STANCE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	root = filepath.Join(root, "corpus")
	b, err := os.ReadFile(filepath.Join(root, "manifest.json"))
	if err != nil {
		t.Skipf("no report corpus: %v", err)
	}
	var manifest struct {
		Reports []corpusEntry `json:"reports"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, e := range manifest.Reports {
		want, mine := batchC[e.Tool]
		t.Run(strings.TrimPrefix(e.File, "reports/"), func(t *testing.T) {
			for name, content := range corpusDocuments(t, filepath.Join(root, e.File)) {
				in, err := format.NewBytesInput(name, content)
				if err != nil {
					t.Fatal(err)
				}
				if !mine {
					checkNotClaimed(t, e, in)
				}
			}
			if mine {
				checkCorpusEntry(t, e, root, want)
			}
		})
	}
}

// checkNotClaimed fails when a format of this batch takes another tool's
// document for its own.
func checkNotClaimed(t *testing.T, e corpusEntry, in *format.Input) {
	t.Helper()
	d, err := format.Choose(Formats(), in, "")
	if err != nil {
		return
	}
	for tool, name := range batchC {
		if name == d.Format.Name && e.Tool != tool && !sharedShape[e.File] && !strings.Contains(in.Name(), tool) {
			t.Errorf("claimed by %s (%d), is of %s", d.Format.Name, d.Confidence, e.Tool)
			return
		}
	}
}

func checkCorpusEntry(t *testing.T, e corpusEntry, root, want string) {
	records := 0
	var all []*finding.Observation
	for name, content := range corpusDocuments(t, filepath.Join(root, e.File)) {
		in, err := format.NewBytesInput(name, content)
		if err != nil {
			t.Fatal(err)
		}
		force := ""
		if nameless[e.File] {
			force = want
		}
		d, err := format.Choose(Formats(), in, force)
		if err != nil {
			if !e.MustReject {
				t.Fatalf("Choose: %v", err)
			}
			return
		}
		doc := format.Collect(t.Context(), d.Format, in)
		if e.MustReject {
			if doc.Err == nil {
				t.Errorf("%s read it without an error, want it refused", d.Format.Name)
			}
			return
		}
		if d.Format.Name != want {
			t.Errorf("chosen %s (%d), want %s", d.Format.Name, d.Confidence, want)
			return
		}
		if doc.Err != nil {
			t.Error(doc.Err)
		}
		if len(doc.Runs) == 0 {
			t.Error("no run")
		}
		for _, f := range doc.Faults {
			t.Errorf("fault at %+v: %s", f.Position, f.Reason)
		}
		records += doc.Records()
		all = append(all, doc.Observations...)
	}
	switch {
	case e.RawRecords != nil && records != *e.RawRecords:
		t.Errorf("%d records, want %d %s", records, *e.RawRecords, e.RawUnit)
	case e.RawRecords == nil && e.Expected != nil && records < *e.Expected:
		t.Errorf("%d records, the reference makes %d findings", records, *e.Expected)
	}
	for _, f := range e.FirstFinds {
		checkFact(t, e, f, all)
	}
}

// ungraded are tools whose reports carry no severity of their own or leave it
// null: the reference puts in one of its own making.
var ungraded = map[string]bool{"gitleaks": true, "trufflehog": true, "trufflehog3": true, "checkov": true}

// projectAsPath are facts in which the reference puts a project's key where a
// path belongs: the flaw is in no file.
var projectAsPath = map[string]string{"reports/sonarqube/findings_over_api.zip": "testapplication"}

// checkFact looks for an observation that has all that the fact names. Place
// in the report's order is not compared: the reference merges records.
func checkFact(t *testing.T, e corpusEntry, f fact, all []*finding.Observation) {
	t.Helper()
	cwe := strings.Trim(string(f.CWE), `"`)
	line := strings.Trim(string(f.Line), `"`)
	for _, o := range all {
		switch {
		case f.Severity != "" && !ungraded[e.Tool] && !(f.Severity == "Info" && o.Severity == finding.SeverityUnknown) &&
			!strings.EqualFold(o.Severity.String(), f.Severity):
		case cwe != "" && cwe != "0" && !slices.ContainsFunc(o.CWEs, func(n int) bool { return fmt.Sprint(n) == cwe }):
		case len(f.Ids) > 0 && !containsAll(o.Advisories, f.Ids):
		case f.Path != "" && f.Path != projectAsPath[e.File] && !strings.HasSuffix(o.Location.Path, f.Path):
		case line != "" && line != "null" && line != fmt.Sprint(o.Location.StartLine):
		case e.Tool != "checkov" && e.Tool != "nuclei" && f.Component != "" && (o.Component == nil || o.Component.Name != f.Component || o.Component.Version != f.Version):
		case e.Tool == "checkov" && f.Component != "" && o.Location.Resource != f.Component:
		case e.Tool == "nuclei" && f.Component != "" && o.Location.Parameter != f.Component:
		default:
			return
		}
	}
	t.Errorf("no observation fits the fact %+v (cwe %s, line %s)", f, cwe, line)
}

func containsAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// corpusDocuments opens a file of the corpus as the importer does: a zip is
// the documents in it.
func corpusDocuments(t *testing.T, path string) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || !strings.HasSuffix(path, ".zip") {
		return map[string][]byte{filepath.Base(path): b}
	}
	docs := map[string][]byte{}
	for _, f := range z.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(rc)
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		docs[f.Name] = content
	}
	return docs
}
