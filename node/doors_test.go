package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoorExamples runs the curl commands of docs/doors.md as they stand
// there.
func TestDoorExamples(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the examples are not run", tool)
		}
	}
	doc, err := os.ReadFile("../docs/doors.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"gitleaks.json": leaks(2), "bom.json": bom(3, 1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token, ran := w.token("import", "read"), 0
	for i, block := range strings.Split(string(doc), "```sh\n") {
		if i == 0 {
			continue
		}
		script, _, _ := strings.Cut(block, "```")
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "STANCE_URL="+w.srv.URL, "STANCE_TOKEN="+token)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("example %d: %v %s\n%s", i, err, out, script)
			continue
		}
		if s := string(out); !strings.Contains(s, `"test_id"`) && !strings.Contains(s, `"token"`) && !strings.Contains(s, `"uuid"`) {
			t.Errorf("example %d answered %s", i, s)
		}
		ran++
	}
	if ran != 5 {
		t.Errorf("%d examples ran, want 5", ran)
	}
}
