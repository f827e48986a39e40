package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Inventory answers what people ask about components.
type Inventory interface {
	Components(context.Context, tenant.ID, posture.ComponentFilter, posture.Page) (posture.ComponentList, error)
	ComponentUses(ctx context.Context, t tenant.ID, asset estate.AssetID, named, ref string) ([]posture.ComponentUse, error)
}

// inventories tests the lists of components.
func inventories() map[string]func(*world) {
	return map[string]func(*world){
		"by name and version":                inventoryVersions,
		"by what a component is and where":   inventoryFilters,
		"the next list replaces":             inventoryReplaced,
		"a part adds":                        inventoryPart,
		"branches are kept apart":            inventoryRefs,
		"findings of a component":            inventoryOpen,
		"pages":                              inventoryPages,
		"paths":                              inventoryPaths,
		"tenants":                            inventoryTenants,
		"many batches of one list":           inventoryLarge,
		"an unknown version may be meant":    inventoryUnknown,
		"a list that nothing says where for": inventoryAlone,
	}
}

// jar makes a Maven component.
func jar(group, name, version string) finding.Component {
	return finding.Component{PURL: "pkg:maven/" + group + "/" + name + "@" + version, Ref: name, Type: "library"}
}

// npm makes an npm component.
func npm(name, version string) finding.Component {
	return finding.Component{Ecosystem: "npm", Name: name, Version: version, Ref: name + "@" + version}
}

const log4j = "org.apache.logging.log4j"

// ask puts a question as people type it and lists "asset: name version".
func (w *world) ask(question string, more ...func(*posture.ComponentFilter)) []string {
	w.Helper()
	f, err := posture.ParseComponentQuestion(question)
	w.must(err)
	for _, m := range more {
		m(&f)
	}
	out := []string{}
	for p := (posture.Page{Limit: 100}); ; {
		l, err := w.Store.Components(w.ctx, w.tenant, f, p)
		w.must(err)
		for _, r := range l.Rows {
			out = append(out, strings.TrimSpace(r.Asset[strings.LastIndexByte(r.Asset, '/')+1:]+": "+r.Name+" "+r.Version))
		}
		if p.Cursor = l.Next; p.Cursor == "" {
			return out
		}
	}
}

// answers compares the answer to a question, in its order.
func (w *world) answers(question string, want ...string) {
	w.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.ask(question)); diff != "" {
		w.Errorf("%q (-want +got):\n%s", question, diff)
	}
}

func inventoryVersions(w *world) {
	w.scan(scan{asset: "a", components: []finding.Component{jar(log4j, "log4j-core", "2.14.1"), jar(log4j, "log4j-api", "2.14.1"), npm("left-pad", "1.3.0")}})
	w.scan(scan{asset: "b", components: []finding.Component{jar(log4j, "log4j-core", "2.9.0")}})
	w.scan(scan{asset: "c", components: []finding.Component{jar(log4j, "log4j-core", "2.17.1"), npm("log4j-core", "1.0.0-rc.1")}})
	w.answers("log4j-core < 2.17.1", "c: log4j-core 1.0.0-rc.1", "a: log4j-core 2.14.1", "b: log4j-core 2.9.0")
	w.answers("pkg:maven/org.apache.logging.log4j/log4j-core < 2.17.1", "a: log4j-core 2.14.1", "b: log4j-core 2.9.0")
	w.answers("Log4J-Core>=2.10", "a: log4j-core 2.14.1", "c: log4j-core 2.17.1")
	w.answers("log4j-core [2.9,2.14.1]", "a: log4j-core 2.14.1", "b: log4j-core 2.9.0")
	w.answers("log4j-core < 1.0.0 || = 2.17.1", "c: log4j-core 1.0.0-rc.1", "c: log4j-core 2.17.1")
	w.answers("org.apache.logging.log4j:log4j-api", "a: log4j-api 2.14.1")
	w.answers("pkg:maven/org.apache.logging.log4j/log4j-core@2.9.0?type=jar", "b: log4j-core 2.9.0")
	w.answers("pad", "a: left-pad 1.3.0")
	w.answers("left_pad")
	w.answers("%")
	if got := w.ask("", func(f *posture.ComponentFilter) { f.Name = "log4j-core" }); len(got) != 4 {
		w.Errorf("by name: %v", got)
	}
	if got := w.ask("", func(f *posture.ComponentFilter) { f.Name = "core" }); len(got) != 0 {
		w.Errorf("by a part of a name where the whole is asked for: %v", got)
	}
}

