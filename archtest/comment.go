package archtest

import (
	"go/ast"
	"go/token"
	"strings"
)

// minWords is how many words a comment needs to say more than the name does.
const minWords = 3

// checkComments wants one package comment for every package and a comment
// for every exported name. The members of a group may share the group's;
// constants and variables may carry theirs at the end of the line.
func checkComments(b *breaches) {
	documented, first := map[string]*File{}, map[string]*File{}
	var order []string
	for _, f := range b.tree.Files {
		if f.Test {
			continue
		}
		if first[f.Dir()] == nil {
			first[f.Dir()] = f
			order = append(order, f.Dir())
		}
		if f.AST.Doc != nil && !f.Generated {
			b.packageComment(f, documented[f.Dir()])
			documented[f.Dir()] = f
		}
		if !f.Generated {
			for _, d := range f.AST.Decls {
				b.declaration(f, d)
			}
		}
	}
	for _, dir := range order {
		if documented[dir] == nil {
			b.at(first[dir], first[dir].AST.Package, "no file of %s has a package comment: say what the package is for and what it leaves to others", dir)
		}
	}
}

func (b *breaches) packageComment(f, other *File) {
	if other != nil {
		b.at(f, f.AST.Doc.Pos(), "%s has a package comment too: keep one", other.Path)
	}
	want := "Package " + f.Package + " "
	if f.Package == "main" {
		want = "Command "
	}
	if !strings.HasPrefix(f.AST.Doc.Text(), want) {
		b.at(f, f.AST.Doc.Pos(), "the package comment does not begin with %q (is it one? else leave a blank line below it)", want)
	}
}

func (b *breaches) declaration(f *File, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			b.named(f, d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				switch {
				case !s.Name.IsExported():
				case d.Lparen.IsValid() && d.Doc != nil && s.Doc == nil: // the group's comment stands for all
				default:
					b.named(f, s.Name, firstOf(s.Doc, d.Doc))
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && firstOf(s.Doc, s.Comment, d.Doc) == nil {
						b.at(f, n.Pos(), "exported %s %s has no comment", d.Tok, n.Name)
					}
				}
				if d.Tok == token.VAR && len(s.Names) == 1 && s.Names[0].IsExported() && !d.Lparen.IsValid() {
					b.named(f, s.Names[0], firstOf(s.Doc, d.Doc))
				}
			}
		}
	}
}

// named wants a comment that begins with the name, an article before it
// allowed, and says something.
func (b *breaches) named(f *File, name *ast.Ident, doc *ast.CommentGroup) {
	if doc == nil {
		b.at(f, name.Pos(), "exported %s has no comment", name.Name)
		return
	}
	words := strings.Fields(doc.Text())
	for _, article := range []string{"A", "An", "The"} {
		if len(words) > 0 && words[0] == article {
			words = words[1:]
		}
	}
	switch {
	case len(words) == 0 || strings.TrimRight(words[0], ",:") != name.Name:
		b.at(f, name.Pos(), "the comment of %s does not begin with its name", name.Name)
	case len(words) < minWords:
		b.at(f, name.Pos(), "the comment of %s says nothing that its name doesn't", name.Name)
	}
}

func firstOf(groups ...*ast.CommentGroup) *ast.CommentGroup {
	for _, g := range groups {
		if g != nil {
			return g
		}
	}
	return nil
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
