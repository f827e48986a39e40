package openscap

import (
	"testing"

	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzOpenSCAP(f *testing.F) { formattest.Fuzz(f, Format) }
