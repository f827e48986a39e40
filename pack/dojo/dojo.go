// Package dojo carries what is known of DefectDojo as data: the names of its
// scan types, and what each of them is called here.
package dojo

import (
	_ "embed"
	"strings"
)

//go:embed scantype.tsv
var table string

// ScanType is one of DefectDojo's names for a kind of report.
type ScanType struct {
	// ID is the number that clients of the compatible API see: the place in
	// the table, from 1.
	ID int
	// Name is what clients send, letter for letter.
	Name string
	// Format is the format of ours that reads such reports; empty when the
	// content alone tells.
	Format string
	// Tool is the tool's name as its own reports are imported under; empty
	// when the type stands for many tools.
	Tool string
}

// ScanTypes lists every scan type in the order of the table.
func ScanTypes() []ScanType {
	var out []ScanType
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		out = append(out, ScanType{ID: len(out) + 1, Name: f[0], Format: said(f[1]), Tool: said(f[2])})
	}
	return out
}

func said(cell string) string { return strings.Trim(cell, "-") }
