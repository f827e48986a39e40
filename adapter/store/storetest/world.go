package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// day0 is where the tests' time begins.
var day0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// day returns a time so many days later.
func day(n int) time.Time { return day0.AddDate(0, 0, n) }

// world is a record with what a test does to it.
type world struct {
	testing.TB
	World
	ctx     context.Context
	now     time.Time // the recorded clock
	tenant  tenant.ID
	reports int
	last    string // id of the last report
}

func newWorld(t testing.TB, open Open) *world {
	w := &world{TB: t, ctx: t.Context(), now: day(100), tenant: tenant.Default}
	w.World = open(t, func() time.Time { return w.now })
	return w
}

func (w *world) check() {
	w.Helper()
	if w.Failed() || w.Check == nil {
		return
	}
	w.Check(w)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// scan is one run of a tool as a test tells it.
type scan struct {
	app, asset, ref, tool, category string // "shop", "github.com/acme/shop", "main", "alpha" unless said
	kind                            estate.AssetKind
	at                              time.Time
	part                            bool
	failed                          bool // the tool says so
	faults                          int  // records that can't be read
	obs                             []*finding.Observation
	components                      []finding.Component
	depends                         map[string][]string // by the components' Ref
	breaks                          error               // the decoder ends with it
	panics                          bool                // the decoder panics at the end
	run                             *format.Run
	then                            []leg // further runs of the same document
	renames                         map[string]string
}

// leg is one more run in a document.
type leg struct {
	run format.Run
	obs []*finding.Observation
}

func (s *scan) defaults() {
	for p, v := range map[*string]string{&s.app: "shop", &s.asset: "github.com/acme/shop", &s.ref: "main", &s.tool: "alpha"} {
		if *p == "" {
			*p = v
		}
		if *p == "-" { // unsaid
			*p = ""
		}
	}
	if s.kind == "" {
		s.kind = estate.Repository
	}
	if s.at.IsZero() {
		s.at = day(1)
	}
}

// play tells the scan to a sink, as a decoder would.
func (s *scan) play(sink format.Sink) error {
	run := format.Run{Tool: s.tool, Category: s.category, Failed: s.failed}
	if s.run != nil {
		run = *s.run
	}
	if err := sink.Run(run); err != nil {
		return err
	}
	for i, o := range s.obs {
		c := clone(o)
		c.Position.Record = i
		if err := sink.Observe(c); err != nil {
			return err
		}
	}
	for _, c := range s.components {
		if err := sink.Component(c); err != nil {
			return err
		}
	}
	for ref, on := range s.depends {
		if err := sink.Depend(ref, on); err != nil {
			return err
		}
	}
	for i := range s.faults {
		if err := sink.Quarantine(format.Fault{Position: finding.Position{Record: len(s.obs) + i}, Reason: "not an object", Raw: []byte(`"oops"`)}); err != nil {
			return err
		}
	}
	record := len(s.obs) + s.faults
	for _, l := range s.then {
		if err := sink.Run(l.run); err != nil {
			return err
		}
		for _, o := range l.obs {
			c := clone(o)
			c.Position.Record = record
			record++
			if err := sink.Observe(c); err != nil {
				return err
			}
		}
	}
	if s.panics {
		var none *format.Run
		_ = none.Tool // as a decoder with a bug does
	}
	return s.breaks
}

// clone copies an observation, because normalising changes it in place.
func clone(o *finding.Observation) *finding.Observation {
	c := *o
	c.CWEs, c.Advisories, c.CVSS = slices.Clone(o.CWEs), slices.Clone(o.Advisories), slices.Clone(o.CVSS)
	c.FixVersions, c.Raw = slices.Clone(o.FixVersions), slices.Clone(o.Raw)
	if o.Component != nil {
		p := *o.Component
		c.Component = &p
	}
	if o.Secret != nil {
		s := *o.Secret
		c.Secret = &s
	}
	return &c
}

// accept commits a report as receiving one does.
func (w *world) accept(key, digest string, s receive.Submission) receive.Accepted {
	w.Helper()
	w.reports++
	id := uuid.Must(uuid.NewV7()).String()
	if digest == "" {
		digest = fmt.Sprintf("%064d", w.reports)
	}
	rs, err := w.Store.Commit(w.ctx, w.tenant, key, []receive.Accepted{{
		ID: id, Submission: s, Digest: digest, Target: strings.Join([]string{s.Application, s.Asset, s.Ref}, "|"), Received: w.now,
	}})
	w.must(err)
	if len(rs) != 1 {
		w.Fatalf("Commit returned %d reports, want 1", len(rs))
	}
	w.last = rs[0].ID
	return rs[0]
}

// scan imports a scan and returns what it changed.
func (w *world) scan(s scan) apply.Outcome {
	w.Helper()
	out, err := w.try(s)
	w.must(err)
	return out
}

// try imports a scan that may be refused.
func (w *world) try(s scan) (apply.Outcome, error) {
	w.Helper()
	s.defaults()
	sub := submission(&s)
	return w.apply(w.accept("", "", sub), sub, &s)
}

func submission(s *scan) receive.Submission {
	return receive.Submission{Name: "scan.json", Application: s.app, Asset: s.asset, AssetKind: s.kind, Ref: s.ref, Part: s.part, ScannedAt: s.at, By: "ci"}
}

func (w *world) apply(r receive.Accepted, sub receive.Submission, s *scan) (apply.Outcome, error) {
	w.Helper()
	job := w.job(r, sub, w.input(), s.play)
	job.Documents[0].Format.Format.Renames = s.renames
	return w.applier().Apply(w.ctx, job)
}

func (w *world) input() *format.Input {
	w.Helper()
	in, err := format.NewBytesInput("scan.json", []byte("{}"))
	w.must(err)
	return in
}

// job is the job of a report that a decoder of the test's own reads.
func (w *world) job(r receive.Accepted, sub receive.Submission, in *format.Input, play func(format.Sink) error) apply.Job {
	decode := func(_ context.Context, _ *format.Input, sink format.Sink) error { return play(sink) }
	return apply.Job{
		Tenant: w.tenant, Report: r.ID, Submission: sub, Received: w.now, Now: w.now,
		Documents: []apply.Document{{Input: in, Format: format.Detection{Format: format.Format{Name: "scripted", Decode: decode}, Confidence: format.Certain}}},
		SecretKey: []byte("0123456789abcdef0123456789abcdef"), Build: "test",
	}
}

func (w *world) applier() *apply.Applier {
	began := time.Now()
	return &apply.Applier{Store: w.Store, NewID: func(time.Time) finding.ID { return finding.ID(uuid.Must(uuid.NewV7())) },
		Elapsed: func() time.Duration { return time.Since(began) }}
}

// rows lists all findings that match a filter, those of other branches only
// when the filter names a ref ("*" is any).
func (w *world) rows(f posture.Filter) []posture.Row {
	w.Helper()
	var out []posture.Row
	for page := (posture.Page{Sort: posture.ByScore, Limit: 100}); ; {
		l, err := w.Store.List(w.ctx, w.tenant, f, page)
		w.must(err)
		out = append(out, l.Rows...)
		if l.Next == "" {
			return out
		}
		page.Cursor = l.Next
	}
}

// one returns the only finding that matches.
func (w *world) one(f posture.Filter) posture.Row {
	w.Helper()
	rows := w.rows(f)
	if len(rows) != 1 {
		w.Fatalf("%d findings, want one: %v", len(rows), titles(rows))
	}
	return rows[0]
}

func titles(rows []posture.Row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprintf("%s %s at %s", r.Status, r.Title, r.Place)
	}
	slices.Sort(out)
	return out
}

