package component

import (
	"fmt"
	"strings"
	"testing"
)

func paths(g Graph, to string, limit int) (string, bool) {
	list, more := g.Paths(to, limit)
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = strings.Join(p, ">")
	}
	return strings.Join(out, " "), more
}

func TestPaths(t *testing.T) {
	g := Graph{
		"app": {"web", "log"}, "web": {"core", "web"}, "core": {"log", "web"}, // web and core need each other
		"tool": {"log"}, "island": {"reef"}, "reef": {"island"},
	}
	for _, c := range []struct {
		to, want string
		limit    int
		more     bool
	}{
		{"log", "app>log tool>log app>web>core>log", 10, false},
		{"log", "app>log", 1, true},
		{"app", "app", 10, false},
		{"reef", "", 10, false},
		{"nowhere", "", 10, false},
	} {
		if got, more := paths(g, c.to, c.limit); got != c.want || more != c.more {
			t.Errorf("paths to %s: %q (more %v), want %q (more %v)", c.to, got, more, c.want, c.more)
		}
	}
	if got := strings.Join(g.Dependents()["log"], " "); got != "app core tool" {
		t.Errorf("log is needed by %q", got)
	}
}

// TestManyPaths: a ladder of 60 rungs has 2^60 paths; the first ones come at
// once.
func TestManyPaths(t *testing.T) {
	g := Graph{}
	for i := range 60 {
		for _, side := range []string{"l", "r"} {
			g[fmt.Sprint(side, i)] = []string{fmt.Sprint("l", i+1), fmt.Sprint("r", i+1)}
		}
	}
	list, more := g.Paths("l60", 5)
	if len(list) != 5 || !more {
		t.Fatalf("%d paths, more %v", len(list), more)
	}
	for _, p := range list {
		if len(p) != 61 {
			t.Errorf("a path of %d components, want 61", len(p))
		}
	}
}
