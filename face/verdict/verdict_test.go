package verdict

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/governance/policy"
	pack "github.com/stance-aspm/stance/pack/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

func bundle(t testing.TB) *policy.Bundle {
	b, err := policy.Load(policy.Source{Name: pack.DefaultName, Text: pack.Default()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func now() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

// shop is an application with something for every part of a rendering.
func shop() ([]gate.AssetFacts, gate.Query) {
	var findings []fact.Finding
	for i := range 7 {
		findings = append(findings, fact.Finding{
			ID: fmt.Sprintf("vuln-%d", i), Title: fmt.Sprintf("CVE-2025-100%d: remote code execution in the parser of nested messages", i),
			Kind: finding.Vulnerability, Severity: finding.SeverityCritical, Score: fact.Number(98.4 - float64(i)), EPSS: fact.Number(0.91),
			KEV: fact.Yes, FixAvailable: fact.Yes, FixVersions: []string{"2.1.7", "3.0.2"}, Component: "libparser", ComponentVersion: "2.1.0",
			PURL: "pkg:npm/libparser@2.1.0", Path: "web/package-lock.json", Line: 120 + i,
		})
	}
	findings = append(findings,
		fact.Finding{ID: "secret-1", Title: "AWS access key <AKIA…3F>", Kind: finding.Secret, Severity: finding.SeverityHigh, Score: fact.Number(99),
			Path: "deploy/prod env.sh", Line: 3, Check: "aws-access-key", Fix: "aws iam delete-access-key"},
		fact.Finding{ID: "unknown-1", Title: "CVE-2025-2000 in libother", Kind: finding.Vulnerability, Severity: finding.SeverityMedium,
			Component: "libother", ComponentVersion: "0.1", FixAvailable: fact.Yes},
		fact.Finding{ID: "waived-1", Title: "CVE-2025-3000 in libold", Kind: finding.Vulnerability, Severity: finding.SeverityHigh, KEV: fact.No,
			Waivers: []fact.Waiver{{ID: "W-12", Until: now().AddDate(0, 1, 0)}}},
		fact.Finding{ID: "closed-1", Closed: "false_positive"},
		fact.Finding{ID: "setting-1", Title: "bucket is public", Kind: finding.Misconfiguration, Severity: finding.SeverityUnknown, Resource: "aws_s3_bucket.logs"},
	)
	return []gate.AssetFacts{{Asset: fact.Asset{ID: "a1", Name: "shop-web", Kind: "repository"}, Findings: findings}}, gate.Query{
		App:   fact.App{Name: "shop", Exposure: "internet", Environment: "production"},
		Scans: []fact.Scan{{Asset: "a1", Tool: "trivy", Kind: "vulnerability", Status: fact.ScanSucceeded, At: now()}, {Asset: "a1", Tool: "semgrep", Kind: "code", Status: fact.ScanMissing}},
		Stage: policy.Build, Now: now()}
}

func blocked(t testing.TB) gate.Verdict {
	assets, q := shop()
	return gate.EvaluateQuery(bundle(t), assets, q)
}

func undecided(t testing.TB) gate.Verdict {
	return gate.EvaluateQuery(bundle(t), nil, gate.Query{Stage: policy.Deploy, Now: now()})
}

func passed(t testing.TB) gate.Verdict {
	_, q := shop()
	q.Scans = q.Scans[:1]
	return gate.EvaluateQuery(bundle(t), nil, q)
}

func render(t testing.TB, write func(io.Writer) error) string {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, v := range map[string]gate.Verdict{"blocked": blocked(t), "undecided": undecided(t), "passed": passed(t)} {
		for ext, write := range map[string]func(io.Writer) error{
			"txt":        func(w io.Writer) error { return Text(w, v, TextOptions{}) },
			"narrow.txt": func(w io.Writer) error { return Text(w, v, TextOptions{Width: 50, Colour: true}) },
			"json":       func(w io.Writer) error { return JSON(w, v) },
			"xml":        func(w io.Writer) error { return JUnit(w, v) },
			"sarif":      func(w io.Writer) error { return SARIF(w, v, "1.2.3") },
		} {
			// Digests change with every policy that the pack gains.
			got := regexp.MustCompile(`sha256:[0-9a-f]+`).ReplaceAllString(render(t, write), "sha256:…")
			path := filepath.Join("testdata", name+"."+ext)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-want +got); run with -update after reading it:\n%s", path, diff)
			}
		}
	}
}

// TestTextFits gives the text names that no one expects and holds it to the
// width and to harmless characters.
func TestTextFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(0, 400, -1), rapid.StringOf(rapid.RuneFrom([]rune("漢字a\x1b[31m\u202e\n\t /")))).Draw(t, "text")
		v := gate.Verdict{Outcome: gate.Block, App: text, Stage: policy.Build, Applied: []string{text}, UnknownScope: []string{text},
			Waived: []gate.Waived{{Rule: text, Waiver: text, Count: 1}}, Counts: gate.Counts{Closed: []gate.Tally{{Name: text, Count: 2}}},
			Reasons: []gate.Reason{{Policy: "p", Rule: text, Effect: gate.EffectBlock, Message: text, Fix: text, Count: 9, About: policy.AboutFinding,
				Missing: []string{text}, Items: []gate.Item{{ID: text, Title: text, Place: text, Asset: text, Severity: "high", Why: text, Fix: text}}}}}
		o := TextOptions{Width: rapid.IntRange(0, 130).Draw(t, "width")}
		var b bytes.Buffer
		if err := Text(&b, v, o); err != nil {
			t.Fatal(err)
		}
		limit := 100
		if o.Width > 0 {
			limit = max(40, min(o.Width, 100))
		}
		for line := range strings.Lines(b.String()) {
			line = strings.TrimSuffix(line, "\n")
			if columns(line) > limit {
				t.Fatalf("%d columns, want at most %d: %q", columns(line), limit, line)
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
				t.Fatalf("control character at %d in %q", i, line)
			}
		}
	})
}

