package spdx

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// bom gathers what a document says of its packages, which is known whole only
// at its end, and tells it then. Files are never held.
type bom struct {
	known    bool // the document calls itself SPDX
	name     string
	created  string
	creators []string

	packages  []*pkg
	byRef     map[string]*pkg
	describes []string
	edges     []edge
	complete  bool // all packages have been read: edges of files can go at once
}

func newBOM() *bom { return &bom{byRef: map[string]*pkg{}} }

// pkg is a package.
type pkg struct {
	finding.Component
	download string
	digest   string // "sha256:…"
	security []reference
	at       finding.Position
	raw      []byte // only of a package with security references
}

// edge says that one element depends on another or contains it.
type edge struct {
	from, to string
	scope    string // "dev", "test", …; empty for a plain dependency
	contains bool
}

func (b *bom) add(p *pkg) {
	b.packages = append(b.packages, p)
	if p.Ref != "" && b.byRef[p.Ref] == nil {
		b.byRef[p.Ref] = p
	}
}

// settle fills the version from the package URL where the package has none of
// its own.
func (p *pkg) settle() {
	if p.Version == "NOASSERTION" || p.Version == "NONE" {
		p.Version = ""
	}
	if p.Version == "" && p.PURL != "" {
		p.Version = ident.OfPURL(p.PURL).Version
	}
}

// licence keeps an expression that says something.
func (p *pkg) licence(expression string) {
	switch strings.TrimSpace(expression) {
	case "NOASSERTION", "NONE":
		return
	}
	p.Licences = ident.Add(p.Licences, expression)
}

// purpose translates primaryPackagePurpose to the component types used
// elsewhere ("OPERATING-SYSTEM" is "operating-system").
func (p *pkg) purpose(word string) {
	p.Type = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	if word == "operatingSystem" {
		p.Type = "operating-system"
	}
}

// locate sets the package URL; the first one counts.
func (p *pkg) locate(purl string) {
	if p.PURL == "" && strings.HasPrefix(purl, "pkg:") {
		p.PURL, p.Ecosystem = purl, ident.TypeOfPURL(purl)
	}
}

// checksum keeps the digest that an image is known by.
func (p *pkg) checksum(algorithm, value string) {
	a := strings.ToLower(algorithm)
	if p.digest == "" && value != "" && strings.HasSuffix(strings.ReplaceAll(a, "-", ""), "sha256") {
		p.digest = "sha256:" + strings.ToLower(value)
	}
}

// relate takes a relationship of version 2.
func (b *bom) relate(from, kind, to string) {
	kind = relation(kind)
	switch kind {
	case "DESCRIBES":
		b.describes = ident.Add(b.describes, to)
		return
	case "DESCRIBEDBY":
		b.describes = ident.Add(b.describes, from)
		return
	}
	d, ok := directions[kind]
	if !ok || from == "" || to == "" || from == "SPDXRef-DOCUMENT" || to == "SPDXRef-DOCUMENT" {
		return
	}
	if d.inverse {
		from, to = to, from
	}
	if b.complete && (b.byRef[from] == nil || b.byRef[to] == nil) {
		return
	}
	b.edges = append(b.edges, edge{from: from, to: to, scope: d.scope, contains: d.contains})
}

// errNoSPDX refuses a document that says nothing in the format's words.
var errNoSPDX = errors.New("not an SPDX document: neither a version of SPDX nor a package is there")

// flush tells of the run, the inventory and the graph, then the observations.
func (b *bom) flush(sink format.Sink, observe func() error) error {
	if !b.known && len(b.packages) == 0 {
		return errNoSPDX
	}
	for _, p := range b.packages {
		p.settle()
	}
	if err := sink.Run(b.run()); err != nil {
		return err
	}
	refs, graph := b.graph()
	for _, p := range b.packages {
		if err := sink.Component(p.Component); err != nil {
			return err
		}
	}
	for _, ref := range refs {
		if err := sink.Depend(ref, graph[ref]); err != nil {
			return err
		}
	}
	return observe()
}

