package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Hooks keeps addresses that take signed reports.
type Hooks interface {
	Hooks(context.Context, tenant.ID) ([]posture.Hook, error)
	// MakeHook makes an address and returns its secret, once.
	MakeHook(ctx context.Context, t tenant.ID, name string, fields map[string]string, by string) (h posture.Hook, secret string, err error)
	RemoveHook(ctx context.Context, t tenant.ID, id string) error
	// Deliver checks the signature of what comes to an address and accepts
	// the report. It returns posture.ErrNotFound for an unknown address and
	// receive.ErrSignature for a request that its sender did not sign.
	Deliver(ctx context.Context, id string, header func(string) string, body io.Reader) ([]posture.Report, error)
}

// Hook is an address that takes signed reports.
type Hook struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	URL     string            `json:"url" doc:"Where to send reports, as the body of a POST."`
	Fields  map[string]string `json:"fields" doc:"What is said of every report that comes here."`
	By      string            `json:"by"`
	Created time.Time         `json:"created"`
	Secret  string            `json:"secret,omitempty" doc:"What senders sign with. It is in this answer and nowhere else."`
}

// HookList is all addresses.
type HookList struct {
	Items []Hook `json:"items"`
}

// HookRequest asks for an address.
type HookRequest struct {
	Name   string            `json:"name" minLength:"1" maxLength:"100" doc:"Who sends: the history names it."`
	Fields map[string]string `json:"fields,omitempty" doc:"application, asset, asset_kind, ref, format, tool, category, scope …: what the sender can't say."`
}

func (a *API) hookRoutes(api huma.API) {
	route(api, scopeAdmin, http.MethodGet, "/api/v1/hooks", "list-hooks", "List webhooks", "Addresses that take signed reports, without their secrets.", a.listHooks)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/hooks", "make-hook", "Make a webhook", "An address for senders that can sign a body but not keep a token. docs/ways-in.md says how to sign.", a.makeHook, func(o *huma.Operation) { o.DefaultStatus = http.StatusCreated })
	route(api, scopeAdmin, http.MethodDelete, "/api/v1/hooks/{id}", "remove-hook", "Remove a webhook", "It stops working at once.", a.removeHook)
}

func (a *API) hook(h posture.Hook) Hook {
	return Hook{ID: h.ID, Name: h.Name, URL: a.PublicURL + "/hooks/" + h.ID, Fields: h.Fields, By: h.By, Created: h.At}
}

func (a *API) listHooks(ctx context.Context, _ *struct{}) (*body[HookList], error) {
	hs, err := a.Hooks.Hooks(ctx, who(ctx).Tenant)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	list := HookList{Items: []Hook{}}
	for _, h := range hs {
		list.Items = append(list.Items, a.hook(h))
	}
	return &body[HookList]{list}, nil
}

func (a *API) makeHook(ctx context.Context, in *struct{ Body HookRequest }) (*body[Hook], error) {
	c := who(ctx)
	if _, err := receive.Describe(in.Body.Fields, c.Name, a.Now()); err != nil {
		return nil, huma.Error422UnprocessableEntity("fields: " + err.Error())
	}
	h, secret, err := a.Hooks.MakeHook(ctx, c.Tenant, in.Body.Name, in.Body.Fields, c.Name)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	w := a.hook(h)
	w.Secret = secret
	return &body[Hook]{w}, nil
}

func (a *API) removeHook(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"100"`
}) (*struct{}, error) {
	if err := a.Hooks.RemoveHook(ctx, who(ctx).Tenant, in.ID); err != nil {
		return nil, a.problem(ctx, err)
	}
	return nil, nil
}

// deliver takes what is sent to an address. The signature is its credential:
// whatever is wrong with the request, an unknown address and a wrong
// signature answer alike.
func (a *API) deliver(w http.ResponseWriter, r *http.Request) {
	reports, err := a.Hooks.Deliver(r.Context(), r.PathValue("id"), r.Header.Get, r.Body)
	if errors.Is(err, posture.ErrNotFound) || errors.Is(err, receive.ErrSignature) {
		err = huma.Error401Unauthorized("no such address, or not signed with its secret")
	} else if err != nil {
		err = a.problem(r.Context(), err)
	}
	out := any(map[string]any{"reports": ids(reports)})
	status := http.StatusAccepted
	if err != nil {
		var with huma.HeadersError
		if errors.As(err, &with) {
			for k, vs := range with.GetHeaders() {
				w.Header()[k] = vs
			}
		}
		status = http.StatusInternalServerError
		var se huma.StatusError
		if errors.As(err, &se) {
			status, out = se.GetStatus(), se
		}
		w.Header().Set("Content-Type", "application/problem+json")
	} else {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the sender may be gone
}

func ids(rs []posture.Report) []string {
	out := []string{}
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}
