package risk

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

var update = flag.Bool("update", false, "rewrite testdata/cases.golden")

const (
	vectorCritical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" // 9.8
	vectorMedium   = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N" // 6.1
	vectorLocal    = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H" // 7.8
	testCVE        = advisory.ID("CVE-2024-0001")
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func allFeeds() enrich.Feeds {
	f := enrich.Feeds{}
	for _, feed := range enrich.AllFeeds() {
		f[feed] = enrich.Status{Feed: feed, Rows: 1, AsOf: day("2026-08-16")}
	}
	return f
}

// vulnerability makes a flaw in a component with all feeds on hand.
func vulnerability(vector string, epss float64, more ...func(*Flaw)) Flaw {
	f := Flaw{
		Kind: finding.Vulnerability, HasAdvisory: true,
		CVSS:     []enrich.Of[finding.CVSS]{{Value: finding.CVSS{Vector: vector, Source: "nvd"}, ID: testCVE}},
		Evidence: enrich.Evidence{Feeds: allFeeds(), EPSS: &enrich.Of[enrich.EPSS]{Value: enrich.EPSS{Probability: epss}, ID: testCVE}},
	}
	for _, m := range more {
		m(&f)
	}
	return f
}

func kev(f *Flaw) {
	f.Evidence.KEV = &enrich.Of[enrich.KEV]{Value: enrich.KEV{DateAdded: day("2024-02-01")}, ID: testCVE}
}

func exploit(m enrich.Maturity) func(*Flaw) {
	return func(f *Flaw) {
		f.Evidence.Exploit = &enrich.Of[enrich.Exploit]{Value: enrich.Exploit{Maturity: m, Sources: []string{"metasploit"}}, ID: testCVE}
	}
}

func where(c estate.Criticality, d estate.DataClasses, e estate.Exposure, env estate.Environment) estate.Context {
	return estate.Context{Criticality: c, Data: d, Exposure: e, Environment: env}
}

var (
	shop     = where(estate.CriticalityCritical, estate.Data(estate.PCI, estate.PII), estate.ExposureInternet, estate.EnvironmentProduction)
	internal = where(estate.CriticalityMedium, estate.Data(estate.PII), estate.ExposureInternal, estate.EnvironmentProduction)
	sandbox  = where(estate.CriticalityLow, estate.Data(estate.Public), estate.ExposureInternal, estate.EnvironmentSandbox)
)

type workedCase struct {
	name string
	in   Inputs
}

// workedCases are findings as they come up; the golden file holds the whole
// explanation of each, so that a change of the model is seen for what it does.
func workedCases() []workedCase {
	yes, no := true, false
	code := func(s finding.Severity) Flaw { return Flaw{Kind: finding.Code, Severity: s} }
	return []workedCase{
		{"critical, exploited, in the shop", Inputs{vulnerability(vectorCritical, 0.94, kev, exploit(enrich.MaturityWeaponised)), Setting{Context: shop, Fix: FixAvailable}}},
		{"critical, exploited, context unknown", Inputs{vulnerability(vectorCritical, 0.94, kev), Setting{}}},
		{"critical, exploited, in a sandbox", Inputs{vulnerability(vectorCritical, 0.94, kev), Setting{Context: sandbox}}},
		{"medium, exploited, in a sandbox: the floor", Inputs{vulnerability(vectorMedium, 0.2, kev), Setting{Context: sandbox}}},
		{"medium, exploited, but claimed not affected", Inputs{vulnerability(vectorMedium, 0.2, kev), Setting{Context: sandbox, Claim: finding.ClaimNotAffected}}},
		{"critical, tiny EPSS, in the shop", Inputs{vulnerability(vectorCritical, 0.0006), Setting{Context: shop}}},
		{"critical, tiny EPSS, internal", Inputs{vulnerability(vectorCritical, 0.0006), Setting{Context: internal}}},
		{"critical, tiny EPSS, in a sandbox", Inputs{vulnerability(vectorCritical, 0.0006), Setting{Context: sandbox}}},
		{"medium, EPSS 60 %, in the shop", Inputs{vulnerability(vectorMedium, 0.6), Setting{Context: shop}}},
		{"local flaw in the shop", Inputs{vulnerability(vectorLocal, 0.0006), Setting{Context: shop}}},
		{"critical, unreachable, in the shop", Inputs{vulnerability(vectorCritical, 0.05), Setting{Context: shop, Reachability: Unreachable}}},
		{"GHSA only, no feeds, nothing known", Inputs{Flaw{Kind: finding.Vulnerability, Severity: finding.SeverityHigh}, Setting{}}},
		{"wrong vector, score given", Inputs{Flaw{Kind: finding.Vulnerability, CVSS: []enrich.Of[finding.CVSS]{{Value: finding.CVSS{Vector: "AV:N/what", Score: 7.5}}}}, Setting{}}},
		{"SQL injection in code, shop, two tools", Inputs{code(finding.SeverityHigh), Setting{Confidence: ConfidenceHigh, Context: shop, Tools: 2}}},
		{"SQL injection in code, unsure", Inputs{code(finding.SeverityHigh), Setting{Confidence: ConfidenceLow}}},
		{"secret that works, in the shop", Inputs{Flaw{Kind: finding.Secret, Severity: finding.SeverityCritical, SecretVerified: &yes}, Setting{Context: shop}}},
		{"secret nobody tried", Inputs{Flaw{Kind: finding.Secret, Severity: finding.SeverityHigh}, Setting{}}},
		{"secret that no longer works", Inputs{Flaw{Kind: finding.Secret, Severity: finding.SeverityHigh, SecretVerified: &no}, Setting{}}},
		{"open security group, production", Inputs{Flaw{Kind: finding.Misconfiguration, Severity: finding.SeverityHigh}, Setting{Context: shop}}},
		{"XSS seen from outside", Inputs{Flaw{Kind: finding.Dynamic, Severity: finding.SeverityMedium}, Setting{Confidence: ConfidenceMedium, Context: where(estate.CriticalityHigh, 0, estate.ExposureInternet, estate.EnvironmentStaging)}}},
		{"licence question", Inputs{Flaw{Kind: finding.Licence, Severity: finding.SeverityHigh}, Setting{Context: shop}}},
		{"code smell", Inputs{Flaw{Kind: finding.Quality, Severity: finding.SeverityLow}, Setting{Context: shop}}},
		{"severity unknown", Inputs{Flaw{Kind: finding.Code}, Setting{}}},
		{"malicious package", Inputs{Flaw{Kind: finding.Vulnerability, Severity: finding.SeverityCritical, Evidence: enrich.Evidence{Feeds: allFeeds()}.WithReported("MAL-2024-1", nil, false)}, Setting{}}},
	}
}

func TestWorkedCases(t *testing.T) {
	var out strings.Builder
	for _, c := range workedCases() {
		r := Score(c.in, V1())
		fmt.Fprintf(&out, "%s\n%6.1f  %s (at most %.1f)\n", c.name, r.Score, r.Priority, r.Ceiling)
		for _, term := range r.Terms {
			fmt.Fprintf(&out, "%+8.1f  %-13s", term.Points, term.Name)
			if term.Factor != 0 {
				fmt.Fprintf(&out, " ×%.2f", term.Factor)
			}
			fmt.Fprintf(&out, "  %s [%s]", term.Input, term.Source)
			if term.Unknown {
				fmt.Fprintf(&out, " unknown, could add %.1f", term.Could)
			}
			out.WriteByte('\n')
		}
		out.WriteByte('\n')
	}
	path := filepath.Join("testdata", "cases.golden")
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("the explanations changed; a change of the model needs a new version (-update rewrites the file):\n%s", diff)
	}
}

