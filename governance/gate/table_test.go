package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// plainCounts asks every rule of every finding, one after the other: the
// meaning of a verdict, without any of the table's devices.
func plainCounts(b *policy.Bundle, assets []AssetFacts, q Query) map[string][2]int {
	out := map[string][2]int{}
	for _, p := range b.Policies {
		for _, r := range p.Rules {
			s := policy.NewSubject(&q.App, q.Stage, q.Now)
			var n [2]int
			for _, a := range assets {
				s.Asset(&a.Asset)
				for i := range a.Findings {
					f := &a.Findings[i]
					s.Finding(f)
					if f.Closed != "" || waiverOf(f, r.ID(), q.Now) != "" {
						continue
					}
					switch r.Match.Ask(s) {
					case policy.True:
						n[0]++
					case policy.Undecided:
						n[1]++
					}
				}
			}
			out[r.ID()] = n
		}
	}
	return out
}

// checkPlain holds a verdict to the plain counts.
func checkPlain(t interface{ Fatalf(string, ...any) }, b *policy.Bundle, assets []AssetFacts, q Query, v Verdict) {
	acted := map[string]bool{}
	plain := plainCounts(b, assets, q)
	for _, r := range v.Reasons {
		acted[r.ID()] = true
		if want := plain[r.ID()]; r.Count != want[0] || r.Unknown != want[1] {
			t.Fatalf("rule %s: %d matched and %d unknown, want %v", r.ID(), r.Count, r.Unknown, want)
		}
	}
	for _, p := range b.Policies {
		for _, r := range p.Rules {
			n := plain[r.ID()]
			if _, acts := effectOf(r, n[0], n[1]); acts != acted[r.ID()] {
				t.Fatalf("rule %s (%s): acted %v, want %v for %v", r.ID(), r.Key, acted[r.ID()], acts, n)
			}
		}
	}
}

// TestTableAgreesWithFreshFacts changes a table at random and holds each
// verdict to one made of the same facts from nothing, and to plain counting.
func TestTableAgreesWithFreshFacts(t *testing.T) {
	bundles := []*policy.Bundle{load(t, rulebook(40, 3)), load(t, rulebook(25, 4))}
	rapid.Check(t, func(t *rapid.T) {
		table := NewTable()
		facts := map[string]AssetFacts{}
		now := noon()
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			seed := rapid.Uint64Range(1, 50).Draw(t, "seed")
			for _, a := range world(rapid.IntRange(0, 120).Draw(t, "findings"), 30, 4, seed) {
				switch rapid.IntRange(0, 3).Draw(t, "deed") {
				case 0:
					table.Remove(a.Asset.ID)
					delete(facts, a.Asset.ID)
				case 1, 2:
					table.Replace(a.Asset, "v", a.Findings)
					facts[a.Asset.ID] = a
				}
			}
			now = now.Add(time.Duration(rapid.IntRange(-30, 80).Draw(t, "hours")) * time.Hour)
			q := question(now)
			q.App.Exposure = rapid.SampledFrom([]fact.Word{"", "internet", "internal"}).Draw(t, "exposure")
			q.List = rapid.SampledFrom([]int{0, 3, -1}).Draw(t, "list")
			b := rapid.SampledFrom(bundles).Draw(t, "bundle")
			var assets []AssetFacts
			for _, a := range facts {
				assets = append(assets, a) // in random order
			}
			got, fresh := table.Judge(b, q), EvaluateQuery(b, assets, q)
			if diff := cmp.Diff(fresh, got); diff != "" {
				t.Fatalf("table and fresh facts differ (-fresh +table):\n%s", diff)
			}
			checkPlain(t, b, assets, q, got)
		}
	})
}

// TestSegmentsLongerThanABlock crosses the borders of blocks and of words.
func TestSegmentsLongerThanABlock(t *testing.T) {
	b := load(t, rulebook(30, 5))
	for _, n := range []int{blockRows - 1, blockRows, blockRows + 1, 2*blockRows + 65} {
		assets := world(n, 900, 1, 7)
		for i := range assets[0].Findings {
			assets[0].Findings[i].Closed = ""
		}
		q := question(noon())
		checkPlain(t, b, assets, q, EvaluateQuery(b, assets, q))
	}
}

