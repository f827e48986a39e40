package spdx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzSPDX(f *testing.F) { formattest.Fuzz(f, Format) }

func collect(t *testing.T, doc string) *format.Document {
	t.Helper()
	in, err := format.NewBytesInput("bom.spdx", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return format.Collect(t.Context(), Format, in)
}

// Every relationship that means dependency gives the same edge, whichever way
// it is written.
func TestDirections(t *testing.T) {
	for kind, want := range map[string]string{
		"DEPENDS_ON": "a", "DEPENDENCY_OF": "b", "CONTAINS": "a", "CONTAINED_BY": "b", "STATIC_LINK": "a",
		"DEV_DEPENDENCY_OF": "b", "PREREQUISITE_FOR": "b", "HAS_PREREQUISITE": "a", "GENERATED_FROM": "", "OTHER": "",
	} {
		d := collect(t, fmt.Sprintf(`{"spdxVersion":"SPDX-2.3","relationships":[{"spdxElementId":"a","relationshipType":%q,"relatedSpdxElement":"b"}],
			"packages":[{"SPDXID":"a","name":"a"},{"SPDXID":"b","name":"b"}]}`, kind))
		from := ""
		for ref := range d.Depends {
			from = ref
		}
		if d.Err != nil || from != want {
			t.Errorf("%s goes out from %q, want %q (%v)", kind, from, want, d.Err)
		}
	}
}

// A document inside an attestation is found there.
func TestAttestation(t *testing.T) {
	const doc = `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://spdx.dev/Document","predicate":{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"a","name":"a"}]}}`
	in, err := format.NewBytesInput("att.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if c := Format.Detect(in.Head()); c != format.Certain {
		t.Errorf("Detect = %d", c)
	}
	if d := collect(t, doc); d.Err != nil || len(d.Components) != 1 {
		t.Errorf("%d components, %v", len(d.Components), d.Err)
	}
}

// A document that breaks off gives what came before, and the error.
func TestCut(t *testing.T) {
	d := collect(t, `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"a","name":"a"},{"SPDXID":"b","na`)
	if d.Err == nil || len(d.Components) != 1 || len(d.Runs) != 1 {
		t.Errorf("%d components, %d runs, %v", len(d.Components), len(d.Runs), d.Err)
	}
}

// What is no SPDX document is refused in each of the forms.
func TestRefuses(t *testing.T) {
	for _, doc := range []string{`{}`, `[]`, `{"@graph":[]}`, "a: b\n", "<RDF/>", "spdxVersion: [", "packages: 7\n"} {
		if d := collect(t, doc); d.Err == nil {
			t.Errorf("%q is read without an error", doc)
		}
	}
}

func TestToolOf(t *testing.T) {
	for text, want := range map[string]string{
		"syft-1.50.0": "syft|1.50.0", "trivy v0.50": "trivy|0.50", "Microsoft.SBOMTool-2.2.7": "Microsoft.SBOMTool|2.2.7",
		"GitHub.com-Dependency-Graph": "GitHub.com-Dependency-Graph|", "-1": "-1|",
	} {
		name, version := toolOf(text)
		if got := name + "|" + version; got != want {
			t.Errorf("toolOf(%q) = %q, want %q", text, got, want)
		}
	}
}

// Files are passed over: a document of many takes no memory for them, and
// their ids never reach the graph.
func TestFiles(t *testing.T) {
	var b strings.Builder
	b.WriteString("SPDXVersion: SPDX-2.2\nPackageName: a\nSPDXID: SPDXRef-a\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "FileName: ./f%d\nSPDXID: SPDXRef-f%d\nRelationship: SPDXRef-a CONTAINS SPDXRef-f%d\n", i, i, i)
	}
	d := collect(t, b.String())
	if d.Err != nil || len(d.Components) != 1 || len(d.Depends) != 0 || d.Components[0].Ref != "SPDXRef-a" {
		t.Errorf("%+v, %d edges, %v", d.Components, len(d.Depends), d.Err)
	}
}
