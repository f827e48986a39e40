package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// triages tests that the decisions of people stand.
func triages() map[string]func(*world) {
	return map[string]func(*world){
		"survives scans":          triageSurvives,
		"expires":                 triageExpires,
		"expired before the scan": triageExpiredAtScan,
		"taken back":              triageTakenBack,
		"outranks claims":         triageOutranks,
		"is all or nothing":       triageWhole,
	}
}

func (w *world) triage(id finding.ID, status finding.Status, until time.Time) {
	w.Helper()
	n, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, &finding.Triage{Status: status, Reason: "because", By: "ann", At: w.now, Until: until}, "ann", "because", w.now)
	w.must(err)
	if n != 1 {
		w.Errorf("Triage changed %d, want 1", n)
	}
}

func triageSurvives(w *world) {
	o := code("sqli", 89, "src/a.go", 10, "q(x)")
	w.scan(scan{obs: []*finding.Observation{o}})
	id := w.one(posture.Filter{}).ID
	w.triage(id, finding.FalsePositive, time.Time{})
	o.Location.StartLine, o.Severity = 44, finding.SeverityCritical
	w.scan(scan{obs: []*finding.Observation{o}, at: day(2)})
	w.want("false_positive critical sqli")
	o.Location.Path = "lib/b.go"
	w.scan(scan{obs: []*finding.Observation{o}, at: day(3)})
	w.scan(scan{tool: "beta", obs: []*finding.Observation{o}, at: day(4)})
	w.want("false_positive critical sqli")
	// Gone is gone; the decision applies again when it comes back.
	w.scan(scan{obs: vulns(1), at: day(5)})
	w.scan(scan{tool: "beta", obs: vulns(1), at: day(6)})
	w.want("resolved critical sqli", "open high "+vulnTitle(1))
	w.scan(scan{obs: []*finding.Observation{o}, at: day(7)})
	d := w.detail(id)
	if d.Status != finding.FalsePositive || d.Triage == nil || d.Triage.By != "ann" || d.Decided != finding.ByPerson {
		w.Errorf("after it came back: %s, triage %+v, decided by %s", d.Status, d.Triage, d.Decided)
	}
	// The same decision twice is no change.
	n, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, &finding.Triage{Status: finding.FalsePositive, Reason: "because", By: "ann", At: w.now}, "ann", "because", w.now)
	if n != 0 || err != nil {
		w.Errorf("deciding the same again changed %d, %v", n, err)
	}
}

func triageExpires(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	id := w.one(posture.Filter{Advisory: "CVE-2026-0001"}).ID
	w.triage(id, finding.Accepted, day(110))
	for at, want := range map[int]int{105: 0, 110: 1} {
		if at == 110 {
			continue
		}
		if n, err := w.Store.ExpireTriage(w.ctx, w.tenant, day(at)); n != want || err != nil {
			w.Errorf("on day %d: %d expired, %v", at, n, err)
		}
	}
	w.want("accepted high "+vulnTitle(1), "open high "+vulnTitle(2))
	w.now = day(110)
	if n, err := w.Store.ExpireTriage(w.ctx, w.tenant, w.now); n != 1 || err != nil {
		w.Errorf("on its last day: %d expired, %v", n, err)
	}
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
	if got, want := w.events(id), []string{"opened", "triaged", "triage_removed"}; !slices.Equal(got, want) {
		w.Errorf("history %v, want %v", got, want)
	}
}

// triageExpiredAtScan: a scan that looks at a finding after its decision ended
// and before the sweep must not swallow that it ended.
func triageExpiredAtScan(w *world) {
	w.scan(scan{obs: vulns(1)})
	id := w.one(posture.Filter{}).ID
	w.triage(id, finding.Accepted, day(101))
	w.now = day(102)
	worse := vulns(1)
	worse[0].Severity = finding.SeverityCritical
	w.scan(scan{obs: worse, at: day(2)})
	w.want("open critical " + vulnTitle(1))
	_, err := w.Store.ExpireTriage(w.ctx, w.tenant, w.now)
	w.must(err)
	if es := w.events(id); !slices.Contains(es, "triage_removed") {
		w.Errorf("history %v does not tell that the decision ended", es)
	}
	if d := w.detail(id); d.Triage != nil || d.Status != finding.Open {
		w.Errorf("%s with triage %+v", d.Status, d.Triage)
	}
}

func triageTakenBack(w *world) {
	obs := vulns(1)
	obs[0].Claim.State = finding.ClaimSuppressedByTool
	w.scan(scan{obs: obs})
	id := w.one(posture.Filter{}).ID
	w.triage(id, finding.NotAffected, time.Time{})
	w.want("not_affected high " + vulnTitle(1))
	n, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, nil, "bob", "was wrong", w.now)
	if n != 1 || err != nil {
		w.Errorf("took back %d, %v", n, err)
	}
	w.want("suppressed high " + vulnTitle(1))
	es, err := w.Store.History(w.ctx, w.tenant, id)
	w.must(err)
	if last := es[len(es)-1]; last.Type != "triage_removed" || last.By != "bob" || last.Detail != "was wrong" {
		w.Errorf("last event %+v", last)
	}
}

func triageOutranks(w *world) {
	obs := vulns(1)
	obs[0].Claim = finding.Claim{State: finding.ClaimNotAffected, Source: "vex"}
	w.scan(scan{obs: obs})
	w.triage(w.one(posture.Filter{}).ID, finding.Accepted, time.Time{})
	w.scan(scan{obs: obs, at: day(2)})
	w.want("accepted high " + vulnTitle(1))
}

func triageWhole(w *world) {
	w.scan(scan{obs: vulns(1)})
	id := w.one(posture.Filter{}).ID
	_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id, {1, 2, 3}}, &finding.Triage{Status: finding.Accepted, Reason: "r", By: "ann", At: w.now}, "ann", "r", w.now)
	if !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("an unknown id gives %v, want ErrNotFound", err)
	}
	w.want("open high " + vulnTitle(1))
}
