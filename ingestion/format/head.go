package format

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Shape is the outer form of a document.
type Shape string

// The shapes that detection tells apart.
const (
	ShapeEmpty Shape = "empty"
	ShapeJSON  Shape = "json" // an object, an array or another JSON value
	ShapeXML   Shape = "xml"
	ShapeHTML  Shape = "html"
	ShapeText  Shape = "text" // CSV and everything else
)

// Head is what detection sees of a document.
type Head struct {
	Name  string // file name; may be empty
	Shape Shape
	// Bytes are the first bytes in UTF-8, at most 256 KiB.
	Bytes []byte
	// Whole is true when Bytes is the whole document.
	Whole bool
	// JSON is the beginning of a JSON document as a partial tree: of every
	// array only the first element. Nil unless Shape is ShapeJSON.
	JSON *Node
	// Script is the number of bytes before a JSON document that is the value
	// of a variable of a script ("name = {…}"): readers pass over them.
	Script int
	// Root and Namespace are those of the XML root element.
	Root, Namespace string
	// Attr holds the attributes of the XML root element.
	Attr map[string]string
}

// scriptPrefix is how tools write JSON that a page of theirs loads as a script.
var scriptPrefix = regexp.MustCompile(`^\s*(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*\s*=\s*[{\[]`)

func newHead(name string, b []byte, cut bool) Head {
	h := Head{Name: name, Bytes: b, Whole: !cut, Shape: ShapeText}
	t := bytes.TrimSpace(b)
	switch {
	case len(t) == 0:
		h.Shape = ShapeEmpty
	case t[0] == '{' || t[0] == '[' || bytes.Equal(t, []byte("null")):
		h.Shape = ShapeJSON
		h.JSON = parseNode(b)
	case scriptPrefix.Match(t):
		n := len(scriptPrefix.Find(b)) - 1 // without the bracket
		if node := parseNode(b[n:]); node != nil {
			h.Shape, h.JSON, h.Script = ShapeJSON, node, n
		}
	case t[0] == '<':
		h.Shape = ShapeXML
		h.xmlRoot()
		if strings.EqualFold(h.Root, "html") || h.Root == "" && bytes.Contains(bytes.ToLower(t[:min(len(t), 512)]), []byte("<!doctype html")) {
			h.Shape = ShapeHTML
		}
	}
	return h
}

func (h *Head) xmlRoot() {
	d := xml.NewDecoder(bytes.NewReader(h.Bytes))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := d.RawToken()
		if err != nil {
			return
		}
		if e, ok := t.(xml.StartElement); ok {
			h.Root, h.Attr = e.Name.Local, map[string]string{}
			for _, a := range e.Attr {
				key := a.Name.Local
				if a.Name.Space != "" {
					key = a.Name.Space + ":" + key
				}
				h.Attr[key] = a.Value
				if a.Name.Local == "xmlns" && a.Name.Space == "" || a.Name.Space == "xmlns" && a.Name.Local == e.Name.Space {
					h.Namespace = a.Value
				}
			}
			return
		}
	}
}

// Node is a value of a partially read JSON document.
type Node struct {
	// Kind is '{', '[', '"', '0' (number), 't', 'f' or 'n'.
	Kind byte
	// Text is a string's or number's value.
	Text string
	// Member holds an object's members that the head reached.
	Member map[string]*Node
	// First is an array's first element; nil when empty or not reached.
	First *Node
}

// At walks down object members; the name "0" steps into an array's first
// element. It returns nil when the path isn't there; a nil node may be walked.
func (n *Node) At(path ...string) *Node {
	for _, p := range path {
		if n == nil {
			return nil
		}
		if n.Kind == '[' && p == "0" {
			n = n.First
		} else {
			n = n.Member[p]
		}
	}
	return n
}

// Has reports whether all names are members of the object.
func (n *Node) Has(names ...string) bool {
	if n == nil {
		return false
	}
	for _, name := range names {
		if n.Member[name] == nil {
			return false
		}
	}
	return true
}

// Is reports whether the node exists and is of that kind.
func (n *Node) Is(kind byte) bool { return n != nil && n.Kind == kind }

// String returns the text of a string or number and "" for anything else.
func (n *Node) String() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// maxHeadDepth bounds how deep the partial tree goes; deeper values are
// skipped.
const maxHeadDepth = 8

func parseNode(b []byte) *Node {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	n, _ := readNode(d, 0)
	return n
}

// readNode returns what it could read together with the error that ended it,
// so that a cut document still gives its beginning.
func readNode(d *jsontext.Decoder, depth int) (*Node, error) {
	if depth > maxHeadDepth {
		return &Node{}, d.SkipValue()
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &Node{Kind: byte(t.Kind())}
	switch n.Kind {
	case '"', '0':
		n.Text = t.String()
	case '{':
		n.Member = map[string]*Node{}
		for d.PeekKind() != '}' {
			key, err := d.ReadToken()
			if err != nil {
				return n, err
			}
			name := key.String()
			v, err := readNode(d, depth+1)
			if v != nil {
				n.Member[name] = v
			}
			if err != nil {
				return n, err
			}
		}
		_, err = d.ReadToken()
	case '[':
		for i := 0; d.PeekKind() != ']'; i++ {
			if i > 0 {
				if err := d.SkipValue(); err != nil {
					return n, err
				}
				continue
			}
			n.First, err = readNode(d, depth+1)
			if err != nil {
				return n, err
			}
		}
		_, err = d.ReadToken()
	}
	return n, err
}
