// Package gate is the one decision engine: it judges the facts of an
// application by a bundle of policies and says pass, warn, block or cannot
// decide, with every reason. The commit hook, the pipeline, the admission
// webhook and the server all call it, and it gives the same verdict on the
// same facts everywhere, because it reads nothing but its arguments.
//
// A [Table] keeps the facts of an application between verdicts and answers
// in milliseconds for a hundred thousand findings and a thousand rules.
// [Evaluate] judges facts once. Both go the same way.
package gate

import (
	"time"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// Outcome is what a gate answers.
type Outcome string

// The outcomes. Undecided means that facts which a policy insists on are
// missing; it is never a pass.
const (
	Pass      Outcome = "pass"
	Warn      Outcome = "warn"
	Block     Outcome = "block"
	Undecided Outcome = "unknown"
)

// Effect is what a single rule adds to the verdict.
type Effect string

// The effects, the gravest first. They are the actions of policies and, for
// rules that could not be decided and insist on it, EffectUndecided.
const (
	EffectBlock     Effect = "block"
	EffectUndecided Effect = "undecided"
	EffectWarn      Effect = "warn"
	EffectNotify    Effect = "notify"
)

// gravity orders effects, the gravest first.
func (e Effect) gravity() int {
	for i, o := range []Effect{EffectBlock, EffectUndecided, EffectWarn, EffectNotify} {
		if e == o {
			return i
		}
	}
	return 4
}

// Verdict is the answer of a gate. It can be recomputed: the same bundle
// digest, facts digest, stage and time give the same verdict. Verdicts of one
// table share parts: read them and leave them as they are.
type Verdict struct {
	Outcome Outcome
	App     string
	Stage   policy.Stage
	// Reasons are the rules that acted, the gravest first, then by policy
	// name and in the order of the policy.
	Reasons []Reason
	// Applied names the policies that were in scope. UnknownScope names
	// those among them that were applied because nobody knows whether they
	// are in scope.
	Applied      []string
	UnknownScope []string
	// Rules is how many rules were asked, PassedRules which of them had
	// nothing to say ("policy/rule").
	Rules       int
	PassedRules []string
	// Waived tells what rules would have matched had no waiver covered it.
	Waived []Waived
	Counts Counts

	BundleDigest string
	FactsDigest  string
	EvaluatedAt  time.Time
}

// Reason is one rule that acted.
type Reason struct {
	Policy string
	Rule   string
	Effect Effect
	// Message says what is wrong, Fix how to get rid of it; Fix may be empty.
	Message string
	Fix     string
	// About is what Items are: findings, scans, assets or applications.
	About policy.About
	// Count is how many matched for sure, Max how many are allowed.
	Count int
	Max   int
	// Unknown is how many could not be decided, Missing the facts that were
	// missing, as variables ("finding.epss").
	Unknown int
	Missing []string
	// Controls are the framework controls the rule serves.
	Controls []string
	// Items are the worst of those that matched, or, when the rule acts only
	// because of the unknown, of those that could not be decided.
	Items []Item
}

// ID returns "policy/rule".
func (r Reason) ID() string { return r.Policy + "/" + r.Rule }

// Item is one finding, scan or asset behind a reason.
type Item struct {
	ID    string
	Title string
	// Place is where it is, in one line.
	Place    string
	Asset    string
	Severity string   // empty when it is no finding
	Score    fact.Num // risk score
	// Why lists the facts that the rule looked at.
	Why string
	// Message is the rule's message about this very item, when it differs
	// from item to item.
	Message string
	Fix     string
	Check   string
	Path    string
	Line    int
}

// Waived is a waiver at work: Count findings that Rule matched and that
// Waiver took out.
type Waived struct {
	Rule   string
	Waiver string
	Count  int
}

// Tally is a count under a name.
type Tally struct {
	Name  string
	Count int
}

// Counts say what the verdict is about.
type Counts struct {
	// Judged is the number of open findings.
	Judged int
	// Severities counts the judged findings, the gravest severity first;
	// severities without findings are left out.
	Severities []Tally
	// Closed counts the findings that triage took out of judgement, by the
	// reason. Waived is how many of the judged ones a waiver covers for all
	// rules.
	Closed []Tally
	Waived int
	// Scans counts scans by status; one without a status is "unknown".
	Scans []Tally
}

// Facts is all that is known about an application.
type Facts struct {
	App    fact.App
	Assets []AssetFacts
	Scans  []fact.Scan
}

// AssetFacts is an asset with its findings, the closed ones included.
type AssetFacts struct {
	Asset    fact.Asset
	Findings []fact.Finding
}

// Query is what a gate is asked.
type Query struct {
	App   fact.App
	Scans []fact.Scan
	Stage policy.Stage
	Now   time.Time
	// List is how many items a reason lists: 0 for the usual ten, negative
	// for all.
	List int
}

// Evaluate judges facts once. It keeps no reference to them.
func Evaluate(b *policy.Bundle, facts Facts, stage policy.Stage, now time.Time) Verdict {
	return EvaluateQuery(b, facts.Assets, Query{App: facts.App, Scans: facts.Scans, Stage: stage, Now: now})
}

// EvaluateQuery is [Evaluate] with every choice open.
func EvaluateQuery(b *policy.Bundle, assets []AssetFacts, q Query) Verdict {
	t := NewTable()
	for _, a := range assets {
		t.Replace(a.Asset, "", a.Findings)
	}
	return t.Judge(b, q)
}
