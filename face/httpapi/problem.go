package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// problem turns an error from below into an RFC 9457 problem. It is the one
// table of what means which status; what is not in it is logged and shown as
// an internal error without its text.
func (a *API) problem(ctx context.Context, err error) error {
	var (
		bad     *posture.BadQuery
		refused *receive.Refusal
		policy  *PolicyError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, posture.ErrNotFound):
		return huma.Error404NotFound("there is nothing by that name here")
	case errors.As(err, &bad):
		return huma.Error422UnprocessableEntity(bad.Reason)
	case errors.As(err, &policy):
		details := make([]error, len(policy.Problems))
		for i, p := range policy.Problems {
			details[i] = &huma.ErrorDetail{Message: p.Message, Location: p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)}
		}
		if errors.Is(err, ErrMapping) {
			for _, d := range details {
				d.(*huma.ErrorDetail).Location = "source"
			}
			return huma.Error422UnprocessableEntity("the mapping was not saved: "+policy.Error(), details...)
		}
		if errors.Is(err, ErrAssetRules) {
			return huma.Error422UnprocessableEntity("the asset rules were not replaced: "+policy.Error(), details...)
		}
		return huma.Error422UnprocessableEntity("the policies were not replaced: "+policy.Error(), details...)
	case errors.As(err, &refused):
		switch refused.Reason {
		case receive.TooLarge:
			return huma.Error413RequestEntityTooLarge(refused.Error())
		case receive.Busy:
			return huma.ErrorWithHeaders(huma.Error429TooManyRequests(refused.Error()), http.Header{"Retry-After": {strconv.Itoa(receive.AfterBusy)}})
		}
		return huma.Error422UnprocessableEntity(refused.Error())
	case errors.Is(err, receive.ErrBusy):
		return huma.ErrorWithHeaders(huma.Error429TooManyRequests(receive.ErrBusy.Error()+"; try again in a few seconds"), http.Header{"Retry-After": {strconv.Itoa(receive.AfterBusy)}})
	case errors.Is(err, receive.ErrFull):
		a.Log(ctx, "no room to write", err)
		return huma.NewError(http.StatusInsufficientStorage, "the server's disk is full: nothing was taken; send it again when its administrator has made room")
	case errors.Is(err, receive.ErrLocked):
		a.Log(ctx, "no chance to write", err)
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the server's database is busy: nothing was taken; try again in a few seconds"), http.Header{"Retry-After": {strconv.Itoa(receive.AfterLocked)}})
	case errors.Is(err, context.Canceled):
		return huma.NewError(499, "the client went away")
	}
	a.Log(ctx, "request failed", err)
	return huma.Error500InternalServerError("internal error; the server's log has the details")
}

func parseAssetID(s string) (estate.AssetID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return estate.AssetID{}, huma.Error422UnprocessableEntity("asset id: want a UUID")
	}
	return estate.AssetID(u), nil
}

func indentedDocument(api huma.API) ([]byte, error) {
	b, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
