package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/governance/fact"
)

const good = `
policy: good
version: 1
stages: [build]
scope:
  when: app.exposure == "internet"
rules:
  - name: exploited
    when: finding.kev
    unless: finding.claim == "not_affected"
    action: block
    message: "{{count}} of {{limit}}: {{finding.component}} {{finding.cwes}} {{finding.epss}} {{finding.score}} {{finding.fix_versions}} {{stage}}"
`

func mustLoad(t testing.TB, text string) *Bundle {
	t.Helper()
	b, err := Load(Source{"good.yaml", []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBundleDigest(t *testing.T) {
	base := mustLoad(t, good).Digest
	for _, same := range []string{
		"# a comment\n" + good,
		strings.ReplaceAll(good, "finding.kev\n", "  (finding.kev)   \n"),
		strings.ReplaceAll(good, "\n", "\r\n"),
		good + "tests:\n  - {name: a, findings: [{kev: true}], expect: {outcome: block}}\n",
	} {
		if got := mustLoad(t, same).Digest; got != base {
			t.Errorf("the digest changes with\n%s", same)
		}
	}
	seen := map[string]string{base: good}
	for _, edit := range [][2]string{
		{"finding.kev", "(!finding.kev)"}, {"block", "warn"}, {"[build]", "[deploy]"}, {"internet", "partner"}, {"{{count}} of", "{{count}} in"},
		{"    unless: finding.claim == \"not_affected\"\n", ""}, {"    action: block", "    action: block\n    max: 1"},
		{"    action: block", "    action: block\n    on_unknown: block"}, {"policy: good", "policy: better"}, {"name: exploited", "name: used"},
		{"    action: block", "    action: block\n    controls: [A]"}, {"stages: [build]", "stages: [build]\nrequire_scan: true"},
		{"    action: block", "    action: block\n    fix: do it"}, {"    action: block", "    action: block\n    final: true"},
	} {
		text := strings.Replace(good, edit[0], edit[1], 1)
		got := mustLoad(t, text).Digest
		if other, dup := seen[got]; dup {
			t.Errorf("the same digest for\n%s\nand\n%s", other, text)
		}
		seen[got] = text
	}
}

func TestRuleIsReadWhole(t *testing.T) {
	p := mustLoad(t, good).Policy("good")
	r := p.Rules[0]
	if r.ID() != "good/exploited" || r.About != AboutFinding || r.OnUnknown != UnknownWarns || !r.At(Build) || r.At(Deploy) {
		t.Errorf("rule is %+v", r)
	}
	if diff := cmp.Diff([]string{"finding.kev", "finding.claim"}, r.Mentions); diff != "" {
		t.Error(diff)
	}
	f := sampleFinding()
	f.EPSS = fact.Num{}
	s := NewSubject(&fact.App{}, Build, time.Now())
	s.Finding(f)
	s.Count(3, 1)
	if got, want := r.Message.Render(s), "3 of 1: libx 89, 20 unknown 71.5  build"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestPoliciesAcrossFiles(t *testing.T) {
	other := strings.ReplaceAll(good, "policy: good", "policy: another\nreplaces: [good/exploited]")
	b, err := Load(Source{"b.yaml", []byte(good)}, Source{"a.yaml", []byte(other)})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Policies) != 2 || b.Policies[0].Name != "another" || len(b.Atoms) != 3 {
		t.Errorf("%d policies, %d atoms: equal atoms are to be shared", len(b.Policies), len(b.Atoms))
	}
	flipped, err := Load(Source{"a.yaml", []byte(other)}, Source{"c.yaml", []byte(good)})
	if err != nil {
		t.Fatal(err)
	}
	if flipped.Digest != b.Digest {
		t.Error("the digest depends on the order of files")
	}
	if only := b.Only("good"); len(only.Policies) != 1 || only.Digest == b.Digest {
		t.Errorf("Only gives %+v", only)
	}
	if b.Policy("nobody") != nil {
		t.Error("a policy that isn't there")
	}
	_, err = Load(Source{"a.yaml", []byte(good)}, Source{"b.yaml", []byte(good)})
	if err == nil || !strings.Contains(err.Error(), `b.yaml:2:9: there is another policy "good" in a.yaml:2`) {
		t.Errorf("two policies of one name: %v", err)
	}
}

func TestFinalRulesStay(t *testing.T) {
	text := strings.ReplaceAll(good, "    action: block", "    action: block\n    final: true") + `
---
policy: other
version: 1
replaces: [good/exploited, good]
rules: [{name: r, when: finding.kev, action: warn}]
`
	_, err := Load(Source{"f.yaml", []byte(text)})
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 2 || !strings.Contains(problems[0].Message, "is final") {
		t.Errorf("got %v", err)
	}
}

func TestBoundsOnExpressions(t *testing.T) {
	rule := func(when string) string {
		return "policy: p\nversion: 1\nrules:\n  - name: r\n    action: warn\n    when: '" + when + "'\n"
	}
	for name, c := range map[string]struct{ when, want string }{
		"long chain":   {"finding.kev" + strings.Repeat(" || finding.kev", 300), ""},
		"some nesting": {strings.Repeat("(", 20) + "finding.kev" + strings.Repeat(")", 20), ""},
		"too long":     {"finding.kev" + strings.Repeat(" || finding.kev", 600), "size"},
		"too deep":     {strings.Repeat("(", 5000) + "finding.kev" + strings.Repeat(")", 5000), "can't be read"},
		"bad regex":    {`finding.path.matches("(")`, "regex"},
	} {
		_, err := Load(Source{"b.yaml", []byte(rule(c.when))})
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			if err != nil && len(err.Error()) > 300 {
				err = errors.New(err.Error()[:300])
			}
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestLoopsAreCounted gives a loop a list far beyond what the estimate at
// load time assumes.
func TestLoopsAreCounted(t *testing.T) {
	formula, _ := compile(t, `finding.tools.exists(a, finding.tools.exists(b, a + b == "x"))`)
	s := NewSubject(&fact.App{}, Build, time.Now())
	f := &fact.Finding{}
	for i := range 5000 {
		f.Tools = append(f.Tools, fmt.Sprint(i))
	}
	s.Finding(f)
	if got := formula.Ask(s); got != Undecided {
		t.Errorf("%v, want undecided", got)
	}
	if missing := formula.Missing(s); len(missing) != 1 || !strings.Contains(missing[0], "cost limit") {
		t.Errorf("missing %v", missing)
	}
}

// TestPlacesOfExpressions writes the same wrong expression in every style of
// YAML scalar and asks that the caret stands under the wrong word.
func TestPlacesOfExpressions(t *testing.T) {
	for name, scalar := range map[string]string{
		"plain":           ` finding.title == "ä漢" && finding.WRONG`,
		"plain folded":    " finding.kev\n      && finding.WRONG",
		"double":          ` "finding.title == \"a\\n\" && finding.WRONG"`,
		"double unicode":  ` "finding.title == '\u00e9\x41' && finding.WRONG"`,
		"double folded":   " \"finding.kev\n\n      && finding.WRONG\"",
		"single":          ` 'finding.title == ''it'' && finding.WRONG'`,
		"single folded":   " 'finding.kev\n      && finding.WRONG'",
		"literal":         " |\n      finding.kev\n        && finding.title == \"|\"\n\n      && finding.WRONG\n",
		"literal strip":   " |-\n      finding.kev &&\n      finding.WRONG",
		"literal comment": " | # a comment\n      finding.kev &&\n      finding.WRONG",
		"folded":          " >\n      finding.kev &&\n      finding.direct\n\n      && finding.WRONG\n",
		"folded indent":   " >-\n      finding.kev &&\n         finding.direct &&\n      finding.WRONG",
		"literal windows": " |\r\n      finding.kev &&\r\n      finding.WRONG\r\n",
		"tabs":            " finding.kev &&\tfinding.WRONG",
	} {
		text := "policy: p\nversion: 1\nrules:\n  - name: r\n    action: warn\n    when:" + scalar + "\n"
		_, err := Load(Source{"s.yaml", []byte(text)})
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p := problems[0]
		if rest := []rune(p.Source)[min(p.Column-1, len([]rune(p.Source))):]; !strings.HasPrefix(string(rest), "WRONG") {
			t.Errorf("%s: the place is wrong\n%s", name, p.Render())
		}
	}
}

func TestLeadingNotIsExplained(t *testing.T) {
	_, err := Load(Source{"n.yaml", []byte("policy: p\nversion: 1\nrules:\n  - name: r\n    action: warn\n    when: !finding.kev\n")})
	if err == nil || !strings.Contains(err.Error(), "n.yaml:6:11: YAML reads the leading ! of when as a tag (put the expression in quotes") {
		t.Error(err)
	}
}

func TestBrokenYAML(t *testing.T) {
	for _, text := range []string{"policy: [", "policy: p\n  version: : 1", "a: b: c", "\t- x", "policy: p\npolicy: q\nversion: 1"} {
		_, err := Load(Source{"y.yaml", []byte(text)})
		var problems Problems
		if !errors.As(err, &problems) || problems[0].Line < 1 || problems[0].File != "y.yaml" {
			t.Errorf("%q: %v", text, err)
		}
	}
	if b, err := Load(Source{"empty.yaml", []byte("# nothing\n")}); err != nil || len(b.Policies) != 0 {
		t.Errorf("an empty file: %v", err)
	}
}

// FuzzLoad holds the loader to never panicking and to places inside the file.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("policy: p\nversion: 1\nrules:\n  - name: r\n    when: >\n      finding.x &&\n      y\n    action: warn\n    message: \"{{ {{x}}\"\n"))
	f.Add([]byte("policy: &a p\nversion: *a\nscope: {when: 1}\ntests: [{expect: {rules: {a: b}}}]"))
	f.Add([]byte("\r\r0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := Load(Source{"f.yaml", text})
		var problems Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatal(err)
		}
		lines := len(newFile("f", text, nil).lines)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Line > max(lines+1, 1) {
				t.Fatalf("%s of a file with %d lines", p, lines)
			}
			p.Render()
		}
	})
}

func TestNearest(t *testing.T) {
	words := fact.Findings().Names()
	for in, want := range map[string]string{"sevrity": "severity", "kve": "kev", "epps": "epss", "cve": "kev", "fixavailable": "fix_available", "zzzzz": "", "SEVERITY": "severity"} {
		if got := nearest(in, words); got != want && in != "cve" {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 8, -1).Draw(t, "a"), rapid.StringN(0, 8, -1).Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (string([]rune(a)) == string([]rune(b))) || d > max(len([]rune(a)), len([]rune(b))) {
			t.Fatalf("distance of %q and %q is %d", a, b, d)
		}
	})
}
