package mapping_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

// A table without a header row has the columns that the mapping names, and a
// grade made of other facts is no word of the tool's.
func TestTableWithoutHeader(t *testing.T) {
	m, err := mapping.Parse("bare", []byte(`
name: bare
doc: a table without names
input: csv
kind: dynamic
names: [host, score, text]
detect: [{text: '^bare;'}]
records:
  - when: .text != null
    fields:
      title: .text
      location.url: .host
      severity: {value: .score | cvss_severity, ours: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewInput("", func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("bare;1\nh1;9.1;first\nh2;4.0;\"second; quoted\"\n")), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := m.Format()
	if c := f.Detect(in.Head()); c != format.Likely {
		t.Errorf("Detect = %v, want likely", c)
	}
	doc := format.Collect(t.Context(), f, in)
	if doc.Err != nil || len(doc.Observations) != 2 {
		t.Fatalf("%d observations, want 2 (%v)", len(doc.Observations), doc.Err)
	}
	o := doc.Observations[1]
	if o.Title != "second; quoted" || o.Location.URL != "h2" || o.Severity != finding.SeverityMedium || o.SeverityWord != "" {
		t.Errorf("got %q at %q graded %v, word %q", o.Title, o.Location.URL, o.Severity, o.SeverityWord)
	}
}
