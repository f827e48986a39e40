package gate

import (
	"cmp"
	"crypto/sha256"
	"math"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// usualList is how many items a reason lists unless asked otherwise.
const usualList = 10

// sum is what a rule gave for the whole table.
type sum struct {
	matched, unknown int
	top, unsure      []row
	waived           []Waived
	change           uint64 // of the table, when it was summed

	// told is the reason the rule gave last and toldFor what its texts hung
	// on; nil before it was asked, and when it did not act.
	told    *Reason
	toldFor context
}

// row is a finding with its segment.
type row struct {
	seg     *segment
	finding *fact.Finding
}

// Judge gives the verdict on all that the table holds.
func (t *Table) Judge(b *policy.Bundle, q Query) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.judged++
	q.Now = q.Now.UTC()
	if q.List == 0 {
		q.List = usualList
	}
	if q.List < 0 {
		q.List = math.MaxInt
	}
	for _, s := range t.segments {
		if s.coverAt(q.Now) {
			t.changes++
		}
	}
	j := &judgement{table: t, bundle: b, query: q, segments: t.ordered(), subject: policy.NewSubject(&q.App, q.Stage, q.Now)}
	j.ctx = context{stage: q.Stage, day: fact.Day(q.Now).Unix(), now: q.Now.UnixNano()}
	h := sha256.New()
	fact.Apps().Digest(h, &q.App)
	h.Sum(j.ctx.app[:0])
	v := j.verdict()
	t.forget()
	return v
}

// judgement is one verdict in the making.
type judgement struct {
	table    *Table
	bundle   *policy.Bundle
	query    Query
	segments []*segment
	subject  *policy.Subject
	ctx      context
	sums     map[*policy.Rule]*sum
	out      Verdict
}

func (j *judgement) verdict() Verdict {
	q := j.query
	j.out = Verdict{App: q.App.Name, Stage: q.Stage, BundleDigest: j.bundle.Digest, EvaluatedAt: q.Now}
	applied := j.scope()
	rules := j.rules(applied)
	j.sums = j.prepare(rules)
	for _, p := range applied {
		if p.RequireScan && slices.Contains(p.Stages, q.Stage) && !j.anyScan() {
			j.out.Reasons = append(j.out.Reasons, Reason{Policy: p.Name, Rule: "require_scan", Effect: EffectUndecided,
				About: policy.AboutScan, Message: "no scan of this application has succeeded, so nothing can be said about it",
				Fix: "run a scan and import its report, then ask again"})
		}
	}
	for _, r := range rules {
		j.out.Rules++
		if reason, ok := j.rule(r); ok {
			j.out.Reasons = append(j.out.Reasons, reason)
		} else {
			j.out.PassedRules = append(j.out.PassedRules, r.ID())
		}
	}
	// Policies come by name and rules in order, so a stable sort is enough.
	slices.SortStableFunc(j.out.Reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(a.Effect.gravity(), b.Effect.gravity()), cmp.Compare(a.Policy, b.Policy))
	})
	j.out.Outcome = outcome(j.out.Reasons)
	j.out.Counts = j.counts()
	j.out.FactsDigest = j.factsDigest()
	return j.out
}

// outcome is the gravest effect. A block is certain whatever else is
// unknown.
func outcome(reasons []Reason) Outcome {
	if len(reasons) == 0 {
		return Pass
	}
	switch reasons[0].Effect {
	case EffectBlock:
		return Block
	case EffectUndecided:
		return Undecided
	case EffectWarn:
		return Warn
	}
	return Pass
}

// scope selects the policies that apply. A policy whose scope can't be
// decided applies: not knowing an application doesn't exempt it.
func (j *judgement) scope() []*policy.Policy {
	var out []*policy.Policy
	for _, p := range j.bundle.Policies {
		truth := policy.True
		if p.Scope != nil {
			truth = p.Scope.Ask(j.subject)
		}
		if truth == policy.False {
			continue
		}
		if truth == policy.Undecided {
			j.out.UnknownScope = append(j.out.UnknownScope, p.Name)
		}
		j.out.Applied = append(j.out.Applied, p.Name)
		out = append(out, p)
	}
	return out
}

// rules selects the rules to ask: those of this stage that no policy in
// scope replaces. A policy that is in scope only because nobody knows
// replaces nothing.
func (j *judgement) rules(applied []*policy.Policy) []*policy.Rule {
	replaced := map[string]bool{}
	for _, p := range applied {
		if slices.Contains(j.out.UnknownScope, p.Name) {
			continue
		}
		for _, name := range p.Replaces {
			replaced[name] = true
		}
	}
	var out []*policy.Rule
	for _, p := range applied {
		for _, r := range p.Rules {
			if r.At(j.query.Stage) && !replaced[p.Name] && !replaced[r.ID()] {
				out = append(out, r)
			}
		}
	}
	return out
}

