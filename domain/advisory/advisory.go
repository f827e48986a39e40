// Package advisory names published vulnerabilities: one spelling for every
// identifier, the family it belongs to, and which of several identifiers
// stands for a flaw.
//
// Identifiers relate in two ways that must not be mixed up:
//
//   - Aliases name one and the same flaw: CVE-2021-44228 and
//     GHSA-jfh8-c2jp-5v3q.
//   - An umbrella advisory announces an update that repairs several flaws:
//     RHSA-2021:5129, DSA-5020-1, USN-5192-1. It is no alias of any CVE it
//     names: were it one, all its CVEs would melt into a single flaw, and a
//     package that still has one of them would look repaired.
package advisory

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// ID is an advisory identifier in its canonical spelling, as [Parse] returns
// it: "CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q", "RHSA-2021:5129". Two ids are
// the same identifier exactly if they are equal as strings.
type ID string

// Kind says who gave an identifier and what it is good for.
type Kind uint8

// The kinds, ordered by preference for naming a flaw: CVE is understood by
// every tool and feed, GHSA by most, an OSV database by its ecosystem.
const (
	CVE          Kind = iota + 1
	GHSA              // GitHub Security Advisory
	OSV               // a database of the OSV federation with one flaw a record: GO-, PYSEC-, RUSTSEC-
	Vendor            // a tool's or national database's own number: SNYK-, CNVD-, sonatype-
	Other             // none of the families known here
	Distribution      // an update announcement, see [ID.Umbrella]
)

// String returns the kind's lower-case name.
func (k Kind) String() string {
	switch k {
	case CVE:
		return "cve"
	case GHSA:
		return "ghsa"
	case OSV:
		return "osv"
	case Vendor:
		return "vendor"
	case Distribution:
		return "distribution"
	}
	return "other"
}

// maxLength bounds an identifier; the longest in use (Snyk ids that spell
// out Maven coordinates) stay well below it.
const maxLength = 200

