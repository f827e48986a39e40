package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Client downloads feeds. Make it with [NewClient]; it is safe for concurrent
// use once made.
type Client struct {
	http     *http.Client
	agent    string
	dir      string
	maxBytes int64
	timeout  time.Duration
	attempts int
	pause    func(context.Context, time.Duration) error
}

// Options tune a Client; the zero value is sound.
type Options struct {
	// Transport replaces the default one, for proxies and own certificates.
	Transport http.RoundTripper
	// Dir is where downloads are put until they are closed; the system's
	// folder for temporary files by default.
	Dir string
	// MaxBytes bounds a download; 256 MiB by default.
	MaxBytes int64
	// Timeout bounds one attempt; five minutes by default.
	Timeout time.Duration
	// Attempts bounds how often a download is tried; four by default.
	Attempts int
	// Pause waits between attempts and ends early when the context does; a
	// timer by default.
	Pause func(context.Context, time.Duration) error
}

// NewClient makes a client that introduces itself as "stance/VERSION".
func NewClient(version string, o Options) *Client {
	c := &Client{
		http: &http.Client{Transport: o.Transport}, agent: "stance/" + version,
		dir: o.Dir, maxBytes: o.MaxBytes, timeout: o.Timeout, attempts: o.Attempts, pause: o.Pause,
	}
	if c.maxBytes <= 0 {
		c.maxBytes = 256 << 20
	}
	if c.timeout <= 0 {
		c.timeout = 5 * time.Minute
	}
	if c.attempts <= 0 {
		c.attempts = 4
	}
	if c.pause == nil {
		c.pause = sleep
	}
	return c
}

// Validator is what a server gave to ask later whether a file has changed.
type Validator struct {
	ETag         string
	LastModified string
}

// Download is a fetched file. Close removes it.
type Download struct {
	Source Source
	// Validator goes into the next Fetch of the source.
	Validator Validator
	// Modified is the server's date of the file; zero when it gives none.
	Modified time.Time
	Bytes    int64
	// SHA256 is the hex digest of the file as it came over the wire.
	SHA256 string

	file *os.File
}

// Parse reads the download from its beginning, see [Parse]. A feed without a
// date of its own gets the server's.
func (d *Download) Parse(row func(Row) error) (Meta, error) {
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return Meta{}, fmt.Errorf("read download of %s: %w", d.Source.URL, err)
	}
	m, err := Parse(d.file, d.Source.Kind, row)
	if m.AsOf.IsZero() {
		m.AsOf = d.Modified
	}
	return m, err
}

// Close removes the downloaded file.
func (d *Download) Close() error {
	return errors.Join(d.file.Close(), os.Remove(d.file.Name()))
}

// ErrNotModified means that the file is still the one that the validator
// came with.
var ErrNotModified = errors.New("not modified")

// StatusError is an answer that is no file.
type StatusError struct {
	Status int
	// RetryAfter is how long the server asks to wait; zero if it does not.
	RetryAfter time.Duration
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
}

// temporary reports whether another attempt may help.
func (e *StatusError) temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// Fetch downloads a source unless it is still the one that prior came with,
// then the error is [ErrNotModified]. Network errors and the answers 408, 429
// and 5xx are tried again with growing pauses. A body shorter than announced
// is an error. The caller closes the download.
func (c *Client) Fetch(ctx context.Context, s Source, prior Validator) (*Download, error) {
	for attempt := 1; ; attempt++ {
		d, err := c.attempt(ctx, s, prior)
		if err == nil {
			return d, nil
		}
		var status *StatusError
		final := errors.Is(err, ErrNotModified) || errors.Is(err, ErrTooLarge) || errors.As(err, &status) && !status.temporary() || errors.Is(err, errLocal)
		if final || attempt >= c.attempts || ctx.Err() != nil {
			return nil, fmt.Errorf("fetch %s feed from %s: %w", s.Kind, s.URL, err)
		}
		wait := backoff(attempt)
		if status != nil && status.RetryAfter > 0 {
			wait = min(status.RetryAfter, maxPause)
		}
		if err := c.pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("fetch %s feed from %s: %w", s.Kind, s.URL, err)
		}
	}
}

// The pauses double from one second on, up to two minutes.
const firstPause, maxPause = time.Second, 2 * time.Minute

func backoff(attempt int) time.Duration {
	return min(firstPause<<min(attempt-1, 10), maxPause)
}

// errLocal marks what no other attempt can mend: a wrong address, a full disk.
var errLocal = errors.New("cannot be tried again")

func (c *Client) attempt(ctx context.Context, s Source, prior Validator) (*Download, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json, text/csv, application/gzip, */*;q=0.1")
	if prior.ETag != "" {
		req.Header.Set("If-None-Match", prior.ETag)
	}
	if prior.LastModified != "" {
		req.Header.Set("If-Modified-Since", prior.LastModified)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return nil, ErrNotModified
	case resp.StatusCode != http.StatusOK:
		return nil, &StatusError{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"))}
	case resp.ContentLength > c.maxBytes:
		return nil, fmt.Errorf("%w: %d bytes announced, at most %d allowed", ErrTooLarge, resp.ContentLength, c.maxBytes)
	}
	return c.save(resp, s)
}

// save writes the body to a file of its own, so that parsing never holds up
// the server and can be repeated.
func (c *Client) save(resp *http.Response, s Source) (d *Download, err error) {
	f, err := os.CreateTemp(c.dir, "stance-feed-*")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	d = &Download{Source: s, Validator: Validator{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")}, file: f}
	defer func() {
		if err != nil {
			_ = d.Close() // the first error tells more
			d = nil
		}
	}()
	if t, err := http.ParseTime(d.Validator.LastModified); err == nil {
		d.Modified = t.UTC()
	}
	digest := sha256.New()
	d.Bytes, err = io.Copy(io.MultiWriter(f, digest), io.LimitReader(resp.Body, c.maxBytes+1))
	if err != nil {
		return d, err
	}
	if d.Bytes > c.maxBytes {
		return d, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.maxBytes)
	}
	d.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return d, nil
}

// retryAfter reads the header in its form of seconds. The other form, a
// date, would need a clock; the usual pause does as well.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 3600))*time.Second, maxPause)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