// states are the findings as "status severity title @ place", sorted.
func (w *world) states() []string {
	w.Helper()
	rows := w.rows(posture.Filter{Ref: "*"})
	counted := map[finding.ID]bool{}
	for _, r := range w.rows(posture.Filter{}) {
		counted[r.ID] = true
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprintf("%s %s %s", r.Status, r.Severity, r.Title)
		if !counted[r.ID] {
			out[i] += " (branch only)"
		}
	}
	slices.Sort(out)
	return out
}

// want compares the findings with what they should be: "status severity
// title", "(branch only)" behind those that don't count.
func (w *world) want(states ...string) {
	w.Helper()
	slices.Sort(states)
	if diff := cmp.Diff(states, w.states()); diff != "" {
		w.Errorf("findings differ (-want +got):\n%s", diff)
	}
}

// places maps where findings are to their ids.
func (w *world) places(f posture.Filter) map[string]finding.ID {
	w.Helper()
	out := map[string]finding.ID{}
	for _, r := range w.rows(f) {
		if _, twice := out[r.Place]; twice {
			w.Fatalf("two findings at %s", r.Place)
		}
		out[r.Place] = r.ID
	}
	return out
}

func (w *world) detail(id finding.ID) posture.Detail {
	w.Helper()
	d, err := w.Store.Finding(w.ctx, w.tenant, id)
	w.must(err)
	return d
}

// events lists the types in a finding's history.
func (w *world) events(id finding.ID) []string {
	w.Helper()
	es, err := w.Store.History(w.ctx, w.tenant, id)
	w.must(err)
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Type
	}
	return out
}

// outcome compares the counts that matter of an outcome.
func (w *world) outcome(got apply.Outcome, new, changed, unchanged, reopened, resolved int64) {
	w.Helper()
	g := [5]int64{got.New, got.Changed, got.Unchanged, got.Reopened, got.Resolved}
	if want := [5]int64{new, changed, unchanged, reopened, resolved}; g != want {
		w.Errorf("new, changed, unchanged, reopened, resolved = %v, want %v", g, want)
	}
}

// vuln makes an observation of an advisory in a component.
func vuln(advisory, pkg string, sev finding.Severity) *finding.Observation {
	name, version, _ := strings.Cut(pkg, "@")
	return &finding.Observation{
		Kind: finding.Vulnerability, Check: finding.Check{ID: advisory}, Title: advisory + " in " + name, Severity: sev,
		Advisories: []string{advisory}, Component: &finding.Component{Ecosystem: "npm", Name: name, Version: version},
		Location: finding.Location{Path: "package-lock.json"}, Raw: []byte(`{"id":"` + advisory + `"}`),
	}
}

// code makes an observation of a weakness in source code.
func code(check string, cwe int, path string, line int, snippet string) *finding.Observation {
	return &finding.Observation{
		Kind: finding.Code, Check: finding.Check{ID: check}, Title: check, Severity: finding.SeverityMedium, CWEs: []int{cwe},
		Location: finding.Location{Path: path, StartLine: line, Snippet: snippet}, Raw: []byte(`{"check":"` + check + `"}`),
	}
}

func vulns(ids ...int) []*finding.Observation {
	out := make([]*finding.Observation, len(ids))
	for i, n := range ids {
		out[i] = vuln(fmt.Sprintf("CVE-2026-%04d", n), fmt.Sprintf("pkg%d@1.0.0", n), finding.SeverityHigh)
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// vulnTitle is the title of the observation that vulns makes of a number.
func vulnTitle(n int) string { return fmt.Sprintf("CVE-2026-%04d in pkg%d", n, n) }

var errBroken = errors.New("unexpected end of the document")
