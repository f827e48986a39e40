package archtest

// Rule is one thing that holds for the whole repository.
type Rule struct {
	Name string
	// Doc says why the rule is there, in a sentence.
	Doc   string
	check func(*breaches)
}

// Check returns every breach of the rule in the tree, nil when it holds.
func (r Rule) Check(t *Tree) []Breach {
	b := &breaches{tree: t}
	r.check(b)
	return b.found
}

// Rules are all rules, in the order in which they are explained in
// CONTRIBUTING.md.
func Rules() []Rule {
	return []Rule{
		{"floors", "a floor imports only what is below it, so that every part can be understood without those above", checkFloors},
		{"arrows", "the arrows table says what the code does, no more: a stale permission would let the next import through unseen", checkArrows},
		{"pure", "domain and engines compute; what they would ask the world for is an argument, so every result can be recomputed", checkPure},
		{"libraries", "each outside module is used where library.go says, for the reason given there", checkLibraries},
		{"testing", "test code stays out of the binary", checkTesting},
		{"init", "what runs at start is written in the wiring, where it can be read from top to bottom", checkInit},
		{"state", "a package variable that changes is shared by every tenant, request and test in the process", checkState},
		{"interfaces", "a small interface says what its consumer needs; a large one says what its author has", checkInterfaces},
		{"size", "what does not fit on a few screens is several things", checkSize},
		{"comments", "a reader learns meaning, units and errors from the comment, not from the body", checkComments},
		{"names", "a name that fits everything says nothing", checkNames},
		{"module", "one module, one Go version, no local replacements: every clone builds the same", checkModule},
	}
}
