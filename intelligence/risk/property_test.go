package risk

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

var vectors = []string{
	"", "nonsense", vectorMedium, vectorLocal, vectorCritical,
	"AV:N/AC:L/Au:N/C:P/I:P/A:P",
	"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
}

// anyInputs draws inputs of every kind, unknowns included.
func anyInputs(t *rapid.T) Inputs {
	f := Flaw{
		Kind:        rapid.SampledFrom(finding.Kinds()).Draw(t, "kind"),
		Severity:    finding.Severity(rapid.IntRange(0, 5).Draw(t, "severity")),
		HasAdvisory: rapid.Bool().Draw(t, "advisory"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "ratings") {
		f.CVSS = append(f.CVSS, enrich.Of[finding.CVSS]{Value: finding.CVSS{
			Vector: rapid.SampledFrom(vectors).Draw(t, "vector"), Score: rapid.Float64Range(-1, 11).Draw(t, "score"),
		}, ID: testCVE})
	}
	if rapid.Bool().Draw(t, "feeds?") {
		f.Evidence.Feeds = allFeeds()
	}
	if rapid.Bool().Draw(t, "epss?") {
		f.Evidence.EPSS = &enrich.Of[enrich.EPSS]{Value: enrich.EPSS{Probability: rapid.Float64Range(0, 1).Draw(t, "epss")}, ID: testCVE}
	}
	if rapid.Bool().Draw(t, "kev?") {
		f.Evidence.KEV = &enrich.Of[enrich.KEV]{Value: enrich.KEV{Ransomware: rapid.Bool().Draw(t, "ransomware")}, ID: testCVE}
	}
	if rapid.Bool().Draw(t, "exploit?") {
		f.Evidence.Exploit = &enrich.Of[enrich.Exploit]{Value: enrich.Exploit{Maturity: enrich.Maturity(rapid.IntRange(0, 5).Draw(t, "maturity"))}, ID: testCVE}
	}
	if rapid.Bool().Draw(t, "ssvc?") {
		f.Evidence.SSVC = &enrich.Of[enrich.SSVC]{Value: enrich.SSVC{
			Exploitation: enrich.Exploitation(rapid.IntRange(0, 3).Draw(t, "exploitation")), Automatable: enrich.Answer(rapid.IntRange(0, 2).Draw(t, "automatable")),
		}, ID: testCVE}
	}
	if rapid.Bool().Draw(t, "tried?") {
		v := rapid.Bool().Draw(t, "works")
		f.SecretVerified = &v
	}
	return Inputs{f, Setting{
		Confidence:   Confidence(rapid.IntRange(0, 4).Draw(t, "confidence")),
		Claim:        rapid.SampledFrom([]finding.ClaimState{finding.ClaimNone, finding.ClaimAffected, finding.ClaimNotAffected, finding.ClaimSuppressedByTool, finding.ClaimAccepted}).Draw(t, "claim"),
		Reachability: Reachability(rapid.IntRange(0, 2).Draw(t, "reach")),
		Fix:          Fix(rapid.IntRange(0, 2).Draw(t, "fix")),
		Tools:        rapid.IntRange(-1, 5).Draw(t, "tools"),
		Context: estate.Context{
			Criticality: estate.Criticality(rapid.IntRange(0, 4).Draw(t, "criticality")),
			Data:        estate.DataClasses(rapid.IntRange(0, 127).Draw(t, "data")),
			Exposure:    estate.Exposure(rapid.IntRange(0, 3).Draw(t, "exposure")),
			Environment: estate.Environment(rapid.IntRange(0, 4).Draw(t, "environment")),
		},
	}}
}

// The points of the terms add up to the score to the tenth, the score is in
// range, and no unknown promises less than nothing or more than the ceiling.
func TestTermsAddUp(t *testing.T) {
	m := V1()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInputs(t)
		r := Score(in, m)
		sum := 0
		for _, term := range r.Terms {
			tenth := int(math.Round(term.Points * 10))
			if points(tenth) != term.Points {
				t.Fatalf("term %s has %v points, no whole tenth", term.Name, term.Points)
			}
			sum += tenth
			if term.Could < 0 || r.Score+term.Could > r.Ceiling+0.05 {
				t.Fatalf("term %s could add %v to %v, but the ceiling is %v", term.Name, term.Could, r.Score, r.Ceiling)
			}
			if !term.Unknown && term.Could != 0 {
				t.Fatalf("term %s is known, yet could add %v", term.Name, term.Could)
			}
			if term.Name == "" || term.Input == "" || term.Source == "" || term.Why == "" {
				t.Fatalf("term without words: %+v", term)
			}
		}
		if points(sum) != r.Score || r.Score < 0 || r.Score > 100 || r.Ceiling < r.Score || r.Ceiling > 100 {
			t.Fatalf("terms add up to %v, score %v, ceiling %v", points(sum), r.Score, r.Ceiling)
		}
		if v, p := Prepare(in.Flaw, &m).Value(in.Setting); v != r.Score || p != r.Priority {
			t.Fatalf("Value gives %v, %v; Score gives %v, %v", v, p, r.Score, r.Priority)
		}
		if r.Priority != m.PriorityOf(r.Score) || r.ModelVersion != m.Version {
			t.Fatalf("priority %v or version %q does not fit %v", r.Priority, r.ModelVersion, r.Score)
		}
	})
}

