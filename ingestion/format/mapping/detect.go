package mapping

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/csvdoc"
)

// compiledClue is a clue with its patterns compiled.
type compiledClue struct {
	sure      format.Confidence
	keys      []key
	equal     []pattern
	root      string
	namespace *regexp.Regexp
	attr      []pattern
	columns   []string
	text      *regexp.Regexp
	file      *regexp.Regexp
}

// key is a path that must be there, or must not.
type key struct {
	path   []string
	absent bool
}

// pattern is a pattern for the text at a path.
type pattern struct {
	path []string
	is   *regexp.Regexp
}

func (c clue) compile() (compiledClue, error) {
	out := compiledClue{root: c.Root, columns: c.Columns}
	switch c.Sure {
	case "certain":
		out.sure = format.Certain
	case "likely", "":
		out.sure = format.Likely
	case "possible":
		out.sure = format.Possible
	default:
		return out, fmt.Errorf("sure %q: want certain, likely or possible", c.Sure)
	}
	for _, k := range c.Keys {
		p, absent := strings.CutPrefix(k, "!")
		path, err := headPath(p)
		if err != nil {
			return out, err
		}
		out.keys = append(out.keys, key{path, absent})
	}
	var err error
	for _, k := range slices.Sorted(maps.Keys(c.Equal)) {
		p := pattern{}
		if p.path, err = headPath(k); err != nil {
			return out, err
		}
		if p.is, err = compilePattern(c.Equal[k]); err != nil {
			return out, err
		}
		out.equal = append(out.equal, p)
	}
	for _, k := range slices.Sorted(maps.Keys(c.Attr)) {
		p := pattern{path: []string{k}}
		if p.is, err = compilePattern(c.Attr[k]); err != nil {
			return out, err
		}
		out.attr = append(out.attr, p)
	}
	for text, to := range map[string]**regexp.Regexp{c.Namespace: &out.namespace, c.Text: &out.text, c.File: &out.file} {
		if text == "" {
			continue
		}
		if *to, err = compilePattern(text); err != nil {
			return out, err
		}
	}
	if len(c.Keys)+len(c.Equal)+len(c.Attr)+len(c.Columns) == 0 && c.Root+c.Namespace+c.Text == "" {
		return out, fmt.Errorf("says nothing of the content: name keys, a root element, columns or a text")
	}
	return out, nil
}

func compilePattern(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	return re, nil
}

// headPath reads the path of a clue: names with dots between them, 0 for the
// first element of a list.
func headPath(text string) ([]string, error) {
	steps, err := parsePath(strings.ReplaceAll(text, "[]", ".0"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range steps {
		if s.name == "" {
			return nil, fmt.Errorf("path %q: detection sees names and 0, the first element of a list", text)
		}
		out = append(out, s.name)
	}
	return out, nil
}

// maxText is how much of a document a text clue looks at.
const maxText = 16 << 10

func (m *Mapping) detect(h format.Head) format.Confidence {
	best := format.No
	for _, c := range m.clues {
		if c.sure > best && c.fits(m.spec, h) {
			best = c.sure
		}
	}
	return best
}

// fits asks what is cheap first: detection puts every document to all
// mappings.
func (c *compiledClue) fits(s *spec, h format.Head) bool {
	switch s.Input {
	case "json":
		return h.Shape == format.ShapeJSON && c.fitsJSON(h) && c.fitsText(h)
	case "xml":
		return h.Shape == format.ShapeXML && c.fitsXML(h) && c.fitsText(h)
	}
	if s.Input == "text" { // a time in brackets may look like JSON at first
		return c.text != nil && c.fitsText(h)
	}
	if h.Shape != format.ShapeText && !startsAsTable(h) || !c.fitsText(h) {
		return false
	}
	if len(s.Names) > 0 {
		return c.text != nil
	}
	names, _, _ := csvdoc.Header(h.Bytes, c.columns)
	return len(names) > 1 && (len(c.columns) > 0 || c.text != nil)
}

func (c *compiledClue) fitsText(h format.Head) bool {
	return (c.text == nil || c.text.Match(h.Bytes[:min(len(h.Bytes), maxText)])) && (c.file == nil || c.file.MatchString(h.Name))
}

// startsAsTable tells a table whose first column's name is in brackets from a
// JSON array.
func startsAsTable(h format.Head) bool {
	return h.Shape == format.ShapeJSON && h.JSON == nil
}

func (c *compiledClue) fitsJSON(h format.Head) bool {
	for _, k := range c.keys {
		if (h.JSON.At(k.path...) != nil) == k.absent {
			return false
		}
	}
	for _, p := range c.equal {
		n := h.JSON.At(p.path...)
		if n == nil || !p.is.MatchString(n.String()) {
			return false
		}
	}
	return true
}

func (c *compiledClue) fitsXML(h format.Head) bool {
	if c.root != "" && c.root != h.Root || c.namespace != nil && !c.namespace.MatchString(h.Namespace) {
		return false
	}
	for _, p := range c.attr {
		v, ok := h.Attr[p.path[0]]
		if !ok || !p.is.MatchString(v) {
			return false
		}
	}
	return true
}
