package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Intake takes reports in.
type Intake interface {
	// Accept returns when the bytes and the job are durable. The key makes a
	// repeated request answer with the first one's report; it may be empty.
	// A refusal that the sender can mend is a *receive.Refusal.
	Accept(ctx context.Context, t tenant.ID, s receive.Submission, idempotencyKey string, r io.Reader) ([]posture.Report, error)
}

// Reports answers questions about reports.
type Reports interface {
	Reports(ctx context.Context, t tenant.ID, application, cursor string, limit int) ([]posture.Report, string, error)
	Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error)
	Quarantine(ctx context.Context, t tenant.ID, id string, limit int) ([]posture.Quarantined, int64, error)
	// Raw opens the bytes as they came.
	Raw(ctx context.Context, t tenant.ID, id string) (io.ReadCloser, error)
	// Confirm lets a held report close what it no longer has.
	Confirm(ctx context.Context, t tenant.ID, id, by string, at time.Time) error
}

// maxUpload bounds the bytes of one upload as they come; unpacking has its
// own bounds.
const maxUpload = 4 << 30

type uploadInput struct {
	Application string `query:"application" maxLength:"200" doc:"name or key; made when new. Without it the report goes to the one that alone has the asset, else to 'unassigned'"`
	Asset       string `query:"asset" maxLength:"500" doc:"name of the repository, image, site …; without it the report tells"`
	AssetKind   string `query:"asset_kind" enum:"repository,image,endpoint,cloud_resource,cluster,host"`
	Ref         string `query:"ref" maxLength:"300" doc:"branch or tag"`
	PullRequest string `query:"pull_request" maxLength:"20" doc:"number of the pull or merge request that was scanned: the ref is refs/pull/N, which never counts for the asset"`
	Commit      string `query:"commit" maxLength:"100"`
	Digest      string `query:"digest" maxLength:"200" doc:"image digest"`
	Format      string `query:"format" maxLength:"50" doc:"force a format instead of detecting it"`
	Tool        string `query:"tool" maxLength:"100" doc:"overrides the tool's name"`
	Category    string `query:"category" maxLength:"200" doc:"keeps scans of one tool over one target apart that do not replace each other"`
	Scope       string `query:"scope" enum:"full,part" default:"full" doc:"part: not the whole of the target, closes nothing"`
	ScannedAt   string `query:"scanned_at" format:"date-time" doc:"when the scan was made; without it the report tells"`
	Name        string `query:"name" maxLength:"300" doc:"file name"`
	Key         string `header:"Idempotency-Key" maxLength:"200" doc:"a repeated request with the same key answers with the first one's reports"`

	body io.Reader
}

// Resolve keeps the request's body as a stream: a report may be larger than
// memory.
func (in *uploadInput) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

