package risk

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// Base is a flaw scored as far as it goes without a setting. Prepare it once
// for a flaw and use it for all its findings; it is read-only and safe for
// concurrent use. It goes stale when a signal changes.
type Base struct {
	model *Model
	kind  int
	local bool
	kev   bool
	// log is ln(1 − danger), so that the score is 1 − e^(c·log).
	log   float64
	terms []Term
	steps int // tenths after the terms
	gaps  []gap
	// ceiling is log with every unknown of the flaw at its worst.
	ceiling      float64
	ceilingFloor bool
}

// gap is an unknown input and the score it could lead to: the exponent
// multiplied by ratio, log in the place of Base.log, the KEV floor in force.
type gap struct {
	term  int
	ratio float64
	log   float64
	floor bool
}

// Prepare reads a flaw's ratings and signals. The model must be valid and
// stay unchanged as long as the Base is in use.
func Prepare(f Flaw, m *Model) *Base {
	b := &Base{model: m, kind: kindIndex(f.Kind), terms: make([]Term, 0, 6)}
	ratings := f.CVSS
	if len(f.Evidence.CVSS) > 0 {
		ratings = append(append([]enrich.Of[finding.CVSS](nil), f.CVSS...), f.Evidence.CVSS...)
	}
	s := rate(ratings, f.Severity, m.SeverityUnknown)
	b.local = s.local
	w := walk{b: b, m: m, severity: s.value / 10, stay: 1}
	w.add(Term{Name: TermSeverity, Input: s.input, Source: s.source, Unknown: !s.known, Why: whySeverity})
	if !s.known {
		w.unknown(1, 1)
	}
	w.likelihood(f)
	if f.HasAdvisory || f.Kind == finding.Vulnerability || f.Evidence.EPSS != nil || f.Evidence.KEV != nil {
		// The firmest evidence first, so that it gets the points and what
		// merely agrees with it gets what is left.
		w.kev(f.Evidence)
		w.exploit(f.Evidence)
		w.epss(f.Evidence)
		w.automatable(f.Evidence)
	}
	b.log = w.log(w.severity, w.stay)
	b.ceiling, b.ceilingFloor = b.log, b.kev
	worstSeverity, worstStay := w.severity, w.stay
	for i, u := range w.open {
		g := &b.gaps[i]
		g.log = w.log(max(w.severity, u.severity), w.stay*u.stay)
		worstSeverity = max(worstSeverity, u.severity)
		worstStay *= u.stay
		b.ceilingFloor = b.ceilingFloor || g.floor
	}
	b.ceiling = w.log(worstSeverity, worstStay)
	return b
}

// The reasons that terms carry.
const (
	whySeverity    = "what a successful attack would do"
	whyLikelihood  = "how readily flaws of this kind are exploited"
	whyEPSS        = "chance of exploitation within 30 days; each tenfold counts the same"
	whyExploit     = "a public exploit lowers the skill an attack needs"
	whyAutomatable = "an attack that can be scripted reaches every target"
	whyKEV         = "it is being exploited"
)

// walk adds the terms of a flaw one after the other.
type walk struct {
	b        *Base
	m        *Model
	severity float64 // 0..1
	stay     float64 // Π(1 − chance): that nobody exploits it
	open     []opening
}

// opening is how an unknown term would change the flaw at its worst.
type opening struct{ severity, stay float64 }

func (w *walk) log(severity, stay float64) float64 {
	danger := w.m.Cap * severity * (w.m.Latent + (1-w.m.Latent)*(1-stay))
	return math.Log1p(-min(danger, w.m.Cap))
}

// add appends a term with the points that the state now has over the last.
func (w *walk) add(t Term) {
	now := share(w.log(w.severity, w.stay), 1)
	t.Points = points(now - w.b.steps)
	w.b.steps = now
	w.b.terms = append(w.b.terms, t)
}

// unknown opens the last term: severity it could have, and by which factor
// the chance that nobody exploits the flaw could fall.
func (w *walk) unknown(severity, stay float64) {
	w.b.gaps = append(w.b.gaps, gap{term: len(w.b.terms) - 1, ratio: 1})
	w.open = append(w.open, opening{severity, stay})
}

// likelihood is the chance by kind for flaws without an advisory.
func (w *walk) likelihood(f Flaw) {
	prior := w.m.Prior[w.b.kind]
	t := Term{Name: TermLikelihood, Input: "usual for " + string(f.Kind), Source: w.m.Version, Why: whyLikelihood}
	if f.Kind == finding.Secret {
		t.Source = "the tool"
		switch {
		case f.SecretVerified == nil:
			t.Input, t.Unknown = "not known whether the credential works", true
		case *f.SecretVerified:
			t.Input, prior = "the credential works", w.m.SecretVerified
		default:
			t.Input, prior = "the credential did not work when tried", w.m.SecretDisproved
		}
	}
	if prior == 0 {
		return
	}
	w.stay *= 1 - prior
	w.add(t)
	if t.Unknown {
		w.unknown(0, (1-w.m.SecretVerified)/(1-prior))
	}
}

