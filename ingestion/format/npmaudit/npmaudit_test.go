package npmaudit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzNpmAudit(f *testing.F) { formattest.Fuzz(f, Format) }

func TestRefused(t *testing.T) {
	for doc, want := range map[string]string{
		`{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":"Try: npm i"}}`: "ENOLOCK: This command requires an existing lockfile.: Try: npm i",
		`{"message":"request failed","statusCode":404,"error":{"summary":"","detail":""}}`:                           "request failed",
		`[]`: "want an object",
	} {
		in, err := format.NewBytesInput("r.json", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		d := format.Collect(t.Context(), Format, in)
		if d.Err == nil || !strings.Contains(d.Err.Error(), want) || len(d.Runs) != 0 {
			t.Errorf("%s: %v, %d runs", doc, d.Err, len(d.Runs))
		}
	}
}

func TestLowest(t *testing.T) {
	for patched, want := range map[string][]string{
		">=0.6.1":                        {"0.6.1"},
		">= 2.6.9 < 3.0.0 || >= 3.1.0":   {"2.6.9", "3.1.0"},
		"<0.0.0":                         nil,
		"No fix is currently available.": nil,
	} {
		if diff := cmp.Diff(want, lowest(patched)); diff != "" {
			t.Errorf("lowest(%q): %s", patched, diff)
		}
	}
}

func TestAddresses(t *testing.T) {
	got := addresses("- [a](https://example.org/a)\n- http://example.org/b http2 httpx://no")
	if diff := cmp.Diff([]string{"https://example.org/a", "http://example.org/b"}, got); diff != "" {
		t.Error(diff)
	}
}
