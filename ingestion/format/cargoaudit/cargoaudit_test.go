package cargoaudit

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzCargoAudit(f *testing.F) { formattest.Fuzz(f, Format) }

// What is another document is refused, also when the format is forced.
func TestRefuses(t *testing.T) {
	for _, doc := range []string{`{"other": 1}`, `{"results"`} {
		in, err := format.NewBytesInput("r.json", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if d := format.Collect(t.Context(), Format, in); d.Err == nil {
			t.Errorf("%s is read without an error", doc)
		}
	}
}
