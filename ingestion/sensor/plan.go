package sensor

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Choice is what whoever calls asks for.
type Choice struct {
	// Only, when it names any, are the scanners to run; Skip those not to.
	Only, Skip []string
	// Installed reports whether a program can be run.
	Installed func(command string) bool
}

// Step is one call of a scanner.
type Step struct {
	Scanner Scanner
	// Dir is the folder that it runs in, slash-separated below the root.
	Dir string
	// Args are its arguments; {report}, {folder}, {name} and {sbom} still
	// stand in them.
	Args []string
	// Unaided are the arguments where no bill of materials came about.
	Unaided []string
	// Name is the scanner's, with its folder where that is not the root, and
	// Base a name for its files.
	Name, Base string
}

// Makes reports whether the step makes a bill of materials for others.
func (s Step) Makes() bool {
	return !s.Scanner.Inside() && slices.Contains(s.Scanner.Subjects, Inventory)
}

// Uses reports whether the step waits for a bill of materials.
func (s Step) Uses() bool {
	return slices.ContainsFunc(s.Args, func(a string) bool { return strings.Contains(a, "{sbom}") })
}

// Idle is a scanner that does not run, and why.
type Idle struct {
	Name, Why string
}

// Plan is what would run, in the order of the table, and what would not.
type Plan struct {
	Steps []Step
	Idle  []Idle
}

// Make makes the plan for a tree. It fails when the choice names a scanner
// that nobody knows, or one that cannot run.
func Make(t *Tree, c Choice) (Plan, error) {
	for _, n := range slices.Concat(c.Only, c.Skip) {
		if !slices.ContainsFunc(Scanners, func(s Scanner) bool { return s.Name == n }) {
			return Plan{}, fmt.Errorf("no scanner is called %q: 'stance scan --list' names all", n)
		}
	}
	var p Plan
	taken := map[Subject]string{}
	sbom := false
	for _, s := range Scanners {
		way, why := decide(s, t, c, taken, sbom)
		if why != "" {
			if slices.Contains(c.Only, s.Name) {
				return Plan{}, fmt.Errorf("--only %s: %s", s.Name, why)
			}
			p.Idle = append(p.Idle, Idle{s.Name, why})
			continue
		}
		for _, about := range s.Subjects {
			taken[about] = s.Name
		}
		steps := calls(s, way, t)
		sbom = sbom || steps[0].Makes()
		p.Steps = append(p.Steps, steps...)
	}
	return p, nil
}

// decide picks the way to call a scanner, or says why it is not called.
func decide(s Scanner, t *Tree, c Choice, taken map[Subject]string, sbom bool) (Way, string) {
	switch {
	case slices.Contains(c.Skip, s.Name):
		return Way{}, "left out by --skip"
	case len(c.Only) > 0 && !slices.Contains(c.Only, s.Name):
		return Way{}, "not among --only"
	}
	i := slices.IndexFunc(s.Ways, func(w Way) bool {
		return !slices.ContainsFunc(w.Needs, func(n Trait) bool { return !t.Has(n) && (n != SBOM || !sbom) })
	})
	if i < 0 {
		return Way{}, "nothing here for it: needs " + needs(s)
	}
	if !s.Inside() && !c.Installed(s.Command) {
		return Way{}, s.Command + " is not installed (not in PATH)"
	}
	if by := taken[s.Subjects[0]]; (s.Inside() || s.Subjects[0] == Inventory) && by != "" && !slices.Contains(c.Only, s.Name) {
		return Way{}, by + " looks for the same"
	}
	return s.Ways[i], ""
}

// needs writes what a scanner asks of a tree.
func needs(s Scanner) string {
	var alternatives []string
	for _, w := range s.Ways {
		var all []string
		for _, n := range w.Needs {
			all = append(all, string(n))
		}
		alternatives = append(alternatives, strings.Join(all, " and "))
	}
	return strings.Join(alternatives, ", or ")
}

// calls are the steps of one way.
func calls(s Scanner, w Way, t *Tree) []Step {
	dirs := []string{"."}
	if w.Each != "" {
		dirs = t.Dirs(w.Each)
	}
	var out []Step
	for _, d := range dirs {
		step := Step{Scanner: s, Dir: d, Name: s.Name, Base: s.Name, Args: filled(w, t, d)}
		if d != "." {
			step.Name += " in " + d
			step.Base += "-" + strings.ReplaceAll(d, "/", "-")
		}
		if step.Uses() {
			for _, other := range s.Ways {
				if !slices.Contains(other.Needs, SBOM) {
					step.Unaided = filled(other, t, d)
					break
				}
			}
		}
		out = append(out, step)
	}
	return out
}

// filled puts the files in. Before each file stands what stands before
// {files} when that is a flag, and each begins with ./ so that none is taken
// for a flag.
func filled(w Way, t *Tree, dir string) []string {
	i := slices.Index(w.Args, "{files}")
	if i < 0 {
		return w.Args
	}
	about := w.Each
	if about == "" {
		about = w.Needs[len(w.Needs)-1]
	}
	head, flag := w.Args[:i], ""
	if i > 0 && slices.Contains(repeated, head[i-1]) {
		head, flag = w.Args[:i-1], head[i-1]
	}
	out := slices.Clone(head)
	for _, f := range t.Files[about] {
		if w.Each != "" {
			if path.Dir(f) != dir {
				continue
			}
			f = path.Base(f)
		}
		if flag != "" {
			out = append(out, flag)
		}
		out = append(out, "./"+f)
	}
	return append(out, w.Args[i+1:]...)
}

// repeated are the flags that are said again for each file.
var repeated = []string{"--config", "-r"}

// words splits arguments at spaces; none of the table holds one.
func words(args string) []string { return strings.Fields(args) }
