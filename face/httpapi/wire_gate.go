package httpapi

import (
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/governance/policy"
)

// Verdict is a gate's answer.
type Verdict struct {
	Outcome     string       `json:"outcome" enum:"pass,warn,block,unknown" doc:"unknown: the gate cannot decide"`
	Application string       `json:"application"`
	Stage       string       `json:"stage"`
	Judged      int          `json:"judged" doc:"open findings that were judged"`
	Excluded    int          `json:"excluded" doc:"findings that a decision of a person, VEX or tool takes out"`
	Severities  []NamedCount `json:"severities" doc:"the judged findings by severity"`
	Closed      []NamedCount `json:"closed" doc:"the excluded findings by decision"`
	Scans       []NamedCount `json:"scans" doc:"the scans by status"`
	Reasons     []Reason     `json:"reasons"`
	Rules       int          `json:"rules" doc:"how many rules were asked"`
	Passed      []string     `json:"passed" doc:"the rules that had nothing to say"`
	Applied     []string     `json:"applied" doc:"the policies in scope"`
	Bundle      string       `json:"bundle" doc:"digest of the policy bundle"`
	Facts       string       `json:"facts" doc:"digest of the facts"`
	EvaluatedAt time.Time    `json:"evaluated_at"`
}

// NamedCount is a count under a name.
type NamedCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Reason is one rule that spoke.
type Reason struct {
	Policy   string          `json:"policy"`
	Rule     string          `json:"rule"`
	Action   string          `json:"action" enum:"block,warn,notify,unknown,undecided"`
	Message  string          `json:"message"`
	Fix      string          `json:"fix,omitempty"`
	About    string          `json:"about" doc:"what the items are: findings, scans, assets or the application"`
	Count    int             `json:"count"`
	Max      int             `json:"max,omitempty" doc:"how many are allowed"`
	Unknown  int             `json:"unknown,omitempty" doc:"how many could not be decided"`
	Missing  []string        `json:"missing,omitempty" doc:"the facts that were missing"`
	Controls []string        `json:"controls,omitempty"`
	Findings []ReasonFinding `json:"findings" doc:"the worst first, a few"`
}

// ReasonFinding is a finding, scan or asset that a rule names.
type ReasonFinding struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Severity string  `json:"severity,omitempty"`
	Score    float64 `json:"score,omitempty"`
	Place    string  `json:"place,omitempty"`
	Asset    string  `json:"asset,omitempty"`
	Why      string  `json:"why,omitempty"`
	Message  string  `json:"message,omitempty"`
	Fix      string  `json:"fix,omitempty"`
	Check    string  `json:"check,omitempty"`
	Path     string  `json:"path,omitempty"`
	Line     int     `json:"line,omitempty"`
	URL      string  `json:"url,omitempty" doc:"page of the finding"`
}

// verdictWire writes a verdict for clients; base is the server's address for
// links to findings.
func verdictWire(v gate.Verdict, base string) Verdict {
	out := Verdict{
		Outcome: string(v.Outcome), Application: v.App, Stage: string(v.Stage), Judged: v.Counts.Judged, Severities: named(v.Counts.Severities),
		Closed: named(v.Counts.Closed), Scans: named(v.Counts.Scans), Rules: v.Rules, Passed: notNil(v.PassedRules), Applied: notNil(v.Applied),
		Bundle: v.BundleDigest, Facts: v.FactsDigest, EvaluatedAt: v.EvaluatedAt, Reasons: []Reason{},
	}
	for _, c := range v.Counts.Closed {
		out.Excluded += c.Count
	}
	for _, r := range v.Reasons {
		w := Reason{Policy: r.Policy, Rule: r.Rule, Action: string(r.Effect), Message: r.Message, Fix: r.Fix, About: r.About.String(), Count: r.Count,
			Max: r.Max, Unknown: r.Unknown, Missing: r.Missing, Controls: r.Controls, Findings: []ReasonFinding{}}
		for _, i := range r.Items {
			f := ReasonFinding{ID: i.ID, Title: i.Title, Severity: i.Severity, Score: i.Score.Value, Place: i.Place, Asset: i.Asset, Why: i.Why,
				Message: i.Message, Fix: i.Fix, Check: i.Check, Path: i.Path, Line: i.Line}
			if _, err := finding.ParseID(i.ID); err == nil && r.About == policy.AboutFinding && base != "" {
				f.URL = base + "/findings/" + i.ID
			}
			w.Findings = append(w.Findings, f)
		}
		out.Reasons = append(out.Reasons, w)
	}
	return out
}

// Gate reads the verdict back, so that a client can render it in the ways
// that the engine's own verdicts are rendered.
func (w Verdict) Gate() gate.Verdict {
	v := gate.Verdict{
		Outcome: gate.Outcome(w.Outcome), App: w.Application, Stage: policy.Stage(w.Stage), Rules: w.Rules, PassedRules: w.Passed, Applied: w.Applied,
		BundleDigest: w.Bundle, FactsDigest: w.Facts, EvaluatedAt: w.EvaluatedAt,
		Counts: gate.Counts{Judged: w.Judged, Severities: tallied(w.Severities), Closed: tallied(w.Closed), Scans: tallied(w.Scans)},
	}
	for _, r := range w.Reasons {
		g := gate.Reason{Policy: r.Policy, Rule: r.Rule, Effect: gate.Effect(r.Action), Message: r.Message, Fix: r.Fix, About: aboutOf(r.About),
			Count: r.Count, Max: r.Max, Unknown: r.Unknown, Missing: r.Missing, Controls: r.Controls}
		for _, f := range r.Findings {
			i := gate.Item{ID: f.ID, Title: f.Title, Severity: f.Severity, Place: f.Place, Asset: f.Asset, Why: f.Why, Message: f.Message, Fix: f.Fix,
				Check: f.Check, Path: f.Path, Line: f.Line}
			if f.Severity != "" {
				i.Score = fact.Number(f.Score)
			}
			g.Items = append(g.Items, i)
		}
		v.Reasons = append(v.Reasons, g)
	}
	return v
}

func named(ts []gate.Tally) []NamedCount {
	out := []NamedCount{}
	for _, t := range ts {
		out = append(out, NamedCount(t))
	}
	return out
}

func tallied(ns []NamedCount) []gate.Tally {
	var out []gate.Tally
	for _, n := range ns {
		out = append(out, gate.Tally(n))
	}
	return out
}

func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func aboutOf(s string) policy.About {
	for a := policy.AboutApp; a <= policy.AboutFinding; a++ {
		if a.String() == s {
			return a
		}
	}
	return policy.AboutFinding
}
