package verdict

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/governance/policy"
)

// TextOptions says how [Text] writes.
type TextOptions struct {
	// Colour adds terminal colours. Ask for it only when writing to a
	// terminal that shows them.
	Colour bool
	// Width is the width of the terminal in columns; 0 and more than 100
	// mean 100, less than 40 means 40.
	Width int
}

// How much is shown. The text is to be read in a minute; JSON has the rest.
const (
	maxWidth, minWidth = 100, 40
	shownGrave         = 5 // items of a reason that blocks or can't be decided
	shownLight         = 2 // items of other reasons
	shownLightReasons  = 8 // reasons that neither block nor are undecided
)

// Text writes a verdict for people: what stands in the way, why, and what to
// do about it, the gravest first.
func Text(w io.Writer, v gate.Verdict, o TextOptions) error {
	out := bufio.NewWriter(w)
	p := &page{w: out, colour: o.Colour, width: maxWidth, told: map[string]bool{}}
	if o.Width > 0 {
		p.width = max(minWidth, min(o.Width, maxWidth))
	}
	p.headline(v)
	light := 0
	for _, r := range v.Reasons {
		if !grave(r.Effect) {
			if light++; light > shownLightReasons {
				continue
			}
		}
		p.reason(r)
	}
	if more := light - shownLightReasons; more > 0 {
		p.line("")
		p.wrap("  ", fmt.Sprintf("… and %s more, see --output json", count(more, "rule")))
	}
	p.footer(v)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the verdict: %w", err)
	}
	return nil
}

func grave(e gate.Effect) bool { return e == gate.EffectBlock || e == gate.EffectUndecided }

// style is a colour with the mark that says the same without colour.
type style struct{ code, mark, verb string }

func styleOf(e gate.Effect) style {
	switch e {
	case gate.EffectBlock:
		return style{"31;1", "✗", "blocks"}
	case gate.EffectUndecided:
		return style{"35;1", "?", "cannot be decided"}
	case gate.EffectWarn:
		return style{"33;1", "!", "warns"}
	}
	return style{"36", "i", "notes"}
}

// page writes lines that fit.
type page struct {
	w      *bufio.Writer
	colour bool
	width  int
	told   map[string]bool // items already shown in full
}

func (p *page) line(s string) { p.w.WriteString(s + "\n") }

// paint colours a text that has already been measured.
func (p *page) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// wrap writes a text of several lines under an indent. The first line is
// indented by the indent's own text, the others by as much space.
func (p *page) wrap(indent, text string) {
	for i, l := range fold(clean(text), p.width-columns(indent)) {
		if i == 1 {
			indent = strings.Repeat(" ", columns(indent))
		}
		p.line(strings.TrimRight(indent+l, " "))
	}
}

func (p *page) headline(v gate.Verdict) {
	word, code := "PASS", "32;1"
	switch v.Outcome {
	case gate.Warn:
		word, code = "PASS WITH WARNINGS", "33;1"
	case gate.Block:
		word, code = "BLOCKED", "31;1"
	case gate.Undecided:
		word, code = "CANNOT DECIDE", "35;1"
	}
	app := cmp.Or(clean(v.App), "this application")
	rest := fmt.Sprintf("%s at %s", app, v.Stage)
	if tally := effects(v.Reasons); tally != "" {
		rest += ": " + tally
	}
	lines := fold(rest, p.width-len(word)-2)
	p.line(p.paint(code, word) + "  " + lines[0])
	for _, l := range lines[1:] {
		p.line(strings.Repeat(" ", len(word)+2) + l)
	}
}

// effects counts reasons by what they do.
func effects(reasons []gate.Reason) string {
	var parts []string
	for _, e := range []gate.Effect{gate.EffectBlock, gate.EffectUndecided, gate.EffectWarn, gate.EffectNotify} {
		n := 0
		for _, r := range reasons {
			if r.Effect == e {
				n++
			}
		}
		if n == 0 {
			continue
		}
		verb := styleOf(e).verb
		if n > 1 && e != gate.EffectUndecided {
			verb = strings.TrimSuffix(verb, "s")
		}
		parts = append(parts, fmt.Sprintf("%s %s", count(n, "rule"), verb))
	}
	return strings.Join(parts, ", ")
}

