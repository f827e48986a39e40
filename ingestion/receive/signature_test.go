package receive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"
)

func sign(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// TestSignatures takes each way of signing, and none of its forgeries.
func TestSignatures(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	const body, secret = `{"a":1}`, "s3cret"
	at := "1790000000"
	old := "1789999000"
	whsec := "whsec_" + base64.StdEncoding.EncodeToString([]byte("raw key"))
	for name, c := range map[string]struct {
		secret string
		header map[string]string
		body   string
		ok     bool
	}{
		"ours":             {secret, map[string]string{"X-Stance-Signature": "t=" + at + ",v1=" + hex.EncodeToString(sign(secret, at+"."+body))}, body, true},
		"ours, two keys":   {secret, map[string]string{"X-Stance-Signature": "t=" + at + ",v1=" + hex.EncodeToString(sign("other", at+"."+body)) + ",v1=" + hex.EncodeToString(sign(secret, at+"."+body))}, body, true},
		"ours, late":       {secret, map[string]string{"X-Stance-Signature": "t=" + old + ",v1=" + hex.EncodeToString(sign(secret, old+"."+body))}, body, false},
		"ours, other body": {secret, map[string]string{"X-Stance-Signature": "t=" + at + ",v1=" + hex.EncodeToString(sign(secret, at+"."+body))}, body + " ", false},
		"GitHub":           {secret, map[string]string{"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(sign(secret, body))}, body, true},
		"GitHub, wrong":    {secret, map[string]string{"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(sign("x", body))}, body, false},
		"GitHub, no hex":   {secret, map[string]string{"X-Hub-Signature-256": "sha256=zz"}, body, false},
		"GitLab":           {secret, map[string]string{"X-Gitlab-Token": secret}, body, true},
		"GitLab, wrong":    {secret, map[string]string{"X-Gitlab-Token": "s3cres"}, body, false},
		"standard":         {whsec, map[string]string{"webhook-id": "m1", "webhook-timestamp": at, "webhook-signature": "v1,AAAA v1," + base64.StdEncoding.EncodeToString(sign("raw key", "m1."+at+"."+body))}, body, true},
		"standard, late":   {whsec, map[string]string{"webhook-id": "m1", "webhook-timestamp": old, "webhook-signature": "v1," + base64.StdEncoding.EncodeToString(sign("raw key", "m1."+old+"."+body))}, body, false},
		"none":             {secret, nil, body, false},
		"an empty one":     {secret, map[string]string{"X-Stance-Signature": "t=" + at}, body, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSignature(func(k string) string { return c.header[k] }, c.secret, now)
			if err == nil {
				if _, err = io.ReadAll(s.Reader(strings.NewReader(c.body))); err != nil {
					t.Fatal(err)
				}
				err = s.Verify()
			}
			if (err == nil) != c.ok {
				t.Errorf("got %v, want ok %v", err, c.ok)
			}
		})
	}
}
