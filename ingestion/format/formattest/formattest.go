// Package formattest holds the tests that every report format passes.
package formattest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden decodes every sample in testdata and compares all that the decoder
// told with SAMPLE.golden.json beside it (write them with -update, then read
// them). It also checks what holds for every format: the sample is detected
// as this format, decoding is deterministic, records are numbered in document
// order, and a sample cut anywhere ends with an error or decodes fewer
// records, and never panics.
func Golden(t *testing.T, f format.Format) {
	t.Helper()
	if names := samples(t, "testdata"); len(names) < 3 {
		t.Errorf("format %q has %d samples in testdata, want at least 3", f.Name, len(names))
	}
	GoldenIn(t, f, "testdata")
}

// GoldenIn is Golden for the samples in a folder: all of its files but golden
// files, Markdown and mapping.yaml.
func GoldenIn(t *testing.T, f format.Format, dir string) {
	t.Helper()
	names := samples(t, dir)
	if len(names) == 0 {
		t.Errorf("format %q has no sample in %s", f.Name, dir)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			in := input(t, name, b)
			if c := f.Detect(in.Head()); c < format.Possible {
				t.Errorf("Detect = %d, want at least %d", c, format.Possible)
			}
			doc := format.Collect(t.Context(), f, in)
			got := render(t, doc)
			compare(t, filepath.Join(dir, name+".golden.json"), got)
			if again := render(t, format.Collect(t.Context(), f, in)); !bytes.Equal(got, again) {
				t.Errorf("decoding twice differs:\n%s", cmp.Diff(string(got), string(again)))
			}
			checkOrder(t, doc)
			for _, at := range []int{0, 1, len(b) / 3, len(b) / 2, len(b) - 2} {
				if at < 0 || at >= len(b) {
					continue
				}
				cut := format.Collect(t.Context(), f, input(t, name, b[:at]))
				if cut.Err == nil && cut.Records() > doc.Records() {
					t.Errorf("cut at byte %d of %d: %d records, the whole has %d", at, len(b), cut.Records(), doc.Records())
				}
			}
		})
	}
}

// Fuzz runs the decoder on mutations of the samples: it must end within the
// deadline without a panic, give every record a position, and quarantine
// with a reason.
func Fuzz(f *testing.F, of format.Format) {
	paths, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || info.IsDir() || strings.HasSuffix(p, ".golden.json") {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		in, err := format.NewBytesInput("fuzz", b)
		if err != nil {
			t.Fatal(err)
		}
		of.Detect(in.Head())
		doc := format.Collect(ctx, of, in)
		if ctx.Err() != nil {
			t.Fatal("decoding took longer than 10 s")
		}
		checkOrder(t, doc)
		for _, fault := range doc.Faults {
			if fault.Reason == "" {
				t.Errorf("fault at %v has no reason", fault.Position)
			}
		}
	})
}

func samples(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasSuffix(e.Name(), ".golden.json") && !strings.HasSuffix(e.Name(), ".md") && e.Name() != "mapping.yaml" {
			names = append(names, e.Name())
		}
	}
	return names
}

func input(t *testing.T, name string, b []byte) *format.Input {
	t.Helper()
	in, err := format.NewBytesInput(name, b)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func checkOrder(t *testing.T, d *format.Document) {
	t.Helper()
	last := -1
	for _, o := range d.Observations {
		if o.Position.Record < last {
			t.Errorf("record %d follows record %d", o.Position.Record, last)
		}
		last = o.Position.Record
	}
	if len(d.Observations) > 0 && len(d.Runs) == 0 {
		t.Error("observations without a run")
	}
}

// golden is what a golden file holds: all that the decoder told, the raw
// record left out because the sample has it.
type golden struct {
	Runs         []format.Run
	Records      int
	Observations []finding.Observation
	Components   []finding.Component
	Depends      map[string][]string
	Faults       []fault
	Error        string
}

type fault struct {
	Position finding.Position
	Reason   string
}

func render(t *testing.T, d *format.Document) []byte {
	t.Helper()
	g := golden{Records: d.Records(), Components: d.Components, Depends: d.Depends}
	for _, r := range d.Runs {
		g.Runs = append(g.Runs, r.Run)
	}
	for _, o := range d.Observations {
		c := *o
		if len(c.Raw) == 0 {
			t.Errorf("record %d has no raw record", c.Position.Record)
		}
		c.Raw = nil
		g.Observations = append(g.Observations, c)
	}
	for _, f := range d.Faults {
		g.Faults = append(g.Faults, fault{f.Position, f.Reason})
	}
	if d.Err != nil {
		g.Error = d.Err.Error()
	}
	b, err := json.Marshal(g, json.OmitZeroStructFields(true), json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test -run Golden -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}
