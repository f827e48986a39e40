package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
)

// compile returns the formula of one condition, and CEL's own program for
// the whole of it.
func compile(t interface{ Fatal(...any) }, expr string) (*Formula, func(*Subject) Truth) {
	lang, err := newLanguage()
	if err != nil {
		t.Fatal(err)
	}
	var problems Problems
	c := &compiler{lang: lang, atoms: map[string]*Atom{}}
	f := newFile("test.yaml", []byte(expr), &problems)
	cond := c.condition(&scalar{text: expr, at: place{1, 1}, file: f})
	if cond == nil {
		t.Fatal(problems.Error())
	}
	checked, issues := lang.conditions.Compile(expr)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := lang.conditions.Program(checked)
	if err != nil {
		t.Fatal(err)
	}
	return cond.formula, func(s *Subject) Truth {
		val, _, err := program.Eval(s)
		switch {
		case err != nil:
			return Undecided
		case val == types.True:
			return True
		case val == types.False:
			return False
		}
		return Undecided
	}
}

func sampleFinding() *fact.Finding {
	return &fact.Finding{
		ID: "f1", Title: "SQL injection", Kind: finding.Vulnerability, Severity: finding.SeverityHigh,
		Score: fact.Number(71.5), KEV: fact.Yes, CVSS: fact.Number(8.1), CWEs: []int{89, 20},
		Advisories: []string{"CVE-2024-1", "GHSA-x"}, Component: "libx", Tools: []string{"trivy", "grype"},
		FirstSeen: time.Date(2026, 1, 1, 23, 59, 0, 0, time.UTC), Due: time.Date(2026, 1, 10, 1, 0, 0, 0, time.UTC),
		Path: "src/test/a.go",
	}
}

func TestConditionsHaveThreeAnswers(t *testing.T) {
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		expr    string
		want    Truth
		missing string
	}{
		{`finding.severity >= HIGH`, True, ""},
		{`finding.severity == CRITICAL`, False, ""},
		{`finding.severity_name == "high"`, True, ""},
		{`finding.score >= 71`, True, ""},
		{`finding.kev && finding.cvss > 9.0`, False, ""},
		{`finding.epss > 0.5`, Undecided, "finding.epss"},
		{`finding.epss > 0.5 || finding.kev`, True, ""},
		{`finding.epss > 0.5 && finding.cvss > 9.0`, False, ""},
		{`finding.epss > 0.5 && finding.kev`, Undecided, "finding.epss"},
		{`!(finding.epss > 0.5)`, Undecided, "finding.epss"},
		{`has(finding.epss)`, False, ""},
		{`has(finding.epss) && finding.epss > 0.5`, False, ""},
		{`has(finding.cvss) && finding.cvss > 8.0`, True, ""},
		{`finding.is_new || finding.fix_available`, Undecided, "finding.fix_available,finding.is_new"},
		{`finding.exploit in ["poc", "attacked"]`, Undecided, "finding.exploit"},
		{`finding.epss > 0.5 ? true : true`, Undecided, "finding.epss"},
		{`89 in finding.cwes`, True, ""},
		{`sets.intersects(finding.cwes, [79, 89])`, True, ""},
		{`finding.advisories.exists(a, a.startsWith("CVE-"))`, True, ""},
		{`finding.licences.all(l, l == "MIT")`, True, ""},
		{`finding.path.matches("(^|/)test/")`, True, ""},
		{`finding.age_days == 9`, True, ""},
		{`finding.overdue`, False, ""},
		{`finding.tool_count == 2 && finding.state == "open"`, True, ""},
		{`finding.first_seen < now - duration("24h")`, True, ""},
		{`today == timestamp("2026-01-10T00:00:00Z")`, True, ""},
		{`app.criticality == "high"`, Undecided, "app.criticality"},
		{`app.name == "" && stage == "build"`, True, ""},
		{`finding.cwes[7] == 1`, Undecided, "index out of bounds: 7"},
		{`finding.cwes[7] == 1 || finding.kev`, True, ""},
	}
	for _, c := range cases {
		formula, whole := compile(t, c.expr)
		s := NewSubject(&fact.App{}, Build, now)
		s.Finding(sampleFinding())
		if got := formula.Ask(s); got != c.want {
			t.Errorf("%s: %v, want %v", c.expr, got, c.want)
		}
		if got := whole(s); got != c.want {
			t.Errorf("%s: CEL itself says %v, want %v", c.expr, got, c.want)
		}
		if diff := cmp.Diff(c.missing, strings.Join(formula.Missing(s), ",")); diff != "" {
			t.Errorf("%s: missing (-want +got):\n%s", c.expr, diff)
		}
	}
}

