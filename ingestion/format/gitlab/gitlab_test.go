package gitlab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

func TestFixVersions(t *testing.T) {
	for solution, want := range map[string][]string{
		"Upgrade to version 2.2.3 or above.":             {"2.2.3"},
		"Upgrade to versions 1.2.3, v2.0.1 or above.":    {"1.2.3", "v2.0.1"},
		"Upgrade curl from 7.64.0-4 to 7.64.0-4+deb10u2": {"7.64.0-4+deb10u2"},
		"Upgrade libcrypto1.1 to 1.1.1d-r0":              {"1.1.1d-r0"},
		"Unfortunately, there is no solution yet.":       nil,
		"Escape what users send to the 2 templates.":     nil,
		"": nil,
	} {
		if diff := cmp.Diff(want, fixVersions(solution)); diff != "" {
			t.Errorf("fixVersions(%q): %s", solution, diff)
		}
	}
}
