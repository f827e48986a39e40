package semgrep

import (
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzSemgrep(f *testing.F) { formattest.Fuzz(f, Format) }

func TestMatched(t *testing.T) {
	for _, c := range []struct {
		lines      string
		start, end position
		want       string
	}{
		{`key = "s3cret"`, position{Line: 4, Col: 8}, position{Line: 4, Col: 14}, "s3cret"},
		{"begin\n  middle\nend here", position{Line: 1, Col: 3}, position{Line: 3, Col: 4}, "gin\n  middle\nend"},
		{"  short", position{Line: 1, Col: 40}, position{Line: 1, Col: 50}, "short"},
		{"", position{}, position{}, ""},
	} {
		if got := matched(c.lines, c.start, c.end); got != c.want {
			t.Errorf("matched(%q) = %q, want %q", c.lines, got, c.want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for word, want := range map[string]finding.Severity{
		"ERROR": finding.SeverityHigh, "WARNING": finding.SeverityMedium, "INFO": finding.SeverityLow, "CRITICAL": finding.SeverityCritical,
		"INVENTORY": finding.SeverityInfo, "MEDIUM": finding.SeverityMedium, "LOW": finding.SeverityLow, "?": finding.SeverityUnknown,
	} {
		if got := severity(word); got != want {
			t.Errorf("severity(%s) = %v, want %v", word, got, want)
		}
	}
}

// Results and errors alone are also what other tools write: only a member of
// Semgrep's own makes an empty document its report.
func TestDetectEmpty(t *testing.T) {
	for doc, want := range map[string]format.Confidence{
		`{"results":[],"errors":[]}`:                                        format.Possible,
		`{"results":[],"errors":[],"paths":{"scanned":[]},"version":"1.0"}`: format.Likely,
		`{"results":[],"errors":[],"metrics":{},"generated_at":"x"}`:        format.No,
		`{"results":[{"check_id":"B1","code":"x"}],"errors":[]}`:            format.No,
		`{"results":{}}`:               format.No,
		`{"vulns":[],"hasMore":false}`: format.Possible,
	} {
		in, err := format.NewBytesInput("r.json", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := detect(in.Head()); got != want {
			t.Errorf("detect(%s) = %d, want %d", doc, got, want)
		}
	}
}
