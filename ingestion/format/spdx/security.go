package spdx

import (
	"strings"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// reference is an external reference of category SECURITY.
type reference struct {
	kind, locator, comment string
}

// refer takes an external reference of a package.
func (p *pkg) refer(category, kind, locator, comment string) {
	kind = strings.ToLower(kind[strings.LastIndexAny(kind, "/#")+1:])
	kind = strings.TrimPrefix(kind, "referencetype_")
	category = strings.ToUpper(strings.ReplaceAll(category[strings.LastIndexAny(category, "/#")+1:], "_", "-"))
	category = strings.TrimPrefix(category, "REFERENCECATEGORY-")
	switch {
	case kind == "purl":
		p.locate(locator)
	case category == "SECURITY" && !strings.HasPrefix(kind, "cpe") && kind != "swid":
		p.security = append(p.security, reference{kind, locator, comment})
	}
}

// vulnerabilityIn finds the id of a vulnerability in an address or a text; ""
// when it names none, as a link to a whole VEX document.
func vulnerabilityIn(text string) string {
	if ids := advisory.Find(text); len(ids) > 0 {
		return string(ids[0])
	}
	text, _, _ = strings.Cut(text, "?")
	text, _, _ = strings.Cut(text, "#")
	last := text[strings.LastIndexByte(strings.TrimRight(text, "/"), '/')+1:]
	if last = strings.TrimRight(last, "/"); ident.NamesOneFlaw(last) && strings.ContainsAny(last, "0123456789") {
		return last
	}
	return ""
}

// observe tells of the vulnerabilities that packages refer to: each is a
// record, however many references of one package name it.
// Records are numbered from first on.
func (b *bom) observe(sink format.Sink, first int) error {
	record := first
	for _, p := range b.packages {
		var order []string
		byID := map[string]*finding.Observation{}
		for _, ref := range p.security {
			id := vulnerabilityIn(ref.locator)
			if id == "" {
				id = vulnerabilityIn(ref.comment)
			}
			if id == "" {
				continue
			}
			o := byID[id]
			if o == nil {
				o = p.observation(id)
				byID[id], order = o, append(order, id)
			}
			if strings.Contains(ref.locator, "://") {
				o.References = ident.Add(o.References, ref.locator)
			}
			text := ref.comment
			if ref.kind == "fix" {
				o.Fix = strings.TrimSpace(text + " " + ref.locator)
			} else if text != "" {
				o.Message = strings.Join(ident.Add(ident.Add(nil, o.Message), text), "\n")
			}
		}
		for _, id := range order {
			o := byID[id]
			o.Position.Record = record
			record++
			if err := sink.Observe(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pkg) observation(id string) *finding.Observation {
	c := p.Component
	return &finding.Observation{
		Kind: finding.Vulnerability, Check: finding.Check{ID: id}, Title: id + " in " + p.Name,
		Advisories: []string{id}, Component: &c, Position: p.at, Raw: p.raw,
	}
}
