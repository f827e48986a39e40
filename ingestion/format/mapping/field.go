package mapping

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// field is one of the places of an observation that a mapping can fill.
type field struct {
	name string
	// list says that several expressions add up; else the first that gives
	// something is taken.
	list bool
	set  func(o *draft, vals []any)
}

// draft is an observation in the making.
type draft struct {
	*finding.Observation
	part   finding.Component
	secret finding.SecretValue
	rating finding.CVSS
	table  func(word string) string // of the field being set; nil without one
	ours   bool                     // the severity being set is no word of the tool's
}

func text(to func(*draft) *string) func(*draft, []any) {
	return func(d *draft, vals []any) { *to(d) = strings.TrimSpace(textOf(oneOrAll(vals))) }
}

func number32(to func(*draft) *int) func(*draft, []any) {
	return func(d *draft, vals []any) { *to(d) = intOf(vals[0]) }
}

func words(to func(*draft) *[]string) func(*draft, []any) {
	return func(d *draft, vals []any) { *to(d) = ident.Add(*to(d), texts(flat(vals))...) }
}

func oneOrAll(vals []any) any {
	if len(vals) == 1 {
		return vals[0]
	}
	return vals
}

// flat opens lists in a list, one level.
func flat(vals []any) []any {
	var out []any
	for _, v := range vals {
		out = append(out, listOf(v)...)
	}
	return out
}

// locationFields are those of the place; the objects that "related" and "flow"
// take have members of the same names.
var locationFields = []field{
	{"location.path", false, text(func(d *draft) *string { return &d.Location.Path })},
	{"location.line", false, number32(func(d *draft) *int { return &d.Location.StartLine })},
	{"location.column", false, number32(func(d *draft) *int { return &d.Location.StartColumn })},
	{"location.end_line", false, number32(func(d *draft) *int { return &d.Location.EndLine })},
	{"location.end_column", false, number32(func(d *draft) *int { return &d.Location.EndColumn })},
	{"location.snippet", false, func(d *draft, vals []any) { d.Location.Snippet = textOf(oneOrAll(vals)) }},
	{"location.context", false, func(d *draft, vals []any) { d.Location.Context = textOf(oneOrAll(vals)) }},
	{"location.symbol", false, text(func(d *draft) *string { return &d.Location.Symbol })},
	{"location.url", false, text(func(d *draft) *string { return &d.Location.URL })},
	{"location.method", false, text(func(d *draft) *string { return &d.Location.Method })},
	{"location.parameter", false, text(func(d *draft) *string { return &d.Location.Parameter })},
	{"location.evidence", false, text(func(d *draft) *string { return &d.Location.Evidence })},
	{"location.resource", false, text(func(d *draft) *string { return &d.Location.Resource })},
	{"location.image", false, text(func(d *draft) *string { return &d.Location.Image })},
	{"location.layer", false, text(func(d *draft) *string { return &d.Location.Layer })},
	{"location.commit", false, text(func(d *draft) *string { return &d.Location.Commit })},
	{"location.author", false, text(func(d *draft) *string { return &d.Location.Author })},
	{"location.date", false, text(func(d *draft) *string { return &d.Location.Date })},
}

// fields are all that a mapping can fill. A name that begins with
// "fingerprint." is a fingerprint of that name.
var fields = slices.Concat(plainFields, locationFields)

