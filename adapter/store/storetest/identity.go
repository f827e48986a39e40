package storetest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// identity tests that a finding stays itself while its code moves.
func identity() map[string]func(*world) {
	m := map[string]func(*world){
		"file moves":           fileMoves,
		"code is edited":       codeEdited,
		"ambiguity makes new":  ambiguous,
		"tool's fingerprint":   toolFingerprint,
		"version bump":         versionBump,
		"twice in one report":  twiceInReport,
		"resolved sibling":     resolvedSibling,
		"wording and severity": wording,
	}
	for name, c := range map[string]struct {
		before, after []int
		same          map[int]int // line before → line after
		opened        int
		resolved      int
	}{
		"all shifted":              {[]int{10, 30, 50}, []int{17, 37, 57}, map[int]int{10: 17, 30: 37, 50: 57}, 0, 0},
		"shifted onto each other":  {[]int{10, 20, 30}, []int{20, 30, 40}, map[int]int{10: 20, 20: 30, 30: 40}, 0, 0},
		"middle removed":           {[]int{10, 20, 30}, []int{10, 30}, map[int]int{10: 10, 30: 30}, 0, 1},
		"first removed":            {[]int{10, 20, 30}, []int{20, 30}, map[int]int{20: 20, 30: 30}, 0, 1},
		"added between":            {[]int{10, 30}, []int{10, 20, 30}, map[int]int{10: 10, 30: 30}, 1, 0},
		"added above":              {[]int{10, 30}, []int{5, 10, 30}, map[int]int{10: 10, 30: 30}, 1, 0},
		"removed and shifted":      {[]int{10, 20, 50}, []int{15, 55}, map[int]int{10: 15, 50: 55}, 0, 1},
		"added and shifted":        {[]int{10, 20}, []int{15, 25, 90}, map[int]int{10: 15, 20: 25}, 1, 0},
		"one moves, others stay":   {[]int{10, 20, 30}, []int{10, 30, 90}, map[int]int{10: 10, 30: 30, 20: 90}, 0, 0},
		"single far away":          {[]int{10}, []int{900}, map[int]int{10: 900}, 0, 0},
		"uneven shift keeps order": {[]int{10, 20}, []int{20, 35}, map[int]int{10: 20, 20: 35}, 0, 0},
	} {
		m["siblings "+name] = func(w *world) {
			at := func(lines []int) (obs []*finding.Observation) {
				for _, l := range lines {
					obs = append(obs, code("sqli", 89, "src/a.go", l, "db.Query(q + x)"))
				}
				return obs
			}
			w.scan(scan{obs: at(c.before)})
			ids := w.lines("src/a.go")
			out := w.scan(scan{obs: at(c.after), at: day(2)})
			if int(out.New) != c.opened || int(out.Resolved) != c.resolved {
				w.Errorf("new %d, resolved %d, want %d, %d", out.New, out.Resolved, c.opened, c.resolved)
			}
			got := w.lines("src/a.go")
			for from, to := range c.same {
				if ids[from] != got[to] {
					w.Errorf("line %d is not the finding that was on line %d", to, from)
				}
			}
		}
	}
	return m
}

// lines maps the lines of a file to its open findings.
func (w *world) lines(path string) map[int]finding.ID {
	w.Helper()
	out := map[int]finding.ID{}
	for place, id := range w.places(posture.Filter{Path: path, Statuses: []finding.Status{finding.Open}}) {
		n, err := strconv.Atoi(strings.TrimPrefix(place, path+":"))
		w.must(err)
		out[n] = id
	}
	return out
}

func fileMoves(w *world) {
	w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "src/a.go", 10, "db.Query(q + x)"), code("xss", 79, "src/a.go", 20, "out(x)"), code("xss", 79, "src/z.go", 5, "out(y)")}})
	before := w.places(posture.Filter{})
	out := w.scan(scan{at: day(2), obs: []*finding.Observation{code("sqli", 89, "lib/b.go", 12, "db.Query(q + x)"), code("xss", 79, "lib/b.go", 22, "out(x)"), code("xss", 79, "src/z.go", 5, "out(y)")}})
	w.outcome(out, 0, 2, 1, 0, 0)
	want := map[string]finding.ID{"lib/b.go:12": before["src/a.go:10"], "lib/b.go:22": before["src/a.go:20"], "src/z.go:5": before["src/z.go:5"]}
	if diff := cmp.Diff(want, w.places(posture.Filter{})); diff != "" {
		w.Error(diff)
	}
	if got := w.events(before["src/a.go:10"]); len(got) != 2 || got[1] != "moved" {
		w.Errorf("history %v, want opened, moved", got)
	}
}

