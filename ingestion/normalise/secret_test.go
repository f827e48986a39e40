package normalise

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

func normaliser() *Normaliser {
	return &Normaliser{SecretKey: []byte("key"), Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// quoting puts a clear text into every field of an observation.
func quoting(clear string, raw []byte) *finding.Observation {
	o := &finding.Observation{Kind: finding.Secret, Secret: &finding.SecretValue{Value: clear, Detector: "d " + clear}, Raw: raw,
		Fingerprints: map[string]string{"f": "x:" + clear, clear: "y"}, Advisories: []string{clear}, Tags: []string{clear}, References: []string{"https://x/" + clear},
		FixVersions: []string{clear}, Component: &finding.Component{Name: clear, Licences: []string{clear}}, Check: finding.Check{ID: "c" + clear, Description: "(" + clear + ")"}}
	for _, p := range []*string{&o.Title, &o.Message, &o.SeverityWord, &o.Confidence, &o.Fix, &o.Claim.Detail, &o.Claim.Justification, &o.Position.Pointer} {
		*p = "see <" + clear + "> here"
	}
	place := finding.Location{Path: "a/" + clear, Snippet: clear + clear, Context: "\n" + clear, Symbol: clear, URL: "https://x/?t=" + clear, Method: clear, Parameter: clear, Evidence: clear, Resource: clear, Image: clear, Commit: clear, Author: clear}
	o.Location, o.Related, o.Flow = place, []finding.Location{place}, []finding.Step{{Location: place, Message: clear}}
	return o
}

// holds reports whether an observation still has the clear text anywhere.
func holds(t *testing.T, o *finding.Observation, clear string) bool {
	t.Helper()
	raw := o.Raw
	c := *o
	c.Raw = nil
	b, err := json.Marshal(&c)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	return inValue(plain, clear) || strings.Contains(string(raw), clear)
}

func inValue(v any, clear string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, clear)
	case []any:
		for _, e := range v {
			if inValue(e, clear) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if strings.Contains(k, clear) || inValue(e, clear) {
				return true
			}
		}
	}
	return false
}

func FuzzSecret(f *testing.F) {
	for _, s := range []string{"AKIAQWERTYUIOPASDFGH", `p"a\s<s>&'/w`, "******", "a******", "línea-sécrète", "x\ny\nz12345", `\\\\\\`, "tab\there", "https://u:p@h/x?y=z", "-----BEGIN RSA KEY-----\nabcdefghij\nklmno\n-----END"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, clear string) {
		if len(strings.TrimSpace(clear)) < minScrub || !utf8.ValidString(clear) || strings.ContainsFunc(clear, func(r rune) bool { return r < 0x80 && control(byte(r)) || r == utf8.RuneError }) || len(clear) > 200 {
			t.Skip()
		}
		inner, err := json.Marshal(clear)
		if err != nil {
			t.Fatal(err)
		}
		outer, err := json.Marshal(string(inner))
		if err != nil {
			t.Fatal(err)
		}
		var x strings.Builder
		if err := xml.EscapeText(&x, []byte(clear)); err != nil {
			t.Fatal(err)
		}
		ascii := inner
		for _, r := range clear { // as Python writes it
			if r >= 0x80 && r < 0x10000 {
				ascii = []byte(strings.ReplaceAll(string(ascii), string(r), `\u`+strings.ToUpper(hex4(r))))
			}
		}
		slashed := strings.ReplaceAll(string(inner), "/", `\/`)
		for name, raw := range map[string]string{"plain": clear, "json": string(inner), "json in json": string(outer), "xml": x.String(), "ascii json": string(ascii), "slashes": slashed} {
			o := quoting(clear, []byte("before "+raw+" after "+raw))
			normaliser().Observation(o, &format.Run{})
			if holds(t, o, clear) {
				t.Errorf("%s: %q survives in %+v, raw %s", name, clear, o, o.Raw)
			}
			body := strings.Trim(raw, `"\`)
			if len(body) >= minScrub && name != "json in json" && strings.Contains(string(o.Raw), body) && body != "****" && !strings.Contains("before  after ", body) && !strings.Contains(o.Secret.Masked, body) {
				t.Errorf("%s: spelled %s it survives: %s", name, raw, o.Raw)
			}
			if o.Secret.Value != "" || o.Secret.Aliases != nil || o.Secret.Hash == "" || o.Secret.Masked == "" {
				t.Errorf("secret %+v", o.Secret)
			}
		}
	})
}

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]})
}

func TestSecretAliasesAndLines(t *testing.T) {
	key := "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA1234\nabcdefQQ==\n-----END KEY-----"
	o := quoting(key, []byte(`{"lines":["MIIEowIBAAKCAQEA1234","abcdefQQ=="],"pair":"AKIAQWERTYUIOPASDFGH:wJalrXUtnFEMI"}`))
	o.Secret.Aliases = []string{"wJalrXUtnFEMI", "AKIAQWERTYUIOPASDFGH:wJalrXUtnFEMI"}
	o.Message = "AKIAQWERTYUIOPASDFGH:wJalrXUtnFEMI"
	normaliser().Observation(o, &format.Run{})
	for _, clear := range []string{"MIIEowIBAAKCAQEA1234", "abcdefQQ==", "wJalrXUtnFEMI"} {
		if holds(t, o, clear) {
			t.Errorf("%q survives: %+v %s", clear, o, o.Raw)
		}
	}
}

func TestShortSecret(t *testing.T) {
	o := quoting("pw1", []byte(`{"password":"pw1"}`))
	o.Message = "password pw1 and pw123"
	normaliser().Observation(o, &format.Run{})
	if o.Raw != nil || o.Location.Snippet != "" || o.Message != "password **** and pw123" {
		t.Errorf("raw %q, snippet %q, message %q", o.Raw, o.Location.Snippet, o.Message)
	}
}

func TestSecretHash(t *testing.T) {
	hash := func(key, value string) string {
		o := &finding.Observation{Kind: finding.Secret, Secret: &finding.SecretValue{Value: value}}
		n := normaliser()
		n.SecretKey = []byte(key)
		n.Observation(o, &format.Run{})
		return o.Secret.Hash
	}
	if hash("a", "secret-value") != hash("a", " secret-value\n") {
		t.Error("white space around it changes the hash")
	}
	if hash("a", "secret-value") == hash("b", "secret-value") || hash("a", "secret-value") == hash("a", "secret-valuf") {
		t.Error("another key or value has the same hash")
	}
}
