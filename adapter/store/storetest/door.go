package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Counterparts keeps what clients of other products' APIs name by numbers.
type Counterparts interface {
	Number(ctx context.Context, t tenant.ID, kind string, parent int64, names []string) ([]estate.Counterpart, error)
	Counterpart(ctx context.Context, t tenant.ID, kind string, id int64) (estate.Counterpart, error)
	CounterpartByUID(ctx context.Context, t tenant.ID, uid string) (estate.Counterpart, error)
	Counterparts(ctx context.Context, t tenant.ID, kind string, parent int64) ([]estate.Counterpart, error)
	KeepCounterpart(ctx context.Context, t tenant.ID, c estate.Counterpart) error
}

// Effects says what reports did and carries over what was known elsewhere.
type Effects interface {
	SeriesState(ctx context.Context, t tenant.ID, report string) ([]posture.StateCount, error)
	Effect(ctx context.Context, t tenant.ID, report string) (map[string][]posture.StateCount, error)
	Marked(ctx context.Context, t tenant.ID, report, fingerprint string) (map[string]finding.ID, error)
	CarryOver(ctx context.Context, t tenant.ID, items []finding.Carried, by string, at time.Time) (int, error)
	Counterparts
}

// doors tests what the doors of other products stand on.
func doors() map[string]func(*world) {
	return map[string]func(*world){
		"numbers are stable and a tenant's own": numbersStay,
		"a report's effect is counted":          effectCounted,
		"decisions are carried over once":       carriedOnce,
	}
}

func numbersStay(w *world) {
	first, err := w.Store.Number(w.ctx, 1, "test", 7, []string{"a", "b"})
	w.must(err)
	again, err := w.Store.Number(w.ctx, 1, "test", 7, []string{"b", "c", "a", "c"})
	w.must(err)
	if first[0].ID != 1 || first[1].ID != 2 || again[0].ID != 2 || again[2].ID != 1 || again[1].ID != 3 || again[3].ID != 3 || again[2].UID != first[0].UID {
		w.Errorf("numbers moved: %+v, then %+v", first, again)
	}
	other, err := w.Store.Number(w.ctx, 1, "test", 8, []string{"a"})
	w.must(err)
	foreign, err := w.Store.Number(w.ctx, 2, "test", 7, []string{"a"})
	w.must(err)
	if other[0].ID != 4 || foreign[0].ID != 1 || foreign[0].UID == first[0].UID {
		w.Errorf("another parent's %+v, another tenant's %+v", other, foreign)
	}
	c := first[0]
	c.Data = []byte(`{"x":1}`)
	w.must(w.Store.KeepCounterpart(w.ctx, 1, c))
	kept, err := w.Store.Counterpart(w.ctx, 1, "test", 1)
	w.must(err)
	byUID, err := w.Store.CounterpartByUID(w.ctx, 1, c.UID)
	w.must(err)
	if diff := cmp.Diff(kept, byUID); diff != "" || string(kept.Data) != `{"x":1}` {
		w.Errorf("kept %s: %s", kept.Data, diff)
	}
	if c, err := w.Store.Counterpart(w.ctx, 2, "test", 1); err != nil || string(c.Data) != "{}" {
		w.Errorf("the other tenant's became %s, %v", c.Data, err)
	}
	if _, err := w.Store.CounterpartByUID(w.ctx, 2, c.UID); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant finds the UUID: %v", err)
	}
	for parent, want := range map[int64]int{7: 3, 8: 1, -1: 4, 9: 0} {
		if list, err := w.Store.Counterparts(w.ctx, 1, "test", parent); err != nil || len(list) != want {
			w.Errorf("parent %d has %d, %v: want %d", parent, len(list), err, want)
		}
	}
}