func TestColourOnlyWhenAsked(t *testing.T) {
	v := blocked(t)
	plain := render(t, func(w io.Writer) error { return Text(w, v, TextOptions{}) })
	painted := render(t, func(w io.Writer) error { return Text(w, v, TextOptions{Colour: true}) })
	if strings.Contains(plain, "\x1b") {
		t.Error("colour without being asked")
	}
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, ""); got != plain {
		t.Errorf("colour changes the text:\n%s", cmp.Diff(plain, got))
	}
}

func TestExitCodes(t *testing.T) {
	for o, want := range map[gate.Outcome]int{gate.Pass: 0, gate.Warn: 0, gate.Block: 1, gate.Undecided: 3, "": 3} {
		if got := ExitCode(o); got != want {
			t.Errorf("%q: %d, want %d", o, got, want)
		}
	}
}

// TestJUnitReadsBack reads the XML as pipelines do and holds its sums to its
// cases and its cases to the verdict.
func TestJUnitReadsBack(t *testing.T) {
	hostile := blocked(t)
	hostile.Reasons = append([]gate.Reason(nil), hostile.Reasons...)
	hostile.Reasons[0].Message = "]]> \x00 \x1b <failure> & \"quotes\""
	hostile.Reasons[0].Fix = "]]> \x00 \x1b <failure> \xff \ufffe & \"quotes\""
	for name, v := range map[string]gate.Verdict{"blocked": blocked(t), "undecided": undecided(t), "passed": passed(t), "hostile": hostile} {
		var doc testSuites
		text := render(t, func(w io.Writer) error { return JUnit(w, v) })
		if err := xml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		tests, failures, problems := 0, 0, 0
		for _, s := range doc.Suites {
			f, e := 0, 0
			for _, c := range s.Cases {
				if c.Failure != nil {
					f++
				}
				if c.Error != nil {
					e++
				}
			}
			if s.Tests != len(s.Cases) || s.Failures != f || s.Errors != e {
				t.Errorf("%s: suite %s sums %d/%d/%d, has %d/%d/%d", name, s.Name, s.Tests, s.Failures, s.Errors, len(s.Cases), f, e)
			}
			tests, failures, problems = tests+s.Tests, failures+f, problems+e
		}
		if doc.Tests != tests || doc.Failures != failures || doc.Errors != problems {
			t.Errorf("%s: the whole sums %d/%d/%d, has %d/%d/%d", name, doc.Tests, doc.Failures, doc.Errors, tests, failures, problems)
		}
		if want := len(v.Reasons) + len(v.PassedRules); tests != want {
			t.Errorf("%s: %d cases, want %d", name, tests, want)
		}
		if blocks := failures > 0; blocks != (v.Outcome == gate.Block) {
			t.Errorf("%s: %d failures, outcome %s", name, failures, v.Outcome)
		}
	}
}

