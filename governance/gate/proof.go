package gate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// Proof is the result of one policy test.
type Proof struct {
	Test policy.Test
	// Failures say in what the verdict differs from what the test expects;
	// empty when the test holds.
	Failures []string
	Verdict  Verdict
}

// Prove runs the tests that the policies of a bundle carry, each against its
// own policy alone, with the engine that judges everything else.
func Prove(b *policy.Bundle) []Proof {
	var out []Proof
	for _, p := range b.Policies {
		only := b.Only(p.Name)
		for _, t := range p.Tests {
			out = append(out, prove(only, t))
		}
	}
	return out
}

func prove(b *policy.Bundle, t policy.Test) Proof {
	v := EvaluateQuery(b, assetsOf(t), Query{App: t.App, Scans: t.Scans, Stage: t.Stage, Now: t.Now})
	proof := Proof{Test: t, Verdict: v}
	fail := func(format string, args ...any) {
		proof.Failures = append(proof.Failures, fmt.Sprintf(format, args...))
	}
	if !slices.Contains(v.Applied, t.Policy) && t.Outcome != string(Pass) {
		fail("the policy's scope leaves this application out")
	}
	if t.Outcome != "" && t.Outcome != string(v.Outcome) {
		fail("outcome is %s, want %s", v.Outcome, t.Outcome)
	}
	acted := map[string]string{}
	for _, r := range v.Reasons {
		acted[r.Rule] = string(r.Effect)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Rules)) {
		if got, want := acted[name], t.Rules[name]; got != want {
			fail("rule %s %s, want %s", name, deed(got), want)
		}
	}
	if t.ExactRules {
		for _, name := range slices.Sorted(maps.Keys(acted)) {
			if _, expected := t.Rules[name]; !expected {
				fail("rule %s %s, and nothing was expected of it", name, deed(acted[name]))
			}
		}
	}
	return proof
}

func deed(effect string) string {
	if effect == "" {
		return "did not act"
	}
	return "gave " + effect
}

// assetsOf groups a test's findings by asset. Findings that name none are on
// the first one.
func assetsOf(t policy.Test) []AssetFacts {
	assets := slices.Clone(t.Assets)
	if len(assets) == 0 {
		assets = []fact.Asset{{ID: "asset", Name: "asset"}}
	}
	var out []AssetFacts
	place := map[string]int{"": 0}
	for _, a := range assets {
		if a.ID == "" {
			a.ID = a.Name
		}
		place[a.ID] = len(out)
		out = append(out, AssetFacts{Asset: a})
	}
	for _, f := range t.Findings {
		i, ok := place[f.Asset]
		if !ok {
			i = len(out)
			place[f.Asset] = i
			out = append(out, AssetFacts{Asset: fact.Asset{ID: f.Asset, Name: f.Asset}})
		}
		out[i].Findings = append(out[i].Findings, f.Finding)
	}
	return out
}
