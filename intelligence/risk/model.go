package risk

import (
	"fmt"
	"math"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// Model holds every number of the formula. A score is recomputable from its
// inputs and the model of that version; [V1] is the one shipped. Models with
// other numbers are allowed (an organisation may weigh its context
// differently) if they pass [Model.Validate] and carry a version of their own.
//
// Chances and weights of the flaw itself lie in 0..1. Factors of the setting
// multiply an exponent: 1 is neutral, 2 counts the flaw as two independent
// chances of harm, 0.5 as half of one.
type Model struct {
	Version string

	// Cap is the danger of the worst flaw possible; below 1, so that context
	// still tells two of them apart.
	Cap float64
	// Latent is the share of its severity that a flaw keeps when nothing
	// points to exploitation.
	Latent float64

	// EPSSKnee is the probability below which EPSS counts in proportion and
	// above which it counts by its logarithm.
	EPSSKnee float64
	// EPSSUnknown stands in for a missing probability.
	EPSSUnknown float64
	// Exploit is the chance that each maturity adds.
	Exploit [enrich.MaturityActive + 1]float64
	// Automatable is the chance that an attack adds which can be scripted.
	Automatable float64
	// KEV and KEVRansomware are the chances of a flaw known to be exploited.
	KEV, KEVRansomware float64
	// KEVFloor is the least score, in points, of a flaw known to be
	// exploited, unless evidence says that it does not apply.
	KEVFloor float64

	// Prior is the chance of exploitation by kind when no advisory is at
	// hand to ask for, in the order of finding.Kinds.
	Prior [7]float64
	// SecretVerified, SecretDisproved replace the prior of a secret that a
	// tool tried out.
	SecretVerified, SecretDisproved float64
	// SeverityUnknown stands in, on the scale 0..10, for a missing severity.
	SeverityUnknown float64

	// Factors of the setting, by the value of each enumeration.
	Kind           [7]float64 // in the order of finding.Kinds
	Confidence     [ConfidenceConfirmed + 1]float64
	Tools          [3]float64 // one tool, two, three or more
	Reachability   [Reachable + 1]float64
	Exposure       [estate.ExposureInternet + 1]float64
	ExposureLocal  [estate.ExposureInternet + 1]float64 // flaws that need local or adjacent access
	Environment    [estate.EnvironmentProduction + 1]float64
	Criticality    [estate.CriticalityCritical + 1]float64
	Data           [estate.Public + 1]float64
	DataUnknown    float64
	Fix            [FixAvailable + 1]float64
	NotAffected    float64 // the report claims not affected, false positive, fixed or absent
	SuppressedTool float64 // the report carries a suppression

	// Now, Soon and Planned are the least scores of those priorities.
	Now, Soon, Planned float64
}

// V1 returns the shipped model. docs/risk.md gives the reason for each number.
func V1() Model {
	return Model{
		Version:  "stance-risk/1",
		Cap:      0.97,
		Latent:   0.35,
		EPSSKnee: 0.005, EPSSUnknown: 0.007,
		Exploit:     [...]float64{enrich.MaturityReference: 0.03, enrich.MaturityPoC: 0.15, enrich.MaturityFunctional: 0.45, enrich.MaturityWeaponised: 0.55, enrich.MaturityActive: 0.90},
		Automatable: 0.10,
		KEV:         0.95, KEVRansomware: 0.98, KEVFloor: 50,

		Prior:          [...]float64{kindVulnerability: 0, kindCode: 0.30, kindSecret: 0.50, kindMisconfiguration: 0.25, kindDynamic: 0.60, kindLicence: 0, kindQuality: 0},
		SecretVerified: 0.95, SecretDisproved: 0.10,
		SeverityUnknown: 5,

		Kind:           [...]float64{kindVulnerability: 1, kindCode: 1, kindSecret: 1, kindMisconfiguration: 1, kindDynamic: 1, kindLicence: 0.5, kindQuality: 0.3},
		Confidence:     [...]float64{ConfidenceUnknown: 0.9, ConfidenceLow: 0.5, ConfidenceMedium: 0.8, ConfidenceHigh: 1, ConfidenceConfirmed: 1.1},
		Tools:          [...]float64{1, 1.1, 1.2},
		Reachability:   [...]float64{ReachabilityUnknown: 1, Unreachable: 0.2, Reachable: 1.3},
		Exposure:       [...]float64{estate.ExposureUnknown: 1, estate.ExposureInternal: 0.7, estate.ExposurePartner: 1.1, estate.ExposureInternet: 1.4},
		ExposureLocal:  [...]float64{estate.ExposureUnknown: 0.85, estate.ExposureInternal: 0.7, estate.ExposurePartner: 0.85, estate.ExposureInternet: 1},
		Environment:    [...]float64{estate.EnvironmentUnknown: 1, estate.EnvironmentSandbox: 0.35, estate.EnvironmentDevelopment: 0.5, estate.EnvironmentStaging: 0.8, estate.EnvironmentProduction: 1.15},
		Criticality:    [...]float64{estate.CriticalityUnknown: 1, estate.CriticalityLow: 0.75, estate.CriticalityMedium: 1, estate.CriticalityHigh: 1.2, estate.CriticalityCritical: 1.4},
		Data:           [...]float64{estate.PCI: 1.25, estate.PHI: 1.25, estate.PII: 1.15, estate.Credentials: 1.25, estate.Confidential: 1.1, estate.Internal: 1, estate.Public: 0.85},
		DataUnknown:    1,
		Fix:            [...]float64{FixUnknown: 1, FixNone: 1, FixAvailable: 1.05},
		NotAffected:    0.03,
		SuppressedTool: 0.2,

		Now: 80, Soon: 50, Planned: 25,
	}
}

// Positions in Prior and Kind, the order of finding.Kinds.
const (
	kindVulnerability = iota
	kindCode
	kindSecret
	kindMisconfiguration
	kindDynamic
	kindLicence
	kindQuality
)

func kindIndex(k finding.Kind) int {
	switch k {
	case finding.Vulnerability:
		return kindVulnerability
	case finding.Secret:
		return kindSecret
	case finding.Misconfiguration:
		return kindMisconfiguration
	case finding.Dynamic:
		return kindDynamic
	case finding.Licence:
		return kindLicence
	case finding.Quality:
		return kindQuality
	}
	return kindCode
}

// Validate reports why a model could give scores that are out of range or
// that fall when an input gets worse.
func (m *Model) Validate() error {
	if m.Version == "" {
		return fmt.Errorf("risk model: it has no version")
	}
	fail := func(what string, v any) error { return fmt.Errorf("risk model %s: %s: %v", m.Version, what, v) }
	chances := append([]float64{m.Latent, m.EPSSUnknown, m.Automatable, m.KEV, m.KEVRansomware, m.SecretVerified, m.SecretDisproved}, m.Exploit[:]...)
	for _, c := range append(chances, m.Prior[:]...) {
		if !(c >= 0 && c <= 1) {
			return fail("a chance is outside 0..1", c)
		}
	}
	switch {
	case !(m.Cap > 0 && m.Cap < 1):
		return fail("Cap is not between 0 and 1", m.Cap)
	case !(m.EPSSKnee > 0 && m.EPSSKnee <= 1):
		return fail("EPSSKnee is not a probability above 0", m.EPSSKnee)
	case !(m.SeverityUnknown >= 0 && m.SeverityUnknown <= 10):
		return fail("SeverityUnknown is outside 0..10", m.SeverityUnknown)
	case !(m.Planned >= 0 && m.Planned <= m.Soon && m.Soon <= m.Now && m.Now <= 100):
		return fail("priorities are not in order", []float64{m.Planned, m.Soon, m.Now})
	case !(m.KEVFloor >= 0 && m.KEVFloor <= 100):
		return fail("KEVFloor is outside 0..100", m.KEVFloor)
	}
	// Unknown values (index 0) stand beside the order, not in it.
	orders := map[string][]float64{
		"Exploit": m.Exploit[:], "KEV": {m.KEV, m.KEVRansomware}, "Secret": {m.SecretDisproved, m.SecretVerified},
		"Confidence": m.Confidence[1:], "Tools": m.Tools[:], "Reachability": m.Reachability[1:],
		"Exposure": m.Exposure[1:], "ExposureLocal": m.ExposureLocal[1:], "Environment": m.Environment[1:],
		"Criticality": m.Criticality[1:], "Fix": m.Fix[1:], "claims": {m.NotAffected, m.SuppressedTool, 1},
	}
	for name, list := range orders {
		for i := 1; i < len(list); i++ {
			if list[i] < list[i-1] {
				return fail(name+" does not rise with worse values", list)
			}
		}
	}
	for i := range m.Exposure {
		if m.ExposureLocal[i] > m.Exposure[i] {
			return fail("a local flaw would gain more by exposure than a remote one", estate.Exposure(i))
		}
	}
	for _, list := range [][]float64{m.Kind[:], m.Confidence[:], m.Tools[:], m.Reachability[:], m.Exposure[:], m.ExposureLocal[:], m.Environment[:], m.Criticality[:], m.Data[:], {m.DataUnknown}, m.Fix[:], {m.NotAffected, m.SuppressedTool}} {
		for _, f := range list {
			if !(f >= 0 && f <= 10) {
				return fail("a factor is outside 0..10", f)
			}
		}
	}
	return nil
}

// epss turns a probability into the chance it adds: the logarithm of how many
// times the probability exceeds the knee, scaled so that certainty gives 1.
func (m *Model) epss(p float64) float64 {
	p = min(max(p, 0), 1)
	return math.Log1p(p/m.EPSSKnee) / math.Log1p(1/m.EPSSKnee)
}
