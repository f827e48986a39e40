package receive

// Why is the class of a refusal; faces turn it into their own codes.
type Why int

// The reasons for which a report is not taken.
const (
	Unreadable Why = iota // nothing that could be a report
	TooLarge              // beyond a limit, packed or unpacked
	Busy                  // too much is waiting; try again later
)

// Refusal says why a report was not taken and what the sender can do. No
// report is recorded; bytes that were stored before it was refused stay in
// the blob store, where nothing points at them.
type Refusal struct {
	Reason Why
	Text   string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// How long senders are asked to wait before they try again: a small report is
// applied in milliseconds, a lock is held for a large one.
const (
	AfterBusy   = 5 // seconds, with Busy
	AfterLocked = 5 // seconds, with ErrLocked
)
