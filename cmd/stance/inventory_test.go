package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inventoryBOM is a CycloneDX SBOM in which nothing is known to be wrong.
const inventoryBOM = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","bom-ref":"shop","name":"shop"}},
"components":[{"type":"library","bom-ref":"web","name":"webkit","version":"4.2.0","purl":"pkg:maven/org.example/webkit@4.2.0"},
{"type":"library","bom-ref":"log","name":"log4j-core","version":"2.14.1","purl":"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"},
{"type":"library","bom-ref":"log-next","name":"log4j-core","version":"SNAPSHOT","purl":"pkg:maven/org.apache.logging.log4j/log4j-core@SNAPSHOT"}],
"dependencies":[{"ref":"shop","dependsOn":["web"]},{"ref":"web","dependsOn":["log"]}]}`

// TestInventory asks where a component is, as a person on call would.
func TestInventory(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "shop.cdx.json")
	if err := os.WriteFile(file, []byte(inventoryBOM), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, data, "import", "--application", "shop", "--asset", "shop/web", "--ref", "main", "--no-git", file); code != 0 {
		t.Fatalf("import: %d %s", code, errs)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"log4j-core < 2.17.1"}, 0, []string{"org.apache.logging.log4j/log4j-core", "2.14.1", "shop/web", "shop > org.example/webkit 4.2.0 > org.apache.logging.log4j/log4j-core 2.14.1", "1 found", "1 more have a version"}},
		{[]string{"log4j-core", "--limit", "1", "--no-path"}, 0, []string{"transitive", "the first 1"}},
		{[]string{"log4j-core >= 2.17.1", "--app", "shop"}, 0, []string{"in a version that is known", "1 more have a version"}},
		{[]string{"left-pad"}, 0, []string{"No inventory lists such a component."}},
		{[]string{"log4j-core", "--ecosystem", "npm"}, 0, []string{"No inventory lists such a component."}},
		{[]string{"log4j-core <"}, 2, []string{"followed by no version"}},
		{[]string{"x", "--output", "yaml"}, 2, []string{"table or json"}},
	} {
		code, out, errs := run(t, data, append([]string{"inventory"}, c.args...)...)
		for _, s := range c.says {
			if code != c.code || !strings.Contains(out+errs, s) {
				t.Errorf("inventory %q: %d %s%s, want %d and %q", c.args, code, out, errs, c.code, s)
			}
		}
	}
	code, out, errs := run(t, data, "inventory", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "--output", "json")
	var answer struct {
		Items []struct {
			PURL string
			Path []struct{ Name string }
		}
		Question struct{ Version string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 || len(answer.Items) != 1 || len(answer.Items[0].Path) != 3 || answer.Question.Version != "= 2.14.1" {
		t.Errorf("as JSON: %d %v %s%s", code, err, out, errs)
	}
}
