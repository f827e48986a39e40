package normalise

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/finding"
)

// minScrub is the length from which a secret's text is taken out of other
// fields; shorter ones occur by chance.
const minScrub = 6

// secret replaces a secret's clear text by a keyed hash and a mask, in its
// own field and wherever else the observation repeats it, the raw record
// included.
func (n *Normaliser) secret(o *finding.Observation) {
	s := o.Secret
	if s == nil {
		return
	}
	others := s.Aliases
	s.Aliases = nil
	slices.SortFunc(others, func(a, b string) int { return len(b) - len(a) })
	defer func() {
		for _, other := range others { // longest first: one may hold another
			n.scrub(o, other, Mask(other))
		}
	}()
	if s.Value == "" {
		return
	}
	clear := s.Value
	s.Value = ""
	mac := hmac.New(sha256.New, n.SecretKey)
	mac.Write([]byte(strings.TrimSpace(clear)))
	s.Hash = hex.EncodeToString(mac.Sum(nil)[:16])
	s.Masked = Mask(clear)
	n.scrub(o, clear, s.Masked)
	if t := strings.TrimSpace(clear); t != clear {
		n.scrub(o, t, s.Masked)
	}
	for line := range strings.Lines(clear) { // keys of many lines are quoted line by line
		if line = strings.TrimSpace(line); line != clear && len(line) >= minScrub && !strings.HasPrefix(line, "-----") {
			n.scrub(o, line, "****")
		}
	}
}

// scrub takes a clear text out of every field.
func (n *Normaliser) scrub(o *finding.Observation, clear, masked string) {
	if clear == "" {
		return
	}
	if len(clear) < minScrub {
		// Too short to be searched for: the places that quote it go instead,
		// and where it stands as a word of its own.
		o.Location.Snippet, o.Location.Context, o.Raw = "", "", nil
		word := func(p *string) { *p = replaceWord(*p, clear, masked) }
		eachText(o, word)
		eachCheckText(&o.Check, word)
		return
	}
	if strings.Contains(masked, clear) {
		masked = ""
	}
	take := func(p *string) {
		if !strings.Contains(*p, clear) {
			return
		}
		*p = strings.ReplaceAll(*p, clear, masked)
		for strings.Contains(*p, clear) { // what was around it made it anew
			*p = strings.ReplaceAll(*p, clear, "")
		}
	}
	eachText(o, take)
	eachCheckText(&o.Check, take)
	o.Raw = ScrubRaw(o.Raw, clear, masked)
}

// replaceWord replaces a text where no letter or digit is beside it.
func replaceWord(s, word, by string) string {
	if !strings.Contains(s, word) {
		return s
	}
	inner := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var b strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			break
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(word):])
		at = i + 1
		if i > 0 && inner(before) || i+len(word) < len(s) && inner(after) {
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(by)
		done = i + len(word)
		at = done
	}
	b.WriteString(s[done:])
	return b.String()
}

// ScrubRaw takes a secret out of a raw record, however JSON or XML spells its
// characters: literally, behind backslashes, as \u0022 or \/, as &quot; or
// &#34;. A string of JSON inside another one doubles the backslashes; that is
// seen too.
func ScrubRaw(raw []byte, clear, masked string) []byte {
	if clear == "" {
		return raw
	}
	for {
		out := scrubOnce(raw, clear, masked)
		if len(out) == len(raw) && bytes.Equal(out, raw) {
			return raw
		}
		raw, masked = out, ""
	}
}

func scrubOnce(raw []byte, clear, masked string) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(raw); {
		n := spelledAt(raw[i:], clear)
		if n == 0 {
			i++
			continue
		}
		out = append(append(out, raw[done:i]...), masked...)
		i += n
		done = i
	}
	if done == 0 {
		return raw
	}
	return append(out, raw[done:]...)
}

