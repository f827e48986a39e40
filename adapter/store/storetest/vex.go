package storetest

import (
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// vex tests what statements of VEX documents do to findings.
func vex() map[string]func(*world) {
	return map[string]func(*world){
		"before and after the scanner":    vexAnyOrder,
		"makes no finding":                vexAlone,
		"the same document twice":         vexTwice,
		"component and version":           vexComponent,
		"an author's newest word":         vexNewest,
		"trust decides, conflict shown":   vexConflict,
		"people outrank it":               vexTriage,
		"it outranks a scanner's claim":   vexScanner,
		"product is another asset":        vexProduct,
		"product that comes later":        vexLater,
		"another digest is not meant":     vexDigest,
		"product that is the component":   vexRoot,
		"at odds with reachability":       vexReachable,
		"gone stays resolved":             vexResolved,
		"an alias names the flaw":         vexAlias,
		"statements of other tenants":     vexTenant,
		"a broken document says its part": vexBroken,
	}
}

// says makes a statement as a decoder gives it.
func says(state finding.ClaimState, advisory, pkg string) *finding.Observation {
	o := vuln(advisory, pkg, finding.SeverityUnknown)
	if pkg == "" {
		o.Component = nil
	}
	o.Location = finding.Location{}
	o.Claim = finding.Claim{State: state, Source: "vex", Justification: "component_not_present"}
	return o
}

// vexScan makes a VEX document of an author.
func vexScan(author string, at int, obs ...*finding.Observation) scan {
	return scan{tool: "openvex", at: day(at), run: &format.Run{Tool: "openvex", Statements: true, Author: author}, obs: obs, asset: "-"}
}

// importVEX imports a document for the asset that scans of these tests are of.
func (w *world) importVEX(author string, at int, obs ...*finding.Observation) apply.Outcome {
	w.Helper()
	s := vexScan(author, at, obs...)
	s.asset = ""
	return w.scan(s)
}

// one CVE is what most of these tests are about.
const cve1, pkg1 = "CVE-2026-0001", "pkg1@1.0.0"

func vexAnyOrder(w *world) {
	said := says(finding.ClaimNotAffected, cve1, pkg1)
	w.scan(scan{app: "after", obs: vulns(1, 2)})
	s := vexScan("acme", 2, said)
	s.app, s.asset = "after", ""
	w.scan(s)
	s = vexScan("acme", 2, said)
	s.app, s.asset = "before", ""
	w.scan(s)
	w.scan(scan{app: "before", obs: vulns(1, 2), at: day(3)})
	w.scan(scan{app: "before", tool: "beta", obs: vulns(1), at: day(4)})
	w.scan(scan{app: "before", obs: vulns(1, 2), at: day(5)})
	for _, app := range []string{"after", "before"} {
		r := w.one(posture.Filter{Applications: []string{app}, Advisory: cve1})
		d := w.detail(r.ID)
		if r.Status != finding.NotAffected || d.Decided != finding.ByVEX || len(d.Statements) != 1 || d.Statements[0].Author != "acme" || len(d.Conflicts) != 0 {
			w.Errorf("%s: %s by %s, statements %+v, conflicts %v", app, r.Status, d.Decided, d.Statements, d.Conflicts)
		}
		if other := w.one(posture.Filter{Applications: []string{app}, Advisory: "CVE-2026-0002"}); other.Status != finding.Open {
			w.Errorf("%s: the other finding is %s", app, other.Status)
		}
	}
}

func vexAlone(w *world) {
	out := w.importVEX("acme", 1, says(finding.ClaimAffected, cve1, pkg1), says(finding.ClaimNotAffected, "CVE-2026-0002", ""))
	if n := len(w.states()); n != 0 {
		w.Errorf("%d findings, want none", n)
	}
	if out.Statements != 2 || out.New != 0 || out.Observations != 2 {
		w.Errorf("outcome %+v", out)
	}
	if rows := w.Rows(w); rows["series"] != 0 || rows["scan"] != 0 {
		w.Errorf("a VEX document counts as a scan: %v", rows)
	}
}

func vexTwice(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.importVEX("acme", 2, says(finding.ClaimNotAffected, cve1, pkg1))
	id := w.one(posture.Filter{}).ID
	before, events := w.Rows(w)["statement"], w.events(id)
	out := w.importVEX("acme", 2, says(finding.ClaimNotAffected, cve1, pkg1))
	if after := w.Rows(w)["statement"]; after != before || out.Changed != 0 || !slices.Equal(w.events(id), events) {
		w.Errorf("statements %d then %d, changed %d, events %v then %v", before, after, out.Changed, events, w.events(id))
	}
}

func vexComponent(w *world) {
	w.scan(scan{obs: []*finding.Observation{vuln(cve1, "a@1.0", 3), vuln(cve1, "a@2.0", 3), vuln(cve1, "b@1.0", 3)}})
	w.importVEX("acme", 2, says(finding.ClaimNotAffected, cve1, "a@1.0"))
	open := func() int { return len(w.rows(posture.Filter{Statuses: []finding.Status{finding.Open}})) }
	if n := open(); n != 2 {
		w.Errorf("%d open after a statement about a@1.0, want 2", n)
	}
	w.importVEX("acme", 3, says(finding.ClaimNotAffected, cve1, "a"))
	if n := open(); n != 1 {
		w.Errorf("%d open after a statement about all versions of a, want 1", n)
	}
	w.importVEX("acme", 4, says(finding.ClaimFixed, cve1, ""))
	if n := open(); n != 0 {
		w.Errorf("%d open after a statement about the whole product, want 0", n)
	}
}

// vexNewest: of one author the newest statement counts, whichever came in
// last.
func vexNewest(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.importVEX("acme", 5, says(finding.ClaimNotAffected, cve1, pkg1))
	w.importVEX("acme", 3, says(finding.ClaimUnderReview, cve1, pkg1))
	if r := w.one(posture.Filter{}); r.Status != finding.NotAffected {
		w.Errorf("after an older word came late: %s", r.Status)
	}
	w.importVEX("acme", 6, says(finding.ClaimAffected, cve1, pkg1))
	r := w.one(posture.Filter{})
	d := w.detail(r.ID)
	if r.Status != finding.Open || d.Decided != finding.ByVEX || len(d.Conflicts) != 0 || len(d.Statements) != 1 {
		w.Errorf("after the author took it back: %s by %s, %v", r.Status, d.Decided, d.Conflicts)
	}
}

func vexConflict(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.importVEX("Upstream", 5, says(finding.ClaimNotAffected, cve1, pkg1))
	w.importVEX("Distributor", 5, says(finding.ClaimAffected, cve1, pkg1))
	r := w.one(posture.Filter{})
	d := w.detail(r.ID)
	if r.Status != finding.Open || len(d.Conflicts) != 1 || !strings.Contains(d.Conflicts[0], "Upstream") || len(d.Statements) != 2 {
		w.Errorf("two suppliers at once: %s, conflicts %v", r.Status, d.Conflicts)
	}
	w.must(w.Store.SetTrust(w.ctx, w.tenant, finding.TrustList{{Author: "*acme.test", Trust: finding.TrustOwn}, {Author: "dist*", Trust: finding.TrustScanner}}))
	if r := w.one(posture.Filter{}); r.Status != finding.NotAffected {
		w.Errorf("with less trust in the distributor: %s", r.Status)
	}
	w.importVEX("security@acme.test", 1, says(finding.ClaimAffected, cve1, pkg1))
	d = w.detail(r.ID)
	if d.Status != finding.Open || d.Statements[0].Trust != finding.TrustOwn || len(d.Conflicts) != 2 {
		w.Errorf("the own word: %s, %+v, conflicts %v", d.Status, d.Statements, d.Conflicts)
	}
}

func vexTriage(w *world) {
	w.scan(scan{obs: vulns(1)})
	id := w.one(posture.Filter{}).ID
	_, err := w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, &finding.Triage{Status: finding.Accepted, Reason: "known", By: "eve", At: day(2)}, "eve", "known", day(2))
	w.must(err)
	w.importVEX("acme", 3, says(finding.ClaimAffected, cve1, pkg1))
	if d := w.detail(id); d.Status != finding.Accepted || d.Decided != finding.ByPerson {
		w.Errorf("%s by %s", d.Status, d.Decided)
	}
	_, err = w.Store.Triage(w.ctx, w.tenant, []finding.ID{id}, nil, "eve", "no longer", day(4))
	w.must(err)
	w.importVEX("acme", 5, says(finding.ClaimNotAffected, cve1, pkg1))
	if d := w.detail(id); d.Status != finding.NotAffected || d.Decided != finding.ByVEX {
		w.Errorf("%s by %s", d.Status, d.Decided)
	}
}

