package all_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

// sharedShape says which formats of this test may claim a report; "" for
// none of them.
func sharedShape(e interchangeEntry) string {
	switch {
	case strings.HasPrefix(e.Tool, "gitlab_"):
		return "gitlab"
	case e.Tool == "asff", e.Tool == "awssecurityhub":
		return "asff"
	case strings.HasSuffix(e.File, ".ocsf.json"):
		return "ocsf"
	case e.Tool == "aws_inspector2":
		return "awsinspector"
	case strings.HasSuffix(e.File, ".fpr"), strings.HasSuffix(e.File, ".fvdl"):
		return "fortify"
	}
	return ""
}

// sharedShapes are the formats that this test watches.
func sharedShapes() []string { return []string{"asff", "awsinspector", "fortify", "gitlab", "ocsf"} }

// sharedRecords are reports whose number of observations differs from the
// manifest's count of records, and why.
func sharedRecords() map[string]int { return map[string]int{} }

func TestSharedShapeCorpus(t *testing.T) {
	dir, entries := interchangeReports(t)
	for _, e := range entries {
		want := sharedShape(e)
		t.Run(e.File, func(t *testing.T) {
			in := openShared(t, filepath.Join(dir, e.File))
			if in == nil {
				return
			}
			d, err := format.Choose(all.Formats(), in, "")
			if want == "" {
				for _, n := range sharedShapes() {
					if err == nil && d.Format.Name == n {
						t.Errorf("claimed by %s with confidence %d", n, d.Confidence)
					}
				}
				return
			}
			if e.MustReject {
				if err == nil {
					err = format.Collect(t.Context(), d.Format, in).Err
				}
				if err == nil {
					t.Errorf("not refused, read as %s", d.Format.Name)
				}
				return
			}
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
			if n, ok := sharedRecords()[e.File]; ok {
				if doc.Records() != n {
					t.Errorf("%d records, want %d", doc.Records(), n)
				}
				return
			}
			e.First = comparable(e)
			doc.Observations = firstOfRecords(doc.Observations)
			compareInterchange(t, e, doc)
		})
	}
}

// openShared returns nil for files that the importer unpacks first and for
// empty ones, which it judges itself.
func openShared(t *testing.T, path string) *format.Input {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil
	}
	return openInterchange(t, path)
}

// firstOfRecords leaves one observation of each record, as the reference does.
func firstOfRecords(all []*finding.Observation) []*finding.Observation {
	var out []*finding.Observation
	for _, o := range all {
		if len(out) == 0 || out[len(out)-1].Position.Record != o.Position.Record {
			out = append(out, o)
		}
	}
	return out
}

// comparable are the facts whose place in the reference's order is also ours.
// The reference sorts some reports by severity, and takes a severity that the
// tool calls unknown as Info.
func comparable(e interchangeEntry) []firstFinding {
	switch filepath.Base(e.File) {
	case "gl-sast-report-confidence_v14.json":
		return e.First[:2]
	case "gl-dependency-scanning-report-1-vuln_v15.json":
		return nil
	}
	for i := range e.First {
		if e.First[i].Component == "AwsEc2Instance" { // the reference takes the resource's type
			e.First[i].Component, e.First[i].Version = "", ""
		}
	}
	return e.First
}
