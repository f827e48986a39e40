package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// maxMissing bounds how many undecided items are looked into to say which
// facts are missing.
const maxMissing = 10

// rule asks one rule and returns the reason it gives, if it acts.
func (j *judgement) rule(r *policy.Rule) (Reason, bool) {
	found := j.ask(r)
	if found.sum != nil {
		j.out.Waived = append(j.out.Waived, found.sum.waived...)
	}
	effect, acts := effectOf(r, found.matched, found.unknown)
	if !acts {
		return Reason{}, false
	}
	if found.sum == nil {
		return j.reason(r, effect, found), true
	}
	ctx := narrow(j.ctx, r.TextUses)
	if found.sum.told == nil || found.sum.toldFor != ctx {
		told := j.reason(r, effect, found)
		found.sum.told, found.sum.toldFor = &told, ctx
	}
	return *found.sum.told, true
}

// reason makes the reason of a rule that acts.
func (j *judgement) reason(r *policy.Rule, effect Effect, found answer) Reason {
	j.subject.Count(found.matched, r.Max)
	out := Reason{Policy: r.Policy, Rule: r.Name, Effect: effect, About: r.About, Count: found.matched, Max: r.Max,
		Unknown: found.unknown, Controls: r.Controls}
	if found.sum != nil {
		found.sure, found.unsure = turns(found.sum.top), turns(found.sum.unsure)
	}
	shown := found.sure
	if found.matched <= r.Max {
		shown = found.unsure
	}
	j.explain(&out, r, shown)
	for _, turn := range found.unsure[:min(len(found.unsure), maxMissing)] {
		turn(j)
		out.Missing = append(out.Missing, r.Match.Missing(j.subject)...)
	}
	slices.Sort(out.Missing)
	out.Missing = slices.Compact(out.Missing)
	return out
}

// effectOf decides what a rule does. Matches beyond the allowed number bring
// its action; if only the unknown could bring them, on_unknown speaks.
func effectOf(r *policy.Rule, matched, unknown int) (Effect, bool) {
	if matched > r.Max {
		return Effect(r.Action), true
	}
	if matched+unknown <= r.Max {
		return "", false
	}
	switch r.OnUnknown {
	case policy.UnknownBlocks:
		return EffectBlock, true
	case policy.UnknownUndecided:
		return EffectUndecided, true
	case policy.UnknownIgnored:
		return "", false
	}
	if r.Action == policy.Notify {
		return EffectNotify, true // the unknown is never graver than the known
	}
	return EffectWarn, true
}

// answer is what a rule found. A turn points the judgement's subject at one
// of the items and returns it.
type answer struct {
	matched, unknown int
	sure, unsure     []turn
	sum              *sum // for rules about findings
}

type turn func(*judgement) Item

func (j *judgement) ask(r *policy.Rule) answer {
	var out answer
	add := func(t turn) {
		t(j)
		switch r.Match.Ask(j.subject) {
		case policy.True:
			out.matched++
			out.sure = append(out.sure, t)
		case policy.Undecided:
			out.unknown++
			out.unsure = append(out.unsure, t)
		}
	}
	switch r.About {
	case policy.AboutApp:
		add(turnToApp)
	case policy.AboutAsset:
		for _, s := range j.segments {
			add(turnToAsset(s))
		}
	case policy.AboutScan:
		for i := range j.query.Scans {
			add(turnToScan(&j.query.Scans[i]))
		}
	default:
		sum := j.sums[r]
		out = answer{matched: sum.matched, unknown: sum.unknown, sum: sum}
	}
	return out
}

func turns(rows []row) []turn {
	out := make([]turn, len(rows))
	for i, r := range rows {
		out[i] = turnToFinding(r)
	}
	return out
}

func turnToApp(j *judgement) Item {
	return Item{ID: j.query.App.Name, Title: j.query.App.Name}
}

func turnToAsset(s *segment) turn {
	return func(j *judgement) Item {
		j.subject.Asset(&s.asset)
		return Item{ID: s.asset.ID, Title: s.name(), Asset: s.name(), Place: s.asset.Ref}
	}
}

func turnToScan(s *fact.Scan) turn {
	return func(j *judgement) Item {
		seg := j.table.segments[s.Asset]
		if seg == nil {
			seg = &segment{asset: fact.Asset{ID: s.Asset}}
		}
		j.subject.Asset(&seg.asset)
		j.subject.Scan(s)
		title := strings.TrimSpace(s.Tool + " " + string(s.Kind) + " scan")
		return Item{ID: seg.asset.ID + "/" + s.Tool + "/" + string(s.Kind), Title: title, Asset: seg.name(), Place: seg.name()}
	}
}

func turnToFinding(r row) turn {
	return func(j *judgement) Item {
		f := r.finding
		j.subject.Asset(&r.seg.asset)
		j.subject.Finding(f)
		return Item{ID: f.ID, Title: f.Title, Place: placeOf(f), Asset: r.seg.name(), Severity: f.Severity.String(),
			Score: f.Score, Fix: f.Fix, Check: f.Check, Path: f.Path, Line: f.Line}
	}
}

// name is how people call the asset.
func (s *segment) name() string {
	if s.asset.Name != "" {
		return s.asset.Name
	}
	return s.asset.ID
}

// placeOf says in one line where a finding is.
func placeOf(f *fact.Finding) string {
	var parts []string
	if f.Component != "" {
		parts = append(parts, strings.TrimSuffix(f.Component+"@"+f.ComponentVersion, "@"))
	}
	switch {
	case f.Path != "" && f.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d", f.Path, f.Line))
	case f.Path != "":
		parts = append(parts, f.Path)
	}
	for _, s := range []string{f.Resource, f.URL} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " in ")
}

// explain fills in the items and the texts of a reason.
func (j *judgement) explain(out *Reason, r *policy.Rule, shown []turn) {
	for i, turn := range shown[:min(len(shown), j.query.List)] {
		item := turn(j)
		why := make([]string, len(r.Mentions))
		for i, m := range r.Mentions {
			why[i] = j.subject.Describe(m)
		}
		item.Why = strings.Join(why, ", ")
		if r.Message.AboutEach {
			item.Message = r.Message.Render(j.subject)
		}
		if item.Fix == "" && r.Fix.AboutEach {
			item.Fix = r.Fix.Fill(j.subject)
		}
		if i == 0 { // the worst item speaks for all
			out.Message, out.Fix = r.Message.Render(j.subject), r.Fix.Fill(j.subject)
		}
		out.Items = append(out.Items, item)
	}
	if out.Message == "" {
		out.Message = r.Description
	}
	if out.Message == "" {
		out.Message = "this holds: " + r.Key
	}
}
