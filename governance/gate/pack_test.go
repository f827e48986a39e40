package gate

import (
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
	pack "github.com/stance-aspm/stance/pack/policy"
)

func defaults(t testing.TB) *policy.Bundle {
	b, err := policy.Load(policy.Source{Name: pack.DefaultName, Text: pack.Default()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDefaultPolicies runs the examples that the standard policies carry, and
// asks that every rule acts in one of them.
func TestDefaultPolicies(t *testing.T) {
	b := defaults(t)
	acted := map[string]bool{}
	for _, p := range Prove(b) {
		for _, f := range p.Failures {
			t.Errorf("%s:%d: %s: %s", p.Test.File, p.Test.Line, p.Test.Name, f)
		}
		for _, r := range p.Verdict.Reasons {
			acted[r.ID()] = true
		}
	}
	for _, p := range b.Policies {
		for _, r := range p.Rules {
			if !acted[r.ID()] {
				t.Errorf("no test makes %s act", r.ID())
			}
		}
	}
}

func TestSandboxReplacesBaseline(t *testing.T) {
	facts, f := base()
	f.Kind, f.Severity, f.KEV, f.FixAvailable = finding.Vulnerability, finding.SeverityLow, fact.Yes, fact.Yes
	facts.Assets[0].Findings = []fact.Finding{f}
	for environment, want := range map[fact.Word]Outcome{"production": Block, "sandbox": Warn, "": Block} {
		facts.App.Environment = environment
		if v := Evaluate(defaults(t), facts, policy.Build, noon()); v.Outcome != want {
			t.Errorf("%q: %s, want %s", environment, v.Outcome, want)
		}
	}
}
