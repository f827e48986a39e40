// Package archtest holds the repository to its own architecture. It parses
// the source files itself, so the result of a test run depends on them and
// not on what the go command remembers, and it reports every breach of the
// rules in [Rules] with the file, the line and what to do instead.
//
// The tables that people edit stand in floor.go (who may import whom) and
// library.go (which module is used where).
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// File is one Go file of the module.
type File struct {
	Path      string // slash-separated, below the root
	Package   string // the name in its package clause
	AST       *ast.File
	Lines     int
	Test      bool // *_test.go
	Generated bool // marked "Code generated … DO NOT EDIT."
}

// Dir is the folder of the file, "." for the root.
func (f *File) Dir() string { return path.Dir(f.Path) }

// ForTests reports whether the file is part of a test: a _test file or one of
// a package whose name ends in "test".
func (f *File) ForTests() bool { return f.Test || strings.HasSuffix(f.Package, "test") }

// Web is one TypeScript file of the web application.
type Web struct {
	Path  string
	Lines int
}

// Tree is the module as it lies on disk.
type Tree struct {
	Module Module
	Files  []*File
	Web    []Web
	fset   *token.FileSet
}

// Read parses every Go file below the root of fsys and counts the lines of
// the web application's. Folders that the go command ignores (testdata, names
// that begin with "." or "_"), installed and built things, and nested modules
// are left out.
func Read(fsys fs.FS) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet()}
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	t.Module = parseModule(string(mod))
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (ignored(p) || nestedModule(fsys, p)) {
				return fs.SkipDir
			}
			return nil
		}
		return t.add(fsys, p)
	})
	return t, err
}

func (t *Tree) add(fsys fs.FS, p string) error {
	ext := path.Ext(p)
	if ext != ".go" && ext != ".ts" && ext != ".tsx" {
		return nil
	}
	src, err := fs.ReadFile(fsys, p)
	if err != nil {
		return err
	}
	if ext != ".go" {
		t.Web = append(t.Web, Web{Path: p, Lines: strings.Count(string(src), "\n")})
		return nil
	}
	parsed, err := parser.ParseFile(t.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.Files = append(t.Files, &File{
		Path:      p,
		Package:   parsed.Name.Name,
		AST:       parsed,
		Lines:     t.fset.File(parsed.Pos()).LineCount(),
		Test:      strings.HasSuffix(p, "_test.go"),
		Generated: ast.IsGenerated(parsed),
	})
	return nil
}

func ignored(dir string) bool {
	name := path.Base(dir)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
		slices.Contains([]string{"testdata", "node_modules", "vendor", "dist"}, name) ||
		slices.Contains([]string{"bin", "data"}, dir)
}

func nestedModule(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

// Line is the line of a position in its file.
func (t *Tree) Line(p token.Pos) int { return t.fset.Position(p).Line }

// production calls fn for every file that is no part of a test.
func (t *Tree) production(fn func(*File)) {
	for _, f := range t.Files {
		if !f.ForTests() {
			fn(f)
		}
	}
}

// Breach is one place where a rule does not hold.
type Breach struct {
	Path string
	Line int
	Text string // what is wrong and what to do instead
}

// String is the breach in the form that editors jump to.
func (b Breach) String() string { return fmt.Sprintf("%s:%d: %s", b.Path, b.Line, b.Text) }

// breaches collects what one rule finds.
type breaches struct {
	tree  *Tree
	found []Breach
}

func (b *breaches) at(f *File, p token.Pos, text string, args ...any) {
	b.found = append(b.found, Breach{f.Path, b.tree.Line(p), fmt.Sprintf(text, args...)})
}

// imports are the imported paths of a file by the name that the file uses for
// each; dot and blank imports are left out. A module's major version suffix
// does not count as a name.
func imports(f *File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.AST.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if majorVersion(name) {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name != "." && name != "_" {
			names[name] = p
		}
	}
	return names
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil { // the parser has refused such a file already
		return spec.Path.Value
	}
	return p
}

func majorVersion(name string) bool {
	n, ok := strings.CutPrefix(name, "v")
	if !ok {
		return false
	}
	_, err := strconv.Atoi(n)
	return err == nil
}