// worsen makes one input worse; it reports false when it is at its worst or
// unknown (an unknown may well be worse than it looks).
var worsen = map[string]func(*Inputs) bool{
	"severity": func(in *Inputs) bool {
		in.Flaw.Severity++
		return in.Flaw.Severity > 1 && in.Flaw.Severity <= finding.SeverityCritical
	},
	"score": func(in *Inputs) bool {
		in.Flaw.CVSS = append([]enrich.Of[finding.CVSS](nil), in.Flaw.CVSS...)
		v := &in.Flaw.CVSS[0].Value
		v.Score = min(10, v.Score*1.2)
		return true
	},
	"attack vector": func(in *Inputs) bool {
		in.Flaw.CVSS = append([]enrich.Of[finding.CVSS](nil), in.Flaw.CVSS...)
		in.Flaw.CVSS[0].Value.Vector = vectorCritical
		return true
	},
	"epss": func(in *Inputs) bool {
		if in.Flaw.Evidence.EPSS == nil {
			return false
		}
		e := *in.Flaw.Evidence.EPSS
		e.Value.Probability = min(1, e.Value.Probability*1.3+0.001)
		in.Flaw.Evidence.EPSS = &e
		return true
	},
	"kev": func(in *Inputs) bool {
		e := &in.Flaw.Evidence
		if e.KEV == nil {
			e.KEV = &enrich.Of[enrich.KEV]{ID: testCVE}
			return true
		}
		k := *e.KEV
		k.Value.Ransomware = true
		e.KEV = &k
		return true
	},
	"exploit": func(in *Inputs) bool {
		e := &in.Flaw.Evidence
		if e.Exploit == nil {
			e.Exploit = &enrich.Of[enrich.Exploit]{Value: enrich.Exploit{Maturity: enrich.MaturityPoC}, ID: testCVE}
			return true
		}
		x := *e.Exploit
		x.Value.Maturity = min(x.Value.Maturity+1, enrich.MaturityActive)
		e.Exploit = &x
		return true
	},
	"ssvc": func(in *Inputs) bool {
		s := enrich.Of[enrich.SSVC]{ID: testCVE}
		if in.Flaw.Evidence.SSVC != nil {
			s = *in.Flaw.Evidence.SSVC
		}
		s.Value.Exploitation = enrich.ExploitationActive
		s.Value.Automatable = enrich.Yes
		in.Flaw.Evidence.SSVC = &s
		return true
	},
	"secret": func(in *Inputs) bool {
		if in.Flaw.SecretVerified == nil || *in.Flaw.SecretVerified {
			return false
		}
		yes := true
		in.Flaw.SecretVerified = &yes
		return true
	},
	"confidence": func(in *Inputs) bool {
		in.Setting.Confidence++
		return in.Setting.Confidence > 1 && in.Setting.Confidence <= ConfidenceConfirmed
	},
	"reachability": func(in *Inputs) bool { in.Setting.Reachability = Reachable; return true },
	"reachability unknown": func(in *Inputs) bool {
		was := in.Setting.Reachability
		in.Setting.Reachability = ReachabilityUnknown
		return was == Unreachable
	},
	"fix":   func(in *Inputs) bool { in.Setting.Fix = FixAvailable; return true },
	"tools": func(in *Inputs) bool { in.Setting.Tools++; return true },
	"claim": func(in *Inputs) bool { in.Setting.Claim = finding.ClaimNone; return true },
	"criticality": func(in *Inputs) bool {
		in.Setting.Context.Criticality++
		return in.Setting.Context.Criticality > 1 && in.Setting.Context.Criticality <= estate.CriticalityCritical
	},
	"exposure": func(in *Inputs) bool {
		in.Setting.Context.Exposure++
		return in.Setting.Context.Exposure > 1 && in.Setting.Context.Exposure <= estate.ExposureInternet
	},
	"environment": func(in *Inputs) bool {
		in.Setting.Context.Environment++
		return in.Setting.Context.Environment > 1 && in.Setting.Context.Environment <= estate.EnvironmentProduction
	},
	"data": func(in *Inputs) bool {
		known := in.Setting.Context.Data.Known()
		in.Setting.Context.Data |= estate.Data(estate.PCI)
		return known
	},
}

