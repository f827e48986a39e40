package dependencycheck

import (
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// dependency is the file or virtual package that vulnerabilities were found
// in.
type dependency struct {
	FileName, FilePath, Licence jsondoc.Text
	Projects                    jsondoc.Strings
	Related                     jsondoc.List[related]
	Packages, CPEs, Old         jsondoc.List[identifier]
}

// related is another file of the same component, grouped with the first.
type related struct {
	FilePath jsondoc.Text `json:"filePath" xml:"filePath"`
}

// identifier is a package URL or a CPE and how sure the tool is of it. Before
// schema 2.0 it has a type and a name instead.
type identifier struct {
	ID         jsondoc.Text `json:"id" xml:"id"`
	Confidence jsondoc.Text `json:"confidence" xml:"confidence,attr"`
	Type       jsondoc.Text `json:"-" xml:"type,attr"`
	Name       jsondoc.Text `json:"-" xml:"name"`
}

// surest returns the identifier with the highest confidence for which ok
// holds, the first of equals.
func surest(list jsondoc.List[identifier], ok func(*identifier) bool) *identifier {
	var best *identifier
	for i := range list {
		id := &list[i]
		if ok(id) && (best == nil || rank(id.Confidence) > rank(best.Confidence)) {
			best = id
		}
	}
	return best
}

func rank(confidence jsondoc.Text) int {
	switch confidence {
	case "HIGHEST":
		return 4
	case "HIGH":
		return 3
	case "MEDIUM":
		return 2
	case "LOW":
		return 1
	}
	return 0
}

// component names the dependency by its package URL, else by what old schemas
// or the CPE say, else by its file.
func (d *dependency) component() *finding.Component {
	c := &finding.Component{Licences: ident.Add(nil, text(d.Licence))}
	if id := surest(d.Packages, func(id *identifier) bool { return strings.HasPrefix(text(id.ID), "pkg:") }); id != nil {
		c.PURL = text(id.ID)
		if p, err := packageurl.FromString(c.PURL); err == nil {
			c.Ecosystem, c.Group, c.Name, c.Version = p.Type, p.Namespace, p.Name, p.Version
			return c
		}
	}
	if id := surest(d.Old, func(id *identifier) bool { return id.Type != "cpe" && strings.Contains(text(id.Name), ":") }); id != nil {
		d.oldName(c, id)
		return c
	}
	for _, id := range slices.Concat(d.CPEs, d.Old) {
		if d.cpeName(c, strings.Trim(text(id.ID+id.Name), "()")) {
			return c
		}
	}
	c.Name = text(d.FileName)
	return c
}

// oldName reads "group:artifact:version" of Maven and "name:version" of other
// ecosystems.
func (d *dependency) oldName(c *finding.Component, id *identifier) {
	parts := strings.Split(strings.Trim(text(id.Name), "()"), ":")
	typ, namespace := ident.Ecosystem(string(id.Type))
	c.Ecosystem = typ
	if len(parts) >= 3 {
		c.Group, parts = parts[0], parts[1:]
		namespace = c.Group
	}
	c.Name, c.Version = parts[0], parts[1]
	c.PURL = ident.PURL(typ, namespace, c.Name, c.Version)
}

// cpeName reads product and version of a CPE: "cpe:/a:vendor:product:version"
// or "cpe:2.3:a:vendor:product:version:…".
func (d *dependency) cpeName(c *finding.Component, cpe string) bool {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		if rest, ok = strings.CutPrefix(cpe, "cpe:/"); !ok {
			return false
		}
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 3 {
		return false
	}
	c.Name = parts[2]
	if len(parts) > 3 && parts[3] != "*" && parts[3] != "-" {
		c.Version = parts[3]
	}
	return true
}

// confidence is how sure the tool is that the vulnerability's CPE, or else
// the package, is that of the dependency.
func (d *dependency) confidence() string {
	each := func(*identifier) bool { return true }
	for _, list := range []jsondoc.List[identifier]{d.CPEs, d.Packages, d.Old} {
		if id := surest(list, each); id != nil {
			return text(id.Confidence)
		}
	}
	return ""
}
