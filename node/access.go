package node

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// newSecret makes 256 bits of chance with a prefix that secret scanners can
// know it by.
func newSecret(prefix string) (string, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make secret: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b), nil
}

// How long what lasts.
const (
	signInLife  = 24 * time.Hour
	sessionLife = 12 * time.Hour
	localLife   = 10 * 365 * 24 * time.Hour
)

// SignInLink makes a link that signs its first user in, once. The secret
// stands behind the #, which browsers keep to themselves.
func (n *Node) SignInLink(ctx context.Context) (string, error) {
	code, err := newSecret("")
	if err != nil {
		return "", err
	}
	p := sqlite.Principal{Tenant: tenant.Default, Name: "administrator"}
	if err := n.db.AddSignIn(ctx, code, p, now().Add(signInLife)); err != nil {
		return "", err
	}
	return n.URL() + "/signin#" + code, nil
}

// EnsureLocalToken keeps a token in the data folder, readable by its owner
// only, for commands on the same machine.
func (n *Node) EnsureLocalToken(ctx context.Context) error {
	path := TokenFile(n.cfg.DataDir)
	if b, err := os.ReadFile(path); err == nil {
		if _, err := n.db.Identify(ctx, strings.TrimSpace(string(b)), now()); err == nil {
			return nil
		}
	}
	secret, err := newSecret("stance_")
	if err != nil {
		return err
	}
	row := sqlite.TokenRow{ID: newID(), Name: "this machine", Scopes: []string{"admin"}, Created: now(), Expires: now().Add(localLife)}
	if err := n.db.AddToken(ctx, tenant.Default, secret, "stance", row); err != nil {
		return err
	}
	return writeFile(path, secret+"\n")
}

// WriteAddress tells commands on the same machine where the node is.
func (n *Node) WriteAddress(url string) error { return writeFile(AddressFile(n.cfg.DataDir), url+"\n") }

func writeFile(path, text string) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// access implements httpapi.Access.
type access struct{ n *Node }

// useEvery is how often the last use of a token is written down.
const useEvery = time.Hour

// Redeem implements httpapi.Access.
func (a access) Redeem(ctx context.Context, code string, at time.Time) (string, error) {
	secret, err := newSecret("")
	if err != nil {
		return "", err
	}
	err = a.n.db.Redeem(ctx, code, secret, []string{"admin"}, at, at.Add(sessionLife))
	if errors.Is(err, sqlite.ErrDenied) {
		return "", httpapi.ErrDenied
	}
	return secret, err
}

// Identify implements httpapi.Access.
func (a access) Identify(ctx context.Context, secret string, at time.Time) (httpapi.Caller, error) {
	p, err := a.n.db.Identify(ctx, secret, at)
	if errors.Is(err, sqlite.ErrDenied) {
		return httpapi.Caller{}, httpapi.ErrDenied
	}
	if err == nil && strings.HasPrefix(secret, "stance_") && a.n.track.due(secret, at, useEvery) {
		if err := a.n.db.UsedToken(ctx, secret, at); err != nil {
			a.n.log.Warn("note the use of a token", "error", err)
		}
	}
	return httpapi.Caller(p), err
}

// SignInLink implements httpapi.Access.
func (a access) SignInLink(ctx context.Context, _ httpapi.Caller) (string, error) {
	return a.n.SignInLink(ctx)
}

// SignOut implements httpapi.Access.
func (a access) SignOut(ctx context.Context, secret string) error { return a.n.db.SignOut(ctx, secret) }

// Tokens implements httpapi.Access.
func (a access) Tokens(ctx context.Context, t tenant.ID) ([]httpapi.Token, error) {
	rows, err := a.n.db.Tokens(ctx, t)
	out := []httpapi.Token{}
	for _, r := range rows {
		out = append(out, tokenWire(r))
	}
	return out, err
}

func tokenWire(r sqlite.TokenRow) httpapi.Token {
	t := httpapi.Token{ID: r.ID, Name: r.Name, Scopes: r.Scopes, Created: r.Created}
	if !r.Expires.IsZero() {
		t.Expires = &r.Expires
	}
	if !r.Used.IsZero() {
		t.LastUsed = &r.Used
	}
	return t
}

// ManageToken implements httpapi.Access.
func (a access) ManageToken(ctx context.Context, t tenant.ID, c httpapi.TokenChange) (httpapi.NewToken, error) {
	if c.Revoke != "" {
		ok, err := a.n.db.RevokeToken(ctx, t, c.Revoke)
		if err == nil && !ok {
			err = posture.ErrNotFound
		}
		return httpapi.NewToken{}, err
	}
	secret, err := newSecret("stance_")
	if err != nil {
		return httpapi.NewToken{}, err
	}
	row := sqlite.TokenRow{ID: newID(), Name: c.Name, Scopes: c.Scopes, Created: c.At, Expires: c.Expires}
	if err := a.n.db.AddToken(ctx, t, secret, c.By, row); err != nil {
		return httpapi.NewToken{}, err
	}
	return httpapi.NewToken{Token: tokenWire(row), Secret: secret}, nil
}
