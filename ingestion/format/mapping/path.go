package mapping

import (
	"fmt"
	"strings"
)

// step is one step of a path to records: into a member, or over all elements
// of a list, or over all members of an object.
type step struct {
	name string
	each bool // elements of a list; one value stands for a list of one
	keys bool // members of an object
}

// parsePath reads a path such as
//
//	results[]              every element of the member results
//	[]                     every element of the document
//	files[].issues[]       records within records
//	vulnerabilities{}      every member of the object
//	a."b.c".d              a quoted name may hold anything
//	.                      the document itself
func parsePath(text string) ([]step, error) {
	var steps []step
	rest := strings.TrimSpace(text)
	if rest == "" {
		return nil, fmt.Errorf("a path is missing: write the way to the records, for example results[]")
	}
	rest = strings.TrimPrefix(rest, ".")
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "[]"):
			steps, rest = append(steps, step{each: true}), rest[2:]
		case strings.HasPrefix(rest, "{}"):
			steps, rest = append(steps, step{keys: true}), rest[2:]
		case rest[0] == '.':
			rest = rest[1:]
			if rest == "" {
				return nil, fmt.Errorf("path %q ends with a dot", text)
			}
		case rest[0] == '"':
			name, after, ok := strings.Cut(rest[1:], `"`)
			if !ok {
				return nil, fmt.Errorf("path %q has a quote that does not end", text)
			}
			steps, rest = append(steps, step{name: name}), after
		default:
			end := strings.IndexAny(rest, ".[{")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, fmt.Errorf("path %q: want a name, [] or {} at %q", text, rest)
			}
			steps, rest = append(steps, step{name: rest[:end]}), rest[end:]
		}
	}
	return steps, nil
}

// split parts a path at its first repeated step: what stands before is walked
// while the document streams, what comes after is looked for in one element.
func split(steps []step) (walk []string, over *step, within []step) {
	for i, s := range steps {
		if s.each || s.keys {
			return walk, &steps[i], steps[i+1:]
		}
		walk = append(walk, s.name)
	}
	return walk, nil, nil
}