type reportsInput struct {
	Application string `query:"application" maxLength:"200"`
	Cursor      string `query:"cursor" maxLength:"200"`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (a *API) reportRoutes(api huma.API) {
	const tag = "/api/v1/reports"
	route(api, scopeImport, http.MethodPost, tag, "import-report", "Import a report", "Send the file as the request's body, plain or compressed (gzip, zstd, zip). The answer comes when the bytes are durable; applying goes on behind it: follow the report's events. A zip with several files is one report: what they say of one tool and target is one scan.",
		a.upload, func(o *huma.Operation) {
			o.DefaultStatus = http.StatusAccepted
			o.MaxBodyBytes, o.BodyReadTimeout = -1, -1
			o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
			o.SkipValidateBody = true
			o.Errors = append(o.Errors, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
		})
	route(api, scopeRead, http.MethodGet, tag, "list-reports", "List reports", "Imported reports, the newest first.", a.listReports)
	route(api, scopeRead, http.MethodGet, tag+"/{id}", "get-report", "Show a report", "Where it stands and what it changed.", a.getReport)
	route(api, scopeRead, http.MethodGet, tag+"/{id}/quarantine", "report-quarantine", "Show a report's quarantine", "The parts that could not be read, with reason, position and raw text.", a.quarantine)
	route(api, scopeAdmin, http.MethodGet, tag+"/{id}/raw", "report-raw", "Download a report", "The bytes as they came. They may hold secrets in clear.", a.raw)
	route(api, scopeTriage, http.MethodPost, tag+"/{id}/confirm", "confirm-report", "Confirm a held report", "Lets an empty or much smaller full scan resolve what it no longer reports.", a.confirm)
	sse.Register(api, operation(scopeRead, http.MethodGet, tag+"/{id}/events", "report-events", "Follow a report", "Server-sent events: 'progress' with the report until it is done, then 'done'."),
		map[string]any{"progress": progressEvent{}, "done": doneEvent{}}, a.follow)
}

type progressEvent struct{ Report }
type doneEvent struct{ Report }

func (a *API) upload(ctx context.Context, in *uploadInput) (*body[ReportList], error) {
	s, err := receive.Describe(receive.Fields{
		"name": in.Name, "application": in.Application, "asset": in.Asset, "asset_kind": in.AssetKind, "ref": in.Ref, "pull_request": in.PullRequest, "commit": in.Commit,
		"digest": in.Digest, "format": in.Format, "tool": in.Tool, "category": in.Category, "scope": in.Scope, "scanned_at": in.ScannedAt,
	}, who(ctx).Name, a.Now())
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	rs, err := a.Intake.Accept(ctx, who(ctx).Tenant, s, in.Key, io.LimitReader(in.body, maxUpload+1))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[ReportList]{ReportList{Items: reports(rs)}}, nil
}

func (a *API) listReports(ctx context.Context, in *reportsInput) (*body[ReportList], error) {
	rs, next, err := a.Reports.Reports(ctx, who(ctx).Tenant, in.Application, in.Cursor, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[ReportList]{ReportList{Items: reports(rs), NextCursor: next}}, nil
}

func (a *API) getReport(ctx context.Context, in *IDInput) (*body[Report], error) {
	r, err := a.Reports.Report(ctx, who(ctx).Tenant, in.ID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &body[Report]{report(r)}, nil
}

func (a *API) quarantine(ctx context.Context, in *IDInput) (*body[QuarantineList], error) {
	qs, total, err := a.Reports.Quarantine(ctx, who(ctx).Tenant, in.ID, 500)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := QuarantineList{Items: []Quarantined{}, Total: total}
	for _, q := range qs {
		out.Items = append(out.Items, Quarantined(q))
	}
	return &body[QuarantineList]{out}, nil
}

func (a *API) raw(ctx context.Context, in *IDInput) (*huma.StreamResponse, error) {
	r, err := a.Reports.Raw(ctx, who(ctx).Tenant, in.ID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer r.Close()
		hc.SetHeader("Content-Type", "application/octet-stream")
		hc.SetHeader("Content-Disposition", `attachment; filename="report"`)
		if _, err := io.Copy(hc.BodyWriter(), r); err != nil {
			a.Log(hc.Context(), "send raw report", err)
		}
	}}, nil
}

func (a *API) confirm(ctx context.Context, in *IDInput) (*body[Report], error) {
	c := who(ctx)
	if err := a.Reports.Confirm(ctx, c.Tenant, in.ID, c.Name, a.Now()); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getReport(ctx, in)
}

// followEvery is how often a followed report is looked at.
const followEvery = 100 * time.Millisecond

func (a *API) follow(ctx context.Context, in *IDInput, send sse.Sender) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	var last posture.Report
	for {
		r, err := a.Reports.Report(ctx, who(ctx).Tenant, in.ID)
		if err != nil {
			return
		}
		switch r.State {
		case posture.ReportAccepted, posture.ReportApplying:
			if r.Progress != last.Progress || r.State != last.State {
				if send.Data(progressEvent{report(r)}) != nil {
					return
				}
			}
		default:
			_ = send.Data(doneEvent{report(r)}) // the client is gone or has it: either way this ends
			return
		}
		last = r
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
