package guess_test

import (
	"encoding/json"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
	"github.com/stance-aspm/stance/ingestion/format/guess"
)

var tuned = flag.Bool("tuned", false, "list the tools that the guess was tuned on, one a line; the others are only summed up")

// score counts, for one field, how often the real format gives it and how
// often the guess gives the same.
type score struct{ given, same int }

type quality struct {
	files, proposed, records int
	fields                   map[string]*score
}

// TestGuessQuality hides every format from reports of its tool, guesses a
// mapping, and compares what it reads with what the format reads. Tools are
// parted by a hash of their name: one half was looked at while the guess was
// written, the other was not; only the latter is held to a floor.
func TestGuessQuality(t *testing.T) {
	dir := os.Getenv("STANCE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "corpus", "manifest.json"))
	if err != nil {
		t.Skip("the folder of real reports is not here: set STANCE_SHARED to it to run this test")
	}
	var manifest struct {
		Reports []struct{ Tool, File, Format string }
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	total := [2]quality{{fields: map[string]*score{}}, {fields: map[string]*score{}}}
	for _, r := range manifest.Reports {
		h := fnv.New32a()
		h.Write([]byte(r.Tool))
		half := int(h.Sum32() % 2)
		q := quality{fields: map[string]*score{}}
		if !compare(t, filepath.Join(dir, "corpus", r.File), &q) {
			continue
		}
		if *tuned && half == 0 {
			t.Logf("%s: %s", strings.TrimPrefix(r.File, "reports/"), q.line())
		}
		total[half].add(q)
	}
	t.Logf("tuned on: %s", total[0].line())
	t.Logf("held out: %s", total[1].line())
	if h := total[1]; h.files == 0 || h.records*100 < h.files*50 {
		t.Errorf("of %d reports held out the records of %d are found", h.files, h.records)
	}
}

func (q *quality) add(o quality) {
	q.files, q.proposed, q.records = q.files+o.files, q.proposed+o.proposed, q.records+o.records
	for name, s := range o.fields {
		if q.fields[name] == nil {
			q.fields[name] = &score{}
		}
		q.fields[name].given += s.given
		q.fields[name].same += s.same
	}
}

func (q *quality) line() string {
	var b strings.Builder
	b.WriteString(strings.Join([]string{"reports", itoa(q.files), "proposed", itoa(q.proposed), "records found", itoa(q.records)}, " "))
	for _, name := range []string{"severity", "check", "title", "advisory", "cwe", "path", "line", "url", "component", "version"} {
		if s := q.fields[name]; s != nil && s.given > 0 {
			b.WriteString("; " + name + " " + itoa(s.same) + "/" + itoa(s.given))
		}
	}
	return b.String()
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// compare reads a report both ways; false for one without findings.
func compare(t *testing.T, path string, q *quality) bool {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput(filepath.Base(path), raw)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := format.Choose(all.Formats(), in, "")
	if err != nil || chosen.Format.Name == "generic" {
		return false
	}
	want := format.Collect(t.Context(), chosen.Format, in)
	if want.Err != nil || len(want.Observations) == 0 {
		return false
	}
	q.files = 1
	p, err := guess.Propose(t.Context(), in)
	if err != nil {
		if *tuned {
			t.Log(err)
		}
		return true
	}
	q.proposed = 1
	got := format.Collect(t.Context(), p.Mapping.Format(), in)
	if *tuned {
		t.Logf("path %s, %d records, want %d; sure %.2f", p.Path, got.Records(), want.Records(), p.Sure)
	}
	if got.Records() != want.Records() && len(got.Observations) != len(want.Observations) {
		return true
	}
	q.records = 1
	first := map[int]*finding.Observation{}
	for _, o := range got.Observations {
		if first[o.Position.Record] == nil {
			first[o.Position.Record] = o
		}
	}
	seen := map[int]bool{}
	for i, o := range want.Observations {
		g := first[o.Position.Record]
		if len(got.Observations) == len(want.Observations) {
			g = got.Observations[i]
		} else if seen[o.Position.Record] {
			continue
		}
		seen[o.Position.Record] = true
		if g == nil {
			g = &finding.Observation{}
		}
		q.compare(o, g)
	}
	return true
}

func (q *quality) compare(o, g *finding.Observation) {
	count := func(name, want, got string) {
		if want == "" {
			return
		}
		if q.fields[name] == nil {
			q.fields[name] = &score{}
		}
		q.fields[name].given++
		if want == got {
			q.fields[name].same++
		}
	}
	first := func(l []string) string {
		if len(l) == 0 {
			return ""
		}
		return l[0]
	}
	if o.Severity != finding.SeverityUnknown {
		count("severity", o.Severity.String(), g.Severity.String())
	}
	count("check", o.Check.ID, g.Check.ID)
	title := o.Title
	if title == "" {
		title = o.Check.Title
	}
	if g.Title != title && g.Check.Title == title {
		g.Title = title
	}
	count("title", title, g.Title)
	count("advisory", first(o.Advisories), first(g.Advisories))
	if len(o.CWEs) > 0 {
		w, v := itoa(o.CWEs[0]), ""
		if len(g.CWEs) > 0 {
			v = itoa(g.CWEs[0])
		}
		count("cwe", w, v)
	}
	count("path", o.Location.Path, g.Location.Path)
	if o.Location.StartLine > 0 {
		count("line", itoa(o.Location.StartLine), itoa(g.Location.StartLine))
	}
	count("url", o.Location.URL, g.Location.URL)
	if o.Component != nil {
		name, version := "", ""
		if g.Component != nil {
			name, version = g.Component.Name, g.Component.Version
		}
		count("component", o.Component.Name, name)
		count("version", o.Component.Version, version)
	}
}
