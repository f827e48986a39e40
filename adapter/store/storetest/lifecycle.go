package storetest

import (
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// lifecycle tests what evidence does to findings.
func lifecycle() map[string]func(*world) {
	return map[string]func(*world){
		"same report twice changes nothing":   sameTwice,
		"shuffled records change nothing":     shuffled,
		"resolved and reopened":               resolvedReopened,
		"two tools keep it open":              twoToolsKeepOpen,
		"part scans close nothing":            partScans,
		"doubtful scans wait for a person":    doubtful,
		"absent and fixed claims resolve":     goneClaims,
		"claims decide unless a tool objects": claims,
		"history is append-only":              history,
		"activity counts":                     activity,
		"many findings over several batches":  manyBatches,
	}
}

func sameTwice(w *world) {
	obs := vulns(1, 2, 3)
	obs = append(obs, code("sqli", 89, "src/a.go", 10, "db.Query(q + x)"), code("sqli", 89, "src/a.go", 30, "db.Query(q + x)"),
		&finding.Observation{Kind: finding.Secret, Check: finding.Check{ID: "aws"}, Title: "AWS key", Location: finding.Location{Path: "cfg/env", StartLine: 3},
			Secret: &finding.SecretValue{Value: "AKIAQWERTYUIOPASDFGH"}},
		&finding.Observation{Kind: finding.Misconfiguration, Check: finding.Check{ID: "CKV_1"}, Title: "public bucket", Location: finding.Location{Path: "main.tf", Resource: "aws_s3_bucket.logs"}},
		&finding.Observation{Kind: finding.Dynamic, Check: finding.Check{ID: "40012"}, Title: "XSS", CWEs: []int{79}, Location: finding.Location{URL: "https://shop.test/cart/17?q=1", Method: "GET", Parameter: "q"}},
		&finding.Observation{Kind: finding.Licence, Check: finding.Check{ID: "copyleft"}, Title: "GPL", Component: &finding.Component{Ecosystem: "npm", Name: "left", Licences: []string{"GPL-3.0"}}},
		&finding.Observation{Kind: finding.Quality, Check: finding.Check{ID: "smell"}, Title: "smell", Location: finding.Location{Path: "src/a.go", StartLine: 4}},
	)
	n := int64(len(obs))
	w.outcome(w.scan(scan{obs: obs}), n, 0, 0, 0, 0)
	before, rows := w.states(), w.Rows(w)
	for i, at := range []int{2, 1, 0} { // later, at the same time, earlier
		w.outcome(w.scan(scan{obs: obs, at: day(at)}), 0, 0, n, 0, 0)
		if diff := cmp.Diff(before, w.states()); diff != "" {
			w.Errorf("import %d: %s", i+2, diff)
		}
	}
	after := w.Rows(w)
	for table := range after {
		if table == "scan" || table == "report" {
			continue
		}
		if rows[table] != after[table] {
			w.Errorf("table %s: %d rows, had %d", table, after[table], rows[table])
		}
	}
}

func shuffled(w *world) {
	obs := vulns(upTo(40)...)
	for line := range 30 {
		obs = append(obs, code("sqli", 89, "src/a.go", 10*line+1, "db.Query(q + x)"), code("xss", 79, "src/b.go", 7*line+1, "out(x)"))
	}
	w.scan(scan{obs: obs})
	ids := w.places(posture.Filter{Kinds: []finding.Kind{finding.Code}})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 5 {
		r.Shuffle(len(obs), func(i, j int) { obs[i], obs[j] = obs[j], obs[i] })
		w.outcome(w.scan(scan{obs: obs, at: day(2 + i)}), 0, 0, 100, 0, 0)
	}
	if diff := cmp.Diff(ids, w.places(posture.Filter{Kinds: []finding.Kind{finding.Code}})); diff != "" {
		w.Errorf("ids moved: %s", diff)
	}
}

func resolvedReopened(w *world) {
	w.scan(scan{obs: vulns(1, 2), at: day(1)})
	id := w.one(posture.Filter{Advisory: "CVE-2026-0002"}).ID
	w.outcome(w.scan(scan{obs: vulns(1), at: day(2)}), 0, 0, 1, 0, 1)
	w.want("open high "+vulnTitle(1), "resolved high "+vulnTitle(2))
	w.outcome(w.scan(scan{obs: vulns(1, 2), at: day(3)}), 0, 0, 1, 1, 0)
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
	if got := w.one(posture.Filter{Advisory: "CVE-2026-0002"}).ID; got != id {
		w.Errorf("reopened as another finding")
	}
	if got, want := w.events(id), []string{"opened", "resolved", "reopened"}; !slices.Equal(got, want) {
		w.Errorf("history %v, want %v", got, want)
	}
}

func twoToolsKeepOpen(w *world) {
	w.scan(scan{tool: "alpha", obs: vulns(1, 2), at: day(1)})
	w.scan(scan{tool: "beta", obs: vulns(1, 2), at: day(2)})
	w.scan(scan{tool: "alpha", obs: vulns(2), at: day(3)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
	row := w.one(posture.Filter{Advisory: "CVE-2026-0001"})
	if !slices.Equal(row.Tools, []string{"beta"}) {
		w.Errorf("tools %v, want beta alone", row.Tools)
	}
	out := w.scan(scan{tool: "beta", obs: vulns(2), at: day(4)})
	w.outcome(out, 0, 0, 1, 0, 1)
	w.want("resolved high "+vulnTitle(1), "open high "+vulnTitle(2))
}

func partScans(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3)})
	w.scan(scan{obs: vulns(3, 4), part: true, at: day(2)})
	w.scan(scan{obs: nil, part: true, at: day(3)})
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3), "open high "+vulnTitle(4))
}