// Parse returns the canonical spelling of an identifier as tools write it:
// any letter case, surrounding space, quotes or brackets, underscores or
// typographic hyphens for hyphens in a CVE, "RHSA-2021-5129" for
// "RHSA-2021:5129", "CAN-" for "CVE-". An id of an unknown family is kept as
// written. It refuses what cannot be an identifier: empty text, inner space
// or control characters, or more than 200 bytes.
func Parse(s string) (ID, error) {
	t := strings.Trim(s, " \t\r\n\"'`[](){}<>,;.")
	t = plainHyphens(t)
	if rest, ok := cutPrefixFold(t, "cve "); ok {
		t = "CVE-" + strings.TrimSpace(rest)
	}
	switch {
	case t == "":
		return "", fmt.Errorf("parse advisory id %q: it is empty", clip(s))
	case len(t) > maxLength:
		return "", fmt.Errorf("parse advisory id %q: longer than %d bytes", clip(s), maxLength)
	case strings.ContainsFunc(t, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "", fmt.Errorf("parse advisory id %q: holds space or control characters", clip(s))
	}
	return normalise(t), nil
}

// Normalise is [Parse] for lists: it drops what is no identifier and
// repetitions, and keeps the order.
func Normalise(list []string) []ID {
	out := make([]ID, 0, len(list))
	for _, s := range list {
		if id, err := Parse(s); err == nil {
			out = appendNew(out, id)
		}
	}
	return out
}

// normalise spells a token that passed Parse's checks.
func normalise(t string) ID {
	if id, n := matchCVE(t); n == len(t) && id != "" {
		return id
	}
	if id, n := matchGHSA(t); n == len(t) && id != "" {
		return id
	}
	f, rest, ok := familyOf(t)
	if !ok {
		return ID(t)
	}
	switch f.form {
	case upper:
		rest = strings.ToUpper(rest)
	case lower:
		rest = strings.ToLower(rest)
	case yearColon: // RHSA-2021-5129 and RHSA-2021:5129 are the same
		rest = strings.ToUpper(rest)
		if len(rest) > 5 && rest[4] == '-' {
			rest = rest[:4] + ":" + rest[5:]
		}
	}
	return ID(f.prefix + rest)
}

// Kind returns what sort of identifier this is.
func (id ID) Kind() Kind {
	s := string(id)
	if strings.HasPrefix(s, "CVE-") {
		if got, n := matchCVE(s); n == len(s) && got == id {
			return CVE
		}
		return Other
	}
	if strings.HasPrefix(s, "GHSA-") {
		if got, n := matchGHSA(s); n == len(s) && got == id {
			return GHSA
		}
		return Other
	}
	if f, _, ok := familyOf(s); ok {
		return f.kind
	}
	return Other
}

// Umbrella reports whether the id announces an update that may repair
// several flaws (RHSA, ALAS, ELSA, DSA, USN, SUSE-SU, …), so that it can
// never be an alias of a CVE.
func (id ID) Umbrella() bool { return id.Kind() == Distribution }

// Family returns the prefix that the id's publisher uses, without the
// separator ("CVE", "RHSA", "PYSEC"), and "" when the family is unknown.
func (id ID) Family() string {
	switch id.Kind() {
	case CVE:
		return "CVE"
	case GHSA:
		return "GHSA"
	}
	f, _, ok := familyOf(string(id))
	if !ok {
		return ""
	}
	return strings.Trim(f.prefix, "-:")
}

// EmbeddedCVE returns the CVE that an id spells out in itself: the CVE,
// "UBUNTU-CVE-2021-3999", "DEBIAN-CVE-…", "CURL-CVE-…" and Bitnami's
// "BIT-apache-2021-41773". Such records are about exactly that CVE.
func (id ID) EmbeddedCVE() (ID, bool) {
	s := string(id)
	if id.Kind() == CVE {
		return id, true
	}
	if at := strings.Index(s, "-CVE-"); at > 0 {
		if cve, n := matchCVE(s[at+1:]); cve != "" && at+1+n == len(s) {
			return cve, true
		}
	}
	if strings.HasPrefix(s, "BIT-") {
		parts := strings.Split(s, "-")
		if k := len(parts); k >= 4 {
			t := "CVE-" + parts[k-2] + "-" + parts[k-1]
			if cve, n := matchCVE(t); cve != "" && n == len(t) {
				return cve, true
			}
		}
	}
	return "", false
}

// Compare orders ids by preference for naming a flaw: by [Kind], then CVEs by
// year and number, everything else as text.
func Compare(a, b ID) int {
	ka, kb := a.Kind(), b.Kind()
	if c := cmp.Compare(ka, kb); c != 0 {
		return c
	}
	if ka == CVE { // CVE-2021-9999 comes before CVE-2021-10000
		if c := cmp.Compare(a[4:8], b[4:8]); c != 0 {
			return c
		}
		if c := cmp.Compare(len(a), len(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a, b)
}

// Find returns the CVE and GHSA ids in free text, in order of appearance and
// each once. Other families are not looked for: their prefixes occur in
// prose.
func Find(text string) []ID {
	text = plainHyphens(text)
	var out []ID
	for i := 0; i < len(text); {
		c := text[i] | 0x20
		if c != 'c' && c != 'g' || i > 0 && isAlnum(text[i-1]) {
			i++
			continue
		}
		id, n := matchCVE(text[i:])
		if id == "" {
			id, n = matchGHSA(text[i:])
		}
		if id == "" || i+n < len(text) && isAlnum(text[i+n]) {
			i++
			continue
		}
		out = appendNew(out, id)
		i += n
	}
	return out
}

// First and last years a CVE id can carry. The list began in 1999; the upper
// bound only keeps typing errors out.
const firstYear, lastYear = 1999, 2099

// matchCVE reads a CVE id at the start of s, hyphens or underscores between
// its parts, and returns it with the bytes it took; "" if there is none. The
// number has at least four digits and no leading zero beyond that.
func matchCVE(s string) (ID, int) {
	if len(s) < 13 || !strings.EqualFold(s[:3], "cve") && !strings.EqualFold(s[:3], "can") {
		return "", 0
	}
	if !isSeparator(s[3]) || !isSeparator(s[8]) {
		return "", 0
	}
	year, err := strconv.Atoi(s[4:8])
	if err != nil || year < firstYear || year > lastYear {
		return "", 0
	}
	end := 9
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	number := s[9:end]
	for len(number) > 4 && number[0] == '0' {
		number = number[1:]
	}
	if len(number) < 4 || len(number) > 19 {
		return "", 0
	}
	if s[:4] == "CVE-" && s[8] == '-' && len(number) == end-9 {
		return ID(s[:end]), end // already canonical: no allocation
	}
	return ID("CVE-" + s[4:8] + "-" + number), end
}

// ghsaAlphabet are the characters GitHub draws its ids from: no vowels and
// nothing that looks like another character.
const ghsaAlphabet = "23456789cfghjmpqrvwx"

// matchGHSA reads "GHSA-xxxx-xxxx-xxxx" at the start of s; as matchCVE.
func matchGHSA(s string) (ID, int) {
	const length = len("GHSA-xxxx-xxxx-xxxx")
	if len(s) < length || !strings.EqualFold(s[:5], "ghsa-") {
		return "", 0
	}
	canonical := s[:5] == "GHSA-"
	for i := 5; i < length; i++ {
		c := s[i]
		if (i-4)%5 == 0 {
			if c != '-' {
				return "", 0
			}
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
			canonical = false
		}
		if strings.IndexByte(ghsaAlphabet, c) < 0 {
			return "", 0
		}
	}
	if canonical {
		return ID(s[:length]), length
	}
	return ID("GHSA-" + strings.ToLower(s[5:length])), length
}

// plainHyphens replaces the typographic hyphens and dashes that word
// processors and web pages put into identifiers.
func plainHyphens(s string) string {
	if !strings.ContainsFunc(s, isTypographicHyphen) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isTypographicHyphen(r) {
			return '-'
		}
		return r
	}, s)
}

// isTypographicHyphen covers U+2010 hyphen to U+2015 bar and U+2212 minus.
func isTypographicHyphen(r rune) bool { return '\u2010' <= r && r <= '\u2015' || r == '\u2212' }

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isSeparator(c byte) bool { return c == '-' || c == '_' }
func isAlnum(c byte) bool     { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
