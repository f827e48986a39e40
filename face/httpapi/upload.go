package httpapi

import (
	"context"
	"crypto/sha1" // tus wants it: it guards against faults of the line, not against people
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Uploads takes reports in pieces.
type Uploads interface {
	Create(ctx context.Context, t tenant.ID, s receive.Submission, length int64, metadata string) (receive.Upload, error)
	// Append adds bytes; interrupt ends the reading early, from another
	// goroutine.
	Append(ctx context.Context, t tenant.ID, id string, offset int64, r io.Reader, sum receive.Checksum, interrupt func()) (receive.Upload, error)
	Look(ctx context.Context, t tenant.ID, id string) (receive.Upload, error)
	Drop(ctx context.Context, t tenant.ID, id string) error
}

// What we speak: https://tus.io/protocols/resumable-upload, version 1.0.0.
const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination,checksum,expiration"
	tusAlgorithms = "sha1,sha256"
	tusChunk      = "application/offset+octet-stream"
	// statusChecksum is what tus answers when bytes lack their checksum.
	statusChecksum = 460
	// uploadSilence is how long a sender may send nothing before its
	// connection is given up; it comes back and goes on.
	uploadSilence = time.Minute
)

// TusInput is in every request of the protocol (exported for huma, which passes
// over embedded structs that are not).
type TusInput struct {
	Resumable string `header:"Tus-Resumable" maxLength:"20" doc:"1.0.0"`
}

// check holds the request against the version that we speak.
func (in TusInput) check() error {
	if in.Resumable != tusVersion {
		return tusError(http.StatusPreconditionFailed, "Tus-Resumable: want "+tusVersion)
	}
	return nil
}

// tusError is a problem with the headers that the protocol wants.
func tusError(status int, text string) error {
	return huma.ErrorWithHeaders(huma.NewError(status, text), http.Header{"Tus-Resumable": {tusVersion}, "Tus-Version": {tusVersion}})
}

// stream is the body of a request as it comes.
type stream struct {
	body      io.Reader
	length    int64 // of the body; negative when unsaid
	interrupt func()
}

// Resolve keeps the body as a stream that does not wait for ever.
func (s *stream) Resolve(ctx huma.Context) []error {
	s.length = -1
	if n, err := strconv.ParseInt(ctx.Header("Content-Length"), 10, 64); err == nil {
		s.length = n
	}
	s.body = &patient{ctx.BodyReader(), func() error { return ctx.SetReadDeadline(time.Now().Add(uploadSilence)) }}
	s.interrupt = func() { _ = ctx.SetReadDeadline(time.Unix(1, 0)) } // one that can't be set ends by silence
	return nil
}

// patient reads as long as something comes now and then.
type patient struct {
	r     io.Reader
	again func() error
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err == nil {
		_ = p.again() // without a deadline the connection's own end ends it
	}
	return n, err
}

type createInput struct {
	TusInput
	Length   int64  `header:"Upload-Length" minimum:"0" required:"true" doc:"bytes of the whole file"`
	Metadata string `header:"Upload-Metadata" maxLength:"8192" doc:"fields of the submission as tus writes them: 'application c2hvcA==,name cmVwb3J0LnNhcmlm'. Names are those of the query of POST /api/v1/reports; filename stands for name, filetype is passed over"`
	Type     string `header:"Content-Type" maxLength:"100"`
	stream
}

type appendInput struct {
	TusInput
	ID       string `path:"id" maxLength:"64"`
	Offset   int64  `header:"Upload-Offset" minimum:"0" required:"true" doc:"where the bytes go: where the upload is"`
	Checksum string `header:"Upload-Checksum" maxLength:"200" doc:"'sha1 BASE64' or 'sha256 BASE64' of this request's bytes"`
	Type     string `header:"Content-Type" maxLength:"100" doc:"application/offset+octet-stream"`
	stream
}

type uploadID struct {
	TusInput
	ID string `path:"id" maxLength:"64"`
}