func doubtful(w *world) {
	all := vulns(upTo(30)...)
	for name, c := range map[string]scan{
		"failed":  {obs: all[:25], failed: true},
		"empty":   {},
		"shrunk":  {obs: all[:5]},
		"faults":  {obs: all[:29], faults: 1},
		"cut off": {obs: all[:29], breaks: errBroken},
	} {
		c.app, c.asset = "app "+name, name
		w.scan(scan{app: c.app, asset: c.asset, obs: all})
		c.at = day(2)
		out := w.scan(c)
		gone := int64(30 - len(c.obs))
		if out.Held == "" || out.Resolved != 0 || out.WouldResolve != gone {
			w.Errorf("%s: held %q, resolved %d, would resolve %d, want held and %d", name, out.Held, out.Resolved, out.WouldResolve, gone)
		}
		r, err := w.Store.Report(w.ctx, w.tenant, w.last)
		w.must(err)
		if r.State != posture.ReportHeld || r.Reason == "" {
			w.Errorf("%s: report is %s (%s), want held with a reason", name, r.State, r.Reason)
		}
		f := posture.Filter{Applications: []string{r.Application}, Statuses: []finding.Status{finding.Open}}
		if n := len(w.rows(f)); n != 30 {
			w.Errorf("%s: %d open, want 30", name, n)
		}
		w.must(w.applier().Confirm(w.ctx, w.tenant, w.last, "ann", day(3)))
		if n := len(w.rows(f)); n != len(c.obs) {
			w.Errorf("%s: %d open after it was confirmed, want %d", name, n, len(c.obs))
		}
		var bad *posture.BadQuery
		if err := w.applier().Confirm(w.ctx, w.tenant, w.last, "ann", day(3)); !errors.As(err, &bad) {
			w.Errorf("%s: confirming twice gives %v, want a BadQuery", name, err)
		}
	}
	if err := w.applier().Confirm(w.ctx, w.tenant, "none", "ann", day(3)); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("confirm an unknown report: %v", err)
	}
}

func goneClaims(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3)})
	rows := w.Rows(w)
	gone := vulns(1, 2)
	gone[0].Claim = finding.Claim{State: finding.ClaimFixed, Source: "vex"}
	gone[1].Claim = finding.Claim{State: finding.ClaimAbsent, Baseline: "absent"}
	w.scan(scan{obs: gone, part: true, at: day(2)})
	w.want("resolved high "+vulnTitle(1), "resolved high "+vulnTitle(2), "open high "+vulnTitle(3))
	w.scan(scan{obs: gone, part: true, at: day(3)})
	if after := w.Rows(w); after["sighting"] != rows["sighting"] || after["chunk"] != rows["chunk"] {
		w.Errorf("records of what is gone left %v, had %v", after, rows)
	}
	// In a fresh series they make nothing.
	w.scan(scan{tool: "beta", obs: gone, at: day(4)})
	w.want("resolved high "+vulnTitle(1), "resolved high "+vulnTitle(2), "open high "+vulnTitle(3))
}

