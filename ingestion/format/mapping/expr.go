package mapping

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// fixedVariables are bound in every expression: the enclosing element, the
// outermost one, the member name or index of the record, and the place that
// "each" names.
var fixedVariables = []string{"$up", "$top", "$key", "$item"}

// scope is what an expression sees.
type scope struct {
	rec  any
	vars []any // in the order of the mapping's variables
}

// expr is a compiled expression.
type expr struct {
	text string
	// plain paths, most of all expressions, are walked without the
	// interpreter: from the record (base < 0) or a variable.
	plain bool
	base  int
	steps []any // string or int
	code  *gojq.Code
}

var plainPath = regexp.MustCompile(`^(\$\w+|\.)?(\.?(?:[A-Za-z_]\w*|"[^"\\]*")|\[\d+\])*$`)

// compileExpr compiles an expression of the jq language. Variables are those
// of the mapping, with their "$".
func compileExpr(text string, variables []string) (*expr, error) {
	text = strings.TrimSpace(text)
	if e, ok := compilePlain(text, variables); ok {
		return e, nil
	}
	q, err := gojq.Parse(text)
	if err != nil {
		var parse *gojq.ParseError
		if errors.As(err, &parse) {
			return nil, fmt.Errorf("expression %q: unexpected %q at character %d", text, parse.Token, parse.Offset)
		}
		return nil, fmt.Errorf("expression %q: %w", text, err)
	}
	options := append([]gojq.CompilerOption{gojq.WithVariables(variables)}, functions()...)
	code, err := gojq.Compile(q, options...)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", text, err)
	}
	return &expr{text: text, code: code}, nil
}

func compilePlain(text string, variables []string) (*expr, bool) {
	if text == "" || text[0] != '.' && text[0] != '$' || !plainPath.MatchString(text) {
		return nil, false
	}
	e := &expr{text: text, plain: true, base: -1}
	rest := text
	if text[0] == '$' {
		end := strings.IndexAny(text, ".[")
		if end < 0 {
			end = len(text)
		}
		if e.base = slices.Index(variables, text[:end]); e.base < 0 {
			return nil, false // the compiler names the unknown variable
		}
		rest = text[end:]
	}
	for rest != "" {
		switch {
		case rest[0] == '.':
			rest = rest[1:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			n, err := strconv.Atoi(rest[1:end])
			if err != nil {
				return nil, false
			}
			e.steps, rest = append(e.steps, n), rest[end+1:]
		case rest[0] == '"':
			name, after, _ := strings.Cut(rest[1:], `"`)
			e.steps, rest = append(e.steps, name), after
		default:
			end := strings.IndexAny(rest, ".[\"")
			if end < 0 {
				end = len(rest)
			}
			e.steps, rest = append(e.steps, rest[:end]), rest[end:]
		}
	}
	return e, true
}

// all returns every value that the expression gives. An expression that
// stumbles over the shape of a record gives what it had until then and the
// error.
func (e *expr) all(ctx context.Context, s *scope) ([]any, error) {
	if e.plain {
		if v := e.walk(s); v != nil {
			return []any{v}, nil
		}
		return nil, nil
	}
	var out []any
	it := e.code.RunWithContext(ctx, s.rec, s.vars...)
	for range maxValues {
		v, ok := it.Next()
		if !ok {
			return out, nil
		}
		if err, bad := v.(error); bad {
			if halt := (&gojq.HaltError{}); errors.As(err, &halt) && halt.Value() == nil {
				return out, nil
			}
			return out, fmt.Errorf("expression %q: %w", e.text, err)
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, fmt.Errorf("expression %q gives more than %d values", e.text, maxValues)
}

// maxValues bounds what one expression may give for one record.
const maxValues = 1 << 20

// walk follows a plain path. It steps through a list to its first element,
// because XML and many tools write a list of one as the element itself.
func (e *expr) walk(s *scope) any {
	v := s.rec
	if e.base >= 0 {
		v = s.vars[e.base]
	}
	for _, st := range e.steps {
		switch st := st.(type) {
		case string:
			if l, ok := v.([]any); ok && len(l) > 0 {
				v = l[0]
			}
			m, _ := v.(map[string]any)
			v = m[st]
		case int:
			if l, ok := v.([]any); ok {
				if st >= len(l) {
					return nil
				}
				v = l[st]
			} else if st > 0 {
				return nil
			}
		}
		if v == nil {
			return nil
		}
	}
	return v
}

// truth is what a condition says: as in jq, null and false are no.
func (e *expr) truth(ctx context.Context, s *scope) (bool, error) {
	v, err := e.all(ctx, s)
	if err != nil || len(v) == 0 {
		return false, err
	}
	b, isBool := v[0].(bool)
	return !isBool || b, nil
}
