package all_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// toolRow is a line of the table in docs/corpus.md.
type toolRow struct {
	tool                                     string
	files, refused                           int
	want, records, observations, quarantined int
	formats                                  []string
	notes                                    []string
}

// TestCorpusPage holds the table in docs/corpus.md to what is read of every
// report (write it with -docs).
func TestCorpusPage(t *testing.T) {
	dir := interchangeFolder(t)
	var manifest struct {
		Reports []struct {
			Tool, File string
			Raw        *int `json:"raw_records"`
			Expected   *int `json:"expected_findings"`
			MustReject bool `json:"must_reject"`
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
	rows := map[string]*toolRow{}
	for _, r := range manifest.Reports {
		row := rows[r.Tool]
		if row == nil {
			row = &toolRow{tool: r.Tool}
			rows[r.Tool] = row
		}
		row.files++
		got := readReport(t, filepath.Join(dir, r.File))
		if got.err != nil {
			row.refused++
		} else {
			row.records += got.records
			row.observations += got.observations
			row.quarantined += len(got.faults)
			if got.format != "" && !slices.Contains(row.formats, got.format) {
				row.formats = append(row.formats, got.format)
			}
		}
		want := r.Raw
		if want == nil {
			want = r.Expected
		}
		switch d, ok := differences[r.File]; {
		case r.MustReject:
			row.notes = append(row.notes, filepath.Base(r.File)+": must be refused, and is")
		case ok:
			n := "no count"
			if want != nil {
				n = fmt.Sprint(*want)
			}
			row.notes = append(row.notes, fmt.Sprintf("%s: %s, the manifest has %s: %s", filepath.Base(r.File), d.outcome, n, d.reason))
		}
		if want != nil && !r.MustReject {
			row.want += *want
		}
	}
	path := filepath.Join("..", "..", "..", "docs", "corpus.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- table: go test ./ingestion/format/all -run TestCorpusPage -docs -->\n", "<!-- end of table -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/corpus.md has lost the marks of its table")
	}
	want := before + begin + table(rows) + end + after
	if *writeDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("the table in docs/corpus.md is not what is read: go test ./ingestion/format/all -run TestCorpusPage -docs")
	}
}

func table(rows map[string]*toolRow) string {
	var b strings.Builder
	b.WriteString("\n| tool | files | records in the manifest | records read | observations | quarantined | refused | formats | why it differs |\n| --- | --: | --: | --: | --: | --: | --: | --- | --- |\n")
	var names []string
	var sum toolRow
	for name, r := range rows {
		names = append(names, name)
		sum.files, sum.want, sum.records = sum.files+r.files, sum.want+r.want, sum.records+r.records
		sum.observations, sum.quarantined, sum.refused = sum.observations+r.observations, sum.quarantined+r.quarantined, sum.refused+r.refused
	}
	slices.Sort(names)
	for _, name := range names {
		r := rows[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %s | %s |\n", r.tool, r.files, r.want, r.records, r.observations, r.quarantined, r.refused, strings.Join(r.formats, ", "), cell(strings.Join(r.notes, "; ")))
	}
	fmt.Fprintf(&b, "| **all** | %d | %d | %d | %d | %d | %d | | |\n\n", sum.files, sum.want, sum.records, sum.observations, sum.quarantined, sum.refused)
	return b.String()
}
