package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/sarif"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// recalls tests that records which are known by their bytes end as if they
// had been read.
func recalls() map[string]func(*world) {
	return map[string]func(*world){
		"an unchanged report is not read":       recallUnchanged,
		"what changed is read":                  recallChanged,
		"another context is read":               recallContext,
		"another build reads all":               recallBuild,
		"aliases and secrets are always read":   recallNever,
		"a digest follows its sighting":         recallFollows,
		"recalled or read, the state is equal":  recallEqual,
		"what is gone and back again is opened": recallReopens,
	}
}

// analysis is a SARIF report as a test tells it.
type analysis struct {
	app, tool, ref string // "shop", "alpha", "main" unless said
	at             time.Time
	part           bool
	build          string
	severity       string // of all rules; "5.0" unless said
	results        []string
}

// flawAt is a result: code on a line of a file.
func flawAt(rule, file string, line int, snippet, message string) string {
	return fmt.Sprintf(`{"ruleId":%q,"message":{"text":%q},"locations":[{"physicalLocation":{"artifactLocation":{"uri":%q},"region":{"startLine":%d,"snippet":{"text":%q}}}}]}`, rule, message, file, line, snippet)
}

// document writes the report; its time differs in every one.
func (a *analysis) document() string {
	rules := make([]string, 0, 3)
	for i, cwe := range []string{"089", "079", "022"} {
		rules = append(rules, fmt.Sprintf(`{"id":"r%d","name":"Rule%d","properties":{"security-severity":%q,"tags":["security","external/cwe/cwe-%s"]}}`, i, i, a.severity, cwe))
	}
	return fmt.Sprintf(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":%q,"rules":[%s]}},"invocations":[{"executionSuccessful":true,"startTimeUtc":%q}],"results":[%s]}]}`,
		a.tool, strings.Join(rules, ","), a.at.Format(time.RFC3339), strings.Join(a.results, ",\n"))
}

// analyse imports a SARIF report.
func (w *world) analyse(a analysis) apply.Outcome {
	w.Helper()
	for p, v := range map[*string]string{&a.app: "shop", &a.tool: "alpha", &a.ref: "main", &a.severity: "5.0"} {
		if *p == "" {
			*p = v
		}
	}
	in, err := format.NewBytesInput("scan.sarif", []byte(a.document()))
	w.must(err)
	sub := receive.Submission{Name: "scan.sarif", Application: a.app, Asset: a.app, AssetKind: estate.Repository, Ref: a.ref, Part: a.part, ScannedAt: a.at, By: "ci"}
	job := w.job(w.accept("", "", sub), sub, in, nil)
	job.Documents[0].Format.Format = sarif.Format
	job.Build = a.build
	out, err := w.applier().Apply(w.ctx, job)
	w.must(err)
	return out
}

// recalled compares how many records were known by their bytes.
func (w *world) recalled(out apply.Outcome, want int64) {
	w.Helper()
	if out.Recalled != want {
		w.Errorf("%d records were recalled, want %d", out.Recalled, want)
	}
}

func threeFlaws() []string {
	return []string{flawAt("r0", "a.go", 3, "q(x)", "m"), flawAt("r0", "a.go", 9, "q(y)", "m"), flawAt("r1", "b.go", 3, "print(x)", "m")}
}

func recallUnchanged(w *world) {
	w.recalled(w.analyse(analysis{results: threeFlaws(), at: day(1), build: "a"}), 0)
	again := threeFlaws()
	slices.Reverse(again)
	out := w.analyse(analysis{results: again, at: day(2), build: "a"})
	w.recalled(out, 3)
	w.outcome(out, 0, 0, 3, 0, 0)
	for _, r := range w.rows(posture.Filter{}) {
		if !r.LastSeen.Equal(day(2)) {
			w.Errorf("%s was last seen %s, want %s", r.Place, r.LastSeen, day(2))
		}
	}
	w.recalled(w.analyse(analysis{results: threeFlaws(), at: day(1).Add(time.Hour), build: "a"}), 0) // late: it may contradict
}

