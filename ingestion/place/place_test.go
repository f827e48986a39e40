package place_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/place"
)

const rules = `
rules:
  - name: monorepo
    when: target.repository.endsWith("acme/mono") && file.startsWith("services/")
    application: "{{file.split('/')[1]}}"
    asset: git.test/acme/mono/{{file.split("/")[1]}}
  - name: images by team
    when: |
      target.kind == "image" &&
        target.name.matches("^reg[.]test/[a-z]+/")
    application: '{{target.name.split("/")[1]}}'
  - name: nightly
    when: tool == "zap"
    kind: endpoint
    ref: main
  - name: rest
    application: platform
`

func TestPlace(t *testing.T) {
	r, err := place.Load("rules.yaml", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		facts place.Facts
		want  place.Placement
		notes int
	}{
		"first that fits":     {place.Facts{Repository: "https://git.test/acme/mono", File: "services/till/a.sarif"}, place.Placement{Application: "till", Asset: "git.test/acme/mono/till"}, 0},
		"block condition":     {place.Facts{Kind: "image", Name: "reg.test/shop/web:1"}, place.Placement{Application: "shop"}, 0},
		"fields of two rules": {place.Facts{Tool: "zap"}, place.Placement{Application: "platform", Kind: estate.Endpoint, Ref: "main"}, 0},
		"none but the last":   {place.Facts{Tool: "trivy"}, place.Placement{Application: "platform"}, 0},
		"half a name":         {place.Facts{Repository: "acme/mono", File: "services//x"}, place.Placement{Application: "platform"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, notes := r.Place(c.facts)
			if diff := cmp.Diff(c.want, got); diff != "" || len(notes) != c.notes {
				t.Errorf("placement differs (-want +got):\n%s notes %v", diff, notes)
			}
		})
	}
	if p, notes := (*place.Rules)(nil).Place(place.Facts{}); p != (place.Placement{}) || notes != nil {
		t.Error("no rules place something")
	}
}

// TestNotes: a rule that fails for a report is named, and the others go on.
func TestNotes(t *testing.T) {
	r, err := place.Load("rules.yaml", []byte("rules:\n  - name: part\n    application: \"{{target.name.split('/')[3]}}\"\n  - name: kind\n    kind: \"{{tool}}\"\n  - name: rest\n    application: rest\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, notes := r.Place(place.Facts{Name: "a/b", Tool: "trivy"})
	if p.Application != "rest" || p.Kind != "" || len(notes) != 2 || !strings.Contains(notes[0], `"part"`) || !strings.Contains(notes[1], `unknown asset kind "trivy"`) {
		t.Errorf("%+v, notes %q", p, notes)
	}
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"no YAML":              {"rules: [", "rules.yaml:1:8:"},
		"unknown field":        {"rules:\n  - name: a\n    aplication: x\n", `rules.yaml:3:5: unknown field "aplication"`},
		"unknown word":         {"rules:\n  - name: a\n    when: target.nam == \"x\"\n    asset: x\n", "rules.yaml:3:17: undeclared reference to 'target.nam'"},
		"in quotes":            {"rules:\n  - name: a\n    when: 'tool == toll'\n    asset: x\n", "rules.yaml:3:20: undeclared reference to 'toll'"},
		"in a block":           {"rules:\n  - name: a\n    when: |\n      tool == \"x\" ||\n        toll == \"y\"\n    asset: x\n", "rules.yaml:5:9: undeclared reference to 'toll'"},
		"in braces":            {"rules:\n  - name: a\n    asset: x-{{toll}}\n", "rules.yaml:3:16: undeclared reference to 'toll'"},
		"no condition":         {"rules:\n  - name: a\n    when: tool\n    asset: x\n", `rules.yaml:3:11: "tool" gives a string, want a bool`},
		"open braces":          {"rules:\n  - name: a\n    asset: x-{{tool\n", "rules.yaml:3:12: the braces are not closed"},
		"kind":                 {"rules:\n  - name: a\n    kind: server\n", `rules.yaml:3:11: unknown asset kind "server"`},
		"no name":              {"rules:\n  - asset: x\n", "rules.yaml:2:12: rule 1 has no name"},
		"name twice":           {"rules:\n  - name: a\n    asset: x\n  - name: a\n    asset: y\n", `rules.yaml:4:11: a rule "a" stands above`},
		"says nothing":         {"rules:\n  - name: a\n    when: tool == \"x\"\n", `rules.yaml:2:11: rule "a" says nothing`},
		"list where a text is": {"rules:\n  - name: a\n    asset: [x]\n", "rules.yaml:3:12: want a text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := place.Load("rules.yaml", []byte(c.source))
			var ps place.Problems
			if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
