// Package corpus imports the real reports of a corpus that stands beside the
// repository, through the whole of a node: each is read completely, changes
// nothing the second time, and the sequences of related reports end as they
// should. Without the corpus its tests skip.
package corpus

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/node"
)

type entry struct {
	Tool       string `json:"tool"`
	File       string `json:"file"`
	Raw        *int64 `json:"raw_records"`
	MustReject bool   `json:"must_reject"`
}

type scenario struct {
	Name  string `json:"name"`
	Tool  string `json:"tool"`
	Steps []struct {
		Action string           `json:"action"`
		File   string           `json:"file"`
		Expect map[string]int64 `json:"expect"`
	} `json:"steps"`
}

type manifest struct {
	Reports   []entry    `json:"reports"`
	Scenarios []scenario `json:"reimport_scenarios"`
}

// force names formats that content can't tell: an empty array or document
// says nothing of its tool.
var force = map[string]string{
	"reports/nuclei/empty.jsonl":          "nuclei",
	"reports/nuclei/no_findings.json":     "nuclei",
	"reports/trufflehog3/zero_vulns.json": "trufflehog",
	"reports/gitleaks/no_findings.json":   "gitleaks",
	"reports/trivy/legacy_no_vuln.json":   "trivy",
	"reports/pip_audit/empty.json":        "pipaudit",
	"reports/wfuzz/no_findings.json":      "wfuzz",
}

// tables is where the tests of the decoders keep what differs from the
// manifest, with reasons, and which tools are not read yet.
const tables = "../../ingestion/format/all/testdata/"

// differences are, by file, what is read of it where that is not what the
// manifest says: a number of records, or "refused".
func differences(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, line := range lines(t, "corpus-differences.tsv") {
		if c := strings.Split(line, "\t"); len(c) == 3 {
			out[c[0]] = c[1]
		}
	}
	return out
}

