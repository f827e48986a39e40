package archtest

import (
	"slices"
	"strings"
)

// floor is the height of a top folder. A package imports what lies lower.
type floor int

// The floors from the ground up. Wiring has two steps, because the command
// picks what the node builds, and checks stand above all they look at.
const (
	ground floor = iota + 1
	engine
	edge // adapters, faces and the web application
	wiring
	command
	check
)

// floors places every top folder that holds Go code.
var floors = map[string]floor{
	"domain":       ground,
	"pack":         ground, // data alone: frameworks, policy packs
	"ingestion":    engine,
	"intelligence": engine,
	"governance":   engine,
	"adapter":      edge,
	"face":         edge,
	"ui":           edge,
	"node":         wiring,
	"cmd":          command,
	"archtest":     check,
	"bench":        check,
	"test":         check,
}

// domainOrder is the order of the domain's packages: each may import those
// before it.
var domainOrder = []string{
	"tenant", "estate", "component", "version", "weakness", "advisory", "finding",
}

// arrow is a permitted import between two units where the floors alone do
// not permit it: within a floor, and from a face to an engine.
type arrow struct {
	from, to string
	why      string
}

// arrows are all such imports. They are drawn in ARCHITECTURE.md: whoever
// adds one here draws it there.
var arrows = []arrow{
	{"face/cli", "face/httpapi", "the command line speaks the wire shapes of the API"},
	{"face/cli", "face/verdict", "gate writes its verdict for people and machines"},
	{"face/cli", "governance/fact", "gate --local says what it knows"},
	{"face/cli", "governance/gate", "gate --local decides without a server"},
	{"face/cli", "governance/policy", "policy check and gate --local load bundles"},
	{"face/cli", "ingestion/format", "decode needs no server"},
	{"face/cli", "ingestion/migrate", "migrate sends what another product knows through the API"},
	{"face/cli", "ingestion/normalise", "decode and gate --local mask secrets and name places as the server does"},
	{"face/cli", "ingestion/place", "rule check needs no server"},
	{"face/cli", "ingestion/receive", "decode unpacks as the server does"},
	{"face/cli", "ingestion/sensor", "scan plans what to run and shows it"},
	{"face/cli", "intelligence/enrich", "gate --local takes what the report says of exploitation"},
	{"face/cli", "intelligence/risk", "gate --local scores as the server does"},
	{"face/dependencytrack", "face/httpapi", "a door is let in by the rules of our own API"},
	{"face/dependencytrack", "governance/gate", "violations are what the gate says"},
	{"face/dependencytrack", "ingestion/receive", "an upload is a submission"},
	{"face/dependencytrack", "intelligence/posture", "answers show the views that posture defines"},
	{"face/dojo", "face/httpapi", "a door is let in by the rules of our own API"},
	{"face/dojo", "ingestion/receive", "an import is a submission"},
	{"face/dojo", "intelligence/posture", "answers show the views that posture defines"},
	{"face/httpapi", "governance/fact", "a gate's request and answer carry facts"},
	{"face/httpapi", "governance/gate", "pipelines ask for verdicts"},
	{"face/httpapi", "governance/policy", "bundles are shown and put in force"},
	{"face/httpapi", "ingestion/receive", "uploads are submissions, and a refusal becomes a status code"},
	{"face/httpapi", "intelligence/posture", "pages and lists show the views that posture defines"},
	{"face/httpapi", "intelligence/risk", "a finding is shown with the terms of its score"},
	{"face/verdict", "governance/gate", "a verdict is written out for people and machines"},
	{"face/verdict", "governance/policy", "a verdict names the rules behind it"},
	{"governance/fact", "intelligence/enrich", "signals are facts"},
	{"governance/gate", "governance/fact", "a gate judges facts"},
	{"governance/gate", "governance/policy", "a gate asks the compiled rules"},
	{"governance/policy", "governance/fact", "conditions are checked against the facts that there are"},
	{"ingestion/apply", "ingestion/format", "apply runs the decoder that detection chose"},
	{"ingestion/apply", "ingestion/normalise", "what a decoder gives is normalised before it is matched"},
	{"ingestion/apply", "ingestion/place", "what no sender places, rules do"},
	{"ingestion/apply", "ingestion/receive", "a job names the submission that it applies"},
	{"ingestion/normalise", "ingestion/format", "what the run says of its target decides how a path is written"},
	{"intelligence/risk", "intelligence/enrich", "signals are inputs of the score"},
}

