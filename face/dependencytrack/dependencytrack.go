// Package dependencytrack answers pipelines that speak Dependency-Track's
// API: its upload of BOMs and VEX documents, the polling of tokens, and the
// lookups of projects, findings, metrics and violations that its public
// clients make around them. A pipeline moves by changing the URL and the key.
//
// A project without a parent is an application with an asset of its name; one
// with a parent is an asset of the application that its topmost parent is.
// The version of a project is the ref of its scans. docs/doors.md says field
// by field what is honoured.
package dependencytrack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Estate knows the applications and their assets.
type Estate interface {
	// Application returns one application with its assets or
	// posture.ErrNotFound.
	Application(ctx context.Context, t tenant.ID, key string) (posture.ApplicationSummary, []posture.AssetSummary, error)
	SetDefaultRef(ctx context.Context, t tenant.ID, id estate.AssetID, ref string) error
}

// Projects keeps what the door knows of projects.
type Projects interface {
	Number(ctx context.Context, t tenant.ID, kind string, parent int64, names []string) ([]estate.Counterpart, error)
	CounterpartByUID(ctx context.Context, t tenant.ID, uid string) (estate.Counterpart, error)
	Counterparts(ctx context.Context, t tenant.ID, kind string, parent int64) ([]estate.Counterpart, error)
	KeepCounterpart(ctx context.Context, t tenant.ID, c estate.Counterpart) error
}

// Intake takes a document in: the bytes first, for a request says what they
// are before or behind them.
type Intake interface {
	Store(ctx context.Context, t tenant.ID, r io.Reader) (receive.Stored, error)
	Commit(ctx context.Context, t tenant.ID, s receive.Submission, key string, b receive.Stored) ([]posture.Report, error)
	// Report says where a report stands, or posture.ErrNotFound.
	Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error)
}

// Findings lists findings.
type Findings interface {
	List(context.Context, tenant.ID, posture.Filter, posture.Page) (posture.List, error)
	Finding(context.Context, tenant.ID, finding.ID) (posture.Detail, error)
}

// Gate judges an application by the policies in force.
type Gate interface {
	Decide(ctx context.Context, t tenant.ID, application, stage, ref string) (gate.Verdict, error)
}

// API is what the door needs from below.
type API struct {
	Estate   Estate
	Projects Projects
	Intake   Intake
	Findings Findings
	Gate     Gate
	// Now is the clock.
	Now func() time.Time
	// Log takes internal errors that clients only see as such.
	Log func(ctx context.Context, msg string, err error)
}

// Speaks is the version of Dependency-Track whose API this is: clients choose
// by it what they may ask.
const Speaks = "4.13.0"

// Doors lists the operations that are answered.
func (a *API) Doors() []httpapi.Door {
	var out []httpapi.Door
	add := func(pattern string, h func(*call), scopes ...string) {
		out = append(out, httpapi.Door{Pattern: pattern, Scopes: scopes, Refuse: refuse, Handle: func(w http.ResponseWriter, r *http.Request, c httpapi.Caller) {
			h(&call{API: a, w: w, r: r, ctx: r.Context(), who: c})
		}})
	}
	add("GET /api/version", (*call).version, "public")
	add("PUT /api/v1/bom", func(c *call) { c.putDocument("bom") }, "import")
	add("POST /api/v1/bom", func(c *call) { c.postDocument("bom") }, "import")
	add("PUT /api/v1/vex", func(c *call) { c.putDocument("vex") }, "import")
	add("POST /api/v1/vex", func(c *call) { c.postDocument("vex") }, "import")
	add("GET /api/v1/bom/token/{token}", (*call).token, "import", "read")
	add("GET /api/v1/event/token/{token}", (*call).token, "import", "read")
	add("GET /api/v1/project", (*call).listProjects, "read", "import")
	add("GET /api/v1/project/lookup", (*call).lookup, "read", "import")
	add("GET /api/v1/project/{uuid}", (*call).showProject, "read", "import")
	add("PUT /api/v1/project", (*call).makeProject, "import")
	add("POST /api/v1/project", (*call).changeProject, "import")
	add("PATCH /api/v1/project/{uuid}", (*call).changeProject, "import")
	add("GET /api/v1/team/self", (*call).team, "any")
	add("GET /api/v1/finding/project/{uuid}", (*call).findings, "read")
	add("GET /api/v1/metrics/project/{uuid}/current", (*call).metrics, "read")
	add("GET /api/v1/violation/project/{uuid}", (*call).violations, "read")
	return out
}

