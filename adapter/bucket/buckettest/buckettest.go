// Package buckettest is a small S3 server for tests. It lists in pages,
// answers conditions, and lets nobody in whose request is not signed rightly
// (AWS Signature Version 4, computed here from its specification).
package buckettest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The keys that the server knows, and where it says to stand.
const (
	AccessKey = "AKTIDEWATCH"
	SecretKey = "tidewatch-secret-key"
	Region    = "nowhere-1"
	Name      = "reports"
)

// page is how many objects one answer lists: few, so that tests turn pages.
const page = 2

type stored struct {
	text     string
	modified time.Time
	meta     map[string]string
}

// Server is one bucket. Its zero value is not ready: use Start.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string]stored
	gets    int
	cut     bool
}

// Start runs a server until the test ends and puts its keys into the
// environment.
func Start(t *testing.T) *Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", SecretKey)
	s := &Server{objects: map[string]stored{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Address is the bucket under a prefix as people write it, with more options.
func (s *Server) Address(prefix, more string) string {
	return "s3://" + Name + "/" + prefix + "?path_style=true&region=" + Region + "&endpoint=" + url.QueryEscape(s.URL) + more
}

// Put stores an object.
func (s *Server) Put(key, text string, modified time.Time, meta map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = stored{text, modified, meta}
}

// Cut makes the server break off in the middle of objects, or end to do so.
func (s *Server) Cut(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = on
}

// Gets is how many objects were asked for.
func (s *Server) Gets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets
}

func (o stored) etag() string { return fmt.Sprintf("%x", md5.Sum([]byte(o.text))) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !signed(r) {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/"+Name)
	if r.URL.Query().Get("list-type") == "2" && strings.Trim(path, "/") == "" {
		s.list(w, r.URL.Query())
		return
	}
	o, ok := s.objects[strings.TrimPrefix(path, "/")]
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if want := r.Header.Get("If-Match"); want != "" && strings.Trim(want, `"`) != o.etag() {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	h := w.Header()
	for k, v := range o.meta {
		h.Set("X-Amz-Meta-"+k, v)
	}
	h.Set("ETag", `"`+o.etag()+`"`)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("Content-Length", fmt.Sprint(len(o.text)))
	h.Set("Content-Type", "application/octet-stream")
	if r.Method == http.MethodHead {
		return
	}
	s.gets++
	if s.cut {
		_, _ = w.Write([]byte(o.text[:len(o.text)/2])) // then the line breaks
		return
	}
	_, _ = w.Write([]byte(o.text))
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, code)
}

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	EncodingType          string
	KeyCount              int
	IsTruncated           bool
	NextContinuationToken string
	Contents              []entry
}

type entry struct {
	Key, LastModified, ETag string
	Size                    int
}

func (s *Server) list(w http.ResponseWriter, q url.Values) {
	l := listing{Name: Name, Prefix: q.Get("prefix"), EncodingType: q.Get("encoding-type")}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, l.Prefix) || key <= q.Get("continuation-token") {
			continue
		}
		if len(l.Contents) == page {
			l.IsTruncated = true
			break
		}
		o, name := s.objects[key], key
		l.NextContinuationToken = key
		if l.EncodingType == "url" {
			name = url.QueryEscape(key)
		}
		l.Contents = append(l.Contents, entry{name, o.modified.UTC().Format("2006-01-02T15:04:05.000Z"), `"` + o.etag() + `"`, len(o.text)})
	}
	l.KeyCount = len(l.Contents)
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(l) // the client may be gone
}

// signed computes the signature of a request and compares.
func signed(r *http.Request) bool {
	auth, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return false
	}
	part := map[string]string{}
	for p := range strings.SplitSeq(auth, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		part[k] = v
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return false
	}
	day := at.Format("20060102")
	scope := day + "/" + Region + "/s3/aws4_request"
	var headers strings.Builder
	for name := range strings.SplitSeq(part["SignedHeaders"], ";") {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"), headers.String(), part["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256"),
	}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + SecretKey)
	for _, step := range []string{day, Region, "s3", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(step)) // a hash does not fail
		key = mac.Sum(nil)
	}
	return part["Credential"] == AccessKey+"/"+scope && hmac.Equal([]byte(part["Signature"]), []byte(hex.EncodeToString(key)))
}
