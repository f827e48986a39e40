// Package guess proposes a mapping for a report that no format recognises: it
// finds the records, tells by names and values which part is which field of a
// finding, and says how sure it is of each. It is a proposal: a person looks
// at it before anything is imported by it.
package guess

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

// Proposal is a mapping that was guessed.
type Proposal struct {
	Name    string // of the format
	Input   string // json, xml or csv
	Path    string // where the records are; "rows" for a table
	Records int    // how many were seen in the part that was read
	Fields  []Field
	Kind    finding.Kind
	// Sure is 0 to 1: how likely the proposal as a whole is right.
	Sure float64
	// Source is the mapping in YAML.
	Source []byte
	// Mapping is the same, compiled.
	Mapping *mapping.Mapping
}

// Field is one field of the proposal.
type Field struct {
	Name string  // as a mapping names it
	Expr string  // where it comes from
	Sure float64 // 0 to 1
	// Examples are up to three values that differ.
	Examples []string
	// Words is the table for values that are no common severity words.
	Words map[string]string
}

// ErrNothing says that a document has no records that look like findings.
var ErrNothing = errors.New("nothing in the document looks like a list of findings")

// surely is the least grade of a field that is proposed.
const surely = 0.35

// Propose reads the beginning of a document and proposes a mapping for it. It
// returns ErrNothing when no part looks like findings.
func Propose(ctx context.Context, in *format.Input) (*Proposal, error) {
	c, input, err := collect(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("guess %q: %w", in.Name(), err)
	}
	var best *Proposal
	top := 0.0
	for _, b := range c.list() {
		fields := assign(b)
		grade := worth(fields, b)
		if grade > top {
			top = grade
			best = &Proposal{Input: input, Path: b.path, Records: b.count, Fields: fields, Sure: min(grade/3.2, 0.99)}
		}
	}
	if best == nil || best.Sure < 0.3 {
		return nil, fmt.Errorf("guess %q: %w", in.Name(), ErrNothing)
	}
	best.Kind = kindOf(best.Fields)
	best.Name = nameOf(in.Name(), c.top)
	if best.Source, err = best.write(in, c); err != nil {
		return nil, err
	}
	if best.Mapping, err = mapping.Load(best.Name+".yaml", best.Source); err != nil {
		return nil, fmt.Errorf("guess %q: %w", in.Name(), err)
	}
	return best, nil
}

// leaf is what is known of one path in the records of a bundle.
type leaf struct {
	expr   string
	values []string
	filled float64 // part of the records that have it
}

