package gate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

func load(t testing.TB, texts ...string) *policy.Bundle {
	t.Helper()
	var sources []policy.Source
	for i, text := range texts {
		sources = append(sources, policy.Source{Name: fmt.Sprintf("p%d.yaml", i), Text: []byte(text)})
	}
	b, err := policy.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// advisory is a known vulnerability of the made-up world.
type advisory struct {
	id                string
	cvss, epss, score float64
	kev, fix          bool
	cwe               int
}

// world makes n findings the way large applications have them: most are
// vulnerabilities of a few thousand advisories, each with its own EPSS and
// score, spread over assets; some are code, secrets and misconfigurations.
func world(n, advisories, assets int, seed uint64) []AssetFacts {
	r := rand.New(rand.NewPCG(seed, 1))
	known := make([]advisory, advisories)
	for i := range known {
		a := &known[i]
		a.id = fmt.Sprintf("CVE-%d-%05d", 2015+r.IntN(11), i)
		a.cvss = float64(10+r.IntN(90)) / 10
		a.epss = r.Float64() * r.Float64() * r.Float64()
		a.score = a.cvss*7 + a.epss*30
		a.kev, a.fix, a.cwe = r.IntN(60) == 0, r.IntN(3) > 0, 20+r.IntN(200)
	}
	ecosystems := []string{"npm", "maven", "pypi", "golang", "deb", "apk"}
	out := make([]AssetFacts, assets)
	for i := range out {
		out[i].Asset = fact.Asset{ID: fmt.Sprintf("asset-%03d", i), Name: fmt.Sprintf("service-%d", i),
			Kind: fact.Word([]string{"repository", "image"}[i%2]), Exposure: fact.Word([]string{"internet", "internal", ""}[i%3])}
	}
	for i := range n {
		f := fact.Finding{ID: fmt.Sprintf("f-%06d", i), FirstSeen: noon().Add(-time.Duration(r.IntN(400*24)) * time.Hour),
			New: fact.FlagOf(r.IntN(50) == 0), Tools: []string{[]string{"trivy", "grype", "osv-scanner"}[r.IntN(3)]}}
		switch r.IntN(10) {
		case 0:
			f.Kind, f.Severity, f.Score = finding.Code, finding.Severity(1+r.IntN(5)), fact.Number(float64(r.IntN(100)))
			f.Check, f.Path, f.Line = fmt.Sprintf("B%d", 100+r.IntN(300)), fmt.Sprintf("src/pkg%d/file%d.py", r.IntN(40), r.IntN(30)), r.IntN(900)
			f.CWEs, f.Title = []int{20 + r.IntN(200)}, "weakness in code"
		case 1:
			f.Kind, f.Severity, f.Score = finding.Misconfiguration, finding.Severity(1+r.IntN(5)), fact.Number(float64(r.IntN(80)))
			f.Check, f.Resource, f.Title = fmt.Sprintf("CKV_%d", r.IntN(200)), fmt.Sprintf("aws_s3_bucket.b%d", r.IntN(500)), "open setting"
		default:
			a := known[r.IntN(len(known))]
			f.Kind, f.Severity = finding.Vulnerability, finding.SeverityOfCVSS(a.cvss)
			f.CVSS, f.EPSS, f.Score = fact.Number(a.cvss), fact.Number(a.epss), fact.Number(a.score)
			f.KEV, f.FixAvailable, f.CWEs, f.Advisories = fact.FlagOf(a.kev), fact.FlagOf(a.fix), []int{a.cwe}, []string{a.id}
			f.Component, f.Ecosystem = fmt.Sprintf("lib%d", r.IntN(800)), ecosystems[r.IntN(6)]
			f.ComponentVersion, f.Direct, f.Title = "1.2.3", fact.Flag(r.IntN(3)), a.id+" in a component"
			if r.IntN(20) == 0 {
				f.EPSS = fact.Num{}
			}
		}
		if r.IntN(40) == 0 {
			f.Closed = "false_positive"
		}
		if r.IntN(300) == 0 {
			f.Waivers = []fact.Waiver{{ID: fmt.Sprintf("w-%d", i), Until: noon().Add(time.Duration(r.IntN(20)-5) * 24 * time.Hour)}}
		}
		to := &out[r.IntN(assets)]
		to.Findings = append(to.Findings, f)
	}
	return out
}

// rulebook makes a policy of n different rules of the shapes that people
// write.
func rulebook(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 2))
	shapes := []func() string{
		func() string { return "finding.kev && finding.fix_available" },
		func() string {
			return fmt.Sprintf("finding.severity >= %s && finding.epss > %.2f", sev(r), float64(r.IntN(100))/100)
		},
		func() string {
			return fmt.Sprintf("finding.score >= %d && app.exposure == %q && finding.age_days > %d", 40+r.IntN(60), []string{"internet", "internal"}[r.IntN(2)], r.IntN(300))
		},
		func() string {
			return fmt.Sprintf("finding.kind == \"code\" && %d in finding.cwes && finding.is_new", 20+r.IntN(200))
		},
		func() string {
			return fmt.Sprintf("finding.ecosystem == %q && finding.severity >= %s && finding.direct", []string{"npm", "maven", "pypi"}[r.IntN(3)], sev(r))
		},
		func() string {
			return fmt.Sprintf("finding.kind == \"misconfiguration\" && finding.check == \"CKV_%d\"", r.IntN(200))
		},
		func() string {
			return fmt.Sprintf("finding.component == \"lib%d\" && asset.kind == \"image\"", r.IntN(800))
		},
		func() string {
			return fmt.Sprintf("finding.severity >= %s && (finding.kev || finding.epss > 0.%d) && !(finding.path.startsWith(\"src/pkg%d/\"))", sev(r), 1+r.IntN(9), r.IntN(40))
		},
		func() string {
			return fmt.Sprintf("finding.cvss >= %d.%d && finding.fix_available && asset.exposure == \"internet\"", 4+r.IntN(5), r.IntN(10))
		},
		func() string {
			return fmt.Sprintf("finding.advisories.exists(a, a == \"CVE-%d-%05d\")", 2015+r.IntN(11), r.IntN(5000))
		},
	}
	var b strings.Builder
	b.WriteString("policy: large\nversion: 1\nstages: [build]\nrules:\n")
	for i := range n {
		action := []string{"block", "warn", "warn", "notify"}[r.IntN(4)]
		fmt.Fprintf(&b, "  - name: rule-%d\n    when: '%s'\n    action: %s\n    max: %d\n    on_unknown: %s\n    message: \"{{count}} of it, worst {{finding.title}}\"\n",
			i, shapes[i%len(shapes)](), action, r.IntN(3), []string{"warn", "block", "ignore", "undecided"}[r.IntN(4)])
	}
	return b.String()
}

func sev(r *rand.Rand) string { return []string{"MEDIUM", "HIGH", "CRITICAL"}[r.IntN(3)] }
