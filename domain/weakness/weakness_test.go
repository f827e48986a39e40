package weakness

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite cwe.tsv from the catalogue in the shared data folder")

func TestParseCWE(t *testing.T) {
	for in, want := range map[string]CWE{
		"79": 79, " 79 ": 79, "CWE-79": 79, "cwe-079": 79, "CWE79": 79, "cwe_89": 89, "CWE 611": 611, "CWE:22": 22,
		"CWE-79: Improper Neutralization of Input":        79,
		"external/cwe/cwe-022":                            22,
		"https://cwe.mitre.org/data/definitions/502.html": 502,
		"A03:2021, CWE-94":                                94,
		"see CWE list, CWE-20":                            20,
		"":                                                0, "CWE-0": 0, "0": 0, "-1": 0, "NVD-CWE-noinfo": 0, "NVD-CWE-Other": 0, "79abc": 0, "7.9": 0,
		"20210101": 0, "CWE-99999999999999999999": 0, "https://example.org/79.html": 0, "ＣＷＥ-79": 0,
	} {
		got, ok := ParseCWE(in)
		if got != want || ok != (want != 0) {
			t.Errorf("ParseCWE(%q) = %d, %v; want %d", in, got, ok, want)
		}
	}
}

func TestLookup(t *testing.T) {
	xss, ok := Lookup(79)
	want := Weakness{ID: 79, Name: "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')", Abstraction: Base, Usage: Allowed, Parents: []CWE{74}}
	if !ok || !cmp.Equal(xss, want) {
		t.Errorf("Lookup(79): %s", cmp.Diff(want, xss))
	}
	for id, mappable := range map[CWE]bool{79: true, 310: false, 1000: false, 1: false, 664: true} {
		w, ok := Lookup(id)
		if !ok || w.Mappable() != mappable {
			t.Errorf("Lookup(%v) = %+v, %v; want mappable %v", id, w, ok, mappable)
		}
	}
	if _, ok := Lookup(99_999); ok {
		t.Error("found CWE-99999")
	}
	if CatalogueVersion() == "" {
		t.Error("the catalogue has no version")
	}
}

func TestTree(t *testing.T) {
	if got, want := Ancestors(564), []CWE{89, 943, 74, 707}; !slices.Equal(got, want) {
		t.Errorf("Ancestors(564) = %v; want %v", got, want)
	}
	if got := Ancestors(707); len(got) != 0 {
		t.Errorf("a pillar has ancestors %v", got)
	}
	for _, tt := range []struct {
		id, above CWE
		want      bool
	}{{564, 707, true}, {89, 89, true}, {89, 564, false}, {79, 664, false}, {0, 0, false}, {99_999, 707, false}} {
		if got := IsA(tt.id, tt.above); got != tt.want {
			t.Errorf("IsA(%d, %d) = %v", tt.id, tt.above, got)
		}
	}
}

func TestClassOf(t *testing.T) {
	for _, tt := range []struct {
		want Class
		cwes []CWE
	}{
		{"", nil},
		{"", []CWE{0, -3}},
		{"sql-injection", []CWE{89}},
		{"sql-injection", []CWE{564}},
		{"sql-injection", []CWE{943, 89, 74}}, // generalisations add nothing
		{"path-traversal", []CWE{23}},
		{"path-traversal", []CWE{22, 23, 36, 73, 99}},
		{"os-command-injection", []CWE{88}},
		{"hardcoded-credentials", []CWE{321}}, // below weak randomness in the tree, but nearer to this
		{"weak-hash", []CWE{327, 328, 916}},
		{"weak-crypto", []CWE{327}},
		{"tls-validation", []CWE{297}},
		{"authentication", []CWE{287}},
		{"access-control", []CWE{639}},
		{"access-control", []CWE{284}},
		{"cwe-286", []CWE{286}}, // a pillar named exactly does not spread
		{"permissions", []CWE{276}},
		{"cookie-httponly", []CWE{1004}},
		{"prototype-pollution", []CWE{79, 1321}},
		{"xss", []CWE{79, 116}},
		{"xss", []CWE{20, 79}},
		{"use-after-free", []CWE{416}},
		{"double-free", []CWE{415}},
		{"insecure-default", []CWE{1188}},
		{"cwe-587", []CWE{587}}, // set apart from weak randomness
		{"cwe-116", []CWE{116}},
		{"cwe-129", []CWE{20, 129}}, // the deeper of two without a class
		{"cwe-310", []CWE{310}},     // a category has no tree
		{"vulnerable-component", []CWE{1035}},
		{"cwe-20", []CWE{310, 20}}, // a weakness speaks before a category
		{"cwe-9998", []CWE{9998}},  // newer than the catalogue
	} {
		if got := ClassOf(tt.cwes); got != tt.want {
			t.Errorf("ClassOf(%v) = %q; want %q", tt.cwes, got, tt.want)
		}
	}
}

func TestClassTitle(t *testing.T) {
	for c, want := range map[Class]string{
		"sql-injection": "SQL injection", "cwe-20": "Improper Input Validation", "cwe-9998": "CWE-9998", "": "", "other": "other",
	} {
		if got := c.Title(); got != want {
			t.Errorf("Class(%q).Title() = %q; want %q", c, got, want)
		}
	}
}

