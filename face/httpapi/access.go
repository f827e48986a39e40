package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Caller is who stands behind a session or token.
type Caller struct {
	Tenant tenant.ID
	Name   string
	Scopes []string // "admin" includes all others
}

// ErrDenied says that a link, session or token is not valid (any more). It
// never says why.
var ErrDenied = errors.New("not signed in")

// Access knows sessions and tokens. Secrets are stored only as hashes.
type Access interface {
	// Redeem turns a one-time sign-in code into a session's secret, once.
	Redeem(ctx context.Context, code string, at time.Time) (secret string, err error)
	// Identify returns the caller of a session's or token's secret, or
	// ErrDenied.
	Identify(ctx context.Context, secret string, at time.Time) (Caller, error)
	// SignInLink makes a one-time sign-in link for a caller.
	SignInLink(ctx context.Context, c Caller) (string, error)
	// SignOut ends the session.
	SignOut(ctx context.Context, secret string) error
}

// TokenDesk keeps API tokens.
type TokenDesk interface {
	Tokens(context.Context, tenant.ID) ([]Token, error)
	// ManageToken makes a token or ends one.
	ManageToken(ctx context.Context, t tenant.ID, change TokenChange) (NewToken, error)
}

// TokenChange makes a token or, with Revoke set, ends one.
type TokenChange struct {
	Revoke  string // id of the token to end
	Name    string
	Scopes  []string
	By      string
	At      time.Time
	Expires time.Time
}

const sessionCookie = "stance_session"

// scopes that a token may carry.
var tokenScopes = []scope{scopeRead, scopeImport, scopeGate, scopeTriage, scopeAdmin}

