// Package demo holds the demonstration estate: applications with their
// context, and reports that real scanners made of the small vulnerable
// samples beside them. README.md says how each was made.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed estate.yaml report
var files embed.FS

// Files returns the estate (estate.yaml) and the reports that it names.
func Files() fs.FS { return files }
