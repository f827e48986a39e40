package openvex

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzOpenVEX(f *testing.F) { formattest.Fuzz(f, Format) }

// What is no OpenVEX document is refused also when the format is forced.
func TestRefuses(t *testing.T) {
	for _, doc := range []string{`["not","a","document"]`, `{}`, `null`, `{"author":"x"}`, `7`} {
		in, err := format.NewBytesInput("vex.json", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if c := Format.Detect(in.Head()); c >= format.Possible {
			t.Errorf("%s is detected with %d", doc, c)
		}
		if d := format.Collect(t.Context(), Format, in); d.Err == nil {
			t.Errorf("%s is read without an error", doc)
		}
	}
}
