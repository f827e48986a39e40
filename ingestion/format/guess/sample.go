package guess

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/csvdoc"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// Limits of what is looked at: a guess needs some records of each sort, not
// all of a large report.
const (
	maxSamples = 300      // records kept of one path
	maxPaths   = 400      // paths told apart
	maxDepth   = 10       // objects within objects
	maxRead    = 16 << 20 // bytes read
)

// bundle is all records that were found at one path.
type bundle struct {
	path    string           // as a mapping writes it
	parent  string           // the path of the records around them, "" for none
	count   int              // how many there are in what was read
	samples []map[string]any // some of them, flat: leaf paths to values
	ups     []map[string]any // the record around each sample
}

// collector gathers bundles.
type collector struct {
	bundles map[string]*bundle
	order   []string
	top     map[string]any // scalar values of the outermost object, by path
}

func newCollector() *collector {
	return &collector{bundles: map[string]*bundle{}, top: map[string]any{}}
}

func (c *collector) add(path, parent string, rec, up map[string]any) {
	b := c.bundles[path]
	if b == nil {
		if len(c.bundles) >= maxPaths {
			return
		}
		b = &bundle{path: path, parent: parent}
		c.bundles[path] = b
		c.order = append(c.order, path)
	}
	b.count++
	if len(b.samples) < maxSamples {
		b.samples = append(b.samples, rec)
		b.ups = append(b.ups, up)
	}
}

func (c *collector) list() []*bundle {
	var out []*bundle
	for _, p := range c.order {
		out = append(out, c.bundles[p])
	}
	return out
}

// collect reads the beginning of a document.
func collect(ctx context.Context, in *format.Input) (c *collector, input string, err error) {
	c = newCollector()
	switch in.Head().Shape {
	case format.ShapeJSON:
		return c, "json", c.json(ctx, in)
	case format.ShapeXML:
		return c, "xml", c.xml(ctx, in)
	case format.ShapeText:
		return c, "csv", c.csv(ctx, in)
	}
	return nil, "", errors.New("only JSON, XML and tables of separated values can be guessed")
}

// json walks the document token by token, so that what was read before the
// limit counts.
func (c *collector) json(ctx context.Context, in *format.Input) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	d := jsontext.NewDecoder(io.LimitReader(r, maxRead), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for docs := 0; ctx.Err() == nil; docs++ {
		v, err := readTree(d, 0)
		if v == nil {
			if docs == 0 && err != nil {
				return err
			}
			break
		}
		if m, ok := v.(map[string]any); ok {
			flat := flatten(m)
			if docs == 0 {
				c.top = flat
			}
			if docs > 0 || len(flat) > 0 {
				c.add(".", "", flat, nil)
			}
			c.object(m, "", "", flat)
		} else if l, ok := v.([]any); ok {
			c.elements(l, "[]", "", nil)
		}
		if err != nil {
			break // cut by the limit, or broken: what was read counts
		}
	}
	if len(c.bundles["."].records()) > 1 { // JSON lines
		return ctx.Err()
	}
	delete(c.bundles, ".")
	c.order = slices.DeleteFunc(c.order, func(p string) bool { return p == "." })
	return ctx.Err()
}

func (b *bundle) records() []map[string]any {
	if b == nil {
		return nil
	}
	return b.samples
}

