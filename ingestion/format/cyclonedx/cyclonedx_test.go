package cyclonedx

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

// A document that breaks off among its vulnerabilities still tells what came
// before, also when these wait for the second pass.
func TestCut(t *testing.T) {
	const doc = `{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{"id":"CVE-2031-1"},{"id":"CVE-2031-2"},{"id":`
	in, err := format.NewBytesInput("cut.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	got := format.Collect(t.Context(), Format, in)
	if got.Err == nil || len(got.Runs) != 1 || len(got.Observations) != 2 {
		t.Errorf("error %v, %d runs, %d observations; want an error, 1 and 2", got.Err, len(got.Runs), len(got.Observations))
	}
}

func TestFixVersions(t *testing.T) {
	for _, c := range []struct {
		advice, component string
		several           bool
		want              string
	}{
		{"Upgrade hedge to version 1.2.9, 2.0.1; Upgrade stile to version 3", "hedge", false, "1.2.9 2.0.1"},
		{"Upgrade hedge to version 1.2.9, 2.0.1; Upgrade stile to version 3", "stile", false, "3"},
		{"Upgrade org.example:wheel to version 2.6.7.5, 2.8.11.1 or higher.", "wheel", true, "2.6.7.5 2.8.11.1"},
		{"Upgrade org.example:wheel to version 2.6.7.5", "axle", true, ""},
		{"Upgrade to version v1.4.", "axle", true, "v1.4"},
		{"Upgrade to version (none)", "", false, ""},
		{"Turn it off.", "x", false, ""},
	} {
		if got := strings.Join(fixVersions(nil, c.advice, c.component, c.several), " "); got != c.want {
			t.Errorf("fixVersions(%q, %q) = %q, want %q", c.advice, c.component, got, c.want)
		}
	}
}

// discard counts what a decoder tells and keeps nothing.
type discard struct{ observations int }

func (d *discard) Run(format.Run) error               { return nil }
func (d *discard) Observe(*finding.Observation) error { d.observations++; return nil }
func (d *discard) Component(finding.Component) error  { return nil }
func (d *discard) Depend(string, []string) error      { return nil }
func (d *discard) Quarantine(format.Fault) error      { return nil }

// large is a BOM in the manner of a container scanner.
func large(components, vulnerabilities int) string {
	var b strings.Builder
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"bom-ref":"root","type":"container","name":"image"}},"components":[{"type":"file","name":"first"}`)
	for i := range components {
		fmt.Fprintf(&b, `,{"bom-ref":"pkg:npm/package-%d@1.%d.0","type":"library","name":"package-%d","version":"1.%d.0","purl":"pkg:npm/package-%d@1.%d.0","licenses":[{"license":{"id":"MIT"}}],"hashes":[{"alg":"SHA-256","content":"%064x"}],"properties":[{"name":"aquasecurity:trivy:PkgType","value":"npm"}]}`, i, i, i, i, i, i, i)
	}
	b.WriteString(`],"dependencies":[{"ref":"root","dependsOn":["pkg:npm/package-0@1.0.0"]}],"vulnerabilities":[`)
	for i := range vulnerabilities {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"CVE-2031-%d","source":{"name":"nvd","url":"https://advisories.example/CVE-2031-%d"},"ratings":[{"source":{"name":"nvd"},"score":7.5,"severity":"high","method":"CVSSv31","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],"cwes":[79],"description":"Text from outside reaches the page of package %d unchanged, so that a crafted link runs script in the session of whoever opens it.","recommendation":"Upgrade package-%d to version 2.0.0","advisories":[{"url":"https://advisories.example/a/%d"},{"url":"https://advisories.example/b/%d"}],"affects":[{"ref":"pkg:npm/package-%d@1.%d.0","versions":[{"version":"1.%d.0","status":"affected"}]}]}`,
			i, i, i, i, i, i, i%components, i%components, i%components)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkDecode(b *testing.B) {
	const vulnerabilities = 10000
	doc := large(10000, vulnerabilities)
	in, err := format.NewInput("bench.cdx.json", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(doc)), nil })
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		var d discard
		if err := decode(context.Background(), in, &d); err != nil {
			b.Fatal(err)
		}
		if d.observations != vulnerabilities {
			b.Fatalf("%d observations, want %d", d.observations, vulnerabilities)
		}
	}
}
