package storetest

import (
	"errors"
	"fmt"

	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// reports tests the ledger of what was sent.
func reports() map[string]func(*world) {
	return map[string]func(*world){
		"duplicates":            duplicates,
		"A, B, A":               backAgain,
		"A, B, A while B waits": backAgainWaiting,
		"idempotency key":       idempotency,
		"applied once":          appliedOnce,
		"pages":                 reportPages,
		"result":                reportResult,
	}
}

func shopSubmission() receive.Submission {
	return receive.Submission{Application: "shop", Asset: "repo", Ref: "main", Name: "a.json"}
}

// send commits bytes and applies them unless they are a duplicate or have to
// wait.
func (w *world) send(digest string, wait bool, s scan) (receive.Accepted, bool) {
	w.Helper()
	sub := shopSubmission()
	r := w.accept("", digest, sub)
	if r.DuplicateOf != "" || wait {
		return r, r.DuplicateOf != ""
	}
	w.now = w.now.AddDate(0, 0, 1)
	_, err := w.apply(r, sub, &s)
	w.must(err)
	return r, false
}

func duplicates(w *world) {
	first, _ := w.send("aa", true, scan{})
	again, dup := w.send("aa", true, scan{})
	if !dup || again.DuplicateOf != first.ID {
		w.Errorf("the same bytes while the first wait: duplicate of %q, want %q", again.DuplicateOf, first.ID)
	}
	sub := shopSubmission()
	_, err := w.apply(first, sub, &scan{tool: "alpha", obs: vulns(1)})
	w.must(err)
	if _, dup := w.send("aa", true, scan{}); !dup {
		w.Error("the same bytes after the first were applied are no duplicate")
	}
	other := sub
	other.Ref = "feature"
	if r := w.accept("", "aa", other); r.DuplicateOf != "" {
		w.Error("the same bytes for another ref are taken for a duplicate")
	}
	r, err := w.Store.Report(w.ctx, w.tenant, again.ID)
	w.must(err)
	if !r.Duplicate || r.State != posture.ReportApplied {
		w.Errorf("duplicate %t, state %s", r.Duplicate, r.State)
	}
	if _, waiting, err := w.Store.Waiting(w.ctx, w.tenant, again.ID); waiting || err != nil {
		w.Errorf("a duplicate waits for a worker (%v)", err)
	}
}

func backAgain(w *world) {
	w.send("aa", false, scan{tool: "alpha", obs: vulns(1)})
	w.send("bb", false, scan{tool: "alpha", obs: vulns(2)})
	if _, dup := w.send("aa", false, scan{tool: "alpha", obs: vulns(1)}); dup {
		w.Fatal("A after B is taken for a duplicate")
	}
	w.want("open high "+vulnTitle(1), "resolved high "+vulnTitle(2))
	if _, dup := w.send("aa", false, scan{}); !dup {
		w.Error("A after A is no duplicate")
	}
}

func backAgainWaiting(w *world) {
	w.send("aa", false, scan{tool: "alpha", obs: vulns(1)})
	w.send("bb", true, scan{})
	if _, dup := w.send("aa", true, scan{}); dup {
		w.Error("A is taken for a duplicate although B waits: once B is applied, A is news")
	}
}

func idempotency(w *world) {
	sub := shopSubmission()
	if known, err := w.Store.Requested(w.ctx, w.tenant, "key-1"); err != nil || known {
		w.Errorf("a key that nobody used is known: %v, %v", known, err)
	}
	a := w.accept("key-1", "aa", sub)
	if known, err := w.Store.Requested(w.ctx, w.tenant, "key-1"); err != nil || !known {
		w.Errorf("a key that was used is known: %v, %v", known, err)
	}
	if known, err := w.Store.Requested(w.ctx, w.tenant+1, "key-1"); err != nil || known {
		w.Errorf("the key of one tenant is known to another: %v, %v", known, err)
	}
	b := w.accept("key-1", "bb", sub)
	if a.ID != b.ID {
		w.Errorf("the same key gave reports %s and %s", a.ID, b.ID)
	}
	if b.Digest != "aa" || b.Submission.Application != "shop" {
		w.Errorf("the second answer is %+v, want the first request's report", b)
	}
	c := w.accept("key-2", "cc", sub)
	if c.ID == a.ID {
		w.Error("another key gave the same report")
	}
	list, _, err := w.Store.Reports(w.ctx, w.tenant, "", "", 10)
	w.must(err)
	if len(list) != 2 {
		w.Errorf("%d reports, want 2", len(list))
	}
}

// appliedOnce: a job that comes twice changes nothing the second time.
func appliedOnce(w *world) {
	sub := shopSubmission()
	r := w.accept("", "aa", sub)
	if _, waiting, err := w.Store.Waiting(w.ctx, w.tenant, r.ID); !waiting || err != nil {
		w.Fatalf("waiting %t, %v", waiting, err)
	}
	_, err := w.apply(r, sub, &scan{tool: "alpha", obs: vulns(1, 2)})
	w.must(err)
	before := w.Rows(w)
	if _, err := w.apply(r, sub, &scan{tool: "alpha", obs: vulns(3)}); !errors.Is(err, apply.ErrApplied) {
		w.Errorf("applying twice gives %v, want ErrApplied", err)
	}
	for table, n := range w.Rows(w) {
		if before[table] != n {
			w.Errorf("table %s: %d rows, had %d", table, n, before[table])
		}
	}
	if _, waiting, err := w.Store.Waiting(w.ctx, w.tenant, r.ID); waiting || err != nil {
		w.Errorf("waiting %t, %v after it was applied", waiting, err)
	}
}

func reportPages(w *world) {
	for i := range 7 {
		sub := shopSubmission()
		if i%2 == 1 {
			sub.Application = "other"
		}
		w.accept("", fmt.Sprint("d", i), sub)
	}
	for app, want := range map[string]int{"": 7, "shop": 4, "other": 3, "none": 0} {
		seen, cursor := map[string]bool{}, ""
		for range 10 {
			list, next, err := w.Store.Reports(w.ctx, w.tenant, app, cursor, 2)
			w.must(err)
			for _, r := range list {
				seen[r.ID] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(seen) != want {
			w.Errorf("%q: %d reports, want %d", app, len(seen), want)
		}
	}
	var bad *posture.BadQuery
	if _, _, err := w.Store.Reports(w.ctx, w.tenant, "", "x", 2); !errors.As(err, &bad) {
		w.Errorf("bad cursor: %v", err)
	}
}

func reportResult(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	w.scan(scan{obs: vulns(2, 3), faults: 1, at: day(2), part: true})
	r, err := w.Store.Report(w.ctx, w.tenant, w.last)
	w.must(err)
	res := r.Result
	if res.Records != 3 || res.Observations != 2 || res.New != 1 || res.Unchanged != 1 || res.Quarantined != 1 || r.State != posture.ReportApplied {
		w.Errorf("%s: %+v", r.State, res)
	}
	if r.Asset != "github.com/acme/shop" || r.Application != "shop" || len(r.Tools) != 1 || r.Full || !r.ScannedAt.Equal(day(2)) {
		w.Errorf("report %+v", r)
	}
	q, n, err := w.Store.Quarantine(w.ctx, w.tenant, w.last, 10)
	if err != nil || n != 1 || len(q) != 1 || q[0].Record != 2 || q[0].Reason == "" || q[0].Raw != `"oops"` {
		w.Errorf("quarantine %+v of %d, %v", q, n, err)
	}
}
