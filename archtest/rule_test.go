package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// goMod is that of every example which brings none.
const goMod = "module github.com/stance-aspm/stance\n\ngo 1.26.0\n"

// example is a small tree and what a rule must say of it.
type example struct {
	name  string
	files map[string]string
	want  []string // "path:line: part of the text" in order; empty when the rule holds
}

func tree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	fsys := fstest.MapFS{"go.mod": {Data: []byte(goMod)}}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	tr, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// source is a Go file whose package is called like its folder: lines are
// counted from the package clause.
func source(dir string, imports []string, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", path.Base(dir))
	for _, i := range imports {
		fmt.Fprintf(&b, "import %q\n", i)
	}
	return b.String() + body
}

func ours(dir string) string { return wantModule + "/" + dir }

func importing(from string, to ...string) map[string]string {
	return map[string]string{from + "/a.go": source(from, to, "")}
}

var examples = map[string][]example{
	"floors": {
		{"an engine may import the domain", importing("ingestion/apply", ours("domain/finding")), nil},
		{"the domain may not import an engine", importing("domain/finding", ours("ingestion/format")), []string{"domain/finding/a.go:2: domain/finding imports ingestion/format: that is a higher floor"}},
		{"an engine may not import an adapter", importing("governance/gate", ours("adapter/store")), []string{"a.go:2: governance/gate imports adapter/store: that is a higher floor"}},
		{"the domain's order, forward", importing("domain/finding", ours("domain/advisory")), nil},
		{"the domain's order, backward", importing("domain/estate", ours("domain/finding")), []string{"a.go:2: domain/estate imports domain/finding: the domain's packages import each other only in the order tenant, estate"}},
		{"a domain package without a place", importing("domain/finding", ours("domain/planet")), []string{"a.go:2: domain/finding imports domain/planet: domain packages are listed"}},
		{"the domain uses no data packs", importing("domain/finding", ours("pack/owasp")), []string{"a.go:2: domain/finding imports pack/owasp: no arrow"}},
		{"a unit is one", importing("ingestion/format/all", ours("ingestion/format/sarif")), nil},
		{"engines meet along arrows only", importing("ingestion/apply", ours("governance/gate")), []string{"a.go:2: ingestion/apply imports governance/gate: no arrow leads there"}},
		{"a listed arrow from a face", importing("face/httpapi", ours("ingestion/receive")), nil},
		{"a face reaches an engine along arrows only", importing("face/httpapi", ours("ingestion/format")), []string{"a.go:2: face/httpapi imports ingestion/format: no arrow leads there"}},
		{"an adapter implements what engines ask for", importing("adapter/store", ours("governance/gate")), nil},
		{"an adapter's own parts", importing("adapter/store/sqlite", ours("adapter/store")), nil},
		{"adapters do not know each other", importing("adapter/store", ours("adapter/blob")), []string{"a.go:2: adapter/store imports adapter/blob: an adapter knows one outside thing"}},
		{"an adapter serves no face", importing("adapter/store", ours("face/httpapi")), []string{"a.go:2: adapter/store imports face/httpapi: faces and adapters meet only in node"}},
		{"a face opens no adapter", importing("face/cli", ours("adapter/store")), []string{"a.go:2: face/cli imports adapter/store: faces and adapters meet only in node"}},
		{"node wires", importing("node", ours("adapter/store"), ours("face/httpapi"), ours("ui")), nil},
		{"nothing stands on node", importing("face/cli", ours("node")), []string{"a.go:2: face/cli imports node: that is a higher floor"}},
		{"the command starts a node", importing("cmd/stance", ours("node"), ours("face/cli")), nil},
		{"a benchmark takes what it likes", importing("bench/ingest", ours("node"), ours("adapter/store"), ours("bench/load")), nil},
		{"test files may look up", map[string]string{"ingestion/apply/a_test.go": source("ingestion/apply", []string{ours("adapter/store")}, "")}, nil},
		{"test packages may not", importing("ingestion/formattest", ours("adapter/store")), []string{"a.go:2: ingestion/formattest imports adapter/store: that is a higher floor"}},
		{"every folder has a floor", map[string]string{"attic/box/a.go": "package box\n", "attic/chest/a.go": "package chest\n"}, []string{`attic/box/a.go:1: the folder "attic" stands on no floor`}},
	},
	"arrows": {
		{"an arrow that nothing follows", importing("face/httpapi", followed("face/httpapi")[1:]...), []string{"face/httpapi/a.go:1: nothing in face/httpapi imports " + unitOf(strings.TrimPrefix(followed("face/httpapi")[0], wantModule+"/")) + " any longer"}},
		{"all arrows followed", importing("face/httpapi", followed("face/httpapi")...), nil},
	},
	"pure": {
		{"files", importing("ingestion/format", "os"), []string{"a.go:2: domain and engines do not import os: take an io.Reader"}},
		{"programs", importing("ingestion/format", "os/exec"), []string{"a.go:2: domain and engines do not import os/exec"}},
		{"the network", importing("intelligence/enrich", "net", "net/http", "net/http/httputil"), []string{"a.go:2: domain and engines do not import net:", "a.go:3: domain and engines do not import net/http:", "a.go:4: domain and engines do not import net/http/httputil:"}},
		{"addresses and URLs are values", importing("intelligence/enrich", "net/url", "net/netip"), nil},
		{"databases", importing("governance/gate", "database/sql"), []string{"a.go:2: domain and engines do not import database/sql"}},
		{"logging", importing("governance/gate", "log", "log/slog"), []string{"a.go:2: domain and engines do not import log:", "a.go:3: domain and engines do not import log/slog"}},
		{"randomness", importing("domain/finding", "math/rand/v2", "crypto/rand"), []string{"a.go:2: domain and engines do not import math/rand/v2", "a.go:3: domain and engines do not import crypto/rand"}},
		{"the clock, called and handed on, under another name", map[string]string{"domain/finding/a.go": "package finding\nimport clock \"time\"\nvar a = clock.Unix(0, 0)\nfunc f() any {\n\tg := clock.Now\n\treturn clock.Since(g())\n}\n"}, []string{"a.go:5: domain and engines do not use clock.Now: take the time", "a.go:6: domain and engines do not use clock.Since"}},
		{"ids", map[string]string{"domain/finding/a.go": source("domain/finding", []string{"github.com/google/uuid"}, "func f() any { return uuid.Must(uuid.NewV7()) }\n")}, []string{"a.go:3: domain and engines do not use uuid.NewV7: take the id"}},
		{"an own Now is no clock", map[string]string{"domain/finding/a.go": source("domain/finding", nil, "func f(time interface{ Now() int }) int { return time.Now() }\n")}, nil},
		{"adapters may", importing("adapter/blob", "os", "net/http", "log/slog"), nil},
		{"tests may", map[string]string{"ingestion/format/a_test.go": source("ingestion/format", []string{"os"}, ""), "ingestion/format/formattest/a.go": source("ingestion/format/formattest", []string{"os"}, "")}, nil},
	},
	"libraries": {
		{"where the table says", importing("ingestion/format/x", "github.com/go-json-experiment/json/jsontext", "io"), nil},
		{"too low", importing("ingestion/apply", "github.com/riverqueue/river"), []string{"a.go:2: github.com/riverqueue/river (work queue) may not be used on this floor"}},
		{"the longest module counts", importing("adapter/bus", "github.com/riverqueue/river/riverdriver/riversqlite"), nil},
		{"a name that only begins alike", importing("adapter/bus", "github.com/riverqueue/riverbank"), []string{"a.go:2: github.com/riverqueue/riverbank is not in archtest/library.go"}},
		{"a part of a module", importing("ingestion/format/x", "golang.org/x/net/html/atom", "golang.org/x/net/http2"), []string{"a.go:3: golang.org/x/net/http2 is not in archtest/library.go"}},
		{"a module required for a part", map[string]string{"go.mod": goMod + "require golang.org/x/net v0.50.0\n"}, nil},
		{"unknown", importing("adapter/bus", "example.org/left-pad"), []string{"a.go:2: example.org/left-pad is not in archtest/library.go"}},
		{"a test library in production", importing("adapter/bus", "github.com/google/go-cmp/cmp"), []string{"a.go:2: github.com/google/go-cmp/cmp is for tests only"}},
		{"a test library in tests", map[string]string{"domain/finding/a_test.go": source("domain/finding", []string{"pgregory.net/rapid"}, ""), "adapter/storetest/a.go": source("adapter/storetest", []string{"github.com/google/go-cmp/cmp"}, "")}, nil},
		{"required but not in the table", map[string]string{"go.mod": goMod + "require example.org/left-pad v1.0.0\nrequire (\n\texample.org/deep v1.0.0 // indirect\n\tgithub.com/google/uuid v1.6.0\n)\n"}, []string{"go.mod:4: example.org/left-pad is not in archtest/library.go"}},
	},
	"testing": {
		{"package testing in production", importing("adapter/store", "testing", "testing/fstest"), []string{"a.go:2: only tests", "a.go:3: only tests"}},
		{"a test package in production", importing("node", ours("adapter/storetest")), []string{"a.go:2: adapter/storetest is made for tests"}},
		{"in tests", map[string]string{"adapter/storetest/a.go": source("adapter/storetest", []string{"testing"}, ""), "node/a_test.go": source("node", []string{"testing", ours("adapter/storetest")}, "")}, nil},
	},
	"init": {
		{"init", map[string]string{"node/a.go": "package node\n\nfunc init() {}\n", "node/b_test.go": "package node\n\nfunc init() {}\n"}, []string{"node/a.go:3: func init runs unseen", "node/b_test.go:3: func init runs unseen"}},
		{"a method of that name", map[string]string{"node/a.go": "package node\n\ntype t int\n\nfunc (t) init() {}\n"}, nil},
	},
	"state": {
		{"what never changes", map[string]string{"governance/gate/a.go": `package gate
import ("errors"; "regexp"; "sync"; _ "embed")
var ErrNone = errors.New("none")
var word = regexp.MustCompile("a")
var table = map[string]int{"a": 1}
var once = sync.OnceValue(func() int { return 1 })
var _ error = (*own)(nil)
//go:embed x.txt
var text string
type entry struct{ n int }
var list = []entry{{1}}
func f(table map[string]int) { table["b"] = 2; word := 1; word++; e := &list[0]; _ = e }
`}, nil},
		{"declared to be written", map[string]string{"governance/gate/a.go": `package gate
import "sync"
var count int
var lock sync.Mutex
var pool = sync.Pool{}
var seen = map[string]bool{}
var made = make(map[string]bool)
var at = &lock
`}, []string{":3: package variable count has no value", ":4: package variable lock has no value", ":5: package variable pool is a sync.Pool", ":6: package variable seen is an empty map", ":7: package variable made is made empty", ":8: package variable at points to"}},
		{"written", map[string]string{"adapter/store/a.go": `package store
var n, list, table = 1, []int{1}, map[string]int{"a": 1}
`, "adapter/store/b.go": `package store
func f() {
	n++
	list[0] = 2
	list = append(list, 1)
	delete(table, "a")
	g(&n)
}
func g(n *int) { *n = 1 }
`}, []string{"b.go:3: f writes the package variable n", "b.go:4: f writes the package variable list", "b.go:5: f writes the package variable list", "b.go:6: f writes the package variable table", "b.go:7: f takes the address of the package variable n"}},
		{"another package's variable", map[string]string{"adapter/store/a.go": "package store\nvar n = 1\n", "adapter/blob/a.go": "package blob\nfunc f(n int) { n++ }\n"}, nil},
	},
	"interfaces": {
		{"five", map[string]string{"governance/gate/a.go": "package gate\ntype Five interface { A(); B(); C(); D(); E() }\n"}, nil},
		{"six", map[string]string{"governance/gate/a.go": "package gate\ntype Six interface { A(); B(); C(); D(); E(); F() }\n"}, []string{"a.go:2: interface Six has 6 methods"}},
		{"an embedded one counts as one", map[string]string{"governance/gate/a.go": source("governance/gate", []string{ours("domain/finding"), "io"}, "type Three interface { A(); B(); C() }\ntype Five interface { Three; finding.Two; io.Closer; X(); Y() }\ntype Six interface { Three; finding.Two; io.Closer; X(); Y(); Z() }\n"), "domain/finding/a.go": "package finding\ntype Two interface { A(); B() }\n"}, []string{"a.go:6: interface Six has 6 methods"}},
		{"a constraint has none", map[string]string{"governance/gate/a.go": "package gate\ntype Number interface { ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~float64 }\n"}, nil},
	},
	"size": {
		{"a long file", map[string]string{"node/a.go": "package node\n" + strings.Repeat("\n", maxFileLines)}, []string{"node/a.go:1: 601 lines, want at most 600"}},
		{"a long function", map[string]string{"node/a.go": "package node\nfunc long() {\n" + strings.Repeat("\n", maxFunctionLines) + "}\n"}, []string{"node/a.go:2: long has 122 lines, want at most 120"}},
		{"as long as may be", map[string]string{"node/a.go": "package node\nfunc long() {\n" + strings.Repeat("\n", maxFunctionLines-2) + "}\n"}, nil},
		{"tests and generated files are free", map[string]string{"node/a_test.go": "package node\n" + strings.Repeat("\n", 700), "node/b.go": "// Code generated by x. DO NOT EDIT.\n\npackage node\n" + strings.Repeat("\n", 700)}, nil},
		{"a long page", map[string]string{"ui/src/route/a.tsx": strings.Repeat("\n", maxWebLines+1), "ui/src/api/schema.ts": strings.Repeat("\n", 5000), "ui/node_modules/x/index.ts": strings.Repeat("\n", 5000)}, []string{"ui/src/route/a.tsx:1: more than 400 lines"}},
	},
	"comments": {
		{"all there", map[string]string{"domain/finding/a.go": `// Package finding is about flaws.
package finding

// An ID names one for ever.
type ID int

// String returns the decimal form.
func (ID) String() string { return "" }

// The states that there are.
const (
	Open = 1
	Shut = 2
)

const Five = 5 // as many as fingers

// ErrNone says there is none.
var ErrNone error = nil

type hidden int

func (hidden) Shown() {}
`, "domain/finding/b.go": "package finding\n", "cmd/stance/main.go": "// Command stance does all.\npackage main\n"}, nil},
		{"none", map[string]string{"domain/finding/a.go": "package finding\ntype ID int\nfunc (*ID) Set() {}\nfunc Parse() {}\nconst One = 1\nvar ErrNone = 1\n"}, []string{":2: exported ID has no comment", ":3: exported Set has no comment", ":4: exported Parse has no comment", ":5: exported const One has no comment", ":6: exported var ErrNone has no comment", ":6: exported ErrNone has no comment", ":1: no file of domain/finding has a package comment"}},
		{"empty words", map[string]string{"domain/finding/a.go": "// Package finding is about flaws.\npackage finding\n\n// ID type.\ntype ID int\n\n// Parses it from text.\nfunc Parse() {}\n"}, []string{":5: the comment of ID says nothing", ":8: the comment of Parse does not begin with its name"}},
		{"a package comment that is none, and two", map[string]string{"domain/finding/a.go": "// Copyright nobody.\npackage finding\n", "domain/finding/b.go": "// Package finding is about flaws.\npackage finding\n"}, []string{`a.go:1: the package comment does not begin with "Package finding "`, "b.go:1: domain/finding/a.go has a package comment too"}},
		{"generated", map[string]string{"domain/finding/a.go": "// Package finding is about flaws.\npackage finding\n", "domain/finding/b.go": "// Code generated by x. DO NOT EDIT.\n\npackage finding\n\ntype ID int\n"}, nil},
	},
	"names": {
		{"plain ones", map[string]string{"domain/finding/fingerprint.go": "package finding\ntype Finder interface{}\ntype IDs interface{}\n", "ui/src/route/map/tile.tsx": ""}, nil},
		{"a file about a base", map[string]string{"domain/finding/base.go": "package finding\n"}, nil},
		{"packages", map[string]string{"domain/util/a.go": "package util\n", "domain/strutil/a.go": "package strutil\n", "domain/my_thing/a.go": "package my_thing\n", "domain/estate/a.go": "package state\n"}, []string{`domain/estate/a.go:1: package state lies in the folder domain/estate`, "my_thing/a.go:1: package my_thing: one lower-case word", `strutil/a.go:1: a package called "strutil"`, `util/a.go:1: a package called "util"`}},
		{"files", map[string]string{"domain/finding/types.go": "package finding\n", "domain/finding/parse_helpers_test.go": "package finding_test\n"}, []string{`parse_helpers_test.go:1: a file called "parse_helpers_test.go" tells nothing`, `types.go:1: a file called "types.go" tells nothing`}},
		{"types", map[string]string{"node/a.go": "package node\ntype TaskManager struct{}\ntype IReader interface{}\n"}, []string{":2: type TaskManager", ":3: interface IReader"}},
		{"web sources", map[string]string{"ui/src/lib/utils.ts": "", "ui/src/common/bar.tsx": ""}, []string{"ui/src/common/bar.tsx:1: a vague name", "ui/src/lib/utils.ts:1: a vague name"}},
	},
	"module": {
		{"as it should be", map[string]string{"go.mod": "module github.com/stance-aspm/stance // home\n\ngo 1.26.3\n"}, nil},
		{"another module, another Go, a replacement", map[string]string{"go.mod": "module example.org/fork\ngo 1.27.0\nreplace example.org/a => ../a\nreplace (\n\texample.org/b => ../b\n)\n"}, []string{`go.mod:1: the module is called "example.org/fork"`, "go.mod:1: go 1.27.0, want 1.26", "go.mod:3: a replaced module", "go.mod:5: a replaced module"}},
	},
}