// The class does not hang on the order or repetition in which a tool lists
// its CWEs, and adding an ancestor of a listed CWE never changes it.
func TestClassOfProperties(t *testing.T) {
	var all []CWE
	for id := range loaded().entries {
		all = append(all, id)
	}
	slices.Sort(all)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom(all), 1, 6).Draw(t, "cwes")
		want := ClassOf(list)
		if want == "" {
			t.Fatalf("ClassOf(%v) is empty", list)
		}
		more := append(rapid.Permutation(list).Draw(t, "shuffled"), list...)
		more = append(more, Ancestors(list[0])...)
		if got := ClassOf(more); got != want {
			t.Fatalf("ClassOf(%v) = %q but ClassOf(%v) = %q", list, want, more, got)
		}
	})
}

// Every class is reachable, named once, and its roots are live weaknesses.
func TestAnchorsAreSound(t *testing.T) {
	names, taken := map[Class]bool{}, map[CWE]Class{}
	for _, a := range anchors {
		if names[a.name] || a.title == "" || strings.Trim(string(a.name), "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("class %q: repeated, without a title or not in kebab case", a.name)
		}
		names[a.name] = true
		for _, id := range slices.Concat(a.roots, a.exact) {
			if by, ok := taken[id]; ok {
				t.Errorf("%v stands for both %q and %q", id, by, a.name)
			}
			taken[id] = a.name
			if _, ok := Lookup(id); !ok {
				t.Errorf("class %q names %v, which is not in the catalogue", a.name, id)
			}
		}
		for _, id := range a.roots {
			if w, _ := Lookup(id); !w.Mappable() || w.Abstraction == Pillar {
				t.Errorf("class %q has the root %v, which is no mappable weakness", a.name, id)
			}
			if got := ClassOf([]CWE{id}); got != a.name {
				t.Errorf("root %v of %q has the class %q", id, a.name, got)
			}
		}
	}
}

func TestParseRefusesMalformedLines(t *testing.T) {
	for _, bad := range []string{"79", "x\tBA\t74\tName", "79\tBA\t74", "79\tB\t74\tName", "79\tBA\t74,\tName\n80\tBA\tx\tName"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("parse(%q) gave no error", bad)
		}
	}
	if _, err := parse(data); err != nil {
		t.Error(err)
	}
}

// TestDataMatchesCatalogue compares cwe.tsv with the catalogue it was made
// from, and with -update makes it anew.
func TestDataMatchesCatalogue(t *testing.T) {
	dir := os.Getenv("STANCE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "intel", "cwe.json"))
	if err != nil {
		t.Skipf("the shared data folder is not here: %v", err)
	}
	want, err := render(b)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("cwe.tsv", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != data {
		t.Error("cwe.tsv differs from the catalogue; run the test with -update")
	}
}

// render writes the catalogue in the form of cwe.tsv.
func render(catalogue []byte) (string, error) {
	type entry struct {
		ID          CWE    `json:"id"`
		Name        string `json:"name"`
		Abstraction string `json:"abstraction"`
		Status      string `json:"status"`
		Usage       string `json:"mapping_usage"`
		Parents     []int  `json:"parents"`
	}
	var doc struct {
		Version, Date                 string
		Weaknesses, Categories, Views []entry
	}
	if err := json.Unmarshal(catalogue, &doc); err != nil {
		return "", err
	}
	letters := map[string]Abstraction{"Pillar": Pillar, "Class": ClassAbs, "Base": Base, "Variant": Variant, "Compound": Compound}
	usages := map[string]Usage{"Allowed": Allowed, "Allowed-with-Review": Review, "Discouraged": Discouraged, "Prohibited": Prohibited}
	type row struct {
		id   CWE
		line string
	}
	var rows []row
	add := func(e entry, a Abstraction, u Usage) error {
		if a == 0 || u == 0 {
			return fmt.Errorf("entry %d: unknown abstraction %q or usage %q", e.ID, e.Abstraction, e.Usage)
		}
		if e.Status == "Deprecated" || e.Status == "Obsolete" {
			u |= 0x20
		}
		slices.Sort(e.Parents)
		parents := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(e.Parents)), ","), "[]")
		rows = append(rows, row{e.ID, fmt.Sprintf("%d\t%c%c\t%s\t%s\n", e.ID, a, u, parents, e.Name)})
		return nil
	}
	for _, e := range doc.Weaknesses {
		if err := add(e, letters[e.Abstraction], usages[e.Usage]); err != nil {
			return "", err
		}
	}
	for _, e := range doc.Categories {
		if err := add(e, Category, Prohibited); err != nil {
			return "", err
		}
	}
	for _, e := range doc.Views {
		if err := add(e, View, Prohibited); err != nil {
			return "", err
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return int(a.id - b.id) })
	var out strings.Builder
	out.WriteString("# Common Weakness Enumeration (CWE), (c) The MITRE Corporation.\n" +
		"# Used under the CWE terms of use, https://cwe.mitre.org/about/termsofuse.html;\n" +
		"# CWE is a trademark of The MITRE Corporation. Reduced to identifiers, names,\n" +
		"# parents in view 1000, abstraction and mapping usage.\n")
	fmt.Fprintf(&out, "# version %s (%s)\n", doc.Version, doc.Date)
	out.WriteString("# id\tabstraction+usage (lower-case usage: deprecated)\tparents\tname\n")
	for _, r := range rows {
		out.WriteString(r.line)
	}
	return out.String(), nil
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		c, err := parse(data)
		if err != nil {
			b.Fatal(err)
		}
		c.classes = classify(c.entries)
	}
}

func BenchmarkClassOf(b *testing.B) {
	one, many := []CWE{564}, []CWE{22, 23, 36, 73, 99}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			ClassOf(one)
		}
	})
	b.Run("five", func(b *testing.B) {
		for b.Loop() {
			ClassOf(many)
		}
	})
}
