// Package policy holds policy as code: the documents people write, the
// language their conditions are written in, and the compiled bundle that the
// gate asks.
//
// A document is YAML, a condition is CEL (Common Expression Language) over
// the vocabulary of package fact. Everything that can be known to be wrong
// is known when a bundle is loaded: unknown keys, misspelt fields, types
// that don't fit, words that a field never takes, expressions that could cost
// too much. All problems are reported at once, each at its line and column
// in the YAML file.
//
// Conditions have three answers. A condition over a fact that nobody knows
// is itself unknown unless the rest of it decides the matter ("false && ?"
// is false), and each rule says what then happens. Nothing is silently
// false.
package policy

import (
	"slices"
	"time"
)

// LanguageVersion is the version of the document schema and of the meaning
// of conditions. It is part of every bundle's digest.
const LanguageVersion = 1

// Stage is a place where the gate is asked.
type Stage string

// The stages, in the order software goes through them.
const (
	Commit  Stage = "commit"
	Build   Stage = "build"
	Deploy  Stage = "deploy"
	Runtime Stage = "runtime"
)

// Stages lists all stages in order.
func Stages() []Stage { return []Stage{Commit, Build, Deploy, Runtime} }

// Action is what follows when a rule applies.
type Action string

// The actions, the gravest first. Notify tells people and leaves the outcome
// alone.
const (
	Block  Action = "block"
	Warn   Action = "warn"
	Notify Action = "notify"
)

// OnUnknown is what follows when a rule can't be decided because facts are
// missing.
type OnUnknown string

// The ways to meet the unknown. Undecided makes the whole verdict "cannot
// decide" unless something else blocks.
const (
	UnknownWarns     OnUnknown = "warn" // the default
	UnknownBlocks    OnUnknown = "block"
	UnknownUndecided OnUnknown = "undecided"
	UnknownIgnored   OnUnknown = "ignore"
)

// About is what a rule is asked of, once for each. It follows from what the
// rule's condition mentions.
type About uint8

// What a rule can be about.
const (
	AboutApp     About = iota // the application as a whole, once
	AboutAsset                // each asset
	AboutScan                 // each scan, made or missing
	AboutFinding              // each open finding
)

// String returns the plural noun that people read.
func (a About) String() string {
	return [...]string{"applications", "assets", "scans", "findings"}[a]
}

// Policy is one compiled document.
type Policy struct {
	Name        string
	Description string
	File        string
	// Stages are where the policy is asked unless a rule says otherwise.
	Stages []Stage
	// RequireScan makes verdicts at these stages undecided while no scan of
	// the application has succeeded.
	RequireScan bool
	// Scope selects applications; nil selects all.
	Scope *Formula
	// Replaces names rules ("policy/rule") or whole policies of others that
	// don't apply where this policy is in scope.
	Replaces []string
	Rules    []*Rule
	Tests    []Test
}

// Rule is one compiled clause.
type Rule struct {
	Policy      string
	Name        string
	Description string
	Action      Action
	OnUnknown   OnUnknown
	// Max is how many matches are allowed before the action follows.
	Max    int
	Stages []Stage
	// Final forbids other policies to replace the rule.
	Final bool
	// Controls are the framework controls that the rule serves.
	Controls []string

	About About
	// Match is the condition: when and not unless.
	Match   *Formula
	Message Template
	// Fix says how to get rid of a match; may be empty.
	Fix Template
	// Mentions are the variables of the condition in order of appearance
	// ("finding.kev", "app.exposure").
	Mentions []string
	// Uses is what the condition looks at besides findings.
	Uses Uses
	// TextUses is what the condition, the message and the fix look at.
	TextUses Uses

	// Key names the condition by content: equal keys, equal answers.
	Key string
}

// ID returns "policy/rule".
func (r *Rule) ID() string { return r.Policy + "/" + r.Name }

// At is whether the rule is asked at that stage.
func (r *Rule) At(s Stage) bool { return slices.Contains(r.Stages, s) }

// Source is one policy file.
type Source struct {
	// Name is shown in problems.
	Name string
	Text []byte
}

// defaultTestTime is the instant at which policy tests run that don't name
// one: any fixed instant will do.
func defaultTestTime() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
