package httpapi

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/intelligence/posture"
)

// Feeds brings outside facts in.
type Feeds interface {
	// Status lists every feed, those that never came too.
	Status(context.Context) ([]posture.FeedStatus, error)
	// ImportFeed reads a feed's file; kind may be empty to detect it. A file
	// that is not whole changes nothing.
	ImportFeed(ctx context.Context, name, kind string, r io.Reader) (FeedOutcome, error)
	// UpdateFeeds fetches every feed from its official source.
	UpdateFeeds(context.Context) ([]FeedOutcome, error)
}

// FeedOutcome is what an import of a feed did, or why it failed.
type FeedOutcome struct {
	posture.FeedStatus
	Skipped, Rescored int64
	Err               string
}

type feedInput struct {
	Feed string `query:"feed" maxLength:"50" doc:"epss, kev, …; detected when absent"`
	Name string `query:"name" maxLength:"300" doc:"file name"`
	body io.Reader
}

// Resolve keeps the body as a stream.
func (in *feedInput) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

func (a *API) feedRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/feeds", "list-feeds", "List feeds", "How fresh each feed is; a feed that never came is listed as missing.", a.listFeeds)
	route(api, scopeAdmin, http.MethodPost, "/api/v1/feeds", "import-feed", "Import a feed's file", "For sites without internet access. Scores of what the feed changes are computed anew.", a.importFeed, func(o *huma.Operation) {
		o.MaxBodyBytes, o.BodyReadTimeout = -1, -1
		o.SkipValidateBody = true
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	})
	route(api, scopeAdmin, http.MethodPost, "/api/v1/feeds/update", "update-feeds", "Fetch all feeds", "Fetches every feed from its official source.", a.updateFeeds)
}

func (a *API) listFeeds(ctx context.Context, _ *struct{}) (*body[FeedList], error) {
	fs, err := a.Feeds.Status(ctx)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[FeedList]{FeedList{feeds(fs)}}, nil
}

func (a *API) importFeed(ctx context.Context, in *feedInput) (*body[FeedResult], error) {
	o, err := a.Feeds.ImportFeed(ctx, in.Name, in.Feed, io.LimitReader(in.body, maxUpload))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[FeedResult]{feedResult(o)}, nil
}

// FeedResults is what an update of all feeds did.
type FeedResults struct {
	Items []FeedResult `json:"items"`
}

func (a *API) updateFeeds(ctx context.Context, _ *struct{}) (*body[FeedResults], error) {
	os, err := a.Feeds.UpdateFeeds(ctx)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := FeedResults{Items: []FeedResult{}}
	for _, o := range os {
		out.Items = append(out.Items, feedResult(o))
	}
	return &body[FeedResults]{out}, nil
}
