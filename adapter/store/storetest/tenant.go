package storetest

import (
	"errors"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// tenants tests that nothing crosses from one tenant to another.
func tenants() map[string]func(*world) {
	return map[string]func(*world){
		"equal data stay apart":         tenantsApart,
		"another's ids are not found":   tenantIDs,
		"no tenant is refused":          noTenant,
		"what one does, one sees alone": tenantChanges,
	}
}

func (w *world) as(t tenant.ID) *world { w.tenant = t; return w }

// both imports the same scans for two tenants.
func (w *world) both() {
	for _, t := range []tenant.ID{1, 2} {
		w.as(t).scan(scan{obs: vulns(1, 2, 3), at: w.now.AddDate(0, 0, -2)})
		w.scan(scan{tool: "beta", obs: vulns(2, 3, 4), at: w.now.AddDate(0, 0, -1)})
	}
}

func tenantsApart(w *world) {
	w.both()
	var seen [2]map[string]bool
	for i, t := range []tenant.ID{1, 2} {
		w.as(t).want("open high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3), "open high "+vulnTitle(4))
		rows := w.rows(posture.Filter{})
		seen[i] = asSet(idsOf(rows))
		apps, err := w.Store.Applications(w.ctx, t)
		w.must(err)
		o, err := w.Store.Overview(w.ctx, t)
		w.must(err)
		list, _, err := w.Store.Reports(w.ctx, t, "", "", 100)
		w.must(err)
		if len(apps) != 1 || countAll(apps[0].Open) != 4 || o.Findings != 4 || o.NewWeek != 4 || o.Observations != 6 || len(list) != 2 {
			w.Errorf("tenant %s: %d applications, overview %+v, %d reports", t, len(apps), o, len(list))
		}
		for _, r := range rows {
			if d := w.detail(r.ID); len(d.Observations) > 2 {
				w.Errorf("tenant %s: %s has %d observations", t, r.Title, len(d.Observations))
			}
		}
	}
	for id := range seen[0] {
		if seen[1][id] {
			w.Errorf("finding %s is in both tenants", id)
		}
	}
}

func tenantIDs(w *world) {
	w.both()
	w.as(1)
	row := w.one(posture.Filter{Advisory: "CVE-2026-0001"})
	report := w.reportOf(1)
	const other = tenant.ID(2)
	_, finding1 := w.Store.Finding(w.ctx, other, row.ID)
	_, explain := w.Store.Explain(w.ctx, other, row.ID)
	_, history := w.Store.History(w.ctx, other, row.ID)
	_, triage := w.Store.Triage(w.ctx, other, []finding.ID{row.ID}, &finding.Triage{Status: finding.Accepted, Reason: "r", By: "eve", At: w.now}, "eve", "r", w.now)
	_, report1 := w.Store.Report(w.ctx, other, report)
	confirm := w.applier().Confirm(w.ctx, other, report, "eve", w.now)
	ref := w.Store.SetDefaultRef(w.ctx, other, row.AssetID, "main")
	for name, err := range map[string]error{"Finding": finding1, "Explain": explain, "History": history, "Triage": triage, "Report": report1, "Confirm": confirm, "SetDefaultRef": ref} {
		if !errors.Is(err, posture.ErrNotFound) {
			w.Errorf("%s of another tenant's id: %v, want ErrNotFound", name, err)
		}
	}
	if _, waiting, err := w.Store.Waiting(w.ctx, other, report); err == nil || waiting {
		w.Error("Waiting finds another tenant's report")
	}
	if q, n, err := w.Store.Quarantine(w.ctx, other, report, 10); len(q) != 0 || n != 0 || err != nil {
		w.Errorf("Quarantine gives %d of %d, %v", len(q), n, err)
	}
	w.as(other)
	for name, f := range map[string]posture.Filter{"asset": {Assets: []estate.AssetID{row.AssetID}}, "report": {Report: report}} {
		if got := w.rows(f); len(got) != 0 {
			w.Errorf("filter by another tenant's %s: %v", name, titles(got))
		}
	}
	w.as(1)
	if s := w.one(posture.Filter{Advisory: "CVE-2026-0001"}).Status; s != finding.Open {
		w.Errorf("status %s after another tenant's triage", s)
	}
}

// reportOf returns a report of a tenant.
func (w *world) reportOf(t tenant.ID) string {
	w.Helper()
	list, _, err := w.Store.Reports(w.ctx, t, "", "", 1)
	w.must(err)
	if len(list) == 0 {
		w.Fatal("no reports")
	}
	return list[0].ID
}

func noTenant(w *world) {
	w.tenant = 0
	s := scan{obs: vulns(1)}
	s.defaults()
	if _, err := w.Store.Commit(w.ctx, 0, "", nil); err == nil {
		w.Error("Commit without a tenant is taken")
	}
	if err := w.applier().Confirm(w.ctx, 0, "x", "ann", w.now); err == nil {
		w.Error("Confirm without a tenant is taken")
	}
}

func tenantChanges(w *world) {
	w.both()
	snapshot := func() []string {
		w.as(2)
		out := w.states()
		apps, err := w.Store.Applications(w.ctx, 2)
		w.must(err)
		facets, err := w.Store.Facets(w.ctx, 2, posture.Filter{})
		w.must(err)
		o, err := w.Store.Overview(w.ctx, 2)
		w.must(err)
		return append(out, fmt.Sprintf("%+v", apps), fmt.Sprint(simple(facets)), fmt.Sprintf("%+v", o))
	}
	before := snapshot()
	w.as(1).triage(w.one(posture.Filter{Advisory: "CVE-2026-0002"}).ID, finding.Accepted, day(101))
	w.scan(scan{obs: vulns(3), at: day(5)})
	w.scan(scan{app: "another", asset: "another", tool: "gamma", obs: vulns(1, 9), at: day(5)})
	w.must(w.Store.SaveApplication(w.ctx, 1, estate.Application{Key: "shop", Name: "Shop", Context: estate.Context{Criticality: estate.CriticalityCritical}}, "ann"))
	if n, err := w.Store.ExpireTriage(w.ctx, 2, day(200)); n != 0 || err != nil {
		w.Errorf("tenant 2 expired %d, %v", n, err)
	}
	if diff := cmp.Diff(before, snapshot()); diff != "" {
		w.Errorf("tenant 2 changed:\n%s", diff)
	}
}
