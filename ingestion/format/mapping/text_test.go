package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

const spoken = `
name: spoken
doc: A tool that prints for people.
input: text
kind: secret
detect: [{sure: certain, text: '(?m)^Spoken \d'}]
around: ['^== (?P<host>\S+) ==$', '^-- (?P<room>\w+)$']
context:
  version: {line: '^Spoken (?P<number>\S+)'}
  notes: {line: '^Note on (?P<file>.+):$', more: '^    (?P<text>.*)', key: .file}
run: {version: $version.number}
records:
  - line: '^(?P<file>\S+) fails (?P<rule>\w+)$'
    more: '^  (?P<text>\S.*)$'
    target: {kind: '"host"', name: $up.host}
    fields:
      check.id: .rule
      title: .rule
      message: '[.more[]?.text] + [$notes[.file].more[]?.text] | join(", ")'
      location.path: .file
      location.symbol: $up.room
      severity: {default: low}
`

// TestText reads lines with what stands around, below and far behind them.
func TestText(t *testing.T) {
	m, err := mapping.Load("spoken.yaml", []byte(spoken))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput("r.txt", []byte(strings.Join([]string{
		"== \x1b[1mkitchen\x1b[0m ==", "-- left", "a.c fails knife\r", "  it is blunt", "", "  and short", "idle words",
		"== cellar ==", "b.c fails damp", "  at the wall",
		"Note on a.c:", "    seen twice", "Spoken 1.2",
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	doc := format.Collect(t.Context(), m.Format(), in)
	if doc.Err != nil {
		t.Fatal(doc.Err)
	}
	type seen struct{ host, rule, message, room, at string }
	var got []seen
	for i, r := range doc.Runs {
		if r.Version != "1.2" {
			t.Errorf("version %q: it stands behind the records", r.Version)
		}
		end := len(doc.Observations)
		if i+1 < len(doc.Runs) {
			end = doc.Runs[i+1].First
		}
		for _, o := range doc.Observations[r.First:end] {
			got = append(got, seen{r.Target.Name, o.Check.ID, o.Message, o.Location.Symbol, o.Position.Pointer})
		}
	}
	want := []seen{
		{"kitchen", "knife", "it is blunt, and short, seen twice", "left", "line 3"},
		{"cellar", "damp", "at the wall", "", "line 9"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("read\n%q, want\n%q", got, want)
	}
	if raw := string(doc.Observations[0].Raw); raw != "a.c fails knife\n  it is blunt\n  and short" {
		t.Errorf("raw %q", raw)
	}
}

// TestTextNeedsPatterns: a mapping without them says what is missing.
func TestTextNeedsPatterns(t *testing.T) {
	_, err := mapping.Load("m.yaml", []byte("name: m\ninput: text\ndetect: [{text: x}]\nrecords: [{fields: {title: .a}}]\n"))
	if err == nil || !strings.Contains(err.Error(), "named groups") {
		t.Errorf("error %v: want one that asks for a line", err)
	}
	if _, err = mapping.Load("m.yaml", []byte("name: m\ninput: text\ndetect: [{text: x}]\nrecords: [{line: '(', fields: {title: .a}}]\n")); err == nil {
		t.Error("a broken pattern is taken")
	}
	m, err := mapping.Load("m.yaml", []byte("name: m\ninput: text\ndetect: [{text: '^x'}]\nrecords: [{line: '^y(?P<a>.)', fields: {title: .a}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput("r.txt", []byte("z"))
	if err != nil {
		t.Fatal(err)
	}
	if err := format.Collect(t.Context(), m.Format(), in).Err; err == nil || !strings.Contains(err.Error(), "lines like ^y") {
		t.Errorf("error %v: want one that says what lines are expected", err)
	}
}
