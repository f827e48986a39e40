package dependencycheck

import (
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDependencyCheck(f *testing.F) { formattest.Fuzz(f, Format) }

func TestSeverity(t *testing.T) {
	rated := []finding.CVSS{{Score: 5}, {Score: 9.1}}
	for _, c := range []struct {
		word    string
		ratings []finding.CVSS
		want    finding.Severity
	}{
		{"Moderate", rated, finding.SeverityMedium},
		{"7.5", nil, finding.SeverityHigh},
		{"", rated, finding.SeverityCritical},
		{"", nil, finding.SeverityUnknown},
		{"Unknown", rated, finding.SeverityUnknown},
	} {
		if got := severity(c.word, c.ratings); got != c.want {
			t.Errorf("severity(%q) = %v, want %v", c.word, got, c.want)
		}
	}
}

func TestVector(t *testing.T) {
	if got := vector("AV", "ADJACENT_NETWORK", "AC", "low"); got != "AV:A/AC:L" {
		t.Errorf("vector = %q", got)
	}
	if got := vector("AV", "NETWORK", "AC", ""); got != "" {
		t.Errorf("a vector with a metric missing = %q", got)
	}
	if got := score("9.100000381469727"); got != 9.1 {
		t.Errorf("score = %v", got)
	}
}

// A dependency without a package URL is named by what else is known.
func TestComponent(t *testing.T) {
	for want, d := range map[string]dependency{
		"org.example/courier/2.3/pkg:maven/org.example/courier@2.3": {Old: []identifier{{Type: "maven", Name: "org.example:courier:2.3"}}},
		"/basket/1.0/pkg:npm/basket@1.0":                            {Old: []identifier{{Type: "cpe", Name: "cpe:/a:x:y:1"}, {Type: "npm", Name: "basket:1.0"}}},
		"/parcel/1.0/":                                              {CPEs: []identifier{{ID: "cpe:2.3:a:acme:parcel:1.0:*:*:*:*:*:*:*"}}},
		"/parcel/2.0/":                                              {Old: []identifier{{Type: "cpe", Name: "(cpe:/a:acme:parcel:2.0)"}}},
		"/parcel.dll//":                                             {FileName: "parcel.dll", CPEs: []identifier{{ID: "cpe:/a"}}},
		"/b/1/pkg:npm/b@1":                                          {Packages: []identifier{{ID: "pkg:npm/a@1", Confidence: "LOW"}, {ID: "pkg:npm/b@1", Confidence: "HIGHEST"}}},
	} {
		c := d.component()
		if got := strings.Join([]string{c.Group, c.Name, c.Version, c.PURL}, "/"); got != want {
			t.Errorf("component = %q, want %q", got, want)
		}
	}
}

func TestOddShapes(t *testing.T) {
	const doc = `{"reportSchema":"1.1","scanInfo":[],"dependencies":[1,{"fileName":"a","vulnerabilities":"none"},
		{"fileName":"b","packages":null,"vulnerabilities":[{},{"name":"CVE-2025-1","cwes":"CWE-1","references":{"url":"x"},"knownExploitedVulnerability":"yes"}]}]}`
	in, err := format.NewBytesInput("r.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	d := format.Collect(t.Context(), Format, in)
	if d.Err != nil || len(d.Observations) != 1 || len(d.Faults) != 3 || !d.Observations[0].KEV {
		t.Errorf("%d observations, %v, %v", len(d.Observations), d.Faults, d.Err)
	}
}
