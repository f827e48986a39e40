// Package component reasons about the graph of components that an SBOM gives:
// through whom does the product get this one, and who uses it.
package component

import (
	"cmp"
	"container/heap"
	"slices"
)

// Graph says of each component, by the document's reference, on which others
// it depends. Graphs of real documents have cycles, nodes that are listed
// nowhere else, and components that nothing leads to.
type Graph map[string][]string

// Dependents turns the graph around: who depends on each component, sorted and
// without repetition.
func (g Graph) Dependents() Graph {
	out := Graph{}
	for ref, on := range g {
		for _, o := range on {
			if o != ref {
				out[o] = append(out[o], ref)
			}
		}
	}
	for ref, by := range out {
		slices.Sort(by)
		out[ref] = slices.Compact(by)
	}
	return out
}

// maxSteps bounds the search for paths. The shortest ones are found within a
// few steps each; graphs made to have exponentially many end here.
const maxSteps = 20_000

// Paths returns up to limit paths from a root to the component, root first
// and the component last, the shortest first. A root is a component on which
// nothing depends. No component stands twice in a path. There is none when no
// root leads to the component; a root's only path is itself. more reports
// that there are paths beyond those returned.
func (g Graph) Paths(to string, limit int) (paths [][]string, more bool) {
	by := g.Dependents()
	far := g.distances(by)
	if _, reached := far[to]; !reached {
		return nil, false
	}
	// Best first: the length so far and the least that is still to come.
	open := &frontier{{nodes: []string{to}, least: far[to]}}
	for steps := 0; open.Len() > 0; steps++ {
		if len(paths) == limit || steps == maxSteps {
			return paths, true
		}
		p := heap.Pop(open).(partial)
		top := p.nodes[len(p.nodes)-1]
		if len(by[top]) == 0 {
			slices.Reverse(p.nodes)
			paths = append(paths, p.nodes)
			continue
		}
		for _, parent := range by[top] {
			d, reached := far[parent]
			if !reached || slices.Contains(p.nodes, parent) || open.Len() >= maxSteps {
				continue
			}
			heap.Push(open, partial{nodes: append(slices.Clone(p.nodes), parent), least: len(p.nodes) + d})
		}
	}
	return paths, false
}

// distances counts, for everything that a root leads to, the edges from the
// nearest root.
func (g Graph) distances(by Graph) map[string]int {
	far := map[string]int{}
	var queue []string
	visit := func(ref string, d int) {
		if _, seen := far[ref]; !seen {
			far[ref] = d
			queue = append(queue, ref)
		}
	}
	for ref := range g {
		if len(by[ref]) == 0 {
			visit(ref, 0)
		}
	}
	for i := 0; i < len(queue); i++ {
		for _, on := range g[queue[i]] {
			visit(on, far[queue[i]]+1)
		}
	}
	return far
}

// partial is a path from the component upwards that has not reached a root.
type partial struct {
	nodes []string
	least int // edges of the shortest whole path that it can become
}

// frontier is a heap of partial paths.
type frontier []partial

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(f[i].least, f[j].least), slices.Compare(f[i].nodes, f[j].nodes)) < 0
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push implements heap.Interface.
func (f *frontier) Push(p any) { *f = append(*f, p.(partial)) }

// Pop implements heap.Interface.
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}
