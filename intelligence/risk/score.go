package risk

import (
	"math"
	"strconv"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
)

// Score computes the score of one finding. It is a pure function: the same
// inputs and model always give the same result. For many findings of one
// flaw, [Prepare] it once and call [Base.Score].
func Score(in Inputs, m Model) Result { return Prepare(in.Flaw, &m).Score(in.Setting) }

// The reasons that terms of the setting carry.
const (
	whyKind         = "a licence or quality question is no way in"
	whyConfidence   = "how sure the tool is that the flaw is real"
	whyTools        = "tools that agree independently are seldom all wrong"
	whyReachability = "a flaw that nothing leads to cannot be used"
	whyExposure     = "who can reach the asset"
	whyExposureNear = "who can reach the asset; the flaw needs local or adjacent access, so exposure counts less"
	whyEnvironment  = "harm in production is real harm"
	whyCriticality  = "what the organisation loses with this application"
	whyData         = "what an attacker would find"
	whyFix          = "a published fix shows the way to the flaw, and can be acted on"
	whyClaim        = "the report itself says that it does not apply"
	whyFloor        = "what is exploited in the wild is not put off without evidence"
)

// Score adds the setting to the flaw.
func (b *Base) Score(s Setting) Result {
	var space [maxGaps]gap
	r := run{b: b, explain: true, exponent: 1, worst: 1, steps: b.steps}
	r.terms = append(make([]Term, 0, len(b.terms)+maxSettingTerms), b.terms...)
	r.gaps = append(space[:0], b.gaps...)
	return r.result(r.walk(s))
}

// Value is Score without the terms: the same score and priority at a
// fraction of the cost, for where findings are stored and sorted.
func (b *Base) Value(s Setting) (score float64, priority Priority) {
	r := run{b: b, exponent: 1, worst: 1}
	floor, _ := r.walk(s)
	steps := share(b.log, r.exponent)
	if floor {
		steps = max(steps, b.model.floor())
	}
	return points(steps), b.model.PriorityOf(points(steps))
}

// How many terms a setting can have and how many inputs can be unknown.
const maxSettingTerms, maxGaps = 11, 16

// run walks through the setting.
type run struct {
	b        *Base
	explain  bool
	exponent float64
	worst    float64 // the exponent with every unknown at its worst, over exponent
	steps    int
	terms    []Term
	gaps     []gap
}

// walk takes every input of the setting. It reports whether the KEV floor
// holds, and whether it would if the flaw were found in KEV.
func (r *run) walk(s Setting) (floor, floorPossible bool) {
	b, m := r.b, r.b.model
	if f := m.Kind[b.kind]; f != 1 {
		r.factor(Term{Name: TermKind, Factor: f, Input: string(finding.Kinds()[b.kind]), Source: m.Version, Why: whyKind}, f)
	}
	r.confidence(s.Confidence)
	tools := min(max(s.Tools, 1), len(m.Tools))
	r.factor(Term{Name: TermTools, Factor: m.Tools[tools-1], Input: [...]string{"one", "two", "three or more"}[tools-1], Source: "scans", Why: whyTools}, 0)
	if reach := index(int(s.Reachability), len(m.Reachability)); reach != 0 || b.kind == kindVulnerability || b.kind == kindCode {
		r.factor(Term{Name: TermReachability, Factor: m.Reachability[reach], Input: s.Reachability.String(), Source: "reachability", Unknown: reach == 0, Why: whyReachability}, m.Reachability[Reachable])
	}
	r.context(s.Context)
	if fix := index(int(s.Fix), len(m.Fix)); fix != 0 || b.kind == kindVulnerability {
		r.factor(Term{Name: TermFix, Factor: m.Fix[fix], Input: s.Fix.String(), Source: "the tool", Unknown: fix == 0, Why: whyFix}, m.Fix[FixAvailable])
	}
	cleared := r.claim(s.Claim) || s.Reachability == Unreachable
	return b.kev && !cleared, !cleared
}

// factor multiplies the exponent by t.Factor and appends the term. An
// unknown term could be as bad as worst.
func (r *run) factor(t Term, worst float64) {
	r.exponent *= t.Factor
	if !r.explain {
		return
	}
	if t.Factor != 1 {
		now := share(r.b.log, r.exponent)
		t.Points = points(now - r.steps)
		r.steps = now
	}
	if t.Unknown && t.Factor > 0 {
		ratio := max(worst/t.Factor, 1)
		r.worst *= ratio
		r.gaps = append(r.gaps, gap{term: len(r.terms), ratio: ratio, log: r.b.log})
	}
	r.terms = append(r.terms, t)
}

