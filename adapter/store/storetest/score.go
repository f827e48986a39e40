package storetest

import (
	"fmt"
	"math"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// scoring tests that the score on every row is what its explanation gives.
func scoring() map[string]func(*world) {
	return map[string]func(*world){
		"explained after everything": explained,
		"a feed moves scores":        feedMoves,
		"a failed feed does nothing": feedFails,
		"confidence of its own":      ownConfidence,
		"context moves scores":       contextMoves,
	}
}

// scored compares every row's score with its explanation.
func (w *world) scored() {
	w.Helper()
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		x, err := w.Store.Explain(w.ctx, w.tenant, r.ID)
		w.must(err)
		if math.Abs(x.Score-r.Score) > 0.05 || x.Priority.String() != r.Priority {
			w.Errorf("%s (%s, by %v): score %.1f %s, explained as %.1f %s", r.Title, r.Status, r.Tools, r.Score, r.Priority, x.Score, x.Priority)
		}
	}
}

func explained(w *world) {
	w.populate()
	w.scored()
	signals := map[advisory.ID]enrich.Signals{}
	for i := range 20 {
		signals[advisory.ID(fmt.Sprintf("CVE-2025-%04d", 1000+2*i))] = enrich.Signals{KEV: &enrich.KEV{DateAdded: day(0)}}
	}
	w.must(w.Feed(w.ctx, "kev", signals, nil))
	w.scored()
	w.must(w.Store.SaveApplication(w.ctx, w.tenant, estate.Application{Key: "app1", Name: "App 1", Context: estate.Context{Criticality: estate.CriticalityCritical, Exposure: estate.ExposureInternet}}, "ann"))
	w.scored()
	// Another report says more about flaws that findings elsewhere share.
	obs := []*finding.Observation{}
	for i := range 45 {
		o := vuln(fmt.Sprintf("CVE-2025-%04d", 1000+i%40), fmt.Sprintf("lib%d@1.%d", i%7, i), finding.SeverityCritical)
		o.FixVersions, o.CVSS = []string{"10.0.0"}, []finding.CVSS{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8}}
		o.KEV = i%5 == 0
		obs = append(obs, o)
	}
	w.scan(scan{app: "app9", asset: "repo9", tool: "tool1", obs: obs, at: day(4)})
	w.scored()
	w.must(w.Feed(w.ctx, "kev", nil, nil))
	w.scored()
}

func feedMoves(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	before := w.one(posture.Filter{Advisory: "CVE-2026-0001"}).Score
	w.must(w.Feed(w.ctx, "kev", map[advisory.ID]enrich.Signals{"CVE-2026-0001": {KEV: &enrich.KEV{DateAdded: day(0)}}}, nil))
	row := w.one(posture.Filter{Advisory: "CVE-2026-0001"})
	if !row.KEV || row.Score <= before {
		w.Errorf("listed in KEV: %t, score %.1f, was %.1f", row.KEV, row.Score, before)
	}
	yes := true
	if got := w.rows(posture.Filter{KEV: &yes}); len(got) != 1 {
		w.Errorf("%d findings in KEV, want 1", len(got))
	}
	// What is new is scored by it too.
	w.scan(scan{app: "other", asset: "other", obs: vulns(1)})
	if got := w.rows(posture.Filter{KEV: &yes}); len(got) != 2 {
		w.Errorf("%d findings in KEV, want 2", len(got))
	}
	w.must(w.Feed(w.ctx, "kev", map[advisory.ID]enrich.Signals{"CVE-2026-0002": {KEV: &enrich.KEV{DateAdded: day(0)}}}, nil))
	row = w.one(posture.Filter{KEV: &yes})
	if row.Advisory != "CVE-2026-0002" {
		w.Errorf("after the feed changed %s is in KEV", row.Advisory)
	}
	w.scored()
}

func feedFails(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.must(w.Feed(w.ctx, "kev", map[advisory.ID]enrich.Signals{"CVE-2026-0001": {KEV: &enrich.KEV{DateAdded: day(0)}}}, nil))
	before := w.Rows(w)
	if err := w.Feed(w.ctx, "no such feed", nil, nil); err == nil {
		w.Error("an unknown feed is taken")
	}
	for table, n := range w.Rows(w) {
		if before[table] != n {
			w.Errorf("table %s: %d rows, had %d", table, n, before[table])
		}
	}
}

// ownConfidence: two results of one check, of which the tool is unequally
// sure, have scores of their own, in whatever order they come.
func ownConfidence(w *world) {
	obs := []*finding.Observation{code("sqli", 89, "a.go", 5, "a(x)"), code("sqli", 89, "b.go", 5, "b(x)")}
	obs[0].Confidence, obs[1].Confidence = "HIGH", "LOW"
	w.scan(scan{obs: obs})
	rows := map[string]float64{}
	for _, r := range w.rows(posture.Filter{}) {
		rows[r.Place] = r.Score
	}
	if rows["a.go:5"] <= rows["b.go:5"] {
		w.Errorf("sure %.1f, unsure %.1f", rows["a.go:5"], rows["b.go:5"])
	}
	w.scan(scan{obs: append(obs[1:], code("sqli", 89, "c.go", 5, "c(x)")), at: day(2)})
	w.scored()
}

func contextMoves(w *world) {
	w.scan(scan{obs: vulns(1)})
	before := w.one(posture.Filter{}).Score
	app := estate.Application{Key: "shop", Name: "Shop", Owner: "team", Context: estate.Context{Criticality: estate.CriticalityCritical, Exposure: estate.ExposureInternet, Environment: estate.EnvironmentProduction}}
	w.must(w.Store.SaveApplication(w.ctx, w.tenant, app, "ann"))
	if after := w.one(posture.Filter{}).Score; after <= before {
		w.Errorf("score %.1f, was %.1f", after, before)
	}
	got, _, err := w.Store.Application(w.ctx, w.tenant, "shop")
	w.must(err)
	if got.Context != app.Context || got.Owner != "team" || got.Name != "Shop" {
		w.Errorf("application %+v", got.Application)
	}
	// New findings are scored in it too.
	w.scan(scan{obs: vulns(1, 2), at: day(2).Add(time.Hour)})
	w.scored()
}