func (w *walk) epss(e enrich.Evidence) {
	t := Term{Name: TermEPSS, Source: e.Feeds.Label(enrich.FeedEPSS), Why: whyEPSS}
	if e.EPSS == nil {
		chance := w.m.epss(w.m.EPSSUnknown)
		w.stay *= 1 - chance
		t.Unknown, t.Input = true, absent(e.Feeds, enrich.FeedEPSS, "no probability published")
		w.add(t)
		w.unknown(0, 0)
		return
	}
	p := e.EPSS.Value
	w.stay *= 1 - w.m.epss(p.Probability)
	t.Input = strconv.FormatFloat(p.Probability*100, 'g', 3, 64) + " %"
	if p.Percentile > 0 {
		t.Input += ", more than " + strconv.FormatFloat(math.Floor(p.Percentile*1000)/10, 'f', 1, 64) + " % of all CVEs"
	}
	t.Input += of(string(e.EPSS.ID))
	if e.EPSS.Reported {
		t.Source = "the tool"
	}
	w.add(t)
}

func (w *walk) exploit(e enrich.Evidence) {
	maturity, by := enrich.MaturityNone, ""
	t := Term{Name: TermExploit, Source: e.Feeds.Label(enrich.FeedExploit), Why: whyExploit}
	if e.Exploit != nil {
		x := e.Exploit.Value
		maturity, by = x.Maturity, string(e.Exploit.ID)
		if len(x.Sources) > 0 {
			t.Source = strings.Join(x.Sources, ", ")
		}
	}
	known := maturity > enrich.MaturityNone
	if e.SSVC != nil {
		if said := ssvcMaturity(e.SSVC.Value.Exploitation); said > maturity {
			maturity, by, t.Source = said, string(e.SSVC.ID), e.Feeds.Label(enrich.FeedSSVC)
		}
		known = known || e.SSVC.Value.Exploitation != enrich.ExploitationUnsaid
	}
	t.Input = maturity.String() + of(by)
	t.Unknown = !known
	if t.Unknown {
		t.Input = absent(e.Feeds, enrich.FeedExploit, "none on record")
	} else if maturity == enrich.MaturityNone {
		t.Input, t.Source = "none seen"+of(string(e.SSVC.ID)), e.Feeds.Label(enrich.FeedSSVC)
	}
	w.stay *= 1 - w.m.Exploit[min(int(maturity), len(w.m.Exploit)-1)]
	w.add(t)
	if t.Unknown {
		w.unknown(0, 1-w.m.Exploit[enrich.MaturityActive])
	}
}

// ssvcMaturity puts SSVC's exploitation on the scale of exploits.
func ssvcMaturity(x enrich.Exploitation) enrich.Maturity {
	switch x {
	case enrich.ExploitationPoC:
		return enrich.MaturityPoC
	case enrich.ExploitationActive:
		return enrich.MaturityActive
	}
	return enrich.MaturityNone
}

func (w *walk) automatable(e enrich.Evidence) {
	t := Term{Name: TermAutomatable, Source: e.Feeds.Label(enrich.FeedSSVC), Why: whyAutomatable}
	switch {
	case e.SSVC == nil || e.SSVC.Value.Automatable == enrich.Unsaid:
		t.Unknown, t.Input = true, absent(e.Feeds, enrich.FeedSSVC, "not assessed")
	case e.SSVC.Value.Automatable == enrich.Yes:
		t.Input = "yes" + of(string(e.SSVC.ID))
		w.stay *= 1 - w.m.Automatable
	default:
		t.Input = "no" + of(string(e.SSVC.ID))
	}
	w.add(t)
	if t.Unknown {
		w.unknown(0, 1-w.m.Automatable)
	}
}

func (w *walk) kev(e enrich.Evidence) {
	t := Term{Name: TermKEV, Source: e.Feeds.Label(enrich.FeedKEV), Why: whyKEV}
	switch {
	case e.KEV != nil:
		chance := w.m.KEV
		t.Input = "listed"
		if added := e.KEV.Value.DateAdded; !added.IsZero() {
			t.Input += " since " + added.UTC().Format(time.DateOnly)
		}
		if e.KEV.Value.Ransomware {
			chance = w.m.KEVRansomware
			t.Input += ", used by ransomware"
		}
		t.Input += of(string(e.KEV.ID))
		if e.KEV.Reported {
			t.Source = "the tool"
		}
		w.stay *= 1 - chance
		w.b.kev = true
	case e.Feeds.Loaded(enrich.FeedKEV):
		t.Input = "not listed"
	default:
		t.Input, t.Unknown = absent(e.Feeds, enrich.FeedKEV, ""), true
	}
	w.add(t)
	if t.Unknown {
		w.unknown(0, 1-w.m.KEVRansomware)
		w.b.gaps[len(w.b.gaps)-1].floor = true
	}
}

// absent says why a signal is missing: the feed has nothing, or there is no feed.
func absent(f enrich.Feeds, feed enrich.Feed, nothing string) string {
	if f.Loaded(feed) {
		return nothing
	}
	return "the feed is not on hand"
}

func of(id string) string {
	if id == "" {
		return ""
	}
	return " (" + id + ")"
}

// tenths rounds a share of 1 half up to tenths of a point.
func tenths(share float64) int { return int(math.Floor(min(max(share, 0), 1)*1000 + 0.5)) }

// points turns tenths into points; the nearest float64 to the decimal.
func points(tenths int) float64 { return float64(tenths) / 10 }
