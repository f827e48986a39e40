package storetest

import (
	"errors"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// assigning tests to which application reports go whose sender names none,
// and what moves when someone does.
func assigning() map[string]func(*world) {
	return map[string]func(*world){
		"unknown assets are unassigned":        unassignedAsset,
		"the only application that has it":     onlyApplication,
		"two applications have it":             twoApplications,
		"known by another name":                knownByAlias,
		"named by what the report says":        namedByReport,
		"assigned with all that is known":      assignAll,
		"an application that says so takes it": claimAsset,
		"what can't be assigned":               assignRefused,
	}
}

// loose imports a scan whose sender says nothing; the report names a target.
func (w *world) loose(at int, t format.Target, obs ...*finding.Observation) apply.Outcome {
	w.Helper()
	s := scan{app: "-", asset: "-", ref: "-", at: day(at), obs: obs, run: &format.Run{Tool: "alpha", Target: t}}
	s.defaults()
	sub := receive.Submission{Name: "scan.json", ScannedAt: s.at}
	out, err := w.apply(w.accept("", "", sub), sub, &s)
	w.must(err)
	return out
}

// applicationsOf counts the findings of each application.
func (w *world) applicationsOf() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		out[r.Application]++
	}
	return out
}

func (w *world) wantApplications(want map[string]int) {
	w.Helper()
	if diff := cmp.Diff(want, w.applicationsOf()); diff != "" {
		w.Errorf("findings by application differ (-want +got):\n%s", diff)
	}
	facets, err := w.Store.Facets(w.ctx, w.tenant, posture.Filter{})
	w.must(err)
	counted := map[string]int{}
	for _, f := range facets.Fields["application"] {
		counted[f.Value] = int(f.Count)
	}
	if diff := cmp.Diff(want, counted); diff != "" {
		w.Errorf("facets by application differ (-want +got):\n%s", diff)
	}
}

var repoTarget = format.Target{Kind: "repository", Repository: "https://github.com/acme/shop.git", Branch: "main"}

func unassignedAsset(w *world) {
	w.loose(1, repoTarget, vulns(1, 2)...)
	w.wantApplications(map[string]int{estate.Unassigned: 2})
	w.loose(2, repoTarget, vulns(2)...) // the same asset again
	app, assets, err := w.Store.Application(w.ctx, w.tenant, estate.Unassigned)
	w.must(err)
	if len(assets) != 1 || assets[0].Name != "github.com/acme/shop" || app.Description == "" {
		w.Errorf("application %+v with assets %+v, want one named after the repository", app, assets)
	}
	w.want("resolved high "+vulnTitle(1), "open high "+vulnTitle(2))
}

func onlyApplication(w *world) {
	w.scan(scan{app: "shop", obs: vulns(1)})
	w.outcome(w.loose(2, repoTarget, vulns(1, 2)...), 1, 0, 1, 0, 0)
	w.wantApplications(map[string]int{"shop": 2})
	r, err := w.Store.Report(w.ctx, w.tenant, w.last)
	w.must(err)
	if r.Application != "shop" {
		w.Errorf("the report is listed under %q, want shop", r.Application)
	}
}

func twoApplications(w *world) {
	w.scan(scan{app: "shop", obs: vulns(1)})
	w.scan(scan{app: "till", obs: vulns(1)})
	w.loose(2, repoTarget, vulns(3)...)
	w.wantApplications(map[string]int{"shop": 1, "till": 1, estate.Unassigned: 1})
	// A host of that name is something else.
	w.loose(3, format.Target{Kind: "host", Name: "github.com/acme/shop"}, vulns(4)...)
	w.wantApplications(map[string]int{"shop": 1, "till": 1, estate.Unassigned: 2})
}

func knownByAlias(w *world) {
	s := scan{app: "shop", asset: "reg.test/acme/shop", ref: "1.0", kind: estate.Image, obs: vulns(1),
		run: &format.Run{Tool: "alpha", Target: format.Target{Kind: "image", Name: "reg.test/acme/shop:1.0", Digest: "sha256:0123", PURL: "pkg:npm/acme-shop@1.0"}}}
	w.scan(s)
	w.loose(2, format.Target{PURL: "pkg:npm/acme-shop@2.0"}, vulns(2)...)
	w.loose(3, format.Target{Kind: "image", Digest: "sha256:0123"}, vulns(3)...)
	w.loose(4, format.Target{PURL: "pkg:npm/other@2.0"}, vulns(4)...)
	got := w.byAssetAny()
	want := []string{"pkg:npm/other", "reg.test/acme/shop"}
	if !slices.Equal(got, want) {
		w.Errorf("assets %v, want %v", got, want)
	}
}

