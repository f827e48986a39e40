package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// BenchmarkInventory writes SBOMs of 2,000 components, each of which depends
// on three others, into 50 assets, and then asks for one component below a
// version, for a part of a name that is nowhere, and for a path.
func BenchmarkInventory(b *testing.B) {
	const assets, components = 50, 2000
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	db := openFile(b, filepath.Join(b.TempDir(), "stance.db"), func() time.Time { return now })
	sbom := func(asset int) func(context.Context, *format.Input, format.Sink) error {
		return func(_ context.Context, _ *format.Input, sink format.Sink) error {
			if err := sink.Run(format.Run{Tool: "bomwright"}); err != nil {
				return err
			}
			for i := range components {
				ref := fmt.Sprintf("c%d", i)
				if err := sink.Component(finding.Component{Ecosystem: "maven", Group: "org.example", Name: fmt.Sprintf("part-%d", i), Version: fmt.Sprintf("1.%d.0", asset), Ref: ref, Licences: []string{"Apache-2.0"}}); err != nil {
					return err
				}
				if err := sink.Depend(ref, []string{fmt.Sprintf("c%d", 2*i+1), fmt.Sprintf("c%d", 2*i+2), fmt.Sprintf("c%d", (i+7)%components)}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	write := func(asset int) {
		s := receive.Submission{Name: "bom.json", Application: "shop", Asset: fmt.Sprintf("asset-%d", asset), Ref: "main", ScannedAt: now, By: "ci"}
		rs, err := db.Commit(b.Context(), tenant.Default, "", []receive.Accepted{{ID: uuid.Must(uuid.NewV7()).String(), Submission: s, Digest: uuid.NewString(), Target: s.Asset, Received: now}})
		if err != nil {
			b.Fatal(err)
		}
		in, err := format.NewBytesInput("bom.json", []byte("{}"))
		if err != nil {
			b.Fatal(err)
		}
		a := &apply.Applier{Store: db, NewID: func(time.Time) finding.ID { return finding.ID(uuid.Must(uuid.NewV7())) }, Elapsed: func() time.Duration { return 0 }}
		if _, err := a.Apply(b.Context(), apply.Job{Tenant: tenant.Default, Report: rs[0].ID, Submission: s, Received: now, Now: now, SecretKey: make([]byte, 32),
			Documents: []apply.Document{{Input: in, Format: format.Detection{Format: format.Format{Name: "scripted", Decode: sbom(asset)}, Confidence: format.Certain}}}}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range assets {
		write(i)
	}
	b.Run("write", func(b *testing.B) {
		for i := range b.N {
			write(i % assets)
		}
		b.ReportMetric(float64(components*b.N)/b.Elapsed().Seconds(), "components/s")
	})
	for name, q := range map[string]string{"version": "part-77 < 1.9", "nowhere": "no-such-thing", "everything": "< 1.9"} {
		b.Run(name, func(b *testing.B) {
			f, err := posture.ParseComponentQuestion(q)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := db.Components(b.Context(), tenant.Default, f, posture.Page{Limit: 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("path", func(b *testing.B) {
		l, err := db.Components(b.Context(), tenant.Default, posture.ComponentFilter{Name: "part-1999"}, posture.Page{Limit: 1})
		if err != nil || len(l.Rows) != 1 {
			b.Fatal(err, len(l.Rows))
		}
		for b.Loop() {
			if _, err := db.ComponentUses(b.Context(), tenant.Default, l.Rows[0].AssetID, l.Rows[0].Ref, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
