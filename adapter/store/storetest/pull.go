package storetest

import (
	"errors"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// pulls tests scans of pull requests and what they are compared with.
func pulls() map[string]func(*world) {
	return map[string]func(*world){
		"nothing of a pull request counts":     pullCounts,
		"a pull request before anything else":  pullFirst,
		"what it brings and takes away":        pullDiff,
		"decided findings are not news":        pullDecided,
		"tools that did not scan it":           pullTools,
		"a base that was never scanned":        pullUnscanned,
		"what can't be compared":               pullRefused,
		"merged: the finding is the same":      pullMerged,
		"it can't be made the one that counts": pullDefault,
	}
}

const pull = "refs/pull/7"

// diff compares and returns the titles of what is new and gone, sorted.
func (w *world) diff(ref, base string) (fresh, gone []string, d posture.Diff) {
	w.Helper()
	d, err := w.Store.Diff(w.ctx, w.tenant, "shop", ref, base)
	w.must(err)
	names := func(rows []posture.Row) []string {
		out := []string{}
		for _, r := range rows {
			out = append(out, r.Title)
		}
		slices.Sort(out)
		return out
	}
	return names(d.New), names(d.Gone), d
}

func (w *world) wantDiff(ref, base string, wantNew, wantGone []string, same int) {
	w.Helper()
	fresh, gone, d := w.diff(ref, base)
	if !slices.Equal(fresh, wantNew) || !slices.Equal(gone, wantGone) || d.Same != same {
		w.Errorf("%s against %q: new %v gone %v same %d, want %v, %v and %d", ref, base, fresh, gone, d.Same, wantNew, wantGone, same)
	}
}

func pullCounts(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.outcome(w.scan(scan{ref: pull, at: day(2), obs: vulns(1, 3)}), 1, 1, 0, 0, 0)
	w.scan(scan{ref: pull, at: day(3), obs: vulns(1)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2), "resolved high "+vulnTitle(3)+" (branch only)")
}

func pullFirst(w *world) {
	w.scan(scan{ref: pull, obs: vulns(1, 2)})
	w.want("open high "+vulnTitle(1)+" (branch only)", "open high "+vulnTitle(2)+" (branch only)")
	_, assets, err := w.Store.Application(w.ctx, w.tenant, "shop")
	w.must(err)
	if len(assets) != 1 || assets[0].DefaultRef != "" {
		w.Errorf("assets %+v, want one without a default ref", assets)
	}
	w.scan(scan{ref: "release-1", at: day(2), obs: vulns(1)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2)+" (branch only)")
}

func pullDiff(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.scan(scan{ref: "release", obs: vulns(1, 2, 3)})
	w.scan(scan{ref: pull, at: day(2), obs: vulns(1, 3, 4)})
	w.wantDiff(pull, "", []string{vulnTitle(3), vulnTitle(4)}, []string{vulnTitle(2)}, 1)
	w.wantDiff(pull, "main", []string{vulnTitle(3), vulnTitle(4)}, []string{vulnTitle(2)}, 1)
	w.wantDiff(pull, "release", []string{vulnTitle(4)}, []string{vulnTitle(2)}, 2)
	w.wantDiff("main", pull, []string{vulnTitle(2)}, []string{vulnTitle(3), vulnTitle(4)}, 1)
	// The next push of the pull request.
	w.scan(scan{ref: pull, at: day(3), obs: vulns(1, 2, 3)})
	w.wantDiff(pull, "", []string{vulnTitle(3)}, []string{}, 2)
}

func pullDecided(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.scan(scan{ref: pull, at: day(2), obs: vulns(1, 2, 3)})
	_, _, d := w.diff(pull, "")
	id := d.New[0].ID
	_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, &finding.Triage{Status: finding.FalsePositive, Reason: "no", By: "anna", At: w.now}, "anna", "no", w.now)
	w.must(err)
	_, _, d = w.diff(pull, "")
	if len(d.New) != 1 || d.New[0].ID == id {
		w.Errorf("new: %v, want the one that nobody decided about", titles(d.New))
	}
}

func pullTools(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.scan(scan{tool: "beta", obs: vulns(8)})
	w.scan(scan{ref: pull, at: day(2), obs: vulns(1)})
	w.wantDiff(pull, "", []string{}, []string{vulnTitle(2)}, 1)
}

func pullUnscanned(w *world) {
	w.scan(scan{ref: pull, obs: vulns(1)})
	for _, base := range []string{"", "main"} {
		fresh, _, d := w.diff(pull, base)
		if diff := cmp.Diff([]string{"github.com/acme/shop"}, d.Unscanned); diff != "" || len(fresh) != 1 {
			w.Errorf("against %q: new %v, assets never scanned differ (-want +got):\n%s", base, fresh, diff)
		}
	}
}

func pullRefused(w *world) {
	w.scan(scan{obs: vulns(1)})
	if _, err := w.Store.Diff(w.ctx, w.tenant, "none", pull, ""); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("unknown application: %v, want not found", err)
	}
	if _, err := w.Store.Diff(w.ctx, w.tenant+1, "shop", "main", ""); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant: %v, want not found", err)
	}
	var bad *posture.BadQuery
	if _, err := w.Store.Diff(w.ctx, w.tenant, "shop", pull, ""); !errors.As(err, &bad) {
		w.Errorf("a ref without scans: %v, want a bad query", err)
	}
}

func pullMerged(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.scan(scan{ref: pull, at: day(2), obs: vulns(1, 2)})
	_, _, d := w.diff(pull, "")
	w.scan(scan{at: day(3), obs: vulns(1, 2)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
	for _, r := range w.rows(posture.Filter{}) {
		if r.Title == vulnTitle(2) && r.ID != d.New[0].ID {
			w.Error("the merged finding is not the one of the pull request")
		}
	}
}

func pullDefault(w *world) {
	w.scan(scan{obs: vulns(1)})
	out := w.scan(scan{ref: pull, at: day(2), obs: vulns(2)})
	var bad *posture.BadQuery
	if err := w.Store.SetDefaultRef(w.ctx, w.tenant, out.Asset, pull); !errors.As(err, &bad) {
		w.Errorf("a pull request as the default: %v, want a bad query", err)
	}
}
