// Package verdict writes a verdict down for those who asked: as text for a
// developer at a terminal, as JSON for scripts, as JUnit XML for pipelines
// that show tests, as SARIF for code hosts and editors.
//
// Everything a tool or a project named is taken as hostile text: terminals
// get no control characters, XML and JSON are escaped by their encoders.
package verdict

import (
	"github.com/stance-aspm/stance/governance/gate"
)

// The exit codes of commands that ask a gate. Code 2 is for wrong usage and
// is never a verdict.
const (
	ExitPass      = 0
	ExitBlock     = 1
	ExitUndecided = 3
)

// ExitCode returns the exit code for an outcome. A warning passes. What is no
// outcome at all could not be decided.
func ExitCode(o gate.Outcome) int {
	switch o {
	case gate.Pass, gate.Warn:
		return ExitPass
	case gate.Block:
		return ExitBlock
	}
	return ExitUndecided
}
