package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// documents parses a file into the bodies of its YAML documents. A file that
// is no YAML gives one problem and no documents.
func (f *file) documents(text []byte) []ast.Node {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		at, message := syntaxError(err)
		f.report(at, message, "")
		return nil
	}
	var out []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			out = append(out, doc.Body)
		}
	}
	return out
}

// syntaxError takes the parser's message apart: "[line:column] text" and the
// source, of which we show our own rendering.
func syntaxError(err error) (place, string) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := regexp.MustCompile(`^\[(\d+):(\d+)\] (.*)$`).FindStringSubmatch(first)
	if m == nil {
		return place{1, 1}, first
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return place{max(line, 1), max(column, 1)}, m[3]
}

func (f *file) placeOf(n ast.Node) place {
	if m, ok := n.(*ast.MappingValueNode); ok {
		return f.placeOf(m.Key)
	}
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return f.placeOf(m.Values[0].Key)
	}
	tok := n.GetToken()
	if tok == nil || tok.Position == nil {
		return place{1, 1}
	}
	return place{max(tok.Position.Line, 1), max(tok.Position.Column, 1)}
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    place
	value ast.Node
}

// entries returns the pairs of a mapping. Anything else is a problem.
func (f *file) entries(n ast.Node, what string) []entry {
	m, ok := n.(ast.MapNode)
	if !ok {
		f.report(f.placeOf(n), fmt.Sprintf("%s must be a mapping of keys to values", what), "")
		return nil
	}
	var out []entry
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		e := entry{key: key.GetToken().Value, at: f.placeOf(key), value: it.Value()}
		if key.IsMergeKey() {
			f.report(e.at, "merge keys are not part of the policy language", "write the keys out")
			continue
		}
		out = append(out, e)
	}
	return out
}

// fields hands every pair of a mapping to the function of its key. Unknown
// keys are problems.
func (f *file) fields(n ast.Node, what string, known map[string]func(entry)) {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	for _, e := range f.entries(n, what) {
		if set, ok := known[e.key]; ok {
			set(e)
			continue
		}
		hint := didYouMean(e.key, sortedCopy(names))
		if hint == "" {
			hint = "want one of " + strings.Join(sortedCopy(names), ", ")
		}
		f.report(e.at, fmt.Sprintf("%s has no field %q", what, e.key), hint)
	}
}

// items returns the elements of a list; a single value stands for a list of
// one.
func (f *file) items(n ast.Node) []ast.Node {
	switch seq := n.(type) {
	case *ast.SequenceNode:
		return seq.Values
	case *ast.NullNode:
		return nil
	}
	return []ast.Node{n}
}

// scalarOf returns a text. Numbers and booleans are taken as they are
// written, so that `message: 42` needs no quotes.
func (f *file) scalarOf(e entry) scalar {
	s := scalar{at: f.placeOf(e.value), file: f}
	switch v := e.value.(type) {
	case *ast.StringNode:
		s.text = v.Value
	case *ast.LiteralNode:
		s.text, s.block = v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s.text = v.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode:
		f.report(s.at, "anchors and aliases are not part of the policy language", "write the value out")
	case *ast.TagNode:
		f.report(s.at, fmt.Sprintf("YAML reads the leading ! of %s as a tag", e.key), "put the expression in quotes or behind a |")
	default:
		f.report(s.at, fmt.Sprintf("%s must be a text", e.key), "")
	}
	return s
}

func (f *file) textOf(e entry) string { return strings.TrimSpace(f.scalarOf(e).text) }

// wholeOf returns a number that is at least least.
func (f *file) wholeOf(e entry, least int) int {
	n, ok := e.value.(*ast.IntegerNode)
	if ok {
		if v, err := strconv.Atoi(n.GetToken().Value); err == nil && v >= least {
			return v
		}
	}
	f.report(f.placeOf(e.value), fmt.Sprintf("%s must be a whole number of at least %d", e.key, least), "")
	return least
}

func (f *file) truthOf(e entry) bool {
	if b, ok := e.value.(*ast.BoolNode); ok {
		return b.Value
	}
	f.report(f.placeOf(e.value), e.key+" must be true or false", "")
	return false
}

// wordsOf returns a list of texts, each one of allowed.
func wordsOf[W ~string](f *file, e entry, allowed []W) []W {
	var out []W
	for _, item := range f.items(e.value) {
		w := W(f.textOf(entry{key: e.key, value: item}))
		if oneOf(f, e.key, f.placeOf(item), w, allowed) {
			out = append(out, w)
		}
	}
	return out
}

// oneOf reports a word that is none of allowed.
func oneOf[W ~string](f *file, key string, at place, w W, allowed []W) bool {
	words := make([]string, len(allowed))
	for i, a := range allowed {
		if a == w {
			return true
		}
		words[i] = string(a)
	}
	hint := didYouMean(string(w), words)
	if hint == "" {
		hint = "want one of " + strings.Join(words, ", ")
	}
	f.report(at, fmt.Sprintf("%s is never %q", key, w), hint)
	return false
}

// plain turns a YAML value into string, int64, float64, bool, []any or
// map[string]any.
func (f *file) plain(e entry) any {
	switch v := e.value.(type) {
	case *ast.IntegerNode:
		switch n := v.Value.(type) {
		case int64:
			return n
		case uint64:
			return int64(n)
		}
		return nil
	case *ast.FloatNode:
		return v.Value
	case *ast.BoolNode:
		return v.Value
	case *ast.SequenceNode:
		out := make([]any, 0, len(v.Values))
		for _, item := range v.Values {
			out = append(out, f.plain(entry{key: e.key, value: item}))
		}
		return out
	}
	return f.scalarOf(e).text
}
