// Package crash proves that Stance can be killed at any moment: what was
// accepted is there after the next start, and in the end the record is the
// same as if nothing had happened.
//
// The tests run the real program. One server takes a fixed sequence of
// reports in peace; a second one takes the same sequence while it is killed
// with SIGKILL again and again. Then both are compared, through the API and
// row by row. A SIGKILL leaves the machine and its disk cache alive: what is
// shown here is that no order of commits, renames and acknowledgements loses
// or doubles anything, not that the disk keeps what it was told to.
package crash

import (
	"context"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	rounds = flag.Int("rounds", 0, "how often the server is killed; 50 when 0, 5 with -short")
	seed   = flag.Uint64("seed", 0, "seed of the moments to kill at; 0 takes a new one, which the log names")
)

// howOften is the number of kills that the flags ask for.
func howOften() int {
	switch {
	case *rounds > 0:
		return *rounds
	case testing.Short():
		return 5
	}
	return 50
}

// dice returns the source of all chance of a test and logs how to repeat it.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	s := *seed
	for s == 0 {
		s = rand.Uint64()
	}
	t.Logf("repeat with -rounds=%d -seed=%d", howOften(), s)
	return rand.New(rand.NewPCG(s, 0))
}

// deadline ends a test that hangs. It measures nothing: a run takes a small
// part of it.
func deadline(t *testing.T, n int) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(n)*15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestKilledImportsEndInTheSameState is the crash test.
func TestKilledImportsEndInTheSameState(t *testing.T) {
	n, r := howOften(), dice(t)
	ctx := deadline(t, n)
	lanes := workload(t, n)

	calm := t.TempDir()
	quiet := startServer(ctx, t, calm)
	first := newSender(quiet, lanes)
	first.release(first.total)
	first.run(ctx, t)
	want := settle(ctx, t, first)
	if t.Failed() {
		t.Fatal("the undisturbed run is not in order: there is nothing to compare with")
	}

	rough := sameKeys(t, calm)
	second := newSender(startServer(ctx, t, rough), lanes)
	k := &killer{t: t, s: second, rand: r, at: map[moment]int{}, seen: map[string]int{}}
	sending, giveUp := context.WithCancel(ctx)
	defer giveUp()
	sent := second.begin(sending, t)
	for i := range n {
		second.release(second.total*(i+1)/n - second.total*i/n)
		k.round(ctx, i)
		if t.Failed() {
			giveUp() // it would wait for releases that don't come
			break
		}
	}
	<-sent
	if t.Failed() {
		t.FailNow()
	}
	k.report(n)
	got := settle(ctx, t, second)
	compare(t, want, got)
	t.Logf("%d reports; %d lines in %d parts compared", len(second.accepted()), want.rows(), len(want))
}

// apart walks through two sorted lists and returns what only one of them has.
func apart(a, b []string) (onlyA, onlyB []string) {
	for len(a) > 0 && len(b) > 0 {
		switch strings.Compare(a[0], b[0]) {
		case 0:
			a, b = a[1:], b[1:]
		case -1:
			onlyA, a = append(onlyA, a[0]), a[1:]
		case 1:
			onlyB, b = append(onlyB, b[0]), b[1:]
		}
	}
	return append(onlyA, a...), append(onlyB, b...)
}

// TestKilledFirstStart kills servers that make their folder, their schema,
// their keys and take their first report: after each kill the folder must be
// usable.
func TestKilledFirstStart(t *testing.T) {
	n, r := max(howOften()/5, 3), dice(t)
	ctx := deadline(t, n)
	report := firstReport()
	for range n {
		dir := t.TempDir()
		for range 3 { // while it starts
			p := launch(t, dir)
			time.Sleep(time.Duration(r.IntN(120)) * time.Millisecond)
			p.kill()
		}
		srv := startServer(ctx, t, dir)
		s := newSender(srv, [][]step{{report}})
		s.release(1)
		sent := s.begin(ctx, t)
		time.Sleep(time.Duration(r.IntN(80)) * time.Millisecond) // while it takes the report
		srv.restart(ctx)
		<-sent
		if t.Failed() {
			return
		}
		settle(ctx, t, s)
	}
}
