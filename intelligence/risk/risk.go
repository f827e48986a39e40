// Package risk gives a finding its score: a number from 0 to 100 that says
// how much it matters here and now, with every term that made it.
//
// The formula (model version "stance-risk/1", reasons in docs/risk.md):
//
//	severity    s  in 0..1   CVSS or the tool's grade, what a success would do
//	threat      t  in 0..1   1 − Π(1 − chance) over EPSS, exploits, KEV, SSVC
//	danger      d  = 0.97 · s · (0.35 + 0.65 · t)
//	setting     c  = Π factors of confidence, reachability, exposure, …
//	score          = 100 · (1 − (1 − d)^c)
//
// The score is the chance of harm of c independent tries at a flaw of danger
// d. It needs no clipping, stays in order at both ends and never falls when
// an input gets worse.
//
// Terms are a walk: each input is taken in a fixed order, the running score is
// rounded half up to a tenth, and the term's points are the difference to the
// one before. So the points always add up to the score, to the tenth. An
// input that nobody knows enters with a stand-in, is marked unknown, and
// tells by how many points the worst answer would raise the score.
package risk

import (
	"strings"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// Flaw is what is known of a flaw wherever it occurs.
type Flaw struct {
	Kind     finding.Kind
	Severity finding.Severity
	// CVSS are the ratings of the report and of the feeds. Wrong vectors are
	// passed over and named in the severity term.
	CVSS []enrich.Of[finding.CVSS]
	// Evidence holds the outside signals; its own CVSS ratings count too.
	Evidence enrich.Evidence
	// HasAdvisory is true when a CVE or another advisory is named, so that
	// signals could exist. A finding of kind vulnerability always has one.
	HasAdvisory bool
	// SecretVerified is whether a tool proved that a credential works; nil
	// when none tried. Only for kind secret.
	SecretVerified *bool
}

// Setting is what is known of this very occurrence.
type Setting struct {
	Confidence   Confidence
	Claim        finding.ClaimState
	Reachability Reachability
	Fix          Fix
	// Tools is how many independent tools report the finding; zero counts
	// as one.
	Tools   int
	Context estate.Context
}

// Inputs is everything a score is made of.
type Inputs struct {
	Flaw    Flaw
	Setting Setting
}

// Confidence is how sure a tool is that a result is real.
type Confidence uint8

// The confidences; those known are ordered.
const (
	ConfidenceUnknown Confidence = iota
	ConfidenceLow
	ConfidenceMedium
	ConfidenceHigh
	ConfidenceConfirmed // proved: an exploit ran, a credential worked
)

// String returns the lower-case name.
func (c Confidence) String() string {
	return nameOf([]string{"unknown", "low", "medium", "high", "confirmed"}, int(c))
}

// ConfidenceOfWord grades a tool's own word or percentage ("HIGH", "certain",
// "tentative", "85"). Other words give ConfidenceUnknown.
func ConfidenceOfWord(word string) Confidence {
	w := strings.ToLower(strings.TrimSpace(word))
	switch w {
	case "confirmed", "certain", "verified", "proven", "exact", "user confirmed":
		return ConfidenceConfirmed
	case "high", "very high", "very-high", "firm", "strong", "likely":
		return ConfidenceHigh
	case "medium", "moderate", "normal", "average", "possible":
		return ConfidenceMedium
	case "low", "very low", "very-low", "tentative", "weak", "unlikely", "experimental":
		return ConfidenceLow
	}
	return confidenceOfPercent(strings.TrimSuffix(w, "%"))
}

// confidenceOfPercent reads whole percents; 0 is no statement.
func confidenceOfPercent(s string) Confidence {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 100 {
			return ConfidenceUnknown
		}
		n = n*10 + int(s[i]-'0')
	}
	switch {
	case n == 0 || n > 100:
		return ConfidenceUnknown
	case n < 40:
		return ConfidenceLow
	case n < 75:
		return ConfidenceMedium
	}
	return ConfidenceHigh
}

// Reachability is whether an attack can get at the flaw.
type Reachability uint8

// The states; those known are ordered.
const (
	ReachabilityUnknown Reachability = iota
	Unreachable
	Reachable
)

// String returns the lower-case name.
func (r Reachability) String() string {
	return nameOf([]string{"unknown", "unreachable", "reachable"}, int(r))
}

// Fix is whether a repair can be had.
type Fix uint8

// The states; those known are ordered by how much they press.
const (
	FixUnknown Fix = iota
	FixNone
	FixAvailable
)

// String returns the lower-case name.
func (f Fix) String() string { return nameOf([]string{"unknown", "none", "available"}, int(f)) }

// Priority is the ordered class that people plan by.
type Priority uint8

// The priorities, ordered: a larger value presses more.
const (
	Watch   Priority = iota // keep an eye on it
	Planned                 // with the regular work
	Soon                    // before the regular work
	Now                     // drop other work
)

// String returns the name.
func (p Priority) String() string { return nameOf([]string{"watch", "planned", "soon", "now"}, int(p)) }

// MarshalText implements encoding.TextMarshaler.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Result is a score with its reasons.
type Result struct {
	// Score is 0..100 with one decimal.
	Score    float64
	Priority Priority
	// Ceiling is what the score would be if every unknown input turned out
	// to be at its worst.
	Ceiling float64
	// Terms in the order they were taken; their points add up to Score.
	Terms        []Term
	ModelVersion string
}

// Term is one step of the walk from 0 to the score.
type Term struct {
	Name TermName
	// Points that this input added (or took, when negative), to the tenth.
	Points float64
	// Factor is the multiplier of the setting; 0 for terms of the flaw.
	Factor float64
	// Input says what was known, for people.
	Input string
	// Source says who said it.
	Source string
	// Unknown is true when a stand-in was used; Could is then by how many
	// points the worst answer would raise the score.
	Unknown bool
	Could   float64
	// Why is what the input has to do with risk.
	Why string
}

// TermName identifies a term.
type TermName string

// The terms in the order of the walk. Those that cannot apply are left out.
const (
	TermSeverity     TermName = "severity"
	TermLikelihood   TermName = "likelihood" // by kind, where no advisory can be asked for
	TermKEV          TermName = "kev"
	TermExploit      TermName = "exploit"
	TermEPSS         TermName = "epss"
	TermAutomatable  TermName = "automatable"
	TermKind         TermName = "kind"
	TermConfidence   TermName = "confidence"
	TermTools        TermName = "tools"
	TermReachability TermName = "reachability"
	TermExposure     TermName = "exposure"
	TermEnvironment  TermName = "environment"
	TermCriticality  TermName = "criticality"
	TermData         TermName = "data"
	TermFix          TermName = "fix"
	TermClaim        TermName = "claim"
	TermKEVFloor     TermName = "kev_floor"
)

// Title names the term for people.
func (n TermName) Title() string {
	switch n {
	case TermEPSS:
		return "Exploit prediction (EPSS)"
	case TermExploit:
		return "Public exploit"
	case TermAutomatable:
		return "Automatable attack"
	case TermKEV:
		return "Known exploited (KEV)"
	case TermTools:
		return "Independent tools"
	case TermData:
		return "Data handled"
	case TermFix:
		return "Fix available"
	case TermClaim:
		return "Claim in the report"
	case TermKEVFloor:
		return "Floor for known exploited"
	case "":
		return ""
	}
	return strings.ToUpper(string(n[:1])) + string(n[1:])
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return names[0]
}