func codeEdited(w *world) {
	w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "src/a.go", 10, "db.Query(q + x)"), code("xss", 79, "src/a.go", 40, "out(x)")}})
	before := w.lines("src/a.go")
	out := w.scan(scan{at: day(2), obs: []*finding.Observation{code("sqli", 89, "src/a.go", 12, "db.Query(ctx, q + x)"), code("xss", 79, "src/a.go", 80, "out(ctx, x)")}})
	got := w.lines("src/a.go")
	if got[12] != before[10] {
		w.Error("edited two lines further it is another finding")
	}
	if got[80] == before[40] {
		w.Error("other code 40 lines further is taken for the same finding")
	}
	w.outcome(out, 1, 1, 0, 0, 1)
}

func ambiguous(w *world) {
	w.scan(scan{obs: []*finding.Observation{code("sqli", 89, "src/a.go", 10, "db.Query(a)")}})
	out := w.scan(scan{at: day(2), obs: []*finding.Observation{code("sqli", 89, "src/a.go", 11, "db.Query(b)"), code("sqli", 89, "src/a.go", 12, "db.Query(c)")}})
	w.outcome(out, 2, 0, 0, 0, 1)
}

func toolFingerprint(w *world) {
	at := func(path, snippet string, line int) []*finding.Observation {
		o := code("sqli", 89, path, line, snippet)
		o.Fingerprints = map[string]string{"tool/v1": "f00d"}
		return []*finding.Observation{o}
	}
	w.scan(scan{obs: at("src/a.go", "db.Query(a)", 10)})
	id := w.one(posture.Filter{}).ID
	w.outcome(w.scan(scan{at: day(2), obs: at("lib/b.go", "db.Exec(z)", 500)}), 0, 1, 0, 0, 0)
	if w.one(posture.Filter{}).ID != id {
		w.Error("the tool says that it is the same, and it is not")
	}
}

func versionBump(w *world) {
	w.scan(scan{obs: []*finding.Observation{vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh)}})
	id := w.one(posture.Filter{}).ID
	w.scan(scan{at: day(2), obs: []*finding.Observation{vuln("CVE-2026-0001", "lib@1.1.0", finding.SeverityHigh)}})
	row := w.one(posture.Filter{})
	if row.ID != id || !strings.Contains(row.Place, "1.1.0") {
		w.Errorf("after the bump: %s, same id %t", row.Place, row.ID == id)
	}
}

func twiceInReport(w *world) {
	obs := append(vulns(1, 1), code("sqli", 89, "a.go", 5, "q(x)"), code("sqli", 89, "a.go", 5, "q(x)"))
	obs[1].Message = "by another way"
	w.outcome(w.scan(scan{obs: obs}), 2, 0, 0, 0, 0)
	w.outcome(w.scan(scan{obs: obs, at: day(2)}), 0, 0, 2, 0, 0)
	if d := w.detail(w.one(posture.Filter{Advisory: "CVE-2026-0001"}).ID); len(d.Observations) != 2 {
		w.Errorf("%d observations, want both", len(d.Observations))
	}
	// One of the two suffices to keep it open.
	w.scan(scan{obs: obs[:1], at: day(3)})
	if s := w.one(posture.Filter{Advisory: "CVE-2026-0001"}).Status; s != finding.Open {
		w.Errorf("status %s with one of two observations left", s)
	}
}

// resolvedSibling: code that was fixed long ago does not come back when its
// living twin moves.
func resolvedSibling(w *world) {
	at := func(lines ...int) (obs []*finding.Observation) {
		for _, l := range lines {
			obs = append(obs, code("sqli", 89, "src/a.go", l, "db.Query(q)"))
		}
		return obs
	}
	w.scan(scan{obs: at(5, 40)})
	ids := w.lines("src/a.go")
	w.scan(scan{obs: at(40), at: day(2)})
	w.outcome(w.scan(scan{obs: at(22), at: day(3)}), 0, 1, 0, 0, 0)
	if got := w.lines("src/a.go"); got[22] != ids[40] {
		w.Errorf("open on %v, want the one of line 40", got)
	}
	// It does come back when there are two again.
	w.outcome(w.scan(scan{obs: at(5, 22), at: day(4)}), 0, 0, 1, 1, 0)
	if got := w.lines("src/a.go"); got[5] != ids[5] || got[22] != ids[40] {
		w.Errorf("open on %v", got)
	}
}

func wording(w *world) {
	obs := []*finding.Observation{vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh), code("sqli", 89, "a.go", 5, "q(x)")}
	w.scan(scan{obs: obs})
	for i := range 3 {
		for _, o := range obs {
			o.Severity, o.Title, o.Message = finding.SeverityLow, fmt.Sprintf("title %d", i), fmt.Sprintf("message %d", i)
		}
		w.outcome(w.scan(scan{obs: obs, at: day(2 + i)}), 0, 2, 0, 0, 0)
	}
	w.want("open low title 2", "open low title 2")
}
