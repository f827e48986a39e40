package mapping_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

const hosts = `
name: hosts
doc: flaws of hosts
input: json
kind: dynamic
detect: [{keys: [hosts]}]
records:
  - path: hosts[].flaws[]
    fields: {check.id: .id, location.url: $up.name, title: $top.name}
`

// Each record sees its own enclosing element, although the element is parsed
// only once for all of its records.
func TestEnclosingElement(t *testing.T) {
	for _, input := range []string{"json", "xml"} {
		t.Run(input, func(t *testing.T) {
			var doc strings.Builder
			src := hosts
			if input == "xml" {
				src = strings.NewReplacer("input: json", "input: xml", "keys: [hosts]", "root: hosts", "hosts[].flaws[]", "hosts.host[].flaw[]", ".name", "._name", ": .id", ": ._id").Replace(src)
				doc.WriteString("<hosts>")
				for h := range 3 {
					fmt.Fprintf(&doc, `<host name="h%d"><flaw id="a%d"/><flaw id="b%d"/></host>`, h, h, h)
				}
				doc.WriteString("</hosts>")
			} else {
				doc.WriteString(`{"hosts": [`)
				for h := range 3 {
					if h > 0 {
						doc.WriteByte(',')
					}
					fmt.Fprintf(&doc, `{"name": "h%d", "flaws": [{"id": "a%d"}, {"id": "b%d"}]}`, h, h, h)
				}
				doc.WriteString("]}")
			}
			m, err := mapping.Parse("hosts", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			in, err := format.NewInput("hosts", func() (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader([]byte(doc.String()))), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got := format.Collect(t.Context(), m.Format(), in)
			if got.Err != nil || len(got.Observations) != 6 {
				t.Fatalf("%d observations, want 6 (%v)", len(got.Observations), got.Err)
			}
			for i, o := range got.Observations {
				host := fmt.Sprintf("h%d", i/2)
				if o.Location.URL != host || o.Title != host {
					t.Errorf("%s stands in %q of %q, want %q", o.Check.ID, o.Location.URL, o.Title, host)
				}
			}
		})
	}
}
