// Package normalise gives what decoders read one form: paths relative to the
// repository, URLs as templates, package URLs, advisory ids, one severity
// scale, and no secret in clear. It runs once, behind all decoders.
package normalise

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/weakness"
	"github.com/stance-aspm/stance/ingestion/format"
)

// Normaliser holds what normalising needs to know.
type Normaliser struct {
	// SecretKey is the tenant's key for hashing secrets.
	SecretKey []byte
	// Root is the directory that absolute paths in the report are below; the
	// run's own wins.
	Root string
	// Now bounds dates: what lies further ahead than a day is absurd.
	Now time.Time
	// Aliases resolves advisory ids; nil knows none.
	Aliases advisory.Aliases

	// checks remembers the cleaned texts of checks: thousands of
	// observations share one, and its texts are long.
	checks map[string]cleaned
}

type cleaned struct{ raw, clean finding.Check }

// maxLine is the largest line or column number that is believed.
const maxLine = 100_000_000

// earliest is the oldest date that is believed.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// Observation brings one observation into Stance's form, in place. run is the
// run it belongs to.
func (n *Normaliser) Observation(o *finding.Observation, run *format.Run) {
	root := run.Target.Root
	if root == "" {
		root = n.Root
	}
	n.secret(o)
	n.texts(o)
	n.location(&o.Location, root, o.Kind)
	for i := range o.Related {
		n.location(&o.Related[i], root, o.Kind)
	}
	for i := range o.Flow {
		n.location(&o.Flow[i].Location, root, o.Kind)
	}
	if o.Kind == finding.Dynamic || o.Location.URL != "" {
		o.Location.URL = Endpoint(o.Location.URL)
		o.Location.Method = strings.ToUpper(o.Location.Method)
	}
	ids := advisory.Normalise(o.Advisories)
	o.Advisories = o.Advisories[:0]
	for _, id := range ids {
		o.Advisories = append(o.Advisories, string(id))
	}
	o.CWEs = validCWEs(o.CWEs)
	if o.Component != nil {
		Component(o.Component)
	}
	if o.Severity == finding.SeverityUnknown {
		o.Severity = severity(o)
	}
	if o.FirstSeen.Before(earliest) || o.FirstSeen.After(n.Now.Add(24*time.Hour)) {
		o.FirstSeen = time.Time{}
	}
	for i := range o.CVSS {
		if c := &o.CVSS[i]; !(c.Score >= 0 && c.Score <= 10) { // not a number either
			c.Score = 0
		}
	}
	if o.EPSS != nil && (*o.EPSS < 0 || *o.EPSS > 1 || *o.EPSS != *o.EPSS) {
		o.EPSS = nil
	}
}

// Advisory returns the id that stands for the observation's flaw.
func (n *Normaliser) Advisory(o *finding.Observation) string {
	ids := make([]advisory.ID, len(o.Advisories))
	for i, s := range o.Advisories {
		ids[i] = advisory.ID(s)
	}
	return string(advisory.Canonical(ids, n.Aliases))
}

// severity grades what the tool left open: by its own word, else by the
// highest CVSS score. What neither tells stays unknown.
func severity(o *finding.Observation) finding.Severity {
	if s := finding.SeverityOfWord(o.SeverityWord); s != finding.SeverityUnknown {
		return s
	}
	best := 0.0
	for _, c := range o.CVSS {
		best = max(best, c.Score)
	}
	if best > 0 && best <= 10 {
		return finding.SeverityOfCVSS(best)
	}
	return finding.SeverityUnknown
}

func validCWEs(in []int) []int {
	out := in[:0]
	for _, c := range in {
		if w, ok := weakness.Lookup(weakness.CWE(c)); ok && !w.Mappable() && len(in) > 1 {
			continue // a category beside a weakness says nothing more
		}
		if c > 0 && c < 10_000 && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func (n *Normaliser) location(l *finding.Location, root string, kind finding.Kind) {
	l.Path = Path(l.Path, root)
	for _, p := range []*int{&l.StartLine, &l.EndLine, &l.StartColumn, &l.EndColumn} {
		if *p < 0 || *p > maxLine {
			*p = 0
		}
	}
	if l.EndLine < l.StartLine {
		l.EndLine = l.StartLine
	}
	if kind != finding.Dynamic && l.Path == "" && l.Image != "" {
		l.Image = strings.TrimSpace(l.Image)
	}
}

// maxTitle bounds a title; the whole text stays in the message.
const maxTitle = 300

// texts makes every text that people see valid UTF-8 without control
// characters, and finds a title.
func (n *Normaliser) texts(o *finding.Observation) {
	eachText(o, cleanText)
	o.Check = n.check(o.Check)
	if o.Title == "" {
		o.Title = firstLine(o.Check.Title)
	}
	if o.Title == "" {
		o.Title = firstLine(o.Message)
	}
	if o.Title == "" {
		o.Title = o.Check.ID
	}
	if o.Title == "" && len(o.Advisories) > 0 {
		o.Title = o.Advisories[0]
	}
	if len(o.Title) > maxTitle {
		cut := maxTitle
		for cut > 0 && !utf8.RuneStart(o.Title[cut]) {
			cut--
		}
		if o.Message == "" {
			o.Message = o.Title
		}
		o.Title = o.Title[:cut] + "…"
	}
}

func (n *Normaliser) check(c finding.Check) finding.Check {
	if known, ok := n.checks[c.ID]; ok && known.raw == c {
		return known.clean
	}
	raw := c
	eachCheckText(&c, cleanText)
	if n.checks == nil {
		n.checks = map[string]cleaned{}
	}
	if len(n.checks) < maxChecks {
		n.checks[raw.ID] = cleaned{raw, c}
	}
	return c
}

// maxChecks bounds the memory of remembered checks.
const maxChecks = 20_000

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(s)
}
