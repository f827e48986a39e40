package storetest

import (
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// renamings tests tools that give a check another id.
func renamings() map[string]func(*world) {
	return map[string]func(*world){
		"findings go on under the new id":      renameKeeps,
		"without the table they close":         renameUnknown,
		"siblings, moved and edited":           renameSiblings,
		"two checks become one":                renameMerged,
		"old and new in any order":             renameOrder,
		"a branch has the new version first":   renameBranch,
		"renamed twice, one version left out":  renameChain,
		"what was resolved comes back renamed": renameReopened,
	}
}

var renames = map[string]string{"AVX-1": "X-1", "AVX-2": "X-2"}

// control makes an observation of a misconfigured resource.
func control(check, resource string) *finding.Observation {
	return &finding.Observation{
		Kind: finding.Misconfiguration, Check: finding.Check{ID: check}, Title: "bucket is public", Severity: finding.SeverityHigh,
		Location: finding.Location{Path: "main.tf", Resource: resource}, Raw: []byte(`{}`),
	}
}

func controls(check string, resources ...string) []*finding.Observation {
	var out []*finding.Observation
	for _, r := range resources {
		out = append(out, control(check, r))
	}
	return out
}

// quiet reports any finding that closed, reopened or doubled.
func (w *world) quiet(ids []finding.ID) {
	w.Helper()
	var now []finding.ID
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		now = append(now, r.ID)
		for _, e := range w.events(r.ID) {
			if e == "resolved" || e == "reopened" {
				w.Errorf("%s at %s: %s", r.Title, r.Place, e)
			}
		}
	}
	order := func(a, b finding.ID) int { return slices.Compare(a[:], b[:]) }
	ids = slices.SortedFunc(slices.Values(ids), order)
	slices.SortFunc(now, order)
	if diff := cmp.Diff(ids, now); diff != "" {
		w.Errorf("other findings than before (-want +got):\n%s", diff)
	}
}

func (w *world) ids() []finding.ID {
	w.Helper()
	var out []finding.ID
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		out = append(out, r.ID)
	}
	return out
}

func renameKeeps(w *world) {
	w.scan(scan{obs: append(controls("AVX-1", "a", "b"), control("AVX-2", "a"))})
	ids := w.ids()
	_, err := w.Store.Triage(w.ctx, w.tenant, ids[:1], &finding.Triage{Status: finding.FalsePositive, Reason: "a test", By: "anna", At: w.now}, "anna", "a test", w.now)
	w.must(err)
	next := scan{at: day(2), renames: renames, obs: append(controls("X-1", "a", "b"), control("X-2", "a"))}
	w.outcome(w.scan(next), 0, 3, 0, 0, 0)
	w.quiet(ids)
	d := w.detail(ids[0])
	if d.Status != finding.FalsePositive || d.Check.ID != "X-1" && d.Check.ID != "X-2" {
		w.Errorf("after the upgrade: %s, check %s", d.Status, d.Check.ID)
	}
	if n := len(w.rows(posture.Filter{Check: "X-1"})); n != 2 {
		w.Errorf("%d findings of the check's new id, want 2", n)
	}
	next.at = day(3)
	w.outcome(w.scan(next), 0, 0, 3, 0, 0) // re-keyed: the new id is what is known now
	next.at, next.renames = day(4), nil
	w.outcome(w.scan(next), 0, 0, 3, 0, 0)
	w.quiet(ids)
}

func renameUnknown(w *world) {
	w.scan(scan{obs: controls("AVX-1", "a", "b")})
	w.outcome(w.scan(scan{at: day(2), obs: controls("X-1", "a", "b")}), 2, 0, 0, 0, 2)
}

// renameSiblings: code that a check names in a file several times, of which
// some moved by lines and one was edited in the same scan.
func renameSiblings(w *world) {
	w.scan(scan{obs: []*finding.Observation{code("AVX-1", 0, "a.go", 10, "q(x)"), code("AVX-1", 0, "a.go", 20, "q(x)"), code("AVX-1", 0, "b.go", 5, "q(y)")}})
	ids := w.ids()
	w.outcome(w.scan(scan{at: day(2), renames: renames, obs: []*finding.Observation{code("X-1", 0, "a.go", 13, "q(x)"), code("X-1", 0, "a.go", 23, "q(x)"), code("X-1", 0, "b.go", 6, "q(y + 1)")}}), 0, 3, 0, 0, 0)
	w.quiet(ids)
}

func renameMerged(w *world) {
	merged := map[string]string{"A": "N", "B": "N"}
	w.scan(scan{obs: []*finding.Observation{control("A", "r"), control("B", "r"), control("B", "s")}})
	w.outcome(w.scan(scan{at: day(2), renames: merged, obs: []*finding.Observation{control("N", "r"), control("N", "s")}}), 0, 2, 0, 0, 1)
	// One of them that goes is not the other.
	w.scan(scan{app: "till", obs: []*finding.Observation{control("A", "r")}})
	w.outcome(w.scan(scan{app: "till", at: day(2), renames: merged, obs: []*finding.Observation{control("B", "r")}}), 1, 0, 0, 0, 1)
}

// renameOrder: a late report of the old version, and one of a pipeline that
// still runs it, change nothing but the words.
func renameOrder(w *world) {
	w.scan(scan{at: day(5), renames: renames, obs: controls("X-1", "a", "b")})
	ids := w.ids()
	w.outcome(w.scan(scan{at: day(3), renames: renames, obs: controls("AVX-1", "a", "b")}), 0, 0, 2, 0, 0)
	w.quiet(ids)
	if d := w.detail(ids[0]); d.Check.ID != "X-1" {
		w.Errorf("a late report of the old version brings its name %s back", d.Check.ID)
	}
	w.outcome(w.scan(scan{at: day(6), renames: renames, obs: controls("AVX-1", "a", "b")}), 0, 2, 0, 0, 0)
	w.quiet(ids)
}

func renameBranch(w *world) {
	w.scan(scan{obs: controls("AVX-1", "a", "b")})
	ids := w.ids()
	w.outcome(w.scan(scan{ref: "feature", at: day(2), renames: renames, obs: controls("X-1", "a", "b")}), 0, 2, 0, 0, 0)
	w.quiet(ids)
	w.outcome(w.scan(scan{at: day(3), renames: renames, obs: controls("X-1", "a", "b")}), 0, 2, 0, 0, 0)
	w.quiet(ids)
	w.want("open high bucket is public", "open high bucket is public")
}

func renameChain(w *world) {
	chain := map[string]string{"A": "B", "B": "C"}
	w.scan(scan{obs: controls("A", "a", "b")})
	ids := w.ids()
	w.outcome(w.scan(scan{at: day(2), renames: chain, obs: controls("C", "a", "b")}), 0, 2, 0, 0, 0)
	w.quiet(ids)
	// A table that goes in a circle ends too.
	w.scan(scan{at: day(3), renames: map[string]string{"C": "D", "D": "C"}, obs: controls("D", "a", "b")})
	w.quiet(ids)
}

func renameReopened(w *world) {
	w.scan(scan{obs: controls("AVX-1", "a", "b", "c")})
	w.scan(scan{at: day(2), obs: controls("AVX-1", "a", "b")})
	w.outcome(w.scan(scan{at: day(3), renames: renames, obs: controls("X-1", "a", "b", "c")}), 0, 2, 0, 1, 0)
}
