package policy

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Truth is the answer to a condition.
type Truth uint8

// The three answers.
const (
	False Truth = iota
	True
	Undecided // a fact that the answer hangs on is unknown, or asking it failed
)

// Op is what a formula does with its parts.
type Op uint8

// The operations, with CEL's own meaning of the unknown: And is false when
// any part is false, Or is true when any part is true, whatever is unknown
// beside it.
const (
	OpAtom Op = iota
	OpAnd
	OpOr
	OpNot
)

// Formula is a condition cut at its logical operators. The pieces that hold
// none, the atoms, mostly look at a single fact; that is what lets the gate
// ask each atom once for each distinct value instead of once for each
// finding.
type Formula struct {
	Op   Op
	Args []*Formula
	// Atom is the piece itself, for OpAtom.
	Atom *Atom
}

// Atom is a piece of a condition without logical operators.
type Atom struct {
	// Key is the piece's canonical text: equal keys, equal answers.
	Key string
	// Number is the atom's place in its bundle.
	Number int
	// Fields are the finding fields it looks at, as places in
	// [fact.Findings], ascending.
	Fields []int
	// Uses is what else it looks at.
	Uses Uses

	program cel.Program
}

// Uses is what an answer hangs on besides the fields of a finding.
type Uses struct {
	App, Asset, Scan, Stage bool
	// Daily is whether the answer changes with the UTC day, Instant whether
	// it changes with the instant.
	Daily, Instant bool
}

func (u Uses) and(o Uses) Uses {
	return Uses{
		App: u.App || o.App, Asset: u.Asset || o.Asset, Scan: u.Scan || o.Scan, Stage: u.Stage || o.Stage,
		Daily: u.Daily || o.Daily, Instant: u.Instant || o.Instant,
	}
}

// Ask answers the atom for a subject.
func (a *Atom) Ask(s *Subject) Truth {
	val, _, err := a.program.Eval(s)
	if err != nil {
		return Undecided
	}
	switch val {
	case types.True:
		return True
	case types.False:
		return False
	}
	return Undecided
}

// Missing returns why the atom can't be answered for a subject: the unknown
// facts ("finding.epss"), or the failure in words. It is empty when the atom
// can be answered.
func (a *Atom) Missing(s *Subject) []string {
	val, _, err := a.program.Eval(s)
	if err != nil {
		return []string{err.Error()}
	}
	return unknownNames(val)
}

// Ask answers the formula for a subject.
func (f *Formula) Ask(s *Subject) Truth {
	switch f.Op {
	case OpAnd, OpOr:
		decisive, answer := False, True
		if f.Op == OpOr {
			decisive, answer = True, False
		}
		for _, arg := range f.Args {
			switch t := arg.Ask(s); t {
			case decisive:
				return decisive
			case Undecided:
				answer = Undecided
			}
		}
		return answer
	case OpNot:
		return f.Args[0].Ask(s).not()
	}
	return f.Atom.Ask(s)
}

func (t Truth) not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Undecided
}

// Missing returns what keeps an undecided formula from an answer.
func (f *Formula) Missing(s *Subject) []string {
	if f.Ask(s) != Undecided {
		return nil
	}
	if f.Op == OpAtom {
		return f.Atom.Missing(s)
	}
	var out []string
	for _, arg := range f.Args {
		out = append(out, arg.Missing(s)...)
	}
	return sortedSet(out)
}

// Atoms calls visit for every atom of the formula.
func (f *Formula) Atoms(visit func(*Atom)) {
	if f.Op == OpAtom {
		visit(f.Atom)
		return
	}
	for _, arg := range f.Args {
		arg.Atoms(visit)
	}
}
