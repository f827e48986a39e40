package ui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	script = "console.log('a script that is long enough to be worth its compression')\n"
	home   = "<!doctype html><title>Stance</title>"
)

func built() http.Handler {
	return handler(fstest.MapFS{
		"index.html":         {Data: []byte(home)},
		"theme.js":           {Data: []byte("'use strict'")},
		"icon.svg":           {Data: []byte("<svg/>")},
		"assets/app-1a2b.js": {Data: []byte(strings.Repeat(script, 50))},
		".keep":              {},
	})
}

func get(t *testing.T, h http.Handler, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPaths(t *testing.T) {
	const page = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, tt := range []struct {
		name, path, accept string
		status             int
		body, cache        string
	}{
		{"the first page", "/", page, 200, home, "no-cache"},
		{"the first page without a browser", "/", "", 200, home, "no-cache"},
		{"a page of the application", "/findings/0199a2b4", page, 200, home, "no-cache"},
		{"a page with a dot in its name", "/applications/api.v2", page, 200, home, "no-cache"},
		{"a file that keeps its name", "/theme.js", "*/*", 200, "'use strict'", "no-cache"},
		{"a file whose name holds its hash", "/assets/app-1a2b.js", "*/*", 200, strings.Repeat(script, 50), "public, max-age=31536000, immutable"},
		{"a script of an older build", "/assets/app-0000.js", "*/*", 404, "", ""},
		{"an asset opened as a page", "/assets/app-0000.js", page, 404, "", ""},
		{"an API path that does not exist", "/api/v1/nothing", page, 404, "", ""},
		{"something that wants no page", "/favicon.png", "image/png", 404, "", ""},
		{"the placeholder", "/.keep", "*/*", 404, "", ""},
		{"a way out of the folder", "/assets/../../embed.go", "*/*", 404, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, built(), tt.path, "Accept", tt.accept)
			if r.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", r.StatusCode, tt.status)
			}
			if tt.status != 200 {
				return
			}
			if got := body(t, r); got != tt.body {
				t.Errorf("body %.60q, want %.60q", got, tt.body)
			}
			if got := r.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("Cache-Control %q, want %q", got, tt.cache)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	for path, want := range map[string]string{
		"/":                   "text/html; charset=utf-8",
		"/assets/app-1a2b.js": "text/javascript; charset=utf-8",
		"/icon.svg":           "image/svg+xml",
	} {
		if got := get(t, built(), path).Header.Get("Content-Type"); got != want {
			t.Errorf("%s has type %q, want %q", path, got, want)
		}
	}
}

func TestGzip(t *testing.T) {
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip": true, "GZIP": true, "gzip;q=0.5": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false,
	} {
		r := get(t, built(), "/assets/app-1a2b.js", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding %q: packed %v, want %v", accept, got, packed)
			continue
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: a cache would mix up the two forms", accept)
		}
		text := body(t, r)
		if packed {
			z, err := gzip.NewReader(bytes.NewReader([]byte(text)))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if text != strings.Repeat(script, 50) {
			t.Errorf("Accept-Encoding %q: another content came", accept)
		}
	}
	if r := get(t, built(), "/", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("a page too small to gain was packed")
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	h := built()
	first := get(t, h, "/")
	tag := first.Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if r := get(t, h, "/", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
		t.Errorf("status %d, want 304", r.StatusCode)
	}
}

func TestOnlyReading(t *testing.T) {
	w := httptest.NewRecorder()
	built().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestWithoutBuild(t *testing.T) {
	h := handler(fstest.MapFS{".keep": {}})
	r := get(t, h, "/findings", "Accept", "text/html")
	if got := body(t, r); r.StatusCode != 200 || !strings.Contains(got, "make ui") {
		t.Errorf("status %d, body %.80q: want a page that tells how to build", r.StatusCode, got)
	}
}

// TestEmbedded looks at what this very binary carries, built or not.
func TestEmbedded(t *testing.T) {
	r := get(t, Handler(), "/", "Accept", "text/html")
	if got := body(t, r); r.StatusCode != 200 || !strings.Contains(got, "Stance") {
		t.Errorf("status %d, body %.80q", r.StatusCode, got)
	}
}