func inventoryFilters(w *world) {
	gpl := npm("a", "1.0.0")
	gpl.Licences, gpl.Scope = []string{"GPL-3.0-only OR MIT"}, "dev"
	direct := true
	gpl.Direct = &direct
	w.scan(scan{app: "shop", asset: "a", components: []finding.Component{gpl, jar("g", "b", "1")}, at: day(3), tool: "syft"})
	w.scan(scan{app: "bank", asset: "b", components: []finding.Component{jar("g", "b", "1")}})
	for _, c := range []struct {
		name   string
		filter func(*posture.ComponentFilter)
		want   string
	}{
		{"licence", func(f *posture.ComponentFilter) { f.Licence = "gpl-3" }, "a: a 1.0.0"},
		{"application", func(f *posture.ComponentFilter) { f.Applications = []string{"bank"} }, "b: b 1"},
		{"ecosystem", func(f *posture.ComponentFilter) { f.Ecosystem = "npm" }, "a: a 1.0.0"},
		{"application and ecosystem", func(f *posture.ComponentFilter) { f.Applications, f.Ecosystem = []string{"shop"}, "maven" }, "a: b 1"},
		{"no such application", func(f *posture.ComponentFilter) { f.Applications = []string{"none"} }, ""},
	} {
		if got := strings.Join(w.ask("", c.filter), ", "); got != c.want {
			w.Errorf("by %s: %q, want %q", c.name, got, c.want)
		}
	}
	l, err := w.Store.Components(w.ctx, w.tenant, posture.ComponentFilter{Text: "a", Applications: []string{"shop"}}, posture.Page{Limit: 10})
	w.must(err)
	if len(l.Rows) != 1 {
		w.Fatalf("%d rows, want one", len(l.Rows))
	}
	r := l.Rows[0]
	if r.Application != "shop" || r.Asset != "a" || r.Branch != "main" || r.Tool != "syft" || !r.Seen.Equal(day(3)) || r.Report == "" || r.PURL != "pkg:npm/a@1.0.0" ||
		r.Scope != "dev" || r.Direct == nil || !*r.Direct || !slices.Equal(r.Licences, gpl.Licences) {
		w.Errorf("row %+v", r)
	}
	if got := w.ask("", func(f *posture.ComponentFilter) { f.Assets = []estate.AssetID{r.AssetID} }); len(got) != 2 {
		w.Errorf("by asset: %v", got)
	}
}

func inventoryReplaced(w *world) {
	w.scan(scan{components: []finding.Component{npm("old", "1.0.0"), npm("kept", "1.0.0")}, depends: map[string][]string{"old@1.0.0": {"kept@1.0.0"}}})
	w.scan(scan{components: []finding.Component{npm("kept", "2.0.0")}, at: day(2)})
	w.answers("", "shop: kept 2.0.0")
	if n := w.Rows(w); n["dependency"] != 0 || n["inventory"] != 1 {
		w.Errorf("%d dependencies and %d inventories, want none and one", n["dependency"], n["inventory"])
	}
	w.scan(scan{tool: "beta", components: []finding.Component{npm("kept", "2.0.0")}, at: day(2)})
	w.answers("", "shop: kept 2.0.0", "shop: kept 2.0.0")
	w.scan(scan{components: []finding.Component{npm("late", "1.0.0")}, at: day(1)})
	w.answers("late")
}

func inventoryPart(w *world) {
	w.scan(scan{components: []finding.Component{npm("a", "1.0.0"), npm("b", "1.0.0")}})
	w.scan(scan{components: []finding.Component{npm("b", "1.0.0"), npm("c", "1.0.0")}, part: true, at: day(2)})
	w.answers("", "shop: a 1.0.0", "shop: b 1.0.0", "shop: c 1.0.0")
}

