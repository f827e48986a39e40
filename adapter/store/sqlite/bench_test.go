package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/sarif"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// results is the size of the report that the benchmarks import.
const results = 100_000

// bigSARIF writes a report as static analysers write them: 200 checks, 2,000
// files, a snippet and a fingerprint for each result.
func bigSARIF(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"bench","version":"1.0","rules":[`)
	for i := range 200 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"R%03d","name":"Check%d","shortDescription":{"text":"Check number %d"},"fullDescription":{"text":"Explains what check %d looks for, in a sentence or two."},"help":{"text":"How to mend it."},"properties":{"tags":["external/cwe/cwe-%03d"],"security-severity":"%d.5"}}`, i, i, i, i, []int{79, 89, 22, 78, 502}[i%5], 3+i%6)
	}
	b.WriteString(`]}},"results":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ruleId":"R%03d","ruleIndex":%d,"level":"warning","message":{"text":"A value from the request reaches call %d unchecked."},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/main/java/com/acme/p%d/File%d.java"},"region":{"startLine":%d,"startColumn":9,"endColumn":40,"snippet":{"text":"        statement.execute(\"select \" + value%d);"}}}}],"partialFingerprints":{"primaryLocationLineHash":"%016x:1"}}`,
			i%200, i%200, i, i%50, i%2000, 1+i/2000*7, i, i*2654435761)
	}
	b.WriteString(`]}]}`)
	return []byte(b.String())
}

type importer struct {
	b   *testing.B
	db  *sqlite.DB
	doc []byte
	n   int
}

func newImporter(b *testing.B, doc []byte) *importer {
	now := func() time.Time { return time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }
	return &importer{b, openFile(b, filepath.Join(b.TempDir(), "bench.db"), now), doc, 0}
}

func (i *importer) once() apply.Outcome {
	i.b.Helper()
	i.n++
	ctx := context.Background()
	now := time.Date(2026, 5, 1, 0, i.n, 0, 0, time.UTC)
	id := uuid.Must(uuid.NewV7()).String()
	sub := receive.Submission{Application: "shop", Asset: "repo", Ref: "main", ScannedAt: now}
	if _, err := i.db.Commit(ctx, tenant.Default, "", []receive.Accepted{{ID: id, Submission: sub, Digest: id, Target: "t", Received: now}}); err != nil {
		i.b.Fatal(err)
	}
	in, err := format.NewBytesInput("big.sarif", i.doc)
	if err != nil {
		i.b.Fatal(err)
	}
	began := time.Now()
	a := &apply.Applier{Store: i.db, NewID: func(time.Time) finding.ID { return finding.ID(uuid.Must(uuid.NewV7())) }, Elapsed: func() time.Duration { return time.Since(began) }}
	out, err := a.Apply(ctx, apply.Job{Tenant: tenant.Default, Report: id, Submission: sub, Received: now, Now: now,
		Documents: []apply.Document{{Input: in, Format: format.Detection{Format: sarif.Format, Confidence: format.Certain}}}, SecretKey: make([]byte, 32), Build: "bench"})
	if err != nil {
		i.b.Fatal(err)
	}
	return out
}

// BenchmarkFirstImport imports a report of new findings, from its bytes to
// the commit.
func BenchmarkFirstImport(b *testing.B) {
	doc := bigSARIF(results)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		b.StopTimer()
		i := newImporter(b, doc)
		b.StartTimer()
		if out := i.once(); out.New != results {
			b.Fatalf("%d new, want %d", out.New, results)
		}
	}
	b.ReportMetric(float64(results)*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}

// BenchmarkReimport imports a report again that the record knows.
func BenchmarkReimport(b *testing.B) {
	doc := bigSARIF(results)
	i := newImporter(b, doc)
	i.once()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if out := i.once(); out.Unchanged != results {
			b.Fatalf("%d unchanged, want %d", out.Unchanged, results)
		}
	}
	b.ReportMetric(float64(results)*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}