var plainFields = []field{
	{"check.id", false, text(func(d *draft) *string { return &d.Check.ID })},
	{"check.title", false, text(func(d *draft) *string { return &d.Check.Title })},
	{"check.description", false, text(func(d *draft) *string { return &d.Check.Description })},
	{"check.help", false, text(func(d *draft) *string { return &d.Check.Help })},
	{"check.url", false, text(func(d *draft) *string { return &d.Check.URL })},
	{"check.guideline", false, text(func(d *draft) *string { return &d.Check.Guideline })},
	{"title", false, text(func(d *draft) *string { return &d.Title })},
	{"message", false, text(func(d *draft) *string { return &d.Message })},
	{"severity", false, setSeverity},
	{"severity_word", false, text(func(d *draft) *string { return &d.SeverityWord })},
	{"confidence", false, text(func(d *draft) *string { return &d.Confidence })},
	{"kind", false, setKind},
	{"cwe", true, func(d *draft, vals []any) { addCWEs(d, texts(flat(vals))) }},
	{"advisory", true, func(d *draft, vals []any) { addAdvisories(d, texts(flat(vals))) }},
	{"cvss", true, setCVSS},
	{"cvss.vector", false, text(func(d *draft) *string { return &d.rating.Vector })},
	{"cvss.score", false, func(d *draft, vals []any) { d.rating.Score = bounded(vals[0], 10) }},
	{"cvss.version", false, text(func(d *draft) *string { return &d.rating.Version })},
	{"cvss.source", false, text(func(d *draft) *string { return &d.rating.Source })},
	{"epss", false, setEPSS},
	{"kev", false, func(d *draft, vals []any) { d.KEV, _ = boolOf(vals[0]) }},
	{"component.purl", false, text(func(d *draft) *string { return &d.part.PURL })},
	{"component.ecosystem", false, text(func(d *draft) *string { return &d.part.Ecosystem })},
	{"component.group", false, text(func(d *draft) *string { return &d.part.Group })},
	{"component.name", false, text(func(d *draft) *string { return &d.part.Name })},
	{"component.version", false, text(func(d *draft) *string { return &d.part.Version })},
	{"component.type", false, text(func(d *draft) *string { return &d.part.Type })},
	{"component.licence", true, words(func(d *draft) *[]string { return &d.part.Licences })},
	{"component.ref", false, text(func(d *draft) *string { return &d.part.Ref })},
	{"component.path", true, func(d *draft, vals []any) { d.part.Path = texts(flat(vals)) }},
	{"component.direct", false, func(d *draft, vals []any) {
		if yes, ok := boolOf(vals[0]); ok {
			d.part.Direct = &yes
		}
	}},
	{"component.scope", false, text(func(d *draft) *string { return &d.part.Scope })},
	{"related", true, func(d *draft, vals []any) {
		for _, v := range flat(vals) {
			if l, ok := locationOf(v); ok {
				d.Related = append(d.Related, l)
			}
		}
	}},
	{"flow", true, func(d *draft, vals []any) {
		for _, v := range flat(vals) {
			if l, ok := locationOf(v); ok {
				m, _ := v.(map[string]any)
				d.Flow = append(d.Flow, finding.Step{Location: l, Message: textOf(m["message"])})
			}
		}
	}},
	{"secret.value", false, func(d *draft, vals []any) { d.secret.Value = textOf(vals[0]) }},
	{"secret.alias", true, func(d *draft, vals []any) { d.secret.Aliases = append(d.secret.Aliases, texts(flat(vals))...) }},
	{"secret.masked", false, text(func(d *draft) *string { return &d.secret.Masked })},
	{"secret.detector", false, text(func(d *draft) *string { return &d.secret.Detector })},
	{"secret.verified", false, func(d *draft, vals []any) {
		if yes, ok := boolOf(vals[0]); ok {
			d.secret.Verified = &yes
		}
	}},
	{"fix", false, text(func(d *draft) *string { return &d.Fix })},
	{"fix_version", true, words(func(d *draft) *[]string { return &d.FixVersions })},
	{"reference", true, setReferences},
	{"tag", true, words(func(d *draft) *[]string { return &d.Tags })},
	{"claim.state", false, func(d *draft, vals []any) { d.Claim.State = finding.ClaimState(d.word(vals[0])) }},
	{"claim.justification", false, text(func(d *draft) *string { return &d.Claim.Justification })},
	{"claim.detail", false, text(func(d *draft) *string { return &d.Claim.Detail })},
	{"claim.source", false, text(func(d *draft) *string { return &d.Claim.Source })},
	{"first_seen", false, func(d *draft, vals []any) { d.FirstSeen = timeOf(vals[0]) }},
}

// word is a value translated by the field's table.
func (d *draft) word(v any) string {
	w := textOf(v)
	if d.table != nil {
		return d.table(w)
	}
	return strings.TrimSpace(w)
}

func setSeverity(d *draft, vals []any) {
	word := strings.TrimSpace(textOf(vals[0]))
	if d.SeverityWord == "" && !d.ours {
		d.SeverityWord = word
	}
	if d.table != nil {
		if s, err := finding.ParseSeverity(d.table(word)); err == nil {
			d.Severity = s
			return
		}
	}
	d.Severity = finding.SeverityOfWord(word)
}

