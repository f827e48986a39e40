package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/stance-aspm/stance/governance/fact"
)

// compiler turns conditions into formulas and keeps one atom for each
// distinct piece of condition in the bundle.
type compiler struct {
	lang  *language
	atoms map[string]*Atom
	order []*Atom
}

// condition is a compiled condition with what it mentions.
type condition struct {
	formula  *Formula
	text     string // canonical
	mentions []string
}

// condition compiles s. It reports problems and returns nil when there are
// any.
func (c *compiler) condition(s *scalar) *condition {
	if s == nil || strings.TrimSpace(s.text) == "" {
		return nil
	}
	checked := c.check(c.lang.conditions, *s, s.text, 0, []*types.Type{types.BoolType})
	if checked == nil {
		return nil
	}
	native := checked.NativeRep()
	text, err := cel.ExprToString(native.Expr(), native.SourceInfo())
	if err != nil {
		s.file.report(s.at, err.Error(), "")
		return nil
	}
	formula, err := c.cut(native, native.Expr())
	if err != nil {
		s.file.report(s.at, err.Error(), "")
		return nil
	}
	return &condition{formula: formula, text: text, mentions: mentionsOf(native.Expr())}
}

// check parses and type-checks an expression that stands at character from
// of s, and holds it to the bounds and house rules. It returns nil after
// reporting what is wrong.
func (c *compiler) check(env *cel.Env, s scalar, expr string, from int, want []*types.Type) *cel.Ast {
	at := func(line, column int) place { return s.whereIn(expr, from, line, column) }
	parsed, issues := env.Parse(expr)
	if issues.Err() != nil {
		e := issues.Errors()[0] // what follows the first syntax error is mostly noise
		s.file.report(at(e.Location.Line(), max(e.Location.Column(), 0)), syntaxMessage(e.Message), "")
		return nil
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			message, hint, shift := c.lang.explain(e.Message, expr)
			s.file.report(at(e.Location.Line(), e.Location.Column()+shift), message, hint)
		}
		return nil
	}
	if out := checked.OutputType(); !slices.ContainsFunc(want, out.IsExactType) {
		s.file.report(at(1, 0), fmt.Sprintf("the expression is a %s, want %s", out, typeNames(want)), "")
		return nil
	}
	native := checked.NativeRep()
	v := validator{lang: c.lang, info: native.SourceInfo(), report: func(id int64, message, hint string) {
		loc := native.SourceInfo().GetStartLocation(id)
		s.file.report(at(loc.Line(), loc.Column()), message, hint)
	}}
	if !v.validate(native.Expr()) {
		return nil
	}
	estimate, err := env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		s.file.report(at(1, 0), fmt.Sprintf("the expression may take %d steps for one subject, more than the %d allowed", estimate.Max, maxCost),
			"loop over fewer lists at once, or split the rule")
		return nil
	}
	return checked
}

func typeNames(want []*types.Type) string {
	names := make([]string, len(want))
	for i, t := range want {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// sizes bounds the facts for the cost estimate: texts are paths and names,
// lists hold advisories, tools and licences of one finding.
type sizes struct{}

const (
	assumedText = 1024
	assumedList = 64
)

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &cost.SizeEstimate{Min: 0, Max: assumedText}
	case types.ListKind, types.MapKind:
		return &cost.SizeEstimate{Min: 0, Max: assumedList}
	}
	return nil
}

// EstimateCallCost implements cost.Estimator; CEL's own costs stand.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// cut takes a checked expression apart at &&, || and !.
func (c *compiler) cut(tree *ast.AST, e ast.Expr) (*Formula, error) {
	if e.Kind() == ast.CallKind {
		ops := map[string]Op{operators.LogicalAnd: OpAnd, operators.LogicalOr: OpOr, operators.LogicalNot: OpNot}
		if op, ok := ops[e.AsCall().FunctionName()]; ok {
			f := &Formula{Op: op}
			for _, arg := range e.AsCall().Args() {
				part, err := c.cut(tree, arg)
				if err != nil {
					return nil, err
				}
				if part.Op == op && op != OpNot {
					f.Args = append(f.Args, part.Args...)
				} else {
					f.Args = append(f.Args, part)
				}
			}
			return f, nil
		}
	}
	atom, err := c.atom(tree, e)
	return &Formula{Op: OpAtom, Atom: atom}, err
}

// atom returns the bundle's atom for the expression.
func (c *compiler) atom(tree *ast.AST, e ast.Expr) (*Atom, error) {
	key, err := cel.ExprToString(e, tree.SourceInfo())
	if err != nil {
		return nil, fmt.Errorf("write out a condition: %w", err)
	}
	if a, ok := c.atoms[key]; ok {
		return a, nil
	}
	piece := ast.NewCheckedAST(ast.NewAST(e, tree.SourceInfo()), tree.TypeMap(), tree.ReferenceMap())
	program, err := c.lang.conditions.PlanProgram(piece, options(e)...)
	if err != nil {
		return nil, fmt.Errorf("plan a condition: %w", err)
	}
	a := &Atom{Key: key, Number: len(c.order), program: program}
	a.look(e)
	c.atoms[key] = a
	c.order = append(c.order, a)
	return a, nil
}

// options says how an expression is run. The cost estimate assumed sizes and
// real facts may be larger. Only loops can be hurt by that, and counting
// costs as much as evaluating, so only loops are counted.
func options(e ast.Expr) []cel.ProgramOption {
	out := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if loops(e) {
		out = append(out, cel.CostLimit(maxCost))
	}
	return out
}

func loops(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.ComprehensionKind
	}))
	return found
}

// look records what the atom looks at.
func (a *Atom) look(e ast.Expr) {
	for _, mention := range mentionsOf(e) {
		variable, field, _ := strings.Cut(mention, ".")
		switch variable {
		case "finding":
			i := fact.Findings().Index(field)
			a.Fields = append(a.Fields, i)
			a.Uses.Daily = a.Uses.Daily || fact.Findings().At(i).Daily
		case "app":
			a.Uses.App = true
		case "asset":
			a.Uses.Asset = true
		case "scan":
			a.Uses.Scan = true
			a.Uses.Instant = a.Uses.Instant || field == "age_hours"
		case "stage":
			a.Uses.Stage = true
		case "now":
			a.Uses.Instant = true
		case "today":
			a.Uses.Daily = true
		}
	}
	slices.Sort(a.Fields)
}

// mentionsOf lists the variables of an expression once each, in order of
// appearance: "finding.kev", "stage".
func mentionsOf(e ast.Expr) []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			if op := e.AsSelect().Operand(); op.Kind() == ast.IdentKind && isObject(op.AsIdent()) {
				add(op.AsIdent() + "." + e.AsSelect().FieldName())
			}
		case ast.IdentKind:
			switch name := e.AsIdent(); name {
			case "stage", "now", "today":
				add(name)
			}
		}
	}))
	return out
}

func isObject(name string) bool {
	switch name {
	case "finding", "app", "asset", "scan":
		return true
	}
	return false
}

// unknownNames lists the facts that an unknown value hangs on.
func unknownNames(val ref.Val) []string {
	u, ok := val.(*types.Unknown)
	if !ok {
		return nil
	}
	var out []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			out = append(out, t.String())
		}
	}
	return sortedSet(out)
}

func sortedCopy(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

func sortedSet(list []string) []string { return slices.Compact(sortedCopy(list)) }
