// Package contributing proves that the worked example in CONTRIBUTING.md does
// what the page says.
package contributing

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block whose info string names a file after the language.
var block = regexp.MustCompile("(?ms)^```\\w+ (ingestion/\\S+)\n(.*?\n)```$")

// TestWorkedExample writes the files of the example into a module of its own
// that uses this one, and runs their tests there, so that nothing is written
// into the sources.
func TestWorkedExample(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := block.FindAllStringSubmatch(string(page), -1)
	if len(files) < 6 {
		t.Fatalf("found %d files in CONTRIBUTING.md, want the decoder, its test, three samples and their README", len(files))
	}
	for _, f := range files {
		write(t, filepath.Join(dir, filepath.FromSlash(f[1])), f[2])
	}
	borrowModule(t, root, dir)

	run(t, dir, "vet", "./...")
	run(t, dir, "test", "./...", "-run", "Golden", "-update")
	run(t, dir, "test", "./...")

	golden, err := os.ReadFile(filepath.Join(dir, "ingestion/format/tidewatch/testdata/odd.json.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"SeverityWord": "blinding"`,
		`"Reason": "member /rule: want a string, got an array"`,
		`"Reason": "a problem without its rule: the member \"rule\" is missing or empty"`,
	} {
		if !strings.Contains(string(golden), want) {
			t.Errorf("the golden file of odd.json has no %s:\n%s", want, golden)
		}
	}
	if strings.Contains(string(golden), `"Severity": `) {
		t.Errorf("the golden file of odd.json gives a severity to a word that nobody knows:\n%s", golden)
	}
}

// borrowModule gives dir this module's requirements and points it here.
func borrowModule(t *testing.T, root, dir string) {
	t.Helper()
	mod := read(t, filepath.Join(root, "go.mod"))
	const ours = "github.com/stance-aspm/stance"
	mod = strings.Replace(mod, "module "+ours, "module example.org/formats", 1)
	mod += "\nrequire " + ours + " v0.0.0\n\nreplace " + ours + " => " + root + "\n"
	write(t, filepath.Join(dir, "go.mod"), mod)
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root, "go.sum")))
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
