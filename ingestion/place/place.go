// Package place holds rules of the user's own that say to which application
// and asset a report belongs when its sender does not: YAML with CEL
// conditions over what the report says of itself.
package place

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/stance-aspm/stance/domain/estate"
)

// Facts are what rules may ask. All are as the report and its sender have
// them, before anything is derived; "" is unsaid.
type Facts struct {
	Tool     string // as the report calls it, in lower case
	Format   string // as which the report is read
	Category string
	File     string // its name; in an archive the path in it
	// The target as the report tells it.
	Kind, Name, Repository, Branch, Commit, Digest, PURL string
}

// variables are the names that conditions use, in the order of their
// documentation.
var variables = [...]struct {
	name string
	of   func(*Facts) string
}{
	{"tool", func(f *Facts) string { return f.Tool }},
	{"format", func(f *Facts) string { return f.Format }},
	{"category", func(f *Facts) string { return f.Category }},
	{"file", func(f *Facts) string { return f.File }},
	{"target.kind", func(f *Facts) string { return f.Kind }},
	{"target.name", func(f *Facts) string { return f.Name }},
	{"target.repository", func(f *Facts) string { return f.Repository }},
	{"target.branch", func(f *Facts) string { return f.Branch }},
	{"target.commit", func(f *Facts) string { return f.Commit }},
	{"target.digest", func(f *Facts) string { return f.Digest }},
	{"target.purl", func(f *Facts) string { return f.PURL }},
}

// Placement is where rules put a scan. What they leave empty the report tells.
type Placement struct {
	Application string
	Asset       string
	Kind        estate.AssetKind
	Ref         string
}

// Rules are compiled rules. They never change and are safe for concurrent
// use.
type Rules struct{ rules []rule }

type rule struct {
	name   string
	when   cel.Program // nil: always
	fields [4]template // application, asset, kind, ref
}

// Count is how many rules there are.
func (r *Rules) Count() int {
	if r == nil {
		return 0
	}
	return len(r.rules)
}

// Place asks the rules in their order; each field is set by the first rule
// that fits and says something of it. A rule that can't be evaluated for
// these facts is passed over, and the notes say so. Nil rules place nothing.
func (r *Rules) Place(f Facts) (p Placement, notes []string) {
	if r == nil {
		return p, nil
	}
	vars := make(map[string]any, len(variables))
	for _, v := range variables {
		vars[v.name] = v.of(&f)
	}
	for i := range r.rules {
		ru := &r.rules[i]
		values, fits, err := ru.apply(vars)
		if err != nil {
			notes = append(notes, fmt.Sprintf("asset rule %q passed over: %v", ru.name, err))
			continue
		}
		if !fits {
			continue
		}
		for j, to := range []*string{&p.Application, &p.Asset, (*string)(&p.Kind), &p.Ref} {
			if *to == "" {
				*to = values[j]
			}
		}
	}
	return p, notes
}

// apply evaluates a rule: whether it fits, and what it then says.
func (ru *rule) apply(vars map[string]any) (values [4]string, fits bool, err error) {
	if ru.when != nil {
		v, _, err := ru.when.Eval(vars)
		if err != nil {
			return values, false, err
		}
		if v.Value() != true {
			return values, false, nil
		}
	}
	for j := range ru.fields {
		if values[j], err = ru.fields[j].text(vars); err != nil {
			return values, false, err
		}
	}
	if values[0] != "" {
		if _, err := estate.Key(values[0]); err != nil {
			return values, false, err
		}
	}
	if values[2] != "" {
		if _, err := estate.ParseAssetKind(values[2]); err != nil {
			return values, false, err
		}
	}
	for _, v := range values {
		if len(v) > maxValue {
			return values, false, fmt.Errorf("a value of %d bytes is longer than %d", len(v), maxValue)
		}
	}
	return values, true, nil
}

// maxValue bounds what a rule may say, in bytes.
const maxValue = 500

// template is a text with expressions in double braces.
type template []part

type part struct {
	text string
	expr cel.Program // nil: text
}

func (t template) text(vars map[string]any) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if p.expr == nil {
			b.WriteString(p.text)
			continue
		}
		v, _, err := p.expr.Eval(vars)
		if err != nil {
			return "", err
		}
		s, ok := v.Value().(string)
		if !ok {
			return "", fmt.Errorf("{{%s}} is no text", p.text)
		}
		if s == "" { // half a name is none
			return "", fmt.Errorf("{{%s}} is empty", p.text)
		}
		b.WriteString(s)
	}
	return strings.TrimSpace(b.String()), nil
}