func setKind(d *draft, vals []any) {
	if k, err := finding.ParseKind(d.word(vals[0])); err == nil {
		d.Kind = k
	}
}

func addCWEs(d *draft, from []string) {
	for _, n := range ident.CWEs(from...) {
		if !slices.Contains(d.CWEs, n) {
			d.CWEs = append(d.CWEs, n)
		}
	}
}

// addAdvisories takes ids as they stand; a text with several is taken apart.
func addAdvisories(d *draft, from []string) {
	for _, t := range from {
		ids := strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(",;| \t\r\n", r) })
		d.Advisories = ident.Add(d.Advisories, ids...)
	}
}

func setReferences(d *draft, vals []any) {
	for _, t := range texts(flat(vals)) {
		for _, u := range strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>\"", r) }) {
			if strings.HasPrefix(u, "http://") || strings.HasPrefix(u, "https://") {
				d.References = ident.Add(d.References, strings.TrimRight(u, ",;"))
			}
		}
	}
}

// setCVSS takes vectors, scores, and objects with the members vector, score,
// version and source.
func setCVSS(d *draft, vals []any) {
	for _, v := range flat(vals) {
		switch v := v.(type) {
		case map[string]any:
			c := ident.CVSS(textOf(v["vector"]), bounded(v["score"], 10), textOf(v["source"]))
			c.Version = cmp.Or(textOf(v["version"]), c.Version)
			d.CVSS = ident.AddCVSS(d.CVSS, c)
		case string:
			if strings.Contains(v, "/") {
				d.CVSS = ident.AddCVSS(d.CVSS, ident.CVSS(v, 0, ""))
				continue
			}
			d.CVSS = ident.AddCVSS(d.CVSS, finding.CVSS{Score: bounded(v, 10)})
		default:
			d.CVSS = ident.AddCVSS(d.CVSS, finding.CVSS{Score: bounded(v, 10)})
		}
	}
}

func setEPSS(d *draft, vals []any) {
	if f, ok := floatOf(vals[0]); ok && f >= 0 {
		if strings.HasSuffix(strings.TrimSpace(textOf(vals[0])), "%") {
			f /= 100
		}
		if f <= 1 {
			d.EPSS = &f
		}
	}
}

func bounded(v any, most float64) float64 {
	if f, ok := floatOf(v); ok && f >= 0 && f <= most {
		return f
	}
	return 0
}

// locationOf reads an object with the names of the location fields, or a
// path alone.
func locationOf(v any) (finding.Location, bool) {
	var o finding.Observation
	d := &draft{Observation: &o}
	switch v := v.(type) {
	case string:
		o.Location.Path = v
	case map[string]any:
		for _, f := range locationFields {
			if e := v[strings.TrimPrefix(f.name, "location.")]; e != nil {
				f.set(d, []any{e})
			}
		}
	}
	return o.Location, o.Location != finding.Location{}
}

// finish puts together what several fields say.
func (d *draft) finish() *finding.Observation {
	if c := d.component(); c != nil {
		d.Component = c
	}
	if d.rating.Vector != "" || d.rating.Score != 0 {
		c := ident.CVSS(d.rating.Vector, d.rating.Score, d.rating.Source)
		c.Version = cmp.Or(d.rating.Version, c.Version)
		d.CVSS = ident.AddCVSS(d.CVSS, c)
	}
	if d.Kind == finding.Secret {
		s := d.secret
		d.Secret = &s
	}
	return d.Observation
}

func (d *draft) component() *finding.Component {
	c := d.part
	if c.PURL == "" && c.Name == "" {
		return nil
	}
	if c.PURL == "" {
		t, ns := ident.Ecosystem(c.Ecosystem)
		name := c.Name
		if c.Group != "" {
			ns = c.Group
		}
		c.PURL = ident.PURL(t, ns, name, c.Version)
	}
	if t := ident.TypeOfPURL(c.PURL); t != "" {
		c.Ecosystem = t
	}
	return &c
}

// setter fills one field by a mapping.
type setter struct {
	field
	value
	exprs []*expr
}

