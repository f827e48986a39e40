package jsondoc

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

type rec struct {
	ID  string `json:"id"`
	Num int    `json:"num"`
}

func read(t *testing.T, doc string) (ids []string, faults []format.Fault, pointers []string, err error) {
	t.Helper()
	in, err := format.NewBytesInput("x.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := &sink{}
	err = r.Object(func(name string) error {
		if name != "results" {
			return nil
		}
		return Records(r, s, func(v *rec, pos finding.Position, raw []byte) error {
			if v.ID == "bad" {
				return Bad("no sense")
			}
			ids = append(ids, v.ID)
			pointers = append(pointers, pos.Pointer)
			return nil
		})
	})
	if err == nil {
		err = r.End()
	}
	return ids, s.faults, pointers, err
}

type sink struct {
	format.Sink
	faults []format.Fault
}

func (s *sink) Quarantine(f format.Fault) error { s.faults = append(s.faults, f); return nil }

func TestRecords(t *testing.T) {
	ids, faults, pointers, err := read(t, `{"a":{"deep":[1,2]},"results":[{"id":"1"},{"id":2},{"id":"bad"},{"id":"3","num":4}],"z":null}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ids, ","); got != "1,3" {
		t.Errorf("ids = %s", got)
	}
	if got := strings.Join(pointers, ","); got != "/results/0,/results/3" {
		t.Errorf("pointers = %s", got)
	}
	if len(faults) != 2 || faults[0].Position.Pointer != "/results/1" || !strings.Contains(faults[0].Reason, "/id: want a string, got a number") || faults[1].Reason != "no sense" {
		t.Errorf("faults = %+v", faults)
	}
	if string(faults[0].Raw) != `{"id":2}` {
		t.Errorf("raw = %s", faults[0].Raw)
	}
}

func TestBrokenDocuments(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"truncated":     {`{"results":[{"id":"1"},{"id":"2"`, "ends in the middle"},
		"truncated key": {`{"results":[{"id":"1"}],"zz`, "ends in the middle"},
		"garbage":       {`{"results":[{"id":"1"},}`, "not valid JSON at byte"},
		"wrong shape":   {`{"results":"none"}`, "at /results (byte 10): want an array, got a string"},
		"trailing":      {`{"results":[]} {}`, "more data after the end"},
		"deep":          {`{"x":` + strings.Repeat("[", 20000) + `}`, "not valid JSON"},
	} {
		_, _, _, err := read(t, c.doc)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", name, err, c.want)
		}
	}
	ids, _, _, err := read(t, `{"results":[{"id":"1"},{"id":"2"`)
	if len(ids) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("what stood before the cut: %v, %v", ids, err)
	}
}
