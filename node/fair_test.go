package node

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// TestFairTurns: a thousand reports of one tenant wait when another sends ten.
// The ten are begun within twenty-five turns: every second one is theirs, and
// a few of the first may have been chosen before. Turns are counted, no clock
// is asked.
func TestFairTurns(t *testing.T) {
	const many, few, within = 1000, 10, 25
	var mu sync.Mutex
	var begun []string
	enough := make(chan struct{})
	w := still(t, Config{Workers: 2, At: func(b Boundary, report string) {
		if b != BeforeWork {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if begun = append(begun, report); len(begun) == within {
			close(enough)
		}
	}})
	send := func(id tenant.ID, name string, n int) {
		t.Helper()
		b, err := w.n.receive.Store(t.Context(), id, strings.NewReader(secret(1)))
		if err != nil {
			t.Fatal(err)
		}
		list := make([]receive.Accepted, n) // in one transaction: it is the order of work that is tested
		for i := range list {
			list[i] = receive.Accepted{ID: newID(), Digest: b.Digest, Size: b.Size, Target: fmt.Sprint(i), Received: now(),
				Submission: receive.Submission{Name: name, Application: "shop", Asset: fmt.Sprint("repo ", i), By: "ci"}}
		}
		if _, err := w.n.db.Commit(t.Context(), id, "", list); err != nil {
			t.Fatal(err)
		}
	}
	send(1, "flood", many)
	send(2, "few", few)
	w.start()
	select {
	case <-enough:
	case <-time.After(2 * time.Minute):
		t.Fatal("the workers stand still")
	}
	mu.Lock()
	defer mu.Unlock()
	got := 0
	for _, name := range begun[:within] {
		if name == "few" {
			got++
		}
	}
	if got != few {
		t.Errorf("of the first %d turns %d went to the tenant with %d reports: %v", within, got, few, begun[:within])
	}
}
