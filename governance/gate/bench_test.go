package gate

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
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
//   - bundle: the bundle was edited: every rule is judged anew, by known answers
func BenchmarkGate(b *testing.B) {
	assets := world(100_000, 5_000, 50, 1)
	for _, rules := range []int{200, 1000} {
		text := rulebook(rules, 1)
		bundle := load(b, text)
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
				timed(b, func(int) { t.Judge(bundle, question(noon())) })
			})
			b.Run("asset", func(b *testing.B) {
				timed(b, func(i int) {
					a := assets[i%len(assets)]
					t.Replace(a.Asset, "2", a.Findings)
					t.Judge(bundle, question(noon()))
				})
			})
			b.Run("app", func(b *testing.B) {
				timed(b, func(i int) {
					q := question(noon())
					q.App.Owner = fact.Word(fmt.Sprint("team-", i))
					t.Judge(bundle, q)
				})
			})
			b.Run("day", func(b *testing.B) {
				timed(b, func(i int) { t.Judge(bundle, question(noon().AddDate(0, 0, i%20000))) })
			})
			edited := [2]*policy.Bundle{bundle, load(b, strings.Replace(text, "max: 0", "max: 7", 1))}
			b.Run("bundle", func(b *testing.B) {
				timed(b, func(i int) {
					t.keys, t.sums = map[resultKey]int{}, nil // as if never judged by either
					for _, s := range t.segments {
						s.results = nil
					}
					t.Judge(edited[i%2], question(noon()))
				})
			})
		})
	}
}

// timed reports the 99th percentile beside the mean.
func timed(b *testing.B, judge func(i int)) {
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		judge(i)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkMemory reports what a table holds on to for each finding, beside
// the facts it was given.
func BenchmarkMemory(b *testing.B) {
	assets := world(100_000, 5_000, 50, 1)
	bundle := load(b, rulebook(1000, 1))
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		t := filled(assets)
		t.Judge(bundle, question(noon()))
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/100_000, "B/finding")
		runtime.KeepAlive(t)
	}
}
