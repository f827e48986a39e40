package crash

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// state is what a server knows: for each part its lines, sorted, without ids
// and recorded times.
type state map[string][]string

func (s state) parts() []string { return slices.Sorted(maps.Keys(s)) }

func (s state) rows() (n int) {
	for _, lines := range s {
		n += len(lines)
	}
	return n
}

// add appends a line to a part.
func (s state) add(part, line string) { s[part] = append(s[part], line) }

// names turns report ids into the names of their steps.
type names map[string]string

// apiState asks the server for everything that people see.
func apiState(ctx context.Context, t *testing.T, s *sender, n names) state {
	t.Helper()
	out := state{}
	everything := url.Values{"limit": {"200"}, "sort": {"oldest"}, "status": {"open", "resolved", "false_positive", "accepted", "not_affected", "suppressed"}}
	for _, f := range pages(ctx, t, s, "/api/v1/findings", everything) {
		line := n.line(t, f)
		out.add("api findings", line)
		if !chosen(line) {
			continue
		}
		id := text(f, "id")
		for _, path := range []string{"", "/history"} {
			var v any
			get(ctx, t, s, "/api/v1/findings/"+id+path, nil, &v)
			out.add("api details", n.line(t, v))
		}
	}
	for _, a := range pages(ctx, t, s, "/api/v1/applications", url.Values{}) {
		var v any
		get(ctx, t, s, "/api/v1/applications/"+text(a, "key"), nil, &v)
		out.add("api applications", n.line(t, v))
	}
	for _, r := range pages(ctx, t, s, "/api/v1/reports", url.Values{"limit": {"200"}}) {
		out.add("api reports", n[text(r, "id")]+" "+n.line(t, r))
	}
	for _, path := range []string{"/api/v1/findings/facets", "/api/v1/overview"} {
		var v map[string]any
		get(ctx, t, s, path, everything, &v)
		delete(v, "top") // findings of equal score stand in the order of their ids
		out.add("api figures", n.line(t, v))
	}
	for _, lines := range out {
		slices.Sort(lines)
	}
	return out
}

// chosen picks some findings, the same in every run, to be read in all detail.
func chosen(line string) bool {
	h := fnv.New32a()
	h.Write([]byte(line))
	return h.Sum32()%40 == 0
}

func text(v any, key string) string {
	s, _ := v.(map[string]any)[key].(string)
	return s
}

func get(ctx context.Context, t *testing.T, s *sender, path string, q url.Values, out any) {
	t.Helper()
	if err := s.call(ctx, http.MethodGet, path, q, "", nil, http.StatusOK, out); err != nil {
		t.Fatal(err)
	}
}

// pages reads a list to its end.
func pages(ctx context.Context, t *testing.T, s *sender, path string, q url.Values) (out []any) {
	t.Helper()
	q = maps.Clone(q)
	for {
		var page struct {
			Items []any  `json:"items"`
			Next  string `json:"next_cursor"`
		}
		get(ctx, t, s, path, q, &page)
		out = append(out, page.Items...)
		if page.Next == "" {
			return out
		}
		q.Set("cursor", page.Next)
	}
}

// chancy are the members that differ between two runs of the same.
var chancy = []string{"id", "asset_id", "recorded", "received", "finished", "created", "seconds", "steps", "imported"}

// line writes a JSON value without what differs between runs.
func (n names) line(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(n.clean(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (n names) clean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if !slices.Contains(chancy, k) && (k != "valid" || v["detail"] != byPerson) {
				out[k] = n.clean(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = n.clean(e)
		}
		return out
	case string:
		return n.name(v)
	}
	return v
}

// name replaces the ids of reports, of one or several with blanks between.
func (n names) name(s string) string {
	const idLength = 36
	if len(s)%(idLength+1) != idLength {
		return s
	}
	ids := strings.Fields(s)
	for i, id := range ids {
		name, ok := n[id]
		if !ok {
			return s
		}
		ids[i] = name
	}
	return strings.Join(ids, " ")
}
