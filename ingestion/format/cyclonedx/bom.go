package cyclonedx

import (
	"encoding/xml"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// The types of this file are the parts of a BOM that are read, with tags for
// both of its encodings: where JSON has an array, XML has a wrapping element.
// Scalars are text throughout, because producers write numbers as strings and
// the other way round. Nothing here is specific to a version of the format;
// members that a version does not know are just absent.

type text = jsondoc.Text

// metadata says who made the BOM of what.
type metadata struct {
	Timestamp text  `json:"timestamp" xml:"timestamp"`
	Tools     tools `json:"tools" xml:"tools"`
	Component *root `json:"component" xml:"component"`
	// Properties may carry what the producer knows of the source.
	Properties []property `json:"properties" xml:"properties>property"`
}

// tool is one entry of metadata.tools, in any of its shapes.
type tool struct {
	Vendor  text `json:"vendor" xml:"vendor"`
	Name    text `json:"name" xml:"name"`
	Version text `json:"version" xml:"version"`
}

// tools is a list up to 1.4, and since 1.5 may be an object with components
// and services.
type tools struct {
	Tools      []tool `json:"-" xml:"tool"`
	Components []tool `json:"components" xml:"components>component"`
	Services   []tool `json:"services" xml:"services>service"`
}

// UnmarshalJSONFrom reads either shape.
func (t *tools) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '[' {
		return json.UnmarshalDecode(d, &t.Tools)
	}
	type object tools
	return json.UnmarshalDecode(d, (*object)(t))
}

func (t *tools) all() []tool {
	return append(append(append([]tool(nil), t.Tools...), t.Components...), t.Services...)
}

// root is the component that the BOM is about.
type root struct {
	component
	External []struct {
		Type text `json:"type" xml:"type,attr"`
		URL  text `json:"url" xml:"url"`
	} `json:"externalReferences" xml:"externalReferences>reference"`
}

// component is a part of what the BOM is about.
type component struct {
	Type       text        `json:"type" xml:"type,attr"`
	Ref        text        `json:"bom-ref" xml:"bom-ref,attr"`
	Group      text        `json:"group" xml:"group"`
	Name       text        `json:"name" xml:"name"`
	Version    text        `json:"version" xml:"version"`
	Scope      text        `json:"scope" xml:"scope"`
	PURL       text        `json:"purl" xml:"purl"`
	Licences   licences    `json:"licenses" xml:"licenses"`
	Properties []property  `json:"properties" xml:"properties>property"`
	Evidence   evidence    `json:"evidence" xml:"evidence"`
	Components []component `json:"components" xml:"components>component"`
	// Vulnerabilities stand inside components in the XML extension that came
	// before version 1.4.
	Vulnerabilities []vulnerability `json:"-" xml:"vulnerabilities>vulnerability"`
}

// evidence says where a component was seen.
type evidence struct {
	Occurrences []struct {
		Location text `json:"location" xml:"location"`
	} `json:"occurrences" xml:"occurrences>occurrence"`
}

type property struct {
	Name  text `json:"name" xml:"name,attr"`
	Value text `json:"value" xml:",chardata"`
}

// licences are names, SPDX ids or SPDX expressions.
type licences []string

type licence struct {
	ID   text `json:"id" xml:"id"`
	Name text `json:"name" xml:"name"`
}

func (l *licences) add(names ...text) {
	for _, n := range names {
		if n != "" {
			*l = append(*l, string(n))
			return
		}
	}
}

// UnmarshalJSONFrom reads [{"license": {…}}, {"expression": "…"}], or one of
// these without the list. Anything else is no licence and loses only itself.
func (l *licences) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type choice struct {
		License    licence `json:"license"`
		Expression text    `json:"expression"`
	}
	list := make([]choice, 1)
	into := any(&list[0])
	switch d.PeekKind() {
	case '[':
		into = &list
	case '{':
	default:
		return d.SkipValue()
	}
	if err := json.UnmarshalDecode(d, into); err != nil {
		return err
	}
	for _, c := range list {
		l.add(c.Expression, c.License.ID, c.License.Name)
	}
	return nil
}

