package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"
)

// sense says on which side of a target it is good to be.
type sense int

const (
	shown   sense = iota // no target: the figure explains others
	atLeast              // more is better
	atMost               // less is better
)

// row is one figure.
type row struct {
	name   string
	value  float64
	unit   string
	sense  sense
	target float64
}

// table gathers figures in the order in which they are to be read.
type table struct{ rows []row }

func (t *table) add(name string, value float64, unit string) {
	t.rows = append(t.rows, row{name: name, value: value, unit: unit})
}

func (t *table) hold(name string, value float64, unit string, s sense, target float64) {
	t.rows = append(t.rows, row{name, value, unit, s, target})
}

// print writes the table as Markdown, which reads well on a terminal too.
func (t *table) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(tw, "| what\t| measured\t| target\t| how far\t|")
	fmt.Fprintln(tw, "| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range t.rows {
		fmt.Fprintf(tw, "| %s\t| %s %s\t| %s\t| %s\t|\n", r.name, number(r.value), r.unit, r.aim(), r.distance())
	}
	return tw.Flush()
}

func (r row) aim() string {
	switch r.sense {
	case atLeast:
		return "≥ " + number(r.target) + " " + r.unit
	case atMost:
		return "≤ " + number(r.target) + " " + r.unit
	}
	return ""
}

// distance is the figure in parts of its target.
func (r row) distance() string {
	if r.sense == shown || r.target == 0 {
		return ""
	}
	part := r.value / r.target
	if r.sense == atLeast && part >= 1 || r.sense == atMost && part <= 1 {
		return fmt.Sprintf("holds, %.2f of it", part)
	}
	return fmt.Sprintf("missed, %.2f of it", part)
}

// number writes three significant digits, and thousands apart.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a < 10:
		return fmt.Sprintf("%.2f", v)
	case a < 100:
		return fmt.Sprintf("%.1f", v)
	}
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// median returns the middle of values, of two middles the lesser.
func median[T cmp.Ordered](values []T) T { return quantile(values, 0.5) }

// quantile returns the smallest value that a share q of all are no greater
// than (nearest rank).
func quantile[T cmp.Ordered](values []T, q float64) T {
	s := slices.Sorted(slices.Values(values))
	return s[min(len(s)-1, max(0, int(math.Ceil(q*float64(len(s))))-1))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
