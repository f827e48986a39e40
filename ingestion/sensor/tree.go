// Package sensor decides which scanners make sense for a source tree: a table
// of scanners with what each needs, how it is called and how it says that it
// ran, and the plan that follows from a tree and from what is installed. It
// only decides; running is an adapter's.
package sensor

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Trait is a property of a source tree that some scanner asks for.
type Trait string

// The traits of a tree. Those of files are found by name, and where a name
// says too little (YAML, lock files of several programs) by the first bytes.
const (
	Any         Trait = "any"          // every tree has it
	Git         Trait = "git"          // a Git work tree with its history
	Go          Trait = "go"           // go.mod
	GoSource    Trait = "go-source"    // *.go
	Python      Trait = "python"       // *.py
	Rails       Trait = "rails"        // config/application.rb
	Source      Trait = "source"       // source code in any language that general analysers read
	ESLint      Trait = "eslint"       // an ESLint configuration that names a security plugin
	Semgrep     Trait = "semgrep"      // rules of the tree's own: .semgrep.yml or .semgrep/
	Docker      Trait = "dockerfile"   // Dockerfile, Containerfile, *.dockerfile
	Kubernetes  Trait = "kubernetes"   // YAML with apiVersion and kind
	Terraform   Trait = "terraform"    // *.tf
	Workflow    Trait = "workflow"     // .github/workflows/*.yml
	Lock        Trait = "lock"         // any file that pins or names dependencies
	NPMLock     Trait = "npm-lock"     // package-lock.json, npm-shrinkwrap.json
	YarnLock    Trait = "yarn-lock"    // yarn.lock of Yarn 2 and later
	Yarn1Lock   Trait = "yarn1-lock"   // yarn.lock of Yarn 1
	PNPMLock    Trait = "pnpm-lock"    // pnpm-lock.yaml
	PipFile     Trait = "requirements" // requirements*.txt
	CargoLock   Trait = "cargo-lock"   // Cargo.lock
	GemLock     Trait = "gem-lock"     // Gemfile.lock
	ComposerLck Trait = "composer-lock"
	SBOM        Trait = "sbom" // a bill of materials that an earlier step of the plan makes
)

// Tree is what a survey found: the files of each trait, as slash-separated
// paths below the root, in the order of the walk.
type Tree struct {
	Files map[Trait][]string
}

// Has reports whether the tree has a trait.
func (t *Tree) Has(w Trait) bool { return w == Any || len(t.Files[w]) > 0 }

