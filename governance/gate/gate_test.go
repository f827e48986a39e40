package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

const house = `
policy: house
version: 1
stages: [build]
require_scan: true
rules:
  - name: exploited
    when: finding.kev
    unless: finding.scope == "dev"
    action: block
    message: "{{count}} exploited, worst {{finding.component}} (score {{finding.score}}) in {{app.name}}"
    fix: "update {{finding.component}} to {{finding.fix_versions}}"
    controls: [PCI-DSS-6.3.3]
  - name: likely
    when: finding.epss > 0.5
    action: block
    max: 1
    on_unknown: undecided
  - name: old-scan
    when: scan.status != "succeeded" || scan.age_hours > 24
    action: warn
    message: "{{scan.tool}} of {{asset.name}} is not fresh"
  - name: owner
    when: app.owner == ""
    action: notify
    description: Every application has an owner.
  - name: exposed-asset
    when: asset.exposure == "internet"
    action: notify
  - name: deploy-only
    when: "true"
    stages: [deploy]
    action: block
`

func base() (Facts, fact.Finding) {
	f := fact.Finding{ID: "f1", Title: "CVE-2024-1 in libx", Kind: finding.Vulnerability, Severity: finding.SeverityHigh,
		Score: fact.Number(91.25), KEV: fact.No, EPSS: fact.Number(0.1), Scope: "runtime", Component: "libx", ComponentVersion: "1.0",
		FixVersions: []string{"1.1", "2.0"}, Path: "go.mod", Line: 7}
	return Facts{
		App:    fact.App{Name: "shop", Owner: "team"},
		Assets: []AssetFacts{{Asset: fact.Asset{ID: "a", Name: "web", Exposure: "internal"}}},
		Scans:  []fact.Scan{{Asset: "a", Tool: "trivy", Kind: "vulnerability", Status: fact.ScanSucceeded, At: noon().Add(-time.Hour)}},
	}, f
}