// tusOutput is an answer of the protocol.
type tusOutput struct {
	Resumable string `header:"Tus-Resumable"`
	Location  string `header:"Location"`
	Offset    string `header:"Upload-Offset" doc:"bytes that are durable"`
	Length    string `header:"Upload-Length"`
	Metadata  string `header:"Upload-Metadata"`
	Expires   string `header:"Upload-Expires"`
	Report    string `header:"Stance-Report" doc:"the report that the upload became, once all bytes are there"`
}

type tusOptions struct {
	Resumable  string `header:"Tus-Resumable"`
	Version    string `header:"Tus-Version"`
	Extension  string `header:"Tus-Extension"`
	MaxSize    string `header:"Tus-Max-Size"`
	Algorithms string `header:"Tus-Checksum-Algorithm"`
}

func (a *API) uploadRoutes(api huma.API) {
	const tag = "/api/v1/uploads"
	status := func(code int) func(*huma.Operation) { return func(o *huma.Operation) { o.DefaultStatus = code } }
	streamed := func(o *huma.Operation) {
		o.MaxBodyBytes, o.BodyReadTimeout, o.SkipValidateBody = -1, -1, true
		o.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{tusChunk: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
		o.Errors = append(o.Errors, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage)
	}
	route(api, scopeImport, http.MethodOptions, tag, "upload-options", "Ask what uploads can do", "tus 1.0: version, extensions, the largest upload.", a.uploadOptions, status(http.StatusNoContent))
	route(api, scopeImport, http.MethodPost, tag, "create-upload", "Begin a resumable upload", "tus 1.0, extension creation: for large reports and bad lines. The answer's Location is where the bytes go; the body may bring the first ones.", a.createUpload, status(http.StatusCreated), streamed)
	route(api, scopeImport, http.MethodHead, tag+"/{id}", "upload-offset", "Ask how far an upload is", "tus 1.0. Bytes up to Upload-Offset are durable.", a.uploadOffset, status(http.StatusOK))
	route(api, scopeImport, http.MethodPatch, tag+"/{id}", "append-upload", "Send bytes of an upload", "tus 1.0. What arrived before a connection breaks is kept. The last byte makes the report, once: its id is in Stance-Report.", a.appendUpload, status(http.StatusNoContent), streamed,
		func(o *huma.Operation) { o.Errors = append(o.Errors, http.StatusConflict, statusChecksum) })
	route(api, scopeImport, http.MethodDelete, tag+"/{id}", "drop-upload", "End an upload", "tus 1.0, extension termination: its bytes are gone. A report that it became stays.", a.dropUpload, status(http.StatusNoContent))
}

func (a *API) uploadOptions(context.Context, *struct{}) (*tusOptions, error) {
	return &tusOptions{tusVersion, tusVersion, tusExtensions, strconv.FormatInt(maxUpload, 10), tusAlgorithms}, nil
}

func (a *API) createUpload(ctx context.Context, in *createInput) (*tusOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	fields, err := tusMetadata(in.Metadata)
	if err != nil {
		return nil, tusError(http.StatusBadRequest, err.Error())
	}
	c := who(ctx)
	s, err := receive.Describe(fields, c.Name, a.Now())
	if err != nil {
		return nil, tusError(http.StatusUnprocessableEntity, err.Error())
	}
	up, err := a.Uploads.Create(ctx, c.Tenant, s, in.Length, in.Metadata)
	if err != nil {
		return nil, a.tusProblem(ctx, err)
	}
	if in.Type == tusChunk && in.length != 0 {
		// A stream that breaks off here is no error of creating: the sender
		// goes on from the offset.
		begun, err := a.Uploads.Append(ctx, c.Tenant, up.ID, 0, in.body, receive.Checksum{}, in.interrupt)
		if refusal := new(receive.Refusal); errors.As(err, &refusal) && refusal.Reason != receive.Busy {
			return nil, a.tusProblem(ctx, err)
		}
		if err == nil {
			up = begun
		}
	}
	out := tusAnswer(up)
	out.Location, out.Length, out.Metadata = "/api/v1/uploads/"+up.ID, "", ""
	return out, nil
}

func (a *API) uploadOffset(ctx context.Context, in *uploadID) (*tusOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	up, err := a.Uploads.Look(ctx, who(ctx).Tenant, in.ID)
	if err != nil {
		return nil, a.tusProblem(ctx, err)
	}
	return tusAnswer(up), nil
}

func (a *API) appendUpload(ctx context.Context, in *appendInput) (*tusOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Type != tusChunk {
		return nil, tusError(http.StatusUnsupportedMediaType, "Content-Type: want "+tusChunk)
	}
	sum, err := tusChecksum(in.Checksum)
	if err != nil {
		return nil, tusError(http.StatusBadRequest, err.Error())
	}
	up, err := a.Uploads.Append(ctx, who(ctx).Tenant, in.ID, in.Offset, in.body, sum, in.interrupt)
	if err != nil {
		return nil, a.tusProblem(ctx, err)
	}
	out := tusAnswer(up)
	out.Length, out.Metadata = "", ""
	return out, nil
}

func (a *API) dropUpload(ctx context.Context, in *uploadID) (*tusOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := a.Uploads.Drop(ctx, who(ctx).Tenant, in.ID); err != nil {
		return nil, a.tusProblem(ctx, err)
	}
	return &tusOutput{Resumable: tusVersion}, nil
}

func tusAnswer(up receive.Upload) *tusOutput {
	return &tusOutput{
		Resumable: tusVersion, Offset: strconv.FormatInt(up.Offset, 10), Length: strconv.FormatInt(up.Length, 10), Metadata: up.Metadata,
		Expires: up.Expires.UTC().Format(http.TimeFormat), Report: up.Report,
	}
}

// tusProblem is problem with the codes of the protocol.
func (a *API) tusProblem(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, receive.ErrNoUpload):
		return tusError(http.StatusNotFound, "there is no such upload: it ended, expired, or never was")
	case errors.Is(err, receive.ErrOffset):
		return tusError(http.StatusConflict, "the upload is at another offset: ask for it with HEAD and go on from there")
	case errors.Is(err, receive.ErrChecksum):
		return tusError(statusChecksum, "the bytes do not have their checksum; none was kept: send them again")
	case broken(err):
		return tusError(http.StatusBadRequest, "the connection broke off; what arrived is kept")
	}
	return huma.ErrorWithHeaders(a.problem(ctx, err), http.Header{"Tus-Resumable": {tusVersion}})
}

