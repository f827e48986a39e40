package generic

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"no findings":   {`{"stance":"1","results":[]}`, `no "findings" array`},
		"wrong shape":   {`{"stance":"1","findings":{}}`, "at /findings"},
		"empty finding": {`{"findings":[{}]}`, "/findings/0: the finding has no title"},
		"unknown field": {`{"findings":[{"title":"a","severity":"low","sevrity_note":"x","colour":1}]}`, "unknown field colour, sevrity_note"},
		"unknown kind":  {`{"findings":[{"title":"a","kind":"bug"}]}`, `unknown kind "bug"`},
		"no title rows": {"Title,Severity\n,High\n", "line 2: the finding has no title"},
		"no title":      {"Severity,Line\nHigh,2\n", "no column for the title"},
	} {
		in, err := format.NewBytesInput("report", []byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		d := format.Collect(t.Context(), Format, in)
		if d.Err == nil || !strings.Contains(d.Err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, d.Err, c.want)
		}
	}
}

// One readable finding is enough: the others are set aside.
func TestSetAside(t *testing.T) {
	in, err := format.NewBytesInput("report", []byte(`{"findings":[{"title":"a"},{"titel":"b"},{"title":"c","cvss":[{"score":[]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := format.Collect(t.Context(), Format, in)
	if d.Err != nil || len(d.Observations) != 2 || len(d.Faults) != 1 || d.Records() != 3 {
		t.Errorf("%d observations, faults %+v, error %v", len(d.Observations), d.Faults, d.Err)
	}
}

func TestDetect(t *testing.T) {
	for doc, want := range map[string]format.Confidence{
		`{"stance":"1","findings":[]}`:                                         format.Certain,
		`{"findings":[{"title":"a","severity":"low"}]}`:                        format.Possible + 10,
		`{"findings":[]}`:                                                      format.Possible,
		`{"findings":[{"title":"a","arn":"x","account":"y"}]}`:                 format.No,
		`{"findings":[{"title":"a","severity":"low"}],"schemaVersion":"1"}`:    format.No,
		`[{"title":"a","severity":"low"}]`:                                     format.No,
		"Title;Severity;Url\na;b;c":                                            format.Likely,
		"Title,Severity,Url,Description,Line,Colour\n":                         format.Possible,
		"Title,Severity,Colour,Taste,Smell\n":                                  format.No,
		"id,severity,finding,cve,cwe\n":                                        format.No,
		"just some text about a Title, and Severity of it, as people write it": format.No,
	} {
		in, err := format.NewBytesInput("report", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := Format.Detect(in.Head()); got != want {
			t.Errorf("Detect(%q) = %d, want %d", doc, got, want)
		}
	}
}

func TestInstant(t *testing.T) {
	for in, want := range map[string]string{
		"2024-01-04T13:02:11+02:00": "2024-01-04T11:02:11Z",
		"2021-01-06":                "2021-01-06T00:00:00Z",
		"01/30/2018":                "2018-01-30T00:00:00Z",
		"28/02/2021":                "2021-02-28T00:00:00Z",
		"soon":                      "0001-01-01T00:00:00Z",
	} {
		if got := instant(in).Format(time.RFC3339); got != want {
			t.Errorf("instant(%q) = %s, want %s", in, got, want)
		}
	}
}

// The page that describes the format names every field that is read.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "generic.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[entry](), reflect.TypeFor[place](), reflect.TypeFor[part](), reflect.TypeFor[check](),
		reflect.TypeFor[secret](), reflect.TypeFor[rating](), reflect.TypeFor[endpoint](), reflect.TypeFor[claim](),
	} {
		for _, f := range reflect.VisibleFields(typ) {
			name := f.Tag.Get("json")
			if name == ",embed" || name == "url" && typ == reflect.TypeFor[endpoint]() {
				continue
			}
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/formats/generic.md does not name %q of %s", name, typ.Name())
			}
		}
	}
}