// spelledAt returns how many bytes at the start of raw spell the whole text,
// 0 when they don't.
func spelledAt(raw []byte, text string) int {
	first, _ := utf8.DecodeRuneInString(text)
	if characterAt(raw, first, 1) == 0 {
		return 0
	}
	for _, backslash := range []int{1, 2, 4} { // how a backslash is spelled: plain, in a string, in a string in a string
		at := 0
		for _, r := range text {
			n := characterAt(raw[at:], r, backslash)
			if n == 0 {
				at = 0
				break
			}
			at += n
		}
		if at > 0 {
			return at
		}
	}
	return 0
}

// characterAt returns how many bytes at the start of raw spell one character.
func characterAt(raw []byte, r rune, backslash int) int {
	if len(raw) == 0 {
		return 0
	}
	switch raw[0] {
	case '\\':
		return escapedAt(raw, r, backslash)
	case '&':
		if n := entityAt(raw, r); n > 0 {
			return n
		}
	}
	if r < utf8.RuneSelf {
		if raw[0] == byte(r) {
			return 1
		}
		return 0
	}
	if got, n := utf8.DecodeRune(raw); got == r {
		return n
	}
	return 0
}

// escapedAt reads a character behind one or more backslashes.
func escapedAt(raw []byte, r rune, backslash int) int {
	slashes := 0
	for slashes < len(raw) && raw[slashes] == '\\' {
		slashes++
	}
	if r == '\\' && slashes >= backslash {
		return backslash
	}
	rest := raw[slashes:]
	if len(rest) == 0 {
		return 0
	}
	if rest[0] == 'u' {
		if n := unicodeAt(raw[slashes-1:], r); n > 0 {
			return slashes - 1 + n
		}
	}
	if short, ok := map[rune]byte{'\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f'}[r]; ok && rest[0] == short {
		return slashes + 1
	}
	if r < utf8.RuneSelf && rest[0] == byte(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return slashes + 1
	}
	return 0
}

// unicodeAt reads \uXXXX, twice for what lies beyond the basic plane.
func unicodeAt(raw []byte, r rune) int {
	unit := func(b []byte) (rune, bool) {
		if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
			return 0, false
		}
		v, err := strconv.ParseUint(string(b[2:6]), 16, 32)
		return rune(v), err == nil
	}
	first, ok := unit(raw)
	if ok && first == r {
		return 6
	}
	if second, two := unit(raw[min(6, len(raw)):]); ok && two && utf16.DecodeRune(first, second) == r {
		return 12
	}
	return 0
}

// entityAt reads &name; &#34; and &#x22;.
func entityAt(raw []byte, r rune) int {
	end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
	if end < 3 {
		return 0
	}
	name := string(raw[1:end])
	switch {
	case name == "amp" && r == '&', name == "lt" && r == '<', name == "gt" && r == '>', name == "quot" && r == '"', name == "apos" && r == '\'':
		return end + 1
	case name[0] != '#':
		return 0
	}
	digits, base := name[1:], 10
	if digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	if v, err := strconv.ParseUint(digits, base, 32); err == nil && rune(v) == r {
		return end + 1
	}
	return 0
}

// Mask shows enough of a secret to recognise it and too little to use it: the
// first four and last two characters of long ones, nothing of short ones.
func Mask(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "-----BEGIN ") {
		head, _, _ := strings.Cut(s, "\n")
		return strings.TrimSpace(head) + " ****"
	}
	r := []rune(s)
	switch {
	case len(r) >= 20:
		return string(r[:4]) + "****" + string(r[len(r)-2:])
	case len(r) >= 12:
		return string(r[:2]) + "****"
	}
	return "****"
}

// credential matches what may be one: a run of the characters that keys and
// tokens are made of.
var credential = regexp.MustCompile(`[A-Za-z0-9+/=_\-]{16,}`)

// Withhold masks everything in a record that may be a credential. It is for
// records that no decoder understood, so that nobody knows where in them a
// secret stands; the report itself has them in full.
func Withhold(raw []byte) []byte {
	return credential.ReplaceAllFunc(raw, func(b []byte) []byte {
		if !bytes.ContainsAny(b, "0123456789") || bytes.Count(b, []byte("/")) > 2 {
			return b
		}
		return []byte(Mask(string(b)))
	})
}
