package all

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format/formattest"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

// TestMappings reads every mapping of pack/format with its samples and
// compares what it told with the golden file beside each.
func TestMappings(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "pack", "format")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range Coded() {
		names[f.Name] = true
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			file := filepath.Join(dir, e.Name(), "mapping.yaml")
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mapping.Parse(e.Name()+"/mapping.yaml", src)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Compile(); err != nil {
				t.Fatal(err)
			}
			f := m.Format()
			if f.Name != e.Name() || f.Doc == "" || names[f.Name] {
				t.Errorf("the mapping is named %q and documented as %q: want the folder's name, used once, and a doc", f.Name, f.Doc)
			}
			formattest.GoldenIn(t, f, filepath.Join(dir, e.Name()))
		})
	}
}
