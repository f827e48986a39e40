package generic

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// flag is a yes or no that scripts also write as text or number. Unsaid is
// neither.
type flag struct{ said, yes bool }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (f *flag) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var t jsondoc.Text
	if err := t.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	*f = newFlag(t.String())
	return nil
}

func newFlag(s string) flag {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "t", "yes", "y", "1":
		return flag{true, true}
	case "false", "f", "no", "n", "0":
		return flag{true, false}
	}
	return flag{}
}

// instant reads a date; what it can't read is no date and stays in the raw
// record. Of the two layouts with slashes the American one is tried first; a
// day beyond 12 tells them apart.
func instant(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02",
		"01/02/2006", "02/01/2006", "2006/01/02", "02.01.2006", "Jan 2, 2006", "2 Jan 2006",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// check is an object, or only the id.
type check struct {
	ID          jsondoc.Text `json:"id"`
	Title       jsondoc.Text `json:"title"`
	Description jsondoc.Text `json:"description"`
	Help        jsondoc.Text `json:"help"`
	URL         jsondoc.Text `json:"url"`
	Guideline   jsondoc.Text `json:"guideline"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (c *check) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain check
	return objectOrText(d, (*plain)(c), &c.ID)
}

// secret is an object, or only the clear text.
type secret struct {
	Value    jsondoc.Text `json:"value"`
	Masked   jsondoc.Text `json:"masked"`
	Detector jsondoc.Text `json:"detector"`
	Verified flag         `json:"verified"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *secret) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain secret
	return objectOrText(d, (*plain)(s), &s.Value)
}

// rating is an object, a vector, or a score.
type rating struct {
	Vector  jsondoc.Text  `json:"vector"`
	Score   jsondoc.Float `json:"score"`
	Version jsondoc.Text  `json:"version"`
	Source  jsondoc.Text  `json:"source"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (r *rating) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain rating
	if d.PeekKind() == '0' {
		return r.Score.UnmarshalJSONFrom(d)
	}
	return objectOrText(d, (*plain)(r), &r.Vector)
}

// ratings is a list, or one rating by itself.
type ratings []rating

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *ratings) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	if v.Kind() == '[' {
		return jsondoc.Unmarshal(v, (*[]rating)(l))
	}
	var one rating
	if v.Kind() == 'n' {
		return nil
	}
	err = jsondoc.Unmarshal(v, &one)
	*l = ratings{one}
	return err
}

// endpoint is an address, or its parts as DefectDojo keeps them.
type endpoint struct {
	Protocol jsondoc.Text `json:"protocol"`
	UserInfo jsondoc.Text `json:"userinfo"`
	Host     jsondoc.Text `json:"host"`
	Port     jsondoc.Text `json:"port"`
	Path     jsondoc.Text `json:"path"`
	Query    jsondoc.Text `json:"query"`
	Fragment jsondoc.Text `json:"fragment"`
	URL      jsondoc.Text `json:"url"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (e *endpoint) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain endpoint
	return objectOrText(d, (*plain)(e), &e.URL)
}

func (e endpoint) String() string {
	if e.URL != "" {
		return e.URL.String()
	}
	var b strings.Builder
	add := func(before string, t jsondoc.Text, after string) {
		if t != "" {
			b.WriteString(before + t.String() + after)
		}
	}
	add("", e.Protocol, "://")
	add("", e.UserInfo, "@")
	add("", e.Host, "")
	add(":", e.Port, "")
	add("/", jsondoc.Text(strings.TrimPrefix(e.Path.String(), "/")), "")
	add("?", jsondoc.Text(strings.TrimPrefix(e.Query.String(), "?")), "")
	add("#", jsondoc.Text(strings.TrimPrefix(e.Fragment.String(), "#")), "")
	return b.String()
}

// objectOrText reads an object into dst, or a scalar into text.
func objectOrText(d *jsontext.Decoder, dst any, text *jsondoc.Text) error {
	if d.PeekKind() != '{' {
		return text.UnmarshalJSONFrom(d)
	}
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	return jsondoc.Unmarshal(v, dst)
}

// place is a location by Stance's words.
type place struct {
	Path        jsondoc.Text `json:"path"`
	Line        jsondoc.Int  `json:"line"`
	StartLine   jsondoc.Int  `json:"start_line"`
	StartColumn jsondoc.Int  `json:"start_column"`
	EndLine     jsondoc.Int  `json:"end_line"`
	EndColumn   jsondoc.Int  `json:"end_column"`
	Snippet     jsondoc.Text `json:"snippet"`
	Context     jsondoc.Text `json:"context"`
	Symbol      jsondoc.Text `json:"symbol"`
	URL         jsondoc.Text `json:"url"`
	Method      jsondoc.Text `json:"method"`
	Parameter   jsondoc.Text `json:"parameter"`
	Evidence    jsondoc.Text `json:"evidence"`
	Resource    jsondoc.Text `json:"resource"`
	Image       jsondoc.Text `json:"image"`
	Layer       jsondoc.Text `json:"layer"`
	Commit      jsondoc.Text `json:"commit"`
	Author      jsondoc.Text `json:"author"`
	Date        jsondoc.Text `json:"date"`
}

func (p place) location() finding.Location {
	return finding.Location{
		Path:        p.Path.String(),
		StartLine:   max(int(p.StartLine), int(p.Line), 0),
		StartColumn: max(int(p.StartColumn), 0),
		EndLine:     max(int(p.EndLine), 0),
		EndColumn:   max(int(p.EndColumn), 0),
		Snippet:     p.Snippet.String(),
		Context:     p.Context.String(),
		Symbol:      p.Symbol.String(),
		URL:         p.URL.String(),
		Method:      p.Method.String(),
		Parameter:   p.Parameter.String(),
		Evidence:    p.Evidence.String(),
		Resource:    p.Resource.String(),
		Image:       p.Image.String(),
		Layer:       p.Layer.String(),
		Commit:      p.Commit.String(),
		Author:      p.Author.String(),
		Date:        p.Date.String(),
	}
}

// part is a component by Stance's words.
type part struct {
	PURL      jsondoc.Text    `json:"purl"`
	Ecosystem jsondoc.Text    `json:"ecosystem"`
	Group     jsondoc.Text    `json:"group"`
	Name      jsondoc.Text    `json:"name"`
	Version   jsondoc.Text    `json:"version"`
	Type      jsondoc.Text    `json:"type"`
	Licences  jsondoc.Strings `json:"licences"`
	Path      jsondoc.Strings `json:"path"`
	Direct    flag            `json:"direct"`
	Scope     jsondoc.Text    `json:"scope"`
}

func (p *part) component() *finding.Component {
	c := &finding.Component{
		PURL:      p.PURL.String(),
		Ecosystem: p.Ecosystem.String(),
		Group:     p.Group.String(),
		Name:      p.Name.String(),
		Version:   p.Version.String(),
		Type:      p.Type.String(),
		Licences:  p.Licences,
		Path:      p.Path,
		Scope:     p.Scope.String(),
	}
	if p.Direct.said {
		c.Direct = &p.Direct.yes
	}
	return c
}
