package estate

// Criticality is how much the organisation depends on an application.
type Criticality string

// DataClass is a class of data that an application handles.
type DataClass string

// Exposure is who can reach an application.
type Exposure string

// Environment is where an application runs.
type Environment string

func ParseCriticality(s string) (Criticality, error) { return Criticality(s), nil }
func ParseDataClass(s string) (DataClass, error)     { return DataClass(s), nil }
func ParseExposure(s string) (Exposure, error)       { return Exposure(s), nil }
func ParseEnvironment(s string) (Environment, error) { return Environment(s), nil }