func (p *page) reason(r gate.Reason) {
	s := styleOf(r.Effect)
	p.line("")
	head := fmt.Sprintf("%s %s %s", s.mark, r.ID(), s.verb)
	if extent := extentOf(r); extent != "" {
		head += ": " + extent
	}
	for i, l := range fold(clean(head), p.width-2) {
		if i > 0 {
			l = "  " + l
		}
		p.line(p.paint(s.code, l))
	}
	p.wrap("  ", r.Message)
	if len(r.Missing) > 0 {
		p.wrap("  ", fmt.Sprintf("not known for %d of them: %s", r.Unknown, strings.Join(r.Missing, ", ")))
	}
	shown := shownLight
	if grave(r.Effect) {
		shown = shownGrave
	}
	if r.About != policy.AboutApp {
		p.items(r, r.Items[:min(shown, len(r.Items))])
		if more := behind(r) - shown; more > 0 && len(r.Items) > 0 {
			p.line(fmt.Sprintf("    … %d more", more))
		}
	}
	if r.Fix != "" {
		p.wrap("  fix: ", r.Fix)
	}
}

// behind is how many items a reason has behind it: those that matched, or
// those that could not be decided when only they make the rule act.
func behind(r gate.Reason) int {
	if r.Count > r.Max {
		return r.Count
	}
	return r.Unknown
}

// extentOf counts what is behind a reason.
func extentOf(r gate.Reason) string {
	if r.About == policy.AboutApp || (r.Count == 0 && r.Unknown == 0) {
		return ""
	}
	one := strings.TrimSuffix(r.About.String(), "s")
	var parts []string
	if r.Count > 0 {
		part := count(r.Count, one)
		if r.Max > 0 {
			part += fmt.Sprintf(", %d allowed", r.Max)
		}
		parts = append(parts, part)
	}
	if r.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%s undecided", count(r.Unknown, one)))
	}
	return strings.Join(parts, ", ")
}

// items shows each item once in full; what repeats the line above or the
// reason itself is left out.
func (p *page) items(r gate.Reason, items []gate.Item) {
	why := ""
	for _, it := range items {
		label := ""
		if it.Severity != "" {
			score := "  –"
			if it.Score.Known {
				score = fmt.Sprintf("%3.0f", it.Score.Value)
			}
			label = fmt.Sprintf("%s %-8s ", score, it.Severity)
		}
		title, indent := cmp.Or(it.Title, it.ID), "    "+strings.Repeat(" ", columns(label))
		if p.told[it.ID] {
			p.wrap("    "+label, title+" (see above)")
			continue
		}
		p.told[it.ID] = true
		p.wrap("    "+label, title)
		if where := whereOf(it); where != "" {
			p.wrap(indent, where)
		}
		if it.Why != why {
			p.wrap(indent+"why: ", it.Why)
			why = it.Why
		}
		if it.Fix != "" && it.Fix != r.Fix {
			p.wrap(indent+"fix: ", it.Fix)
		}
	}
}

// whereOf says where an item is, unless its title says so already.
func whereOf(it gate.Item) string {
	if it.Asset == "" || it.Asset == it.Place || it.Asset == it.Title {
		return it.Place
	}
	return strings.TrimSpace(it.Place + " (" + it.Asset + ")")
}

func (p *page) footer(v gate.Verdict) {
	p.line("")
	judged := count(v.Counts.Judged, "open finding") + " judged"
	if len(v.Counts.Severities) > 0 {
		judged += " (" + tallies(v.Counts.Severities) + ")"
	}
	judged += fmt.Sprintf(" by %s, %d passed", count(v.Rules, "rule"), len(v.PassedRules))
	p.wrap("  ", judged)
	if len(v.Counts.Closed) > 0 {
		p.wrap("  ", "not judged: "+tallies(v.Counts.Closed))
	}
	for _, w := range v.Waived {
		p.wrap("  ", fmt.Sprintf("waiver %s took %s out of %s", w.Waiver, count(w.Count, "finding"), w.Rule))
	}
	if len(v.Counts.Scans) > 0 {
		p.wrap("  ", "scans: "+tallies(v.Counts.Scans))
	}
	if len(v.UnknownScope) > 0 {
		p.wrap("  ", "applied although nobody knows whether they should: "+strings.Join(v.UnknownScope, ", "))
	}
	p.wrap("  ", fmt.Sprintf("policies: %s; bundle %s; facts %s", cmp.Or(strings.Join(v.Applied, ", "), "none"), short(v.BundleDigest), short(v.FactsDigest)))
}

func tallies(ts []gate.Tally) string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = fmt.Sprintf("%d %s", t.Count, strings.ReplaceAll(t.Name, "_", " "))
	}
	return strings.Join(parts, ", ")
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// short cuts a digest to what people compare by eye.
func short(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}
