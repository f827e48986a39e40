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

// checkInterfaces counts the methods of every declared interface. An embedded
// interface counts as one method: it is held to the limit where it is
// declared, and a function that needs no more takes it alone.
func checkInterfaces(b *breaches) {
	for _, f := range b.tree.Files {
		for _, spec := range typeSpecs(f) {
			it, ok := spec.Type.(*ast.InterfaceType)
			if !ok {
				continue
			}
			n := 0
			for _, m := range it.Methods.List {
				switch m.Type.(type) {
				case *ast.FuncType, *ast.Ident, *ast.SelectorExpr:
					n++
				}
			}
			if n > maxMethods {
				b.at(f, spec.Pos(), "interface %s has %d methods, want at most %d: which consumer needs all of them? Split it by need and embed the parts where all are passed on", spec.Name.Name, n, maxMethods)
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
