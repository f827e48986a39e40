package jsondoc

import (
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

func TestStream(t *testing.T) {
	for name, c := range map[string]struct {
		doc, ids string
		faults   int
		err      string
	}{
		"array":        {`[{"id":"1"},{"id":"2"}]`, "1,2", 0, ""},
		"lines":        {"{\"id\":\"1\"}\n{\"id\":\"2\"}\n", "1,2", 0, ""},
		"concatenated": {`{"id":"1"}{"id":"2"}`, "1,2", 0, ""},
		"arrays":       {`[{"id":"1"}] [] [{"id":"2"}]`, "1,2", 0, ""},
		"null":         {`null`, "", 0, ""},
		"odd record":   {"{\"id\":\"1\"}\n\"noise\"\n{\"id\":\"2\"}", "1,2", 1, ""},
		"cut":          {`[{"id":"1"},{"id":`, "1", 0, "ends in the middle"},
		"cut line":     {"{\"id\":\"1\"}\n{\"id\":", "1", 0, "ends in the middle"},
	} {
		in, err := format.NewBytesInput("x", []byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		s := &sink{}
		err = Stream(r, s, func(v *rec, _ finding.Position, _ []byte) error {
			ids = append(ids, v.ID)
			return nil
		})
		if got := strings.Join(ids, ","); got != c.ids || len(s.faults) != c.faults {
			t.Errorf("%s: ids %q, %d faults; want %q, %d", name, got, len(s.faults), c.ids, c.faults)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
