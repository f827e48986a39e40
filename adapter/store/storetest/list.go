package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// lists tests what is asked of many findings.
func lists() map[string]func(*world) {
	return map[string]func(*world){
		"pages and facets by any filter": pagesAndFacets,
		"bad cursors":                    badCursors,
		"many applications at once":      manyApplications,
		"what a report touched":          touchedBy,
		"search":                         search,
		"order":                          sorted,
	}
}

// populate fills the record with findings of all sorts.
func (w *world) populate() {
	kinds := []func(i int) *finding.Observation{
		func(i int) *finding.Observation {
			o := vuln(fmt.Sprintf("CVE-2025-%04d", 1000+i%40), fmt.Sprintf("lib%d@1.%d", i%7, i), finding.Severity(i%6))
			if i%3 == 0 {
				o.FixVersions = []string{"9.0.0"}
			}
			o.KEV = i%11 == 0
			return o
		},
		func(i int) *finding.Observation {
			return code(fmt.Sprintf("check-%d", i%9), []int{79, 89, 22}[i%3], fmt.Sprintf("src/%c/f%d.go", 'a'+i%4, i), i, fmt.Sprintf("call(%d)", i))
		},
		func(i int) *finding.Observation {
			return &finding.Observation{Kind: finding.Misconfiguration, Check: finding.Check{ID: fmt.Sprintf("CKV_%d", i%5)}, Title: "open to the world", Severity: finding.SeverityHigh,
				Location: finding.Location{Path: "main.tf", Resource: fmt.Sprintf("bucket.b%d", i)}}
		},
	}
	for app := range 3 {
		for tool := range 2 {
			var obs []*finding.Observation
			for i := range 45 {
				o := kinds[i%3](i + 7*app)
				if i%10 == 0 {
					o.Claim.State = finding.ClaimSuppressedByTool
				}
				if (i+tool)%4 != 0 {
					obs = append(obs, o)
				}
			}
			s := scan{app: fmt.Sprintf("app%d", app), asset: fmt.Sprintf("repo%d", app), tool: fmt.Sprintf("tool%d", tool), obs: obs}
			w.scan(s)
			s.ref, s.at, s.obs = "feature", day(2), append(slices.Clone(obs[:10]), code("new", 79, fmt.Sprintf("src/n%d.go", tool), 3, "fresh()"))
			w.scan(s)
			s.ref, s.at, s.obs = "main", day(3), obs[3:]
			w.scan(s)
		}
	}
	rows := w.rows(posture.Filter{Statuses: []finding.Status{finding.Open}})
	for i, r := range rows {
		if i%9 == 0 {
			_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{r.ID}, &finding.Triage{Status: finding.Accepted, Reason: "r", By: "ann", At: w.now}, "ann", "r", w.now)
			w.must(err)
		}
	}
}

// drawFilter draws a filter whose meaning match tells by the rows alone.
func drawFilter(t *rapid.T) posture.Filter {
	var f posture.Filter
	some := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
	yes := func(name string) *bool {
		if !some(name) {
			return nil
		}
		b := rapid.Bool().Draw(t, name+" is")
		return &b
	}
	if some("applications") {
		f.Applications = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"app0", "app1", "app2", "nobody"}), 1, 3, rapid.ID[string]).Draw(t, "applications are")
	}
	if some("statuses") {
		f.Statuses = rapid.SliceOfNDistinct(rapid.SampledFrom(finding.Statuses()), 1, 3, rapid.ID[finding.Status]).Draw(t, "statuses are")
	}
	if some("severities") {
		f.Severities = rapid.SliceOfNDistinct(rapid.SampledFrom([]finding.Severity{0, 1, 2, 3, 4, 5}), 1, 3, rapid.ID[finding.Severity]).Draw(t, "severities are")
	}
	if some("kinds") {
		f.Kinds = rapid.SliceOfNDistinct(rapid.SampledFrom(finding.Kinds()), 1, 2, rapid.ID[finding.Kind]).Draw(t, "kinds are")
	}
	if some("tools") {
		f.Tools = []string{rapid.SampledFrom([]string{"tool0", "tool1", "none"}).Draw(t, "tool is")}
	}
	if some("score") {
		f.MinScore = float64(rapid.IntRange(1, 60).Draw(t, "score is"))
	}
	if some("priorities") {
		f.Priorities = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"now", "next", "later", "watch"}), 1, 2, rapid.ID[string]).Draw(t, "priorities are")
	}
	if some("any ref") {
		f.Ref = "*"
	}
	if some("advisory") {
		f.Advisory = fmt.Sprintf("CVE-2025-%04d", rapid.IntRange(1000, 1045).Draw(t, "advisory is"))
	}
	if some("cwe") {
		f.CWEs = []int{rapid.SampledFrom([]int{79, 89, 1}).Draw(t, "cwe is")}
	}
	f.KEV, f.Fixable = yes("kev"), yes("fixable")
	return f
}

