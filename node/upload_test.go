package node

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// tus makes one request of the protocol.
func (w *world) tus(method, path, token, body string, header ...string) *http.Response {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Tus-Resumable", "1.0.0")
	if method == "PATCH" {
		req.Header.Set("Content-Type", "application/offset+octet-stream")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		w.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

func (w *world) begin(token string, length int, meta string) string {
	w.Helper()
	resp := w.tus("POST", "/api/v1/uploads", token, "", "Upload-Length", strconv.Itoa(length), "Upload-Metadata", meta)
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Upload-Offset") != "0" || resp.Header.Get("Upload-Expires") == "" {
		b, _ := io.ReadAll(resp.Body)
		w.Fatalf("create: %d %v %s", resp.StatusCode, resp.Header, b)
	}
	return resp.Header.Get("Location")
}

// reports lists what was imported.
func (w *world) reports(token string) []httpapi.Report {
	w.Helper()
	code, body := w.do("GET", "/api/v1/reports", token, "")
	var l httpapi.ReportList
	if err := json.Unmarshal([]byte(body), &l); err != nil || code != http.StatusOK {
		w.Fatalf("%d %v %s", code, err, body)
	}
	return l.Items
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestUploadInPieces sends a report in two pieces as a tus client does.
func TestUploadInPieces(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	meta := "application " + b64("Shop") + ",filename " + b64("gitleaks.json") + ",filetype " + b64("application/json") + ",ref " + b64("main")
	at := w.begin(token, len(gitleaks), meta)
	half := len(gitleaks) / 2
	sum := sha1.Sum([]byte(gitleaks[:half]))
	good := "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
	for _, c := range []struct {
		name, method, body string
		header             []string
		code               int
		offset             string
	}{
		{"a wrong checksum", "PATCH", gitleaks[1 : half+1], []string{"Upload-Offset", "0", "Upload-Checksum", good}, 460, ""},
		{"an unknown checksum", "PATCH", gitleaks[:half], []string{"Upload-Offset", "0", "Upload-Checksum", "md4 eA=="}, 400, ""},
		{"nothing was kept", "HEAD", "", nil, 200, "0"},
		{"the first half", "PATCH", gitleaks[:half], []string{"Upload-Offset", "0", "Upload-Checksum", good}, 204, strconv.Itoa(half)},
		{"the same offset again", "PATCH", gitleaks[:half], []string{"Upload-Offset", "0"}, 409, ""},
		{"no offset", "PATCH", gitleaks[half:], nil, 422, ""},
		{"another type", "PATCH", gitleaks[half:], []string{"Upload-Offset", strconv.Itoa(half), "Content-Type", "text/plain"}, 415, ""},
		{"another version", "PATCH", gitleaks[half:], []string{"Upload-Offset", strconv.Itoa(half), "Tus-Resumable", "0.2.2"}, 412, ""},
		{"where is it", "HEAD", "", nil, 200, strconv.Itoa(half)},
		{"the rest, through a proxy that knows only POST", "POST", gitleaks[half:], []string{"Upload-Offset", strconv.Itoa(half), "X-HTTP-Method-Override", "PATCH", "Content-Type", "application/offset+octet-stream"}, 204, strconv.Itoa(len(gitleaks))},
	} {
		resp := w.tus(c.method, at, token, c.body, c.header...)
		if resp.StatusCode != c.code || resp.Header.Get("Upload-Offset") != c.offset {
			b, _ := io.ReadAll(resp.Body)
			t.Fatalf("%s: %d at %q, want %d at %q: %s", c.name, resp.StatusCode, resp.Header.Get("Upload-Offset"), c.code, c.offset, b)
		}
	}
	resp := w.tus("HEAD", at, token, "")
	if resp.Header.Get("Upload-Metadata") != meta || resp.Header.Get("Upload-Length") != strconv.Itoa(len(gitleaks)) || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD: %v", resp.Header)
	}
	rs := w.reports(token)
	if len(rs) != 1 || rs[0].ID != resp.Header.Get("Stance-Report") || rs[0].Application != "shop" || rs[0].Name != "gitleaks.json" || rs[0].Ref != "main" {
		t.Errorf("reports: %+v", rs)
	}
	if _, raw := w.do("GET", "/api/v1/reports/"+rs[0].ID+"/raw", w.token("admin"), ""); raw != gitleaks {
		t.Error("the report is not what was sent")
	}
	if left, _ := filepath.Glob(filepath.Join(w.n.cfg.DataDir, "uploads", "1", "*", "part-*")); len(left) > 0 {
		t.Errorf("the pieces are still there: %v", left)
	}
}

func TestUploadBeginning(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	resp := w.tus("OPTIONS", "/api/v1/uploads", token, "")
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Tus-Version") != "1.0.0" || !strings.Contains(resp.Header.Get("Tus-Extension"), "expiration") {
		t.Errorf("OPTIONS: %d %v", resp.StatusCode, resp.Header)
	}
	for name, c := range map[string]struct {
		length, meta string
		code         int
	}{
		"too large":        {"99999999999999", "", http.StatusRequestEntityTooLarge},
		"no length":        {"", "", http.StatusUnprocessableEntity},
		"unknown field":    {"5", "colour " + b64("red"), http.StatusUnprocessableEntity},
		"not base64":       {"5", "application !!", http.StatusBadRequest},
		"twice":            {"5", "name " + b64("a") + ",filename " + b64("b"), http.StatusBadRequest},
		"impossible scope": {"5", "scope " + b64("some"), http.StatusUnprocessableEntity},
	} {
		if resp := w.tus("POST", "/api/v1/uploads", token, "", "Upload-Length", c.length, "Upload-Metadata", c.meta); resp.StatusCode != c.code {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.code)
		}
	}
	// All in one request (creation-with-upload).
	resp = w.tus("POST", "/api/v1/uploads", token, gitleaks, "Upload-Length", strconv.Itoa(len(gitleaks)), "Content-Type", "application/offset+octet-stream")
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Upload-Offset") != strconv.Itoa(len(gitleaks)) || resp.Header.Get("Stance-Report") == "" {
		t.Errorf("in one request: %d %v", resp.StatusCode, resp.Header)
	}
	// Ended and never begun.
	at := w.begin(token, 10, "")
	for name, c := range map[string]struct {
		method, path string
		code         int
	}{
		"a stranger":  {"HEAD", "/api/v1/uploads/01a20ab0-7202-729c-8121-5f2ad40b50b0", http.StatusNotFound},
		"a path":      {"HEAD", "/api/v1/uploads/..%2f..%2fkeys", http.StatusNotFound},
		"termination": {"DELETE", at, http.StatusNoContent},
	} {
		if resp := w.tus(c.method, c.path, token, ""); resp.StatusCode != c.code {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.code)
		}
	}
	if resp := w.tus("PATCH", at, token, "x", "Upload-Offset", "0"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after its end: %d", resp.StatusCode)
	}
	// A refused report ends its upload.
	at = w.begin(token, 4, "")
	if resp := w.tus("PATCH", at, token, "PK\x05\x06", "Upload-Offset", "0"); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no archive: %d", resp.StatusCode)
	}
	if resp := w.tus("HEAD", at, token, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after it was refused: %d", resp.StatusCode)
	}
}

