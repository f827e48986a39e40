package sensor

import (
	"fmt"
	"time"
)

// Order says how a plan is run.
type Order struct {
	// Root is the tree, and Folder takes the reports: both absolute. Folder
	// lies outside the tree or scanners find what they wrote.
	Root, Folder string
	// Except are paths below the root that detectors inside Stance leave out.
	Except []string
	// OSV is a folder or zip with advisories in OSV form; empty for none.
	OSV string
	// Timeout is how long one step may take, and Parallel how many run at
	// once.
	Timeout  time.Duration
	Parallel int
	// Tell is told when a step begins (Outcome Running) and when it ends. It
	// is called by one goroutine at a time.
	Tell func(Result)
}

// Outcome is how a step ended.
type Outcome string

// The outcomes.
const (
	Running  Outcome = "running"
	Done     Outcome = "done"
	Nothing  Outcome = "nothing to scan"
	Failed   Outcome = "failed"
	TimedOut Outcome = "timed out"
)

// Result is what came of a step.
type Result struct {
	Step    Step
	Outcome Outcome
	// Why says what went wrong, for people. It holds no output of scanners
	// that look for secrets.
	Why string
	// Report is the file with the report; empty when there is none. A step
	// that failed may have left one: it is not the whole.
	Report string
	// Took is how long the step ran.
	Took time.Duration
}

// Broken reports whether the step did not come to its end.
func (r Result) Broken() bool { return r.Outcome == Failed || r.Outcome == TimedOut }

// String writes the result as one line.
func (r Result) String() string {
	text := fmt.Sprintf("%s: %s", r.Step.Name, r.Outcome)
	if r.Outcome != Running {
		text += fmt.Sprintf(" after %.1f s", r.Took.Seconds())
	}
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}