func (b *bundle) leaves() []leaf {
	at := map[string]*leaf{}
	var order []string
	note := func(expr string, v any) {
		l := at[expr]
		if l == nil {
			l = &leaf{expr: expr}
			at[expr] = l
			order = append(order, expr)
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, e := range list {
			if s := strings.TrimSpace(fmt.Sprint(e)); s != "" {
				l.values = append(l.values, s)
				break
			}
		}
	}
	for i, rec := range b.samples {
		for _, k := range sortedKeys(rec) {
			note(k, rec[k])
		}
		if b.ups[i] != nil && b.parent != "" {
			for _, k := range sortedKeys(b.ups[i]) {
				note("$up"+k, b.ups[i][k])
			}
		}
	}
	slices.Sort(order)
	var out []leaf
	for _, k := range order {
		l := at[k]
		if len(l.values) == 0 {
			continue
		}
		l.filled = float64(len(l.values)) / float64(len(b.samples))
		out = append(out, *l)
	}
	return out
}

// assign gives each role the leaf that fits it best, best fits first; a leaf
// serves one role.
func assign(b *bundle) []Field {
	type fit struct {
		role  *role
		leaf  leaf
		grade float64
	}
	var fits []fit
	for _, l := range b.leaves() {
		for i := range roles {
			if g := roles[i].grade(l); g >= surely {
				fits = append(fits, fit{&roles[i], l, g})
			}
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int {
		switch {
		case a.grade > b.grade:
			return -1
		case a.grade < b.grade:
			return 1
		}
		return strings.Compare(a.leaf.expr, b.leaf.expr)
	})
	var out []Field
	used, taken := map[string]bool{}, map[string]bool{}
	for _, f := range fits {
		if used[f.leaf.expr] || taken[f.role.field] {
			continue
		}
		used[f.leaf.expr], taken[f.role.field] = true, true
		out = append(out, Field{Name: f.role.field, Expr: f.leaf.expr, Sure: f.grade, Examples: examples(f.leaf.values), Words: severityTable(f.role.field, f.leaf.values)})
	}
	return out
}

// grade is how well a leaf fits a role, 0 to 1.
func (r *role) grade(l leaf) float64 {
	name := r.byName(strings.TrimPrefix(l.expr, "$up"))
	shape := 0.0
	if r.shape != nil {
		for _, v := range l.values {
			shape += r.shape(v)
		}
		shape /= float64(len(l.values))
		if name > 0 && shape < r.need {
			name = 0
		}
	}
	g := name
	if r.shape != nil {
		g = max(name*(0.6+0.4*shape), r.alone*shape*0.9)
		if name > 0 && r.alone > 0 {
			g = max(g, 0.5*name+0.5*r.alone*shape)
		}
	}
	g *= 0.6 + 0.4*min(l.filled, 1)
	if strings.HasPrefix(l.expr, "$up") {
		g *= 0.8
	}
	return g * (1 - 0.04*float64(strings.Count(l.expr, ".")-1))
}

// weights are how much each field says that records are findings.
var weights = map[string]float64{
	"severity": 1.2, "title": 0.6, "message": 0.5, "check.id": 0.6, "advisory": 0.9, "cwe": 0.5, "location.path": 0.6,
	"location.line": 0.4, "location.url": 0.5, "component.name": 0.5, "component.version": 0.3, "component.purl": 0.4,
	"cvss.vector": 0.4, "cvss.score": 0.3, "fix_version": 0.3, "fix": 0.3, "location.resource": 0.2, "reference": 0.1,
}

// worth grades a bundle. Fields of the record itself count more than those of
// what is around it, and many records more than one.
func worth(fields []Field, b *bundle) float64 {
	sum := 0.0
	for _, f := range fields {
		w := weights[f.Name] * f.Sure
		if strings.HasPrefix(f.Expr, "$up") {
			w *= 0.4
		}
		sum += w
	}
	if b.count < 2 {
		sum *= 0.9
	}
	return sum
}

func examples(values []string) []string {
	var out []string
	for _, v := range values {
		if len(v) > 80 {
			v = v[:80] + "…"
		}
		v = strings.ToValidUTF8(v, "")
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
		if len(out) == 3 {
			break
		}
	}
	return out
}

// severityTable translates words whose first word is a common one ("High
// (3)"). Numbers stay as they are: what 3 means only the tool's manual says.
func severityTable(name string, values []string) map[string]string {
	if name != "severity" {
		return nil
	}
	out := map[string]string{}
	for _, v := range values {
		if finding.SeverityOfWord(v) != finding.SeverityUnknown {
			continue
		}
		first, _, _ := strings.Cut(v, " ")
		if s := finding.SeverityOfWord(strings.Trim(first, "(),:")); s != finding.SeverityUnknown {
			out[v] = s.String()
		}
	}
	return out
}

func kindOf(fields []Field) finding.Kind {
	has := map[string]bool{}
	for _, f := range fields {
		has[f.Name] = f.Sure > 0.45
	}
	switch {
	case has["component.purl"], has["advisory"] && (has["component.name"] || has["component.version"]):
		return finding.Vulnerability
	case has["secret.masked"]:
		return finding.Secret
	case has["location.method"], has["location.url"] && !has["location.path"]:
		return finding.Dynamic
	case has["location.path"] && (has["location.line"] || !has["location.resource"]):
		return finding.Code
	}
	return finding.Misconfiguration
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// nameOf names the format after the tool, if the document names one, or its
// file.
func nameOf(file string, top map[string]any) string {
	for _, k := range []string{".tool.name", ".tool", ".scanner.name", ".scanner", ".generator", ".toolName", ".tool_name", "._generator", ".product"} {
		if s, ok := top[k].(string); ok && len(s) < 40 {
			file = s
		}
	}
	base := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	if at := strings.IndexByte(base, '.'); at > 0 {
		base = base[:at]
	}
	if name := strings.Trim(notName.ReplaceAllString(base, "-"), "-"); name != "" {
		return name
	}
	return "unknown-tool"
}

// write makes the mapping's text.
func (p *Proposal) write(in *format.Input, c *collector) ([]byte, error) {
	fields := yaml.MapSlice{}
	for _, f := range p.Fields {
		var v any = f.Expr
		if len(f.Words) > 0 {
			v = yaml.MapSlice{{Key: "value", Value: f.Expr}, {Key: "table", Value: f.Words}}
		}
		fields = append(fields, yaml.MapItem{Key: f.Name, Value: v})
	}
	if p.Kind == finding.Vulnerability && !slices.ContainsFunc(p.Fields, func(f Field) bool { return f.Name == "component.purl" }) {
		for _, k := range []string{".ecosystem", ".packageManager", ".package_manager", ".language", ".package.ecosystem"} {
			if b := c.bundles[p.Path]; b != nil && len(b.samples) > 0 && b.samples[0][k] != nil {
				fields = append(fields, yaml.MapItem{Key: "component.ecosystem", Value: k})
				break
			}
		}
	}
	section := yaml.MapSlice{}
	if p.Input != "csv" {
		section = append(section, yaml.MapItem{Key: "path", Value: p.Path})
	}
	section = append(section, yaml.MapItem{Key: "fields", Value: fields})
	return yaml.Marshal(yaml.MapSlice{
		{Key: "name", Value: p.Name},
		{Key: "title", Value: p.Name},
		{Key: "doc", Value: "Guessed from " + path.Base(in.Name()) + ": look through it before you rely on it."},
		{Key: "input", Value: p.Input},
		{Key: "kind", Value: string(p.Kind)},
		{Key: "detect", Value: []any{p.clue(in)}},
		{Key: "records", Value: []any{section}},
	})
}

// clue is how such a document will be recognised again.
func (p *Proposal) clue(in *format.Input) yaml.MapSlice {
	h := in.Head()
	out := yaml.MapSlice{{Key: "sure", Value: "likely"}}
	own := func(prefix string) (names []string) {
		for _, f := range p.Fields {
			if rest, ok := strings.CutPrefix(f.Expr, "."); ok && len(names) < 4 {
				names = append(names, prefix+rest)
			}
		}
		return names
	}
	switch p.Input {
	case "csv":
		var columns []string
		for _, n := range own("") {
			columns = append(columns, strings.Trim(n, `"`))
		}
		return append(out, yaml.MapItem{Key: "columns", Value: columns})
	case "xml":
		return append(out, yaml.MapItem{Key: "root", Value: h.Root})
	}
	if strings.Contains(p.Path, "{}") {
		first, _, _ := strings.Cut(p.Path, "{}")
		if first != "" {
			return append(out, yaml.MapItem{Key: "keys", Value: []string{first}})
		}
		return append(out, yaml.MapItem{Key: "text", Value: regexp.QuoteMeta(strings.TrimPrefix(p.Fields[0].Expr, "."))})
	}
	prefix := strings.ReplaceAll(p.Path, "[]", ".0")
	prefix = strings.TrimPrefix(prefix, ".")
	if prefix != "" {
		prefix += "."
	}
	var keys []string
	for _, k := range own(prefix) {
		if h.JSON.At(strings.Split(strings.ReplaceAll(k, `"`, ""), ".")...) != nil {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		first, _, _ := strings.Cut(strings.TrimPrefix(prefix, "0."), ".")
		return append(out, yaml.MapItem{Key: "keys", Value: []string{first}})
	}
	return append(out, yaml.MapItem{Key: "keys", Value: keys})
}
