package jsondoc

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/format"
)

func outline(t *testing.T, doc string) map[string]map[string]string {
	t.Helper()
	// One byte a read puts every token across a buffer's edge.
	in, err := format.NewInput("x.json", func() (io.ReadCloser, error) {
		return io.NopCloser(iotest.OneByteReader(strings.NewReader(doc))), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := ReadOutline(t.Context(), in, []string{"name", "meta"}, []string{"apps"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]string{}
	for p, m := range o {
		got[p] = map[string]string{}
		for k, v := range m {
			got[p][k] = string(v)
		}
	}
	return got
}

func TestOutline(t *testing.T) {
	type at = map[string]map[string]string
	for name, c := range map[string]struct {
		doc  string
		want at
	}{
		"after the records":  {`{"results":[{"name":"no"},"}"],"name":"yes"}`, at{"": {"name": `"yes"`}}},
		"array of documents": {`[{"name":1},{"r":[],"name":true}]`, at{"/0": {"name": "1"}, "/1": {"name": "true"}}},
		"followed":           {`{"apps":[{"name":"a"},{"name":"b"}],"other":{"name":"c"}}`, at{"/apps/0": {"name": `"a"`}, "/apps/1": {"name": `"b"`}}},
		"kept whole":         {`{"x":"\\","meta":{"a":["]","\"}"],"b":null},"name":-1.5e3}`, at{"": {"meta": `{"a":["]","\"}"],"b":null}`, "name": "-1.5e3"}}},
		"escaped name":       {`{"\u006eame":"x"}`, at{"": {"name": `"x"`}}},
		"cut":                {`{"name":"x","results":[{"a":`, at{"": {"name": `"x"`}}},
		"broken":             {`{"name":"x",]}{"`, at{"": {"name": `"x"`}}},
		"scalar":             {`null`, at{}},
		"empty":              {``, at{}},
	} {
		if diff := cmp.Diff(c.want, outline(t, c.doc)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOutlineBounds(t *testing.T) {
	deep := strings.Repeat(`{"apps":`, 5000) + `{"name":"x"}` + strings.Repeat("}", 5000)
	if got := outline(t, deep); len(got) != 0 {
		t.Errorf("followed too deep: %d objects", len(got))
	}
	in, err := format.NewBytesInput("x.json", bytes.Join([][]byte{[]byte(`{"meta":"`), bytes.Repeat([]byte("x"), maxKept+1), []byte(`","name":"y"}`)}, nil))
	if err != nil {
		t.Fatal(err)
	}
	o, err := ReadOutline(t.Context(), in, []string{"name", "meta"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Text("", "name") != "y" || o.Text("", "meta") != "" {
		t.Errorf("a member of %d bytes is kept, or lost the one after it", maxKept+1)
	}
}

func FuzzOutline(f *testing.F) {
	f.Add([]byte(`{"results":[{"name":"no"}],"meta":{"a":[1]},"apps":[{"name":"x"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := format.NewBytesInput("x.json", b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadOutline(t.Context(), in, []string{"name", "meta"}, []string{"apps"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestListAndLax(t *testing.T) {
	var v struct {
		L List[struct {
			N int `json:"n"`
		}] `json:"l"`
		X Lax[map[string]int] `json:"x"`
	}
	for doc, want := range map[string]int{
		`{"l":[{"n":1},"odd",null,{"n":2}],"x":"none"}`: 2,
		`{"l":{"n":1},"x":null}`:                        1,
		`{"l":null,"x":[]}`:                             0,
	} {
		if err := Unmarshal([]byte(doc), &v); err != nil || len(v.L) != want || v.X.V != nil {
			t.Errorf("%s: %+v, %v", doc, v, err)
		}
	}
}