// followed are imports along every arrow of a unit.
func followed(from string) []string {
	var to []string
	for _, a := range arrows {
		if a.from == from {
			to = append(to, ours(a.to))
		}
	}
	return to
}

// TestRules proves every rule on small trees: that it finds the breach, at
// its line, and lets the good be.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		caught := false
		for _, ex := range examples[r.Name] {
			t.Run(r.Name+"/"+ex.name, func(t *testing.T) {
				var got []string
				for _, b := range r.Check(tree(t, ex.files)) {
					got = append(got, b.String())
				}
				caught = caught || len(got) > 0
				if !slices.EqualFunc(got, ex.want, strings.Contains) {
					t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(ex.want, "\n  "))
				}
			})
		}
		if !caught {
			t.Errorf("no example breaks rule %q: a rule that nothing breaks proves nothing", r.Name)
		}
	}
	for name := range examples {
		if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Name == name }) {
			t.Errorf("examples for %q, which is no rule", name)
		}
	}
}

// TestRuleNames wants every rule named once and explained.
func TestRuleNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] || r.Doc == "" {
			t.Errorf("rule %q: want a name of its own and a reason", r.Name)
		}
		seen[r.Name] = true
	}
}

// TestArrowTable wants a reason for every arrow, and none that the floors
// make needless or impossible.
func TestArrowTable(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, a := range arrows {
		if seen[[2]string{a.from, a.to}] {
			t.Errorf("%s → %s stands twice", a.from, a.to)
		}
		seen[[2]string{a.from, a.to}] = true
		if a.why == "" {
			t.Errorf("%s → %s has no reason", a.from, a.to)
		}
		if why := forbidden(a.from, a.to); why != "" {
			t.Errorf("%s → %s stands in the table and is refused all the same: %s", a.from, a.to, why)
		}
		if f, to := floors[topOf(a.from)], floors[topOf(a.to)]; f > to && topOf(a.from) != "face" {
			t.Errorf("%s → %s leads down, which needs no arrow", a.from, a.to)
		}
	}
}

