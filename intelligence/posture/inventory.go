package posture

import (
	"fmt"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/version"
)

// ComponentFilter selects components of the inventory. Empty fields don't
// filter; values of one field are alternatives, fields are joined by and.
type ComponentFilter struct {
	// Text is a part of "group/name", in any case.
	Text string
	// Name is the whole name, with or without its group.
	Name         string
	Ecosystem    string   // purl type
	Applications []string // keys
	Assets       []estate.AssetID
	Licence      string // a part of one of its licences, in any case
	// Ref is a branch or tag, "*" any; empty means what counts: the default
	// ref of each asset, and scans that name none.
	Ref     string
	Version version.Constraint
}

// Component is an entry of an asset's inventory: one component that one
// series of scans lists.
type Component struct {
	finding.Component
	Application string // key
	Asset       string // name
	AssetID     estate.AssetID
	Branch      string // the ref that was scanned; Component.Ref is the document's own reference
	Tool        string
	Category    string
	Seen        time.Time // when the scan was made that lists it
	Report      string    // that scan's report
	// Open is how many findings are open for this version of the component on
	// the asset.
	Open int64
}

// ComponentList is a page of components, in the order of group/name.
type ComponentList struct {
	Rows []Component
	// Next is the cursor of the next page, empty at the end. A page may hold
	// fewer rows than asked for, or none, and still have a next one: a search
	// looks at a bounded number of components at a time.
	Next string
	// Unknown counts components that were passed over between the last page
	// and this one's end, because nothing tells whether their version
	// satisfies the constraint. They may be what was looked for.
	Unknown int64
}

// ComponentUse is how one series of scans sees a component used in an asset.
type ComponentUse struct {
	Component
	// Paths lead from a root to the component, the shortest first, root first.
	Paths [][]Node
	// MorePaths says that there are others.
	MorePaths bool
	// Dependents use the component themselves, DependsOn it uses; each at most
	// MaxNeighbours, sorted.
	Dependents, DependsOn []Node
	// Graph says whether the document has any dependencies at all: without
	// them, no path means nothing.
	Graph bool
}

// Node is a component in a dependency graph.
type Node struct {
	Ref     string // the document's reference
	Name    string // "group/name", or the reference when nothing more is known
	Version string
	PURL    string
}

// The bounds of a ComponentUse.
const (
	MaxPaths      = 20
	MaxNeighbours = 200
)

// ParseComponentQuestion reads what people type to find components: a part of
// a name ("log4j-core"), with a version constraint behind it ("log4j-core <
// 2.17.1", "core [2.0,2.17.1)"), "name@version", or a package URL, whose
// version counts and whose qualifiers don't. It fills Text, Ecosystem and
// Version of a filter. An error is a *BadQuery.
func ParseComponentQuestion(q string) (f ComponentFilter, err error) {
	q = strings.TrimSpace(q)
	name, constraint := cutConstraint(q)
	if strings.HasPrefix(name, "pkg:") {
		p, err := packageurl.FromString(name)
		if err != nil {
			return f, &BadQuery{Reason: fmt.Sprintf("%q is no package URL: write for example pkg:maven/org.apache.logging.log4j/log4j-core", name)}
		}
		f.Ecosystem, f.Text = p.Type, strings.TrimPrefix(p.Namespace+"/"+p.Name, "/")
		if p.Type == packageurl.TypeDebian || p.Type == packageurl.TypeRPM || p.Type == packageurl.TypeApk {
			f.Text = p.Name // the inventory leaves the distribution out
		}
		if constraint == "" && p.Version != "" {
			constraint = "= " + p.Version
		}
	} else {
		if at := strings.LastIndexByte(name, '@'); at > 0 && constraint == "" && at < len(name)-1 {
			name, constraint = name[:at], "= "+name[at+1:]
		}
		f.Text = strings.ReplaceAll(name, ":", "/") // Maven people write group:name
	}
	if f.Version, err = version.ParseConstraint(constraint); err != nil {
		return f, &BadQuery{Reason: err.Error()}
	}
	return f, nil
}

// cutConstraint splits a question where the constraint begins. A package URL
// may hold operators in its qualifiers, so there it begins behind a space.
func cutConstraint(q string) (name, constraint string) {
	i := strings.IndexAny(q, "<>=!")
	if j := strings.IndexAny(q, "[("); j == 0 || j > 0 && q[j-1] == ' ' {
		if i < 0 || j < i {
			i = j
		}
	}
	if strings.HasPrefix(q, "pkg:") {
		i = strings.IndexByte(q, ' ')
	}
	if i < 0 {
		return q, ""
	}
	return strings.TrimSpace(q[:i]), strings.TrimSpace(q[i:])
}
