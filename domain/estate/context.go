package estate

import (
	"fmt"
	"slices"
	"strings"
)

// Context is what is known of an application or asset beyond its flaws. Its
// zero value knows nothing; every field has an unknown value that is never
// taken for the harmless one.
type Context struct {
	Criticality Criticality
	Data        DataClasses
	Exposure    Exposure
	Environment Environment
}

// Criticality is how much the organisation loses when the application fails
// or is abused.
type Criticality uint8

// The criticalities, ordered: a larger value matters more.
const (
	CriticalityUnknown  Criticality = iota
	CriticalityLow                  // an inconvenience
	CriticalityMedium               // a team is held up
	CriticalityHigh                 // a business process stops
	CriticalityCritical             // revenue, safety or the licence to operate is at stake
)

var criticalityNames = [...]string{"unknown", "low", "medium", "high", "critical"}

// String returns the lower-case name.
func (c Criticality) String() string { return nameOf(criticalityNames[:], uint8(c)) }

// ParseCriticality returns the criticality with that name, in any letter
// case; the empty text is unknown.
func ParseCriticality(s string) (Criticality, error) {
	i, err := parseName("criticality", criticalityNames[:], s)
	return Criticality(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (c Criticality) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Criticality) UnmarshalText(b []byte) (err error) {
	*c, err = ParseCriticality(string(b))
	return err
}

// Exposure is who can reach an asset.
type Exposure uint8

// The exposures, ordered: a larger value is reached by more people.
const (
	ExposureUnknown  Exposure = iota
	ExposureInternal          // the organisation's own network
	ExposurePartner           // named outsiders, over a VPN or an allow list
	ExposureInternet          // anyone
)

var exposureNames = [...]string{"unknown", "internal", "partner", "internet"}

// String returns the lower-case name.
func (e Exposure) String() string { return nameOf(exposureNames[:], uint8(e)) }

// ParseExposure returns the exposure with that name, in any letter case; the
// empty text is unknown.
func ParseExposure(s string) (Exposure, error) {
	i, err := parseName("exposure", exposureNames[:], s)
	return Exposure(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (e Exposure) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Exposure) UnmarshalText(b []byte) (err error) {
	*e, err = ParseExposure(string(b))
	return err
}

// Environment is the stage in which an asset runs.
type Environment uint8

// The environments, ordered: damage in a larger value is closer to users.
const (
	EnvironmentUnknown Environment = iota
	EnvironmentSandbox             // thrown away; nothing depends on it
	EnvironmentDevelopment
	EnvironmentStaging
	EnvironmentProduction
)

var environmentNames = [...]string{"unknown", "sandbox", "development", "staging", "production"}

// String returns the lower-case name.
func (e Environment) String() string { return nameOf(environmentNames[:], uint8(e)) }

// ParseEnvironment returns the environment with that name or its usual short
// form ("prod", "dev"), in any letter case; the empty text is unknown.
func ParseEnvironment(s string) (Environment, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "prod":
		s = "production"
	case "stage":
		s = "staging"
	case "dev":
		s = "development"
	}
	i, err := parseName("environment", environmentNames[:], s)
	return Environment(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (e Environment) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Environment) UnmarshalText(b []byte) (err error) {
	*e, err = ParseEnvironment(string(b))
	return err
}

// DataClass is a class of data that an application handles.
type DataClass uint8

// The data classes. The order is that of display; what a class weighs is the
// risk model's business.
const (
	PCI          DataClass = iota // cardholder data (PCI DSS)
	PHI                           // protected health information (HIPAA)
	PII                           // personal data (GDPR and its like)
	Credentials                   // passwords, keys, tokens of others
	Confidential                  // the organisation's secrets
	Internal                      // for the organisation's own eyes
	Public                        // meant for everybody
)

var dataClassNames = [...]string{"pci", "phi", "pii", "credentials", "confidential", "internal", "public"}

// String returns the lower-case name.
func (d DataClass) String() string { return nameOf(dataClassNames[:], uint8(d)) }

// ParseDataClass returns the class with that name, in any letter case.
func ParseDataClass(s string) (DataClass, error) {
	if strings.TrimSpace(s) == "" {
		return 0, fmt.Errorf("unknown data class %q: want one of %s", s, strings.Join(dataClassNames[:], ", "))
	}
	i, err := parseName("data class", dataClassNames[:], s)
	return DataClass(i), err
}

// DataClasses is a set of data classes. The empty set means that nobody has
// said what the application handles; an application known to hold nothing
// sensitive is {Public}.
type DataClasses uint8

// Data makes a set.
func Data(classes ...DataClass) DataClasses {
	var s DataClasses
	for _, c := range classes {
		if int(c) < len(dataClassNames) {
			s |= 1 << c
		}
	}
	return s
}

// ParseDataClasses reads names separated by commas or spaces; the empty text
// and "unknown" alone are the empty set.
func ParseDataClasses(s string) (DataClasses, error) {
	var set DataClasses
	if strings.EqualFold(strings.TrimSpace(s), set.String()) {
		return set, nil
	}
	for _, name := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		c, err := ParseDataClass(name)
		if err != nil {
			return 0, err
		}
		set |= Data(c)
	}
	return set, nil
}

// Has reports whether the class is in the set.
func (s DataClasses) Has(c DataClass) bool { return int(c) < len(dataClassNames) && s&(1<<c) != 0 }

// Known reports whether anybody has said what the application handles.
func (s DataClasses) Known() bool { return s != 0 }

// List returns the classes in display order.
func (s DataClasses) List() []DataClass {
	var out []DataClass
	for i := range dataClassNames {
		if s.Has(DataClass(i)) {
			out = append(out, DataClass(i))
		}
	}
	return out
}

// String joins the names with commas; "unknown" for the empty set.
func (s DataClasses) String() string {
	if s == 0 {
		return "unknown"
	}
	var b strings.Builder
	for i, name := range dataClassNames {
		if s.Has(DataClass(i)) {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(name)
		}
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler; the empty set is empty text.
func (s DataClasses) MarshalText() ([]byte, error) {
	if s == 0 {
		return []byte{}, nil
	}
	return []byte(s.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *DataClasses) UnmarshalText(b []byte) (err error) {
	*s, err = ParseDataClasses(string(b))
	return err
}

func nameOf(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return names[0]
}

// parseName finds a name in any letter case. Empty text is the first name,
// which is the unknown value where there is one.
func parseName(what string, names []string, s string) (int, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if t == "" {
		return 0, nil
	}
	if i := slices.Index(names, t); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("unknown %s %q: want one of %s", what, s, strings.Join(names, ", "))
}
