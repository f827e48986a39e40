package policy

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/stance-aspm/stance/governance/fact"
)

// Test is one example of a policy's behaviour: given these facts, the policy
// acts so. It is data; the gate runs it.
type Test struct {
	Policy string
	Name   string
	File   string
	Line   int
	column int

	Stage    Stage
	Now      time.Time
	App      fact.App
	Assets   []fact.Asset
	Findings []TestFinding
	Scans    []fact.Scan

	// Outcome is the expected outcome of the policy alone; empty expects
	// nothing of it.
	Outcome string
	// Rules are the rules expected to act and how: "block", "warn",
	// "notify" or "undecided". With ExactRules no other rule may act.
	Rules      map[string]string
	ExactRules bool
}

// TestFinding is a finding and the asset it is on.
type TestFinding struct {
	Asset string
	fact.Finding
}

func (f *file) test(n ast.Node) Test {
	at := f.placeOf(n)
	t := Test{File: f.name, Line: at.line, column: at.column, Now: defaultTestTime()}
	scansGiven := false
	f.fields(n, "a test", map[string]func(entry){
		"name":  func(e entry) { t.Name = f.textOf(e) },
		"stage": func(e entry) { t.Stage = Stage(f.textOf(e)); oneOf(f, "stage", f.placeOf(e.value), t.Stage, Stages()) },
		"now":   func(e entry) { t.Now = f.timeOf(e) },
		"app":   func(e entry) { readFacts(f, e.value, "an app", fact.Apps(), &t.App, nil) },
		"assets": func(e entry) {
			for _, item := range f.items(e.value) {
				var a fact.Asset
				readFacts(f, item, "an asset", fact.Assets(), &a, map[string]func(entry){
					"id": func(e entry) { a.ID = f.textOf(e) },
				})
				t.Assets = append(t.Assets, a)
			}
		},
		"scans": func(e entry) {
			scansGiven = true
			for _, item := range f.items(e.value) {
				var s fact.Scan
				readFacts(f, item, "a scan", fact.Scans(), &s, map[string]func(entry){
					"asset": func(e entry) { s.Asset = f.textOf(e) },
				})
				t.Scans = append(t.Scans, s)
			}
		},
		"findings": func(e entry) {
			for i, item := range f.items(e.value) {
				t.Findings = append(t.Findings, f.testFinding(item, i))
			}
		},
		"expect": func(e entry) { f.expectation(e.value, &t) },
	})
	if !scansGiven {
		t.Scans = []fact.Scan{{Tool: "test", Status: fact.ScanSucceeded, Full: fact.Yes, At: t.Now}}
	}
	if t.Name == "" {
		f.report(f.placeOf(n), "a test needs a name", "")
	}
	if t.Outcome == "" && t.Rules == nil {
		f.report(f.placeOf(n), fmt.Sprintf("test %q expects nothing", t.Name), "add: expect: {outcome: block}")
	}
	return t
}

func (f *file) testFinding(n ast.Node, i int) TestFinding {
	t := TestFinding{Finding: fact.Finding{ID: fmt.Sprintf("finding-%d", i+1)}}
	readFacts(f, n, "a finding", fact.Findings(), &t.Finding, map[string]func(entry){
		"id":     func(e entry) { t.ID = f.textOf(e) },
		"asset":  func(e entry) { t.Asset = f.textOf(e) },
		"closed": func(e entry) { t.Closed = f.textOf(e) },
	})
	if t.Title == "" {
		t.Title = t.ID
	}
	return t
}

func (f *file) expectation(n ast.Node, t *Test) {
	f.fields(n, "an expectation", map[string]func(entry){
		"outcome": func(e entry) {
			t.Outcome = f.textOf(e)
			oneOf(f, "outcome", f.placeOf(e.value), t.Outcome, []string{"pass", "warn", "block", "unknown"})
		},
		"rules": func(e entry) {
			t.ExactRules = true
			t.Rules = map[string]string{}
			for _, r := range f.entries(e.value, "rules") {
				how := f.textOf(r)
				oneOf(f, r.key, f.placeOf(r.value), how, []string{"block", "warn", "notify", "undecided"})
				t.Rules[r.key] = how
			}
		},
	})
}

func (f *file) timeOf(e entry) time.Time {
	t, err := fact.ParseTime(f.textOf(e))
	if err != nil {
		f.report(f.placeOf(e.value), err.Error(), "")
	}
	return t
}

// readFacts fills t from a mapping whose keys are the names that policies
// use, plus the extra ones.
func readFacts[T any](f *file, n ast.Node, what string, schema *fact.Schema[T], t *T, extra map[string]func(entry)) {
	known := map[string]func(entry){}
	for i := range schema.Len() {
		field := schema.At(i)
		known[field.Name] = func(e entry) {
			if err := field.Set(t, f.plain(e)); err != nil {
				f.report(f.placeOf(e.value), err.Error(), "")
			}
		}
	}
	for name, set := range extra {
		known[name] = set
	}
	f.fields(n, what, known)
}