// readTree reads a value; with an error it gives what came before it.
func readTree(d *jsontext.Decoder, depth int) (any, error) {
	k := d.PeekKind()
	if depth > 64 {
		return nil, d.SkipValue()
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch k {
	case '{':
		m := map[string]any{}
		for d.PeekKind() != '}' {
			t, err := d.ReadToken()
			if err != nil {
				return m, err
			}
			name := t.String()
			v, err := readTree(d, depth+1)
			m[name] = v
			if err != nil {
				return m, err
			}
		}
		_, err = d.ReadToken()
		return m, err
	case '[':
		l := []any{}
		for d.PeekKind() != ']' {
			v, err := readTree(d, depth+1)
			if v != nil {
				l = append(l, v)
			}
			if err != nil {
				return l, err
			}
		}
		_, err = d.ReadToken()
		return l, err
	case 'n':
		return nil, nil
	}
	return t.String(), nil
}

// object looks for lists and maps of records among the members of an object.
func (c *collector) object(m map[string]any, path, parent string, up map[string]any) {
	for _, name := range sortedKeys(m) {
		at := join(path, name)
		switch v := m[name].(type) {
		case []any:
			c.elements(v, at+"[]", parent, up)
		case map[string]any:
			if keyed(v) {
				for _, k := range sortedKeys(v) {
					if rec, ok := v[k].(map[string]any); ok {
						c.record(rec, at+"{}", parent, up)
					} else if l, ok := v[k].([]any); ok {
						c.elements(l, at+"{}[]", parent, up)
					}
				}
				continue
			}
			if strings.Count(at, ".") < maxDepth {
				c.object(v, at, parent, up)
			}
		}
	}
}

func (c *collector) elements(l []any, path, parent string, up map[string]any) {
	for _, e := range l {
		if rec, ok := e.(map[string]any); ok {
			c.record(rec, path, parent, up)
		}
	}
}

func (c *collector) record(rec map[string]any, path, parent string, up map[string]any) {
	flat := flatten(rec)
	c.add(path, parent, flat, up)
	if strings.Count(path, "[]")+strings.Count(path, "{}") < 4 {
		c.object(rec, path, path, flat)
	}
}

// keyed tells an object that is a map by id (all members objects or lists,
// alike in their names) from one with named members.
func keyed(m map[string]any) bool {
	if len(m) < 2 {
		return false
	}
	var first []string
	for _, k := range sortedKeys(m) {
		v := m[k]
		if l, ok := v.([]any); ok {
			if len(l) == 0 {
				continue
			}
			v = l[0]
		}
		rec, ok := v.(map[string]any)
		if !ok {
			return false
		}
		keys := sortedKeys(rec)
		if first == nil {
			first = keys
			continue
		}
		common := 0
		for _, k := range keys {
			if slices.Contains(first, k) {
				common++
			}
		}
		if common*2 < max(len(keys), len(first)) {
			return false
		}
	}
	return first != nil
}

// flatten lists the leaves of a record by their jq path. Of a list of objects
// the first element stands for all.
func flatten(rec map[string]any) map[string]any {
	out := map[string]any{}
	var walk func(v any, path string, depth int)
	walk = func(v any, path string, depth int) {
		switch v := v.(type) {
		case map[string]any:
			if depth > 3 {
				return
			}
			for k, e := range v {
				walk(e, path+"."+quoted(k), depth+1)
			}
		case []any:
			if len(v) == 0 {
				return
			}
			if _, ok := v[0].(map[string]any); ok {
				walk(v[0], path, depth+1)
				return
			}
			out[path] = v
		case nil:
		default:
			out[path] = v
		}
	}
	walk(rec, "", 0)
	return out
}

// quoted writes a member's name as jq wants it.
func quoted(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return `"` + strings.ReplaceAll(name, `"`, `\"`) + `"`
		}
	}
	return name
}

// join adds a name to a path of a mapping.
func join(path, name string) string {
	if strings.ContainsAny(name, `.[]{}"`) || name == "" {
		name = `"` + strings.ReplaceAll(name, `"`, "") + `"`
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// xml reads elements that come again below one parent as records.
func (c *collector) xml(ctx context.Context, in *format.Input) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	start, err := r.Next()
	if err != nil {
		return err
	}
	root, err := r.Element(&start)
	if err != nil {
		return err
	}
	tree, _ := elementTree(root).(map[string]any)
	c.top = flatten(tree)
	c.children(root, root.Name, "", c.top)
	return ctx.Err()
}

func (c *collector) children(e *xmldoc.Element, path, parent string, up map[string]any) {
	if strings.Count(path, ".") > maxDepth {
		return
	}
	for _, child := range e.Children {
		at := join(path, child.Name)
		if len(child.Children)+len(child.Attr) == 0 {
			continue
		}
		tree, ok := elementTree(child).(map[string]any)
		if !ok {
			continue
		}
		flat := flatten(tree)
		c.add(at+"[]", parent, flat, up)
		c.children(child, at+"[]", at+"[]", flat)
	}
}

// elementTree is an element as expressions of a mapping see it.
func elementTree(e *xmldoc.Element) any {
	text := strings.TrimSpace(e.Text)
	if len(e.Attr)+len(e.Children) == 0 {
		return text
	}
	m := map[string]any{}
	for _, a := range e.Attr {
		m["_"+a.Name.Local] = a.Value
	}
	for _, child := range e.Children {
		if _, ok := m[child.Name]; !ok {
			m[child.Name] = elementTree(child)
		}
	}
	if text != "" {
		m["_text"] = text
	}
	return m
}

// csv reads the rows of a table.
func (c *collector) csv(ctx context.Context, in *format.Input) error {
	r, err := csvdoc.Open(ctx, in, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	if len(r.Columns) < 2 {
		return errors.New("this is no table: its first row has one cell")
	}
	for range maxSamples {
		row, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rec := map[string]any{}
		for i, cell := range row {
			if strings.TrimSpace(cell) != "" {
				rec["."+quoted(r.Column(i))] = cell
			}
		}
		c.add("rows", "", rec, nil)
	}
	return nil
}