func TestWorstComeFirst(t *testing.T) {
	b := load(t, "policy: p\nversion: 1\nrules:\n  - {name: any, when: 'finding.severity >= INFO', action: warn}\n")
	assets := world(3000, 100, 7, 9)
	var all []fact.Finding
	for _, a := range assets {
		for _, f := range a.Findings {
			if f.Closed == "" && f.Severity >= finding.SeverityInfo && waiverOf(&f, "p/any", noon()) == "" {
				all = append(all, f)
			}
		}
	}
	slices.SortFunc(all, func(a, b fact.Finding) int { return compareFindings(&a, &b) })
	for _, list := range []int{1, 10, 250, -1} {
		q := question(noon())
		q.List = list
		v := EvaluateQuery(b, assets, q)
		if list < 0 {
			list = len(all)
		}
		var got, want []string
		for _, item := range v.Reasons[0].Items {
			got = append(got, item.ID)
		}
		for _, f := range all[:list] {
			want = append(want, f.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("list %d (-want +got):\n%s", list, diff)
		}
	}
}

func TestFactsDigest(t *testing.T) {
	b := load(t, rulebook(3, 1))
	digest := func(change func([]AssetFacts, *Query)) string {
		assets, q := world(50, 10, 3, 11), question(noon())
		change(assets, &q)
		return EvaluateQuery(b, assets, q).FactsDigest
	}
	base := digest(func([]AssetFacts, *Query) {})
	for name, change := range map[string]func([]AssetFacts, *Query){
		"order of assets":   func(a []AssetFacts, _ *Query) { slices.Reverse(a) },
		"order of findings": func(a []AssetFacts, _ *Query) { slices.Reverse(a[0].Findings) },
		"stage":             func(_ []AssetFacts, q *Query) { q.Stage = policy.Deploy },
		"time":              func(_ []AssetFacts, q *Query) { q.Now = q.Now.AddDate(0, 1, 0) },
	} {
		if got := digest(change); got != base {
			t.Errorf("%s changes the digest of the facts", name)
		}
	}
	seen := map[string]string{base: "nothing"}
	for name, change := range map[string]func([]AssetFacts, *Query){
		"title":         func(a []AssetFacts, _ *Query) { a[1].Findings[0].Title += "!" },
		"score":         func(a []AssetFacts, _ *Query) { a[1].Findings[0].Score = fact.Num{} },
		"score of zero": func(a []AssetFacts, _ *Query) { a[1].Findings[0].Score = fact.Number(0) },
		"kev unknown":   func(a []AssetFacts, _ *Query) { a[1].Findings[0].KEV = fact.Unknown },
		"closed":        func(a []AssetFacts, _ *Query) { a[1].Findings[0].Closed = "accepted" },
		"waiver":        func(a []AssetFacts, _ *Query) { a[1].Findings[0].Waivers = []fact.Waiver{{ID: "x"}} },
		"owner":         func(_ []AssetFacts, q *Query) { q.App.Owner = "team" },
		"data classes":  func(_ []AssetFacts, q *Query) { q.App.DataClasses = []string{"ab", "c"} },
		"data classes2": func(_ []AssetFacts, q *Query) { q.App.DataClasses = []string{"a", "bc"} },
		"asset":         func(a []AssetFacts, _ *Query) { a[0].Asset.Ref = "main" },
		"scan":          func(_ []AssetFacts, q *Query) { q.Scans[0].Full = fact.No },
		"moved finding": func(a []AssetFacts, _ *Query) {
			a[1].Findings = append(a[1].Findings, a[0].Findings[0])
			a[0].Findings = a[0].Findings[1:]
		},
	} {
		got := digest(change)
		if other, dup := seen[got]; dup {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[got] = name
	}
}

func TestTableForgets(t *testing.T) {
	table := NewTable()
	b := load(t, rulebook(20, 1))
	for i := range 60 {
		assets := world(400, 300, 1, uint64(i+1))
		for j := range assets[0].Findings {
			assets[0].Findings[j].Component = fmt.Sprintf("c-%d-%d", i, j)
		}
		table.Replace(assets[0].Asset, fmt.Sprint(i), assets[0].Findings)
		q := question(noon().AddDate(0, 0, i))
		got := table.Judge(b, q)
		if diff := cmp.Diff(EvaluateQuery(b, assets, q), got); diff != "" {
			t.Fatalf("after %d replacements (-fresh +table):\n%s", i, diff)
		}
	}
	for name, c := range table.columns {
		if c.size > 4*400+4096+400 {
			t.Errorf("column %q keeps %d values for 400 findings", strings.TrimSpace(name), c.size)
		}
	}
	if v, ok := table.Version("asset-000"); v != "59" || !ok {
		t.Errorf("version is %q, %v", v, ok)
	}
	if got := table.Assets(); len(got) != 1 {
		t.Errorf("assets are %v", got)
	}
	table.Remove("asset-000")
	if _, ok := table.Version("asset-000"); ok {
		t.Error("the asset is still there")
	}
}

func TestTableIsSafeForManyReaders(t *testing.T) {
	table, assets := NewTable(), world(600, 100, 4, 2)
	b := load(t, rulebook(20, 1))
	done := make(chan Verdict)
	for i := range 8 {
		go func() {
			for _, a := range assets {
				table.Replace(a.Asset, fmt.Sprint(i), a.Findings)
				table.Judge(b, question(noon()))
			}
			done <- table.Judge(b, question(noon()))
		}()
	}
	want := EvaluateQuery(b, assets, question(noon()))
	for range 8 {
		if v := <-done; v.Outcome == "" {
			t.Error("no outcome")
		}
	}
	if diff := cmp.Diff(want, table.Judge(b, question(noon()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