// byAssetAny lists the names of assets that have findings.
func (w *world) byAssetAny() []string {
	w.Helper()
	var out []string
	for _, r := range w.rows(posture.Filter{Ref: "*"}) {
		out = append(out, r.Asset)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func namedByReport(w *world) {
	w.loose(1, format.Target{Kind: "image", Name: "acme/web:2"}, vulns(1)...)
	w.loose(1, format.Target{Kind: "cloud", Name: "123456789012"}, vulns(1)...)
	w.loose(1, format.Target{Kind: "host", Name: "db-1"}, vulns(1)...)
	w.loose(1, format.Target{Name: "api"}, vulns(1)...)
	w.loose(1, format.Target{}, vulns(1)...)
	if got, want := w.byAssetAny(), []string{"123456789012", "acme/web", "api", "db-1", estate.Unassigned}; !slices.Equal(got, want) {
		w.Errorf("assets %v, want %v", got, want)
	}
}

// assignAll: findings, triage, history, counters, scores, scans and reports
// go with the asset.
func assignAll(w *world) {
	w.must(w.Store.SaveApplication(w.ctx, w.tenant, estate.Application{Key: "shop", Name: "Shop", Context: estate.Context{
		Criticality: estate.CriticalityCritical, Exposure: estate.ExposureInternet, Environment: estate.EnvironmentProduction}}, "anna"))
	out := w.loose(1, repoTarget, vulns(1, 2, 3)...)
	report := w.last
	w.loose(2, repoTarget, vulns(1, 2)...)
	rows := w.rows(posture.Filter{Statuses: []finding.Status{finding.Open}})
	before := rows[0].Score
	_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{rows[0].ID}, &finding.Triage{Status: finding.FalsePositive, Reason: "test data", By: "anna", At: w.now}, "anna", "test data", w.now)
	w.must(err)
	history := w.events(rows[0].ID)

	w.must(w.Store.AssignAsset(w.ctx, w.tenant, out.Asset, "Shop"))
	w.wantApplications(map[string]int{"shop": 3})
	w.want("false_positive high "+rows[0].Title, "open high "+rows[1].Title, "resolved high "+vulnTitle(3))
	if diff := cmp.Diff(history, w.events(rows[0].ID)); diff != "" {
		w.Errorf("history differs (-before +after):\n%s", diff)
	}
	if after := w.detail(rows[1].ID).Score; after <= before {
		w.Errorf("score %.1f in a critical application, %.1f when unassigned: want more", after, before)
	}
	r, err := w.Store.Report(w.ctx, w.tenant, report)
	w.must(err)
	apps, err := w.Store.Applications(w.ctx, w.tenant)
	w.must(err)
	for _, a := range apps {
		if want := map[string]int64{"shop": 1, estate.Unassigned: 0}[a.Key]; countAll(a.Open) != want {
			w.Errorf("%s has %d open, want %d", a.Key, countAll(a.Open), want)
		}
	}
	if r.Application != "shop" {
		w.Errorf("its report is listed under %q, want shop", r.Application)
	}
	// Further scans, named or not, go on where the asset now is.
	w.outcome(w.loose(3, repoTarget, vulns(1, 2)...), 0, 0, 2, 0, 0)
	w.outcome(w.scan(scan{at: day(4), obs: vulns(1, 2), kind: estate.Repository}), 0, 0, 2, 0, 0)
	w.wantApplications(map[string]int{"shop": 3})
}

func claimAsset(w *world) {
	w.loose(1, repoTarget, vulns(1)...)
	w.outcome(w.scan(scan{app: "shop", at: day(2), obs: vulns(1, 2)}), 1, 0, 1, 0, 0)
	w.wantApplications(map[string]int{"shop": 2})
	// What nobody could name is not anybody's.
	w.loose(3, format.Target{}, vulns(5)...)
	w.scan(scan{app: "till", asset: estate.Unassigned, at: day(4), obs: vulns(5)})
	w.wantApplications(map[string]int{"shop": 2, "till": 1, estate.Unassigned: 1})
}

func assignRefused(w *world) {
	out := w.scan(scan{app: "shop", obs: vulns(1)})
	w.scan(scan{app: "till", obs: vulns(1)})
	var bad *posture.BadQuery
	if err := w.Store.AssignAsset(w.ctx, w.tenant, out.Asset, "till"); !errors.As(err, &bad) {
		w.Errorf("the application has one of that name: %v, want a bad query", err)
	}
	if err := w.Store.AssignAsset(w.ctx, w.tenant, out.Asset, "  "); !errors.As(err, &bad) {
		w.Errorf("no application: %v, want a bad query", err)
	}
	if err := w.Store.AssignAsset(w.ctx, w.tenant, estate.AssetID{1}, "till"); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("no such asset: %v, want not found", err)
	}
	if err := w.Store.AssignAsset(w.ctx, w.tenant+1, out.Asset, "till"); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant's asset: %v, want not found", err)
	}
	w.must(w.Store.AssignAsset(w.ctx, w.tenant, out.Asset, "shop")) // where it is
	w.wantApplications(map[string]int{"shop": 1, "till": 1})
}
