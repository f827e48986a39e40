package govulncheck

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzGovulncheck(f *testing.F) { formattest.Fuzz(f, Format) }

// What has none of the messages is refused; calls that only go in a circle
// end.
func TestOdd(t *testing.T) {
	for doc, wantErr := range map[string]bool{
		`{"other":1}`: true,
		`[]`:          true,
		`{"config":{"protocol_version":"v1.0.0"}}`:                                                                false,
		`{"Calls":{"Functions":{"1":{"CallSites":[{"Parent":1}]}}},"Vulns":[{"OSV":{"id":"GO-1"},"CallSink":1}]}`: false,
	} {
		in, err := format.NewBytesInput("v.json", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if d := format.Collect(t.Context(), Format, in); (d.Err != nil) != wantErr {
			t.Errorf("%s: %v", doc, d.Err)
		}
	}
}
