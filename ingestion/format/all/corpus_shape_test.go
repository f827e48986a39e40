package all

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// batchShape maps the tools of the corpus that this test covers to their
// formats.
var batchShape = map[string]string{
	"pip_audit":     "pipaudit",
	"cargo_audit":   "cargoaudit",
	"bundler_audit": "bundleraudit",
	"csaf":          "csaf",
	"openvex":       "openvex",
	"osv_scanner":   "osvscanner",
	"govulncheck":   "govulncheck",
	"osv":           "osv",
	"spdx":          "spdx",
}

// shapeCount is a number of records and why it is right.
type shapeCount struct {
	records int
	why     string
}

// shapeRecords are files whose number of records the manifest does not give
// or counts in another way, with our number and why.
var shapeRecords = map[string]shapeCount{
	"reports/cargo_audit/many_findings.json":                                                    {13, "4 vulnerabilities and 9 warnings"},
	"reports/spdx/spdx-examples/presentations_OSS-NA-2023_SPDXVersion2.3_04-SBOMwSecurity.json": {1, "an advisory reference names a CVE"},
	"reports/govulncheck/issue_15033.json":                                                      {72, "178 findings at three levels are 72 vulnerabilities in modules; of the 221 advisories in the stream the others concern no version in use"},
}

// shapeElsewhere are documents of these tools in the shape of another format.
var shapeElsewhere = map[string]string{
	"reports/govulncheck/issue_15033_sarif.json": "sarif",
}

// TestCorpusShapes reads every report of the shared shapes completely and
// holds that their formats claim no document of another tool.
func TestCorpusShapes(t *testing.T) {
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
		Reports []shapeEntry `json:"reports"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, e := range manifest.Reports {
		t.Run(strings.TrimPrefix(e.File, "reports/"), func(t *testing.T) {
			for name, content := range corpusDocuments(t, filepath.Join(root, e.File)) {
				in, err := format.NewBytesInput(name, content)
				if err != nil {
					t.Fatal(err)
				}
				if want, mine := batchShape[e.Tool]; mine {
					checkShape(t, e, in, want)
				} else {
					checkShapeNotClaimed(t, e, in)
				}
			}
		})
	}
}

type shapeEntry struct {
	corpusEntry
	Components *int `json:"components"`
}

// checkShapeNotClaimed fails when a format of this batch takes the document
// of a tool that is not its own.
func checkShapeNotClaimed(t *testing.T, e shapeEntry, in *format.Input) {
	t.Helper()
	d, err := format.Choose(Formats(), in, "")
	if err != nil {
		return
	}
	for _, name := range batchShape {
		if d.Format.Name == name && !sharedShape[e.File] {
			t.Errorf("claimed by %s (%d), is of %s", name, d.Confidence, e.Tool)
		}
	}
}

func checkShape(t *testing.T, e shapeEntry, in *format.Input, want string) {
	t.Helper()
	if other := shapeElsewhere[e.File]; other != "" {
		want = other
	}
	force := ""
	if len(in.Head().Bytes) == 0 || in.Head().Whole && strings.Trim(string(in.Head().Bytes), "[] \n") == "" {
		force = want // nothing in it names the tool
	}
	d, err := format.Choose(Formats(), in, force)
	if e.MustReject {
		if err == nil && format.Collect(t.Context(), d.Format, in).Err == nil {
			t.Errorf("%s read it without an error, want it refused", d.Format.Name)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.Format.Name != want {
		t.Fatalf("chosen %s (%d), want %s", d.Format.Name, d.Confidence, want)
	}
	doc := format.Collect(t.Context(), d.Format, in)
	if len(in.Head().Bytes) == 0 {
		return // an empty file is judged before any format sees it
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
	records, told := shapeRecords[e.File]
	switch {
	case told && doc.Records() != records.records:
		t.Errorf("%d records, want %d (%s)", doc.Records(), records.records, records.why)
	case told:
	case e.RawRecords != nil && doc.Records() != *e.RawRecords:
		t.Errorf("%d records, want %d %s", doc.Records(), *e.RawRecords, e.RawUnit)
	case e.RawRecords == nil && e.Expected != nil && len(doc.Observations) != *e.Expected:
		t.Errorf("%d observations, the reference makes %d findings", len(doc.Observations), *e.Expected)
	}
	if e.Components != nil && len(doc.Components) != *e.Components {
		t.Errorf("%d components, want %d", len(doc.Components), *e.Components)
	}
	if e.Tool == "govulncheck" && told {
		return // the reference makes findings of advisories that concern nothing
	}
	for _, f := range e.FirstFinds {
		checkShapeFact(t, e, f, doc.Observations)
	}
}

// graded are the tools of this batch whose reports carry severities that the
// reference reads too; for the others it puts in one of its own making.
var graded = map[string]bool{"csaf": true}

func checkShapeFact(t *testing.T, e shapeEntry, f fact, all []*finding.Observation) {
	t.Helper()
	cwe := strings.TrimPrefix(strings.Trim(string(f.CWE), `"`), "CWE-")
	for _, o := range all {
		name, version := "", ""
		if o.Component != nil {
			name, version = o.Component.Name, o.Component.Version
		}
		switch {
		case graded[e.Tool] && o.Severity != finding.SeverityUnknown && !strings.EqualFold(o.Severity.String(), f.Severity):
		case cwe != "" && cwe != "0" && cwe != "1395" && !hasCWE(o, cwe): // 1395 is the reference's word for any flaw in a dependency
		case !containsFold(o.Advisories, f.Ids):
		case f.Component != "" && !strings.HasSuffix(f.Component, name):
		case f.Version != "" && f.Version != "0" && version != f.Version:
		default:
			return
		}
	}
	t.Errorf("no observation fits the fact %+v (cwe %s)", f, cwe)
}

func hasCWE(o *finding.Observation, cwe string) bool {
	for _, n := range o.CWEs {
		if jsonNumber(n) == cwe {
			return true
		}
	}
	return false
}

func jsonNumber(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func containsFold(have, want []string) bool {
	for _, w := range want {
		found := false
		for _, h := range have {
			found = found || strings.EqualFold(h, w)
		}
		if !found {
			return false
		}
	}
	return true
}
