package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
)

// How long a resumable upload is tried. Each try that gets bytes across
// starts the count anew.
const (
	uploadTries   = 12
	uploadWait    = 250 * time.Millisecond // before the second try, doubled for each further one
	uploadMaxWait = 15 * time.Second
	// uploadSilence is how long the server may say nothing after the last
	// byte: it stores the whole report again, compressed.
	uploadSilence = 15 * time.Minute
)

// tusChunk is the type of a piece (https://tus.io/protocols/resumable-upload).
const tusChunk = "application/offset+octet-stream"

// upload sends a large file so that a broken line or a server that starts
// anew costs little: it asks how much arrived and goes on from there.
type upload struct {
	c     *client
	file  *os.File
	size  int64
	p     *progress
	path  string // of the upload on the server
	at    int64  // bytes that the server has
	ended string // id of the report, at the end
}

// sendResumable uploads a file and returns the report that it became.
func (a *App) sendResumable(ctx context.Context, c *client, f *os.File, length int64, q url.Values, p *progress) (httpapi.ReportList, error) {
	u := &upload{c: c, file: f, size: length, p: p}
	step := func(ctx context.Context) error { return u.create(ctx, q) }
	for tries, at := 0, int64(0); u.ended == ""; {
		err := step(ctx)
		switch {
		case err == nil:
			step = u.send
			continue
		case ctx.Err() != nil || !passing(err):
			return httpapi.ReportList{}, err
		}
		if u.at > at {
			tries, at = 0, u.at
		}
		if tries++; tries >= uploadTries {
			return httpapi.ReportList{}, undecided(fmt.Errorf("%s of %s were sent; given up after %d tries: %w", size(u.at), size(length), tries, err))
		}
		p.note("%s sent, the line broke; trying again", size(u.at))
		select {
		case <-ctx.Done():
			return httpapi.ReportList{}, undecided(ctx.Err())
		case <-time.After(wait(tries, err)):
		}
		if u.path != "" {
			step = u.resume
		}
	}
	var r httpapi.Report
	if err := c.call(ctx, http.MethodGet, "/api/v1/reports/"+url.PathEscape(u.ended), nil, nil, &r); err != nil {
		var denied *problem
		if errors.As(err, &denied) && denied.Status == http.StatusForbidden {
			// A token that may only import sees the report's id and no more.
			return httpapi.ReportList{Items: []httpapi.Report{{ID: u.ended, Name: q.Get("name"), Size: length, State: "accepted"}}}, nil
		}
		return httpapi.ReportList{}, err
	}
	return httpapi.ReportList{Items: []httpapi.Report{r}}, nil
}

// wait is the time before the next try: what the server asks for, or longer
// each time.
func wait(tries int, err error) time.Duration {
	var busy *later
	if errors.As(err, &busy) {
		return min(busy.after, uploadMaxWait)
	}
	return min(uploadWait<<(tries-1), uploadMaxWait)
}

// later is an answer that asks to come back.
type later struct {
	error
	after time.Duration
}

// Unwrap returns the cause.
func (l *later) Unwrap() error { return l.error }

// passing reports whether trying again may help: the line broke, the server
// is away or busy, or it is at another offset than we thought.
func passing(err error) bool {
	var p *problem
	if errors.As(err, &p) {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests || p.Status == http.StatusConflict || p.Status == http.StatusRequestTimeout
	}
	var e *exit
	return !errors.As(err, &e) || e.code != ExitUsage
}

// create begins the upload.
func (u *upload) create(ctx context.Context, q url.Values) error {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(q)) {
		pairs = append(pairs, k+" "+base64.StdEncoding.EncodeToString([]byte(q.Get(k))))
	}
	resp, err := u.request(ctx, http.MethodPost, "/api/v1/uploads", nil, map[string]string{
		"Upload-Length": strconv.FormatInt(u.size, 10), "Upload-Metadata": strings.Join(pairs, ",")})
	if err != nil {
		return err
	}
	at, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || at.Path == "" {
		return usage("the server's answer has no address for the upload")
	}
	u.path = at.Path
	return nil
}

// resume asks how much arrived, then goes on.
func (u *upload) resume(ctx context.Context) error {
	resp, err := u.request(ctx, http.MethodHead, u.path, nil, nil)
	if err != nil {
		return err
	}
	if err := u.stands(resp); err != nil || u.ended != "" {
		return err
	}
	return u.send(ctx)
}

// send sends everything from the offset on, in one request: the server makes
// what arrives durable bit by bit.
func (u *upload) send(ctx context.Context) error {
	u.p.sent.Store(u.at)
	body := u.p.reader(io.NewSectionReader(u.file, u.at, u.size-u.at))
	resp, err := u.request(ctx, http.MethodPatch, u.path, body, map[string]string{"Content-Type": tusChunk, "Upload-Offset": strconv.FormatInt(u.at, 10)})
	if err != nil {
		return err
	}
	before := u.at
	if err := u.stands(resp); err != nil {
		return err
	}
	if u.ended == "" && u.at == before {
		return undecided(errors.New("the server took none of the bytes"))
	}
	return nil
}

// stands takes from an answer how far the upload is.
func (u *upload) stands(resp *http.Response) error {
	at, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || at < 0 || at > u.size {
		return usage("the server says that %q of %d bytes arrived", resp.Header.Get("Upload-Offset"), u.size)
	}
	u.at, u.ended = at, resp.Header.Get("Stance-Report")
	return nil
}

func (u *upload) request(ctx context.Context, method, path string, body io.Reader, header map[string]string) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alarm := time.AfterFunc(uploadSilence, cancel)
	defer alarm.Stop()
	if body != nil {
		body = awake{body, alarm}
	}
	req, err := http.NewRequestWithContext(ctx, method, u.c.base+path, body)
	if err != nil {
		return nil, err
	}
	if method == http.MethodPatch {
		req.ContentLength = u.size - u.at
	}
	req.Header.Set("Authorization", "Bearer "+u.c.token)
	req.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := u.c.http.Do(req)
	if err != nil {
		return nil, undecided(fmt.Errorf("reach the server at %s: %w", u.c.base, errors.Unwrap(err)))
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case resp.StatusCode < 300:
		return resp, nil
	case err != nil:
		return nil, undecided(fmt.Errorf("read the server's answer: %w", err))
	}
	p := &problem{Status: resp.StatusCode, Title: resp.Status}
	if json.Unmarshal(b, p) != nil {
		p.Detail = strings.TrimSpace(string(b))
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return nil, &exit{ExitUndecided, &later{p, time.Duration(s) * time.Second}}
	}
	return nil, &exit{ExitUsage, p}
}

// awake puts an alarm off as long as something is read.
type awake struct {
	io.Reader
	alarm *time.Timer
}

// Read implements io.Reader.
func (a awake) Read(p []byte) (int, error) {
	a.alarm.Reset(uploadSilence)
	return a.Reader.Read(p)
}
