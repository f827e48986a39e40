package sarif

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

// discard counts what a decoder tells and keeps nothing.
type discard struct{ observations int }

func (d *discard) Run(format.Run) error               { return nil }
func (d *discard) Observe(*finding.Observation) error { d.observations++; return nil }
func (d *discard) Component(finding.Component) error  { return nil }
func (d *discard) Depend(string, []string) error      { return nil }
func (d *discard) Quarantine(format.Fault) error      { return nil }

// compact is a report as analysers write it without white space.
func compact(results int) string {
	var b strings.Builder
	b.WriteString(`{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{"name":"Sample Analyser","rules":[`)
	for i := range 50 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"go/check-%d","shortDescription":{"text":"Check %d"},"fullDescription":{"text":"What check %d looks for."},"defaultConfiguration":{"level":"warning"},"properties":{"tags":["security","external/cwe/cwe-%03d"],"precision":"high","security-severity":"7.5"}}`, i, i, i, 20+i)
	}
	b.WriteString(`]}},"results":[`)
	for i := range results {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ruleId":"go/check-%d","ruleIndex":%d,"level":"error","message":{"text":"The value of request parameter %d reaches a query without being checked."},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"internal/service/handler_%d.go","uriBaseId":"%%SRCROOT%%"},"region":{"startLine":%d,"startColumn":9,"endLine":%d,"endColumn":41,"snippet":{"text":"\trows, err := db.Query(q + r.FormValue(\"id\"))"}}}}],"partialFingerprints":{"primaryLocationLineHash":"%016x:1"}}`,
			i%50, i%50, i, i%700, i%900+1, i%900+1, i*7919)
	}
	b.WriteString(`]}]}`)
	return b.String()
}

func BenchmarkDecode(b *testing.B) {
	const results = 20000
	doc := compact(results)
	in, err := format.NewInput("bench.sarif", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(doc)), nil })
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
		if d.observations != results {
			b.Fatalf("%d observations, want %d", d.observations, results)
		}
	}
	b.ReportMetric(float64(results)*float64(b.N)/b.Elapsed().Seconds(), "results/s")
}
