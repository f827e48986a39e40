package grype

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzGrype(f *testing.F) { formattest.Fuzz(f, Format) }

// Odd shapes in one match cost neither the match nor its neighbours.
func TestOddShapes(t *testing.T) {
	const doc = `{"matches":[7,{"vulnerability":{"id":"CVE-2025-1","severity":null,"cvss":"none","epss":{"epss":"0.5"},"fix":"no"},
		"artifact":{"name":"p","locations":null,"licenses":"MIT"},"matchDetails":null},{}],"source":7,"descriptor":[]}`
	in, err := format.NewBytesInput("r.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	d := format.Collect(t.Context(), Format, in)
	if d.Err != nil || len(d.Observations) != 1 || len(d.Faults) != 2 {
		t.Fatalf("%d observations, %v, %v", len(d.Observations), d.Faults, d.Err)
	}
	if o := d.Observations[0]; o.EPSS == nil || *o.EPSS != 0.5 || o.Component.Licences[0] != "MIT" {
		t.Errorf("%+v", o)
	}
}
