// Package fact is the vocabulary that policies speak: what may be asked of a
// finding, an application, an asset and a scan, with every value that nobody
// knows marked as unknown instead of being read as zero, empty or false.
//
// The structs are filled by whoever holds the data: the server from its
// record, the command line from a report on disk. The tables of [Field] next
// to them are the only place that ties a field to its name in a policy, its
// type, its meaning, its place in the digest and its spelling in a policy
// test.
package fact

import (
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Flag is a yes-or-no fact that may also be unknown. The zero value is
// unknown.
type Flag uint8

// The three values of a Flag.
const (
	Unknown Flag = iota
	No
	Yes
)

// FlagOf returns Yes or No.
func FlagOf(b bool) Flag {
	if b {
		return Yes
	}
	return No
}

// Num is a number that may be unknown. The zero value is unknown.
type Num struct {
	Value float64
	Known bool
}

// Number returns a known number.
func Number(v float64) Num { return Num{Value: v, Known: true} }

// Word is a text whose absence means "nobody knows" and not "there is none":
// an application without a criticality has an unknown one. Plain strings are
// used where empty is an answer: a secret has no component.
type Word string

// Finding holds what is known of one finding. A zero field of type [Word],
// [Num], [Flag], time.Time or finding.Severity is unknown; an empty string or
// list is a known absence.
type Finding struct {
	// ID names the finding; it breaks ties, so it must be unique.
	ID string
	// Title is the one-line name that people see.
	Title string
	// Line is the line in Path, 0 when there is none. It is shown and never
	// judged: a verdict must not depend on code having moved.
	Line int
	// Fix is advice specific to this finding, shown when its rule gives none.
	Fix string
	// Closed says how triage took the finding out of judgement
	// ("false_positive", "accepted", "not_affected"); empty while it is open.
	// A closed finding is counted and not judged.
	Closed string
	// Waivers are the approved exceptions that cover this finding.
	Waivers []Waiver

	Kind     finding.Kind
	Severity finding.Severity
	Score    Num // risk score, 0-100
	Priority Word

	CVSS           Num  // base score, 0-10
	EPSS           Num  // probability of exploitation in 30 days, 0-1
	EPSSPercentile Num  // rank among all CVEs, 0-1
	KEV            Flag // on a list of known exploited vulnerabilities
	Exploit        Word // CVSS 4.0 exploit maturity: unreported, poc, attacked
	Reachability   Word // reachable, unreachable

	FixAvailable Flag
	FixVersions  []string

	CWEs       []int
	Weakness   Word // weakness class ("injection", "memory-safety")
	Advisories []string

	Component        string
	ComponentVersion string
	PURL             string
	Ecosystem        string
	Direct           Flag
	Scope            Word // runtime, dev, optional
	Licences         []string

	Path     string
	Symbol   string
	URL      string
	Resource string

	Check      string
	Confidence Word
	Tools      []string
	Claim      string
	Verified   Flag // a secret that was proved to work

	New       Flag // not on the base branch
	Reopened  bool
	FirstSeen time.Time
	// Due is when the service level says it must be fixed; zero when no
	// service level is known.
	Due time.Time
}

// Waiver is an approved, time-bounded exception as the gate sees it.
type Waiver struct {
	// ID names the waiver in the verdict.
	ID string
	// Rule is the rule waived ("policy/rule"); empty waives every rule.
	Rule string
	// Until is the instant from which the waiver no longer holds. A waiver
	// without an end never holds: exceptions are time-bounded.
	Until time.Time
}

// App holds what is known of an application.
type App struct {
	Name        string
	Criticality Word
	DataClasses []string
	Exposure    Word
	Environment Word
	Owner       Word
	Unit        Word // business unit
	Regulations []string
	Tags        []string
}

// Asset holds what is known of one asset of the application.
type Asset struct {
	// ID names the asset; scans and findings refer to it.
	ID          string
	Name        string
	Kind        Word
	Ref         string // branch, tag or digest that was looked at
	Exposure    Word
	Environment Word
}

// Scan holds what is known of a scan that was made, or that should have been
// made: a scan that never came is a Scan with status "missing".
type Scan struct {
	// Asset is the [Asset.ID] of the target.
	Asset string
	Tool  string
	// Kind is the family of flaws that the scan looks for.
	Kind   Word
	Status Word
	Full   Flag      // covered the whole target
	At     time.Time // when the scan ran
}

// The states of a scan, as values of scan.status.
const (
	ScanSucceeded = "succeeded" // ran and was read whole
	ScanFailed    = "failed"    // ran and gave no usable report
	ScanDoubtful  = "doubtful"  // empty or suddenly much smaller than the last
	ScanMissing   = "missing"   // expected and never seen
)
