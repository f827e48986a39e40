package finding

import (
	"fmt"
	"strings"
)

// Severity is Stance's one scale. The tool's own word is kept beside it in
// [Observation.SeverityWord].
type Severity uint8

// The scale, ordered: a larger value is worse. Unknown is a value of its own,
// never a synonym of Info.
const (
	SeverityUnknown Severity = iota
	SeverityInfo
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityNames = [...]string{"unknown", "info", "low", "medium", "high", "critical"}

// String returns the lower-case name.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return severityNames[SeverityUnknown]
}

// ParseSeverity returns the severity with that lower-case name.
func ParseSeverity(s string) (Severity, error) {
	for i, n := range severityNames {
		if n == s {
			return Severity(i), nil
		}
	}
	return SeverityUnknown, fmt.Errorf("unknown severity %q: want one of %s", s, strings.Join(severityNames[:], ", "))
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(b []byte) error {
	v, err := ParseSeverity(string(b))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// SeverityOfWord grades a word as security tools write it ("HIGH",
// "Moderate", "ERROR", "serious", "negligible"). Tools whose words mean
// something else (SARIF levels, ZAP risk codes) translate in their own
// format. Unknown words give SeverityUnknown.
func SeverityOfWord(word string) Severity {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical", "crit", "blocker", "very high", "urgent", "fatal", "emergency":
		return SeverityCritical
	case "high", "error", "major", "important", "serious", "severe":
		return SeverityHigh
	case "medium", "moderate", "warning", "warn", "med", "average", "minor issue":
		return SeverityMedium
	case "low", "minor", "note", "style":
		return SeverityLow
	case "info", "informational", "information", "informative", "negligible", "none", "log", "trivial", "optional":
		return SeverityInfo
	}
	return SeverityUnknown
}

// SeverityOfCVSS grades a CVSS base score by the qualitative scale of the
// CVSS v3.1 and v4.0 specifications (section "Qualitative Severity Rating
// Scale"); 0.0 is "none" there and Info here.
func SeverityOfCVSS(score float64) Severity {
	switch {
	case score >= 9:
		return SeverityCritical
	case score >= 7:
		return SeverityHigh
	case score >= 4:
		return SeverityMedium
	case score > 0:
		return SeverityLow
	}
	return SeverityInfo
}
