package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Buckets are storage that the server takes reports from.
type Buckets interface {
	// Notify reads events of storage and has the objects they name fetched
	// soon: it does not wait for them. It returns how many lie in a bucket
	// that is watched, and how many do not; a *posture.BadQuery says that the
	// body is no event.
	Notify(ctx context.Context, t tenant.ID, event []byte) (noted, ignored int, err error)
}

// BucketEvents is what became of an event notification.
type BucketEvents struct {
	Noted   int `json:"noted" doc:"Objects that are fetched now."`
	Ignored int `json:"ignored" doc:"Objects in no bucket that this server watches."`
}

type bucketEventInput struct {
	RawBody []byte
}

func (a *API) bucketRoutes(api huma.API) {
	route(api, scopeImport, http.MethodPost, "/api/v1/buckets/events", "bucket-events", "Tell of objects in a bucket",
		"Where storage sends its events: S3's JSON, MinIO's webhook, or EventBridge's. The objects that they name are fetched when the server watches their bucket (--bucket). An event that is lost costs time alone: the bucket is listed anyway.",
		a.bucketEvents, func(o *huma.Operation) {
			o.DefaultStatus = http.StatusAccepted
			o.SkipValidateBody = true
			o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object", AdditionalProperties: true}}}}
			o.Errors = append(o.Errors, http.StatusUnprocessableEntity)
		})
}

func (a *API) bucketEvents(ctx context.Context, in *bucketEventInput) (*body[BucketEvents], error) {
	noted, ignored, err := a.Buckets.Notify(ctx, who(ctx).Tenant, in.RawBody)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[BucketEvents]{BucketEvents{noted, ignored}}, nil
}