func claims(w *world) {
	obs := vulns(1, 2, 3)
	obs[0].Claim = finding.Claim{State: finding.ClaimNotAffected, Source: "vex"}
	obs[1].Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Source: "in-source"}
	w.scan(scan{obs: obs})
	w.want("not_affected high "+vulnTitle(1), "suppressed high "+vulnTitle(2), "open high "+vulnTitle(3))
	if d := w.detail(w.one(posture.Filter{Advisory: "CVE-2026-0001"}).ID); d.Decided != finding.ByVEX {
		w.Errorf("decided by %s, want vex", d.Decided)
	}
	// Another tool that claims nothing keeps them open.
	w.scan(scan{tool: "beta", obs: vulns(1), at: day(2)})
	w.want("open high "+vulnTitle(1), "suppressed high "+vulnTitle(2), "open high "+vulnTitle(3))
	w.scan(scan{tool: "beta", obs: vulns(7), at: day(3)})
	w.want("not_affected high "+vulnTitle(1), "suppressed high "+vulnTitle(2), "open high "+vulnTitle(3), "open high "+vulnTitle(7))
	// The claim goes, the finding is open again; it changes its source.
	again := vulns(1, 2, 3)
	again[0].Claim = finding.Claim{State: finding.ClaimNotAffected, Source: "tool"}
	w.scan(scan{obs: again, at: day(4)})
	w.want("not_affected high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3), "open high "+vulnTitle(7))
	if d := w.detail(w.one(posture.Filter{Advisory: "CVE-2026-0001"}).ID); d.Decided != finding.ByScanner {
		w.Errorf("decided by %s, want scanner", d.Decided)
	}
}

func history(w *world) {
	w.scan(scan{obs: vulns(1), at: day(1)})
	id := w.one(posture.Filter{}).ID
	known := []posture.Event{}
	step := func(types ...string) {
		w.Helper()
		es, err := w.Store.History(w.ctx, w.tenant, id)
		w.must(err)
		if len(es) < len(known) {
			w.Fatalf("history shrank from %d to %d", len(known), len(es))
		}
		if diff := cmp.Diff(known, es[:len(known)]); diff != "" {
			w.Errorf("history was rewritten: %s", diff)
		}
		var got []string
		for _, e := range es[len(known):] {
			got = append(got, e.Type)
			if !e.Recorded.Equal(w.now) {
				w.Errorf("%s recorded %s, want %s", e.Type, e.Recorded, w.now)
			}
		}
		if !slices.Equal(got, types) {
			w.Errorf("new events %v, want %v", got, types)
		}
		known = es
	}
	step("opened")
	w.now = day(101)
	w.scan(scan{obs: vulns(2), at: day(2)})
	step("resolved")
	if last := known[len(known)-1]; !last.Valid.Equal(day(2)) || last.Report != w.last {
		w.Errorf("resolved valid %s by report %s, want %s by %s", last.Valid, last.Report, day(2), w.last)
	}
	w.now = day(102)
	_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, &finding.Triage{Status: finding.Accepted, Reason: "old", By: "ann", At: w.now}, "ann", "old", w.now)
	w.must(err)
	step("triaged")
	w.now = day(103)
	w.scan(scan{obs: vulns(1, 2), at: day(3)})
	step("reopened")
	w.now = day(104)
	worse := vulns(1, 2)
	worse[0].Severity = finding.SeverityCritical
	w.scan(scan{obs: worse, at: day(4)})
	step("changed")
}

func activity(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3), at: w.now.AddDate(0, 0, -3)})
	w.scan(scan{obs: vulns(1, 2), at: w.now.AddDate(0, 0, -1)})
	o, err := w.Store.Overview(w.ctx, w.tenant)
	w.must(err)
	if o.NewWeek != 3 || o.ResolvedWeek != 1 || o.Findings != 3 || o.Observations != 3 {
		w.Errorf("new %d resolved %d findings %d observations %d, want 3, 1, 3, 3", o.NewWeek, o.ResolvedWeek, o.Findings, o.Observations)
	}
	w.now = w.now.AddDate(0, 0, 8)
	if o, err = w.Store.Overview(w.ctx, w.tenant); err != nil || o.NewWeek != 0 || o.ResolvedWeek != 0 {
		w.Errorf("a week later: new %d resolved %d, %v", o.NewWeek, o.ResolvedWeek, err)
	}
}

func manyBatches(w *world) {
	const n = 1500
	w.outcome(w.scan(scan{obs: vulns(upTo(n)...)}), n, 0, 0, 0, 0)
	again := vulns(upTo(n)...)
	for _, o := range again[:700] {
		o.Severity = finding.SeverityLow
	}
	again = append(again[:1400], vulns(2001, 2002)...)
	out := w.scan(scan{obs: again, at: day(2)})
	w.outcome(out, 2, 700, 700, 0, 100)
	for sev, want := range map[finding.Severity]int{finding.SeverityLow: 700, finding.SeverityHigh: 702} {
		if got := len(w.rows(posture.Filter{Severities: []finding.Severity{sev}, Statuses: []finding.Status{finding.Open}})); got != want {
			w.Errorf("%s: %d open, want %d", sev, got, want)
		}
	}
	for _, r := range w.rows(posture.Filter{})[:50] { // each finds its own observation
		if d := w.detail(r.ID); len(d.Observations) != 1 || d.Observations[0].Observed.Title != r.Title {
			w.Errorf("%s: observations %+v", r.Title, d.Observations)
		}
	}
}
