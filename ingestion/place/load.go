package place

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/stance-aspm/stance/domain/estate"
)

// Bounds that keep a mistake in a rule from holding up imports.
const (
	maxRules      = 1000
	maxExpression = 4 << 10 // characters
	maxDepth      = 32      // levels of nesting
	maxCost       = 10_000  // steps for one evaluation, by CEL's count
)

// Problem is one thing wrong with a file of rules, at its place.
type Problem struct {
	File         string
	Line, Column int // 1-based
	Message      string
}

// String renders the problem in one line, the way compilers do.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems are all that is wrong with a file. It is the error of [Load].
type Problems []Problem

// Error renders one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// document is the shape of a file.
type document struct {
	Rules []clause `yaml:"rules"`
}

type clause struct {
	Name        placed `yaml:"name"`
	When        placed `yaml:"when"`
	Application placed `yaml:"application"`
	Asset       placed `yaml:"asset"`
	Kind        placed `yaml:"kind"`
	Ref         placed `yaml:"ref"`
}

// placed is a text that knows where it stands in its file.
type placed struct {
	text         string
	line, column int // of its first character; that of a block is on its own line
	set          bool
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (p *placed) UnmarshalYAML(n ast.Node) error {
	at := n.GetToken().Position
	p.line, p.column, p.set = at.Line, at.Column, true
	switch v := n.(type) {
	case *ast.StringNode:
		p.text = v.Value
		if o := strings.TrimSpace(v.Token.Origin); strings.HasPrefix(o, `"`) || strings.HasPrefix(o, `'`) {
			p.column++
		}
	case *ast.LiteralNode:
		p.text = v.Value.Value
		raw := strings.TrimLeft(v.Value.GetToken().Origin, "\n")
		p.line, p.column = v.Start.Position.Line+1, 1+len(raw)-len(strings.TrimLeft(raw, " "))
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		p.text = n.GetToken().Value
	default:
		return &yaml.SyntaxError{Message: "want a text", Token: n.GetToken()}
	}
	return nil
}

// Load compiles rules. When anything is wrong the error is a [Problems] with
// everything that is wrong. An empty file has no rules.
func Load(file string, source []byte) (*Rules, error) {
	if strings.TrimSpace(string(source)) == "" {
		return &Rules{}, nil
	}
	var doc document
	if err := yaml.UnmarshalWithOptions(source, &doc, yaml.Strict()); err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	env, err := language()
	if err != nil {
		return nil, err
	}
	l := &loader{file: file, env: env}
	if len(doc.Rules) > maxRules {
		l.report(placed{line: 1, column: 1}, fmt.Sprintf("%d rules are more than the %d allowed", len(doc.Rules), maxRules))
		return nil, l.problems
	}
	out := &Rules{}
	names := map[string]bool{}
	for i := range doc.Rules {
		c := &doc.Rules[i]
		switch {
		case !c.Name.set || c.Name.text == "":
			l.report(c.somewhere(), fmt.Sprintf("rule %d has no name", i+1))
		case names[c.Name.text]:
			l.report(c.Name, fmt.Sprintf("a rule %q stands above", c.Name.text))
		}
		names[c.Name.text] = true
		out.rules = append(out.rules, l.rule(c))
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return out, nil
}

// somewhere is a place inside the rule, the first that it has.
func (c *clause) somewhere() placed {
	for _, p := range []placed{c.Name, c.When, c.Application, c.Asset, c.Kind, c.Ref} {
		if p.set {
			return p
		}
	}
	return placed{line: 1, column: 1}
}

// language is what conditions may use.
func language() (*cel.Env, error) {
	opts := []cel.EnvOption{
		ext.Strings(), cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxDepth), cel.RegexProgramSizeLimit(1000),
	}
	for _, v := range variables {
		opts = append(opts, cel.Variable(v.name, cel.StringType))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("make the language of asset rules: %w", err)
	}
	return env, nil
}

type loader struct {
	file     string
	env      *cel.Env
	problems Problems
}

func (l *loader) report(at placed, message string) {
	l.problems = append(l.problems, Problem{l.file, at.line, at.column, message})
}

func (l *loader) rule(c *clause) rule {
	ru := rule{name: c.Name.text}
	if c.When.set {
		ru.when = l.compile(c.When, c.When.text, 0, types.BoolType)
	}
	said := false
	for i, v := range []placed{c.Application, c.Asset, c.Kind, c.Ref} {
		ru.fields[i] = l.template(v)
		said = said || v.set
	}
	if !said {
		l.report(c.somewhere(), fmt.Sprintf("rule %q says nothing: want application, asset, kind or ref", ru.name))
	}
	if len(ru.fields[0]) == 1 && ru.fields[0][0].expr == nil {
		if _, err := estate.Key(ru.fields[0][0].text); err != nil {
			l.report(c.Application, err.Error())
		}
	}
	if len(ru.fields[2]) == 1 && ru.fields[2][0].expr == nil {
		if _, err := estate.ParseAssetKind(ru.fields[2][0].text); err != nil {
			l.report(c.Kind, err.Error())
		}
	}
	return ru
}

// template cuts a value into texts and expressions.
func (l *loader) template(p placed) template {
	var out template
	for at := 0; at < len(p.text); {
		open := strings.Index(p.text[at:], "{{")
		if open < 0 {
			return append(out, part{text: p.text[at:]})
		}
		if open > 0 {
			out = append(out, part{text: p.text[at : at+open]})
		}
		from := at + open + 2
		end := strings.Index(p.text[from:], "}}")
		if end < 0 {
			l.report(p, "the braces are not closed: write {{target.name}}")
			return nil
		}
		expr := p.text[from : from+end]
		if prg := l.compile(p, expr, from, types.StringType); prg != nil {
			out = append(out, part{text: expr, expr: prg})
		}
		at = from + end + 2
	}
	return out
}

// compile type-checks an expression that begins at a byte of a value. It
// returns nil after reporting what is wrong.
func (l *loader) compile(p placed, expr string, from int, want *types.Type) cel.Program {
	checked, issues := l.env.Compile(expr)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			at := p
			at.line += e.Location.Line() - 1 + strings.Count(p.text[:from], "\n")
			at.column += e.Location.Column()
			if e.Location.Line() == 1 {
				at.column += len([]rune(p.text[strings.LastIndexByte(p.text[:from], '\n')+1 : from]))
			}
			l.report(at, e.Message)
		}
		return nil
	}
	if !checked.OutputType().IsExactType(want) {
		l.report(p, fmt.Sprintf("%q gives a %s, want a %s", strings.TrimSpace(expr), checked.OutputType(), want))
		return nil
	}
	prg, err := l.env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		l.report(p, err.Error())
		return nil
	}
	return prg
}

// syntaxProblem takes an error of the YAML library apart.
func syntaxProblem(file string, err error) Problem {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		at := located.GetToken().Position
		return Problem{file, at.Line, at.Column, located.GetMessage()}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	if m := regexp.MustCompile(`^\[(\d+):(\d+)\] (.*)$`).FindStringSubmatch(first); m != nil {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		return Problem{file, line, column, m[3]}
	}
	return Problem{file, 1, 1, first}
}
