package normalise

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

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
		if line = strings.TrimSpace(line); line != clear && len(line) >= 2*minScrub && !strings.HasPrefix(line, "-----") {
			n.scrub(o, line, "****")
		}
	}
}

func (n *Normaliser) scrub(o *finding.Observation, clear, masked string) {
	if len(clear) < minScrub {
		// Too short to be searched for: the places that quote it go instead.
		o.Location.Snippet, o.Location.Context, o.Raw = "", "", nil
		return
	}
	for _, p := range []*string{&o.Title, &o.Message, &o.Fix, &o.Location.Snippet, &o.Location.Context, &o.Location.Evidence, &o.Location.URL, &o.Location.Symbol, &o.Claim.Detail} {
		*p = strings.ReplaceAll(*p, clear, masked)
	}
	for i := range o.Related {
		o.Related[i].Snippet = strings.ReplaceAll(o.Related[i].Snippet, clear, masked)
		o.Related[i].Context = strings.ReplaceAll(o.Related[i].Context, clear, masked)
	}
	for i := range o.Flow {
		o.Flow[i].Location.Snippet = strings.ReplaceAll(o.Flow[i].Location.Snippet, clear, masked)
		o.Flow[i].Message = strings.ReplaceAll(o.Flow[i].Message, clear, masked)
	}
	for i := range o.Tags {
		o.Tags[i] = strings.ReplaceAll(o.Tags[i], clear, masked)
	}
	for name, v := range o.Fingerprints {
		o.Fingerprints[name] = strings.ReplaceAll(v, clear, masked)
	}
	o.Raw = ScrubRaw(o.Raw, clear, masked)
}

// ScrubRaw takes a secret out of a raw record, in each way that JSON and XML
// may spell it.
func ScrubRaw(raw []byte, clear, masked string) []byte {
	for _, spelled := range spellings(clear) {
		raw = bytes.ReplaceAll(raw, []byte(spelled), []byte(masked))
	}
	return raw
}

func spellings(s string) []string {
	out := []string{s}
	add := func(v string) {
		if v != s {
			out = append(out, v)
		}
	}
	if b, err := json.Marshal(s); err == nil { // escapes <, > and & as \u003c
		add(string(b[1 : len(b)-1]))
	}
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if e.Encode(s) == nil {
		add(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(plain.String()), `"`), `"`))
	}
	add(strings.ReplaceAll(s, "/", `\/`))
	add(xmlEscaper.Replace(s))
	return out
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

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
