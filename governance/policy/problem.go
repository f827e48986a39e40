package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a policy file, at the place where it is
// wrong.
type Problem struct {
	File string
	// Line and Column are 1-based; Column counts characters, not bytes.
	Line, Column int
	// Message says what is wrong.
	Message string
	// Hint says what to write instead; empty when nothing better is known.
	Hint string
	// Source is the offending line of the file.
	Source string
}

// String renders the problem in one line, the way compilers do.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Render adds the offending line with a caret under the place.
func (p Problem) Render() string {
	if p.Source == "" {
		return p.String()
	}
	pad := make([]rune, 0, p.Column)
	for i, r := range []rune(p.Source) {
		if i >= p.Column-1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		pad = append(pad, r)
	}
	return fmt.Sprintf("%s\n  %s\n  %s^", p.String(), p.Source, string(pad))
}

// Problems are all problems of a set of policy files, in file order. It is
// the error that [Load] returns.
type Problems []Problem

// Error renders every problem with its line and a caret.
func (ps Problems) Error() string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.Render()
	}
	return strings.Join(parts, "\n")
}

// sorted orders the problems by file and place and drops exact repetitions.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}

// nearest returns the word most like name, or "" when none is like it: at
// most a third of the letters may differ.
func nearest(name string, words []string) string {
	best, limit := "", max(1, (len(name)+1)/3)+1
	for _, w := range words {
		if d := distance(strings.ToLower(name), strings.ToLower(w)); d < limit {
			best, limit = w, d
		}
	}
	return best
}

func didYouMean(name string, words []string) string {
	if w := nearest(name, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return ""
}

// distance is the Damerau-Levenshtein distance (optimal string alignment):
// insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