// match reports whether a row belongs to a filter.
func match(f posture.Filter, r posture.Row, counts bool) bool {
	in := func(n int, ok bool) bool { return n == 0 || ok }
	switch {
	case f.Ref == "" && !counts,
		!in(len(f.Applications), slices.Contains(f.Applications, r.Application)),
		!in(len(f.Statuses), slices.Contains(f.Statuses, r.Status)),
		!in(len(f.Severities), slices.Contains(f.Severities, r.Severity)),
		!in(len(f.Kinds), slices.Contains(f.Kinds, r.Kind)),
		!in(len(f.Priorities), slices.Contains(f.Priorities, r.Priority)),
		!in(len(f.Tools), slices.ContainsFunc(f.Tools, func(t string) bool { return slices.Contains(r.Tools, t) })),
		!in(len(f.CWEs), slices.Contains(f.CWEs, r.CWE)),
		f.Advisory != "" && r.Advisory != f.Advisory,
		r.Score < f.MinScore,
		f.KEV != nil && r.KEV != *f.KEV,
		f.Fixable != nil && r.Fixable != *f.Fixable:
		return false
	}
	return true
}

func pagesAndFacets(w *world) {
	w.populate()
	all := w.rows(posture.Filter{Ref: "*"})
	counts := map[finding.ID]bool{}
	for _, r := range w.rows(posture.Filter{}) {
		counts[r.ID] = true
	}
	if len(all) < 100 || len(counts) >= len(all) {
		w.Fatalf("%d findings, %d count: too few to test with", len(all), len(counts))
	}
	t, ok := w.TB.(*testing.T)
	if !ok {
		w.Fatal("want a *testing.T")
	}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFilter(t)
		var want []finding.ID
		for _, r := range all {
			if match(f, r, counts[r.ID]) {
				want = append(want, r.ID)
			}
		}
		sort := rapid.SampledFrom([]posture.Sort{posture.ByScore, posture.BySeverity, posture.ByNewest, posture.ByOldest}).Draw(t, "sort")
		page := posture.Page{Sort: sort, Limit: rapid.IntRange(1, 40).Draw(t, "limit")}
		var got []posture.Row
		for {
			l, err := w.Store.List(w.ctx, w.tenant, f, page)
			if err != nil {
				t.Fatal(err)
			}
			if !l.Total.Exact || l.Total.N != int64(len(want)) {
				t.Fatalf("total %+v, want exactly %d", l.Total, len(want))
			}
			got = append(got, l.Rows...)
			if l.Next == "" || len(got) > len(all) {
				break
			}
			page.Cursor = l.Next
		}
		if !slices.IsSortedFunc(got, order(sort)) {
			t.Fatalf("not in the order of %s: %v", sort, got)
		}
		if diff := cmp.Diff(asSet(want), asSet(idsOf(got))); diff != "" || len(got) != len(want) {
			t.Fatalf("%d rows, want %d: %s", len(got), len(want), diff)
		}
		facets, err := w.Store.Facets(w.ctx, w.tenant, f)
		if err != nil {
			t.Fatal(err)
		}
		if !facets.Exact {
			t.Fatal("facets of a few rows are not exact")
		}
		if diff := cmp.Diff(bruteFacets(f, all, counts), simple(facets)); diff != "" {
			t.Fatalf("facets (-want +got): %s", diff)
		}
	})
}