func TestOutcomes(t *testing.T) {
	b := load(t, house)
	cases := []struct {
		name    string
		change  func(*Facts, *fact.Finding)
		stage   policy.Stage
		outcome Outcome
		effects map[string]Effect
	}{
		{name: "nothing wrong", outcome: Pass},
		{name: "exploited blocks", change: func(_ *Facts, f *fact.Finding) { f.KEV = fact.Yes }, outcome: Block,
			effects: map[string]Effect{"exploited": EffectBlock}},
		{name: "unless takes it out", change: func(_ *Facts, f *fact.Finding) { f.KEV, f.Scope = fact.Yes, "dev" }, outcome: Pass},
		{name: "unknown unless warns", change: func(_ *Facts, f *fact.Finding) { f.KEV, f.Scope = fact.Yes, "" }, outcome: Warn,
			effects: map[string]Effect{"exploited": EffectWarn}},
		{name: "unknown KEV warns", change: func(_ *Facts, f *fact.Finding) { f.KEV = fact.Unknown }, outcome: Warn,
			effects: map[string]Effect{"exploited": EffectWarn}},
		{name: "one likely is allowed", change: func(_ *Facts, f *fact.Finding) { f.EPSS = fact.Number(0.9) }, outcome: Pass},
		{name: "two likely are too many", change: func(facts *Facts, f *fact.Finding) {
			f.EPSS = fact.Number(0.9)
			other := *f
			other.ID = "f2"
			facts.Assets[0].Findings = append(facts.Assets[0].Findings, other)
		}, outcome: Block, effects: map[string]Effect{"likely": EffectBlock}},
		{name: "one likely and one unknown can't be decided", change: func(facts *Facts, f *fact.Finding) {
			other := *f
			other.ID, other.EPSS = "f2", fact.Num{}
			f.EPSS = fact.Number(0.9)
			facts.Assets[0].Findings = append(facts.Assets[0].Findings, other)
		}, outcome: Undecided, effects: map[string]Effect{"likely": EffectUndecided}},
		{name: "a block outweighs the undecided", change: func(facts *Facts, f *fact.Finding) {
			f.KEV = fact.Yes
			facts.Scans = nil
		}, outcome: Block, effects: map[string]Effect{"exploited": EffectBlock, "require_scan": EffectUndecided}},
		{name: "no scan at all can't be decided", change: func(facts *Facts, f *fact.Finding) { facts.Scans = nil }, outcome: Undecided,
			effects: map[string]Effect{"require_scan": EffectUndecided}},
		{name: "only failed scans can't be decided", change: func(facts *Facts, f *fact.Finding) { facts.Scans[0].Status = fact.ScanFailed }, outcome: Undecided,
			effects: map[string]Effect{"require_scan": EffectUndecided, "old-scan": EffectWarn}},
		{name: "a missing scan beside a good one warns", change: func(facts *Facts, f *fact.Finding) {
			facts.Scans = append(facts.Scans, fact.Scan{Asset: "a", Tool: "gitleaks", Status: fact.ScanMissing})
		}, outcome: Warn, effects: map[string]Effect{"old-scan": EffectWarn}},
		{name: "a scan of unknown age warns", change: func(facts *Facts, f *fact.Finding) { facts.Scans[0].At = time.Time{} }, outcome: Warn,
			effects: map[string]Effect{"old-scan": EffectWarn}},
		{name: "an old scan warns", change: func(facts *Facts, f *fact.Finding) { facts.Scans[0].At = noon().AddDate(0, 0, -2) }, outcome: Warn,
			effects: map[string]Effect{"old-scan": EffectWarn}},
		{name: "notify leaves the outcome alone", change: func(facts *Facts, f *fact.Finding) { facts.Assets[0].Asset.Exposure = "internet" }, outcome: Pass,
			effects: map[string]Effect{"exposed-asset": EffectNotify}},
		{name: "an unknown is never graver than the known", change: func(facts *Facts, f *fact.Finding) { facts.App.Owner = "" }, outcome: Pass,
			effects: map[string]Effect{"owner": EffectNotify}},
		{name: "triage takes a finding out", change: func(_ *Facts, f *fact.Finding) { f.KEV, f.Closed = fact.Yes, "false_positive" }, outcome: Pass},
		{name: "a waiver takes a finding out", change: func(_ *Facts, f *fact.Finding) {
			f.KEV, f.Waivers = fact.Yes, []fact.Waiver{{ID: "w", Until: noon().Add(time.Minute)}}
		}, outcome: Pass},
		{name: "an expired waiver does not", change: func(_ *Facts, f *fact.Finding) {
			f.KEV, f.Waivers = fact.Yes, []fact.Waiver{{ID: "w", Until: noon()}}
		}, outcome: Block, effects: map[string]Effect{"exploited": EffectBlock}},
		{name: "a waiver without an end does not", change: func(_ *Facts, f *fact.Finding) {
			f.KEV, f.Waivers = fact.Yes, []fact.Waiver{{ID: "w"}}
		}, outcome: Block, effects: map[string]Effect{"exploited": EffectBlock}},
		{name: "a waiver of another rule does not", change: func(_ *Facts, f *fact.Finding) {
			f.KEV, f.Waivers = fact.Yes, []fact.Waiver{{ID: "w", Rule: "house/likely", Until: noon().Add(time.Hour)}}
		}, outcome: Block, effects: map[string]Effect{"exploited": EffectBlock}},
		{name: "other stages have other rules", stage: policy.Deploy, outcome: Block, change: func(facts *Facts, _ *fact.Finding) { facts.Scans = nil },
			effects: map[string]Effect{"deploy-only": EffectBlock}},
	}
	for _, c := range cases {
		facts, f := base()
		if c.change != nil {
			c.change(&facts, &f)
		}
		facts.Assets[0].Findings = append(facts.Assets[0].Findings, f)
		if c.stage == "" {
			c.stage = policy.Build
		}
		v := Evaluate(b, facts, c.stage, noon())
		effects := map[string]Effect{}
		for _, r := range v.Reasons {
			effects[r.Rule] = r.Effect
		}
		if c.effects == nil {
			c.effects = map[string]Effect{}
		}
		if v.Outcome != c.outcome || !cmp.Equal(effects, c.effects) {
			t.Errorf("%s: %s by %v, want %s by %v", c.name, v.Outcome, effects, c.outcome, c.effects)
		}
	}
}

