package osv

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzOSV(f *testing.F) { formattest.Fuzz(f, Format) }

// A release of a distribution matches the distribution, and no other package.
func TestAbout(t *testing.T) {
	a := Affected{Package: Package{Ecosystem: "Debian:12", Name: "Seed"}}
	if !a.about("Debian", "seed") || !a.about("Debian:12", "seed") || a.about("PyPI", "seed") || a.about("Debian", "pear") {
		t.Error("packages are mixed up")
	}
}
