// Package mapping reads report formats that are described in a data file
// instead of code: how a document is recognised, where its records are, and
// which part of a record is which field of an observation. One engine streams
// JSON (also JSON lines), XML, CSV and lines of text alike.
//
// A mapping's file is YAML; its expressions are jq, by the gojq library. The
// manual is docs/mappings.md, the mappings that Stance comes with are in
// pack/format.
package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// Mapping is a format read from a file.
type Mapping struct {
	spec      *spec
	clues     []compiledClue
	variables []string
	compiled  func() (*program, error)
}

// program is a mapping with its expressions compiled.
type program struct {
	context  []contextValue
	around   []*regexp.Regexp
	run      []setting
	target   []setting
	sections []*compiledSection
}

// contextValue is a value of the document that expressions see as $NAME.
type contextValue struct {
	name  string
	steps []step
	line  *regexp.Regexp
	more  *regexp.Regexp
	key   *expr
}

type compiledSection struct {
	paths  [][]step
	line   *regexp.Regexp
	more   *regexp.Regexp
	emit   string
	kind   finding.Kind
	when   *expr
	each   *expr
	target []setting
	fields []setter
	// usesUp and usesTop say whether the enclosing elements are asked for:
	// only then are they parsed.
	usesUp, usesTop bool
}

// Parse reads a mapping. file names it in errors. The expressions are
// compiled when the first document is decoded; Compile does it at once.
func Parse(file string, src []byte) (*Mapping, error) {
	s, err := readSpec(file, src)
	if err != nil {
		return nil, err
	}
	return newMapping(file, s)
}