// The orderings that the product promises, independent of exact figures.
func TestOrderings(t *testing.T) {
	scores := map[string]float64{}
	for _, c := range workedCases() {
		scores[c.name] = Score(c.in, V1()).Score
	}
	falling := [][]string{
		{"critical, exploited, in the shop", "critical, exploited, context unknown", "critical, exploited, in a sandbox", "critical, tiny EPSS, in a sandbox"},
		{"critical, tiny EPSS, in the shop", "critical, tiny EPSS, internal", "critical, tiny EPSS, in a sandbox"},
		{"medium, EPSS 60 %, in the shop", "critical, tiny EPSS, internal"},
		{"critical, tiny EPSS, in the shop", "local flaw in the shop"},
		{"critical, tiny EPSS, in the shop", "critical, unreachable, in the shop"},
		{"SQL injection in code, shop, two tools", "SQL injection in code, unsure"},
		{"secret that works, in the shop", "secret nobody tried", "secret that no longer works"},
		{"licence question", "code smell"},
		{"medium, exploited, in a sandbox: the floor", "medium, exploited, but claimed not affected"},
	}
	for _, list := range falling {
		for i := 1; i < len(list); i++ {
			if a, b := scores[list[i-1]], scores[list[i]]; a <= b {
				t.Errorf("%q has %.1f, no more than %q with %.1f", list[i-1], a, list[i], b)
			}
		}
	}
	for name, atLeast := range map[string]float64{"critical, exploited, in the shop": 99, "medium, exploited, in a sandbox: the floor": 50, "malicious package": 75} {
		if scores[name] < atLeast {
			t.Errorf("%q has only %.1f", name, scores[name])
		}
	}
	for name, atMost := range map[string]float64{"critical, tiny EPSS, in a sandbox": 15, "medium, exploited, but claimed not affected": 10, "code smell": 25} {
		if scores[name] > atMost {
			t.Errorf("%q has %.1f", name, scores[name])
		}
	}
}

