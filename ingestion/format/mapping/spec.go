package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// spec is a mapping as its file says it. docs/mappings.md is the manual.
type spec struct {
	Name   string   `yaml:"name"`
	Title  string   `yaml:"title"`
	Doc    string   `yaml:"doc"`
	Tool   string   `yaml:"tool"`
	Input  string   `yaml:"input"`
	Kind   string   `yaml:"kind"`
	Detect []clue   `yaml:"detect"`
	Header []string `yaml:"header"`
	// Around are patterns of a text's lines that say something of the records
	// after them, the widest first.
	Around []string `yaml:"around"`
	// Names are the columns of a table that has no header row.
	Names   []string `yaml:"names"`
	Require []string `yaml:"require"`
	// Context names values of the document that stand around the records.
	Context map[string]contextSpec `yaml:"context"`
	Run     map[string]value       `yaml:"run"`
	Target  map[string]value       `yaml:"target"`
	Tables  map[string]table       `yaml:"tables"`
	Records []section              `yaml:"records"`
	// Renames are check ids that the tool gave up for others: old to new.
	Renames map[string]string `yaml:"renames"`
	// RawOnly says what stays in the raw record alone, for the documentation.
	RawOnly string `yaml:"raw_only"`
}

// clue is one way to recognise a document; all its conditions must hold.
type clue struct {
	Sure      string            `yaml:"sure"`
	Keys      []string          `yaml:"keys"`
	Equal     map[string]string `yaml:"equal"`
	Root      string            `yaml:"root"`
	Namespace string            `yaml:"namespace"`
	Attr      map[string]string `yaml:"attr"`
	Columns   []string          `yaml:"columns"`
	Text      string            `yaml:"text"`
	File      string            `yaml:"file"`
}

// contextSpec is a path, or a path with the key by which its list becomes an
// object to look things up in.
type contextSpec struct {
	Path string `yaml:"path"`
	Line string `yaml:"line"` // of a text: a pattern with named groups
	More string `yaml:"more"`
	Key  string `yaml:"key"`
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (c *contextSpec) UnmarshalYAML(decode func(any) error) error {
	if decode(&c.Path) == nil {
		return nil
	}
	type plain contextSpec
	return decode((*plain)(c))
}

// section is one sort of record.
type section struct {
	Path   paths            `yaml:"path"`
	Line   string           `yaml:"line"` // of a text: what its first line looks like
	More   string           `yaml:"more"` // and those after it
	Emit   string           `yaml:"emit"` // "observation" (default) or "component"
	Kind   string           `yaml:"kind"`
	When   string           `yaml:"when"`
	Each   string           `yaml:"each"`
	Target map[string]value `yaml:"target"`
	Fields map[string]value `yaml:"fields"`
}

// where says in a message where records are expected.
func (s section) where() string {
	if s.Line != "" {
		return "lines like " + s.Line
	}
	return s.Path[0]
}

// paths is one path or several, where versions of a tool differ.
type paths []string

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (p *paths) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		*p = paths{one}
		return nil
	}
	return decode((*[]string)(p))
}

// table translates the tool's words; keys are compared without regard to case.
type table map[string]string

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (t *table) UnmarshalYAML(decode func(any) error) error {
	raw := map[string]string{}
	if err := decode(&raw); err != nil {
		return err
	}
	*t = make(table, len(raw))
	for k, v := range raw {
		(*t)[fold(k)] = v
	}
	return nil
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// value says where a field comes from: an expression, several of them (the
// first that gives something; for lists all together), or an expression with
// a table behind it.
type value struct {
	Exprs   []string
	Table   table
	Named   string // the name of a table of the mapping
	Default string
	HTML    bool
	Split   string
	Ours    bool // a grade of ours, made of other facts: no word of the tool's
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (v *value) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		v.Exprs = []string{one}
		return nil
	}
	if decode(&v.Exprs) == nil {
		return nil
	}
	var full struct {
		Value   paths     `yaml:"value"`
		Table   yamlTable `yaml:"table"`
		Default string    `yaml:"default"`
		HTML    bool      `yaml:"html"`
		Split   string    `yaml:"split"`
		Ours    bool      `yaml:"ours"`
	}
	if err := decode(&full); err != nil {
		return err
	}
	if len(full.Value) == 0 && full.Default == "" {
		return errors.New("a field needs a value: an expression such as .rule.id")
	}
	*v = value{full.Value, full.Table.inline, full.Table.named, full.Default, full.HTML, full.Split, full.Ours}
	return nil
}

// yamlTable is a table, or the name of one.
type yamlTable struct {
	inline table
	named  string
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (t *yamlTable) UnmarshalYAML(decode func(any) error) error {
	if decode(&t.named) == nil {
		return nil
	}
	return decode(&t.inline)
}

// readSpec reads a mapping's file strictly; errors name line and column.
func readSpec(file string, src []byte) (*spec, error) {
	s := &spec{}
	if err := yaml.UnmarshalWithOptions(src, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	if s.Title == "" {
		s.Title = s.Name
	}
	if s.Tool == "" {
		s.Tool = s.Title
	}
	return s, nil
}
