package posture

import "time"

// Mapping is a report format that a tenant described itself.
type Mapping struct {
	Name   string
	Source string // YAML, as it was given
	By     string
	At     time.Time
}