func TestSeverity(t *testing.T) {
	type rated = enrich.Of[finding.CVSS]
	vec := func(v string) rated { return rated{Value: finding.CVSS{Vector: v}} }
	for _, tt := range []struct {
		why     string
		ratings []rated
		grade   finding.Severity
		want    float64
		known   bool
		local   bool
		says    string
	}{
		{"nothing", nil, 0, 5, false, false, "unknown"},
		{"v3.1", []rated{vec(vectorCritical)}, 0, 9.8, true, false, "v3.1"},
		{"v3.0", []rated{vec("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")}, 0, 9.8, true, false, "v3.0"},
		{"v3 without prefix", []rated{vec("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")}, 0, 9.8, true, false, "v3.1"},
		{"v4", []rated{vec("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")}, 0, 9.3, true, false, "v4.0"},
		{"v4 threat metric left out", []rated{vec("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U")}, 0, 9.3, true, false, "v4.0"},
		{"v3 temporal metrics left out", []rated{vec(vectorCritical + "/E:U/RL:O/RC:U")}, 0, 9.8, true, false, "v3.1"},
		{"v2 in brackets", []rated{vec("(AV:N/AC:L/Au:N/C:P/I:P/A:P)")}, 0, 7.5, true, false, "v2.0"},
		{"v2 as Fortify and Nessus write it", []rated{vec("CVSS2#AV:L/AC:L/Au:N/C:C/I:C/A:C")}, 0, 7.2, true, true, "v2.0"},
		{"v2 does not outrank v3", []rated{vec("AV:N/AC:L/Au:N/C:C/I:C/A:C"), vec(vectorMedium)}, 0, 6.1, true, false, "v3.1"},
		{"the highest of several", []rated{vec(vectorMedium), vec(vectorCritical)}, 0, 9.8, true, false, "9.8"},
		{"only numbers", []rated{{Value: finding.CVSS{Score: 6.55, Source: "acme"}}}, 0, 6.6, true, false, "6.6"},
		{"wrong vector, number saves", []rated{{Value: finding.CVSS{Vector: "CVSS:3.1/AV:X", Score: 7.5}}}, 0, 7.5, true, false, "wrong CVSS vector"},
		{"wrong vector only", []rated{vec("CVSS:9.9/nonsense")}, 0, 5, false, false, "wrong CVSS vector"},
		{"absurd number", []rated{{Value: finding.CVSS{Score: 42}}}, finding.SeverityLow, 2, true, false, "outside 0 to 10"},
		{"not a number", []rated{{Value: finding.CVSS{Score: math.NaN()}}}, 0, 5, false, false, "outside 0 to 10"},
		{"grade only", nil, finding.SeverityCritical, 9.5, true, false, "critical"},
		{"info is little, not nothing", nil, finding.SeverityInfo, 0.45, true, false, "info"},
		{"grade agrees", []rated{vec(vectorCritical)}, finding.SeverityCritical, 9.8, true, false, "graded critical"},
		{"the distribution says low", []rated{vec(vectorCritical)}, finding.SeverityLow, 6.85, true, false, "graded low"},
		{"local", []rated{vec(vectorLocal)}, 0, 7.8, true, true, "7.8"},
		{"local and remote", []rated{vec(vectorLocal), vec(vectorMedium)}, 0, 7.8, true, false, "7.8"},
	} {
		s := rate(tt.ratings, tt.grade, 5)
		if math.Abs(s.value-tt.want) > 1e-9 || s.known != tt.known || s.local != tt.local || !strings.Contains(s.input, tt.says) {
			t.Errorf("%s: got %+v; want %v, known %v, local %v, saying %q", tt.why, s, tt.want, tt.known, tt.local, tt.says)
		}
	}
}

func TestConfidenceOfWord(t *testing.T) {
	for in, want := range map[string]Confidence{
		"HIGH": ConfidenceHigh, "Certain": ConfidenceConfirmed, "firm": ConfidenceHigh, "Tentative": ConfidenceLow, "MEDIUM": ConfidenceMedium,
		"85": ConfidenceHigh, "50%": ConfidenceMedium, "10": ConfidenceLow, "0": ConfidenceUnknown, "101": ConfidenceUnknown, "99999999999999999999": ConfidenceUnknown,
		"": ConfidenceUnknown, "-5": ConfidenceUnknown, "maybe": ConfidenceUnknown,
	} {
		if got := ConfidenceOfWord(in); got != want {
			t.Errorf("ConfidenceOfWord(%q) = %v; want %v", in, got, want)
		}
	}
}

