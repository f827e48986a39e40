package format

import (
	"fmt"
	"strings"
)

// Detection is what one format thinks of a document.
type Detection struct {
	Format     Format
	Confidence Confidence
}

// Detect asks every format about the document and returns those that think
// it possible, surest first; the order of formats breaks ties.
func Detect(formats []Format, h Head) []Detection {
	var found []Detection
	for _, f := range formats {
		c := f.Detect(h)
		if c < Possible {
			continue
		}
		at := len(found)
		for at > 0 && found[at-1].Confidence < c {
			at--
		}
		found = append(found, Detection{})
		copy(found[at+1:], found[at:])
		found[at] = Detection{f, c}
	}
	return found
}

// UnknownError says that no format recognised a document.
type UnknownError struct {
	Name  string
	Shape Shape
	Known []string
}

// Error implements error.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s: none of the %d known report formats recognises this %s document; 'stance format list' shows them, --format forces one, 'stance format propose' drafts a mapping for it",
		orUnnamed(e.Name), len(e.Known), e.Shape)
}

func orUnnamed(name string) string {
	if name == "" {
		return "the report"
	}
	return name
}

// Choose returns the format for a document: the one named by force, or the
// surest detection. It returns ErrEmpty for a document with no content unless
// a format is forced, and an *UnknownError when nothing fits.
func Choose(formats []Format, in *Input, force string) (Detection, error) {
	names := make([]string, len(formats))
	for i, f := range formats {
		if f.Name == force && force != "" {
			return Detection{f, Certain}, nil
		}
		names[i] = f.Name
	}
	if force != "" {
		return Detection{}, fmt.Errorf("unknown format %q: 'stance format list' shows those that are known%s", force, near(force, names))
	}
	if in.Head().Shape == ShapeEmpty {
		return Detection{}, ErrEmpty
	}
	found := Detect(formats, in.Head())
	if len(found) == 0 {
		return Detection{}, &UnknownError{in.Name(), in.Head().Shape, names}
	}
	return found[0], nil
}

// near names the formats that a mistyped name may have meant.
func near(name string, names []string) string {
	var like []string
	for _, n := range names {
		if strings.HasPrefix(n, name[:min(len(name), 4)]) || strings.Contains(name, n) {
			like = append(like, n)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(like[:min(len(like), 5)], " or ") + "?"
}