// authorise lets an operation of our own API in or not: it names its scope,
// the caller must have it. An operation without a scope is refused for
// everybody.
func (a *API) authorise(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		need, ok := ctx.Operation().Metadata[scopeKey].(scope)
		if !ok {
			_ = huma.WriteErr(api, ctx, http.StatusForbidden, "this operation is open to nobody")
			return
		}
		if need == scopePublic {
			next(ctx)
			return
		}
		session := ""
		if c, err := huma.ReadCookie(ctx, sessionCookie); err == nil {
			session = c.Value
		}
		c, status, why := a.admit(ctx.Context(), credential(ctx.Header, session), need)
		if status != http.StatusOK {
			if status == http.StatusUnauthorized {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="stance"`)
			}
			_ = huma.WriteErr(api, ctx, status, why)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, caller(c)))
	}
}

// admit is the one place where requests are let in or not, of our own API and
// of the doors alike: the caller must have one of the scopes. Anything but
// status 200 is a refusal with its reason.
func (a *API) admit(ctx context.Context, secret string, needs ...scope) (c Caller, status int, why string) {
	c, err := a.Access.Identify(ctx, secret, a.Now())
	switch {
	case errors.Is(err, ErrDenied):
		return c, http.StatusUnauthorized, "sign in, or send an API token as 'Authorization: Bearer …'"
	case err != nil:
		a.Log(ctx, "identify caller", err)
		return c, http.StatusInternalServerError, "internal error"
	case !slices.ContainsFunc(needs, c.may):
		return c, http.StatusForbidden, "this needs the scope '" + string(needs[0]) + "'"
	}
	return c, http.StatusOK, ""
}

func (c Caller) may(need scope) bool {
	return need == scopeAny || slices.Contains(c.Scopes, string(need)) || slices.Contains(c.Scopes, string(scopeAdmin))
}

// schemes are the ways in which clients write a token: ours, DefectDojo's and
// Dependency-Track's.
var schemes = []string{"bearer ", "token ", "apikey "}

// credential is the token in a request's headers, else its session.
func credential(header func(string) string, session string) string {
	h := header("Authorization")
	for _, s := range schemes {
		if len(h) > len(s) && strings.EqualFold(h[:len(s)], s) {
			return strings.TrimSpace(h[len(s):])
		}
	}
	if key := header("X-Api-Key"); key != "" {
		return strings.TrimSpace(key)
	}
	return session
}

// protect wraps everything: refuses foreign hosts and cross-origin writes,
// and sets the headers that browsers honour.
func (a *API) protect(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(a.Hosts) > 0 {
			host, _, err := net.SplitHostPort(r.Host)
			if err != nil {
				host = strings.Trim(r.Host, "[]")
			}
			if !slices.Contains(a.Hosts, strings.ToLower(host)) {
				http.Error(w, "this server does not answer to that name; see --public-url", http.StatusMisdirectedRequest)
				return
			}
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

func (a *API) accessRoutes(api huma.API) {
	route(api, scopePublic, http.MethodPost, "/api/v1/session", "sign-in", "Sign in", "Exchanges the code of a one-time sign-in link for a session cookie.", a.openSession)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/session/link", "make-sign-in-link", "Make a sign-in link", "A link that signs its first user in as the caller, once, within a day.", a.makeLink)
	route(api, scopeAny, http.MethodDelete, "/api/v1/session", "sign-out", "Sign out", "Ends the session.", a.closeSession)
	route(api, scopeAny, http.MethodGet, "/api/v1/me", "me", "Who am I", "The caller's name and scopes.", a.me)
	route(api, scopeAdmin, http.MethodGet, "/api/v1/tokens", "list-tokens", "List API tokens", "Without their secrets.", a.listTokens)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/tokens", "make-token", "Make an API token", "The secret is in this answer and nowhere else.", a.makeToken, func(o *huma.Operation) { o.DefaultStatus = http.StatusCreated })
	route(api, scopeAdmin, http.MethodDelete, "/api/v1/tokens/{id}", "revoke-token", "Revoke an API token", "It stops working at once.", a.revokeToken)
}

type signInInput struct {
	Body struct {
		Code string `json:"code" minLength:"8" maxLength:"200" doc:"the part of the sign-in link after #"`
	}
}

type cookieOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// sessionLife is how long a session lasts.
const sessionLife = 12 * time.Hour

func (a *API) openSession(ctx context.Context, in *signInInput) (*cookieOutput, error) {
	secret, err := a.Access.Redeem(ctx, in.Body.Code, a.Now())
	if errors.Is(err, ErrDenied) {
		return nil, huma.Error401Unauthorized("this sign-in link was used before or has expired; print a new one with 'stance signin'")
	}
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &cookieOutput{a.cookie(secret, int(sessionLife.Seconds()))}, nil
}

func (a *API) cookie(value string, age int) http.Cookie {
	return http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(a.PublicURL, "https://")}
}

func (a *API) closeSession(ctx context.Context, in *struct {
	Session string `cookie:"stance_session"`
}) (*cookieOutput, error) {
	if err := a.Access.SignOut(ctx, in.Session); err != nil {
		return nil, a.problem(ctx, err)
	}
	return &cookieOutput{a.cookie("", -1)}, nil
}

func (a *API) me(ctx context.Context, _ *struct{}) (*body[Me], error) {
	c := who(ctx)
	return &body[Me]{Me{c.Name, c.Scopes, a.Version}}, nil
}

func (a *API) listTokens(ctx context.Context, _ *struct{}) (*body[TokenList], error) {
	ts, err := a.Tokens.Tokens(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[TokenList]{TokenList{ts}}, nil
}

func (a *API) makeToken(ctx context.Context, in *struct{ Body TokenRequest }) (*body[NewToken], error) {
	for _, s := range in.Body.Scopes {
		if !slices.Contains(tokenScopes, scope(s)) {
			return nil, huma.Error422UnprocessableEntity("unknown scope '" + s + "': want read, import, gate, triage or admin")
		}
	}
	days := in.Body.Days
	if days == 0 {
		days = 365
	}
	c, now := who(ctx), a.Now()
	t, err := a.Tokens.ManageToken(ctx, c.Tenant, TokenChange{Name: in.Body.Name, Scopes: in.Body.Scopes, By: c.Name, At: now, Expires: now.AddDate(0, 0, days)})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[NewToken]{t}, nil
}

func (a *API) revokeToken(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64"`
}) (*struct{}, error) {
	c := who(ctx)
	_, err := a.Tokens.ManageToken(ctx, c.Tenant, TokenChange{Revoke: in.ID, By: c.Name, At: a.Now()})
	return nil, a.problem(ctx, err)
}

// SignInLink is a one-time sign-in link.
type SignInLink struct {
	Link string `json:"link" doc:"the secret stands behind the #, which browsers do not send"`
}

func (a *API) makeLink(ctx context.Context, _ *struct{}) (*body[SignInLink], error) {
	link, err := a.Access.SignInLink(ctx, Caller(who(ctx)))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[SignInLink]{SignInLink{link}}, nil
}
