// Package ui carries the built web application inside the binary and serves
// it. A build without the application still compiles: the handler then shows
// a page that says how to build it.
package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// dist is what "make ui" builds; a placeholder keeps the folder in place.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the web application: its files, and its first page for every
// address that the application itself knows what to do with.
func Handler() http.Handler {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for a malformed name, which "dist" is not
	}
	return handler(sub)
}

// handler serves the application found in files.
func handler(files fs.FS) http.Handler {
	s := site{}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return nil // an unreadable part of an embedded tree does not exist
		}
		b, err := fs.ReadFile(files, name)
		if err == nil {
			s["/"+name] = newPage(name, b)
		}
		return nil
	})
	if s[index] == nil {
		s[index] = newPage("index.html", []byte(unbuilt))
	}
	return s
}

const (
	index = "/index.html"
	// assets is where the build puts files whose names change with their
	// content, so that they may be kept for ever.
	assets = "/assets/"
)

// unbuilt is shown by a binary that was built without the web application.
const unbuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Stance</title>
<h1>The web application is not part of this build</h1>
<p>Build it with <code>make ui</code>, then build Stance again. The API under <code>/api/v1</code> and the command line work without it.</p>
</html>
`

// site maps addresses to pages.
type site map[string]*page

// ServeHTTP implements http.Handler.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this address can only be read", http.StatusMethodNotAllowed)
		return
	}
	p, ok := s[path.Clean(r.URL.Path)]
	switch {
	case ok:
		p.serve(w, r, strings.HasPrefix(r.URL.Path, assets))
	case wantsPage(r):
		s[index].serve(w, r, false)
	default:
		http.NotFound(w, r)
	}
}

// wantsPage reports whether an address without a file is one of the
// application's own, opened or reloaded in a browser. What asks for a script
// or style of an older build must get an error instead of a page.
func wantsPage(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, assets) || strings.HasPrefix(r.URL.Path, "/api/") {
		return false
	}
	return r.URL.Path == "/" || strings.Contains(r.Header.Get("Accept"), "text/html")
}

// page is one file, ready to be sent.
type page struct {
	name, kind, tag string
	plain           []byte
	// packed returns the file compressed, or nil where that is no gain. The
	// work is done once, when it is first asked for.
	packed func() []byte
}

func newPage(name string, b []byte) *page {
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".js" {
		kind = "text/javascript; charset=utf-8" // not what the machine's table of types happens to say
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	sum := sha256.Sum256(b)
	return &page{
		name: name, kind: kind, tag: hex.EncodeToString(sum[:12]), plain: b,
		packed: sync.OnceValue(func() []byte { return pack(kind, b) }),
	}
}

func (p *page) serve(w http.ResponseWriter, r *http.Request, forever bool) {
	h := w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("Cache-Control", "no-cache") // kept, but asked about each time
	if forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	body, tag := p.plain, p.tag
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if z := p.packed(); z != nil {
			h.Set("Content-Encoding", "gzip")
			body, tag = z, p.tag+"-gzip"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, p.name, time.Time{}, bytes.NewReader(body))
}

// pack compresses text; images are compressed already.
func pack(kind string, b []byte) []byte {
	text := strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg") || strings.Contains(kind, "javascript")
	if !text || len(b) < 1000 {
		return nil
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(b); err != nil || z.Close() != nil || out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

// takesGzip reads an Accept-Encoding header; "gzip;q=0" refuses it.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q := strings.ReplaceAll(params, " ", "")
		return !strings.HasPrefix(q, "q=0") || strings.Trim(q, "q=0.") != ""
	}
	return false
}
