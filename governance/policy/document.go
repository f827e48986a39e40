package policy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// document is a policy as written, before its conditions are compiled.
type document struct {
	file              *file
	at                place
	name, description string
	version           int
	stages            []Stage
	requireScan       bool
	scope             *scalar
	replaces          []scalar
	rules             []clause
	tests             []Test
	nameAt            place
	hasVersion        bool
}

// clause is a rule as written.
type clause struct {
	at                place
	name, description string
	when, unless      *scalar
	action            Action
	onUnknown         OnUnknown
	max               int
	stages            []Stage
	final             bool
	controls          []string
	message, fix      *scalar
}

func (f *file) document(n ast.Node) *document {
	d := &document{file: f, at: f.placeOf(n), stages: []Stage{Build, Deploy}}
	f.fields(n, "a policy", map[string]func(entry){
		"policy": func(e entry) {
			d.name, d.nameAt = f.textOf(e), f.placeOf(e.value)
			f.goodName("policy", d.name, d.nameAt)
		},
		"version": func(e entry) {
			d.version, d.hasVersion = f.wholeOf(e, 1), true
			if d.version != LanguageVersion {
				f.report(f.placeOf(e.value), fmt.Sprintf("version %d of the policy language is not known", d.version), fmt.Sprintf("this build reads version %d", LanguageVersion))
			}
		},
		"description":  func(e entry) { d.description = f.textOf(e) },
		"stages":       func(e entry) { d.stages = wordsOf(f, e, Stages()) },
		"require_scan": func(e entry) { d.requireScan = f.truthOf(e) },
		"replaces": func(e entry) {
			for _, item := range f.items(e.value) {
				d.replaces = append(d.replaces, f.scalarOf(entry{key: "replaces", value: item}))
			}
		},
		"scope": func(e entry) {
			f.fields(e.value, "a scope", map[string]func(entry){
				"when": func(e entry) { d.scope = f.expressionOf(e) },
			})
		},
		"rules": func(e entry) {
			for _, item := range f.items(e.value) {
				d.rules = append(d.rules, f.clause(item))
			}
		},
		"tests": func(e entry) {
			for _, item := range f.items(e.value) {
				d.tests = append(d.tests, f.test(item))
			}
		},
	})
	if _, ok := n.(ast.MapNode); !ok {
		return d
	}
	if d.nameAt == (place{}) {
		f.report(d.at, "a policy needs a name", "begin with: policy: my-policy")
	}
	if !d.hasVersion {
		f.report(d.at, "a policy needs the version of its language", fmt.Sprintf("add: version: %d", LanguageVersion))
	}
	return d
}

// firstStage is where the policy's tests run that name no stage.
func (d *document) firstStage() Stage {
	if len(d.stages) == 0 {
		return Build
	}
	return d.stages[0]
}

func (f *file) clause(n ast.Node) clause {
	c := clause{at: f.placeOf(n), onUnknown: UnknownWarns}
	f.fields(n, "a rule", map[string]func(entry){
		"name": func(e entry) {
			c.name = f.textOf(e)
			f.goodName("rule", c.name, f.placeOf(e.value))
		},
		"description": func(e entry) { c.description = f.textOf(e) },
		"when":        func(e entry) { c.when = f.expressionOf(e) },
		"unless":      func(e entry) { c.unless = f.expressionOf(e) },
		"action": func(e entry) {
			c.action = Action(f.textOf(e))
			oneOf(f, "action", f.placeOf(e.value), c.action, []Action{Block, Warn, Notify})
		},
		"on_unknown": func(e entry) {
			c.onUnknown = OnUnknown(f.textOf(e))
			oneOf(f, "on_unknown", f.placeOf(e.value), c.onUnknown,
				[]OnUnknown{UnknownWarns, UnknownBlocks, UnknownUndecided, UnknownIgnored})
		},
		"max":    func(e entry) { c.max = f.wholeOf(e, 0) },
		"stages": func(e entry) { c.stages = wordsOf(f, e, Stages()) },
		"final":  func(e entry) { c.final = f.truthOf(e) },
		"controls": func(e entry) {
			for _, item := range f.items(e.value) {
				c.controls = append(c.controls, f.textOf(entry{key: "controls", value: item}))
			}
		},
		"message": func(e entry) { s := f.scalarOf(e); c.message = &s },
		"fix":     func(e entry) { s := f.scalarOf(e); c.fix = &s },
	})
	if c.name == "" {
		f.report(c.at, "a rule needs a name", "")
	}
	if c.when == nil {
		f.report(c.at, fmt.Sprintf("rule %q needs a condition", c.name), "add: when: finding.severity >= HIGH")
	}
	if c.action == "" {
		f.report(c.at, fmt.Sprintf("rule %q needs an action", c.name), "add: action: block, warn or notify")
	}
	return c
}

// expressionOf returns a condition. YAML reads a lone `true` as a boolean,
// which is a fine condition too.
func (f *file) expressionOf(e entry) *scalar {
	before := len(*f.problems)
	s := f.scalarOf(e)
	if len(*f.problems) == before && strings.TrimSpace(s.text) == "" {
		f.report(s.at, e.key+" is empty", "")
	}
	return &s
}

// goodName reports a name that would be hard to quote in a command or a URL.
func (f *file) goodName(what, name string, at place) {
	if regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`).MatchString(name) {
		return
	}
	f.report(at, fmt.Sprintf("%q is no name for a %s", name, what),
		"use lower-case letters and digits, with single dots, dashes or underscores between them")
}
