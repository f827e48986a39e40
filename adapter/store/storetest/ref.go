package storetest

import (
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// refs tests branches and tags.
func refs() map[string]func(*world) {
	return map[string]func(*world){
		"a branch closes nothing elsewhere":   branchCloses,
		"a branch moves nothing on main":      branchMoves,
		"present on a ref":                    presentOn,
		"default does not depend on arrival":  defaultRef,
		"a person chooses the default":        setDefaultRef,
		"no ref counts":                       noRef,
		"gone on main, there on a branch":     goneOnMain,
		"details say where it stands":         refStates,
		"branch first, then main":             branchFirst,
		"severity of the default ref decides": refSeverity,
	}
}

func branchCloses(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.outcome(w.scan(scan{ref: "feature", obs: vulns(1, 3), at: day(2)}), 1, 1, 0, 0, 0)
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3)+" (branch only)")
	apps, err := w.Store.Applications(w.ctx, w.tenant)
	w.must(err)
	if len(apps) != 1 || countAll(apps[0].Open) != 2 {
		w.Errorf("applications %+v, want one with 2 open", apps)
	}
}

func countAll(ts []posture.Tally) (n int64) {
	for _, t := range ts {
		n += t.Count
	}
	return n
}

// branchMoves: what a branch does to code changes neither the line nor the
// words of the finding on the default branch.
func branchMoves(w *world) {
	o := code("sqli", 89, "src/a.go", 10, "q(x)")
	w.scan(scan{obs: []*finding.Observation{o}})
	id := w.one(posture.Filter{}).ID
	w.scan(scan{ref: "feature", obs: []*finding.Observation{o}, at: day(2)})
	moved := clone(o)
	moved.Location.StartLine, moved.Title, moved.Severity = 99, "other words", finding.SeverityCritical
	w.scan(scan{ref: "feature", obs: []*finding.Observation{moved}, at: day(3)})
	r := w.one(posture.Filter{})
	if r.ID != id || r.Place != "src/a.go:10" || r.Title != "sqli" || r.Severity != finding.SeverityMedium {
		w.Errorf("on main: %s %s at %s", r.Severity, r.Title, r.Place)
	}
}

func presentOn(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.scan(scan{ref: "feature", obs: vulns(1, 2, 3), at: day(2)})
	w.scan(scan{ref: "feature", obs: vulns(1, 3), at: day(3)})
	for ref, want := range map[string]int{"main": 2, "feature": 2, "gone": 0, "*": 3} {
		f := posture.Filter{Ref: ref}
		if got := w.rows(f); len(got) != want {
			w.Errorf("on %q: %v, want %d", ref, titles(got), want)
		}
	}
}

func defaultRef(w *world) {
	type step struct {
		ref string
		at  int
	}
	for app, c := range map[string]struct {
		steps []step
		want  string
	}{
		"named":    {[]step{{"feature", 1}, {"main", 2}}, "main"},
		"named2":   {[]step{{"main", 2}, {"feature", 1}}, "main"},
		"oldest":   {[]step{{"a", 3}, {"b", 2}}, "b"},
		"oldest2":  {[]step{{"b", 2}, {"a", 3}}, "b"},
		"two main": {[]step{{"master", 1}, {"main", 2}}, "main"},
		"late":     {[]step{{"a", 3}, {"b", 2}, {"c", 1}}, "c"},
	} {
		for i, s := range c.steps {
			w.scan(scan{app: app, ref: s.ref, at: day(s.at), obs: vulns(1, 10+i)})
		}
		key := appKey(app)
		_, assets, err := w.Store.Application(w.ctx, w.tenant, key)
		w.must(err)
		if len(assets) != 1 || assets[0].DefaultRef != c.want {
			w.Errorf("%s: assets %+v, want default %s", app, assets, c.want)
		}
		// One on all refs, one of the default's own; the others don't count.
		if n := len(w.rows(posture.Filter{Applications: []string{key}})); n != 2 {
			w.Errorf("%s: %d findings count, want 2", app, n)
		}
		if n := len(w.rows(posture.Filter{Applications: []string{key}, Ref: "*"})); n != 1+len(c.steps) {
			w.Errorf("%s: %d findings in all, want %d", app, n, 1+len(c.steps))
		}
	}
}

func appKey(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}

func setDefaultRef(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	out := w.scan(scan{ref: "release", obs: vulns(2, 3), at: day(2)})
	w.must(w.Store.SetDefaultRef(w.ctx, w.tenant, out.Asset, "release"))
	w.want("open high "+vulnTitle(1)+" (branch only)", "open high "+vulnTitle(2), "open high "+vulnTitle(3))
	// It stays although main has the better name.
	w.scan(scan{obs: vulns(1, 2, 4), at: day(3)})
	w.want("open high "+vulnTitle(1)+" (branch only)", "open high "+vulnTitle(2), "open high "+vulnTitle(3), "open high "+vulnTitle(4)+" (branch only)")
	if err := w.Store.SetDefaultRef(w.ctx, w.tenant, out.Asset, "nowhere"); err == nil {
		w.Error("a ref that was never scanned is taken")
	}
}

func noRef(w *world) {
	w.scan(scan{ref: "-", obs: vulns(1)})
	w.want("open high " + vulnTitle(1))
	w.scan(scan{ref: "main", obs: vulns(2), at: day(2)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
}

func goneOnMain(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.scan(scan{ref: "feature", obs: vulns(1, 2), at: day(2)})
	w.scan(scan{obs: vulns(1), at: day(3)})
	w.want("open high "+vulnTitle(1), "resolved high "+vulnTitle(2))
}

func refStates(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.scan(scan{ref: "feature", obs: vulns(1), at: day(2)})
	w.scan(scan{ref: "feature", obs: vulns(2), at: day(3)})
	d := w.detail(w.one(posture.Filter{Advisory: "CVE-2026-0001"}).ID)
	want := []posture.RefState{{Ref: "feature", AsOf: day(3)}, {Ref: "main", Default: true, Present: true, AsOf: day(1)}}
	if len(d.Refs) != 2 || d.Refs[0] != want[0] || d.Refs[1] != want[1] {
		w.Errorf("refs %+v, want %+v", d.Refs, want)
	}
}

func branchFirst(w *world) {
	o := code("sqli", 89, "src/a.go", 10, "q(x)")
	w.scan(scan{ref: "feature", obs: []*finding.Observation{o}})
	id := w.one(posture.Filter{}).ID
	w.scan(scan{ref: "main", obs: []*finding.Observation{code("xss", 79, "src/b.go", 1, "out()")}, at: day(2)})
	w.want("open medium sqli (branch only)", "open medium xss")
	merged := clone(o)
	merged.Location.StartLine = 25
	w.scan(scan{ref: "main", obs: []*finding.Observation{merged, code("xss", 79, "src/b.go", 1, "out()")}, at: day(3)})
	w.want("open medium sqli", "open medium xss")
	if got := w.lines("src/a.go"); got[25] != id {
		w.Errorf("merged into main at line 25, shown on %v", got)
	}
}

func refSeverity(w *world) {
	low, high := vulns(1), vulns(1)
	low[0].Severity = finding.SeverityLow
	w.scan(scan{obs: low})
	w.scan(scan{ref: "feature", obs: high, at: day(2)})
	w.want("open low " + vulnTitle(1))
}
