package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Replays knows what could not be read and lets it be tried again.
type Replays interface {
	// Unread lists the quarantine of all reports, the newest report first.
	// Raw texts have no credentials.
	Unread(ctx context.Context, t tenant.ID, f posture.UnreadFilter, cursor string, limit int) ([]posture.Unread, string, error)
	// Replay lets the stored bytes be decoded again by the formats that are
	// known then. What the report brought before is corrected, not doubled.
	Replay(ctx context.Context, t tenant.ID, id string) error
}

// Unread is something that could not be read.
type Unread struct {
	Report      string    `json:"report" format:"uuid"`
	Name        string    `json:"name,omitempty" doc:"file name of the report"`
	Application string    `json:"application,omitempty"`
	Asset       string    `json:"asset,omitempty"`
	Format      string    `json:"format,omitempty" doc:"by which the report was read; absent when no format knew it"`
	Received    time.Time `json:"received"`
	Kind        string    `json:"kind" enum:"record,report" doc:"record: a part of the report, the rest counts; report: nothing of it was read"`
	Parts       int64     `json:"parts" doc:"how many parts of this report stand in quarantine"`
	Record      int       `json:"record"`
	Offset      int64     `json:"offset" doc:"byte of the unpacked document"`
	Pointer     string    `json:"pointer,omitempty"`
	Reason      string    `json:"reason"`
	Raw         string    `json:"raw,omitempty" doc:"the record, or how the report begins, with everything masked that may be a credential"`
}

// UnreadList is a page of the quarantine.
type UnreadList struct {
	Items      []Unread `json:"items"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

type unreadInput struct {
	Application string `query:"application" maxLength:"200" doc:"key of the application"`
	Format      string `query:"format" maxLength:"100" doc:"by which the report was read or was to be read; 'none' for reports that no format knew"`
	Kind        string `query:"kind" enum:"record,report"`
	First       bool   `query:"first" doc:"only the first part of each report"`
	Cursor      string `query:"cursor" maxLength:"200"`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (a *API) quarantineRoutes(api huma.API) {
	route(api, scopeRead, http.MethodGet, "/api/v1/quarantine", "list-quarantine", "List what could not be read", "Records of all reports that could not be read, and reports of which nothing could be, those of the newest report first.", a.unread)
	route(api, scopeImport, http.MethodPost, "/api/v1/reports/{id}/replay", "replay-report", "Decode a report again",
		"Its stored bytes are read by the formats that are known now, as a scan of the same time: what can be read now counts, what was read before stays the same findings. A reading that fails leaves everything as it was. Follow the report's events.",
		a.replay, func(o *huma.Operation) {
			o.DefaultStatus = http.StatusAccepted
			o.Errors = append(o.Errors, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
		})
}

func (a *API) unread(ctx context.Context, in *unreadInput) (*body[UnreadList], error) {
	list, next, err := a.Replays.Unread(ctx, who(ctx).Tenant, posture.UnreadFilter{
		Application: in.Application, Format: in.Format, Kind: posture.UnreadKind(in.Kind), First: in.First}, in.Cursor, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := UnreadList{Items: []Unread{}, NextCursor: next}
	for _, u := range list {
		out.Items = append(out.Items, Unread{Report: u.Report, Name: u.Name, Application: u.Application, Asset: u.Asset, Format: u.Format, Received: u.Received,
			Kind: string(u.Kind), Parts: u.Parts, Record: u.Record, Offset: u.Offset, Pointer: u.Pointer, Reason: u.Reason, Raw: u.Raw})
	}
	return &body[UnreadList]{out}, nil
}

func (a *API) replay(ctx context.Context, in *IDInput) (*body[Report], error) {
	if err := a.Replays.Replay(ctx, who(ctx).Tenant, in.ID); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getReport(ctx, in)
}
