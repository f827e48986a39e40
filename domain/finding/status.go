package finding

import (
	"fmt"
	"time"
)

// Status is the state people see of a finding.
type Status string

// The states. Open is the only one that needs work; the others say why not.
const (
	Open          Status = "open"
	Resolved      Status = "resolved"       // the evidence is gone
	FalsePositive Status = "false_positive" // not a flaw
	Accepted      Status = "accepted"       // a flaw someone decided to live with
	NotAffected   Status = "not_affected"   // the flaw can't be reached or does not apply here
	Suppressed    Status = "suppressed"     // the tool was told in its own way to ignore it
)

// Statuses lists every status in the order people see them.
func Statuses() []Status {
	return []Status{Open, Resolved, FalsePositive, Accepted, NotAffected, Suppressed}
}

// ParseStatus returns the status with that name.
func ParseStatus(s string) (Status, error) {
	for _, v := range Statuses() {
		if string(v) == s {
			return v, nil
		}
	}
	return "", fmt.Errorf("unknown status %q: want one of %v", s, Statuses())
}

// Triage is a person's decision about a finding. No scan overwrites it.
type Triage struct {
	Status Status // FalsePositive, Accepted or NotAffected
	Reason string
	By     string
	At     time.Time
	// Until is when the decision ends by itself; zero means never.
	Until time.Time
}

// Validate reports what is wrong with a decision.
func (t Triage) Validate() error {
	switch t.Status {
	case FalsePositive, Accepted, NotAffected:
	default:
		return fmt.Errorf("triage status %q: want %s, %s or %s", t.Status, FalsePositive, Accepted, NotAffected)
	}
	if t.Reason == "" {
		return fmt.Errorf("triage as %s needs a reason", t.Status)
	}
	if t.By == "" {
		return fmt.Errorf("triage as %s needs a name", t.Status)
	}
	return nil
}

// Authority is who stands behind a status. A larger one outranks a smaller.
type Authority uint8

// The order of authority: decisions of people outrank rules, rules outrank
// VEX, VEX outranks what scanners claim.
const (
	ByEvidence Authority = iota // presence or absence in scans
	ByScanner                   // a claim in a report (suppression, tool triage)
	ByVEX                       // a VEX statement
	ByRule                      // a policy rule
	ByPerson                    // triage
)

var authorityNames = [...]string{"evidence", "scanner", "vex", "rule", "person"}

// String returns the lower-case name.
func (a Authority) String() string { return authorityNames[min(int(a), len(authorityNames)-1)] }

// Decide derives the status of a finding. Evidence comes first: what no scan
// reports any longer is resolved, whatever was decided about it; the decision
// stays and applies again when the finding comes back. For what is present,
// the highest authority decides. claim is the state that all present
// observations agree on, or ClaimNone.
func Decide(present bool, triage *Triage, claim Claim) (Status, Authority) {
	if !present {
		return Resolved, ByEvidence
	}
	if triage != nil {
		return triage.Status, ByPerson
	}
	by := ByScanner
	if claim.Source == "vex" {
		by = ByVEX
	}
	switch claim.State {
	case ClaimFalsePositive:
		return FalsePositive, by
	case ClaimAccepted:
		return Accepted, by
	case ClaimNotAffected:
		return NotAffected, by
	case ClaimSuppressedByTool:
		return Suppressed, by
	case ClaimFixed: // of a scanner it would not be present; a VEX statement says that this version has the fix
		return NotAffected, by
	case ClaimAffected, ClaimUnderReview:
		if by == ByVEX {
			return Open, ByVEX
		}
	}
	return Open, ByEvidence
}