func newMapping(file string, s *spec) (*Mapping, error) {
	m := &Mapping{spec: s}
	m.variables = slices.Clone(fixedVariables)
	for _, name := range slices.Sorted(maps.Keys(s.Context)) {
		m.variables = append(m.variables, "$"+name)
	}
	var problems []error
	if !validName.MatchString(s.Name) {
		problems = append(problems, fmt.Errorf("name %q: want lower-case letters, digits and dashes", s.Name))
	}
	if !slices.Contains([]string{"json", "xml", "csv", "text"}, s.Input) {
		problems = append(problems, fmt.Errorf("input %q: want json, xml, csv or text", s.Input))
	}
	if len(s.Detect) == 0 {
		problems = append(problems, errors.New("detect: say how a document is recognised"))
	}
	for i, c := range s.Detect {
		cc, err := c.compile()
		if err != nil {
			problems = append(problems, fmt.Errorf("detect, entry %d: %w", i+1, err))
		}
		m.clues = append(m.clues, cc)
	}
	if len(s.Records) == 0 {
		problems = append(problems, errors.New("records: say where the records are"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m.compiled = sync.OnceValues(func() (*program, error) {
		p, err := m.compile()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return p, nil
	})
	return m, nil
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// Compile reports what is wrong with the mapping's paths, expressions, fields
// and tables; all of it, not only the first.
func (m *Mapping) Compile() error {
	_, err := m.compiled()
	return err
}

// Format is the mapping as a format.
func (m *Mapping) Format() format.Format {
	return format.Format{
		Name:   m.spec.Name,
		Title:  m.spec.Title,
		Doc:    strings.TrimSpace(m.spec.Doc),
		Fields: m.documentation(),
		Detect: m.detect,
		Decode: m.decode,

		Renames: m.spec.Renames,
	}
}

func (m *Mapping) compile() (*program, error) {
	p := &program{}
	var problems []error
	note := func(where string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", where, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.spec.Context)) {
		c := m.spec.Context[name]
		v := contextValue{name: name}
		var err error
		if m.spec.Input == "text" {
			v.line, v.more, err = linePatterns(c.Line, c.More)
		} else {
			v.steps, err = parsePath(c.Path)
		}
		note("context "+name, err)
		if c.Key != "" {
			v.key, err = compileExpr(c.Key, m.variables)
			note("context "+name, err)
		}
		p.context = append(p.context, v)
	}
	for _, text := range m.spec.Around {
		re, _, err := linePatterns(text, "")
		note("around", err)
		p.around = append(p.around, re)
	}
	var err error
	p.run, err = m.settings(m.spec.Run, runNames)
	note("run", err)
	p.target, err = m.settings(m.spec.Target, targetNames)
	note("target", err)
	for i := range m.spec.Records {
		s, errs := m.compileSection(&m.spec.Records[i])
		for _, err := range errs {
			note(fmt.Sprintf("records, entry %d", i+1), err)
		}
		p.sections = append(p.sections, s)
	}
	return p, errors.Join(problems...)
}

func (m *Mapping) compileSection(s *section) (*compiledSection, []error) {
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	c := &compiledSection{emit: cmp.Or(s.Emit, "observation")}
	if c.emit != "observation" && c.emit != "component" {
		note(fmt.Errorf("emit %q: want observation or component", s.Emit))
	}
	var err error
	c.kind, err = finding.ParseKind(cmp.Or(s.Kind, m.spec.Kind, string(finding.Quality)))
	note(err)
	if m.spec.Input == "csv" && len(s.Path) == 0 {
		s.Path = paths{"[]"} // a table's rows are its only records
	}
	if m.spec.Input == "text" {
		c.line, c.more, err = linePatterns(s.Line, s.More)
		note(err)
	} else if len(s.Path) == 0 {
		note(errors.New("path: say where these records are"))
	}
	for _, text := range s.Path {
		steps, err := parsePath(text)
		note(err)
		c.paths = append(c.paths, steps)
	}
	if s.When != "" {
		c.when, err = compileExpr(s.When, m.variables)
		note(err)
	}
	if s.Each != "" {
		c.each, err = compileExpr(s.Each, m.variables)
		note(err)
	}
	c.target, err = m.settings(s.Target, targetNames)
	note(err)
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		f, err := compileField(name, s.Fields[name], m)
		note(err)
		c.fields = append(c.fields, f)
	}
	c.usesUp, c.usesTop = c.uses("$up"), c.uses("$top")
	return c, problems
}

// linePatterns compiles the pattern of a line of text, and that of the lines
// that may follow it.
func linePatterns(first, further string) (line, more *regexp.Regexp, err error) {
	if first == "" {
		return nil, nil, errors.New("line: say by a pattern with named groups what such a line looks like")
	}
	if line, err = compilePattern(first); err == nil && further != "" {
		more, err = compilePattern(further)
	}
	return line, more, err
}

func (c *compiledSection) uses(variable string) bool {
	in := func(e *expr) bool { return e != nil && strings.Contains(e.text, variable) }
	if in(c.when) || in(c.each) {
		return true
	}
	for _, f := range c.fields {
		if slices.ContainsFunc(f.exprs, in) {
			return true
		}
	}
	return slices.ContainsFunc(c.target, func(s setting) bool { return slices.ContainsFunc(s.exprs, in) })
}

// documentation is the mapping as the table of the documentation.
func (m *Mapping) documentation() []format.Field {
	var out []format.Field
	add := func(prefix string, values map[string]value, names []string) {
		for _, name := range names {
			if v, ok := values[name]; ok {
				out = append(out, format.Field{Name: prefix + name, From: m.from(v)})
			}
		}
	}
	add("run.", m.spec.Run, runNames)
	add("target.", m.spec.Target, targetNames)
	for _, s := range m.spec.Records {
		if len(m.spec.Records) > 1 {
			out = append(out, format.Field{Name: "records", From: cmp.Or(strings.Join(s.Path, " or "), s.Line)})
		}
		add("target.", s.Target, targetNames)
		names := fieldNames()
		for _, n := range slices.Sorted(maps.Keys(s.Fields)) {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		add("", s.Fields, names)
	}
	if m.spec.RawOnly != "" {
		out = append(out, format.Field{Name: "raw only", From: strings.TrimSpace(m.spec.RawOnly)})
	}
	return out
}

// from is where a value comes from, the names of context values explained.
func (m *Mapping) from(v value) string {
	s := strings.Join(v.Exprs, "; ")
	for _, name := range slices.Sorted(maps.Keys(m.spec.Context)) {
		if strings.Contains(s, "$"+name) {
			s += fmt.Sprintf(" ($%s: %s)", name, m.spec.Context[name].Path)
		}
	}
	if v.Default != "" {
		s = strings.TrimPrefix(s+"; else "+v.Default, "; ")
	}
	return s
}
