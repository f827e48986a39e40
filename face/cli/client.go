package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
)

// connection is how commands reach a server.
type connection struct {
	server, data string
	client       *client
	stop         func() error
}

func (c *connection) close() error {
	if c.stop == nil {
		return nil
	}
	stop := c.stop
	c.stop = nil
	return stop()
}

// client speaks the HTTP API.
type client struct {
	base, token string
	key         string // idempotency key of the next request
	http        *http.Client
}

// connect finds the server: the one named, the one that runs on the data
// folder, or one inside this process.
func (a *App) connect(ctx context.Context) (*client, error) {
	if a.conn.client != nil {
		return a.conn.client, nil
	}
	if a.conn.server != "" {
		token := os.Getenv("STANCE_TOKEN")
		if token == "" {
			return nil, usage("--server needs an API token in the environment variable STANCE_TOKEN; make one with 'stance token make' or in the settings")
		}
		u, err := url.Parse(a.conn.server)
		if err != nil || u.Host == "" {
			return nil, usage("server address %q: want something like https://stance.example.com", a.conn.server)
		}
		a.conn.client = newClient(a.conn.server, token)
		return a.conn.client, nil
	}
	if c := running(ctx, a.conn.data); c != nil {
		a.conn.client = c
		return c, nil
	}
	l, err := a.Local(ctx, a.conn.data)
	if err != nil {
		return nil, undecided(err)
	}
	a.conn.stop, a.conn.client = l.Stop, newClient(l.URL, l.Token)
	return a.conn.client, nil
}

// running returns a client for the server that runs on a data folder, or nil.
func running(ctx context.Context, data string) *client {
	address, err := os.ReadFile(filepath.Join(data, "address"))
	if err != nil {
		return nil
	}
	token, err := os.ReadFile(filepath.Join(data, "local-token"))
	if err != nil {
		return nil
	}
	c := newClient(strings.TrimSpace(string(address)), strings.TrimSpace(string(token)))
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if c.call(ctx, http.MethodGet, "/api/v1/me", nil, nil, nil) != nil {
		return nil
	}
	return c
}

func newClient(base, token string) *client {
	return &client{base: strings.TrimSuffix(base, "/"), token: token, http: &http.Client{}}
}

// problem is what the server says is wrong (RFC 9457).
type problem struct {
	Status int `json:"status"`
	// After is how long the server asks to wait before the same request is
	// made again; 0 when it doesn't.
	After  time.Duration `json:"-"`
	Title  string        `json:"title"`
	Detail string        `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

// Error implements error.
func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, e := range p.Errors {
		text += "\n  " + strings.TrimPrefix(e.Location+": ", ": ") + e.Message
	}
	return text
}

// call makes one request. in is sent as JSON, or as it is when it is a
// reader; out takes the JSON answer.
func (c *client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	resp, err := c.do(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return undecided(fmt.Errorf("read the server's answer: %w", err))
	}
	return nil
}

// callKeyed posts a body under an idempotency key: repeated, it answers as the
// first time.
func (c *client) callKeyed(ctx context.Context, path string, query url.Values, key string, in io.Reader, out any) error {
	keyed := *c
	keyed.key = key
	return keyed.call(ctx, http.MethodPost, path, query, in, out)
}

// busy reports whether the server asked to come back later.
func busy(err error) bool {
	var p *problem
	return errors.As(err, &p) && p.Status == http.StatusTooManyRequests
}

func (c *client) do(ctx context.Context, method, path string, query url.Values, in any) (*http.Response, error) {
	var body io.Reader
	kind := ""
	switch v := in.(type) {
	case nil:
	case io.Reader:
		body, kind = v, "application/octet-stream"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		body, kind = bytes.NewReader(b), "application/json"
	}
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if _, ok := in.(io.Reader); ok { // a server without room says so before it is sent
		req.Header.Set("Expect", "100-continue")
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, undecided(fmt.Errorf("reach the server at %s: %w", c.base, errors.Unwrap(err)))
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	p := &problem{Status: resp.StatusCode, Title: resp.Status}
	b, readErr := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if readErr == nil && json.Unmarshal(b, p) != nil {
		p.Detail = strings.TrimSpace(string(b))
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		p.After = time.Duration(s) * time.Second
	}
	code := ExitUsage
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		code = ExitUndecided
	}
	return nil, &exit{code, p}
}

// follow reads a report's events until it is done.
func (c *client) follow(ctx context.Context, id string, each func(httpapi.Report)) (httpapi.Report, error) {
	var last httpapi.Report
	resp, err := c.do(ctx, http.MethodGet, "/api/v1/reports/"+id+"/events", nil, nil)
	if err != nil {
		return last, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		line := lines.Text()
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			event = v
		}
		v, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(v), &last); err != nil {
			return last, undecided(fmt.Errorf("read the server's events: %w", err))
		}
		if event == "done" {
			return last, nil
		}
		each(last)
	}
	if err := lines.Err(); err != nil {
		return last, undecided(fmt.Errorf("follow report %s: %w", id, err))
	}
	return last, undecided(fmt.Errorf("the server stopped while it applied report %s; it goes on when the server is back", id))
}
