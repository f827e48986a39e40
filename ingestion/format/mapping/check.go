package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is something about a mapping that its author should know.
type Problem struct {
	// Fatal says that the mapping can't be used.
	Fatal   bool
	Message string
}

// Check reads a mapping and says all that is wrong with it, and what a good
// mapping would have besides.
func Check(file string, src []byte) (*Mapping, []Problem) {
	m, err := Parse(file, src)
	if err == nil {
		err = m.Compile()
	}
	var out []Problem
	for _, line := range lines(err) {
		out = append(out, Problem{Fatal: true, Message: line})
	}
	if m == nil || len(out) > 0 {
		return m, out
	}
	for _, text := range m.advice() {
		out = append(out, Problem{Message: text})
	}
	return m, out
}

// lines parts joined errors, each with the file before it.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	text := err.Error()
	if strings.Contains(text, "\n") && !strings.Contains(text, "|") { // a YAML error shows its place in several lines
		file, rest, ok := strings.Cut(text, ": ")
		if ok {
			var out []string
			for line := range strings.SplitSeq(rest, "\n") {
				out = append(out, file+": "+line)
			}
			return out
		}
	}
	return []string{text}
}

// advice is what is allowed and yet most likely an oversight.
func (m *Mapping) advice() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if strings.TrimSpace(m.spec.Doc) == "" {
		add("doc: say which tool and option writes such a report")
	}
	sure := 0
	for _, c := range m.clues {
		sure = max(sure, int(c.sure))
	}
	if sure < 70 {
		add("detect: no clue is likely or certain: every other format that fits will go before this one")
	}
	for i, s := range m.spec.Records {
		at := fmt.Sprintf("records, entry %d", i+1)
		if s.Emit == "component" {
			continue
		}
		has := func(prefixes ...string) bool {
			for name := range s.Fields {
				for _, p := range prefixes {
					if name == p || strings.HasPrefix(name, p+".") {
						return true
					}
				}
			}
			return false
		}
		if !has("check", "title", "message", "advisory") {
			add("%s: no check.id, title, message or advisory: every record would be set aside", at)
		}
		if !has("severity") {
			add("%s: no severity: the findings will be of unknown severity", at)
		}
		if !has("location", "component", "secret") {
			add("%s: no location and no component: findings of one check can't be told apart", at)
		}
		if !has("check.id") && !has("advisory") {
			add("%s: neither check.id nor advisory: a finding is recognised by its title alone", at)
		}
		if s.Kind == "" && m.spec.Kind == "" && !has("kind") {
			add("%s: no kind: the findings will be of the kind quality", at)
		}
	}
	out = append(out, m.unused()...)
	return out
}

// unused names context values and tables that nothing refers to.
func (m *Mapping) unused() []string {
	p, err := m.compiled()
	if err != nil {
		return nil
	}
	var exprs []*expr
	named := map[string]bool{}
	note := func(s *setter, v value) {
		exprs = append(exprs, s.exprs...)
		named[v.Named] = true
	}
	for _, s := range slices.Concat(p.run, p.target) {
		note(&s.setter, s.value)
	}
	for _, s := range p.sections {
		exprs = append(exprs, s.when, s.each)
		for i := range s.fields {
			note(&s.fields[i], s.fields[i].value)
		}
		for _, t := range s.target {
			note(&t.setter, t.value)
		}
	}
	var out []string
	for _, c := range p.context {
		if !slices.ContainsFunc(exprs, func(e *expr) bool { return e != nil && strings.Contains(e.text, "$"+c.name) }) {
			out = append(out, fmt.Sprintf("context %s: no expression uses $%s", c.name, c.name))
		}
	}
	for name := range m.spec.Tables {
		if !named[name] {
			out = append(out, fmt.Sprintf("tables: no field uses %q", name))
		}
	}
	slices.Sort(out)
	return out
}

// ErrNoMapping says that a text is no mapping that can be used; the problems
// are joined to it.
var ErrNoMapping = errors.New("not a usable mapping")

// Load reads and compiles a mapping.
func Load(file string, src []byte) (*Mapping, error) {
	m, err := Parse(file, src)
	if err == nil {
		err = m.Compile()
	}
	if err != nil {
		return nil, errors.Join(ErrNoMapping, err)
	}
	return m, nil
}

// Name is the format's name.
func (m *Mapping) Name() string { return m.spec.Name }
