package bucket

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/adapter/bucket/buckettest"
)

func TestParse(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-1")
	got, err := Parse("s3://reports/night/web?endpoint=http://store:9000&path_style=true&every=30s&application=shop&scope=part&credentials=/etc/keys&profile=scan")
	want := Config{Bucket: "reports", Prefix: "night/web", Endpoint: "store:9000", Plain: true, Region: "eu-1", PathStyle: true,
		Credentials: "/etc/keys", Profile: "scan", Every: 30 * time.Second, Fields: map[string]string{"application": "shop", "scope": "part"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	if got, err := Parse("s3://reports?endpoint=store.example.org"); err != nil || got.Plain || got.Prefix != "" || got.Every != time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	for raw, why := range map[string]string{
		"reports": "s3://BUCKET", "https://reports": "s3://BUCKET", "s3:///x": "s3://BUCKET", "s3://key:secret@reports": "don't belong",
		"s3://reports?every=1": "every", "s3://reports?every=1ms": "every", "s3://reports?path_style=maybe": "path_style",
		"s3://reports?endpoint=ftp://x": "endpoint", "s3://reports?endpoint=https://x/y": "endpoint", "s3://reports?region=a&region=b": "twice",
	} {
		if _, err := Parse(raw); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v, want something about %q", raw, err, why)
		}
	}
}

func open(t *testing.T, address string) *Bucket {
	t.Helper()
	c, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReads lists over several pages, and opens an object as it was listed or
// not at all.
func TestReads(t *testing.T) {
	s := buckettest.Start(t)
	at := time.Date(2026, 3, 1, 2, 3, 4, 567e6, time.UTC)
	for _, key := range []string{"other/x.json", "in/a.json", "in/deep/b ä+c.json", "in/c.json"} {
		s.Put(key, "text of "+key, at, map[string]string{"Stance-Asset-Kind": "image", "Stance-Ref": "main", "Owner": "me"})
	}
	b := open(t, s.Address("in/", ""))
	var keys []string
	var first Object
	for o, err := range b.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if keys = append(keys, o.Key); len(keys) == 3 {
			first = o
		}
	}
	if want := []string{"in/a.json", "in/c.json", "in/deep/b ä+c.json"}; !cmp.Equal(keys, want) {
		t.Errorf("listed %q, want %q", keys, want)
	}
	stat, err := b.Stat(t.Context(), first.Key)
	if err != nil || stat.ETag != first.ETag || !stat.Modified.Equal(first.Modified) {
		t.Errorf("looked at: %+v, %v; listed: %+v", stat, err, first)
	}
	body, fields, err := b.Get(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(text) != "text of "+first.Key {
		t.Errorf("%q, %v", text, err)
	}
	if want := map[string]string{"asset_kind": "image", "ref": "main"}; !cmp.Equal(fields, want) {
		t.Errorf("its metadata says %v, want %v", fields, want)
	}
	s.Put(first.Key, "another text", at, nil)
	if _, _, err := b.Get(t.Context(), first); !errors.Is(err, ErrChanged) {
		t.Errorf("an object in its place: %v", err)
	}
	if _, err := b.Stat(t.Context(), "in/none"); !errors.Is(err, ErrChanged) {
		t.Errorf("an object that is not there: %v", err)
	}
}

// TestKeys signs with what a file says, and is refused with wrong keys.
func TestKeys(t *testing.T) {
	s := buckettest.Start(t)
	s.Put("a", "a", time.Now(), nil)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	for _, err := range open(t, s.Address("", "")).List(t.Context()) {
		if err == nil || strings.Contains(err.Error(), "wrong") {
			t.Errorf("a wrong key: %v", err)
		}
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("[scan]\naws_access_key_id = "+buckettest.AccessKey+"\naws_secret_access_key = "+buckettest.SecretKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range open(t, s.Address("", "&profile=scan&credentials="+file)).List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d objects, want 1", n)
	}
}

func TestParseEvents(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []Event
	}{
		"S3": {`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:CompleteMultipartUpload","s3":{"bucket":{"name":"reports","arn":"arn:aws:s3:::reports"},"object":{"key":"in/a+b%2Bc.json","size":3,"eTag":"x"}}},
			{"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"reports"},"object":{"key":"in/gone.json"}}}]}`, []Event{{"reports", "in/a b+c.json"}}},
		"MinIO":       {`{"EventName":"s3:ObjectCreated:Put","Key":"reports/in/a.json","Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"reports"},"object":{"key":"in%2Fa.json"}}}]}`, []Event{{"reports", "in/a.json"}}},
		"EventBridge": {`{"version":"0","source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"reports"},"object":{"key":"in/a+b.json","etag":"x"},"reason":"PutObject"}}`, []Event{{"reports", "in/a+b.json"}}},
		"deleted":     {`{"detail-type":"Object Deleted","detail":{"bucket":{"name":"reports"},"object":{"key":"a"}}}`, nil},
		"test":        {`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"reports"}`, nil},
	} {
		got, err := ParseEvents([]byte(c.body))
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, bad := range []string{``, `{}`, `[]`, `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}]}`} {
		if got, err := ParseEvents([]byte(bad)); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}
