package archtest

import (
	"go/ast"
	"slices"
	"strings"
)

// impure are packages of the standard library that domain and engines do not
// import, and what to do instead. A name that ends in "/" stands for all
// packages below it.
var impure = []struct{ path, instead string }{
	{"os", "take an io.Reader, an fs.FS or a value"},
	{"os/", "running programs and signals belong to an adapter or to node"},
	{"io/ioutil", "take an io.Reader"},
	{"path/filepath", "its answers differ between systems; paths in reports are data, use package path"},
	{"net", "declare an interface and let an adapter reach out; addresses are net/netip"},
	{"net/http", "declare an interface and let an adapter or a face speak HTTP"},
	{"net/http/", "declare an interface and let an adapter or a face speak HTTP"},
	{"net/rpc", "declare an interface and let an adapter reach out"},
	{"net/smtp", "declare a notifier and let an adapter send"},
	{"database/", "declare what you need as an interface and let the store implement it"},
	{"log", "return what happened, or tell it to an interface; the caller logs"},
	{"log/", "return what happened, or tell it to an interface; the caller logs"},
	{"math/rand", "take the random number as an argument"},
	{"math/rand/", "take the random number as an argument"},
	{"crypto/rand", "take the random bytes or an io.Reader as an argument"},
	{"syscall", "that belongs to an adapter"},
	{"unsafe", "that belongs nowhere here"},
}

// impureNames are functions of otherwise pure packages that ask for the
// clock, for randomness or for the process's standard streams.
var impureNames = map[string]struct {
	names   []string
	instead string
}{
	"time":                   {[]string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"}, "take the time as an argument"},
	"context":                {[]string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"}, "deadlines are the caller's: it has the clock"},
	"github.com/google/uuid": {[]string{"New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7", "NewDCESecurity", "NewDCEGroup", "NewDCEPerson"}, "take the id as an argument"},
	"fmt":                    {[]string{"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"}, "write to an io.Writer that you are given"},
}

// checkPure looks at the two lower floors; test code may do what it wants.
func checkPure(b *breaches) {
	b.tree.production(func(f *File) {
		if at := floors[topOf(f.Dir())]; at != ground && at != engine {
			return
		}
		for _, spec := range f.AST.Imports {
			p := importPath(spec)
			for _, bad := range impure {
				if p == bad.path || strings.HasSuffix(bad.path, "/") && strings.HasPrefix(p, bad.path) {
					b.at(f, spec.Pos(), "domain and engines do not import %s: %s", p, bad.instead)
				}
			}
		}
		names := imports(f)
		ast.Inspect(f.AST, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok {
				if bad := impureNames[names[x.Name]]; slices.Contains(bad.names, sel.Sel.Name) {
					b.at(f, sel.Pos(), "domain and engines do not use %s.%s: %s", x.Name, sel.Sel.Name, bad.instead)
				}
			}
			return true
		})
	})
}

// checkTesting keeps package testing, and packages made for tests, out of
// production code.
func checkTesting(b *breaches) {
	b.tree.production(func(f *File) {
		for _, spec := range f.AST.Imports {
			p := importPath(spec)
			if p == "testing" || strings.HasPrefix(p, "testing/") {
				b.at(f, spec.Pos(), "only tests and packages whose name ends in \"test\" import %s", p)
			}
			if dir, ok := b.tree.ours(p); ok && strings.HasSuffix(dir, "test") {
				b.at(f, spec.Pos(), "%s is made for tests", dir)
			}
		}
	})
}