func compileField(name string, v value, m *Mapping) (setter, error) {
	f, ok := fieldNamed(name)
	if !ok {
		return setter{}, fmt.Errorf("no field %q: want one of %s, or fingerprint.NAME", name, strings.Join(fieldNames(), ", "))
	}
	if v.Named != "" {
		t, ok := m.spec.Tables[v.Named]
		if !ok {
			return setter{}, fmt.Errorf("field %q: no table %q: the mapping has %s", name, v.Named, strings.Join(slices.Sorted(maps.Keys(m.spec.Tables)), ", "))
		}
		v.Table = t
	}
	s := setter{field: f, value: v}
	for _, text := range v.Exprs {
		e, err := compileExpr(text, m.variables)
		if err != nil {
			return setter{}, fmt.Errorf("field %q: %w", name, err)
		}
		s.exprs = append(s.exprs, e)
	}
	return s, s.checkTable()
}

// checkTable holds the words that a table gives to those that the field has.
func (s *setter) checkTable() error {
	var err error
	for _, to := range append(slices.Collect(maps.Values(s.Table)), s.Default) {
		if to == "" {
			continue
		}
		switch s.name {
		case "severity":
			_, err = finding.ParseSeverity(to)
		case "kind":
			_, err = finding.ParseKind(to)
		case "claim.state":
			if !slices.Contains(claimStates, finding.ClaimState(to)) {
				err = fmt.Errorf("unknown state %q: want one of %v", to, claimStates)
			}
		}
		if err != nil {
			return fmt.Errorf("field %q: %w", s.name, err)
		}
	}
	return nil
}

var claimStates = []finding.ClaimState{
	finding.ClaimAffected, finding.ClaimUnderReview, finding.ClaimNotAffected, finding.ClaimFalsePositive,
	finding.ClaimAccepted, finding.ClaimFixed, finding.ClaimAbsent, finding.ClaimSuppressedByTool,
}

func fieldNamed(name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	if print, ok := strings.CutPrefix(name, "fingerprint."); ok && print != "" {
		return field{name, false, func(d *draft, vals []any) {
			if t := strings.TrimSpace(textOf(vals[0])); t != "" {
				if d.Fingerprints == nil {
					d.Fingerprints = map[string]string{}
				}
				d.Fingerprints[print] = t
			}
		}}, true
	}
	return field{}, false
}

func fieldNames() []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

// apply evaluates the expressions and fills the field. An expression that
// stumbles over the shape of this record leaves its field empty: the record
// itself is kept raw.
func (s *setter) apply(ctx context.Context, sc *scope, d *draft) {
	vals := s.values(ctx, sc)
	if len(vals) == 0 {
		if s.Default == "" {
			return
		}
		vals = []any{s.Default}
		if s.name == "severity" { // a grade of ours, no word of the tool's
			d.Severity, _ = finding.ParseSeverity(s.Default)
			return
		}
		d.table = nil
		s.set(d, vals)
		return
	}
	d.table, d.ours = nil, s.Ours
	if s.Table != nil {
		d.table = s.lookup
		if s.name != "severity" && s.name != "kind" && s.name != "claim.state" {
			for i, v := range vals {
				vals[i] = s.lookup(textOf(v))
			}
		}
	}
	s.set(d, vals)
}

// lookup translates a word: by the table, by its "*" entry, by the default,
// or not at all.
func (s *setter) lookup(word string) string {
	if to, ok := s.Table[fold(word)]; ok {
		return to
	}
	if to, ok := s.Table["*"]; ok {
		return to
	}
	if s.Default != "" {
		return s.Default
	}
	if s.name == "claim.state" {
		return ""
	}
	return word
}

func (s *setter) values(ctx context.Context, sc *scope) []any {
	var out []any
	for _, e := range s.exprs {
		vals, _ := e.all(ctx, sc)
		vals = slices.DeleteFunc(vals, empty)
		if s.HTML {
			for i, v := range vals {
				vals[i] = htmldoc.Text(textOf(v))
			}
		}
		if s.Split != "" {
			vals = splitAll(vals, s.Split)
		}
		out = append(out, vals...)
		if len(out) > 0 && !s.list {
			return out
		}
	}
	return out
}

func splitAll(vals []any, sep string) []any {
	var out []any
	for _, v := range flat(vals) {
		for _, t := range strings.Split(textOf(v), sep) {
			if t = strings.TrimSpace(t); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

// empty is a value that says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
