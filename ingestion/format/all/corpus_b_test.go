package all_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// manifestB is what this test reads of the corpus' manifest.
type manifestB struct {
	Reports []reportB `json:"reports"`
}

type reportB struct {
	Tool          string         `json:"tool"`
	File          string         `json:"file"`
	Format        string         `json:"format"`
	RawRecords    *int           `json:"raw_records"`
	MustReject    bool           `json:"must_reject"`
	Severities    map[string]int `json:"severities"`
	Expected      *int           `json:"expected_findings"`
	FirstFindings []firstB       `json:"first_findings"`
}

// firstB holds facts of one finding as the reference reader sees it.
type firstB struct {
	Index            int          `json:"index"`
	Severity         string       `json:"severity"`
	CWE              jsondoc.Int  `json:"cwe"`
	VulnerabilityIDs []string     `json:"vulnerability_ids"`
	ComponentName    string       `json:"component_name"`
	ComponentVersion string       `json:"component_version"`
	FilePath         string       `json:"file_path"`
	Line             jsondoc.Text `json:"line"`
	FixAvailable     *bool        `json:"fix_available"`
	CVSSv3           string       `json:"cvssv3"`
}

// toolsB are the corpus' names of the tools this test covers and the format
// that reads each.
func toolsB() map[string]string {
	return map[string]string{
		"dependency_check": "dependencycheck",
		"anchore_grype":    "grype",
		"npm_audit":        "npmaudit",
		"npm_audit_7_plus": "npmaudit",
		"semgrep":          "semgrep",
		"snyk":             "snyk",
		"trivy":            "trivy",
	}
}

// recordsB are the counts that differ from the manifest's raw_records, or
// that it does not give, each with the reason.
func recordsB() map[string]int {
	return map[string]int{
		// Two more that a policy ignores (filtered.ignore): records with a claim.
		"reports/snyk/sample-scan-files/jenkins_snyk.json": 79,
		// Counted by hand: a cluster report has no count in the manifest.
		"reports/trivy/kubernetes.json": 20,
	}
}

func sharedFolder(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("STANCE_SHARED"), "../../../../shared"} {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "corpus", "manifest.json")); err == nil {
			return dir
		}
	}
	t.Skip("no corpus of real reports: set STANCE_SHARED to the folder that holds corpus/manifest.json")
	return ""
}

func readManifestB(t *testing.T, dir string) []reportB {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifestB
	if err := jsondoc.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m.Reports
}

func TestCorpusB(t *testing.T) {
	dir := filepath.Join(sharedFolder(t), "corpus")
	for _, r := range readManifestB(t, dir) {
		want, ours := toolsB()[r.Tool]
		if !ours || r.Format == "sarif" {
			continue
		}
		t.Run(strings.TrimPrefix(r.File, "reports/"), func(t *testing.T) { r.check(t, dir, want) })
	}
}