// confidence counts unknown only where results are guesses by nature: an
// advisory matched by version, a setting or a licence is simply there, and
// for a secret the question is whether it works.
func (r *run) confidence(c Confidence) {
	m := r.b.model
	i := index(int(c), len(m.Confidence))
	guess := r.b.kind == kindCode || r.b.kind == kindDynamic || r.b.kind == kindQuality
	if i == 0 && !guess {
		return
	}
	r.factor(Term{Name: TermConfidence, Factor: m.Confidence[i], Input: c.String(), Source: "the tool", Unknown: i == 0, Why: whyConfidence}, m.Confidence[ConfidenceConfirmed])
}

func (r *run) context(c estate.Context) {
	m := r.b.model
	exposure, why := &m.Exposure, whyExposure
	if r.b.local {
		exposure, why = &m.ExposureLocal, whyExposureNear
	}
	i := index(int(c.Exposure), len(exposure))
	r.factor(Term{Name: TermExposure, Factor: exposure[i], Input: c.Exposure.String(), Source: contextSource, Unknown: i == 0, Why: why}, exposure[estate.ExposureInternet])
	i = index(int(c.Environment), len(m.Environment))
	r.factor(Term{Name: TermEnvironment, Factor: m.Environment[i], Input: c.Environment.String(), Source: contextSource, Unknown: i == 0, Why: whyEnvironment}, m.Environment[estate.EnvironmentProduction])
	i = index(int(c.Criticality), len(m.Criticality))
	r.factor(Term{Name: TermCriticality, Factor: m.Criticality[i], Input: c.Criticality.String(), Source: contextSource, Unknown: i == 0, Why: whyCriticality}, m.Criticality[estate.CriticalityCritical])
	factor, worst := m.data(c.Data)
	t := Term{Name: TermData, Factor: factor, Source: contextSource, Unknown: !c.Data.Known(), Why: whyData}
	if r.explain { // joining the names costs an allocation
		t.Input = c.Data.String()
	}
	r.factor(t, worst)
}

const contextSource = "application context"

// data is the factor of the weightiest class in the set, and that of the
// weightiest class there is.
func (m *Model) data(s estate.DataClasses) (factor, worst float64) {
	for i, f := range m.Data {
		if s.Has(estate.DataClass(i)) {
			factor = max(factor, f)
		}
		worst = max(worst, f)
	}
	if !s.Known() {
		factor = m.DataUnknown
	}
	return factor, worst
}

// claim takes what the report says of its own result and reports whether it
// clears the flaw. Without a claim there is no term.
func (r *run) claim(c finding.ClaimState) (cleared bool) {
	factor := 1.0
	switch c {
	case finding.ClaimNone:
		return false
	case finding.ClaimNotAffected, finding.ClaimFalsePositive, finding.ClaimFixed, finding.ClaimAbsent:
		factor, cleared = r.b.model.NotAffected, true
	case finding.ClaimSuppressedByTool:
		factor, cleared = r.b.model.SuppressedTool, true
	}
	r.factor(Term{Name: TermClaim, Factor: factor, Input: string(c), Source: "the report", Why: whyClaim}, 0)
	return cleared
}

// result applies the floor and fills in what the unknown inputs could add.
func (r *run) result(floor, floorPossible bool) Result {
	m := r.b.model
	least := m.floor()
	if floor && r.steps < least {
		r.terms = append(r.terms, Term{Name: TermKEVFloor, Points: points(least - r.steps), Input: "at least " + strconv.FormatFloat(m.KEVFloor, 'f', -1, 64), Source: m.Version, Why: whyFloor})
		r.steps = least
	}
	for _, g := range r.gaps {
		could := share(g.log, r.exponent*g.ratio)
		if floor || g.floor && floorPossible {
			could = max(could, least)
		}
		r.terms[g.term].Could = points(max(could-r.steps, 0))
	}
	ceiling := share(r.b.ceiling, r.exponent*r.worst)
	if r.b.ceilingFloor && floorPossible {
		ceiling = max(ceiling, least)
	}
	score := points(r.steps)
	return Result{Score: score, Priority: m.PriorityOf(score), Ceiling: points(max(ceiling, r.steps)), Terms: r.terms, ModelVersion: m.Version}
}

// floor is KEVFloor in tenths.
func (m *Model) floor() int { return int(math.Round(m.KEVFloor * 10)) }

// PriorityOf returns the class of a score.
func (m *Model) PriorityOf(score float64) Priority {
	switch {
	case score >= m.Now:
		return Now
	case score >= m.Soon:
		return Soon
	case score >= m.Planned:
		return Planned
	}
	return Watch
}

// share is the score in tenths for an exponent.
func share(log, exponent float64) int { return tenths(-math.Expm1(exponent * log)) }

// index keeps a value outside its enumeration from being anything but unknown.
func index(i, n int) int {
	if i < 0 || i >= n {
		return 0
	}
	return i
}
