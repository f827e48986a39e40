package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// orders tests that the order in which scans arrive does not matter.
func orders() map[string]func(*world) {
	return map[string]func(*world){
		"late scan is history":        lateScan,
		"late scan with older words":  lateWords,
		"late scan backdates":         lateBackdates,
		"any order gives one state":   anyOrder,
		"late inventory":              lateInventory,
		"late scan of a moved file":   lateMoved,
		"late scan fills a hole":      lateHole,
		"late resolution's valid day": lateValid,
	}
}

func lateScan(w *world) {
	w.scan(scan{obs: vulns(1), at: day(5)})
	out := w.scan(scan{obs: vulns(1, 2), at: day(2)})
	w.outcome(out, 1, 0, 1, 0, 1)
	w.want("open high "+vulnTitle(1), "resolved high "+vulnTitle(2))
}

func lateWords(w *world) {
	newer, older := vulns(1), vulns(1)
	newer[0].Severity = finding.SeverityCritical
	older[0].Severity, older[0].Message = finding.SeverityLow, "as it was"
	w.scan(scan{obs: newer, at: day(5)})
	w.outcome(w.scan(scan{obs: older, at: day(2)}), 0, 0, 1, 0, 0)
	w.want("open critical " + vulnTitle(1))
	if m := w.detail(w.one(posture.Filter{}).ID).Observations[0].Observed.Message; m != "" {
		w.Errorf("message %q, want that of the newer scan", m)
	}
}

func lateBackdates(w *world) {
	w.scan(scan{obs: vulns(1), at: day(5)})
	w.scan(scan{obs: vulns(1), at: day(2)})
	if got := w.one(posture.Filter{}).FirstSeen; !got.Equal(day(2)) {
		w.Errorf("first seen %s, want %s", got, day(2))
	}
	w.scan(scan{tool: "beta", obs: vulns(1), at: day(1)})
	row := w.one(posture.Filter{})
	if !row.FirstSeen.Equal(day(1)) || !row.LastSeen.Equal(day(5)) {
		w.Errorf("seen from %s to %s, want %s to %s", row.FirstSeen, row.LastSeen, day(1), day(5))
	}
}

func lateInventory(w *world) {
	list := func(names ...string) (out []finding.Component) {
		for _, n := range names {
			out = append(out, finding.Component{Name: n, Version: "1"})
		}
		return out
	}
	w.scan(scan{components: list("a", "b", "c"), at: day(5)})
	w.scan(scan{components: list("old"), at: day(2)})
	if n := w.Rows(w)["component"]; n != 3 {
		w.Errorf("%d components, want the 3 of the newest scan", n)
	}
}

func lateMoved(w *world) {
	w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "lib/b.go", 20, "q(x)")}, at: day(5)})
	id := w.one(posture.Filter{}).ID
	w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "src/a.go", 10, "q(x)")}, at: day(2)})
	if r := w.one(posture.Filter{}); r.ID != id || r.Place != "lib/b.go:20" || r.Status != finding.Open {
		w.Errorf("%s at %s", r.Status, r.Place)
	}
	w.outcome(w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "lib/b.go", 20, "q(x)")}, at: day(6)}), 0, 0, 1, 0, 0)
}

func lateHole(w *world) {
	w.scan(scan{obs: vulns(1, 2), at: day(1)})
	w.scan(scan{obs: vulns(1, 2), at: day(5)})
	out := w.scan(scan{obs: vulns(1), at: day(3)})
	w.outcome(out, 0, 0, 1, 0, 0)
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
}

func lateValid(w *world) {
	w.scan(scan{obs: vulns(1), at: day(5)})
	w.scan(scan{tool: "beta", obs: vulns(9), at: day(7)})
	w.scan(scan{obs: vulns(1, 2), at: day(2)})
	id := w.one(posture.Filter{Advisory: "CVE-2026-0002"}).ID
	es, err := w.Store.History(w.ctx, w.tenant, id)
	w.must(err)
	if len(es) != 2 || es[1].Type != "resolved" || !es[1].Valid.Equal(day(5)) || !es[1].Recorded.Equal(w.now) {
		w.Errorf("history %+v, want resolved on day 5", es)
	}
}

// maxRuns bounds how many histories one test imports; each is a dozen real
// transactions.
const maxRuns = 60

// anyOrder: scans of two tools and two refs, in the order of their time and
// in any other, end in the same state of every finding. Records that only say
// what is gone are left out: of what nobody reported yet they leave nothing.
func anyOrder(w *world) {
	run := 0
	t, ok := w.TB.(*testing.T)
	if !ok {
		w.Fatal("want a *testing.T")
	}
	rapid.Check(t, func(rt *rapid.T) {
		if run >= maxRuns {
			return
		}
		scans := make([]scan, rapid.IntRange(2, 7).Draw(rt, "scans"))
		for i := range scans {
			s := scan{tool: rapid.SampledFrom([]string{"alpha", "beta"}).Draw(rt, "tool"), ref: rapid.SampledFrom([]string{"main", "feature"}).Draw(rt, "ref"),
				at: day(i), part: rapid.IntRange(0, 3).Draw(rt, "part") == 0}
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 14), 0, 14, rapid.ID[int]).Draw(rt, "seen") {
				o := vuln(fmt.Sprintf("CVE-2026-%04d", n), fmt.Sprintf("pkg%d@1.0.0", n), finding.Severity(rapid.IntRange(1, 5).Draw(rt, "severity")))
				switch rapid.IntRange(0, 9).Draw(rt, "claim") {
				case 0:
					o.Claim.State = finding.ClaimSuppressedByTool
				case 1:
					o.Claim = finding.Claim{State: finding.ClaimNotAffected, Source: "vex"}
				}
				s.obs = append(s.obs, o)
			}
			scans[i] = s
		}
		end := func(scans []scan) []string {
			run++
			app := fmt.Sprintf("app%d", run)
			for _, s := range scans {
				s.app, s.asset = app, app
				w.scan(s)
			}
			counted := map[finding.ID]bool{}
			for _, r := range w.rows(posture.Filter{Applications: []string{app}}) {
				counted[r.ID] = true
			}
			var out []string
			for _, r := range w.rows(posture.Filter{Applications: []string{app}, Ref: "*"}) {
				out = append(out, fmt.Sprintf("%s %s %s counts %t since %s score %.1f by %v", r.Title, r.Status, r.Severity, counted[r.ID], r.FirstSeen.Format("2006-01-02"), r.Score, r.Tools))
			}
			for _, ref := range []string{"main", "feature"} {
				for _, r := range w.rows(posture.Filter{Applications: []string{app}, Ref: ref}) {
					out = append(out, r.Title+" on "+ref)
				}
			}
			slices.Sort(out)
			return out
		}
		want := end(scans)
		if diff := cmp.Diff(want, end(rapid.Permutation(scans).Draw(rt, "order"))); diff != "" {
			rt.Fatalf("another order ends differently (-in order +otherwise):\n%s", diff)
		}
	})
}
