package archtest

import (
	"go/ast"
	"strings"
)

// The limits. They are fences, not aims: half of a limit is a good size.
const (
	maxFileLines     = 600
	maxFunctionLines = 120
	maxWebLines      = 400
	maxMethods       = 5
)

// checkSize bounds files and functions of production code and the web
// application's sources; generated files are as long as they are.
func checkSize(b *breaches) {
	b.tree.production(func(f *File) {
		if f.Generated {
			return
		}
		if f.Lines > maxFileLines {
			b.at(f, f.AST.Package, "%d lines, want at most %d: which of its concepts deserves a file of its own?", f.Lines, maxFileLines)
		}
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := b.tree.Line(fn.End()) - b.tree.Line(fn.Pos()) + 1; n > maxFunctionLines {
				b.at(f, fn.Pos(), "%s has %d lines, want at most %d: give its steps names", fn.Name.Name, n, maxFunctionLines)
			}
		}
	})
	for _, w := range b.tree.Web {
		if w.Lines > maxWebLines && !strings.HasPrefix(w.Path, "ui/src/api/") {
			b.found = append(b.found, Breach{w.Path, 1, "more than 400 lines: move a part of the page into a file beside it"})
		}
	}
}

// checkInterfaces counts the methods of every declared interface, with those
// of the interfaces of this module that it embeds. One embedded from
// elsewhere counts as one.
func checkInterfaces(b *breaches) {
	declared := map[string]*ast.InterfaceType{} // "domain/finding.Name"
	where := map[string]*File{}
	for _, f := range b.tree.Files {
		for _, spec := range typeSpecs(f) {
			if it, ok := spec.Type.(*ast.InterfaceType); ok {
				key := f.Dir() + "." + spec.Name.Name
				declared[key], where[key] = it, f
			}
		}
	}
	var count func(key string, depth int) int
	count = func(key string, depth int) int {
		it, f := declared[key], where[key]
		if it == nil || depth > maxMethods {
			return 1
		}
		n := 0
		for _, m := range it.Methods.List {
			switch e := m.Type.(type) {
			case *ast.FuncType:
				n += len(m.Names)
			case *ast.Ident:
				n += count(f.Dir()+"."+e.Name, depth+1)
			case *ast.SelectorExpr:
				dir, _ := b.tree.ours(imports(f)[rootName(e)])
				n += count(dir+"."+e.Sel.Name, depth+1)
			}
		}
		return n
	}
	for _, f := range b.tree.Files {
		for _, spec := range typeSpecs(f) {
			if _, ok := spec.Type.(*ast.InterfaceType); !ok {
				continue
			}
			if n := count(f.Dir()+"."+spec.Name.Name, 0); n > maxMethods {
				b.at(f, spec.Pos(), "interface %s has %d methods, want at most %d: which consumer needs all of them?", spec.Name.Name, n, maxMethods)
			}
		}
	}
}

func typeSpecs(f *File) []*ast.TypeSpec {
	var specs []*ast.TypeSpec
	for _, d := range f.AST.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			for _, s := range g.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					specs = append(specs, t)
				}
			}
		}
	}
	return specs
}