func idsOf(rows []posture.Row) []finding.ID {
	out := make([]finding.ID, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

func asSet(ids []finding.ID) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		out[id.String()] = true
	}
	return out
}

// order compares rows as a sort wants them; rows that it doesn't tell apart
// are equal.
func order(s posture.Sort) func(a, b posture.Row) int {
	newest := func(a, b posture.Row) int { return -strings.Compare(a.ID.String(), b.ID.String()) }
	score := func(a, b posture.Row) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return newest(a, b)
	}
	switch s {
	case posture.BySeverity:
		return func(a, b posture.Row) int {
			if a.Severity != b.Severity {
				return int(b.Severity) - int(a.Severity)
			}
			return score(a, b)
		}
	case posture.ByNewest:
		return newest
	case posture.ByOldest:
		return func(a, b posture.Row) int { return -newest(a, b) }
	}
	return score
}

// bruteFacets counts by looking at every row.
func bruteFacets(f posture.Filter, all []posture.Row, counts map[finding.ID]bool) map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for field, c := range map[string]struct {
		without func(*posture.Filter)
		of      func(posture.Row) []string
	}{
		"status":      {func(f *posture.Filter) { f.Statuses = nil }, func(r posture.Row) []string { return []string{string(r.Status)} }},
		"severity":    {func(f *posture.Filter) { f.Severities = nil }, func(r posture.Row) []string { return []string{r.Severity.String()} }},
		"priority":    {func(f *posture.Filter) { f.Priorities = nil }, func(r posture.Row) []string { return []string{r.Priority} }},
		"kind":        {func(f *posture.Filter) { f.Kinds = nil }, func(r posture.Row) []string { return []string{string(r.Kind)} }},
		"application": {func(f *posture.Filter) { f.Applications = nil }, func(r posture.Row) []string { return []string{r.Application} }},
		"tool":        {func(f *posture.Filter) { f.Tools = nil }, func(r posture.Row) []string { return r.Tools }},
		"kev":         {func(f *posture.Filter) { f.KEV = nil }, func(r posture.Row) []string { return []string{fmt.Sprint(r.KEV)} }},
		"fixable":     {func(f *posture.Filter) { f.Fixable = nil }, func(r posture.Row) []string { return []string{fmt.Sprint(r.Fixable)} }},
	} {
		rest := f
		c.without(&rest)
		out[field] = map[string]int64{}
		for _, r := range all {
			if match(rest, r, counts[r.ID]) {
				for _, v := range c.of(r) {
					out[field][v]++
				}
			}
		}
	}
	return out
}

func simple(f posture.Facets) map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for field, list := range f.Fields {
		out[field] = map[string]int64{}
		for _, v := range list {
			out[field][v.Value] += v.Count
		}
	}
	return out
}

func badCursors(w *world) {
	w.scan(scan{obs: vulns(upTo(30)...)})
	var bad *posture.BadQuery
	for _, c := range []string{"x", "!!", "e30", "eyJ2IjoxfQ"} {
		if _, err := w.Store.List(w.ctx, w.tenant, posture.Filter{}, posture.Page{Cursor: c, Limit: 10}); !errors.As(err, &bad) {
			w.Errorf("cursor %q gives %v, want a BadQuery", c, err)
		}
	}
	// A cursor of another filter is no error: its place has nothing behind it.
	l, err := w.Store.List(w.ctx, w.tenant, posture.Filter{}, posture.Page{Sort: posture.BySeverity, Limit: 10})
	w.must(err)
	if l, err = w.Store.List(w.ctx, w.tenant, posture.Filter{Severities: []finding.Severity{finding.SeverityCritical}}, posture.Page{Sort: posture.BySeverity, Limit: 10, Cursor: l.Next}); err != nil || len(l.Rows) != 0 {
		w.Errorf("%d rows, %v", len(l.Rows), err)
	}
}