func lines(t *testing.T, name string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(tables + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// unread are files inside of archives that are no report: each is told of in
// the quarantine.
var unread = map[string]int64{
	"reports/blackduck/blackduck_enhanced_py3_unittest_v2.zip": 2, // two tables that hold one placeholder word each
}

// scenarioDiffers names the scenarios in which Stance recognises what the
// reference takes for another finding; docs/corpus.md says why.
var scenarioDiffers = map[string]string{
	"clair-empty-rescan-closes-all":   "the second report is about another image: it closes nothing of the first",
	"sonarqube-one-unique-id-changed": "the tool's own id changed, the rule, the file and the line did not: it is the same flaw",
}

func load(t *testing.T) (string, manifest) {
	t.Helper()
	root := os.Getenv("STANCE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	root = filepath.Join(root, "corpus")
	b, err := os.ReadFile(filepath.Join(root, "manifest.json"))
	if err != nil {
		t.Skipf("no corpus of real reports here: put one beside the repository or name its parent in STANCE_SHARED")
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return root, m
}

func open(t *testing.T) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0"}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// send imports bytes and waits until they are applied.
func send(t *testing.T, n *node.Node, s receive.Submission, b []byte) []posture.Report {
	t.Helper()
	rs, err := n.Import(t.Context(), tenant.Default, s, bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return rs
}

func TestEveryReport(t *testing.T) {
	root, m := load(t)
	n := open(t)
	pending, differ := lines(t, "corpus-pending.txt"), differences(t)
	day := time.Now().UTC().AddDate(0, 0, -10)
	files, records := 0, int64(0)
	for _, e := range m.Reports {
		if slices.Contains(pending, e.Tool) {
			continue
		}
		path := "reports/" + strings.TrimPrefix(e.File, "reports/")
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 && force[path] == "" || isEmptyZip(b) {
			continue // nothing to send; the intake's own tests refuse it
		}
		t.Run(path, func(t *testing.T) {
			s := receive.Submission{Name: filepath.Base(path), Application: "corpus " + strings.NewReplacer("/", " ", ".", " ").Replace(strings.TrimPrefix(path, "reports/")), Format: force[path], ScannedAt: day}
			rs := send(t, n, s, b)
			if e.MustReject || differ[path] == "refused" && force[path] == "" {
				for _, r := range rs {
					if r.State != posture.ReportFailed || r.Reason == "" {
						t.Errorf("state %s (%s), want it refused with a reason", r.State, r.Reason)
					}
				}
				return
			}
			var got posture.ReportResult
			for _, r := range rs {
				if r.State != posture.ReportApplied {
					t.Fatalf("state %s: %s", r.State, r.Reason)
				}
				got.Records += r.Result.Records
				got.Quarantined += r.Result.Quarantined
				got.Observations += r.Result.Observations
			}
			files, records = files+1, records+got.Records
			want := ""
			if e.Raw != nil {
				want = strconv.FormatInt(*e.Raw, 10)
			}
			if d, ok := differ[path]; ok && d != "refused" {
				want = d
			}
			if want != "" && strconv.FormatInt(got.Records, 10) != want {
				t.Errorf("%d records, want %s", got.Records, want)
			}
			if got.Quarantined > unread[path] {
				t.Errorf("%d records quarantined", got.Quarantined)
			}
			s.ScannedAt = day.AddDate(0, 0, 1)
			for _, r := range send(t, n, s, b) {
				if x := r.Result; x.New+x.Changed+x.Resolved+x.Reopened != 0 {
					t.Errorf("the second time: %d new, %d changed, %d resolved, %d reopened", x.New, x.Changed, x.Resolved, x.Reopened)
				}
			}
		})
	}
	t.Logf("%d files, %d records", files, records)
}

func isEmptyZip(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("PK")) {
		return false
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return false
	}
	for _, f := range z.File {
		if f.UncompressedSize64 > 0 && !f.FileInfo().IsDir() {
			return false
		}
	}
	return true
}

// counts gives what Stance makes of the re-import scenarios: new, resolved,
// reopened and unchanged findings of each step. A finding of a dynamic scan
// is a weakness at one endpoint and parameter, where the reference makes one
// finding of an alert with all its endpoints; docs/corpus.md explains.
func TestScenarios(t *testing.T) {
	root, m := load(t)
	n := open(t)
	pending := lines(t, "corpus-pending.txt")
	for _, sc := range m.Scenarios {
		if slices.Contains(pending, sc.Tool) {
			continue
		}
		t.Run(sc.Name, func(t *testing.T) {
			for i, step := range sc.Steps {
				b, err := os.ReadFile(filepath.Join(root, step.File))
				if err != nil {
					t.Fatal(err)
				}
				s := receive.Submission{Name: filepath.Base(step.File), Application: sc.Name, ScannedAt: time.Now().UTC().AddDate(0, 0, i-9)}
				r := send(t, n, s, b)[0]
				if r.State == posture.ReportHeld {
					if err := n.Confirm(t.Context(), tenant.Default, r.ID); err != nil {
						t.Fatal(err)
					}
					var err error
					if r, err = n.DB().Report(t.Context(), tenant.Default, r.ID); err != nil {
						t.Fatal(err)
					}
				}
				checkStep(t, sc.Name, sc.Tool, i, step.Expect, r.Result)
			}
		})
	}
}

func checkStep(t *testing.T, name, tool string, i int, want map[string]int64, got posture.ReportResult) {
	t.Helper()
	closed, created, reopened := got.Resolved, got.New, got.Reopened
	t.Logf("step %d: reference %v; here %d new, %d resolved, %d reopened, %d unchanged, %d changed", i, want, created, closed, reopened, got.Unchanged, got.Changed)
	if tool == "zap" {
		// Counted by endpoint here and by alert there: none must stay none,
		// and some must stay some.
		for name, n := range map[string]int64{"closed": closed, "reactivated": reopened} {
			if w, ok := want[name]; ok && (w == 0) != (n == 0) {
				t.Errorf("step %d: %s: %d, the reference has %d", i, name, n, w)
			}
		}
		return
	}
	if _, ok := scenarioDiffers[name]; ok && i > 0 {
		if created != 0 || closed != 0 {
			t.Errorf("step %d: %d new, %d resolved: the difference told in docs/corpus.md is gone", i, created, closed)
		}
		return
	}
	// What the reference makes and at once marks as a duplicate is no finding
	// of its own here.
	for name, n := range map[string]int64{"created": created + want["duplicate"], "closed": closed, "reactivated": reopened} {
		if w, ok := want[name]; ok && w != n && (name != "created" || w != created) {
			t.Errorf("step %d: %s: %d, want %d", i, name, n, w)
		}
	}
}
