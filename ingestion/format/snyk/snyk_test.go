package snyk

import (
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzSnyk(f *testing.F) { formattest.Fuzz(f, Format) }

func TestImageOf(t *testing.T) {
	for path, want := range map[string]string{
		"acme/shop:1.2/shop":                "acme/shop:1.2",
		"registry.example:5000/shop:1/shop": "registry.example:5000/shop:1",
		"acme/shop:1.2":                     "acme/shop:1.2",
		"shop":                              "shop",
	} {
		if got := imageOf(path); got != want {
			t.Errorf("imageOf(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestResource(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"resource/aws_s3_bucket[logs]/acl", "aws_s3_bucket.logs"},
		{"data/aws_iam_policy['x']/statement", "data.aws_iam_policy.x"},
		{"[DocId: 0]/spec/containers[web]", "[DocId: 0].spec.containers[web]"},
		{"resource", "resource"},
	} {
		if got := resource(strings.Split(c.path, "/")); got != c.want {
			t.Errorf("resource(%q) = %q, want %q", c.path, got, c.want)
		}
	}
}

func TestFailedTests(t *testing.T) {
	for doc, want := range map[string]string{
		`[{"ok":false,"error":"no token","path":"/a"},{"ok":false,"error":"no token","path":"/b"}]`: "could not test any project: /a: no token; /b: no token",
		`"text"`: "not a Snyk report",
	} {
		if d := collect(t, doc); d.Err == nil || !strings.Contains(d.Err.Error(), want) {
			t.Errorf("%s: %v", doc, d.Err)
		}
	}
	d := collect(t, `[{"vulnerabilities":[],"ok":true,"projectName":"a"},{"ok":false,"error":"cannot parse","path":"/b"}]`)
	if d.Err != nil || len(d.Runs) != 1 || !d.Runs[0].Failed || len(d.Runs[0].Notes) != 1 {
		t.Errorf("a partly failed run: %+v, %v", d.Runs, d.Err)
	}
}

// One odd record, list or project costs nothing else.
func TestOddShapes(t *testing.T) {
	d := collect(t, `[7,{"vulnerabilities":"none","ok":true},{"vulnerabilities":[{},{"id":"SNYK-JS-X-1","from":"root","identifiers":[],"upgradePath":[false,null]}],"filtered":[],"packageManager":"npm"}]`)
	if d.Err != nil || len(d.Observations) != 1 || len(d.Faults) != 4 {
		t.Errorf("%d observations, %v, %v", len(d.Observations), d.Faults, d.Err)
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
