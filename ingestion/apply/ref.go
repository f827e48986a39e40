package apply

import (
	"slices"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
)

// refAge is a branch or tag of an asset and when it was first scanned.
type refAge struct {
	ref   string
	first time.Time
}

// mainNames are the branch names that count by default, best first.
var mainNames = []string{"main", "master", "trunk", "default", "develop", "latest"}

// chooseDefault says which ref of an asset counts in figures: the best known
// name, else the ref that was scanned first. It depends only on what scans
// there are, not on the order they came in.
func chooseDefault(refs []refAge) string {
	best := ""
	var first time.Time
	for _, r := range refs {
		if r.ref == "" || estate.IsPull(r.ref) {
			continue
		}
		if best == "" || rank(r.ref) < rank(best) || rank(r.ref) == rank(best) && (r.first.Before(first) || r.first.Equal(first) && r.ref < best) {
			best, first = r.ref, r.first
		}
	}
	return best
}

func rank(ref string) int {
	if i := slices.Index(mainNames, ref); i >= 0 {
		return i
	}
	return len(mainNames)
}

// counts reports whether presence on a ref counts for the finding's status: a
// scan that names no ref is taken to be of what counts, one of a pull request
// never is.
func counts(ref, defaultRef string) bool {
	if estate.IsPull(ref) {
		return false
	}
	return ref == "" || defaultRef == "" || ref == defaultRef
}