// arrange gives an input something to worsen.
var arrange = map[string]func(*rapid.T, *Inputs){
	"score": func(t *rapid.T, in *Inputs) {
		in.Flaw.CVSS = append([]enrich.Of[finding.CVSS]{{Value: finding.CVSS{Score: rapid.Float64Range(0.1, 10).Draw(t, "only score")}}}, in.Flaw.CVSS...)
	},
	"attack vector": func(_ *rapid.T, in *Inputs) {
		in.Flaw.CVSS = append([]enrich.Of[finding.CVSS]{{Value: finding.CVSS{Vector: "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}}, in.Flaw.CVSS...)
	},
	// A KEV entry says also that there is an advisory, whose unknown signals
	// get stand-ins of their own; hold that constant.
	"kev": func(_ *rapid.T, in *Inputs) { in.Flaw.HasAdvisory = true },
}

// A worse input never lowers the score, whatever everything else is.
func TestScoreIsMonotone(t *testing.T) {
	m := V1()
	for name, worse := range worsen {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a := anyInputs(t)
				if prepare := arrange[name]; prepare != nil {
					prepare(t, &a)
				}
				b := a
				if !worse(&b) {
					t.Skip("already at its worst or unknown")
				}
				ra, rb := Score(a, m), Score(b, m)
				if rb.Score < ra.Score || rb.Ceiling < ra.Ceiling && rb.Ceiling < rb.Score {
					t.Fatalf("a worse %s lowers the score from %v to %v", name, ra.Score, rb.Score)
				}
			})
		})
	}
}

// What an unknown input could add is what it adds when it comes true.
func TestCouldIsHonest(t *testing.T) {
	m := V1()
	answers := map[TermName]func(*Inputs){
		TermExposure:     func(in *Inputs) { in.Setting.Context.Exposure = estate.ExposureInternet },
		TermEnvironment:  func(in *Inputs) { in.Setting.Context.Environment = estate.EnvironmentProduction },
		TermCriticality:  func(in *Inputs) { in.Setting.Context.Criticality = estate.CriticalityCritical },
		TermData:         func(in *Inputs) { in.Setting.Context.Data = estate.Data(estate.PHI) },
		TermFix:          func(in *Inputs) { in.Setting.Fix = FixAvailable },
		TermReachability: func(in *Inputs) { in.Setting.Reachability = Reachable },
		TermConfidence:   func(in *Inputs) { in.Setting.Confidence = ConfidenceConfirmed },
		TermEPSS: func(in *Inputs) {
			in.Flaw.Evidence.EPSS = &enrich.Of[enrich.EPSS]{Value: enrich.EPSS{Probability: 1}, ID: testCVE}
		},
		TermExploit: func(in *Inputs) {
			in.Flaw.Evidence.Exploit = &enrich.Of[enrich.Exploit]{Value: enrich.Exploit{Maturity: enrich.MaturityActive}, ID: testCVE}
		},
		TermKEV: func(in *Inputs) {
			in.Flaw.Evidence.KEV = &enrich.Of[enrich.KEV]{Value: enrich.KEV{Ransomware: true}, ID: testCVE}
		},
		TermLikelihood: func(in *Inputs) { yes := true; in.Flaw.SecretVerified = &yes },
	}
	rapid.Check(t, func(t *rapid.T) {
		in := anyInputs(t)
		r := Score(in, m)
		for _, term := range r.Terms {
			answer, ok := answers[term.Name]
			if !term.Unknown || !ok {
				continue
			}
			known := in
			answer(&known)
			if got := Score(known, m).Score; math.Abs(got-r.Score-term.Could) > 0.051 {
				t.Fatalf("%s could add %v to %v, but the answer gives %v", term.Name, term.Could, r.Score, got)
			}
		}
	})
}