func recallChanged(w *world) {
	w.analyse(analysis{results: threeFlaws(), at: day(1), build: "a"})
	next := threeFlaws()
	next[1] = flawAt("r0", "a.go", 12, "q(y)", "m")
	next[2] = flawAt("r1", "b.go", 30, "print(z)", "m")
	out := w.analyse(analysis{results: next, at: day(2), build: "a"})
	w.recalled(out, 1)
	w.outcome(out, 1, 1, 1, 0, 1)
	out = w.analyse(analysis{results: next, at: day(3), build: "a"})
	w.recalled(out, 3)
	w.outcome(out, 0, 0, 3, 0, 0)
}

func recallContext(w *world) {
	w.analyse(analysis{results: threeFlaws(), at: day(1), build: "a"})
	out := w.analyse(analysis{results: threeFlaws(), at: day(2), build: "a", severity: "9.5"})
	w.recalled(out, 0)
	w.outcome(out, 0, 3, 0, 0, 0)
	for _, s := range w.states() {
		if !strings.HasPrefix(s, "open critical") {
			w.Errorf("%s, want critical as the rules say now", s)
		}
	}
	w.recalled(w.analyse(analysis{results: threeFlaws(), at: day(3), build: "a", severity: "9.5"}), 3)
}

func recallBuild(w *world) {
	w.analyse(analysis{results: threeFlaws(), at: day(1), build: "a"})
	for i, build := range []string{"b", ""} {
		out := w.analyse(analysis{results: threeFlaws(), at: day(2 + i), build: build})
		w.recalled(out, 0)
		w.outcome(out, 0, 0, 3, 0, 0)
	}
	w.recalled(w.analyse(analysis{results: threeFlaws(), at: day(4), build: "b"}), 3)
}

func recallNever(w *world) {
	results := []string{
		`{"ruleId":"CVE-2026-0001","message":{"text":"Package: left\nInstalled Version: 1\nFixed Version: 2"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"go.mod"}}}]}`,
		`{"ruleId":"r2","kind":"fail","baselineState":"absent","message":{"text":"gone"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.go"},"region":{"startLine":1}}}]}`,
	}
	w.analyse(analysis{results: results, at: day(1), build: "a"})
	w.recalled(w.analyse(analysis{results: results, at: day(2), build: "a"}), 0)
}

// recallFollows: a late scan may replace what a sighting says; a digest of
// what it said before must not stand for it any longer.
func recallFollows(w *world) {
	first, second := flawAt("r0", "a.go", 3, "q(x)", "first"), flawAt("r0", "a.go", 3, "q(x)", "second")
	w.analyse(analysis{results: []string{first}, at: day(1), build: "a"})
	w.outcome(w.analyse(analysis{results: []string{second}, at: day(2), build: ""}), 0, 1, 0, 0, 0)
	out := w.analyse(analysis{results: []string{first}, at: day(3), build: "a"})
	w.recalled(out, 0)
	w.outcome(out, 0, 1, 0, 0, 0)
}

func recallReopens(w *world) {
	w.analyse(analysis{results: threeFlaws(), at: day(1), build: "a"})
	w.outcome(w.analyse(analysis{results: threeFlaws()[:2], at: day(2), build: "a"}), 0, 0, 2, 0, 1)
	out := w.analyse(analysis{results: threeFlaws(), at: day(3), build: "a"})
	w.recalled(out, 2)
	w.outcome(out, 0, 0, 2, 1, 0)
}

// recallEqual: the same scans, once read in full and once with recall, end in
// the same state and tell the same. Few values make siblings, twins and moves
// frequent.
func recallEqual(w *world) {
	t, ok := w.TB.(*testing.T)
	if !ok {
		w.Fatal("want a *testing.T")
	}
	run, recalled := 0, int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		if run >= 2*maxRuns {
			return
		}
		scans := drawAnalyses(rt)
		end := func(recall bool) []string {
			run++
			app := fmt.Sprintf("app%d", run)
			var out []string
			for i, a := range scans {
				a.app = app
				if !recall {
					a.build = ""
				}
				o := w.analyse(a)
				recalled += o.Recalled
				out = append(out, fmt.Sprintf("%d: %d records, %d new, %d changed, %d unchanged, %d reopened, %d resolved, held %q", i, o.Records, o.New, o.Changed, o.Unchanged, o.Reopened, o.Resolved, o.Held))
			}
			return append(out, w.stateOf(app)...)
		}
		if diff := cmp.Diff(end(false), end(true)); diff != "" {
			rt.Fatalf("recall ends differently (-read +recalled):\n%s", diff)
		}
	})
	if recalled == 0 {
		w.Error("nothing was recalled: the test tests nothing")
	}
}

