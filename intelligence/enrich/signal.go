// Package enrich adds what the outside world knows of a vulnerability to
// what a tool said: how likely it is to be exploited (EPSS), whether it is
// exploited already (CISA's KEV catalogue), which exploits are public, how
// others rate it (CVSS) and decide on it (SSVC).
//
// A signal is about a CVE. A finding may stand for several (an umbrella
// advisory, a GHSA with two CVEs); [Worst] then picks the worst of each
// signal and keeps the id it came from, so that a score can be explained.
//
// Feeds are snapshots. That a CVE is absent from a feed says something only
// if the feed was imported, and only as of its date: [Feeds] goes along with
// every answer, so that "not listed" and "nobody looked" stay apart.
package enrich

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
)

// Feed names a sort of intelligence.
type Feed string

// The feeds.
const (
	FeedEPSS    Feed = "epss"    // exploit prediction, FIRST
	FeedKEV     Feed = "kev"     // known exploited vulnerabilities, CISA
	FeedExploit Feed = "exploit" // public exploits: Exploit-DB, Metasploit, Nuclei, repositories
	FeedCVSS    Feed = "cvss"    // ratings
	FeedSSVC    Feed = "ssvc"    // CISA's decision points
	FeedAliases Feed = "aliases" // which ids name the same flaw
)

// AllFeeds lists the feeds in the order people see them.
func AllFeeds() []Feed {
	return []Feed{FeedEPSS, FeedKEV, FeedExploit, FeedCVSS, FeedSSVC, FeedAliases}
}

// Title names the feed for people.
func (f Feed) Title() string {
	switch f {
	case FeedEPSS:
		return "FIRST EPSS"
	case FeedKEV:
		return "CISA KEV"
	case FeedExploit:
		return "exploit evidence"
	case FeedCVSS:
		return "CVSS ratings"
	case FeedSSVC:
		return "CISA SSVC"
	case FeedAliases:
		return "advisory aliases"
	}
	return string(f)
}

// ParseFeed returns the feed with that name.
func ParseFeed(s string) (Feed, error) {
	if f := Feed(strings.ToLower(strings.TrimSpace(s))); slices.Contains(AllFeeds(), f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown feed %q: want one of %v", s, AllFeeds())
}

// Status is what is on hand of one feed.
type Status struct {
	Feed Feed
	// AsOf is the publisher's date of the snapshot, or the newest date in
	// it when the publisher gives none.
	AsOf       time.Time
	ImportedAt time.Time
	Rows       int
	// Origin is the file or address it was read from.
	Origin string
}

// Feeds holds the status of every feed that was imported; a feed that was
// not is absent.
type Feeds map[Feed]Status

// Loaded reports whether a feed was imported at all.
func (f Feeds) Loaded(feed Feed) bool {
	s, ok := f[feed]
	return ok && s.Rows > 0
}

// Label names a feed and its date for people: "FIRST EPSS, 2026-08-16".
func (f Feeds) Label(feed Feed) string {
	name := feed.Title()
	if s, ok := f[feed]; ok && !s.AsOf.IsZero() {
		return name + ", " + s.AsOf.UTC().Format(time.DateOnly)
	}
	return name
}

// EPSS is FIRST's Exploit Prediction Scoring System.
type EPSS struct {
	// Probability (0..1) that exploitation is seen within the next 30 days.
	Probability float64
	// Percentile (0..1) is the share of all CVEs with the same or a lower
	// probability.
	Percentile float64
	AsOf       time.Time
}

// KEV is an entry of CISA's Known Exploited Vulnerabilities catalogue.
type KEV struct {
	DateAdded time.Time
	DueDate   time.Time // zero when the catalogue gives none
	// Ransomware is true when campaigns are known to use it; false means
	// "unknown" in the catalogue's own words, not "no".
	Ransomware bool
	Name       string
}

// Maturity is how far public exploitation has come.
type Maturity uint8

// The maturities, ordered: a larger value is worse.
const (
	MaturityNone       Maturity = iota // nothing on record, which is not the same as nothing
	MaturityReference                  // links that may lead to an exploit
	MaturityPoC                        // a dated proof of concept of unknown quality
	MaturityFunctional                 // a verified exploit or a scanner template that triggers the flaw
	MaturityWeaponised                 // a module of an exploitation framework
	MaturityActive                     // used in attacks, or malicious by itself
)

var maturityNames = [...]string{"none", "reference", "poc", "functional", "weaponised", "active"}

// String returns the lower-case name.
func (m Maturity) String() string {
	if int(m) < len(maturityNames) {
		return maturityNames[m]
	}
	return maturityNames[0]
}

// ParseMaturity returns the maturity with that name in any letter case,
// "weaponized" included; the empty text is none.
func ParseMaturity(s string) (Maturity, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	switch t {
	case "":
		return MaturityNone, nil
	case "weaponized":
		return MaturityWeaponised, nil
	}
	if i := slices.Index(maturityNames[:], t); i >= 0 {
		return Maturity(i), nil
	}
	return MaturityNone, fmt.Errorf("unknown exploit maturity %q: want one of %s", s, strings.Join(maturityNames[:], ", "))
}

// Exploit is what is public to exploit a CVE.
type Exploit struct {
	Maturity Maturity
	// Sources says where, for people: "metasploit", "exploit-db".
	Sources []string
	// FirstSeen is the oldest dated exploit; zero when none is dated.
	FirstSeen time.Time
}

// SSVC holds CISA's Stakeholder-Specific Vulnerability Categorization points.
type SSVC struct {
	Exploitation Exploitation
	// Automatable is whether the steps of an attack can be scripted end to
	// end, so that one attacker reaches every target.
	Automatable Answer
	// Total is whether a success gives full control (technical impact).
	Total Answer
	AsOf  time.Time
}

// Exploitation is SSVC's state of exploitation.
type Exploitation uint8

// The states, ordered; Unsaid is the zero value.
const (
	ExploitationUnsaid Exploitation = iota
	ExploitationNone
	ExploitationPoC
	ExploitationActive
)

// Answer is yes, no or unsaid.
type Answer uint8

// The answers, ordered so that a larger one is worse where yes is.
const (
	Unsaid Answer = iota
	No
	Yes
)

// Signals is all that the feeds hold of one CVE; nil and empty fields are
// absent from their feed.
type Signals struct {
	EPSS    *EPSS
	KEV     *KEV
	Exploit *Exploit
	CVSS    []finding.CVSS
	SSVC    *SSVC
	// CWEs are the weaknesses that the rating feed names.
	CWEs []int
	// Published is the CVE's publication date, zero when no feed has it.
	Published time.Time
}

// Of is a value together with the advisory that it was found for.
type Of[T any] struct {
	Value T
	ID    advisory.ID
	// Reported is true when the scanning tool said it, not a feed.
	Reported bool
}

// Evidence is the worst of each signal over all CVEs of a finding. A nil
// field means that none of them is in that feed.
type Evidence struct {
	EPSS    *Of[EPSS]
	KEV     *Of[KEV]
	Exploit *Of[Exploit]
	SSVC    *Of[SSVC]
	CVSS    []Of[finding.CVSS]
	CWEs    []int
	// Feeds says which feeds were there to be asked.
	Feeds Feeds
}