func TestPriorities(t *testing.T) {
	m := V1()
	for score, want := range map[float64]Priority{0: Watch, 24.9: Watch, 25: Planned, 49.9: Planned, 50: Soon, 79.9: Soon, 80: Now, 100: Now} {
		if got := m.PriorityOf(score); got != want {
			t.Errorf("%.1f is %v; want %v", score, got, want)
		}
	}
}

func TestEPSSCurve(t *testing.T) {
	m := V1()
	for p, want := range map[float64]float64{-1: 0, 0: 0, 1: 1, 2: 1} {
		if got := m.epss(p); math.Abs(got-want) > 1e-12 {
			t.Errorf("epss(%v) = %v; want %v", p, got, want)
		}
	}
	low, mid, high := m.epss(0.02)-m.epss(0.002), m.epss(0.2)-m.epss(0.02), m.epss(0.9)-m.epss(0.09)
	if math.Abs(mid-high) > 0.03 || low > mid {
		t.Errorf("tenfold steps add %.3f, %.3f, %.3f: not alike above the knee", low, mid, high)
	}
}

func TestValidate(t *testing.T) {
	m := V1()
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Model){
		"no version":     func(m *Model) { m.Version = "" },
		"cap of 1":       func(m *Model) { m.Cap = 1 },
		"chance above 1": func(m *Model) { m.KEV = 1.2 },
		"not a number":   func(m *Model) { m.Latent = math.NaN() },
		"knee of 0":      func(m *Model) { m.EPSSKnee = 0 },
		"falling order":  func(m *Model) { m.Criticality[estate.CriticalityHigh] = 9 },
		"local over remote": func(m *Model) {
			m.ExposureLocal[estate.ExposureInternet] = 2
		},
		"huge factor":          func(m *Model) { m.Tools[2] = 1000 },
		"negative data factor": func(m *Model) { m.Data[estate.PCI] = -1 },
		"priorities crossed":   func(m *Model) { m.Soon = 90 },
		"floor above 100":      func(m *Model) { m.KEVFloor = 101 },
		"severity 11":          func(m *Model) { m.SeverityUnknown = 11 },
	} {
		m := V1()
		spoil(&m)
		if m.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A Base may serve many findings at once and must not be changed by scoring.
func TestBaseIsReusable(t *testing.T) {
	m := V1()
	flaw := vulnerability(vectorCritical, 0.1)
	b := Prepare(flaw, &m)
	first := b.Score(Setting{Context: shop})
	b.Score(Setting{Claim: finding.ClaimFixed})
	if diff := cmp.Diff(first, b.Score(Setting{Context: shop})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, Score(Inputs{flaw, Setting{Context: shop}}, m)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkScore(b *testing.B) {
	m := V1()
	base := Prepare(vulnerability(vectorCritical, 0.94, kev, exploit(enrich.MaturityWeaponised)), &m)
	bare := Prepare(Flaw{Kind: finding.Vulnerability, Severity: finding.SeverityHigh}, &m)
	b.Run("all known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			base.Score(Setting{Context: shop, Fix: FixAvailable, Reachability: Reachable})
		}
	})
	b.Run("all unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare.Score(Setting{})
		}
	})
	b.Run("value", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			base.Value(Setting{Context: shop, Fix: FixAvailable, Reachability: Reachable})
		}
	})
	b.Run("prepare", func(b *testing.B) {
		b.ReportAllocs()
		f := vulnerability(vectorCritical, 0.94, kev, exploit(enrich.MaturityWeaponised))
		for b.Loop() {
			Prepare(f, &m)
		}
	})
}

// The worked examples in the documentation are those of the golden file.
func TestDocumentationIsCurrent(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "risk.md"))
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile(filepath.Join("testdata", "cases.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"critical, tiny EPSS, in the shop", "critical, exploited, context unknown"} {
		for block := range strings.SplitSeq(string(golden), "\n\n") {
			if strings.HasPrefix(block, name+"\n") && !strings.Contains(string(doc), block) {
				t.Errorf("docs/risk.md does not hold the current explanation of %q", name)
			}
		}
	}
	if v := V1().Version; !strings.Contains(string(doc), v) {
		t.Errorf("docs/risk.md does not speak of model %s", v)
	}
}