// TestSARIFKeepsTheSchema holds the log to what the SARIF 2.1.0 schema and
// the code hosts that read it insist on.
func TestSARIFKeepsTheSchema(t *testing.T) {
	assets, q := shop()
	q.List = -1
	all := gate.EvaluateQuery(bundle(t), assets, q)
	for name, v := range map[string]gate.Verdict{"all": all, "undecided": undecided(t), "passed": passed(t)} {
		var log struct {
			Schema  string `json:"$schema"`
			Version string
			Runs    []struct {
				Tool struct {
					Driver struct {
						Name  string
						Rules []struct {
							ID                   string
							ShortDescription     struct{ Text string }
							DefaultConfiguration struct{ Level string }
						}
					}
				}
				Results []struct {
					RuleID, Kind, Level string
					RuleIndex           int
					Message             struct{ Text string }
					Locations           []struct {
						PhysicalLocation *struct {
							ArtifactLocation struct{ URI string }
							Region           *struct{ StartLine int }
						}
					}
					PartialFingerprints map[string]string
					Properties          map[string]any
				}
			}
		}
		if err := json.Unmarshal([]byte(render(t, func(w io.Writer) error { return SARIF(w, v, "") })), &log); err != nil {
			t.Fatal(err)
		}
		if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 || log.Runs[0].Results == nil {
			t.Fatalf("%s: no SARIF 2.1.0 log of one run with results", name)
		}
		run, seen, want := log.Runs[0], map[string]bool{}, 0
		levels := map[string]bool{"none": true, "note": true, "warning": true, "error": true}
		for _, r := range run.Tool.Driver.Rules {
			if r.ID == "" || r.ShortDescription.Text == "" || !levels[r.DefaultConfiguration.Level] || seen[r.ID] {
				t.Errorf("%s: rule %+v", name, r)
			}
			seen[r.ID] = true
		}
		for _, r := range run.Results {
			if r.RuleIndex < 0 || r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
				t.Errorf("%s: result of %q points at rule %d", name, r.RuleID, r.RuleIndex)
			}
			if !levels[r.Level] || (r.Kind != "fail" && r.Level != "none") || r.Message.Text == "" || r.PartialFingerprints[FingerprintName] == "" {
				t.Errorf("%s: result %+v", name, r)
			}
			for _, l := range r.Locations {
				if p := l.PhysicalLocation; p != nil && (p.ArtifactLocation.URI == "" || strings.ContainsAny(p.ArtifactLocation.URI, " <>\\") || (p.Region != nil && p.Region.StartLine < 1)) {
					t.Errorf("%s: location %+v", name, p)
				}
			}
		}
		for _, r := range v.Reasons {
			want += max(1, behind(r))
		}
		if len(run.Results) != want {
			t.Errorf("%s: %d results, want %d", name, len(run.Results), want)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteErrorsAreTold(t *testing.T) {
	v := blocked(t)
	for name, err := range map[string]error{"text": Text(brokenPipe{}, v, TextOptions{}), "json": JSON(brokenPipe{}, v),
		"junit": JUnit(brokenPipe{}, v), "sarif": SARIF(brokenPipe{}, v, "")} {
		if err == nil || !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
