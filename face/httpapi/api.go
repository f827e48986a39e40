// Package httpapi is the HTTP face of Stance: REST under /api/v1, described
// by an OpenAPI 3.1 document that is generated from the Go types here, and
// the web application. The command line and the web application are its
// clients and use nothing else.
package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/stance-aspm/stance/domain/tenant"
)

// API is what the face needs from below. Every part is a small interface that
// this package declares beside its use.
type API struct {
	Findings   Findings
	Triage     Triager
	Estate     Estate
	Assets     Assets
	Reports    Reports
	Replays    Replays
	Intake     Intake
	Uploads    Uploads
	Gate       Gate
	Policies   PolicyStore
	Feeds      Feeds
	Formats    FormatDesk
	Hooks      Hooks
	Buckets    Buckets
	Access     Access
	Tokens     TokenDesk
	Carry      Carry
	Inventory  Inventory
	Differ     Differ
	AssetRules AssetRuleStore

	// Doors are operations of other products' APIs that are answered too.
	Doors []Door

	// Version is shown to clients.
	Version string
	// PublicURL is how people reach this server; links in answers start with
	// it.
	PublicURL string
	// Hosts are the names that requests may be addressed to, without port; a
	// request to another name is refused, which ends DNS rebinding. Empty
	// allows all.
	Hosts []string
	// Web serves the web application; nil serves the API alone.
	Web http.Handler
	// Now is the clock.
	Now func() time.Time
	// Log takes internal errors that clients only see as "internal error".
	Log func(ctx context.Context, msg string, err error)
	// Ready reports whether the server can take work.
	Ready func(context.Context) error
}

// scope is what a caller must be allowed to do.
type scope string

// The scopes, from harmless to powerful. scopeAny needs a signed-in caller
// and no more; scopePublic needs none.
const (
	scopePublic scope = "public"
	scopeAny    scope = "any"
	scopeRead   scope = "read"
	scopeImport scope = "import"
	scopeGate   scope = "gate"
	scopeTriage scope = "triage"
	scopeAdmin  scope = "admin"
)

const scopeKey = "stance-scope"

// route registers an operation with the scope that it needs. Every route goes
// through here, so none can be without one.
func route[I, O any](api huma.API, s scope, method, path, id, summary, description string, h func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	op := operation(s, method, path, id, summary, description, more...)
	huma.Register(api, op, h)
}

func operation(s scope, method, path, id, summary, description string, more ...func(*huma.Operation)) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
		Metadata: map[string]any{scopeKey: s},
	}
	if s != scopePublic {
		op.Security = []map[string][]string{{"token": {}}, {"session": {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	for _, m := range more {
		m(&op)
	}
	return op
}

// Handler builds the whole HTTP face.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	api := humago.New(mux, a.config())
	api.UseMiddleware(a.authorise(api))
	a.register(api)
	for _, d := range a.Doors {
		mux.Handle(d.Pattern, a.door(d))
	}
	mux.HandleFunc("POST /hooks/{id}", a.deliver) // its credential is the signature
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", a.ready)
	if a.Web != nil {
		mux.Handle("GET /", a.Web)
	}
	return a.protect(override(mux))
}

// OpenAPI returns the OpenAPI 3.1 document as indented JSON. It depends only
// on the types, so it can be generated without a server.
func OpenAPI(version string) ([]byte, error) {
	a := &API{Version: version}
	api := humago.New(http.NewServeMux(), a.config())
	a.register(api)
	return indentedDocument(api)
}

func (a *API) register(api huma.API) {
	a.findingRoutes(api)
	a.estateRoutes(api)
	a.reportRoutes(api)
	a.quarantineRoutes(api)
	a.uploadRoutes(api)
	a.gateRoutes(api)
	a.feedRoutes(api)
	a.formatRoutes(api)
	a.hookRoutes(api)
	a.bucketRoutes(api)
	a.ruleRoutes(api)
	a.diffRoutes(api)
	a.accessRoutes(api)
	a.carryRoutes(api)
	a.inventoryRoutes(api)
}

func (a *API) config() huma.Config {
	huma.DefaultArrayNullable = false // lists in answers are never null
	c := huma.DefaultConfig("Stance", a.Version)
	c.DocsPath = "" // its page would load scripts from elsewhere
	c.SchemasPath = ""
	c.CreateHooks = nil // no $schema members in answers
	c.OpenAPIPath = "/api/v1/openapi"
	c.Info.Description = "Application security posture management: reports in, findings out, policy decided."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token: Authorization: Bearer stance_…"},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The session of the web application."},
	}
	return c
}

func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if a.Ready != nil {
		if err := a.Ready(r.Context()); err != nil {
			a.Log(r.Context(), "not ready", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = io.WriteString(w, "ok\n")
}

// caller is who makes a request: one tenant, a name for the history, scopes.
type caller struct {
	Tenant tenant.ID
	Name   string
	Scopes []string
}

type callerKey struct{}

// who returns the caller that the authorisation put into the context. It
// panics when there is none: a handler without authorisation is a bug.
func who(ctx context.Context) caller { return ctx.Value(callerKey{}).(caller) }
