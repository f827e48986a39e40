package dojo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// object is a JSON object as it is answered.
type object map[string]any

// call is one request.
type call struct {
	*door
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context
	who httpapi.Caller
}

func (c *call) send(status int, v any) { send(c.w, status, v) }

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}

// fail answers {"detail": …}, as Django REST framework does for what is not
// about a field.
func (c *call) fail(status int, detail string) { c.send(status, object{"detail": detail}) }

// refuse is what a caller without the right gets.
func refuse(w http.ResponseWriter, status int, why string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Token")
		why = "Invalid token. Send an API token of Stance as 'Authorization: Token …'."
	}
	send(w, status, object{"detail": why})
}

// invalid is what is wrong with a form: messages by field.
type invalid map[string][]string

func (i invalid) add(field, message string) { i[field] = append(i[field], message) }

// Error implements error.
func (i invalid) Error() string {
	b, err := json.Marshal(map[string][]string(i))
	if err != nil {
		return "invalid form"
	}
	return string(b)
}

// badContext says that the names or ids in a form fit nothing; Django REST
// framework answers it as a list.
type badContext struct{ text string }

// Error implements error.
func (b *badContext) Error() string { return b.text }

// problem answers an error; it is the one table of what means which status.
func (c *call) problem(err error) {
	var (
		fields  invalid
		context *badContext
		refused *receive.Refusal
		query   *posture.BadQuery
		large   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &fields):
		c.send(http.StatusBadRequest, fields)
	case errors.As(err, &context):
		c.send(http.StatusBadRequest, []string{context.text})
	case errors.Is(err, posture.ErrNotFound):
		c.fail(http.StatusNotFound, "Not found.")
	case errors.As(err, &query):
		c.fail(http.StatusBadRequest, query.Reason)
	case errors.As(err, &refused):
		switch refused.Reason {
		case receive.TooLarge:
			c.send(http.StatusRequestEntityTooLarge, object{"detail": refused.Error()})
		case receive.Busy:
			c.w.Header().Set("Retry-After", strconv.Itoa(receive.AfterBusy))
			c.fail(http.StatusTooManyRequests, refused.Error())
		default:
			c.send(http.StatusBadRequest, invalid{"file": {refused.Error()}})
		}
	case errors.As(err, &large):
		c.fail(http.StatusRequestEntityTooLarge, "the form's fields are too large")
	case errors.Is(err, receive.ErrFull):
		c.Log(c.ctx, "no room to write", err)
		c.fail(http.StatusInsufficientStorage, "the server's disk is full: nothing was taken")
	case errors.Is(err, receive.ErrLocked):
		c.Log(c.ctx, "no chance to write", err)
		c.w.Header().Set("Retry-After", strconv.Itoa(receive.AfterLocked))
		c.fail(http.StatusServiceUnavailable, "the server's database is busy: nothing was taken; try again in a few seconds")
	case c.ctx.Err() != nil: // the client went away
	default:
		c.Log(c.ctx, "door of DefectDojo", err)
		c.send(http.StatusInternalServerError, object{"message": "Internal server error, check logs for details", "detail": "internal error"})
	}
}