func inventoryRefs(w *world) {
	w.scan(scan{components: []finding.Component{npm("a", "1.0.0")}})
	w.scan(scan{components: []finding.Component{npm("a", "2.0.0")}, ref: "feature"})
	w.answers("a", "shop: a 1.0.0")
	for ref, want := range map[string]int{"feature": 1, "*": 2, "main": 1, "none": 0} {
		if got := w.ask("a", func(f *posture.ComponentFilter) { f.Ref = ref }); len(got) != want {
			w.Errorf("on ref %q: %v, want %d", ref, got, want)
		}
	}
}

func inventoryOpen(w *world) {
	w.scan(scan{components: []finding.Component{npm("lib", "1.0.0"), npm("lib", "2.0.0")}})
	w.scan(scan{tool: "beta", obs: []*finding.Observation{vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh), vuln("CVE-2026-0002", "lib@1.0.0", finding.SeverityLow)}})
	w.scan(scan{asset: "other", components: []finding.Component{npm("lib", "1.0.0")}})
	open := func() map[string]int64 {
		l, err := w.Store.Components(w.ctx, w.tenant, posture.ComponentFilter{Text: "lib"}, posture.Page{Limit: 10})
		w.must(err)
		out := map[string]int64{}
		for _, r := range l.Rows {
			out[r.Asset+" "+r.Version] = r.Open
		}
		return out
	}
	if diff := cmp.Diff(map[string]int64{"github.com/acme/shop 1.0.0": 2, "github.com/acme/shop 2.0.0": 0, "other 1.0.0": 0}, open()); diff != "" {
		w.Errorf("open findings (-want +got):\n%s", diff)
	}
	w.scan(scan{tool: "beta", obs: []*finding.Observation{vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh)}, at: day(2)})
	if n := open()["github.com/acme/shop 1.0.0"]; n != 1 {
		w.Errorf("%d open after one was resolved, want 1", n)
	}
}

func inventoryPages(w *world) {
	var list []finding.Component
	for i := range 30 {
		list = append(list, npm(fmt.Sprintf("pkg-%02d", i/3), fmt.Sprintf("%d.0.0", i)))
	}
	w.scan(scan{asset: "a", components: list})
	w.scan(scan{asset: "b", components: list[:10]})
	all := w.ask("pkg")
	if len(all) != 40 {
		w.Fatalf("%d components, want 40", len(all))
	}
	for _, restrict := range []bool{false, true} {
		var paged []string
		f := posture.ComponentFilter{Text: "pkg"}
		if restrict {
			f.Applications = []string{"shop"}
		}
		for p := (posture.Page{Limit: 7}); ; {
			l, err := w.Store.Components(w.ctx, w.tenant, f, p)
			w.must(err)
			for _, r := range l.Rows {
				paged = append(paged, r.Asset+": "+r.Name+" "+r.Version)
			}
			if p.Cursor = l.Next; p.Cursor == "" || len(paged) > 100 {
				break
			}
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			w.Errorf("in pages (restricted %v, -whole +paged):\n%s", restrict, diff)
		}
	}
	var bad *posture.BadQuery
	if _, err := w.Store.Components(w.ctx, w.tenant, posture.ComponentFilter{}, posture.Page{Limit: 7, Cursor: "??"}); !errors.As(err, &bad) {
		w.Errorf("a nonsense cursor: %v, want a BadQuery", err)
	}
}

