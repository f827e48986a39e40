// Package rest reads the REST APIs of products that people move from: page by
// page, with patience for limits and hiccups, and without ever writing.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client asks one server. Its token is in a header and never in an error.
type Client struct {
	Base   string      // without a path that the product's API begins with
	Header http.Header // authorisation
	HTTP   *http.Client
	// Wait passes the time before another try; it ends early with the context.
	Wait func(ctx context.Context, d time.Duration) error
}

// New makes a client with the usual patience.
func New(base string, header http.Header) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("server address %q: want something like https://defectdojo.example.com", base)
	}
	return &Client{Base: strings.TrimSuffix(base, "/"), Header: header, HTTP: &http.Client{Timeout: 5 * time.Minute}, Wait: wait}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Error is an answer that is none.
type Error struct {
	Status int
	Path   string
	Text   string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("GET %s: %d %s %s", e.Path, e.Status, http.StatusText(e.Status), e.Text)
}

// Missing reports whether an error says that something is not there, or not
// for this token.
func Missing(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusForbidden || e.Status == http.StatusMethodNotAllowed)
}

const (
	tries   = 6
	maxWait = time.Minute
)

// Get asks for one thing and returns the answer, to be closed by the caller.
// A server that is busy (429) or not quite there (502 to 504) is asked again,
// after the time it names or ever longer ones.
func (c *Client) Get(ctx context.Context, path string, q url.Values) (*http.Response, error) {
	u := c.Base + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	var last error
	for try := range tries {
		if try > 0 {
			if err := c.Wait(ctx, pause(try, last)); err != nil {
				return nil, err
			}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return nil, err
		}
		req.Header = c.Header.Clone()
		resp, err := c.HTTP.Do(req)
		if err != nil {
			last = fmt.Errorf("GET %s: %w", path, err)
			continue
		}
		if resp.StatusCode < 300 {
			return resp, nil
		}
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 300)) // an excerpt for people
		resp.Body.Close()
		failed := &Error{resp.StatusCode, path, strings.TrimSpace(string(b))}
		switch resp.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			last = &later{failed, resp.Header.Get("Retry-After")}
		default:
			return nil, failed
		}
	}
	return nil, fmt.Errorf("after %d tries: %w", tries, last)
}

// later is a failure that may pass.
type later struct {
	failed *Error
	after  string
}

// Error implements error.
func (l *later) Error() string { return l.failed.Error() }

// Unwrap returns the failure.
func (l *later) Unwrap() error { return l.failed }

func pause(try int, last error) time.Duration {
	var l *later
	if errors.As(last, &l) {
		if s, err := strconv.Atoi(l.after); err == nil && s >= 0 {
			return min(time.Duration(s)*time.Second, maxWait)
		}
	}
	return min(time.Second<<(try-1), maxWait)
}

// JSON asks for one thing and reads it.
func (c *Client) JSON(ctx context.Context, path string, q url.Values, into any) (http.Header, error) {
	resp, err := c.Get(ctx, path, q)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return nil, fmt.Errorf("read the answer to GET %s: %w", path, err)
	}
	return resp.Header, nil
}
