package sarif

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

func TestPathOf(t *testing.T) {
	for _, c := range []struct {
		uri, path string
		absolute  bool
	}{
		{"src/a.c", "src/a.c", false},
		{"src/with%20space.c", "src/with space.c", false},
		{"100%.txt", "100%.txt", false},
		{"file:///home/x/a.c", "/home/x/a.c", true},
		{"file:////src/a.c", "/src/a.c", true},
		{"file:///C:/work/a.c", "C:/work/a.c", true},
		{"FILE://C:/work/a.c", "C:/work/a.c", true},
		{"file://localhost/a.c", "/a.c", true},
		{"file://server/share/a.c", "//server/share/a.c", true},
		{"file:/a.c", "/a.c", true},
		{"C:\\work\\a.c", "C:\\work\\a.c", true},
		{"/etc/passwd", "/etc/passwd", true},
		{"c:a", "c:a", false},
		{"", "", false},
	} {
		if path, absolute := pathOf(c.uri); path != c.path || absolute != c.absolute {
			t.Errorf("pathOf(%q) = %q, %v, want %q, %v", c.uri, path, absolute, c.path, c.absolute)
		}
	}
}

func TestCWEOf(t *testing.T) {
	for _, c := range []struct {
		text string
		bare bool
		want int
	}{
		{"CWE-79", false, 79},
		{"cwe79", false, 79},
		{"external/cwe/cwe-079", false, 79},
		{"CWE-327: Use of a broken algorithm", false, 327},
		{"CWE:22", false, 22},
		{"79", true, 79},
		{"79", false, 0},
		{"cwe", false, 0},
		{"CWE-99999999999", false, 0},
		{"A03:2021", true, 0},
	} {
		if got := cweOf(c.text, c.bare); got != c.want {
			t.Errorf("cweOf(%q, %v) = %d, want %d", c.text, c.bare, got, c.want)
		}
	}
}

