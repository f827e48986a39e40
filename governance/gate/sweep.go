package gate

import (
	"math"

	"github.com/stance-aspm/stance/governance/policy"
)

// blockRows is how many rows are judged at a time: few enough for the sets of
// all atoms of a large bundle to stay in the processor's cache, and a
// multiple of 64.
const blockRows = 8192

// span is the answer of a condition for the rows of a block. Two sets bound
// it: sure holds the rows where it is true, maybe those where it is true or
// unknown. And, or and not on both bounds are exactly CEL's logic of the
// unknown. Bits behind the last row mean nothing. When the answer is the
// same for every row it is a single truth.
type span struct {
	sure, maybe bitset
	same        bool
	truth       policy.Truth
}

// task is a rule to be judged, the number its results go by and how many
// rows they list.
type task struct {
	rule *policy.Rule
	key  int
	list int
}

// result is what a rule gave for one segment.
type result struct {
	matched, unknown int
	top, unsure      []int32 // rows, the worst first
	waived           map[string]int
}

// sweep judges the rows of one segment by many rules, a block at a time.
type sweep struct {
	table   *Table
	seg     *segment
	subject *policy.Subject
	ctx     context // all of it; narrowed for each atom
	base    int     // first row of the block
	rows    int     // rows in the block

	sources []source // by atom number, for the segment
	spans   []span   // by atom number, for the block
	have    []bool   // which spans are there

	kept, lent pool // sets of atoms, and of combinations within a rule
}

// source is where an atom's answers come from.
type source struct {
	coded   *coded
	answers *answers
	fixed   bool // looks at no finding: one truth for the segment
	truth   policy.Truth
}

// pool lends sets that all come back at once.
type pool struct {
	sets []bitset
	lent int
}

func (p *pool) lend(words int) bitset {
	if p.lent == len(p.sets) {
		p.sets = append(p.sets, make(bitset, blockRows/64))
	}
	b := p.sets[p.lent][:words]
	p.lent++
	clear(b)
	return b
}

// judge computes the results of the tasks for a segment and keeps them there.
func (t *Table) judge(seg *segment, subject *policy.Subject, ctx context, atoms int, tasks []task) {
	w := &sweep{table: t, seg: seg, subject: subject, ctx: ctx,
		sources: make([]source, atoms), spans: make([]span, atoms), have: make([]bool, atoms)}
	w.ctx.asset = seg.assetSum
	subject.Asset(&seg.asset)
	results := make([]result, len(tasks))
	for w.base = 0; w.base < len(seg.rows); w.base += blockRows {
		w.rows = min(blockRows, len(seg.rows)-w.base)
		w.kept.lent = 0
		clear(w.have)
		for i, task := range tasks {
			w.lent.lent = 0
			w.collect(&results[i], task, w.ask(task.rule.Match))
		}
	}
	for i, task := range tasks {
		seg.keep(task.key, &results[i])
	}
}

func (w *sweep) words() int { return (w.rows + 63) / 64 }

// part cuts the block out of a set of all rows.
func (w *sweep) part(b bitset) bitset { return b[w.base/64:][:w.words()] }

func (w *sweep) ask(f *policy.Formula) span {
	switch f.Op {
	case policy.OpAnd, policy.OpOr:
		return w.combine(f)
	case policy.OpNot:
		return w.not(w.ask(f.Args[0]))
	}
	return w.atom(f.Atom)
}

// combine answers a conjunction or disjunction. What doesn't look at the
// finding goes first: it is answered once and often settles the matter.
func (w *sweep) combine(f *policy.Formula) span {
	decisive, out := policy.False, span{same: true, truth: policy.True}
	if f.Op == policy.OpOr {
		decisive, out.truth = policy.True, policy.False
	}
	for _, cheap := range []bool{true, false} {
		for _, arg := range f.Args {
			if (arg.Op == policy.OpAtom && len(arg.Atom.Fields) == 0) != cheap {
				continue
			}
			out = w.merge(f.Op, out, w.ask(arg))
			if out.same && out.truth == decisive {
				return out
			}
		}
	}
	return out
}

func (w *sweep) merge(op policy.Op, a, b span) span {
	if b.same {
		a, b = b, a
	}
	if a.same {
		neutral, decisive := policy.True, policy.False
		if op == policy.OpOr {
			neutral, decisive = decisive, neutral
		}
		switch {
		case a.truth == neutral:
			return b
		case a.truth == decisive:
			return a
		case b.same && b.truth == decisive:
			return b
		case b.same:
			return a // unknown with neutral or unknown
		}
		a = w.undecided()
	}
	out := span{sure: w.lent.lend(w.words()), maybe: w.lent.lend(w.words())}
	if op == policy.OpAnd {
		for i := range out.sure {
			out.sure[i] = a.sure[i] & b.sure[i]
			out.maybe[i] = a.maybe[i] & b.maybe[i]
		}
		return out
	}
	for i := range out.sure {
		out.sure[i] = a.sure[i] | b.sure[i]
		out.maybe[i] = a.maybe[i] | b.maybe[i]
	}
	return out
}