// effectCounted follows a series over three scans and past another tool's.
func effectCounted(w *world) {
	w.scan(scan{obs: vulns(1, 2, 3), at: day(1)})
	w.scan(scan{tool: "beta", obs: vulns(3, 8), at: day(1)})
	w.scan(scan{obs: vulns(2, 3, 4), at: day(2)})
	high := func(s finding.Status, n int64) posture.StateCount {
		return posture.StateCount{Severity: finding.SeverityHigh, Status: s, Count: n}
	}
	state, err := w.Store.SeriesState(w.ctx, w.tenant, w.last)
	w.must(err)
	if diff := cmp.Diff([]posture.StateCount{high(finding.Open, 3), high(finding.Resolved, 1)}, state); diff != "" {
		w.Errorf("the series holds %s", diff)
	}
	effect, err := w.Store.Effect(w.ctx, w.tenant, w.last)
	w.must(err)
	want := map[string][]posture.StateCount{"new": {high(finding.Open, 1)}, "resolved": {high(finding.Resolved, 1)}, "reopened": nil}
	if diff := cmp.Diff(want, effect); diff != "" {
		w.Errorf("the second scan did %s", diff)
	}
	rows, err := w.Store.List(w.ctx, w.tenant, posture.Filter{Report: w.last, Change: "series", Statuses: finding.Statuses()}, posture.Page{Sort: posture.ByOldest, Limit: 50})
	w.must(err)
	if len(rows.Rows) != 4 {
		w.Errorf("the series lists %d findings, want 4", len(rows.Rows))
	}
	if state, err := w.Store.SeriesState(w.ctx, 2, w.last); err != nil || len(state) != 0 {
		w.Errorf("another tenant counts %v, %v", state, err)
	}
}

// carriedOnce brings a decision and notes twice, then an older decision.
func carriedOnce(w *world) {
	obs := vulns(1, 2)
	for i, o := range obs {
		o.Fingerprints = map[string]string{"there": string(rune('a' + i))}
	}
	w.scan(scan{obs: obs, at: day(1)})
	marks, err := w.Store.Marked(w.ctx, w.tenant, w.last, "there")
	w.must(err)
	if len(marks) != 2 {
		w.Fatalf("%d marks, want 2: %v", len(marks), marks)
	}
	if _, err := w.Store.Marked(w.ctx, 2, w.last, "there"); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant reads the marks: %v", err)
	}
	id := marks["a"]
	item := finding.Carried{Finding: id, Decision: &finding.Triage{Status: finding.Accepted, Reason: "why", By: "ann", At: day(3), Until: day(300)},
		Notes: []finding.Note{{By: "bob", At: day(2), Text: "look"}}}
	for i, want := range []int{2, 0} {
		if n, err := w.Store.CarryOver(w.ctx, w.tenant, []finding.Carried{item}, "mover", w.now); err != nil || n != want {
			w.Errorf("time %d: %d changed, %v: want %d", i, n, err, want)
		}
	}
	older := finding.Carried{Finding: id, Decision: &finding.Triage{Status: finding.FalsePositive, Reason: "before", By: "eve", At: day(2)}}
	ended := finding.Carried{Finding: marks["b"], Decision: &finding.Triage{Status: finding.Accepted, Reason: "once", By: "eve", At: day(2), Until: day(50)}}
	if n, err := w.Store.CarryOver(w.ctx, w.tenant, []finding.Carried{older, ended}, "mover", w.now); err != nil || n != 0 {
		w.Errorf("what is outdated changed %d, %v", n, err)
	}
	d := w.detail(id)
	if d.Status != finding.Accepted || d.Triage == nil || d.Triage.By != "ann" || !d.Triage.At.Equal(day(3)) || !d.Triage.Until.Equal(day(300)) {
		w.Errorf("the decision arrived as %s %+v", d.Status, d.Triage)
	}
	history, err := w.Store.History(w.ctx, w.tenant, id)
	w.must(err)
	var noted, triaged int
	for _, e := range history {
		switch e.Type {
		case "noted":
			if noted++; e.By != "bob" || e.Detail != "look" || !e.Valid.Equal(day(2)) || !e.Recorded.Equal(w.now) {
				w.Errorf("the note arrived as %+v", e)
			}
		case "triaged":
			if triaged++; e.By != "ann" || !e.Valid.Equal(day(3)) {
				w.Errorf("the decision is told as %+v", e)
			}
		}
	}
	if noted != 1 || triaged != 1 {
		w.Errorf("%d notes and %d decisions in the history, want one each", noted, triaged)
	}
	if _, err := w.Store.CarryOver(w.ctx, 2, []finding.Carried{item}, "mover", w.now); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("another tenant decides: %v", err)
	}
}