func TestAddAdvisories(t *testing.T) {
	for text, want := range map[string]string{
		"CVE-2021-44228":                  "CVE-2021-44228",
		"CVE-2021-44228-log4j-core":       "CVE-2021-44228",
		"[HIGH] CVE-2020-1":               "CVE-2020-1",
		"GHSA-jfh8-c2jp-5v3q-log4j":       "GHSA-jfh8-c2jp-5v3q",
		"BDSA-2020-1001 (CVE-2020-11022)": "BDSA-2020-1001,CVE-2020-11022",
		"SNYK-JS-LODASH-590103":           "SNYK-JS-LODASH-590103",
		"SNYK-DEBIAN12-ZLIB-6008963":      "SNYK-DEBIAN12-ZLIB-6008963",
		"GO-2026-4864":                    "GO-2026-4864",
		"RHSA-2021:1234":                  "RHSA-2021:1234",
		"ALAS2-2023-2222":                 "ALAS2-2023-2222",
		"CVE-":                            "", "go-vet": "", "GO-SEC-1": "", "java/sql-injection": "", "CKV_AWS_20": "", "DSA-key": "", "MAL-1": "", "SNYK-CC-TF-4": "", "SNYK": "", "alas": "",
		"USN-6000-1": "USN-6000-1", "RUSTSEC-2020-0001": "RUSTSEC-2020-0001", "TEMP-0290435-0B57B5": "TEMP-0290435-0B57B5",
	} {
		if got := strings.Join(addAdvisories(nil, text), ","); got != want {
			t.Errorf("addAdvisories(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		text string
		with []string
		want string
	}{
		{"a {0} b {1}", []string{"x", "y"}, "a x b y"},
		{"{1}{0}{2}", []string{"x", "y"}, "yx{2}"},
		{"{{0}} {0}", []string{"x"}, "{0} x"},
		{"{name} {", []string{"x"}, "{name} {"},
		{"{{}} {0}", nil, "{{}} {0}"},
		{"{0}", []string{"{1}", "no"}, "{1}"},
	} {
		if got := fill(c.text, c.with); got != c.want {
			t.Errorf("fill(%q, %q) = %q, want %q", c.text, c.with, got, c.want)
		}
	}
}

// TestSuppressions tries every pair of states: one accepted request hides a
// result, whatever became of the others.
func TestSuppressions(t *testing.T) {
	state := map[string]bool{`{"kind":"external"}`: true, `{"kind":"inSource","status":"accepted"}`: true,
		`{"kind":"external","status":"rejected"}`: false, `{"kind":"external","status":"underReview"}`: false}
	for a, hidesA := range state {
		for b, hidesB := range state {
			o := one(t, fmt.Sprintf(`{"ruleId":"R","message":{"text":"m"},"suppressions":[%s,%s]}`, a, b))
			if got, want := o.Claim.State == finding.ClaimSuppressedByTool, hidesA || hidesB; got != want {
				t.Errorf("%s and %s: suppressed %v, want %v", a, b, got, want)
			}
		}
	}
	if o := one(t, `{"ruleId":"R","message":{"text":"m"},"suppressions":[]}`); o.Claim.State != finding.ClaimNone {
		t.Errorf("no request at all: %q", o.Claim.State)
	}
}

func TestLevels(t *testing.T) {
	for members, want := range map[string]finding.Severity{
		`"level":"error"`:              finding.SeverityHigh,
		`"level":"warning"`:            finding.SeverityMedium,
		`"level":"note"`:               finding.SeverityLow,
		`"level":"none"`:               finding.SeverityInfo,
		`"rank":1`:                     finding.SeverityMedium, // the default level
		`"kind":"informational"`:       finding.SeverityInfo,
		`"kind":"open","level":"none"`: finding.SeverityUnknown,
		`"level":"error","properties":{"security-severity":"3.9"}`:     finding.SeverityLow,
		`"level":"error","properties":{"security-severity":9.0}`:       finding.SeverityCritical,
		`"level":"note","properties":{"security-severity":"0.0"}`:      finding.SeverityLow, // no rating
		`"level":"note","properties":{"security-severity":"11"}`:       finding.SeverityLow,
		`"level":"note","properties":{"security-severity":"Critical"}`: finding.SeverityCritical,
		`"level":"error","properties":{"issue_severity":"LOW"}`:        finding.SeverityLow,
		`"level":"error","properties":{"severity":"nonsense"}`:         finding.SeverityHigh,
	} {
		if o := one(t, `{"ruleId":"R","message":{"text":"m"},`+members+`}`); o.Severity != want {
			t.Errorf("%s: %v, want %v", members, o.Severity, want)
		}
	}
}

// one decodes a document with that single result.
func one(t *testing.T, result string) *finding.Observation {
	t.Helper()
	in, err := format.NewBytesInput("one.sarif", []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":[`+result+`]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	doc := format.Collect(t.Context(), Format, in)
	if doc.Err != nil || len(doc.Observations) != 1 {
		t.Fatalf("error %v, %d observations, faults %v", doc.Err, len(doc.Observations), doc.Faults)
	}
	return doc.Observations[0]
}

// Context that stands behind the results holds for them as if it stood
// before, whatever the sizes of what lies between.
func TestContextBehindResults(t *testing.T) {
	filler := strings.Repeat(`{"ruleId":"A/1","message":{"text":"quote \" slash \\"}},`, 5000)
	const tool = `"tool":{"driver":{"name":"T","rules":[{"id":"A","defaultConfiguration":{"level":"error"}}]}}`
	results := `"results":[` + filler + `{"ruleId":"A/2","message":{"text":"last"}}]`
	var got [2]*format.Document
	for i, members := range []string{tool + "," + results, results + "," + tool} {
		in, err := format.NewBytesInput("", []byte(`{"version":"2.1.0","runs":[{`+members+`}]}`))
		if err != nil {
			t.Fatal(err)
		}
		got[i] = format.Collect(t.Context(), Format, in)
		if got[i].Err != nil || len(got[i].Observations) != 5001 {
			t.Fatalf("order %d: %d observations, error %v", i, len(got[i].Observations), got[i].Err)
		}
	}
	for i, o := range got[0].Observations {
		if p := got[1].Observations[i]; o.Severity != p.Severity || o.Message != p.Message || o.Severity != finding.SeverityHigh {
			t.Fatalf("result %d: %v %q, behind %v %q", i, o.Severity, o.Message, p.Severity, p.Message)
		}
	}
	if got[1].Runs[0].Tool != "T" {
		t.Errorf("tool %q", got[1].Runs[0].Tool)
	}
}