func manyApplications(w *world) {
	var apps []string
	for i := range 12 {
		app := fmt.Sprintf("a%02d", i)
		apps = append(apps, app)
		w.scan(scan{app: app, asset: app, obs: vulns(1, 2)})
	}
	for n := 1; n <= len(apps); n++ {
		for _, sort := range []posture.Sort{posture.ByScore, posture.BySeverity, posture.ByNewest} {
			for _, ref := range []string{"", "*", "main"} {
				l, err := w.Store.List(w.ctx, w.tenant, posture.Filter{Applications: apps[:n], Ref: ref}, posture.Page{Sort: sort, Limit: 100})
				if err != nil || len(l.Rows) != 2*n {
					w.Fatalf("%d applications by %s on %q: %d rows, %v", n, sort, ref, len(l.Rows), err)
				}
			}
		}
	}
	var assets []estate.AssetID
	for _, app := range apps {
		_, as, err := w.Store.Application(w.ctx, w.tenant, app)
		w.must(err)
		assets = append(assets, as[0].ID)
	}
	if got := w.rows(posture.Filter{Assets: assets[:3]}); len(got) != 6 {
		w.Errorf("%d rows of three assets, want 6", len(got))
	}
}

func touchedBy(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3, 4)})
	w.scan(scan{obs: vulns(1, 2, 3), at: day(2)})
	obs := vulns(1, 2, 4, 5)
	obs[0].Severity = finding.SeverityLow
	w.scan(scan{obs: obs, at: day(3)})
	for change, want := range map[string][]string{
		"new": {vulnTitle(5)}, "resolved": {vulnTitle(3)}, "reopened": {vulnTitle(4)}, "changed": {vulnTitle(1)},
		"": {vulnTitle(1), vulnTitle(3), vulnTitle(4), vulnTitle(5)},
	} {
		var got []string
		for _, r := range w.rows(posture.Filter{Report: w.last, Change: change}) {
			got = append(got, r.Title)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.Errorf("%q: %v, want %v", change, got, want)
		}
	}
}

func search(w *world) {
	o := code("java/sql-injection", 89, "src/main/Shop.java", 10, "st.execute(q)")
	o.Title = "SQL injection in 100%_sure"
	l := vuln("CVE-2021-44228", "log4j-core@2.14.1", finding.SeverityCritical)
	l.Advisories = append(l.Advisories, "GHSA-jfh8-c2jp-5v3q")
	w.scan(scan{obs: []*finding.Observation{o, l}})
	for text, want := range map[string]int{"SQL": 1, "sql INJECTION": 1, "log4j": 1, "cve-2021-44228": 1, "ghsa-jfh8": 1, "100%_": 1, "100_": 0, "shop.java": 1, "nothing": 0, "i": 2, `\`: 0, `'`: 0} {
		if got := w.rows(posture.Filter{Text: text}); len(got) != want {
			w.Errorf("search %q: %v, want %d", text, titles(got), want)
		}
	}
	for name, f := range map[string]posture.Filter{
		"advisory": {Advisory: "ghsa-JFH8-c2jp-5v3q"}, "component": {Component: "LOG4J-core"}, "check": {Check: "JAVA/sql-injection"}, "cwe": {CWEs: []int{1, 89}}, "path": {Path: "src/main/"},
	} {
		if got := w.rows(f); len(got) != 1 {
			w.Errorf("by %s: %v, want one", name, titles(got))
		}
	}
}

func sorted(w *world) {
	w.populate()
	seen := map[posture.Sort][]finding.ID{}
	for _, s := range []posture.Sort{posture.ByScore, posture.BySeverity, posture.ByNewest, posture.ByOldest} {
		l, err := w.Store.List(w.ctx, w.tenant, posture.Filter{}, posture.Page{Sort: s, Limit: 200})
		w.must(err)
		seen[s] = idsOf(l.Rows)
	}
	back := slices.Clone(seen[posture.ByOldest])
	slices.Reverse(back)
	if !slices.Equal(back, seen[posture.ByNewest]) {
		w.Error("newest is not oldest backwards")
	}
	for s, ids := range maps.All(seen) {
		if len(asSet(ids)) != len(seen[posture.ByScore]) {
			w.Errorf("%s: %d findings, want %d", s, len(ids), len(seen[posture.ByScore]))
		}
	}
}
