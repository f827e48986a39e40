package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
)

// moment is when a round wants to kill.
type moment string

const (
	whileDecoding  moment = "while decoding"
	whileMatching  moment = "while matching"
	afterApplying  moment = "after a report was applied"
	whileSending   moment = "while a report is sent"
	afterAnswering moment = "after a report was accepted"
	whileStarting  moment = "while starting"
	anyTime        moment = "at any time"
)

// plan is the order in which rounds take the moments. Those after an
// application come often: they let the work go on between the kills.
var plan = []moment{
	whileDecoding, afterApplying, whileMatching, whileSending, afterApplying, afterAnswering, whileDecoding, anyTime, whileMatching, whileStarting,
}

// patience is how long a round waits for its moment; then it kills whatever
// the server does.
const patience = 3 * time.Second

// killer kills a server, starts it again and holds it to what it promised.
type killer struct {
	t    *testing.T
	s    *sender
	rand *rand.Rand

	at   map[moment]int // kills by the moment that was waited for
	seen map[string]int // kills by what the server was last seen to do
	now  string         // what that is
	done map[string]string
}

// round lets the server work until a moment, kills it and starts it again.
func (k *killer) round(ctx context.Context, i int) {
	m := plan[i%len(plan)]
	k.now = "starting"
	if m == whileStarting {
		k.s.srv.kill()
		p := launch(k.t, k.s.srv.dir)
		time.Sleep(k.upTo(120 * time.Millisecond))
		p.kill()
	} else {
		k.await(ctx, m)
		k.s.srv.kill()
	}
	k.at[m]++
	k.seen[k.now]++
	if i%5 == 4 {
		k.autopsy(i)
	}
	k.s.srv.start(ctx)
	k.promises(ctx)
}

func (k *killer) upTo(d time.Duration) time.Duration { return time.Duration(k.rand.Int64N(int64(d))) }

// await watches the server until the moment has come.
func (k *killer) await(ctx context.Context, m moment) {
	end := time.Now().Add(patience)
	switch m {
	case whileSending:
		k.event(ctx, k.s.began, end)
		k.watch(ctx, time.Now().Add(k.upTo(30*time.Millisecond)), nil)
	case afterAnswering:
		k.event(ctx, k.s.ended, end)
	case whileDecoding:
		k.watch(ctx, end, func() bool { return k.now == "decoding" })
		k.watch(ctx, time.Now().Add(k.upTo(60*time.Millisecond)), nil)
	case whileMatching:
		k.watch(ctx, end, func() bool { return k.now == "matching" })
		time.Sleep(k.upTo(20 * time.Millisecond)) // the phase is short: no question more
	case afterApplying:
		n := len(k.done)
		k.watch(ctx, end, func() bool { return len(k.done) > n })
		time.Sleep(k.upTo(10 * time.Millisecond))
	case anyTime:
		k.watch(ctx, time.Now().Add(time.Millisecond+k.upTo(79*time.Millisecond)), nil)
	}
}

// event waits until the sender tells something.
func (k *killer) event(ctx context.Context, c <-chan string, end time.Time) {
	for {
		select {
		case <-c:
			return
		case <-time.After(2 * time.Millisecond):
			if k.watch(ctx, time.Now(), nil); time.Now().After(end) {
				return
			}
		}
	}
}

// watch looks at the report that is being applied until the condition holds
// or the time is over, and once at least.
func (k *killer) watch(ctx context.Context, end time.Time, until func() bool) {
	for {
		k.look(ctx)
		if ctx.Err() != nil || until != nil && until() || !time.Now().Before(end) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// look notes what the server does: with one worker it works on the oldest
// report that is not done.
func (k *killer) look(ctx context.Context) {
	k.now = "idle"
	for _, id := range k.s.accepted() {
		if k.done[id] != "" {
			continue
		}
		base, token, err := k.s.srv.address(ctx)
		if err != nil {
			return
		}
		code, answer, err := k.s.once(ctx, http.MethodGet, base+"/api/v1/reports/"+id, token, "", nil)
		var r httpapi.Report
		if err != nil || code != http.StatusOK || json.Unmarshal(answer, &r) != nil {
			k.t.Errorf("look at report %s: %d %s %v", id, code, answer, err)
			return
		}
		if finished(r.State) {
			k.note(r)
			k.now = "between reports"
			continue
		}
		k.now = r.Progress.Phase
		return
	}
}

func finished(state string) bool { return state != "accepted" && state != "applying" }

// note remembers how a report ended. It may not end in another way later. Only
// whether it is held may change: a report that arrives late changes what came
// before it, and so whether it is much smaller than that.
func (k *killer) note(r httpapi.Report) {
	if k.done == nil {
		k.done = map[string]string{}
	}
	was := k.done[r.ID]
	settled := func(s string) bool { return s == "held" || s == "applied" }
	if was != "" && was != r.State && !(settled(was) && settled(r.State)) {
		k.t.Errorf("report %s is %s, was %s before the kill", r.ID, r.State, was)
	}
	k.done[r.ID] = r.State
}

// promises checks after a restart that every acknowledged report is there and
// that what was done is still done.
func (k *killer) promises(ctx context.Context) {
	promised := k.s.promised()
	known, err := k.s.reports(ctx)
	if err != nil {
		k.t.Errorf("list reports: %v", err)
		return
	}
	for key, ids := range promised {
		for _, id := range ids {
			r, ok := known[id]
			switch {
			case !ok:
				k.t.Errorf("report %s of %s was accepted and is lost", id, key)
			case finished(r.State), k.done[id] != "":
				k.note(r)
			}
		}
	}
}

// report logs what was killed when. Kills that never met a report being
// applied would prove little.
func (k *killer) report(n int) {
	k.t.Logf("%d rounds; wanted: %s; last seen: %s", n, table(k.at), table(k.seen))
	if k.seen["decoding"]+k.seen["matching"] == 0 {
		k.t.Error("no kill met a report being applied: this run proves nothing")
	}
}

func table[K ~string](m map[K]int) string {
	var out []string
	for k, n := range m {
		out = append(out, fmt.Sprintf("%d %s", n, k))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