func vexScanner(w *world) {
	o := vulns(1)
	o[0].Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Source: "in-source"}
	w.scan(scan{obs: o})
	w.want("suppressed high " + vulnTitle(1))
	w.importVEX("acme", 3, says(finding.ClaimAffected, cve1, pkg1))
	w.want("open high " + vulnTitle(1))
}

// about names the product of a statement.
func about(product string, o *finding.Observation) *finding.Observation {
	o.Claim.Product = product
	return o
}

const shopDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func vexProduct(w *world) {
	w.scan(scan{kind: estate.Image, asset: "reg.test/acme/shop", ref: "1.0", obs: vulns(1)})
	w.scan(scan{kind: estate.Image, asset: "reg.test/acme/admin", ref: "1.0", obs: vulns(1)})
	w.scan(vexScan("acme", 2, about("pkg:oci/shop?repository_url=reg.test/acme/shop", says(finding.ClaimNotAffected, cve1, pkg1))))
	w.wantByAsset("reg.test/acme/admin: open "+vulnTitle(1), "reg.test/acme/shop: not_affected "+vulnTitle(1))
}

func vexLater(w *world) {
	w.scan(vexScan("acme", 2, about("pkg:npm/%40acme/shop@2.0.0", says(finding.ClaimNotAffected, cve1, pkg1))))
	run := func(version string) *format.Run {
		return &format.Run{Tool: "alpha", Target: format.Target{PURL: "pkg:npm/%40acme/shop@" + version}}
	}
	w.scan(scan{run: run("1.9.0"), obs: vulns(1), at: day(3)})
	w.want("open high " + vulnTitle(1))
	w.scan(scan{run: run("2.0.0"), obs: vulns(1), at: day(4)})
	w.want("not_affected high " + vulnTitle(1))
	w.scan(scan{run: run("2.1.0"), obs: vulns(1), at: day(5)})
	w.want("open high " + vulnTitle(1))
}

