package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// checkInit refuses init functions, in tests too.
func checkInit(b *breaches) {
	for _, f := range b.tree.Files {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				b.at(f, fn.Pos(), "func init runs unseen: make it a constructor that node calls, or compute the value with sync.OnceValue")
			}
		}
	}
}

// checkState allows package variables that are set where they are declared
// and never written again: errors, tables, compiled patterns, a function from
// sync.OnceValue, the proof that a type implements an interface. Everything
// else is state: a variable without a value, a lock or a pool, a made map, a
// pointer to a new value, and whatever the package assigns to, counts up,
// deletes from or takes the address of. A pointer to one entry of a table is
// let through: it is how large entries are read.
func checkState(b *breaches) {
	vars := map[string]map[string]bool{} // folder and package → names
	key := func(f *File) string { return f.Dir() + " " + f.Package }
	b.tree.production(func(f *File) {
		names := imports(f)
		for _, spec := range packageVars(f) {
			for i, name := range spec.Names {
				if name.Name == "_" {
					continue
				}
				if why := stateful(spec, i, names); why != "" {
					b.at(f, name.Pos(), "package variable %s %s: keep it in a value that a constructor makes", name.Name, why)
					continue
				}
				if vars[key(f)] == nil {
					vars[key(f)] = map[string]bool{}
				}
				vars[key(f)][name.Name] = true
			}
		}
	})
	b.tree.production(func(f *File) {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				b.writes(f, fn, vars[key(f)])
			}
		}
	})
}

// packageVars are the variables that a file declares at its top, without
// those that the compiler fills from a file.
func packageVars(f *File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, d := range f.AST.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR || embedded(g.Doc) {
			continue
		}
		for _, s := range g.Specs {
			if v := s.(*ast.ValueSpec); !embedded(v.Doc) {
				specs = append(specs, v)
			}
		}
	}
	return specs
}

// stateful says why a declaration can only mean state, or nothing.
func stateful(spec *ast.ValueSpec, i int, imports map[string]string) string {
	if len(spec.Values) == 0 {
		return "has no value, so something must write it later"
	}
	v := spec.Values[min(i, len(spec.Values)-1)]
	switch e := v.(type) {
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return "points to a value that anyone can change"
		}
	case *ast.CallExpr:
		if fn, ok := e.Fun.(*ast.Ident); ok && (fn.Name == "make" || fn.Name == "new") {
			return "is made empty, so something must fill it later"
		}
	case *ast.CompositeLit:
		if sel, ok := e.Type.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && (imports[x.Name] == "sync" || imports[x.Name] == "sync/atomic") {
				return "is a " + x.Name + "." + sel.Sel.Name
			}
		}
		if _, isMap := e.Type.(*ast.MapType); isMap && len(e.Elts) == 0 {
			return "is an empty map, so something must fill it later"
		}
	}
	return ""
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// writes finds where a function writes a variable of its package. A name that
// the function declares anywhere for itself counts as its own.
func (b *breaches) writes(f *File, fn *ast.FuncDecl, vars map[string]bool) {
	if len(vars) == 0 {
		return
	}
	local := localNames(fn)
	say := func(e ast.Expr, verb string) {
		if name := rootName(e); vars[name] && !local[name] {
			b.at(f, e.Pos(), "%s %s the package variable %s: keep it in a value that a constructor makes", fn.Name.Name, verb, name)
		}
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				for _, l := range s.Lhs {
					say(l, "writes")
				}
			}
		case *ast.IncDecStmt:
			say(s.X, "writes")
		case *ast.UnaryExpr:
			if _, whole := s.X.(*ast.Ident); whole && s.Op == token.AND {
				say(s.X, "takes the address of")
			}
		case *ast.CallExpr:
			if id, ok := s.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear" || id.Name == "copy") && len(s.Args) > 0 {
				say(s.Args[0], "writes")
			}
		}
		return true
	})
}

// rootName is the variable that an assignable expression begins with.
func rootName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// localNames are the names that a function declares: receiver, parameters,
// results, variables, and those of the functions inside it.
func localNames(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok {
			names[id.Name] = true
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.Field:
			for _, id := range s.Names {
				names[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range s.Names {
				names[id.Name] = true
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, l := range s.Lhs {
					add(l)
				}
			}
		case *ast.RangeStmt:
			if s.Tok == token.DEFINE {
				add(s.Key)
				add(s.Value)
			}
		}
		return true
	})
	return names
}