// undecided writes out "unknown for every row" as sets.
func (w *sweep) undecided() span {
	out := span{sure: w.lent.lend(w.words()), maybe: w.lent.lend(w.words())}
	for i := range out.maybe {
		out.maybe[i] = math.MaxUint64
	}
	return out
}

func (w *sweep) not(a span) span {
	if a.same {
		switch a.truth {
		case policy.True:
			a.truth = policy.False
		case policy.False:
			a.truth = policy.True
		}
		return a
	}
	out := span{sure: w.lent.lend(w.words()), maybe: w.lent.lend(w.words())}
	for i := range out.sure {
		out.sure[i], out.maybe[i] = ^a.maybe[i], ^a.sure[i]
	}
	return out
}

// atom answers an atom for the block, once.
func (w *sweep) atom(a *policy.Atom) span {
	if w.have[a.Number] {
		return w.spans[a.Number]
	}
	src := w.source(a)
	out := span{same: true, truth: src.truth}
	switch {
	case src.fixed:
	case src.coded.sets != nil:
		out = w.bySets(a, src)
	default:
		out = w.byRows(a, src)
	}
	w.spans[a.Number], w.have[a.Number] = out, true
	return out
}

func (w *sweep) source(a *policy.Atom) *source {
	src := &w.sources[a.Number]
	switch {
	case src.fixed || src.coded != nil:
	case len(a.Fields) == 0:
		src.fixed, src.truth = true, a.Ask(w.subject)
	default:
		src.coded = w.seg.code(w.table.columnOf(a.Fields))
		src.answers = w.table.answersOf(a, w.ctx)
	}
	return src
}

func (w *sweep) bySets(a *policy.Atom, src *source) span {
	out := span{sure: w.kept.lend(w.words()), maybe: w.kept.lend(w.words())}
	for _, set := range src.coded.sets {
		truth := src.answers.of(set.code, a, w.subject, w.seg.rows[set.row])
		if truth == policy.False {
			continue
		}
		rows := w.part(set.rows)
		for i, word := range rows {
			out.maybe[i] |= word
		}
		if truth == policy.True {
			for i, word := range rows {
				out.sure[i] |= word
			}
		}
	}
	return out
}

func (w *sweep) byRows(a *policy.Atom, src *source) span {
	out := span{sure: w.kept.lend(w.words()), maybe: w.kept.lend(w.words())}
	ans := src.answers
	codes := src.coded.codes[w.base:][:w.rows]
	for i, code := range codes {
		var mark uint8
		if int(code) < len(ans.truth) {
			mark = ans.truth[code]
		}
		if mark == 0 {
			mark = uint8(ans.of(code, a, w.subject, w.seg.rows[w.base+i])) + 1
		}
		// A mark is 1 for false, 2 for true, 3 for unknown.
		maybe := mark >> 1
		out.maybe[i/64] |= uint64(maybe) << (i % 64)
		out.sure[i/64] |= uint64(maybe&^mark) << (i % 64)
	}
	return out
}

// collect adds what a rule gave for the block to its result.
func (w *sweep) collect(r *result, t task, s span) {
	if s.same && s.truth == policy.False {
		return
	}
	if s.same {
		all := w.undecided()
		if s.truth == policy.True {
			all.sure = all.maybe
		}
		s = all
	}
	covered := [2]bitset{w.seg.cover.all, w.seg.cover.byRule[t.rule.ID()]}
	match, unsure := w.lent.lend(w.words()), w.lent.lend(w.words())
	for i := range match {
		live := uint64(math.MaxUint64)
		if left := w.rows - i*64; left < 64 {
			live = 1<<left - 1
		}
		var waived uint64
		for _, c := range covered {
			if c != nil {
				waived |= c[w.base/64+i]
			}
		}
		match[i] = s.sure[i] & live &^ waived
		unsure[i] = s.maybe[i] &^ s.sure[i] & live &^ waived
		if took := s.sure[i] & live & waived; took != 0 {
			r.note(w, t.rule.ID(), bitset{took}.first(nil, w.base+i*64, 64))
		}
	}
	r.matched += match.count()
	r.unknown += unsure.count()
	r.top = match.first(r.top, w.base, t.list)
	r.unsure = unsure.first(r.unsure, w.base, t.list)
}

// note counts the rows that waivers took out of a rule.
func (r *result) note(w *sweep, rule string, rows []int32) {
	if r.waived == nil {
		r.waived = map[string]int{}
	}
	for _, row := range rows {
		r.waived[waiverOf(w.seg.rows[row], rule, w.seg.cover.from)]++
	}
}
