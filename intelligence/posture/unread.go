package posture

import "time"

// UnreadKind is what of a report could not be read.
type UnreadKind string

// The kinds of what is in quarantine.
const (
	UnreadRecord UnreadKind = "record" // one part of a report; the rest counts
	UnreadReport UnreadKind = "report" // nothing of it was read
)

// NoFormat stands in an [UnreadFilter] for reports that no format knew.
const NoFormat = "none"

// UnreadFilter picks from the quarantine; zero values pick all.
type UnreadFilter struct {
	Application string // its key
	Format      string // by which the report was read, or was to be; NoFormat for none
	Kind        UnreadKind
	First       bool // only the first part of each report
}

// Unread is something in quarantine, with the report that it is of.
type Unread struct {
	Report      string
	Name        string // of the file
	Application string
	Asset       string
	Format      string
	Received    time.Time
	Kind        UnreadKind
	Parts       int64 // of this report
	Quarantined
}
