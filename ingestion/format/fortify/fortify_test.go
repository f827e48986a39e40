package fortify

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

func TestGrade(t *testing.T) {
	for _, c := range []struct {
		impact, accuracy, probability, confidence, instance string
		want                                                finding.Severity
	}{
		{"5.0", "5.0", "2.5", "5.0", "1", finding.SeverityCritical},
		{"2.5", "5.0", "2.4", "5.0", "1", finding.SeverityHigh},
		{"2.4", "5.0", "2.5", "5.0", "5", finding.SeverityMedium},
		{"0.1", "0.1", "5.0", "5.0", "5", finding.SeverityLow},
		{"5.0", "", "", "", "1", finding.SeverityHigh},
		{"", "", "", "5.0", "4.0", finding.SeverityHigh},
		{"", "", "", "5.0", "3.0", finding.SeverityMedium},
		{"", "", "", "5.0", "0.5", finding.SeverityInfo},
		{"", "", "", "5.0", "", finding.SeverityUnknown},
	} {
		var v vulnerability
		v.Instance.Confidence, v.Instance.Severity = c.confidence, c.instance
		meta := ratings{}
		if c.impact != "" {
			meta = ratings{"Impact": c.impact, "Accuracy": c.accuracy, "Probability": c.probability}
		}
		if got := grade(&v, meta); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// An archive that is no result of a scan is told of, not read as an empty one.
func TestWithoutFindings(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("audit.xml"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput("half.fpr", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if Format.Detect(in.Head()) != format.Certain {
		t.Error("not detected by its name")
	}
	if doc := format.Collect(t.Context(), Format, in); doc.Err == nil || !strings.Contains(doc.Err.Error(), "audit.fvdl") {
		t.Errorf("err = %v", doc.Err)
	}
}