// unitOf is the part of a package's path that arrows are about: two folders
// ("governance/gate"), one where the floor has no units ("node").
func unitOf(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

func topOf(dir string) string {
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// ours returns the folder of an imported package of this module.
func (t *Tree) ours(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, t.Module.Path+"/")
}

// checkFloors holds production code and test packages to the floors. Files
// that end in _test.go may look up: a test of an engine may use a real store.
func checkFloors(b *breaches) {
	unplaced := map[string]bool{}
	for _, f := range b.tree.Files {
		top := topOf(f.Dir())
		if floors[top] == 0 && !unplaced[top] {
			unplaced[top] = true
			b.at(f, f.AST.Package, "the folder %q stands on no floor: place it in archtest/floor.go, or move its code into a folder that has one", top)
		}
		if f.Test || floors[top] == 0 {
			continue
		}
		for _, spec := range f.AST.Imports {
			to, ok := b.tree.ours(importPath(spec))
			if !ok || unitOf(to) == unitOf(f.Dir()) {
				continue
			}
			if why := forbidden(f.Dir(), to); why != "" {
				b.at(f, spec.Pos(), "%s imports %s: %s", f.Dir(), to, why)
			}
		}
	}
}

// forbidden says why a package in from may not import the package in to, and
// nothing when it may. Both lie in different units.
func forbidden(from, to string) string {
	ft, tt := topOf(from), topOf(to)
	switch {
	case ft == "domain" && tt == "domain":
		i, j := slices.Index(domainOrder, unitName(from)), slices.Index(domainOrder, unitName(to))
		if i < 0 || j < 0 {
			return "domain packages are listed in domainOrder in archtest/floor.go: give this one its place"
		}
		if j >= i {
			return "the domain's packages import each other only in the order " + strings.Join(domainOrder, ", ")
		}
		return ""
	case ft == "adapter" && tt == "adapter":
		return "an adapter knows one outside thing: let both implement what an engine asks for, and node join them"
	case ft == "adapter" && tt == "face", ft == "face" && tt == "adapter":
		return "faces and adapters meet only in node: declare a small interface beside the call and let node pass the implementation"
	case floors[tt] == 0:
		return "that folder stands on no floor"
	case floors[tt] > floors[ft]:
		return "that is a higher floor: declare what you need as an interface here, or move the type down"
	case floors[tt] == floors[ft] && floors[ft] < check, ft == "face" && floors[tt] == engine:
		if !permitted(unitOf(from), unitOf(to)) {
			return "no arrow leads there: pass a value or an event instead, or add the arrow with its reason to archtest/floor.go and ARCHITECTURE.md"
		}
	}
	return ""
}

func unitName(dir string) string {
	_, name, _ := strings.Cut(unitOf(dir), "/")
	return name
}

func permitted(from, to string) bool {
	return slices.ContainsFunc(arrows, func(a arrow) bool { return a.from == from && a.to == to })
}

// checkArrows finds entries of the table that no import uses any longer.
func checkArrows(b *breaches) {
	begins, used := map[string]*File{}, map[[2]string]bool{}
	b.tree.production(func(f *File) {
		from := unitOf(f.Dir())
		if begins[from] == nil {
			begins[from] = f
		}
		for _, spec := range f.AST.Imports {
			if to, ok := b.tree.ours(importPath(spec)); ok {
				used[[2]string{from, unitOf(to)}] = true
			}
		}
	})
	for _, a := range arrows {
		switch f := begins[a.from]; {
		case f == nil: // a part of the tree: the unit that the arrow leaves is not in it
		case !used[[2]string{a.from, a.to}]:
			b.at(f, f.AST.Package, "nothing in %s imports %s any longer: take the arrow out of archtest/floor.go and ARCHITECTURE.md", a.from, a.to)
		}
	}
}
