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

// counter is a sink that keeps nothing.
type counter struct{ records int }

func (c *counter) Run(format.Run) error               { return nil }
func (c *counter) Observe(*finding.Observation) error { c.records++; return nil }
func (c *counter) Component(finding.Component) error  { return nil }
func (c *counter) Depend(string, []string) error      { return nil }
func (c *counter) Quarantine(format.Fault) error      { c.records++; return nil }

// BenchmarkDecodeB decodes the largest real report of each format of this
// batch; MB/s is of the report's text.
func BenchmarkDecodeB(b *testing.B) {
	dir := filepath.Join(os.Getenv("STANCE_SHARED"), "corpus", "reports")
	if _, err := os.Stat(dir); err != nil {
		b.Skip("no corpus of real reports: set STANCE_SHARED")
	}
	for _, file := range []string{
		"anchore_grype/many_vulns.json", "trivy/legacy_many_vulns.json", "trivy/issue_10991.json",
		"semgrep/scenario-juice-shop/juice-shop_semgrep_os.json", "snyk/scenario-juice-shop/juice-shop_snyk_sca-report.json",
		"dependency_check/version-6.5.3.xml", "dependency_check/scenario-juice-shop/juice_shop_dependency-check-report.json",
		"npm_audit/many_vuln_with_groups.json",
	} {
		b.Run(strings.ReplaceAll(file, "/", "_"), func(b *testing.B) {
			raw, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				b.Fatal(err)
			}
			in, err := format.NewBytesInput(filepath.Base(file), raw)
			if err != nil {
				b.Fatal(err)
			}
			chosen, err := format.Choose(all.Formats(), in, "")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if err := chosen.Format.Decode(b.Context(), in, &counter{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