// stateOf tells all that people see of an application's findings, without
// what differs in each import.
func (w *world) stateOf(app string) []string {
	w.Helper()
	var out []string
	for _, ref := range []string{"", "*", "main", "feature"} {
		for _, r := range w.rows(posture.Filter{Applications: []string{app}, Ref: ref}) {
			line := fmt.Sprintf("ref %q: %s %s %s at %s, score %.1f %s, by %v, seen %s to %s", ref, r.Status, r.Severity, r.Title, r.Place, r.Score, r.Priority, r.Tools,
				r.FirstSeen.Format(time.DateTime), r.LastSeen.Format(time.DateTime))
			if ref == "*" {
				es, err := w.Store.History(w.ctx, w.tenant, r.ID)
				w.must(err)
				for _, e := range es {
					line += fmt.Sprintf("; %s %s %s by %s", e.Valid.Format(time.DateTime), e.Type, e.Detail, e.By)
				}
				for _, o := range w.detail(r.ID).Observations {
					line += fmt.Sprintf("; %s line %d", o.Observed.Message, o.Observed.Location.StartLine)
				}
			}
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

// drawAnalyses draws scans of which each mostly repeats the one before.
func drawAnalyses(rt *rapid.T) []analysis {
	last := map[string][]string{}
	out := make([]analysis, rapid.IntRange(2, 6).Draw(rt, "scans"))
	for i := range out {
		a := analysis{tool: rapid.SampledFrom([]string{"alpha", "alpha", "beta"}).Draw(rt, "tool"), ref: rapid.SampledFrom([]string{"main", "main", "feature"}).Draw(rt, "ref"),
			at: day(2 * i), part: rapid.IntRange(0, 4).Draw(rt, "part") == 0, build: rapid.SampledFrom([]string{"a", "a", "a", "b", ""}).Draw(rt, "build"),
			severity: rapid.SampledFrom([]string{"5.0", "5.0", "5.0", "8.0"}).Draw(rt, "severity")}
		if rapid.IntRange(0, 4).Draw(rt, "late") == 0 {
			a.at = day(2*i - 3)
		}
		key := a.tool + a.ref
		a.results = slices.Clone(last[key])
		if len(a.results) == 0 {
			a.results = slices.Clone(last["alphamain"])
		}
		for range rapid.IntRange(0, 6).Draw(rt, "adds") {
			a.results = append(a.results, drawFlaw(rt))
		}
		for range rapid.IntRange(0, 3).Draw(rt, "drops") {
			if n := len(a.results); n > 0 {
				at := rapid.IntRange(0, n-1).Draw(rt, "drop")
				a.results = slices.Delete(a.results, at, at+1)
			}
		}
		if len(a.results) > 0 && rapid.IntRange(0, 3).Draw(rt, "twin") == 0 {
			a.results = append(a.results, rapid.SampledFrom(a.results).Draw(rt, "of"))
		}
		if rapid.Bool().Draw(rt, "shuffle") && len(a.results) > 0 {
			a.results = rapid.Permutation(a.results).Draw(rt, "order")
		}
		last[key], out[i] = a.results, a
	}
	return out
}

func drawFlaw(rt *rapid.T) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "word") }
	r := flawAt(pick("r0", "r1", "r2"), pick("a.go", "a.go", "b.go"), rapid.SampledFrom([]int{1, 2, 3, 5, 20}).Draw(rt, "line"), pick("q(x)", "q(x)", "q(y)", ""), pick("m", "m", "n"))
	if f := pick("", "", "1", "2"); f != "" {
		r = strings.TrimSuffix(r, "}") + fmt.Sprintf(`,"fingerprints":{"own":%q}}`, f)
	}
	switch rapid.IntRange(0, 9).Draw(rt, "state") {
	case 0:
		r = strings.TrimSuffix(r, "}") + `,"baselineState":"absent"}`
	case 1:
		r = strings.TrimSuffix(r, "}") + `,"suppressions":[{"kind":"external"}]}`
	}
	return r
}