// Dirs are the folders that hold files of a trait, each once; the root is ".".
func (t *Tree) Dirs(w Trait) []string {
	var out []string
	for _, f := range t.Files[w] {
		if d := path.Dir(f); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// Passed reports whether a folder is left out of the survey: what was
// installed or built there is not the tree's own.
func Passed(name string) bool {
	switch name {
	case ".git", "node_modules", ".venv", "venv", "vendor", ".terraform", "__pycache__", ".tox", ".gradle", "bower_components":
		return true
	}
	return false
}

// named are the traits that a file's name alone gives.
var named = map[string][]Trait{
	"go.mod":                      {Go, Lock},
	"package-lock.json":           {NPMLock, Lock},
	"npm-shrinkwrap.json":         {NPMLock, Lock},
	"pnpm-lock.yaml":              {PNPMLock, Lock},
	"yarn.lock":                   {Lock},
	"bun.lock":                    {Lock},
	"poetry.lock":                 {Lock},
	"Pipfile.lock":                {Lock},
	"pdm.lock":                    {Lock},
	"uv.lock":                     {Lock},
	"pylock.toml":                 {Lock},
	"Cargo.lock":                  {CargoLock, Lock},
	"Gemfile.lock":                {GemLock, Lock},
	"gems.locked":                 {Lock},
	"composer.lock":               {ComposerLck, Lock},
	"pom.xml":                     {Lock},
	"gradle.lockfile":             {Lock},
	"buildscript-gradle.lockfile": {Lock},
	"packages.lock.json":          {Lock},
	"packages.config":             {Lock},
	"mix.lock":                    {Lock},
	"pubspec.lock":                {Lock},
	"conan.lock":                  {Lock},
	"renv.lock":                   {Lock},
	"stack.yaml.lock":             {Lock},
	"cabal.project.freeze":        {Lock},
	"Podfile.lock":                {Lock},
	"Package.resolved":            {Lock},
	".semgrep.yml":                {Semgrep},
	".semgrep.yaml":               {Semgrep},
	"semgrep.yml":                 {Semgrep},
	"Dockerfile":                  {Docker},
	"Containerfile":               {Docker},
}

// suffixed are the traits that the end of a name gives.
var suffixed = map[string][]Trait{
	".go": {GoSource, Source}, ".py": {Python, Source}, ".tf": {Terraform}, ".dockerfile": {Docker},
	".js": {Source}, ".jsx": {Source}, ".mjs": {Source}, ".cjs": {Source}, ".ts": {Source}, ".tsx": {Source}, ".vue": {Source},
	".java": {Source}, ".kt": {Source}, ".kts": {Source}, ".scala": {Source}, ".rb": {Source}, ".php": {Source}, ".cs": {Source},
	".c": {Source}, ".h": {Source}, ".cc": {Source}, ".cpp": {Source}, ".rs": {Source}, ".swift": {Source}, ".ex": {Source}, ".exs": {Source},
	".sh": {Source}, ".sol": {Source}, ".dart": {Source}, ".lua": {Source},
}

var (
	requirements = regexp.MustCompile(`^requirements[\w.-]*\.txt$`)
	eslintConfig = regexp.MustCompile(`^(\.eslintrc(\.(js|cjs|json|ya?ml))?|eslint\.config\.(js|mjs|cjs|ts|mts|cts))$`)
	apiVersion   = regexp.MustCompile(`(?m)^\s*["']?apiVersion["']?\s*:`)
	kind         = regexp.MustCompile(`(?m)^\s*["']?kind["']?\s*:`)
)

// HeadSize is how many of a file's first bytes Add looks at.
const HeadSize = 16 << 10

// NeedsHead reports whether Add wants to see the beginning of a file.
func NeedsHead(file string) bool {
	base := path.Base(file)
	return base == "yarn.lock" || isYAML(base) || eslintConfig.MatchString(base)
}

// Add records a file of the tree under its traits. Head is the beginning of
// the file where NeedsHead asks for it.
func (t *Tree) Add(file string, head []byte) {
	if t.Files == nil {
		t.Files = map[Trait][]string{}
	}
	for _, w := range traits(file, head) {
		t.Files[w] = append(t.Files[w], file)
	}
}

func traits(file string, head []byte) []Trait {
	base := path.Base(file)
	out := slices.Clone(named[base])
	out = append(out, suffixed[strings.ToLower(path.Ext(base))]...)
	add := func(holds bool, ws ...Trait) {
		if holds {
			out = append(out, ws...)
		}
	}
	add(requirements.MatchString(base), PipFile, Lock)
	add(strings.HasPrefix(base, "Dockerfile."), Docker)
	add(file == "config/application.rb", Rails)
	add(strings.HasPrefix(file, ".semgrep/") && isYAML(base), Semgrep)
	add(base == "yarn.lock" && bytes.Contains(head, []byte("__metadata:")), YarnLock)
	add(base == "yarn.lock" && bytes.Contains(head, []byte("# yarn lockfile v1")), Yarn1Lock)
	add(eslintConfig.MatchString(base) && bytes.Contains(head, []byte("security")), ESLint)
	if isYAML(base) {
		add(path.Dir(file) == ".github/workflows", Workflow)
		add(apiVersion.Match(head) && kind.Match(head), Kubernetes)
	}
	return out
}

func isYAML(base string) bool {
	return strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml")
}
