package policy

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/governance/fact"
)

const manual = "../../docs/policy.md"

func reference[T any](schema *fact.Schema[T]) string {
	var b strings.Builder
	b.WriteString("| field | type | meaning |\n| --- | --- | --- |\n")
	for i := range schema.Len() {
		f := schema.At(i)
		kind, doc := f.Type.String(), f.Doc
		if f.Unknowable {
			kind += " ?"
		}
		if f.Values != nil {
			doc += ": `" + strings.Join(f.Values, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, kind, doc)
	}
	return b.String()
}

// TestManualListsEveryField keeps the tables of the manual equal to the
// vocabulary. With -update it writes them.
func TestManualListsEveryField(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for object, table := range map[string]string{"finding": reference(fact.Findings()), "app": reference(fact.Apps()),
		"asset": reference(fact.Assets()), "scan": reference(fact.Scans())} {
		section := regexp.MustCompile(`(?s)<!-- fields of ` + object + ` -->\n.*?<!-- end -->`)
		if !section.MatchString(want) {
			t.Fatalf("the manual has no table of %s", object)
		}
		want = section.ReplaceAllLiteralString(want, "<!-- fields of "+object+" -->\n"+table+"<!-- end -->")
	}
	if *update {
		if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("the manual is behind (-want +got); run with -update:\n%s", diff)
	}
}

// TestManualExamplesLoad compiles every policy that the manual shows.
func TestManualExamplesLoad(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) < 2 {
		t.Fatalf("%d examples", len(examples))
	}
	for i, m := range examples {
		if _, err := Load(Source{fmt.Sprintf("example %d", i+1), m[1]}); err != nil {
			t.Error(err)
		}
	}
}
