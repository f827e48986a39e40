package openscap

import (
	"encoding/xml"
	"regexp"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// ruleXML is a Rule element; its texts may hold markup.
type ruleXML struct {
	ID          string   `xml:"id,attr"`
	Severity    string   `xml:"severity,attr"`
	Title       prose    `xml:"title"`
	Description prose    `xml:"description"`
	Rationale   prose    `xml:"rationale"`
	FixText     prose    `xml:"fixtext"`
	Fix         []script `xml:"fix"`
	Reference   []struct {
		Href string `xml:"href,attr"`
	} `xml:"reference"`
	Ident []struct {
		System string `xml:"system,attr"`
		ID     string `xml:",chardata"`
	} `xml:"ident"`
}

// script is a fix for one system.
type script struct {
	System string `xml:"system,attr"`
	Text   string `xml:",chardata"`
}

// prose is text with XHTML in it, under whatever prefix.
type prose struct {
	Inner string `xml:",innerxml"`
}

var prefixed = regexp.MustCompile(`<(/?)[\w.-]+:`)

func (p prose) String() string {
	return htmldoc.Text(prefixed.ReplaceAllString(p.Inner, "<$1"))
}

func newRule(x *ruleXML) *rule {
	r := &rule{
		check: finding.Check{
			ID:          x.ID,
			Title:       x.Title.String(),
			Description: x.Description.String(),
			Help:        x.Rationale.String(),
		},
		severity: x.Severity,
		fix:      x.FixText.String(),
	}
	for _, ref := range x.Reference {
		if strings.HasPrefix(ref.Href, "http") {
			r.references = ident.Add(r.references, ref.Href)
		}
	}
	for _, i := range x.Ident {
		r.idents = append(r.idents, identifier{i.System, strings.TrimSpace(i.ID)})
	}
	if r.fix == "" {
		r.fix = bestScript(x.Fix)
	}
	return r
}

// bestScript is the fix that people read most easily: of those that a rule
// has for several systems the one for a shell, else the first.
func bestScript(fixes []script) string {
	for _, f := range fixes {
		if strings.HasSuffix(f.System, ":script:sh") {
			return strings.TrimSpace(f.Text)
		}
	}
	if len(fixes) > 0 {
		return strings.TrimSpace(fixes[0].Text)
	}
	return ""
}

func identifiers(e *xmldoc.Element) []identifier {
	var out []identifier
	for _, c := range e.Children {
		if c.Name == "ident" {
			out = append(out, identifier{attr(c.Attr, "system"), strings.TrimSpace(c.Text)})
		}
	}
	return out
}

// text is the text of the first child of that name.
func text(e *xmldoc.Element, name string) string {
	for _, c := range e.Children {
		if c.Name == name {
			return strings.TrimSpace(c.Text)
		}
	}
	return ""
}

func attr(from []xml.Attr, name string) string {
	for _, a := range from {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}
