package gate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// usualList is how many items a reason lists unless asked otherwise.
const usualList = 10

// sum is what a rule gave for the whole table.
type sum struct {
	matched, unknown int
	top, unsure      []row
	waived           map[string]int
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
			clear(t.sums)
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
	out      Verdict
}

func (j *judgement) verdict() Verdict {
	q := j.query
	j.out = Verdict{App: q.App.Name, Stage: q.Stage, BundleDigest: j.bundle.Digest, EvaluatedAt: q.Now}
	applied := j.scope()
	rules := j.rules(applied)
	j.prepare(rules)
	for _, p := range applied {
		if p.RequireScan && !j.anyScan() {
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
	slices.SortFunc(j.out.Waived, func(a, b Waived) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Waiver, b.Waiver))
	})
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

// key names a rule's result under this judgement's circumstances.
func (j *judgement) key(r *policy.Rule) resultKey {
	return resultKey{rule: r, list: j.query.List, ctx: narrow(j.ctx, r.Uses)}
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

// prepare sees to it that every rule about findings has its sum.
func (j *judgement) prepare(rules []*policy.Rule) {
	var missing []task
	for _, r := range rules {
		if r.About != policy.AboutFinding {
			continue
		}
		if t := (task{r, j.key(r)}); j.table.sums[t.key] == nil {
			missing = append(missing, t)
		}
	}
	if len(missing) == 0 {
		return
	}
	for _, s := range j.segments {
		var todo []task
		for _, t := range missing {
			if s.results[t.key] == nil {
				todo = append(todo, t)
			}
		}
		if len(todo) > 0 {
			j.table.judge(s, j.subject, j.ctx, len(j.bundle.Atoms), todo)
		}
	}
	for _, t := range missing {
		j.table.sums[t.key] = j.add(t.key)
	}
}

// add sums a rule's results over the segments.
func (j *judgement) add(key resultKey) *sum {
	out := &sum{}
	for _, s := range j.segments {
		r := s.results[key]
		out.matched += r.matched
		out.unknown += r.unknown
		out.top = s.append(out.top, r.top)
		out.unsure = s.append(out.unsure, r.unsure)
		for id, n := range r.waived {
			if out.waived == nil {
				out.waived = map[string]int{}
			}
			out.waived[id] += n
		}
	}
	out.top, out.unsure = worst(out.top, key.list), worst(out.unsure, key.list)
	return out
}

func (s *segment) append(out []row, rows []int32) []row {
	for _, i := range rows {
		out = append(out, row{s, s.rows[i]})
	}
	return out
}

// worst keeps the gravest rows.
func worst(rows []row, limit int) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(compareFindings(a.finding, b.finding), strings.Compare(a.seg.asset.ID, b.seg.asset.ID))
	})
	return slices.Clip(rows[:min(limit, len(rows))])
}

func (j *judgement) anyScan() bool {
	return slices.ContainsFunc(j.query.Scans, func(s fact.Scan) bool { return s.Status == fact.ScanSucceeded })
}

func (j *judgement) counts() Counts {
	var c Counts
	closed, scans := map[string]int{}, map[string]int{}
	var severities [finding.SeverityCritical + 1]int
	for _, s := range j.segments {
		c.Judged += len(s.rows)
		c.Waived += s.cover.waived
		for i, n := range s.severities {
			severities[i] += n
		}
		for name, n := range s.closed {
			closed[name] += n
		}
	}
	for i := len(severities) - 1; i >= 0; i-- {
		if severities[i] > 0 {
			c.Severities = append(c.Severities, Tally{finding.Severity(i).String(), severities[i]})
		}
	}
	for _, s := range j.query.Scans {
		scans[cmp.Or(string(s.Status), "unknown")]++
	}
	c.Closed, c.Scans = tallies(closed), tallies(scans)
	return c
}

// tallies sorts counts by name.
func tallies(m map[string]int) []Tally {
	var out []Tally
	for name, n := range m {
		out = append(out, Tally{name, n})
	}
	slices.SortFunc(out, func(a, b Tally) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// factsDigest names everything the verdict is a function of besides bundle,
// stage and time. The order in which facts were given plays no part.
func (j *judgement) factsDigest() string {
	h := sha256.New()
	h.Write(j.ctx.app[:])
	for _, s := range j.segments {
		h.Write(s.digest[:])
	}
	var scans []string
	for i := range j.query.Scans {
		scans = append(scans, string(scanSum(sha256.New(), &j.query.Scans[i])))
	}
	slices.Sort(scans)
	for _, s := range scans {
		h.Write([]byte(s))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func scanSum(h hash.Hash, s *fact.Scan) []byte {
	inner := sha256.Sum256([]byte(s.Asset))
	h.Write(inner[:])
	fact.Scans().Digest(h, s)
	return h.Sum(nil)
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
		clear(t.sums)
	}
	for _, s := range t.segments {
		if len(s.results) > maxResults {
			clear(s.results)
		}
	}
}
