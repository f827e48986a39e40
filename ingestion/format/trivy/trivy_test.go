package trivy

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzTrivy(f *testing.F) { formattest.Fuzz(f, Format) }

// A report whose members were sorted has the records before the target that
// they belong to.
func TestSortedMembers(t *testing.T) {
	const doc = `{"ArtifactName":"shop","ArtifactType":"filesystem","Results":[
		{"Class":"lang-pkgs","Target":"a/go.mod","Type":"gomod","Vulnerabilities":[{"PkgName":"example.org/x","VulnerabilityID":"CVE-2024-0001"}]},
		{"Class":"config","Misconfigurations":[{"ID":"X1","Status":"FAIL"}],"Target":"b/Dockerfile","Type":"dockerfile"}],
		"SchemaVersion":2,"Trivy":{"Version":"0.70.0"}}`
	d := collect(t, doc)
	if d.Err != nil || len(d.Observations) != 2 {
		t.Fatalf("%d observations, %v", len(d.Observations), d.Err)
	}
	if got := d.Observations[0].Location.Path; got != "a/go.mod" {
		t.Errorf("path = %q", got)
	}
	if got := d.Observations[1].Location.Path; got != "b/Dockerfile" {
		t.Errorf("path of a result whose target comes last = %q", got)
	}
	if got := d.Runs[0].Version; got != "0.70.0" {
		t.Errorf("version that comes last = %q", got)
	}
}

// One odd record, list or result costs nothing else.
func TestOddShapes(t *testing.T) {
	const doc = `{"SchemaVersion":2,"ArtifactName":"x","Results":[
		"odd", {"Target":"t","Vulnerabilities":"none"},
		{"Target":"u","Class":"lang-pkgs","Type":"npm","Vulnerabilities":[7,{},{"VulnerabilityID":"CVE-2024-0002","PkgName":"p","CVSS":"?","Severity":4}]}]}`
	d := collect(t, doc)
	if d.Err != nil || len(d.Observations) != 1 || len(d.Faults) != 4 {
		t.Fatalf("%d observations, %d faults, %v", len(d.Observations), len(d.Faults), d.Err)
	}
	if o := d.Observations[0]; o.Component.PURL != "pkg:npm/p" || o.SeverityWord != "4" || o.Position.Pointer != "/Results/2/Vulnerabilities/2" {
		t.Errorf("%+v", o)
	}
}

func TestNull(t *testing.T) {
	if d := collect(t, "null"); d.Err != nil || len(d.Runs) != 1 || len(d.Observations) != 0 {
		t.Errorf("null is a report of nothing: %+v", d)
	}
	if d := collect(t, `"text"`); d.Err == nil {
		t.Error("a string is no report")
	}
}

func collect(t *testing.T, doc string) *format.Document {
	t.Helper()
	in, err := format.NewBytesInput("report.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return format.Collect(t.Context(), Format, in)
}
