package ident

import "strings"

// LowerBounds returns the versions from which version constraints hold
// (">= 2.0.6", "~> 1.6.11", "^0.4.8", "=1.2"), which are the fixed versions
// where a tool writes constraints. Several may stand in one text, separated
// by commas; upper bounds and exclusions are left out.
func LowerBounds(constraints ...string) []string {
	var versions []string
	for _, text := range constraints {
		for part := range strings.SplitSeq(text, ",") {
			part = strings.Trim(part, " \t\r\n'\"")
			if part == "" || part[0] == '<' || part[0] == '!' {
				continue
			}
			if bare := strings.TrimLeft(part, ">=~^ "); !strings.HasPrefix(part, "> ") && bare != "" && bare[0] >= '0' && bare[0] <= '9' {
				versions = Add(versions, bare)
			}
		}
	}
	return versions
}