// UnmarshalXML reads <license> and <expression> elements.
func (l *licences) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var choice struct {
		License    []licence `xml:"license"`
		Expression []text    `xml:"expression"`
	}
	if err := d.DecodeElement(&choice, &start); err != nil {
		return err
	}
	for _, e := range choice.Expression {
		l.add(e)
	}
	for _, c := range choice.License {
		l.add(c.ID, c.Name)
	}
	return nil
}

// dependency is a node of the graph with its edges.
type dependency struct {
	Ref       text            `json:"ref" xml:"ref,attr"`
	DependsOn jsondoc.Strings `json:"dependsOn" xml:"-"`
	Children  []struct {
		Ref string `xml:"ref,attr"`
	} `json:"-" xml:"dependency"`
}

func (d *dependency) on() []string {
	on := []string(d.DependsOn)
	for _, c := range d.Children {
		on = append(on, c.Ref)
	}
	return on
}

// vulnerability is one record. It also takes the elements of the XML
// extension http://cyclonedx.org/schema/ext/vulnerability/1.0.
type vulnerability struct {
	XMLName xml.Name `json:"-"`
	// Component is the ref attribute of the extension.
	Component   text     `json:"-" xml:"ref,attr"`
	ID          text     `json:"id" xml:"id"`
	Source      source   `json:"source" xml:"source"`
	References  []alias  `json:"references" xml:"references>reference"`
	Ratings     []rating `json:"ratings" xml:"ratings>rating"`
	CWEs        []text   `json:"cwes" xml:"cwes>cwe"`
	Description text     `json:"description" xml:"description"`
	Detail      text     `json:"detail" xml:"detail"`
	Recommend   text     `json:"recommendation" xml:"recommendation"`
	// Recommends is the extension's list.
	Recommends []text     `json:"-" xml:"recommendations>recommendation"`
	Workaround text       `json:"workaround" xml:"workaround"`
	Advisories []advisory `json:"advisories" xml:"advisories>advisory"`
	Analysis   analysis   `json:"analysis" xml:"analysis"`
	Affects    []affected `json:"affects" xml:"affects>target"`
	Properties []property `json:"properties" xml:"properties>property"`

	Attrs []xml.Attr `json:"-" xml:",any,attr"`
	Inner string     `json:"-" xml:",innerxml"`
}

type source struct {
	Name text `json:"name" xml:"name"`
	URL  text `json:"url" xml:"url"`
	// Attr is the name in the XML extension.
	Attr text `json:"-" xml:"name,attr"`
}

type alias struct {
	ID     text   `json:"id" xml:"id"`
	Source source `json:"source" xml:"source"`
}

type rating struct {
	Source   source `json:"source" xml:"source"`
	Score    score  `json:"score" xml:"score"`
	Severity text   `json:"severity" xml:"severity"`
	Method   text   `json:"method" xml:"method"`
	Vector   text   `json:"vector" xml:"vector"`
}

// score is a number; in the XML extension it has parts of which the base
// score counts.
type score struct {
	Text text `xml:",chardata"`
	Base text `xml:"base"`
}

// UnmarshalJSONFrom reads the number.
func (s *score) UnmarshalJSONFrom(d *jsontext.Decoder) error { return s.Text.UnmarshalJSONFrom(d) }

type advisory struct {
	URL text `json:"url" xml:"url"`
	// Text is the address in the XML extension.
	Text text `json:"-" xml:",chardata"`
}

type analysis struct {
	State         text            `json:"state" xml:"state"`
	Justification text            `json:"justification" xml:"justification"`
	Response      jsondoc.Strings `json:"response" xml:"responses>response"`
	Detail        text            `json:"detail" xml:"detail"`
}

type affected struct {
	Ref      text `json:"ref" xml:"ref"`
	Versions []struct {
		Version text `json:"version" xml:"version"`
		Status  text `json:"status" xml:"status"`
	} `json:"versions" xml:"versions>version"`
}