func inventoryPaths(w *world) {
	w.scan(scan{components: []finding.Component{npm("web", "1.0.0"), npm("log", "2.0.0"), npm("lonely", "1.0.0")},
		depends: map[string][]string{"app": {"web@1.0.0"}, "web@1.0.0": {"log@2.0.0"}}})
	l, err := w.Store.Components(w.ctx, w.tenant, posture.ComponentFilter{Text: "log"}, posture.Page{Limit: 10})
	w.must(err)
	if len(l.Rows) != 1 {
		w.Fatalf("%d rows, want one", len(l.Rows))
	}
	asset := l.Rows[0].AssetID
	for _, named := range []string{"log@2.0.0", "pkg:npm/log@2.0.0"} {
		us, err := w.Store.ComponentUses(w.ctx, w.tenant, asset, named, "")
		w.must(err)
		if len(us) != 1 || !us[0].Graph || us[0].MorePaths || us[0].Name != "log" {
			w.Fatalf("uses of %s: %+v", named, us)
		}
		want := [][]posture.Node{{{Ref: "app", Name: "app"}, {Ref: "web@1.0.0", Name: "web", Version: "1.0.0", PURL: "pkg:npm/web@1.0.0"}, {Ref: "log@2.0.0", Name: "log", Version: "2.0.0", PURL: "pkg:npm/log@2.0.0"}}}
		if diff := cmp.Diff(want, us[0].Paths); diff != "" {
			w.Errorf("paths (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[0][1:2], us[0].Dependents); diff != "" {
			w.Errorf("dependents (-want +got):\n%s", diff)
		}
	}
	us, err := w.Store.ComponentUses(w.ctx, w.tenant, asset, "lonely@1.0.0", "main")
	w.must(err)
	if len(us) != 1 || len(us[0].Paths) != 0 || len(us[0].Dependents) != 0 {
		w.Errorf("uses of what nothing leads to: %+v", us)
	}
	for named, ref := range map[string]string{"nothing": "", "log@2.0.0": "feature"} {
		if _, err := w.Store.ComponentUses(w.ctx, w.tenant, asset, named, ref); !errors.Is(err, posture.ErrNotFound) {
			w.Errorf("uses of %s on %q: %v, want not found", named, ref, err)
		}
	}
	if _, err := w.Store.ComponentUses(w.ctx, w.tenant+1, asset, "log@2.0.0", ""); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("uses for another tenant: %v, want not found", err)
	}
}

func inventoryTenants(w *world) {
	w.scan(scan{components: []finding.Component{npm("mine", "1.0.0")}})
	first := w.tenant
	w.tenant++
	w.scan(scan{components: []finding.Component{npm("theirs", "1.0.0")}})
	w.answers("", "shop: theirs 1.0.0")
	w.tenant = first
	w.answers("", "shop: mine 1.0.0")
}

func inventoryLarge(w *world) {
	const n = 3000
	list := make([]finding.Component, n)
	depends := map[string][]string{}
	for i := range list {
		list[i] = npm(fmt.Sprintf("p%04d", i), "1.0.0")
		depends["root"] = append(depends["root"], list[i].Ref)
	}
	w.scan(scan{components: list, depends: depends})
	w.scan(scan{components: list, depends: depends, at: day(2)})
	if got := w.ask("p >= 1"); len(got) != n || got[0] != "shop: p0000 1.0.0" || got[n-1] != fmt.Sprintf("shop: p%04d 1.0.0", n-1) {
		w.Errorf("%d components listed, want %d in order", len(got), n)
	}
	if rows := w.Rows(w); rows["dependency"] != n || rows["component"] != n {
		w.Errorf("%d components and %d dependencies, want %d of each", rows["component"], rows["dependency"], n)
	}
}

func inventoryUnknown(w *world) {
	w.scan(scan{components: []finding.Component{npm("a", ""), npm("a", "latest"), npm("a", "1.0.0"), npm("a", "3.0.0")}})
	f, err := posture.ParseComponentQuestion("a < 2")
	w.must(err)
	l, err := w.Store.Components(w.ctx, w.tenant, f, posture.Page{Limit: 10})
	w.must(err)
	if len(l.Rows) != 1 || l.Rows[0].Version != "1.0.0" || l.Unknown != 2 {
		w.Errorf("%d rows, %d unknown, want one and two: %+v", len(l.Rows), l.Unknown, l.Rows)
	}
}

func inventoryAlone(w *world) {
	w.scan(scan{app: "-", asset: "-", ref: "-", components: []finding.Component{npm("a", "1.0.0")}})
	if got := w.ask("a"); len(got) != 1 {
		w.Errorf("%v, want one", got)
	}
}
