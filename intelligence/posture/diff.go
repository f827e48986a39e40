package posture

// Diff is what a ref of an application's assets has that their base has not.
type Diff struct {
	Ref string
	// New are on the ref and not on the base, Gone the other way round as far
	// as a tool that reported them there has scanned the ref too. Those that
	// someone or something has decided to be no risk are in neither.
	New, Gone []Row
	Same      int // on both
	// Cut says that there are more than are listed.
	Cut bool
	// Unscanned are the names of assets with scans of the ref and none of the
	// base: all of theirs is new for want of a comparison.
	Unscanned []string
}

// DiffLimit is how many findings a Diff lists of each sort.
const DiffLimit = 1000
