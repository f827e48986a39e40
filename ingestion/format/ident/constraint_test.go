package ident

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLowerBounds(t *testing.T) {
	got := LowerBounds("~> 1.6.11, >= 2.0.6", ">=0.4.8", "< 3.0.0, >= 4.0.0.beta8", "^1.2", "!= 5", "> 7.0", "'~> 1.6.11'", "soon")
	if diff := cmp.Diff([]string{"1.6.11", "2.0.6", "0.4.8", "4.0.0.beta8", "1.2"}, got); diff != "" {
		t.Error(diff)
	}
}