// TestTableReasons wants a reason for every library.
func TestTableReasons(t *testing.T) {
	for _, l := range libraries {
		if l.why == "" {
			t.Errorf("%s has no reason", l.path)
		}
	}
}

// TestReadLeavesOut shows which folders the rules do not see.
func TestReadLeavesOut(t *testing.T) {
	bad := "package util\n"
	tr := tree(t, map[string]string{
		"domain/finding/a.go":          "package finding\n",
		"domain/finding/testdata/a.go": bad,
		"tools/go.mod":                 "module example.org/tools\n",
		"tools/a.go":                   bad,
		".git/a.go":                    bad,
		"domain/_old/a.go":             bad,
		"ui/node_modules/x/a.go":       bad,
		"bin/a.go":                     bad,
		"data/a.go":                    bad,
	})
	if len(tr.Files) != 1 || tr.Files[0].Path != "domain/finding/a.go" {
		t.Errorf("read %d files, want domain/finding/a.go alone", len(tr.Files))
	}
}

// TestReadRefusesBrokenSource wants an error that names the place.
func TestReadRefusesBrokenSource(t *testing.T) {
	_, err := Read(fstest.MapFS{"go.mod": {Data: []byte(goMod)}, "domain/a.go": {Data: []byte("package domain\nfunc {")}})
	if err == nil || !strings.Contains(err.Error(), "domain/a.go:2") {
		t.Errorf("err = %v, want one at domain/a.go:2", err)
	}
}
