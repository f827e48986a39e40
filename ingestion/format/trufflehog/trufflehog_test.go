package trufflehog

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

func TestDecoded(t *testing.T) {
	for in, want := range map[string]string{
		"aHVudGVyMi1yZWVk":     "hunter2-reed",
		"ACME9F8E7D6C5B4A3928": "", // a key id that happens to be valid base64
		"not base64!":          "",
		"":                     "",
	} {
		got, ok := decoded(in)
		if got != want || ok != (want != "") {
			t.Errorf("decoded(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}
