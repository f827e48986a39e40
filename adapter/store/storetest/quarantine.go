package storetest

import (
	"context"
	"errors"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Quarantines keeps what could not be read, lets it be tried again, and tells
// the worker of it.
type Quarantines interface {
	Unread(ctx context.Context, t tenant.ID, f posture.UnreadFilter, cursor string, limit int) ([]posture.Unread, string, error)
	Replay(ctx context.Context, t tenant.ID, id string) error
	Fail(ctx context.Context, t tenant.ID, id, reason string) error
	Requests
}

// Requests says what became of what was asked for.
type Requests interface {
	Waiting(ctx context.Context, t tenant.ID, id string) (receive.Accepted, bool, error)
	Requested(ctx context.Context, t tenant.ID, key string) (bool, error)
}

// replays tests reports that are decoded again, and late scans that change
// what earlier ones were held for.
func replays() map[string]func(*world) {
	return map[string]func(*world){
		"unreadable records are read":       replayMore,
		"as another tool":                   replayElsewhere,
		"nothing is read any more":          replayLess,
		"failed again":                      replayFailed,
		"pages over all reports":            unreadPages,
		"a late scan holds an applied one":  lateHolds,
		"a late scan frees a held one":      lateFrees,
		"a replayed scan keeps its place":   replayKeepsPlace,
		"a confirmed scan stays so":         replayConfirmed,
		"quarantine of tenants stays apart": unreadTenants,
	}
}

// sent imports a scan and keeps what it takes to decode it again.
func (w *world) sent(s scan) (receive.Accepted, apply.Outcome) {
	w.Helper()
	s.defaults()
	sub := submission(&s)
	r := w.accept("", "", sub)
	out, err := w.apply(r, sub, &s)
	w.must(err)
	return r, out
}

// replay decodes a report again; what is read now is another scan.
func (w *world) replay(r receive.Accepted, s scan) (apply.Outcome, error) {
	w.Helper()
	s.defaults()
	w.must(w.Store.Replay(w.ctx, w.tenant, r.ID))
	again, waiting, err := w.Store.Waiting(w.ctx, w.tenant, r.ID)
	if err != nil || !waiting || again.Digest != r.Digest || !again.Received.Equal(r.Received) {
		w.Fatalf("replayed, it waits %t as %+v, %v", waiting, again, err)
	}
	w.last = r.ID
	return w.apply(r, again.Submission, &s)
}

func (w *world) state(id string) posture.Report {
	w.Helper()
	r, err := w.Store.Report(w.ctx, w.tenant, id)
	w.must(err)
	return r
}

func replayMore(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3)})
	r, out := w.sent(scan{obs: vulns(1), faults: 2, at: day(2)})
	if out.Held == "" {
		w.Fatal("a scan with unreadable records is not held")
	}
	out, err := w.replay(r, scan{obs: vulns(1, 2, 4), at: day(2)})
	w.must(err)
	w.outcome(out, 1, 0, 2, 0, 1)
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(4), "resolved high "+vulnTitle(3))
	if r := w.state(r.ID); r.State != posture.ReportApplied || r.Result.Quarantined != 0 || !r.ScannedAt.Equal(day(2)) {
		w.Errorf("the report is %+v", r)
	}
	before := w.Rows(w)
	if out, err = w.replay(r, scan{obs: vulns(1, 2, 4), at: day(2)}); err != nil {
		w.Fatal(err)
	}
	w.outcome(out, 0, 0, 3, 0, 0)
	for table, n := range w.Rows(w) {
		if n != before[table] {
			w.Errorf("replayed for nothing, table %s has %d rows, had %d", table, n, before[table])
		}
	}
}