// broken reports whether reading the request failed, which is the line's or
// the sender's doing.
func broken(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &timeout) && timeout.Timeout()
}

// tusMetadata reads the pairs of an Upload-Metadata header.
func tusMetadata(header string) (receive.Fields, error) {
	f := receive.Fields{}
	for pair := range strings.SplitSeq(header, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, " ")
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("Upload-Metadata: the value of %q is not base64", key)
		}
		switch key {
		case "filetype":
			continue // the format is recognised by content
		case "filename": // what tus clients call it
			key = "name"
		}
		if _, twice := f[key]; twice {
			return nil, fmt.Errorf("Upload-Metadata: %q is there twice", key)
		}
		f[key] = string(b)
	}
	return f, nil
}

func tusChecksum(header string) (receive.Checksum, error) {
	if header == "" {
		return receive.Checksum{}, nil
	}
	algorithm, value, _ := strings.Cut(header, " ")
	var h hash.Hash
	switch algorithm {
	case "sha1":
		h = sha1.New()
	case "sha256":
		h = sha256.New()
	default:
		return receive.Checksum{}, fmt.Errorf("Upload-Checksum: %q is not known: want %s", algorithm, tusAlgorithms)
	}
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(want) != h.Size() {
		return receive.Checksum{}, fmt.Errorf("Upload-Checksum: want %s and %d bytes in base64", algorithm, h.Size())
	}
	return receive.Checksum{Hash: h, Want: want}, nil
}

// override honours X-HTTP-Method-Override on uploads: tus demands it for
// senders behind proxies that let only GET and POST pass.
func override(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m := r.Header.Get("X-HTTP-Method-Override"); r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/v1/uploads/") && (m == http.MethodPatch || m == http.MethodDelete) {
			r.Method = m
		}
		next.ServeHTTP(w, r)
	})
}
