package gate

import (
	"fmt"
	"testing"
	"time"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

func question(now time.Time) Query {
	return Query{App: fact.App{Name: "shop", Criticality: "high", Exposure: "internet"}, Stage: policy.Build, Now: now,
		Scans: []fact.Scan{{Tool: "trivy", Status: fact.ScanSucceeded, At: now.Add(-time.Hour)}}}
}

func filled(assets []AssetFacts) *Table {
	t := NewTable()
	for _, a := range assets {
		t.Replace(a.Asset, "1", a.Findings)
	}
	return t
}

// BenchmarkGate judges 100,000 findings on 50 assets by 200 and 1,000 rules:
//   - load: put the findings into an empty table, no verdict
//   - cold: the first verdict of a table
//   - warm: nothing changed since the last verdict
//   - asset: one of the 50 assets was replaced since (its cost included)
//   - app: a fact about the application changed
//   - day: the first verdict of the next day
//   - bundle: one rule of the bundle was edited
func BenchmarkGate(b *testing.B) {
	assets := world(100_000, 5_000, 50, 1)
	for _, rules := range []int{200, 1000} {
		bundle := load(b, rulebook(rules, 1))
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			b.Run("load", func(b *testing.B) {
				for b.Loop() {
					filled(assets)
				}
			})
			b.Run("cold", func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					t := filled(assets)
					b.StartTimer()
					t.Judge(bundle, question(noon()))
				}
			})
			t := filled(assets)
			t.Judge(bundle, question(noon()))
			b.Run("warm", func(b *testing.B) {
				for b.Loop() {
					t.Judge(bundle, question(noon()))
				}
			})
			b.Run("asset", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					a := assets[i%len(assets)]
					t.Replace(a.Asset, "2", a.Findings)
					t.Judge(bundle, question(noon()))
				}
			})
			b.Run("app", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					q := question(noon())
					q.App.Owner = fact.Word(fmt.Sprint("team-", i))
					t.Judge(bundle, q)
				}
			})
			b.Run("day", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					t.Judge(bundle, question(noon().AddDate(0, 0, i%20000)))
				}
			})
		})
	}
}
