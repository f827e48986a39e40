package all_test

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

var onlyTools = flag.String("tools", "", "read only these tools' reports of the corpus, separated by commas, and list each")

// TestCorpusComplete reads every report of the corpus without being told its
// format and compares the number of records with the manifest's. What differs
// stands in testdata/corpus-differences.tsv with its reason.
func TestCorpusComplete(t *testing.T) {
	dir := interchangeFolder(t)
	var manifest struct {
		Reports []struct {
			Tool, File, Format string
			Raw                *int `json:"raw_records"`
			Expected           *int `json:"expected_findings"`
			MustReject         bool `json:"must_reject"`
			Components         *int `json:"components"`
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	differences := readDifferences(t)
	text, err := os.ReadFile(filepath.Join("testdata", "corpus-pending.txt"))
	if err != nil {
		t.Fatal(err)
	}
	pending := strings.Fields(string(text))
	for _, r := range manifest.Reports {
		if *onlyTools == "" && slices.Contains(pending, r.Tool) {
			continue
		}
		if *onlyTools != "" && !slices.Contains(strings.Split(*onlyTools, ","), r.Tool) {
			continue
		}
		t.Run(strings.TrimPrefix(r.File, "reports/"), func(t *testing.T) {
			got := readReport(t, filepath.Join(dir, r.File))
			want := "any"
			switch {
			case r.MustReject:
				want = "refused"
			case r.Raw != nil:
				want = fmt.Sprint(*r.Raw)
			case r.Expected != nil:
				want = fmt.Sprint(*r.Expected)
			}
			if *onlyTools != "" {
				t.Logf("by %s: %s records, want %s; %d observations, %d components, %d faults %v", got.format, got.outcome(), want, got.observations, got.components, len(got.faults), got.err)
			}
			if d, ok := differences[r.File]; ok {
				if got.outcome() != d.outcome {
					t.Errorf("by %s: %s, and the table of differences says %s (%s)", got.format, got.outcome(), d.outcome, d.reason)
				}
				return
			}
			if want != "any" && got.outcome() != want {
				t.Errorf("by %s: %s records, want %s (%v)", got.format, got.outcome(), want, got.err)
			}
			for i, f := range got.faults {
				if i < 3 && got.err == nil {
					t.Errorf("quarantined: %s: %s", f.Position.Pointer, f.Reason)
				}
			}
		})
	}
}

type reading struct {
	format                   string
	records                  int
	observations, components int
	faults                   []format.Fault
	err                      error
}

func (r reading) outcome() string {
	if r.err != nil {
		return "refused"
	}
	return fmt.Sprint(r.records)
}

func readReport(t *testing.T, path string) (out reading) {
	t.Helper()
	inputs := []*format.Input{}
	if z, err := zip.OpenReader(path); err == nil && !strings.HasSuffix(path, ".fpr") {
		defer z.Close()
		for _, f := range z.File {
			if f.FileInfo().IsDir() {
				continue
			}
			in, err := format.NewInput(f.Name, func() (io.ReadCloser, error) { return f.Open() })
			if err != nil {
				t.Fatal(err)
			}
			inputs = append(inputs, in)
		}
	} else {
		in, err := format.NewInput(filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) })
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, in)
	}
	known := 0
	for _, in := range inputs {
		chosen, err := format.Choose(all.Formats(), in, "")
		if err != nil { // of an archive's files those that are known count
			out.err = err
			continue
		}
		known++
		out.format = chosen.Format.Name
		doc := format.Collect(t.Context(), chosen.Format, in)
		out.records += doc.Records()
		out.observations += len(doc.Observations)
		out.components += len(doc.Components)
		out.faults = append(out.faults, doc.Faults...)
		if doc.Err != nil {
			return reading{format: out.format, faults: out.faults, err: doc.Err}
		}
	}
	if known > 0 {
		out.err = nil
	}
	return out
}

type difference struct{ outcome, reason string }

func readDifferences(t *testing.T) map[string]difference {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "corpus-differences.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]difference{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if cells := strings.Split(s.Text(), "\t"); len(cells) == 3 && !strings.HasPrefix(cells[0], "#") {
			out[cells[0]] = difference{cells[1], cells[2]}
		}
	}
	return out
}
