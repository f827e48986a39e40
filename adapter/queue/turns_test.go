package queue

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stance-aspm/stance/domain/tenant"
)

// bench is a queue with workers that end their work when they are told.
type bench struct {
	q    *turns
	id   int64
	busy []entry
	held []entry
}

func newBench(workers int) *bench { return &bench{q: newTurns(workers)} }

func (b *bench) add(j applyReport) int64 {
	b.id++
	b.q.add(entry{b.id, j})
	return b.id
}

// begin begins all that can be begun now.
func (b *bench) begin() (ids []int64) {
	for {
		e, ok := b.q.next(b.busy, b.held)
		if !ok {
			return ids
		}
		b.busy, ids = append(b.busy, e), append(ids, e.id)
	}
}

func (b *bench) end(id int64) {
	b.busy = slices.DeleteFunc(b.busy, func(e entry) bool { return e.id == id })
}

// served works everything off, the oldest first, and returns the tenants in
// the order in which they were served.
func (b *bench) served() (out []tenant.ID) {
	for b.begin(); len(b.busy) > 0; b.begin() {
		out = append(out, b.busy[0].job.Tenant)
		b.end(b.busy[0].id)
	}
	return out
}

func of(t tenant.ID, asset string) applyReport {
	return applyReport{Tenant: t, Application: "a", Asset: asset}
}

func TestAFloodWaitsForOthers(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		b := newBench(workers)
		for i := range 1000 {
			b.add(of(1, fmt.Sprint(i)))
		}
		b.begin()
		for i := range 10 {
			b.add(of(2, fmt.Sprint(i)))
		}
		got := b.served()
		last := 0
		for i, id := range got {
			if id == 2 {
				last = i
			}
		}
		if len(got) != 1010 || last > 2*10+workers {
			t.Errorf("%d workers: the last of ten was served at place %d of %d", workers, last+1, len(got))
		}
	}
}

func TestBytesCount(t *testing.T) {
	b := newBench(1)
	for i := range 100 {
		j := of(1, fmt.Sprint(i))
		j.Size = 9 * unit
		b.add(j)
		b.add(of(2, fmt.Sprint(i)))
	}
	got := b.served()
	if n := len(slices.DeleteFunc(slices.Clone(got[:110]), func(id tenant.ID) bool { return id != 2 })); n < 95 {
		t.Errorf("of the first 110 reports %d were small: tenants that send ten times the bytes have ten times the turns", n)
	}
}

// TestNothingIsSavedUp: who was silent for long is level with the others.
func TestNothingIsSavedUp(t *testing.T) {
	b := newBench(1)
	b.add(of(2, "x"))
	b.served()
	for i := range 500 {
		b.add(of(1, fmt.Sprint(i)))
	}
	for range 200 {
		b.end(b.begin()[0])
	}
	for i := range 100 {
		b.add(of(2, fmt.Sprint(i)))
	}
	got := b.served()[:100]
	if n := len(slices.DeleteFunc(got, func(id tenant.ID) bool { return id != 1 })); n < 45 || n > 55 {
		t.Errorf("of 100 turns the busy tenant got %d", n)
	}
}

func TestAssetsInOrder(t *testing.T) {
	b := newBench(4)
	one, two, other := b.add(of(1, "x")), b.add(of(1, "x:v2")), b.add(of(1, "y"))
	all, last := b.add(of(1, "")), b.add(of(1, "y"))
	foreign := b.add(applyReport{Tenant: 1, Application: "b"})
	step := func(what string, want ...int64) {
		t.Helper()
		if got := b.begin(); !slices.Equal(got, want) {
			t.Fatalf("%s: %v are begun, want %v", what, got, want)
		}
	}
	step("at first", one, other, foreign)
	b.end(one)
	step("after the first of x", two)
	b.end(other)
	step("after y") // one that names no asset waits for all before it, and what comes after waits for it
	b.held, b.busy = []entry{b.busy[len(b.busy)-1]}, b.busy[:len(b.busy)-1]
	step("while x waits for another try")
	b.held = nil
	step("after x", all)
	b.end(all)
	step("at last", last)
}

func TestPeopleFirst(t *testing.T) {
	b := newBench(1)
	for i := range 3 {
		j := of(1, fmt.Sprint(i))
		j.Scheduled = true
		b.add(j)
	}
	person := b.add(of(1, "p"))
	if got := b.begin(); !slices.Equal(got, []int64{person}) {
		t.Errorf("%v is begun, want the report that a person waits for", got)
	}
}

func TestAWorkerIsLeftForSmallReports(t *testing.T) {
	b := newBench(3)
	for i := range 5 {
		j := of(1, fmt.Sprint(i))
		j.Size = large
		b.add(j)
	}
	if got := b.begin(); len(got) != 2 {
		t.Fatalf("%v are begun, want two large ones", got)
	}
	small := b.add(of(1, "small"))
	if got := b.begin(); !slices.Equal(got, []int64{small}) {
		t.Errorf("%v are begun, want the small one", got)
	}
	single := newBench(1)
	j := of(1, "x")
	j.Size = large
	single.add(j)
	if got := single.begin(); len(got) != 1 {
		t.Error("a single worker takes no large report")
	}
}

// TestNothingIsKept: tenants that come and go leave nothing behind.
func TestNothingIsKept(t *testing.T) {
	b := newBench(2)
	for id := range tenant.ID(1000) {
		b.add(of(id+1, "x"))
		b.served()
	}
	b.begin()
	if len(b.q.served)+len(b.q.waiting) > 0 {
		t.Errorf("%d accounts and %d lists are left", len(b.q.served), len(b.q.waiting))
	}
}
