package httpapi

import (
	"net/http"
	"slices"
)

// Door is an operation of another product's API: pipelines that speak it keep
// their clients and change only the address. It is let in by the same rules
// as our own operations.
type Door struct {
	// Pattern is the method and path as http.ServeMux takes them.
	Pattern string
	// Scopes are alternatives, the first one is named in a refusal; "any"
	// needs a signed-in caller and no more, "public" none. A door without one
	// is refused for everybody.
	Scopes []string
	// Handle answers. The body is not read yet and has no limit.
	Handle func(http.ResponseWriter, *http.Request, Caller)
	// Refuse says no in the product's own shape.
	Refuse func(w http.ResponseWriter, status int, why string)
}

// door puts the authorisation before a door.
func (a *API) door(d Door) http.Handler {
	needs := make([]scope, len(d.Scopes))
	for i, s := range d.Scopes {
		needs[i] = scope(s)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(needs) == 0 {
			d.Refuse(w, http.StatusForbidden, "this operation is open to nobody")
			return
		}
		if slices.Contains(needs, scopePublic) {
			d.Handle(w, r, Caller{})
			return
		}
		session := ""
		if c, err := r.Cookie(sessionCookie); err == nil {
			session = c.Value
		}
		c, status, why := a.admit(r.Context(), credential(r.Header.Get, session), needs...)
		if status != http.StatusOK {
			d.Refuse(w, status, why)
			return
		}
		d.Handle(w, r, c)
	})
}