// TestUploadBreaksOff cuts the connection in the middle of a piece, and comes
// back while the server still waits for the old connection.
func TestUploadBreaksOff(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	at := w.begin(token, len(gitleaks), "")
	hang := func(offset, n int) net.Conn {
		c, err := net.Dial("tcp", w.srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n%s",
			at, token, offset, len(gitleaks)-offset, gitleaks[offset:offset+n])
		return c
	}
	offset := func() int {
		resp := w.tus("HEAD", at, token, "")
		n, err := strconv.Atoi(resp.Header.Get("Upload-Offset"))
		if err != nil {
			t.Fatalf("HEAD: %d %v", resp.StatusCode, resp.Header)
		}
		return n
	}
	wait := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); offset() != want; {
			if time.Now().After(deadline) {
				t.Fatalf("at %d, want %d", offset(), want)
			}
		}
	}
	c := hang(0, 100)
	c.Close()
	wait(100)
	c = hang(100, 50) // stays open and silent
	defer c.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		// HEAD interrupts the silent one, or came before it was begun.
		if n := offset(); n == 150 || time.Now().After(deadline) {
			break
		}
	}
	if got := offset(); got != 150 {
		t.Fatalf("at %d, want 150", got)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.Contains(line, "400") {
		t.Errorf("the interrupted request was answered %q", line)
	}
	if resp := w.tus("PATCH", at, token, gitleaks[150:], "Upload-Offset", "150"); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("the rest: %d", resp.StatusCode)
	}
	if _, raw := w.do("GET", "/api/v1/reports/"+w.reports(token)[0].ID+"/raw", w.token("admin"), ""); raw != gitleaks {
		t.Error("the report is not what was sent")
	}
}

// TestUploadRepairs puts an upload into the states that a crash leaves.
func TestUploadRepairs(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	s := receive.Submission{Name: "gitleaks.json"}
	begin := func() receive.Upload {
		up, err := w.n.uploads.Create(t.Context(), tenant.Default, s, int64(len(gitleaks)), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.n.pieces.Append(t.Context(), tenant.Default, up.ID, 0, strings.NewReader(gitleaks), receive.Checksum{}); err != nil {
			t.Fatal(err)
		}
		return up
	}
	// All bytes are durable, the report is not committed.
	up := begin()
	resp := w.tus("HEAD", "/api/v1/uploads/"+up.ID, token, "")
	first := resp.Header.Get("Stance-Report")
	if first == "" || len(w.reports(token)) != 1 {
		t.Fatalf("HEAD did not finish the upload: %d %v", resp.StatusCode, resp.Header)
	}
	// The report is committed, the mark is not written.
	dir := filepath.Join(w.n.cfg.DataDir, "uploads", "1", up.ID)
	if err := os.Remove(filepath.Join(dir, "done")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.n.pieces.Append(t.Context(), tenant.Default, up.ID, 0, strings.NewReader(gitleaks), receive.Checksum{}); err != nil {
		t.Fatal(err)
	}
	resp = w.tus("PATCH", "/api/v1/uploads/"+up.ID, token, "", "Upload-Offset", strconv.Itoa(len(gitleaks)))
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Stance-Report") != first || len(w.reports(token)) != 1 {
		t.Errorf("PATCH with nothing: %d %v, %d reports", resp.StatusCode, resp.Header, len(w.reports(token)))
	}
	// The sender never comes back.
	begin()
	w.n.sweepUploads(t.Context())
	if n := len(w.reports(token)); n != 2 {
		t.Errorf("the sweep made no report: %d", n)
	}
	// Time runs out.
	late := receive.Uploads{Receiver: &receive.Receiver{Now: func() time.Time { return now().Add(uploadLife + time.Minute) }}, Parts: w.n.pieces}
	if err := late.Sweep(t.Context(), tenant.Default, up.ID); err != nil {
		t.Fatal(err)
	}
	if resp := w.tus("HEAD", "/api/v1/uploads/"+up.ID, token, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after it expired: %d", resp.StatusCode)
	}
}
