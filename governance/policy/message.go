package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Template is a text with expressions in double braces:
// "{{count}} findings, the worst in {{finding.component}}".
type Template struct {
	parts []part
	// AboutEach is whether the text speaks of a single finding, scan or
	// asset and so differs from match to match.
	AboutEach bool

	uses Uses
}

// part is either plain text or an expression.
type part struct {
	text    string
	program cel.Program
}

// Empty is whether the template has no text at all.
func (t Template) Empty() bool { return len(t.parts) == 0 }

// Fill is Render for advice: where an expression gives nothing there is no
// advice, rather than a sentence with a hole ("Update pillow to").
func (t Template) Fill(s *Subject) string {
	for _, p := range t.parts {
		if p.program == nil {
			continue
		}
		if val, _, err := p.program.Eval(s); err == nil && written(val) == "" {
			return ""
		}
	}
	return t.Render(s)
}

// Render fills the template in. An unknown value is written as "unknown".
func (t Template) Render(s *Subject) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.program == nil {
			b.WriteString(p.text)
			continue
		}
		val, _, err := p.program.Eval(s)
		if err != nil {
			b.WriteString("unknown")
			continue
		}
		b.WriteString(written(val))
	}
	return b.String()
}

func written(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return string(v)
	case types.Double:
		return strconv.FormatFloat(float64(v), 'g', 4, 64)
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case *types.Unknown:
		return "unknown"
	}
	if list, ok := v.(traits.Lister); ok {
		var items []string
		for it := list.Iterator(); it.HasNext() == types.True; {
			items = append(items, written(it.Next()))
		}
		return strings.Join(items, ", ")
	}
	if t, ok := v.Value().(time.Time); ok {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(v.Value())
}

// template compiles a message. Problems are reported where they stand.
func (c *compiler) template(s *scalar) Template {
	var t Template
	if s == nil {
		return t
	}
	text := strings.TrimRight(s.text, " \n")
	for at := 0; at < len(text); {
		open := strings.Index(text[at:], "{{")
		if open < 0 {
			t.parts = append(t.parts, part{text: text[at:]})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, part{text: text[at : at+open]})
		}
		start := at + open + 2
		end := strings.Index(text[start:], "}}")
		if end < 0 {
			s.file.report(s.whereIn(text, 0, 1, len([]rune(text[:start-2]))), "the braces are not closed", "write {{finding.component}}")
			break
		}
		expr := text[start : start+end]
		if checked := c.check(c.lang.messages, *s, expr, len([]rune(text[:start])), printable()); checked != nil {
			t.add(c, s, checked)
		}
		at = start + end + 2
	}
	return t
}

func (t *Template) add(c *compiler, s *scalar, checked *cel.Ast) {
	program, err := c.lang.messages.Program(checked, options(checked.NativeRep().Expr())...)
	if err != nil {
		s.file.report(s.at, err.Error(), "")
		return
	}
	var a Atom
	a.look(checked.NativeRep().Expr())
	t.AboutEach = t.AboutEach || len(a.Fields) > 0 || a.Uses.Asset || a.Uses.Scan
	t.uses = t.uses.and(a.Uses)
	t.parts = append(t.parts, part{program: program})
}

// printable lists the types that a message can show.
func printable() []*types.Type {
	return []*types.Type{types.StringType, types.IntType, types.DoubleType, types.BoolType,
		types.TimestampType, types.NewListType(types.StringType), types.NewListType(types.IntType)}
}
