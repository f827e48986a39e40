package verdict

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stance-aspm/stance/governance/gate"
)

// The elements of JUnit XML that the common readers (Jenkins, GitLab, Azure)
// agree on.
type testSuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Suites   []testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr"`
	Properties []property `xml:"properties>property,omitempty"`
	Cases      []testCase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *trouble `xml:"failure,omitempty"`
	Error   *trouble `xml:"error,omitempty"`
	Output  *output  `xml:"system-out,omitempty"`
}

type trouble struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

type output struct {
	Text string `xml:",cdata"`
}

// JUnit writes a verdict as a test report: a suite for each policy, a test
// for each rule. A rule that blocks is a failure, one that can't be decided
// an error; warnings and notes pass and stand in the test's output.
func JUnit(w io.Writer, v gate.Verdict) error {
	all := testSuites{Name: "stance gate " + string(v.Stage)}
	suites := map[string]*testSuite{}
	var order []string
	suite := func(policy string) *testSuite {
		s := suites[policy]
		if s == nil {
			s = &testSuite{Name: policy, Time: "0", Timestamp: v.EvaluatedAt.UTC().Format(time.RFC3339), Properties: []property{
				{"app", v.App}, {"outcome", string(v.Outcome)}, {"bundle_digest", v.BundleDigest}, {"facts_digest", v.FactsDigest}}}
			suites[policy], order = s, append(order, policy)
		}
		return s
	}
	for _, name := range v.Applied {
		suite(name)
	}
	for _, r := range v.Reasons {
		suite(r.Policy).add(r)
	}
	for _, id := range v.PassedRules {
		policy, rule, _ := strings.Cut(id, "/")
		s := suite(policy)
		s.Cases = append(s.Cases, testCase{Class: "stance." + policy, Name: rule, Time: "0"})
	}
	for _, name := range order {
		s := suites[name]
		if s.Tests = len(s.Cases); s.Tests == 0 {
			continue // in scope, with no rule for this stage
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, *s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write the verdict as JUnit XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write the verdict as JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *testSuite) add(r gate.Reason) {
	c := testCase{Class: "stance." + r.Policy, Name: r.Rule, Time: "0"}
	switch r.Effect {
	case gate.EffectBlock:
		s.Failures++
		c.Failure = &trouble{Message: clean(r.Message), Type: string(r.Effect), Text: clean(plainReason(r))}
	case gate.EffectUndecided:
		s.Errors++
		c.Error = &trouble{Message: clean(r.Message), Type: string(r.Effect), Text: clean(plainReason(r))}
	default:
		c.Output = &output{clean(string(r.Effect) + ": " + r.Message + "\n" + plainReason(r))}
	}
	s.Cases = append(s.Cases, c)
}

// plainReason lists what is behind a reason, without layout.
func plainReason(r gate.Reason) string {
	var b strings.Builder
	if extent := extentOf(r); extent != "" {
		fmt.Fprintf(&b, "%s\n", extent)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, "not known: %s\n", strings.Join(r.Missing, ", "))
	}
	for _, it := range r.Items {
		fmt.Fprintf(&b, "- %s", cmp.Or(it.Title, it.ID))
		if it.Severity != "" {
			fmt.Fprintf(&b, " [%s", it.Severity)
			if it.Score.Known {
				fmt.Fprintf(&b, ", score %.0f", it.Score.Value)
			}
			b.WriteString("]")
		}
		if it.Place != "" {
			fmt.Fprintf(&b, " in %s", it.Place)
		}
		if it.Why != "" {
			fmt.Fprintf(&b, ": %s", it.Why)
		}
		b.WriteString("\n")
	}
	if more := behind(r) - len(r.Items); more > 0 && len(r.Items) > 0 {
		fmt.Fprintf(&b, "… %d more\n", more)
	}
	if r.Fix != "" {
		fmt.Fprintf(&b, "fix: %s\n", r.Fix)
	}
	return b.String()
}