func vexDigest(w *world) {
	w.scan(vexScan("acme", 2, about("pkg:oci/shop@"+strings.ReplaceAll(shopDigest, ":", "%3A"), says(finding.ClaimNotAffected, cve1, pkg1))))
	with := func(digest string) *format.Run {
		return &format.Run{Tool: "alpha", Target: format.Target{Kind: "image", Name: "shop:1.0", Digest: digest}}
	}
	w.scan(scan{kind: estate.Image, asset: "shop", ref: "1.0", run: with(shopDigest), obs: vulns(1), at: day(3)})
	w.want("not_affected high " + vulnTitle(1))
	w.scan(scan{kind: estate.Image, asset: "shop", ref: "1.0", run: with(strings.Replace(shopDigest, "0123", "4567", 1)), obs: vulns(1), at: day(4)})
	w.want("open high " + vulnTitle(1))
}

// vexRoot: a document without products whose component is the asset itself.
func vexRoot(w *world) {
	w.scan(scan{run: &format.Run{Tool: "alpha", Target: format.Target{PURL: "pkg:npm/shop@2.0.0"}}, obs: vulns(1)})
	o := says(finding.ClaimNotAffected, cve1, "shop@2.0.0")
	o.Component.PURL = "pkg:npm/shop@2.0.0"
	w.importVEX("acme", 2, o)
	w.want("not_affected high " + vulnTitle(1))
}

func vexReachable(w *world) {
	o := vulns(1)
	o[0].Tags = []string{"reachable"}
	w.scan(scan{obs: o})
	w.importVEX("acme", 2, says(finding.ClaimNotAffected, cve1, pkg1))
	d := w.detail(w.one(posture.Filter{}).ID)
	if d.Status != finding.NotAffected || len(d.Conflicts) != 1 || !strings.Contains(d.Conflicts[0], "reachable") {
		w.Errorf("%s, conflicts %v", d.Status, d.Conflicts)
	}
}

func vexResolved(w *world) {
	w.scan(scan{obs: vulns(1)})
	w.importVEX("acme", 2, says(finding.ClaimAffected, cve1, pkg1))
	w.scan(scan{obs: vulns(2), at: day(3)})
	w.want("resolved high "+vulnTitle(1), "open high "+vulnTitle(2))
}

func vexAlias(w *world) {
	o := vuln(cve1, pkg1, finding.SeverityHigh)
	o.Advisories = []string{cve1, "GHSA-jfh8-c2jp-5v3q"}
	w.scan(scan{obs: []*finding.Observation{o}})
	w.importVEX("acme", 2, says(finding.ClaimNotAffected, "GHSA-jfh8-c2jp-5v3q", pkg1))
	if r := w.one(posture.Filter{}); r.Status != finding.NotAffected {
		w.Errorf("%s", r.Status)
	}
	// A CVE that a tool lists beside the one it means is not meant.
	o = vuln("CVE-2026-0005", "pkg5@1.0.0", finding.SeverityHigh)
	o.Advisories = []string{"CVE-2026-0005", "CVE-2026-0006"}
	w.scan(scan{app: "other", obs: []*finding.Observation{o}})
	s := vexScan("acme", 3, says(finding.ClaimNotAffected, "CVE-2026-0006", "pkg5@1.0.0"))
	s.app, s.asset = "other", ""
	w.scan(s)
	if r := w.one(posture.Filter{Applications: []string{"other"}}); r.Status != finding.Open {
		w.Errorf("a neighbour's statement: %s", r.Status)
	}
}

func vexTenant(w *world) {
	w.scan(scan{kind: estate.Image, asset: "shop", ref: "1.0", obs: vulns(1)})
	w.tenant++
	w.scan(vexScan("acme", 2, about("pkg:oci/shop", says(finding.ClaimNotAffected, cve1, pkg1))))
	w.tenant--
	w.want("open high " + vulnTitle(1))
}

func vexBroken(w *world) {
	w.scan(scan{obs: vulns(1)})
	s := vexScan("acme", 2, says(finding.ClaimNotAffected, cve1, pkg1))
	s.asset, s.breaks = "", errBroken
	w.scan(s)
	w.want("not_affected high " + vulnTitle(1))
}
