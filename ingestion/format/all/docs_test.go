package all_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

var writeDocs = flag.Bool("docs", false, "write docs/formats.md and docs/formats anew")

// tool is a line of pack/format/tools.tsv: a tool that DefectDojo has a
// parser for, and how its reports are read here.
type tool struct{ name, scans, how, formats, note string }

// ways are the words of the column "how", best first. All but the last count
// as covered.
var ways = []string{"parser", "mapping", "through SARIF", "through CycloneDX", "generic", "not"}

func readTools(t *testing.T) []tool {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "pack", "format", "tools.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []tool
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") || s.Text() == "" {
			continue
		}
		c := append(strings.Split(s.Text(), "\t"), "", "", "", "", "")
		out = append(out, tool{c[0], c[1], c[2], c[3], c[4]})
	}
	return out
}

// TestTools holds the table of tools to the formats that there are: each
// named once, by a way that exists, and nine in ten of all covered.
func TestTools(t *testing.T) {
	known := map[string]string{}
	for _, f := range all.Coded() {
		known[f.Name] = "parser"
	}
	for _, m := range all.Mappings() {
		known[m.Name()] = "mapping"
	}
	tools := readTools(t)
	covered := 0
	for i, l := range tools {
		if i > 0 && tools[i-1].name >= l.name {
			t.Errorf("%s stands after %s: the table is sorted, each tool once", l.name, tools[i-1].name)
		}
		if !slices.Contains(ways, l.how) {
			t.Errorf("%s is read %q: want one of %s", l.name, l.how, strings.Join(ways, ", "))
		}
		if l.how != "not" {
			covered++
		}
		names := strings.FieldsFunc(l.formats, func(r rune) bool { return r == ',' || r == ' ' })
		if l.how == "parser" || l.how == "mapping" {
			if len(names) == 0 {
				t.Errorf("%s is read by a %s that is not named", l.name, l.how)
			}
			if !slices.ContainsFunc(names, func(n string) bool { return known[n] == l.how }) {
				t.Errorf("%s is said to be read by a %s, and none of %s is one", l.name, l.how, l.formats)
			}
		}
		for _, n := range names {
			if known[n] == "" {
				t.Errorf("%s is read by %q, which is no format", l.name, n)
			}
		}
	}
	const everyTool = 257 // parser folders of DefectDojo 3.2
	if len(tools) != everyTool || covered*10 < everyTool*9 {
		t.Errorf("%d of %d tools are listed, %d covered: want all, and nine in ten covered", len(tools), everyTool, covered)
	}
}

// TestDocs holds docs/formats.md and the pages of docs/formats to the formats
// (write them with -docs).
func TestDocs(t *testing.T) {
	root := filepath.Join("..", "..", "..", "docs")
	pages := map[string][]byte{"formats.md": overview(t)}
	for _, f := range all.Formats() {
		if f.Name != "generic" { // written by hand: it is a format of our own
			pages[filepath.Join("formats", f.Name+".md")] = page(f)
		}
		if len(f.Fields) == 0 && f.Name != "generic" {
			t.Errorf("format %q does not say where its fields come from: fill Fields", f.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		path := filepath.Join(root, name)
		if *writeDocs {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, pages[name], 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, pages[name]) {
			t.Errorf("docs/%s is not what the formats say: go test ./ingestion/format/all -run TestDocs -docs", name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "formats"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "generic.md" && pages[filepath.Join("formats", e.Name())] == nil {
			t.Errorf("docs/formats/%s is about no format", e.Name())
		}
	}
}

const generated = "<!-- Written by: go test ./ingestion/format/all -run TestDocs -docs -->\n\n"

func page(f format.Format) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s`%s` · %s\n\n", f.Title, generated, f.Name, strings.Join(strings.Fields(f.Doc), " "))
	b.WriteString("| field | comes from |\n| --- | --- |\n")
	for _, fd := range f.Fields {
		fmt.Fprintf(&b, "| %s | %s |\n", cell(fd.Name), cell(fd.From))
	}
	b.WriteString("\nWhatever else a record holds stays in its raw form, which is kept whole. Fields are explained in [mappings.md](../mappings.md#values-of-fields).\n")
	return b.Bytes()
}

func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(strings.Join(strings.Fields(s), " "))
}

func overview(t *testing.T) []byte {
	t.Helper()
	coded := all.Coded()
	formats := all.Formats()
	slices.SortFunc(formats, func(a, b format.Format) int { return strings.Compare(a.Name, b.Name) })
	tools := readTools(t)
	count := map[string]int{}
	covered := 0
	for _, l := range tools {
		count[l.how]++
		if l.how != "not" {
			covered++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Report formats\n\n%s", generated)
	fmt.Fprintf(&b, "Stance reads %d formats: %d by parsers in Go, %d by [mappings](mappings.md). Each page says what goes where; what has no place stays in the raw record, which is kept whole. A format is detected by content; `--format NAME` forces one. Reports may be inside gzip, zstd, zip or tar, several in one, in UTF-8, UTF-16 or Latin-1. A tool that is missing here but writes SARIF, CycloneDX, SPDX, OpenVEX, CSAF, OCSF or JUnit is read through these; for any other JSON, XML or CSV a mapping is [proposed](mappings.md#a-tool-never-seen-before).\n\n", len(formats), len(coded), len(formats)-len(coded))
	b.WriteString("## All formats\n\n| format | reads | by |\n| --- | --- | --- |\n")
	for _, f := range formats {
		by := "mapping"
		if slices.ContainsFunc(coded, func(c format.Format) bool { return c.Name == f.Name }) {
			by = "parser"
		}
		fmt.Fprintf(&b, "| [%s](formats/%s.md) | %s | %s |\n", f.Name, f.Name, cell(f.Title), by)
	}
	fmt.Fprintf(&b, "\n## Coverage\n\nThe tools that DefectDojo 3.2 has a parser for, %d in all, and how each is read here: %d are covered", len(tools), covered)
	for _, w := range ways {
		if count[w] > 0 && w != "not" {
			fmt.Fprintf(&b, ", %d %s", count[w], map[string]string{"parser": "by a parser", "mapping": "by a mapping"}[w]+strings.TrimPrefix(strings.TrimPrefix(w, "parser"), "mapping"))
		}
	}
	fmt.Fprintf(&b, "; %d are not.\n\n| tool | how | formats | note |\n| --- | --- | --- | --- |\n", count["not"])
	for _, l := range tools {
		how := l.how
		if how == "not" {
			how = "**not yet**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.name, how, l.formats, cell(l.note))
	}
	return b.Bytes()
}