// graph joins the edges between packages and marks what the root depends on.
func (b *bom) graph() (refs []string, graph map[string][]string) {
	graph = map[string][]string{}
	seen := map[[2]string]bool{}
	roots := map[string]bool{}
	for _, r := range b.describes {
		roots[r] = true
	}
	direct, held, plain := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range b.edges {
		to := b.byRef[e.to]
		if b.byRef[e.from] == nil || to == nil || e.from == e.to {
			continue
		}
		if !e.contains {
			if roots[e.from] {
				direct[e.to] = true
			}
			if e.scope == "" {
				plain[e.to], to.Scope = true, ""
			} else if !plain[e.to] {
				to.Scope = e.scope
			}
		} else if roots[e.from] {
			held[e.to] = true
		}
		if key := [2]string{e.from, e.to}; !seen[key] {
			seen[key] = true
			if graph[e.from] == nil {
				refs = append(refs, e.from)
			}
			graph[e.from] = append(graph[e.from], e.to)
		}
	}
	for _, p := range b.packages {
		// What the root only contains may be needed by it or by another part.
		if is := direct[p.Ref]; len(direct) > 0 && !roots[p.Ref] && (is || !held[p.Ref]) {
			p.Direct = &is
		}
	}
	return refs, graph
}

// run describes the making of the document and what it is about.
func (b *bom) run() format.Run {
	run := format.Run{Tool: "spdx", Started: ident.Time(b.created), Target: format.Target{Name: b.name}}
	for _, c := range b.creators {
		if tool, ok := strings.CutPrefix(c, "Tool:"); ok {
			run.Tool, run.Version = toolOf(strings.TrimSpace(tool))
			break
		}
	}
	if len(b.describes) == 1 {
		if root := b.byRef[b.describes[0]]; root != nil {
			run.Target = root.target()
		}
	}
	return run
}

// toolVersion is the end of "syft-1.50.0" and "tool v2".
var toolVersion = regexp.MustCompile(`[-\s/@]v?(\d[^\s]*)$`)

func toolOf(text string) (name, version string) {
	m := toolVersion.FindStringSubmatchIndex(text)
	if m == nil || m[0] == 0 {
		return text, ""
	}
	return text[:m[0]], text[m[2]:m[3]]
}

// target says what the described package is.
func (p *pkg) target() format.Target {
	t := format.Target{Name: p.Name}
	if image, digest := ident.ImageOfPURL(p.PURL); image != "" || p.Type == "container" {
		t.Kind, t.Digest = "image", digest
		if image != "" {
			t.Name = image
		} else if p.Version != "" && !strings.Contains(p.Name, ":") && !strings.HasPrefix(p.Version, "sha256:") {
			t.Name += ":" + p.Version
		}
		if t.Digest == "" {
			t.Digest = p.digest
		}
		if t.Digest == "" && strings.HasPrefix(p.Version, "sha256:") {
			t.Digest = p.Version
		}
		return t
	}
	if rest, ok := strings.CutPrefix(p.download, "git+"); ok {
		rest, _, _ = strings.Cut(rest, "#")
		if scheme := strings.Index(rest, "://"); scheme > 0 {
			if at := strings.LastIndexByte(rest, '@'); at > scheme+3 && strings.Contains(rest[scheme+3:at], "/") {
				rest, t.Commit = rest[:at], rest[at+1:]
			}
		}
		t.Repository = rest
	} else if rest, ok := strings.CutPrefix(p.PURL, "pkg:github/"); ok {
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "@")
		t.Repository = "https://github.com/" + rest
	}
	if t.Repository != "" {
		t.Kind = "repository"
	}
	if len(t.Commit) != 40 || strings.Trim(t.Commit, "0123456789abcdef") != "" {
		t.Commit = "" // a branch or tag
	}
	if slices.Contains([]string{"operating-system", "device", "firmware"}, p.Type) {
		t.Kind = "host"
	}
	return t
}
