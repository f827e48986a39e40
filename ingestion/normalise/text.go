package normalise

import (
	"strings"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// eachText visits every text of an observation that a tool wrote, but not
// those of its check, which observations share, and not the raw record.
func eachText(o *finding.Observation, fn func(*string)) {
	for _, p := range []*string{&o.Position.Pointer, &o.Title, &o.Message, &o.SeverityWord, &o.Confidence, &o.Fix, &o.Claim.Justification, &o.Claim.Detail, &o.Claim.Source, &o.Claim.By, &o.Claim.Baseline} {
		fn(p)
	}
	for _, list := range [][]string{o.Advisories, o.FixVersions, o.References, o.Tags} {
		eachOf(list, fn)
	}
	for i := range o.CVSS {
		fn(&o.CVSS[i].Vector)
		fn(&o.CVSS[i].Version)
		fn(&o.CVSS[i].Source)
	}
	if o.Component != nil {
		eachComponentText(o.Component, fn)
	}
	eachPlaceText(&o.Location, fn)
	for i := range o.Related {
		eachPlaceText(&o.Related[i], fn)
	}
	for i := range o.Flow {
		fn(&o.Flow[i].Message)
		eachPlaceText(&o.Flow[i].Location, fn)
	}
	if o.Secret != nil {
		fn(&o.Secret.Masked)
		fn(&o.Secret.Detector)
	}
	eachFingerprint(o, fn)
}

func eachFingerprint(o *finding.Observation, fn func(*string)) {
	for name, v := range o.Fingerprints {
		n := name
		fn(&n)
		fn(&v)
		if n != name {
			delete(o.Fingerprints, name)
		}
		o.Fingerprints[n] = v
	}
}

func eachCheckText(c *finding.Check, fn func(*string)) {
	for _, p := range []*string{&c.ID, &c.Title, &c.Description, &c.Help, &c.URL, &c.Guideline} {
		fn(p)
	}
}

func eachComponentText(c *finding.Component, fn func(*string)) {
	for _, p := range []*string{&c.PURL, &c.Ecosystem, &c.Group, &c.Name, &c.Version, &c.Type, &c.Ref, &c.Scope} {
		fn(p)
	}
	eachOf(c.Licences, fn)
	eachOf(c.Path, fn)
}

func eachPlaceText(l *finding.Location, fn func(*string)) {
	for _, p := range []*string{&l.Path, &l.Snippet, &l.Context, &l.Symbol, &l.URL, &l.Method, &l.Parameter, &l.Evidence, &l.Resource, &l.Image, &l.Layer, &l.Commit, &l.Author, &l.Date} {
		fn(p)
	}
}

func eachOf(list []string, fn func(*string)) {
	for i := range list {
		fn(&list[i])
	}
}

// Run makes what a report says of itself clean text.
func (n *Normaliser) Run(r *format.Run) {
	t := &r.Target
	for _, p := range []*string{&r.Tool, &r.Version, &r.Category, &t.Name, &t.Repository, &t.Branch, &t.Commit, &t.Digest, &t.Root} {
		cleanText(p)
	}
	eachOf(r.Notes, cleanText)
}

// Component makes an inventory entry clean text and completes it.
func (n *Normaliser) Component(c *finding.Component) {
	eachComponentText(c, cleanText)
	Component(c)
}

func cleanText(p *string) { *p = clean(*p) }

// clean returns s unless it has bytes that no page and no database takes.
func clean(s string) string {
	if !dirty(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && control(byte(r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func dirty(s string) bool {
	for i := range len(s) {
		if control(s[i]) {
			return true
		}
	}
	return !utf8.ValidString(s)
}

func control(b byte) bool { return b < ' ' && b != '\n' && b != '\t' && b != '\r' || b == 0x7f }
