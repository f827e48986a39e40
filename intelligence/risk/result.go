// Package risk is a temporary shape.
package risk

// Term is one term.
type Term struct {
	Name    string
	Points  float64
	Input   string
	Source  string
	Unknown bool
	Could   float64
	Why     string
}

// Result is a score.
type Result struct {
	Score        float64
	Priority     string
	Terms        []Term
	ModelVersion string
}