// key numbers a rule's result under this judgement's circumstances.
func (j *judgement) key(r *policy.Rule) int {
	name := resultKey{rule: r, list: j.query.List, ctx: narrow(j.ctx, r.Uses)}
	key, ok := j.table.keys[name]
	if !ok {
		key = len(j.table.sums)
		j.table.keys[name] = key
		j.table.sums = append(j.table.sums, nil)
	}
	return key
}

// narrow drops from a context what an answer doesn't hang on.
func narrow(c context, u policy.Uses) context {
	if !u.App {
		c.app = [sha256.Size]byte{}
	}
	if !u.Asset {
		c.asset = [sha256.Size]byte{}
	}
	if !u.Stage {
		c.stage = ""
	}
	if !u.Daily {
		c.day = 0
	}
	if !u.Instant {
		c.now = 0
	}
	return c
}

// prepare sees to it that every rule about findings has its sum, and returns
// the sums by rule.
func (j *judgement) prepare(rules []*policy.Rule) map[*policy.Rule]*sum {
	t := j.table
	out := make(map[*policy.Rule]*sum, len(rules))
	var stale []task
	for _, r := range rules {
		if r.About != policy.AboutFinding {
			continue
		}
		key := j.key(r)
		if s := t.sums[key]; s != nil && s.change == t.changes {
			out[r] = s
		} else {
			stale = append(stale, task{r, key, j.query.List})
		}
	}
	for _, s := range j.segments {
		var todo []task
		for _, task := range stale {
			if s.result(task.key) == nil {
				todo = append(todo, task)
			}
		}
		if len(todo) > 0 {
			t.judge(s, j.subject, j.ctx, len(j.bundle.Atoms), todo)
		}
	}
	for _, task := range stale {
		next := j.add(task)
		if last := t.sums[task.key]; last != nil && last.same(next) {
			next.told, next.toldFor = last.told, last.toldFor
		}
		t.sums[task.key], out[task.rule] = next, next
	}
	return out
}

// add sums a rule's results over the segments.
func (j *judgement) add(t task) *sum {
	out := &sum{change: j.table.changes}
	waived := map[string]int{}
	for _, s := range j.segments {
		r := s.results[t.key]
		out.matched += r.matched
		out.unknown += r.unknown
		out.top = s.merge(out.top, r.top, t.list)
		out.unsure = s.merge(out.unsure, r.unsure, t.list)
		for id, n := range r.waived {
			waived[id] += n
		}
	}
	for _, w := range tallies(waived) {
		out.waived = append(out.waived, Waived{Rule: t.rule.ID(), Waiver: w.Name, Count: w.Count})
	}
	return out
}

// same is whether a reason made of one sum also fits the other.
func (s *sum) same(o *sum) bool {
	return s.matched == o.matched && s.unknown == o.unknown && slices.Equal(s.top, o.top) && slices.Equal(s.unsure, o.unsure)
}

// merge puts a segment's rows, the worst first, among those of other
// segments and keeps the worst of all.
func (s *segment) merge(into []row, rows []int32, limit int) []row {
	if len(rows) == 0 || (len(into) >= limit && compareRows(into[len(into)-1], row{s, s.rows[rows[0]]}) <= 0) {
		return into
	}
	out := make([]row, 0, min(limit, len(into)+len(rows)))
	for len(out) < limit && len(into)+len(rows) > 0 {
		if len(rows) == 0 || (len(into) > 0 && compareRows(into[0], row{s, s.rows[rows[0]]}) <= 0) {
			out, into = append(out, into[0]), into[1:]
			continue
		}
		out, rows = append(out, row{s, s.rows[rows[0]]}), rows[1:]
	}
	return out
}

func compareRows(a, b row) int {
	return cmp.Or(compareFindings(a.finding, b.finding), strings.Compare(a.seg.asset.ID, b.seg.asset.ID))
}

// answersOf returns what is known of an atom's answers under a context.
func (t *Table) answersOf(a *policy.Atom, ctx context) *answers {
	key := answerKey{a.Key, narrow(ctx, a.Uses)}
	out, ok := t.answers[key]
	if !ok {
		out = &answers{}
		t.answers[key] = out
	}
	out.used = t.judged
	return out
}

// Limits of what a table remembers. Days pass and bundles change; what
// belonged to earlier ones is dropped a while after it was last used.
const (
	maxAnswers    = 20_000
	maxResults    = 20_000
	answersExpire = 64 // verdicts
)

// forget keeps the memory bounded.
func (t *Table) forget() {
	if len(t.answers) > maxAnswers {
		for key, a := range t.answers {
			if t.judged-a.used > answersExpire {
				delete(t.answers, key)
			}
		}
	}
	if len(t.sums) > maxResults {
		clear(t.keys)
		t.sums = nil
		for _, s := range t.segments {
			s.results = nil
		}
	}
}
