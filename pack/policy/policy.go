// Package policy carries the policies that Stance comes with. They are data:
// an organisation copies, edits or replaces them like any of its own.
package policy

import _ "embed"

//go:embed default.yaml
var standard string

// DefaultName is the file name to show in problems of [Default].
const DefaultName = "default.yaml"

// Default returns the text of the standard policies: what is asked where an
// organisation has not written policies of its own.
func Default() []byte { return []byte(standard) }