// object is a JSON object as it is answered.
type object map[string]any

// call is one request.
type call struct {
	*API
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context
	who httpapi.Caller
}

func (c *call) send(status int, v any) {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Powered-By", "Dependency-Track v"+Speaks+" (spoken by Stance)")
	c.w.WriteHeader(status)
	_ = json.NewEncoder(c.w).Encode(v) // the client is gone: nobody to tell
}

// say answers in words, as Dependency-Track does when something is not there.
func (c *call) say(status int, text string) { say(c.w, status, text) }

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client is gone: nobody to tell
}

func refuse(w http.ResponseWriter, status int, why string) {
	if status == http.StatusUnauthorized {
		why = "send an API token of Stance as 'X-Api-Key: …' or 'Authorization: Bearer …'"
	}
	say(w, status, why)
}

// refusal is an answer in words that a step below decided on.
type refusal struct {
	status int
	text   string
}

// Error implements error.
func (r *refusal) Error() string { return r.text }

const (
	noProject = "The project could not be found."
	noParent  = "The parent component could not be found."
)

// problem answers an error; it is the one table of what means which status.
func (c *call) problem(err error) {
	var no *refusal
	var refused *receive.Refusal
	var query *posture.BadQuery
	switch {
	case errors.As(err, &no):
		c.say(no.status, no.text)
	case errors.Is(err, posture.ErrNotFound):
		c.say(http.StatusNotFound, noProject)
	case errors.As(err, &query):
		c.say(http.StatusBadRequest, query.Reason)
	case errors.As(err, &refused):
		switch refused.Reason {
		case receive.TooLarge:
			c.say(http.StatusRequestEntityTooLarge, refused.Error())
		case receive.Busy:
			c.w.Header().Set("Retry-After", strconv.Itoa(receive.AfterBusy))
			c.say(http.StatusTooManyRequests, refused.Error())
		default:
			c.send(http.StatusBadRequest, object{"status": 400, "title": "The uploaded BOM is invalid", "detail": refused.Error()})
		}
	case errors.Is(err, receive.ErrFull):
		c.Log(c.ctx, "no room to write", err)
		c.say(http.StatusInsufficientStorage, "the server's disk is full: nothing was taken")
	case errors.Is(err, receive.ErrLocked):
		c.Log(c.ctx, "no chance to write", err)
		c.w.Header().Set("Retry-After", strconv.Itoa(receive.AfterLocked))
		c.say(http.StatusServiceUnavailable, "the server's database is busy: nothing was taken; try again in a few seconds")
	case c.ctx.Err() != nil: // the client went away
	default:
		c.Log(c.ctx, "door of Dependency-Track", err)
		c.say(http.StatusInternalServerError, "internal error; the server's log has the details")
	}
}

// version says which API is spoken here; it is open as there.
func (c *call) version() {
	c.send(http.StatusOK, object{"version": Speaks, "application": "Dependency-Track", "spokenBy": "Stance", "timestamp": c.Now().UTC().Format(time.RFC3339)})
}

// team names the permissions that the token's scopes amount to.
func (c *call) team() {
	var names []object
	add := func(list ...string) {
		for _, n := range list {
			names = append(names, object{"name": n})
		}
	}
	for _, s := range c.who.Scopes {
		switch s {
		case "admin":
			add("BOM_UPLOAD", "PROJECT_CREATION_UPLOAD", "VIEW_PORTFOLIO", "VIEW_VULNERABILITY", "VIEW_POLICY_VIOLATION", "PORTFOLIO_MANAGEMENT", "VULNERABILITY_ANALYSIS")
		case "import":
			add("BOM_UPLOAD", "PROJECT_CREATION_UPLOAD", "PORTFOLIO_MANAGEMENT", "VIEW_PORTFOLIO")
		case "read":
			add("VIEW_PORTFOLIO", "VIEW_VULNERABILITY", "VIEW_POLICY_VIOLATION")
		}
	}
	c.send(http.StatusOK, object{"uuid": "00000000-0000-0000-0000-000000000000", "name": c.who.Name, "apiKeys": []object{}, "permissions": names})
}
