package sensor

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

func installed(names ...string) func(string) bool {
	return func(c string) bool { return slices.Contains(names, c) }
}

func tree(files ...string) *Tree {
	t := &Tree{}
	for _, f := range files {
		name, head, _ := strings.Cut(f, "=")
		t.Add(name, []byte(head))
	}
	return t
}

func names(p Plan) []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Name)
	}
	return out
}

func why(p Plan, name string) string {
	for _, i := range p.Idle {
		if i.Name == name {
			return i.Why
		}
	}
	return ""
}

func TestTraits(t *testing.T) {
	for _, c := range []struct {
		file string
		has  []Trait
		not  []Trait
	}{
		{"go.mod", []Trait{Go, Lock}, []Trait{GoSource}},
		{"a/Dockerfile.prod", []Trait{Docker}, nil},
		{"build.dockerfile", []Trait{Docker}, nil},
		{"requirements-dev.txt", []Trait{PipFile, Lock}, nil},
		{"k/pod.yaml=apiVersion: v1\nkind: Pod\n", []Trait{Kubernetes}, []Trait{Workflow}},
		{"values.yaml=kind: none\n", nil, []Trait{Kubernetes}},
		{".github/workflows/ci.yml=on: push\n", []Trait{Workflow}, []Trait{Kubernetes}},
		{"yarn.lock=__metadata:\n  version: 6\n", []Trait{YarnLock, Lock}, nil},
		{"yarn.lock=# yarn lockfile v1\n", []Trait{Yarn1Lock, Lock}, []Trait{YarnLock}},
		{"eslint.config.mjs=import s from 'eslint-plugin-security'\n", []Trait{ESLint, Source}, nil},
		{".eslintrc.json={}\n", nil, []Trait{ESLint}},
		{"engines/x/config/application.rb", nil, []Trait{Rails}},
	} {
		got := tree(c.file)
		for _, w := range c.has {
			if !got.Has(w) {
				t.Errorf("%s lacks %s: %v", c.file, w, got.Files)
			}
		}
		for _, w := range c.not {
			if got.Has(w) {
				t.Errorf("%s has %s", c.file, w)
			}
		}
	}
}

func TestPlan(t *testing.T) {
	files := tree("go.mod", "main.go", "web/package-lock.json", "api/package-lock.json", "Dockerfile", "x/Dockerfile", "-f.dockerfile")
	p, err := Make(files, Choice{Installed: installed("syft", "cdxgen", "grype", "npm", "hadolint", "gosec", "tfsec")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"syft", "gosec", "grype", "npm-audit in web", "npm-audit in api", "hadolint", InsideSecrets}
	if d := cmp.Diff(want, names(p)); d != "" {
		t.Error(d)
	}
	for name, says := range map[string]string{"tfsec": "needs terraform", "trivy": "not installed", "cdxgen": "syft looks for the same", InsideComponents: "grype looks for the same"} {
		if !strings.Contains(why(p, name), says) {
			t.Errorf("%s: %q does not say %q", name, why(p, name), says)
		}
	}
	for _, s := range p.Steps {
		switch s.Scanner.Name {
		case "grype":
			if !s.Uses() || s.Args[0] != "sbom:{sbom}" || s.Unaided[0] != "dir:." {
				t.Errorf("grype after syft: %q, without its document %q", s.Args, s.Unaided)
			}
		case "hadolint":
			if d := cmp.Diff([]string{"-f", "json", "./Dockerfile", "./x/Dockerfile", "./-f.dockerfile"}, s.Args); d != "" {
				t.Error(d)
			}
		}
	}
}

// TestEcosystem: a tool for one package manager does not stand in for the
// detector that reads the lock files of all.
func TestEcosystem(t *testing.T) {
	p, err := Make(tree("package-lock.json", "requirements.txt", "requirements-dev.txt"), Choice{Installed: installed("npm", "pip-audit")})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"npm-audit", "pip-audit", InsideSecrets, InsideComponents}, names(p)); d != "" {
		t.Error(d)
	}
	if got := strings.Join(p.Steps[1].Args, " "); !strings.HasSuffix(got, "-r ./requirements.txt -r ./requirements-dev.txt") {
		t.Errorf("pip-audit: %s", got)
	}
}

func TestChoice(t *testing.T) {
	files := tree("main.tf")
	p, err := Make(files, Choice{Only: []string{InsideSecrets}, Installed: installed("gitleaks", "tfsec")})
	if err != nil || !slices.Equal(names(p), []string{InsideSecrets}) {
		t.Errorf("--only: %v %v", names(p), err)
	}
	p, err = Make(files, Choice{Skip: []string{"gitleaks"}, Installed: installed("gitleaks", "tfsec")})
	if err != nil || !slices.Equal(names(p), []string{"tfsec", InsideSecrets}) {
		t.Errorf("--skip: %v %v", names(p), err)
	}
	for only, says := range map[string]string{"semgrp": "no scanner is called", "trivy": "not installed", "bandit": "needs python"} {
		if _, err := Make(files, Choice{Only: []string{only}, Installed: installed()}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("--only %s: %v", only, err)
		}
	}
}

// TestTable holds what every entry promises.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scanners {
		if s.Name == "" || seen[s.Name] || len(s.Subjects) == 0 || len(s.Ways) == 0 || !strings.HasPrefix(s.Suffix, ".") {
			t.Errorf("%+v: incomplete or twice", s)
		}
		seen[s.Name] = true
		if !slices.ContainsFunc(all.Formats(), func(f format.Format) bool { return f.Name == s.Format }) {
			t.Errorf("%s: no format is called %q", s.Name, s.Format)
		}
		if slices.Contains(s.Subjects, Secrets) && !s.Quiet {
			t.Errorf("%s looks for secrets and may print them", s.Name)
		}
		for _, w := range s.Ways {
			args := strings.Join(w.Args, " ")
			if writes := strings.Contains(args, "{report}") || strings.Contains(args, "{folder}"); writes == s.Stdout && !s.Inside() {
				t.Errorf("%s: report both or neither on standard output and in a file: %s", s.Name, args)
			}
			if slices.Contains(w.Needs, SBOM) && len(s.Ways) < 2 {
				t.Errorf("%s has no way without a bill of materials", s.Name)
			}
		}
	}
}
