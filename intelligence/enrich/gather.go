package enrich

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
)

// Lookup answers from the feeds on hand. Feeds are the same for all tenants.
type Lookup interface {
	// Signals returns what is known of the given CVEs. A CVE that is in no
	// feed is absent from the answer. The ids hold no repetitions.
	Signals(ctx context.Context, cves []advisory.ID) (map[advisory.ID]Signals, error)
	// Feeds returns what is on hand.
	Feeds(ctx context.Context) (Feeds, error)
}

// CVEs returns the CVEs whose signals bear on a finding that lists these ids
// (the one its tool leads with first): of a flaw with a name of its own the
// CVEs of its alias group, of an umbrella advisory every CVE that is listed
// with it, for any of them may be the open one.
func CVEs(ids []advisory.ID, aliases advisory.Aliases) []advisory.ID {
	chosen := advisory.Canonical(ids, aliases)
	if chosen == "" {
		return nil
	}
	names := advisory.Names(chosen, aliases)
	if chosen.Umbrella() {
		for _, id := range ids {
			names = append(names, advisory.Names(id, aliases)...)
		}
	}
	var out []advisory.ID
	for _, id := range names {
		if id.Kind() == advisory.CVE && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, advisory.Compare)
	return out
}

// Gather looks up a batch of findings, each given by its CVEs, with one
// question to the feeds, and returns their evidence in the same order.
func Gather(ctx context.Context, from Lookup, batch [][]advisory.ID) ([]Evidence, error) {
	var all []advisory.ID
	for _, cves := range batch {
		all = append(all, cves...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	feeds, err := from.Feeds(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask which feeds are on hand: %w", err)
	}
	known := map[advisory.ID]Signals{}
	if len(all) > 0 {
		if known, err = from.Signals(ctx, all); err != nil {
			return nil, fmt.Errorf("look up signals of %d CVEs: %w", len(all), err)
		}
	}
	out := make([]Evidence, len(batch))
	for i, cves := range batch {
		out[i] = Worst(cves, known, feeds)
	}
	return out, nil
}

// Worst merges the signals of several CVEs: the highest EPSS, a KEV entry
// before none (ransomware first, then the earliest due), the most mature
// exploit, SSVC point by point at its worst, and every rating. Ties go to
// the CVE that comes first in [advisory.Compare].
func Worst(cves []advisory.ID, known map[advisory.ID]Signals, feeds Feeds) Evidence {
	e := Evidence{Feeds: feeds}
	sorted := slices.SortedFunc(slices.Values(cves), advisory.Compare)
	for _, id := range slices.Compact(sorted) {
		s, ok := known[id]
		if !ok {
			continue
		}
		if s.EPSS != nil && (e.EPSS == nil || s.EPSS.Probability > e.EPSS.Value.Probability) {
			e.EPSS = &Of[EPSS]{Value: *s.EPSS, ID: id}
		}
		if s.KEV != nil && (e.KEV == nil || kevOrder(*s.KEV, e.KEV.Value) < 0) {
			e.KEV = &Of[KEV]{Value: *s.KEV, ID: id}
		}
		if s.Exploit != nil && (e.Exploit == nil || s.Exploit.Maturity > e.Exploit.Value.Maturity) {
			e.Exploit = &Of[Exploit]{Value: *s.Exploit, ID: id}
		}
		if s.SSVC != nil {
			e.SSVC = worseSSVC(e.SSVC, *s.SSVC, id)
		}
		for _, c := range s.CVSS {
			e.CVSS = append(e.CVSS, Of[finding.CVSS]{Value: c, ID: id})
		}
		for _, c := range s.CWEs {
			if !slices.Contains(e.CWEs, c) {
				e.CWEs = append(e.CWEs, c)
			}
		}
	}
	return e
}

// kevOrder sorts the entry that presses most to the front.
func kevOrder(a, b KEV) int {
	if a.Ransomware != b.Ransomware {
		if a.Ransomware {
			return -1
		}
		return 1
	}
	if a.DueDate.IsZero() != b.DueDate.IsZero() {
		if b.DueDate.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(a.DueDate.Compare(b.DueDate), a.DateAdded.Compare(b.DateAdded))
}

// worseSSVC joins two categorizations point by point. The id is that of the
// CVE with the worse exploitation, the point that weighs most.
func worseSSVC(have *Of[SSVC], s SSVC, id advisory.ID) *Of[SSVC] {
	if have == nil {
		return &Of[SSVC]{Value: s, ID: id}
	}
	out := *have
	if s.Exploitation > out.Value.Exploitation {
		out.Value.Exploitation, out.Value.AsOf, out.ID = s.Exploitation, s.AsOf, id
	}
	out.Value.Automatable = max(out.Value.Automatable, s.Automatable)
	out.Value.Total = max(out.Value.Total, s.Total)
	return &out
}

// WithReported adds what the scanning tool itself said of exploitation for
// an advisory. A feed's value outranks the tool's; a tool that calls a flaw
// known to be exploited is believed even if the catalogue on hand does not
// list it, since the tool's may be newer. A malicious package (MAL- ids of
// OSV) counts as active exploitation: it needs no attacker to find it.
func (e Evidence) WithReported(id advisory.ID, epss *float64, kev bool) Evidence {
	if e.EPSS == nil && epss != nil && *epss >= 0 && *epss <= 1 {
		e.EPSS = &Of[EPSS]{Value: EPSS{Probability: *epss}, ID: id, Reported: true}
	}
	if e.KEV == nil && kev {
		e.KEV = &Of[KEV]{ID: id, Reported: true}
	}
	if e.Exploit == nil && id.Family() == "MAL" {
		e.Exploit = &Of[Exploit]{Value: Exploit{Maturity: MaturityActive, Sources: []string{"malicious package"}}, ID: id, Reported: true}
	}
	return e
}

// JoinExploits merges what two sources know of one CVE: the higher maturity,
// the earlier sighting, and the names of both.
func JoinExploits(a, b Exploit) Exploit {
	out := Exploit{Maturity: max(a.Maturity, b.Maturity), FirstSeen: a.FirstSeen, Sources: slices.Clone(a.Sources)}
	if out.FirstSeen.IsZero() || !b.FirstSeen.IsZero() && b.FirstSeen.Before(out.FirstSeen) {
		out.FirstSeen = b.FirstSeen
	}
	for _, s := range b.Sources {
		if !slices.Contains(out.Sources, s) {
			out.Sources = append(out.Sources, s)
		}
	}
	return out
}
