package receive

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"
)

// ErrSignature says that a request is not signed, or not rightly. It does not
// say what is wrong with it.
var ErrSignature = errors.New("the request is not signed by its sender")

// signatureAge bounds how old (or ahead) a signed time may be: a request that
// someone recorded can't be sent again later.
const signatureAge = 5 * time.Minute

// Signature checks that a body was signed with a secret, while it streams.
type Signature struct {
	// Delivery is the sender's id of the request, "" without one: sent again
	// it is the same request.
	Delivery string

	mac  hash.Hash
	want [][]byte // any of them
	done bool     // nothing in the body matters: the secret itself was sent
}

// NewSignature reads the signature of a request in any of the ways in which
// senders sign with HMAC-SHA-256:
//
//   - X-Stance-Signature: t=UNIX,v1=HEX over "UNIX.BODY"
//   - webhook-id, webhook-timestamp, webhook-signature: "v1,BASE64 …" over
//     "ID.UNIX.BODY" (Standard Webhooks; a secret "whsec_BASE64" is decoded)
//   - X-Hub-Signature-256: sha256=HEX over the body (GitHub and others)
//   - X-Gitlab-Token: the secret itself
//
// It returns ErrSignature when there is none or its time is not now.
func NewSignature(header func(string) string, secret string, now time.Time) (*Signature, error) {
	s := &Signature{mac: hmac.New(sha256.New, []byte(secret))}
	for _, name := range []string{"webhook-id", "X-GitHub-Delivery", "X-Gitlab-Event-UUID", "Idempotency-Key"} {
		if s.Delivery == "" {
			s.Delivery = header(name)
		}
	}
	switch {
	case header("X-Stance-Signature") != "":
		at := ""
		for part := range strings.SplitSeq(header("X-Stance-Signature"), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch name {
			case "t":
				at = value
			case "v1":
				s.add(hex.DecodeString(value))
			}
		}
		return s.from(at, at+".", now)
	case header("webhook-signature") != "":
		if raw, ok := strings.CutPrefix(secret, "whsec_"); ok {
			if key, err := base64.StdEncoding.DecodeString(raw); err == nil {
				s.mac = hmac.New(sha256.New, key)
			}
		}
		for part := range strings.FieldsSeq(header("webhook-signature")) {
			if value, ok := strings.CutPrefix(part, "v1,"); ok {
				s.add(base64.StdEncoding.DecodeString(value))
			}
		}
		at := header("webhook-timestamp")
		return s.from(at, header("webhook-id")+"."+at+".", now)
	case header("X-Hub-Signature-256") != "":
		value, _ := strings.CutPrefix(header("X-Hub-Signature-256"), "sha256=")
		s.add(hex.DecodeString(value))
	case header("X-Gitlab-Token") != "":
		if subtle.ConstantTimeCompare([]byte(header("X-Gitlab-Token")), []byte(secret)) != 1 {
			return nil, ErrSignature
		}
		s.done = true
		return s, nil
	}
	if len(s.want) == 0 {
		return nil, ErrSignature
	}
	return s, nil
}

func (s *Signature) add(mac []byte, err error) {
	if err == nil && len(mac) == sha256.Size {
		s.want = append(s.want, mac)
	}
}

// from checks the signed time and begins with what stands before the body.
func (s *Signature) from(at, prefix string, now time.Time) (*Signature, error) {
	unix, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(s.want) == 0 || now.Sub(time.Unix(unix, 0)).Abs() > signatureAge {
		return nil, ErrSignature
	}
	s.mac.Write([]byte(prefix)) // a hash does not fail
	return s, nil
}

// Reader passes the body through and takes it into account.
func (s *Signature) Reader(body io.Reader) io.Reader { return io.TeeReader(body, s.mac) }

// Verify says whether the body that was read is the one that was signed.
func (s *Signature) Verify() error {
	if s.done {
		return nil
	}
	got := s.mac.Sum(nil)
	for _, want := range s.want {
		if hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}
