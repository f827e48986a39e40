package node

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/adapter/bucket/buckettest"
	"github.com/stance-aspm/stance/domain/tenant"
)

// looker watches a bucket for a node; the test makes its looks.
func looker(w *world, address string) *bucketWatch {
	w.Helper()
	b, err := newBucketWatch(address, tenant.Default, w.n.receive, w.n.db, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func (w *bucketWatch) mustLook(t *testing.T) {
	t.Helper()
	if err := w.look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var stored = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// TestBucket takes what is new in a bucket once, also when the server starts
// anew, with what the address and the object's metadata say of it.
func TestBucket(t *testing.T) {
	s, w := buckettest.Start(t), newWorld(t)
	address := s.Address("in/", "&application=shop&asset_kind=repository&asset=shop/web")
	s.Put("in/b.sarif", sarifOf("R2"), stored, nil)
	s.Put("in/a.sarif", sarifOf("R1"), stored.Add(time.Hour), map[string]string{"Stance-Asset": "shop/api", "Stance-Ref": "main"})
	s.Put("in/c.sarif.part", sarifOf("R3"), stored, nil)
	s.Put("in/folder/", "", stored, nil)
	s.Put("out/d.sarif", sarifOf("R4"), stored, nil)
	b := looker(w, address)
	b.mustLook(t)
	got := map[string]string{}
	list := w.applied(2) // the newest first
	for _, r := range list {
		got[r.Name] = fmt.Sprint(r.Application, " ", r.Asset, " ", r.Ref, " ", r.By)
	}
	by := "bucket s3://" + buckettest.Name + "/in/"
	if got["a.sarif"] != "shop shop/api main "+by || got["b.sarif"] != "shop shop/web  "+by {
		t.Errorf("the reports are %v", got)
	}
	if list[0].Name != "a.sarif" {
		t.Error("what was stored first was not taken first")
	}
	b.mustLook(t)
	looker(w, address).mustLook(t) // as after a restart
	if s.Gets() != 2 {
		t.Errorf("%d objects were fetched, want 2", s.Gets())
	}
	w.applied(2)
}

// TestBucketBackAndForth: content that comes back after another one is news,
// or the findings would stay with what the middle one said.
func TestBucketBackAndForth(t *testing.T) {
	s, w := buckettest.Start(t), newWorld(t)
	b := looker(w, s.Address("", "&application=shop&asset=shop/web&asset_kind=repository"))
	for i, rule := range []string{"R1", "R2", "R1"} {
		s.Put("latest.sarif", sarifOf(rule), stored.Add(time.Duration(i)*time.Minute), nil)
		b.mustLook(t)
		w.applied(i + 1)
	}
	if _, body := w.do("GET", "/api/v1/findings?state=open", w.token("read"), ""); !strings.Contains(body, "flaw of R1") || strings.Contains(body, "flaw of R2") {
		t.Errorf("open after R1, R2, R1: %s", body)
	}
}

// TestBucketTroubles: a line that breaks and a server that is busy delay a
// report; one that can't be a report is fetched once.
func TestBucketTroubles(t *testing.T) {
	s, w := buckettest.Start(t), newWorld(t)
	b := looker(w, s.Address("", ""))
	s.Put("a.sarif", sarifOf("R1"), stored, nil)
	s.Cut(true)
	b.mustLook(t)
	w.applied(0)
	s.Cut(false)
	free := b.receive
	busy := *free
	busy.Ledger = full{free.Ledger}
	b.receive = &busy
	b.mustLook(t)
	w.applied(0)
	b.receive = free
	b.mustLook(t)
	w.applied(1)
	s.Put("empty.json", "", stored, nil)
	s.Put("wrong.sarif", sarifOf("R2"), stored, map[string]string{"Stance-Scope": "half"})
	before := s.Gets()
	for range 3 {
		b.mustLook(t)
	}
	if s.Gets() != before+2 {
		t.Errorf("what was refused was fetched %d times, want 2", s.Gets()-before)
	}
	w.applied(1)
	s.Close()
	if err := b.look(t.Context()); err == nil {
		t.Error("a server that is away gives no error")
	}
}

// TestBucketEvents tells a node that lists once an hour of an object: it is
// fetched at once. Who tells needs a token that may import.
func TestBucketEvents(t *testing.T) {
	s := buckettest.Start(t)
	w := worldOf(t, Config{Buckets: []string{s.Address("in/", "&every=1h&application=shop")}})
	const path = "/api/v1/buckets/events"
	event := func(bucket, key string) string {
		return fmt.Sprintf(`{"EventName":"s3:ObjectCreated:Put","Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q}}}]}`, bucket, key)
	}
	may := w.token("import")
	if code, _ := w.do("POST", path, w.token("read"), event(buckettest.Name, "in/a.sarif")); code != http.StatusForbidden {
		t.Errorf("a token that may not import: %d", code)
	}
	if code, body := w.do("POST", path, may, `{"hello":"world"}`); code != http.StatusUnprocessableEntity || !strings.Contains(body, "EventBridge") {
		t.Errorf("no event: %d %s", code, body)
	}
	for _, e := range []string{event("another", "in/a.sarif"), event(buckettest.Name, "out/a.sarif")} {
		if code, body := w.do("POST", path, may, e); code != http.StatusAccepted || !strings.Contains(body, `"ignored":1`) || !strings.Contains(body, `"noted":0`) {
			t.Errorf("another place: %d %s", code, body)
		}
	}
	w.do("POST", path, may, event(buckettest.Name, "in%2Fnever.sarif")) // gone before it is fetched
	s.Put("in/a.sarif", sarifOf("R1"), stored, nil)
	for range 2 { // events come more than once
		if code, body := w.do("POST", path, may, event(buckettest.Name, "in%2Fa.sarif")); code != http.StatusAccepted || !strings.Contains(body, `"noted":1`) {
			t.Fatalf("the event: %d %s", code, body)
		}
	}
	if r := w.applied(1)[0]; r.Application != "shop" || r.Name != "a.sarif" {
		t.Errorf("the report is %+v", r)
	}
}

// TestBucketFlood: more events than wait turn into one listing.
func TestBucketFlood(t *testing.T) {
	s, w := buckettest.Start(t), newWorld(t)
	b := looker(w, s.Address("", "&every=1h"))
	for i := range maxNudges + 10 {
		b.hear(fmt.Sprint(i, ".sarif"))
	}
	if len(b.nudge) != maxNudges || len(b.all) != 1 {
		t.Errorf("%d events wait, %d listings are due", len(b.nudge), len(b.all))
	}
}

// TestBucketConfig refuses addresses that say what nobody knows.
func TestBucketConfig(t *testing.T) {
	for address, want := range map[string]string{
		"reports": "s3://BUCKET", "s3://reports?aplication=shop": "aplication", "s3://reports?scope=half": "half",
	} {
		n, err := Open(t.Context(), Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Buckets: []string{address}}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err == nil {
			t.Errorf("%s: no error", address)
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %q", address, err, want)
		}
	}
}
