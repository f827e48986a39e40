package finding

import "time"

// Note is what someone wrote about a finding.
type Note struct {
	By   string
	At   time.Time
	Text string
}

// Carried is what another product knew of a finding: the decision in force
// there and what people wrote.
type Carried struct {
	Finding ID
	// Decision is nil when none was made.
	Decision *Triage
	Notes    []Note
}
