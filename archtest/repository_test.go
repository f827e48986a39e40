package archtest

import (
	"os"
	"testing"
)

// TestRepository holds the repository to every rule.
func TestRepository(t *testing.T) {
	tree, err := Read(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) == 0 {
		t.Fatal("no Go file found: is the folder above archtest the root of the module?")
	}
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			found := r.Check(tree)
			for _, b := range found {
				t.Errorf("../%s", b)
			}
			if len(found) > 0 {
				t.Logf("why: %s", r.Doc)
			}
		})
	}
}
