package archtest

import (
	"fmt"
	"strings"
)

// The module's name and the Go release it is written for. A patch release
// may be newer.
const (
	wantModule = "github.com/stance-aspm/stance"
	wantGo     = "1.26"
)

// Module is what the rules need of go.mod.
type Module struct {
	Path string
	Go   string
	// Requires are the modules required directly.
	Requires []requirement
	replaces []int // lines
}

type requirement struct {
	path string
	line int
}

// parseModule reads the directives by line. The go command has checked the
// syntax before any test of this module can run.
func parseModule(src string) Module {
	var m Module
	block := ""
	for i, line := range strings.Split(src, "\n") {
		indirect := strings.Contains(line, "// indirect")
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case block == "" && len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		case words[0] == ")":
			block = ""
			continue
		case block != "":
			words = append([]string{block}, words...)
		}
		switch {
		case words[0] == "module":
			m.Path = words[1]
		case words[0] == "go":
			m.Go = words[1]
		case words[0] == "replace":
			m.replaces = append(m.replaces, i+1)
		case words[0] == "require" && !indirect:
			m.Requires = append(m.Requires, requirement{words[1], i + 1})
		}
	}
	return m
}

func checkModule(b *breaches) {
	m := b.tree.Module
	say := func(line int, text string, args ...any) {
		b.found = append(b.found, Breach{"go.mod", line, fmt.Sprintf(text, args...)})
	}
	if m.Path != wantModule {
		say(1, "the module is called %q, want %q", m.Path, wantModule)
	}
	if m.Go != wantGo && !strings.HasPrefix(m.Go, wantGo+".") {
		say(1, "go %s, want %s: change the constant in archtest/gomod.go, the README and CI with it", m.Go, wantGo)
	}
	for _, line := range m.replaces {
		say(line, "a replaced module builds on one machine only: release the change or carry the code")
	}
}