// TestCuttingKeepsTheAnswer holds the cut formula to what CEL says of the
// whole expression, over random expressions and findings.
func TestCuttingKeepsTheAnswer(t *testing.T) {
	leaves := []string{
		"finding.kev", "finding.fix_available", "finding.is_new", "finding.severity >= HIGH", "finding.epss > 0.5",
		"finding.score > 50.0", "finding.cwes[0] == 79", "has(finding.epss)", `app.exposure == "internet"`, "true",
		`finding.tools.exists(x, x == "a")`, `finding.exploit == "poc"`, "1 / finding.tool_count > 0",
	}
	var expr func(depth int) *rapid.Generator[string]
	expr = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if depth == 0 {
				return rapid.SampledFrom(leaves).Draw(t, "leaf")
			}
			a, b := expr(depth-1), expr(depth-1)
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0:
				return "(" + a.Draw(t, "a") + " && " + b.Draw(t, "b") + ")"
			case 1:
				return "(" + a.Draw(t, "a") + " || " + b.Draw(t, "b") + ")"
			case 2:
				return "!(" + a.Draw(t, "a") + ")"
			case 3:
				return fmt.Sprintf("(%s ? %s : %s)", a.Draw(t, "a"), b.Draw(t, "b"), expr(depth-1).Draw(t, "c"))
			}
			return rapid.SampledFrom(leaves).Draw(t, "leaf")
		})
	}
	flag := rapid.SampledFrom([]fact.Flag{fact.Unknown, fact.No, fact.Yes})
	num := rapid.SampledFrom([]fact.Num{{}, fact.Number(0.1), fact.Number(80)})
	rapid.Check(t, func(t *rapid.T) {
		text := expr(3).Draw(t, "expr")
		formula, whole := compile(t, text)
		s := NewSubject(&fact.App{Exposure: rapid.SampledFrom([]fact.Word{"", "internet", "internal"}).Draw(t, "exposure")},
			Build, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		s.Finding(&fact.Finding{
			KEV: flag.Draw(t, "kev"), FixAvailable: flag.Draw(t, "fix"), New: flag.Draw(t, "new"),
			Severity: finding.Severity(rapid.IntRange(0, 5).Draw(t, "severity")),
			EPSS:     num.Draw(t, "epss"), Score: num.Draw(t, "score"),
			CWEs:    rapid.SampledFrom([][]int{nil, {79}, {1}}).Draw(t, "cwes"),
			Tools:   rapid.SampledFrom([][]string{nil, {"a"}, {"b", "c"}}).Draw(t, "tools"),
			Exploit: rapid.SampledFrom([]fact.Word{"", "poc"}).Draw(t, "exploit"),
		})
		if got, want := formula.Ask(s), whole(s); got != want {
			t.Fatalf("%s: cut %v, whole %v", text, got, want)
		}
	})
}

func BenchmarkAtom(b *testing.B) {
	for _, expr := range []string{`finding.kev`, `finding.severity >= HIGH`, `finding.epss > 0.5`, `finding.tools.exists(x, x == "grype")`} {
		formula, _ := compile(b, expr)
		s := NewSubject(&fact.App{}, Build, time.Now())
		s.Finding(sampleFinding())
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				formula.Ask(s)
			}
		})
	}
}