func replayElsewhere(w *world) {
	r, _ := w.sent(scan{tool: "alpha", obs: vulns(1, 2)})
	_, err := w.replay(r, scan{tool: "beta", obs: vulns(2, 3)})
	w.must(err)
	w.want("resolved high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3))
}

func replayLess(w *world) {
	r, _ := w.sent(scan{obs: vulns(upTo(30)...)})
	for name, s := range map[string]scan{"nothing": {}, "a few": {obs: vulns(1, 2)}} {
		_, err := w.replay(r, s)
		if un := new(apply.Unreadable); !errors.As(err, &un) {
			w.Errorf("%s: %v, want Unreadable", name, err)
		}
		w.must(w.Store.Fail(w.ctx, w.tenant, r.ID, "less"))
		if r := w.state(r.ID); r.State != posture.ReportApplied || r.Result.New != 30 {
			w.Errorf("%s: the report is %+v", name, r)
		}
	}
	var want []string
	for _, n := range upTo(30) {
		want = append(want, "open high "+vulnTitle(n))
	}
	w.want(want...)
}

func replayFailed(w *world) {
	s := scan{}
	s.defaults()
	sub := submission(&s)
	r := w.accept("", "", sub)
	w.must(w.Store.Fail(w.ctx, w.tenant, r.ID, "no format"))
	list, _, err := w.Store.Unread(w.ctx, w.tenant, posture.UnreadFilter{}, "", 10)
	if len(list) != 1 || list[0].Kind != posture.UnreadReport || list[0].Reason != "no format" || list[0].Report != r.ID || err != nil {
		w.Fatalf("in quarantine: %+v, %v", list, err)
	}
	w.must(w.Store.Replay(w.ctx, w.tenant, r.ID))
	if list, _, err = w.Store.Unread(w.ctx, w.tenant, posture.UnreadFilter{}, "", 10); len(list) != 0 || err != nil {
		w.Errorf("while it waits: %+v, %v", list, err)
	}
	w.must(w.Store.Replay(w.ctx, w.tenant, r.ID)) // it waits already
	w.must(w.Store.Fail(w.ctx, w.tenant, r.ID, "still none"))
	if r := w.state(r.ID); r.State != posture.ReportFailed || r.Reason != "still none" {
		w.Errorf("failed again: %+v", r)
	}
	out, err := w.replay(r, scan{obs: vulns(1)})
	w.must(err)
	w.outcome(out, 1, 0, 0, 0, 0)
}

func unreadPages(w *world) {
	for i := range 3 {
		w.sent(scan{obs: vulns(i), faults: 2, at: day(i + 1)})
	}
	w.sent(scan{obs: vulns(1), at: day(9)})
	var got []string
	for cursor := ""; ; {
		list, next, err := w.Store.Unread(w.ctx, w.tenant, posture.UnreadFilter{Application: "shop", Kind: posture.UnreadRecord}, cursor, 1)
		w.must(err)
		for _, u := range list {
			got = append(got, u.Report)
			if u.Parts != 2 || u.Asset != "github.com/acme/shop" {
				w.Errorf("part %+v", u)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(got) != 6 || got[0] != got[1] || got[1] == got[2] || got[0] < got[5] {
		w.Errorf("pages give the parts of %v", got)
	}
	list, _, err := w.Store.Unread(w.ctx, w.tenant, posture.UnreadFilter{First: true}, "", 10)
	if len(list) != 3 || err != nil {
		w.Errorf("first parts: %+v, %v", list, err)
	}
}

// lateHolds: a scan that came in time closed one of few; one that comes late
// shows that it would close many.
func lateHolds(w *world) {
	w.sent(scan{obs: vulns(1, 2), at: day(1)})
	last, out := w.sent(scan{obs: vulns(1), at: day(3)})
	if out.Held != "" || out.Resolved != 1 {
		w.Fatalf("held %q, resolved %d", out.Held, out.Resolved)
	}
	w.sent(scan{obs: vulns(upTo(40)...), at: day(2)})
	r := w.state(last.ID)
	if r.State != posture.ReportHeld || r.Reason == "" || r.Result.WouldResolve == 0 {
		w.Fatalf("after the late scan the report is %+v", r)
	}
	w.must(w.applier().Confirm(w.ctx, w.tenant, last.ID, "ann", day(4)))
	if r := w.state(last.ID); r.State != posture.ReportApplied {
		w.Errorf("confirmed, the report is %+v", r)
	}
	for _, f := range w.rows(posture.Filter{}) {
		if open := f.Status == "open"; open != (f.Title == vulnTitle(1)) {
			w.Errorf("%s is %s", f.Title, f.Status)
		}
	}
}

// lateFrees: what a scan was held for is gone before it, as a late one shows.
func lateFrees(w *world) {
	w.sent(scan{obs: vulns(upTo(40)...), at: day(1)})
	last, out := w.sent(scan{obs: vulns(upTo(12)...), at: day(3)})
	if out.Held == "" {
		w.Fatal("a much smaller scan is not held")
	}
	w.sent(scan{obs: vulns(upTo(22)...), at: day(2)})
	if r := w.state(last.ID); r.State != posture.ReportApplied || r.Reason != "" {
		w.Errorf("after the late scan the report is %s (%s)", r.State, r.Reason)
	}
}

// replayKeepsPlace: of two scans of the same time the second counts, also
// after the first was decoded again.
func replayKeepsPlace(w *world) {
	first, _ := w.sent(scan{obs: vulns(1, 2), at: day(1)})
	w.sent(scan{obs: vulns(2, 3), at: day(1)})
	_, err := w.replay(first, scan{obs: vulns(1, 2, 4), at: day(1)})
	w.must(err)
	w.want("resolved high "+vulnTitle(1), "open high "+vulnTitle(2), "open high "+vulnTitle(3), "resolved high "+vulnTitle(4))
}

func replayConfirmed(w *world) {
	w.sent(scan{obs: vulns(1, 2), at: day(1)})
	r, _ := w.sent(scan{obs: vulns(1), faults: 1, at: day(2)})
	w.must(w.applier().Confirm(w.ctx, w.tenant, r.ID, "ann", day(3)))
	out, err := w.replay(r, scan{obs: vulns(1), faults: 1, at: day(2)})
	w.must(err)
	if out.Held != "" || out.Reopened != 0 {
		w.Errorf("held %q, reopened %d", out.Held, out.Reopened)
	}
	w.want("open high "+vulnTitle(1), "resolved high "+vulnTitle(2))
}

func unreadTenants(w *world) {
	r, _ := w.sent(scan{obs: vulns(1), faults: 1})
	if list, _, err := w.Store.Unread(w.ctx, 2, posture.UnreadFilter{}, "", 10); len(list) != 0 || err != nil {
		w.Errorf("another tenant reads %+v, %v", list, err)
	}
	if err := w.Store.Replay(w.ctx, 2, r.ID); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant replays: %v", err)
	}
	if err := w.Store.Fail(w.ctx, 2, r.ID, "eve"); err != nil || w.state(r.ID).State == posture.ReportFailed {
		w.Errorf("another tenant fails the report (%v)", err)
	}
}