func TestReasonsExplain(t *testing.T) {
	b := load(t, house)
	facts, f := base()
	f.KEV = fact.Yes
	lesser := f
	lesser.ID, lesser.Score, lesser.Component, lesser.Line = "f0", fact.Number(20), "liby", 0
	waived := f
	waived.ID, waived.Waivers = "f2", []fact.Waiver{{ID: "w-7", Rule: "house/exploited", Until: noon().AddDate(0, 1, 0)}}
	closed := f
	closed.ID, closed.Closed = "f3", "accepted"
	facts.Assets[0].Findings = []fact.Finding{lesser, f, waived, closed}
	v := Evaluate(b, facts, policy.Build, noon())
	want := Verdict{
		Outcome: Block, App: "shop", Stage: policy.Build, Applied: []string{"house"}, Rules: 5,
		PassedRules: []string{"house/likely", "house/old-scan", "house/owner", "house/exposed-asset"},
		Waived:      []Waived{{Rule: "house/exploited", Waiver: "w-7", Count: 1}},
		Counts: Counts{Judged: 3, Severities: []Tally{{"high", 3}}, Closed: []Tally{{"accepted", 1}},
			Scans: []Tally{{"succeeded", 1}}},
		BundleDigest: b.Digest, FactsDigest: v.FactsDigest, EvaluatedAt: noon(),
		Reasons: []Reason{{
			Policy: "house", Rule: "exploited", Effect: EffectBlock, About: policy.AboutFinding, Count: 2,
			Message: "2 exploited, worst libx (score 91.25) in shop", Fix: "update libx to 1.1, 2.0", Controls: []string{"PCI-DSS-6.3.3"},
			Items: []Item{
				{ID: "f1", Title: "CVE-2024-1 in libx", Place: "libx@1.0 in go.mod:7", Asset: "web", Severity: "high", Score: fact.Number(91.25),
					Why: "kev yes, scope runtime", Message: "2 exploited, worst libx (score 91.25) in shop", Fix: "update libx to 1.1, 2.0", Path: "go.mod", Line: 7},
				{ID: "f0", Title: "CVE-2024-1 in libx", Place: "liby@1.0 in go.mod", Asset: "web", Severity: "high", Score: fact.Number(20),
					Why: "kev yes, scope runtime", Message: "2 exploited, worst liby (score 20) in shop", Fix: "update liby to 1.1, 2.0", Path: "go.mod"},
			},
		}},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheUnknownIsNamed(t *testing.T) {
	facts, f := base()
	f.KEV, f.Scope = fact.Unknown, ""
	facts.Assets[0].Findings = []fact.Finding{f}
	v := Evaluate(load(t, house), facts, policy.Build, noon())
	r := v.Reasons[0]
	if diff := cmp.Diff([]string{"finding.kev", "finding.scope"}, r.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if r.Count != 0 || r.Unknown != 1 || len(r.Items) != 1 || r.Items[0].Why != "kev unknown, scope unknown" {
		t.Errorf("reason is %+v", r)
	}
}

const inherit = `
policy: global
version: 1
rules:
  - {name: high, when: finding.severity >= HIGH, action: block}
  - {name: kev, when: finding.kev, action: block, final: true}
---
policy: sandbox
version: 1
scope:
  when: app.environment == "sandbox"
replaces: [global/high]
rules:
  - {name: high, when: finding.severity >= HIGH, action: warn}
`

func TestScopeAndReplacement(t *testing.T) {
	b := load(t, inherit)
	for _, c := range []struct {
		environment fact.Word
		outcome     Outcome
		applied     []string
		unknown     []string
	}{
		{"production", Block, []string{"global"}, nil},
		{"sandbox", Warn, []string{"global", "sandbox"}, nil},
		// Not knowing where it runs brings the stricter of both.
		{"", Block, []string{"global", "sandbox"}, []string{"sandbox"}},
	} {
		facts, f := base()
		facts.App.Environment = c.environment
		facts.Assets[0].Findings = []fact.Finding{f}
		v := Evaluate(b, facts, policy.Build, noon())
		if v.Outcome != c.outcome || !cmp.Equal(v.Applied, c.applied) || !cmp.Equal(v.UnknownScope, c.unknown) {
			t.Errorf("%q: %s by %v (unknown %v)", c.environment, v.Outcome, v.Applied, v.UnknownScope)
		}
	}
}

func TestProve(t *testing.T) {
	b := load(t, inherit+`
tests:
  - name: holds
    app: {environment: sandbox}
    findings: [{severity: high, kev: false}]
    expect: {outcome: warn, rules: {high: warn}}
  - name: does not hold
    app: {environment: sandbox}
    findings: [{severity: low}]
    expect: {outcome: block, rules: {high: block}}
  - name: says too little
    app: {environment: sandbox}
    findings: [{severity: high}]
    expect: {rules: {}}
  - name: out of scope
    app: {environment: production}
    findings: [{severity: high}]
    expect: {outcome: warn}
`)
	got := map[string][]string{}
	for _, p := range Prove(b) {
		got[p.Test.Name] = p.Failures
	}
	want := map[string][]string{
		"holds":           nil,
		"does not hold":   {"outcome is pass, want block", "rule high did not act, want block"},
		"says too little": {"rule high gave warn, and nothing was expected of it"},
		"out of scope":    {"the policy's scope leaves this application out", "outcome is pass, want warn"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