func (r *reportB) check(t *testing.T, dir, want string) {
	b, err := os.ReadFile(filepath.Join(dir, r.File))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput(filepath.Base(r.File), b)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := format.Choose(all.Formats(), in, "")
	if r.MustReject && err != nil {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	doc := format.Collect(t.Context(), chosen.Format, in)
	if r.MustReject {
		if doc.Err == nil {
			t.Error("a document that is no report was accepted")
		}
		return
	}
	if strings.TrimSpace(string(b)) == "null" { // says nothing of its tool: the person importing must
		if chosen, err = format.Choose(all.Formats(), in, want); err != nil {
			t.Fatal(err)
		}
		doc = format.Collect(t.Context(), chosen.Format, in)
	}
	if chosen.Format.Name != want {
		t.Fatalf("chosen format = %q, want %q", chosen.Format.Name, want)
	}
	if doc.Err != nil {
		t.Errorf("decode: %v", doc.Err)
	}
	for _, f := range doc.Faults {
		t.Errorf("fault at %s: %s", f.Position.Pointer, f.Reason)
	}
	records, given := recordsB()[r.File]
	if !given && r.RawRecords != nil {
		records, given = *r.RawRecords, true
	}
	if given && doc.Records() != records {
		t.Errorf("records = %d, want %d", doc.Records(), records)
	}
	r.checkSeverities(t, doc)
	r.checkFirst(t, doc)
}

// checkSeverities compares the grades where reading every record and the
// reference's reading come to the same number. Its Info includes what a tool
// left ungraded.
func (r *reportB) checkSeverities(t *testing.T, doc *format.Document) {
	if r.Expected == nil || *r.Expected != len(doc.Observations) || len(r.Severities) == 0 {
		return
	}
	got := map[string]int{}
	for _, o := range doc.Observations {
		name := o.Severity.String()
		if o.Severity <= finding.SeverityInfo {
			name = "info"
		}
		got[name]++
	}
	for _, name := range []string{"critical", "high", "medium", "low", "info"} {
		want := r.Severities[strings.ToUpper(name[:1])+name[1:]]
		if got[name] != want {
			t.Errorf("severity %s: %d, want %d", name, got[name], want)
		}
	}
}

// checkFirst looks for a record that holds the facts of each first finding:
// the reference's order is not the document's, and where a record gives
// several observations the facts may be spread over them.
func (r *reportB) checkFirst(t *testing.T, doc *format.Document) {
	for _, f := range r.FirstFindings {
		lacks := map[int][]string{}
		for _, o := range doc.Observations {
			miss := f.misses(o)
			if before, seen := lacks[o.Position.Record]; seen {
				miss = slices.DeleteFunc(miss, func(m string) bool { return !slices.Contains(before, m) })
			}
			lacks[o.Position.Record] = miss
		}
		best := []string{"a record"}
		for _, miss := range lacks {
			if len(miss) < len(best) || best[0] == "a record" {
				best = miss
			}
			if len(best) == 0 {
				break
			}
		}
		if len(best) > 0 {
			t.Errorf("first finding %d: no record has all its facts; the nearest lacks %v", f.Index, best)
		}
	}
}

// misses names the facts that an observation does not have.
func (f *firstB) misses(o *finding.Observation) []string {
	var miss []string
	want := func(ok bool, fact string, value any) {
		if !ok {
			miss = append(miss, fmt.Sprintf("%s %v", fact, value))
		}
	}
	info := f.Severity == "Info" && o.Severity == finding.SeverityUnknown
	// The reference grades Snyk's issues by CVSS score; Snyk's own word for
	// distribution packages is often milder, and stays.
	scored := strings.HasPrefix(o.Check.ID, "SNYK-") && len(o.CVSS) > 0 && strings.EqualFold(f.Severity, finding.SeverityOfCVSS(o.CVSS[0].Score).String())
	want(f.Severity == "" || info || scored || strings.EqualFold(f.Severity, o.Severity.String()), "severity", f.Severity)
	// 1035 and 937 are OWASP categories that the reference puts on every
	// component finding; no report has them.
	want(f.CWE == 0 || f.CWE == 1035 || f.CWE == 937 || slices.Contains(o.CWEs, int(f.CWE)), "CWE", f.CWE)
	for _, id := range f.VulnerabilityIDs {
		known := slices.Concat(o.Advisories, o.Tags, []string{o.Check.ID})
		want(slices.Contains(known, id), "id", id)
	}
	if c := o.Component; c != nil {
		want(f.ComponentName == "" || f.ComponentName == c.Name || f.ComponentName == c.Group+":"+c.Name, "component", f.ComponentName)
		want(f.ComponentVersion == "" || f.ComponentVersion == strings.ReplaceAll(c.Version, "\x00", ""), "version", f.ComponentVersion)
	} else {
		want(f.ComponentName == "", "component", f.ComponentName)
	}
	path, _, _ := strings.Cut(f.FilePath, " (debian") // an image's distribution is no part of its name
	want(path == "" || slices.Contains(places(o), path), "path", path)
	want(f.Line == "" || string(f.Line) == fmt.Sprint(o.Location.StartLine), "line", f.Line)
	want(f.FixAvailable == nil || *f.FixAvailable == (len(o.FixVersions) > 0), "fix", f.FixAvailable)
	want(f.CVSSv3 == "" || slices.ContainsFunc(o.CVSS, func(c finding.CVSS) bool { return c.Vector == f.CVSSv3 }), "CVSS", f.CVSSv3)
	return miss
}

// places are the ways in which the reference writes where a finding is: its
// file_path is also a resource, an image or a dependency path.
func places(o *finding.Observation) []string {
	l := o.Location
	all := []string{l.Path, l.Path[strings.LastIndexByte(l.Path, '/')+1:], l.Resource, l.Image}
	if kind, rest, ok := strings.Cut(l.Resource, "/"); ok {
		all = append(all, kind+"/"+rest[strings.LastIndexByte(rest, '/')+1:])
	}
	if c := o.Component; c != nil {
		var names []string
		for _, p := range c.Path {
			if at := strings.LastIndexByte(p, '@'); at > 0 {
				p = p[:at]
			}
			names = append(names, p)
		}
		all = append(all, strings.Join(names, " > "), strings.Join(names, ">"))
	}
	return all
}

// foreignB are documents of other tools that a format of this batch may
// recognise, with the reason.
func foreignB() map[string]string {
	return map[string]string{
		"reports/gitleaks/no_findings.json":                       "null is also what an old Trivy writes when it finds no target",
		"reports/yarn_audit/issue_6495.json":                      "Yarn writes npm 6's shape; Possible only, so a format of Yarn's own comes first",
		"reports/yarn_audit/issue_6495_multi_cwe_fabricated.json": "the same",
	}
}

// No format of this batch recognises another tool's report.
func TestCorpusBForeign(t *testing.T) {
	dir := filepath.Join(sharedFolder(t), "corpus")
	ours := toolsB()
	names := map[string]bool{}
	for _, name := range ours {
		names[name] = true
	}
	for _, r := range readManifestB(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, r.File))
		if err != nil {
			t.Fatal(err)
		}
		in, err := format.NewBytesInput(filepath.Base(r.File), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range format.Detect(all.Formats(), in.Head()) {
			if names[d.Format.Name] && ours[r.Tool] != d.Format.Name && foreignB()[r.File] == "" {
				t.Errorf("%s is claimed as %s with confidence %d", r.File, d.Format.Name, d.Confidence)
			}
		}
	}
}
