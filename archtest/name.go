package archtest

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
)

// vague are words that name a heap, not a thing.
var vague = map[string]bool{
	"util": true, "utils": true, "utility": true, "utilities": true,
	"common": true, "shared": true, "misc": true, "stuff": true,
	"helper": true, "helpers": true, "type": true, "types": true, "constants": true,
	"models": true, "entity": true, "entities": true, "dto": true, "dtos": true,
	"manager": true, "managers": true, "services": true,
	"controller": true, "controllers": true, "repositories": true,
	"interface": true, "interfaces": true, "impl": true,
}

// vaguePackages are words that may name a concept in a file but not all that
// a package holds.
var vaguePackages = map[string]bool{"base": true, "core": true, "model": true, "service": true, "general": true, "lib": true}

var (
	packageName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	vagueSuffix = regexp.MustCompile(`(util|utils|helper|helpers|common)$`)
	vagueType   = regexp.MustCompile(`(Manager|Helper|Helpers|Util|Utils|Impl|DTO)$`)
	prefixed    = regexp.MustCompile(`^I[A-Z][a-z]{2}`)
)

// checkNames refuses vague names of packages, files, types and web sources,
// packages that are not called like their folder, and interfaces that begin
// with an I.
func checkNames(b *breaches) {
	seen := map[string]bool{}
	for _, f := range b.tree.Files {
		if !seen[f.Dir()+" "+f.Package] {
			seen[f.Dir()+" "+f.Package] = true
			b.packageName(f)
		}
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
		for _, word := range strings.Split(stem, "_") {
			if vague[word] {
				b.at(f, f.AST.Package, "a file called %q tells nothing: name it by the concept in it", path.Base(f.Path))
			}
		}
		for _, spec := range typeSpecs(f) {
			name := spec.Name.Name
			if vagueType.MatchString(name) {
				b.at(f, spec.Pos(), "type %s: say what it does or holds", name)
			}
			if _, ok := spec.Type.(*ast.InterfaceType); ok && prefixed.MatchString(name) {
				b.at(f, spec.Pos(), "interface %s: name it by what its consumer needs, without the I", name)
			}
		}
	}
	for _, w := range b.tree.Web {
		stem, _, _ := strings.Cut(path.Base(w.Path), ".")
		if vague[strings.ToLower(stem)] || vague[path.Base(path.Dir(w.Path))] {
			b.found = append(b.found, Breach{w.Path, 1, "a vague name: call file and folder by what is in them"})
		}
	}
}

func (b *breaches) packageName(f *File) {
	name := f.Package
	if f.Test {
		name = strings.TrimSuffix(name, "_test")
	}
	switch {
	case vague[name] || vaguePackages[name] || vagueSuffix.MatchString(name):
		b.at(f, f.AST.Package, "a package called %q takes anything: name it by what it offers", name)
	case !packageName.MatchString(name):
		b.at(f, f.AST.Package, "package %s: one lower-case word", name)
	case name != "main" && name != path.Base(f.Dir()):
		b.at(f, f.AST.Package, "package %s lies in the folder %s: give both one name", name, f.Dir())
	}
}
