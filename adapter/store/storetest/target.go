package storetest

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// runTargets tests reports that tell of several things that were scanned.
func runTargets() map[string]func(*world) {
	return map[string]func(*world){
		"each target is an asset":            eachTarget,
		"back and forth between targets":     backAndForth,
		"many targets by turns":              manyTargets,
		"a target that is not there stays":   targetLeftOut,
		"full and partial by target":         partByTarget,
		"a target that failed closes none":   failedTarget,
		"projects are not the application":   projects,
		"same target in files of an archive": targetInFiles,
	}
}

// on makes a run over a target.
func on(kind, name string) format.Run {
	return format.Run{Tool: "alpha", Target: format.Target{Kind: kind, Name: name}}
}

// legs makes a document of runs in their order.
func legs(ls ...leg) scan {
	return scan{asset: "-", ref: "-", run: &ls[0].run, obs: ls[0].obs, then: ls[1:]}
}

// importLegs imports a document whose assets the report alone names.
func (w *world) importLegs(at int, ls ...leg) {
	w.Helper()
	s := legs(ls...)
	s.at = day(at)
	s.defaults()
	sub := submission(&s)
	sub.AssetKind = ""
	_, err := w.apply(w.accept("", "", sub), sub, &s)
	w.must(err)
}

// byAsset lists the findings as "asset: status title", sorted.
func (w *world) byAsset() []string {
	w.Helper()
	var out []string
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		out = append(out, fmt.Sprintf("%s: %s %s", r.Asset, r.Status, r.Title))
	}
	slices.Sort(out)
	return out
}

func (w *world) wantByAsset(want ...string) {
	w.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, w.byAsset()); diff != "" {
		w.Errorf("findings differ (-want +got):\n%s", diff)
	}
}

func eachTarget(w *world) {
	w.importLegs(1, leg{on("host", "db-1"), vulns(1)}, leg{on("image", "acme/shop:1.0"), vulns(1)}, leg{on("cloud", "123456789012"), vulns(1)})
	w.wantByAsset("123456789012: open "+vulnTitle(1), "acme/shop: open "+vulnTitle(1), "db-1: open "+vulnTitle(1))
}

func backAndForth(w *world) {
	// The second turn of a target goes on with its scan; it does not replace it.
	w.importLegs(1, leg{on("host", "a"), vulns(1)}, leg{on("host", "b"), vulns(2)}, leg{on("host", "a"), vulns(3)})
	want := []string{"a: open " + vulnTitle(1), "a: open " + vulnTitle(3), "b: open " + vulnTitle(2)}
	w.wantByAsset(want...)
	w.importLegs(2, leg{on("host", "a"), vulns(3)}, leg{on("host", "b"), vulns(2)}, leg{on("host", "a"), vulns(1)})
	w.wantByAsset(want...)
	w.importLegs(3, leg{on("host", "b"), nil}, leg{on("host", "a"), vulns(1)}, leg{on("host", "b"), vulns(2)})
	w.wantByAsset("a: open "+vulnTitle(1), "a: resolved "+vulnTitle(3), "b: open "+vulnTitle(2))
}

// manyTargets: more targets than may wait, one record each turn.
func manyTargets(w *world) {
	const hosts, turns = 50, 3
	var ls []leg
	var want []string
	for turn := range turns {
		for h := range hosts {
			ls = append(ls, leg{on("host", fmt.Sprintf("host-%02d", h)), vulns(turn + 1)})
			want = append(want, fmt.Sprintf("host-%02d: open %s", h, vulnTitle(turn+1)))
		}
	}
	for i := range 2 {
		w.importLegs(1+i, ls...)
		w.wantByAsset(want...)
	}
}

func targetLeftOut(w *world) {
	w.importLegs(1, leg{on("host", "a"), vulns(1)}, leg{on("host", "b"), vulns(2)})
	w.importLegs(2, leg{on("host", "b"), vulns(3)})
	w.wantByAsset("a: open "+vulnTitle(1), "b: resolved "+vulnTitle(2), "b: open "+vulnTitle(3))
}

func partByTarget(w *world) {
	w.importLegs(1, leg{on("host", "a"), vulns(1, 2)}, leg{on("host", "b"), vulns(1, 2)})
	part := on("host", "a")
	part.Part = true
	w.importLegs(2, leg{part, vulns(1)}, leg{on("host", "b"), vulns(1)})
	w.wantByAsset("a: open "+vulnTitle(1), "a: open "+vulnTitle(2), "b: open "+vulnTitle(1), "b: resolved "+vulnTitle(2))
}

func failedTarget(w *world) {
	w.importLegs(1, leg{on("host", "a"), vulns(1, 2)}, leg{on("host", "b"), vulns(1, 2)})
	failed := on("host", "a")
	failed.Failed = true
	w.importLegs(2, leg{on("host", "a"), vulns(1)}, leg{on("host", "b"), vulns(1)}, leg{failed, nil})
	w.wantByAsset("a: open "+vulnTitle(1), "a: open "+vulnTitle(2), "b: open "+vulnTitle(1), "b: resolved "+vulnTitle(2))
}

func projects(w *world) {
	w.importLegs(1, leg{on("project", "api"), vulns(1)}, leg{on("project", "web"), vulns(1)}, leg{on("", "whatever"), vulns(1)})
	w.wantByAsset("api: open "+vulnTitle(1), "shop: open "+vulnTitle(1), "web: open "+vulnTitle(1))
}

// targetInFiles: an archive's files that tell of one target are one scan.
func targetInFiles(w *world) {
	file := func(name string, ls ...leg) (string, scan) { s := legs(ls...); return name, s }
	play := func(at int, files ...func() (string, scan)) {
		s := scan{asset: "-", ref: "-", at: day(at)}
		s.defaults()
		sub := submission(&s)
		sub.AssetKind = ""
		r := w.accept("", "", sub)
		job := w.job(r, sub, w.input(), s.play)
		job.Documents = nil
		for _, f := range files {
			name, one := f()
			doc := w.job(r, sub, w.input(), one.play).Documents[0]
			doc.Name = name
			job.Documents = append(job.Documents, doc)
		}
		_, err := w.applier().Apply(w.ctx, job)
		w.must(err)
	}
	one := func() (string, scan) {
		return file("1.json", leg{on("host", "a"), vulns(1)}, leg{on("host", "b"), vulns(1)})
	}
	two := func() (string, scan) { return file("2.json", leg{on("host", "a"), vulns(2)}) }
	play(1, one, two)
	want := []string{"a: open " + vulnTitle(1), "a: open " + vulnTitle(2), "b: open " + vulnTitle(1)}
	w.wantByAsset(want...)
	play(2, two, one)
	w.wantByAsset(want...)
}
