package archtest

import (
	"slices"
	"strings"
)

// library is an outside module, or the part of one that we use, and the
// lowest floor that may import it.
type library struct {
	path   string
	lowest floor
	why    string
}

// onlyTests stands in place of a floor for modules that never reach the
// binary.
const onlyTests floor = 0

// libraries are all modules that go.mod requires directly. A new one comes
// with a decision record in docs/adr.
var libraries = []library{
	{"cel.dev/cel-go", engine, "policy language"},
	{"github.com/RoaringBitmap/roaring/v2", engine, "sets of sightings"},
	{"github.com/danielgtaylor/huma/v2", edge, "HTTP API and its OpenAPI document"},
	{"github.com/go-json-experiment/json", engine, "streaming JSON"},
	{"github.com/goccy/go-yaml", engine, "policies as people write them, with positions in errors"},
	{"github.com/google/go-cmp", onlyTests, "differences in tests"},
	{"github.com/google/osv-scalibr", edge, "lock files and versions of all ecosystems, in the sensor"},
	{"github.com/google/osv-scalibr/semantic", ground, "the order of versions in each ecosystem; no other package of it"},
	{"github.com/google/uuid", ground, "ids; made at the edge, carried everywhere"},
	{"github.com/itchyny/gojq", engine, "expressions of format mappings"},
	{"github.com/klauspost/compress", engine, "zstd and gzip"},
	{"github.com/minio/minio-go/v7", edge, "reports in buckets"},
	{"github.com/package-url/packageurl-go", ground, "package URLs"},
	{"github.com/pandatix/go-cvss", ground, "CVSS vectors and scores"},
	{"github.com/pressly/goose/v3", edge, "schema migrations"},
	{"github.com/riverqueue/river", edge, "work queue"},
	{"github.com/riverqueue/river/riverdriver/riversqlite", edge, "the queue on SQLite"},
	{"github.com/riverqueue/river/rivertype", edge, "what the queue says of its jobs"},
	{"github.com/spf13/cobra", edge, "commands and flags"},
	{"github.com/spf13/pflag", edge, "sets of flags that commands share"},
	{"github.com/tink-crypto/tink-go/v2", edge, "encryption of stored reports"},
	{"github.com/vbauerster/mpb/v8", edge, "progress bars"},
	{"github.com/zricethezav/gitleaks/v8", edge, "the rules and the detector of secrets, in the sensor"},
	{"golang.org/x/net/html", engine, "reports written as web pages; the rest of x/net is the network"},
	{"golang.org/x/text", engine, "encodings of reports"},
	{"modernc.org/sqlite", edge, "system of record"},
	{"pgregory.net/rapid", onlyTests, "property tests"},
}

// checkLibraries holds imports of outside modules to the table, and the
// table to go.mod.
func checkLibraries(b *breaches) {
	for _, f := range b.tree.Files {
		for _, spec := range f.AST.Imports {
			p := importPath(spec)
			if _, ours := b.tree.ours(p); ours || p == b.tree.Module.Path || standard(p) {
				continue
			}
			l, ok := libraryOf(p)
			switch at := floors[topOf(f.Dir())]; {
			case !ok:
				b.at(f, spec.Pos(), "%s is not in archtest/library.go: a new dependency needs a line there and a decision record", p)
			case l.lowest == onlyTests && !f.ForTests():
				b.at(f, spec.Pos(), "%s is for tests only", p)
			case at < l.lowest && !f.Test:
				b.at(f, spec.Pos(), "%s (%s) may not be used on this floor: declare what you need as an interface and let an adapter implement it", p, l.why)
			}
		}
	}
	for _, m := range b.tree.Module.Requires {
		if !slices.ContainsFunc(libraries, func(l library) bool { return within(l.path, m.path) }) {
			b.found = append(b.found, Breach{"go.mod", m.line, m.path + " is not in archtest/library.go: say there what it is for and where it may be used"})
		}
	}
}

// standard reports whether a path is of the standard library: its first part
// has no dot.
func standard(importPath string) bool { return !strings.Contains(topOf(importPath), ".") }

// libraryOf finds the entry for a package: the longest path that leads to it.
func libraryOf(importPath string) (best library, ok bool) {
	for _, l := range libraries {
		if within(importPath, l.path) && len(l.path) > len(best.path) {
			best, ok = l, true
		}
	}
	return best, ok
}

// within reports whether a path is another or lies below it.
func within(p, above string) bool { return p == above || strings.HasPrefix(p, above+"/") }
