package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// validator holds an expression to rules that CEL's types don't express.
type validator struct {
	lang   *language
	info   *ast.SourceInfo
	report func(id int64, message, hint string)
	failed bool
}

func (v *validator) validate(e ast.Expr) bool {
	v.visit(e, false)
	return !v.failed
}

func (v *validator) fail(id int64, message, hint string) {
	v.failed = true
	v.report(id, message, hint)
}

// visit walks the expression. Selected is whether e is the operand of a
// field selection.
func (v *validator) visit(e ast.Expr, selected bool) {
	switch e.Kind() {
	case ast.IdentKind:
		if name := e.AsIdent(); isObject(name) && !selected {
			v.fail(e.ID(), fmt.Sprintf("%s stands alone", name), "name a field of it, such as "+name+"."+v.lang.objects[name].names[0])
		}
	case ast.SelectKind:
		v.visit(e.AsSelect().Operand(), true)
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			v.visit(call.Target(), false)
		}
		for _, arg := range call.Args() {
			v.visit(arg, false)
		}
		v.words(call)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			v.visit(item, false)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			v.visit(entry.AsMapEntry().Key(), false)
			v.visit(entry.AsMapEntry().Value(), false)
		}
	case ast.StructKind:
		v.fail(e.ID(), "a policy can't make a "+e.AsStruct().TypeName(), "")
	case ast.ComprehensionKind:
		v.comprehension(e)
	}
}

func (v *validator) comprehension(e ast.Expr) {
	c := e.AsComprehension()
	for _, name := range []string{c.IterVar(), c.IterVar2()} {
		if name != "" && slices.Contains(v.lang.names, name) {
			v.fail(e.ID(), fmt.Sprintf("the loop variable hides %q", name), "use another name, such as x")
			return
		}
	}
	for _, part := range []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		v.visit(part, false)
	}
}

// words checks texts that are compared with a field whose values are a
// closed set: a comparison that can never hold is a mistake.
func (v *validator) words(call ast.CallExpr) {
	args := call.Args()
	if len(args) != 2 {
		return
	}
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		v.word(args[0], args[1])
		v.word(args[1], args[0])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			for _, item := range args[1].AsList().Elements() {
				v.word(args[0], item)
			}
		}
	}
}

func (v *validator) word(field, literal ast.Expr) {
	name, allowed := v.closedSet(field)
	if allowed == nil || literal.Kind() != ast.LiteralKind {
		return
	}
	s, ok := literal.AsLiteral().(types.String)
	if !ok || slices.Contains(allowed, string(s)) {
		return
	}
	hint := didYouMean(string(s), allowed)
	if hint == "" {
		hint = "want one of " + strings.Join(allowed, ", ")
	}
	v.fail(literal.ID(), fmt.Sprintf("%s is never %q", name, string(s)), hint)
}

func (v *validator) closedSet(e ast.Expr) (string, []string) {
	switch e.Kind() {
	case ast.IdentKind:
		if e.AsIdent() == "stage" {
			words := make([]string, 0, len(Stages()))
			for _, s := range Stages() {
				words = append(words, string(s))
			}
			return "stage", words
		}
	case ast.SelectKind:
		sel := e.AsSelect()
		if op := sel.Operand(); op.Kind() == ast.IdentKind && isObject(op.AsIdent()) {
			return op.AsIdent() + "." + sel.FieldName(), v.lang.objects[op.AsIdent()].closed[sel.FieldName()]
		}
	}
	return "", nil
}

func syntaxMessage(m string) string {
	m = strings.TrimPrefix(m, "Syntax error: ")
	if i := strings.Index(m, " expecting {"); i > 0 {
		m = m[:i] // a list of every token of the grammar helps nobody
	}
	return "the expression can't be read: " + m
}

// explain turns a message of CEL's type checker into one about policies. The
// shift moves the place onto the word that is wrong.
func (l *language) explain(message, expr string) (text, hint string, shift int) {
	if m := regexp.MustCompile(`^undefined field '(.*)'$`).FindStringSubmatch(message); m != nil {
		return l.unknownField(m[1], expr)
	}
	if m := regexp.MustCompile(`^undeclared reference to '([^']*)'`).FindStringSubmatch(message); m != nil {
		name := m[1]
		if hint = l.asField(name); hint == "" {
			hint = didYouMean(name, append(slices.Clone(l.names), l.functions()...))
		}
		return fmt.Sprintf("there is no %q in the policy language", name), hint, 0
	}
	if m := regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`).FindStringSubmatch(message); m != nil {
		return wrongTypes(m[1], m[2], expr)
	}
	return message, "", 0
}

// unknownField explains a misspelt field. CEL names the field and not its
// object; the text tells which objects are meant.
func (l *language) unknownField(field, expr string) (text, hint string, shift int) {
	owner := ""
	for name := range l.objects {
		if regexp.MustCompile(`\b` + name + `\s*\.\s*` + regexp.QuoteMeta(field) + `\b`).MatchString(expr) {
			owner = name
		}
	}
	if owner == "" {
		return fmt.Sprintf("there is no field %q", field), "", 1
	}
	return fmt.Sprintf("%s has no field %q", owner, field), didYouMean(field, l.objects[owner].names), 1
}

// asField hints at a field whose object was left out. Names in capitals are
// meant as constants.
func (l *language) asField(name string) string {
	if name == strings.ToUpper(name) {
		return ""
	}
	for _, object := range []string{"finding", "app", "asset", "scan"} {
		if field := nearest(name, l.objects[object].names); field != "" && len(name) > 2 {
			return fmt.Sprintf("did you mean %q?", object+"."+field)
		}
	}
	return ""
}

func (l *language) functions() []string {
	var out []string
	for name := range l.conditions.Functions() {
		if regexp.MustCompile(`^[a-zA-Z.]+$`).MatchString(name) {
			out = append(out, name)
		}
	}
	return sortedCopy(out)
}

func wrongTypes(function, operands, expr string) (text, hint string, shift int) {
	if strings.Contains(expr, "severity") && strings.Contains(operands, "string") && strings.Contains(operands, "int") {
		hint = "compare finding.severity with INFO, LOW, MEDIUM, HIGH or CRITICAL, or finding.severity_name with a word"
	}
	name := strings.Trim(function, "_@")
	return fmt.Sprintf("%s does not work on %s", name, operands), hint, 0
}
