// Package generic reads findings of tools that Stance has no decoder for:
// Stance's own generic JSON, the JSON and CSV of DefectDojo's "Generic Findings
// Import" (whose field names the own one takes in), and any CSV with columns
// for title and severity. docs/formats/generic.md describes every field.
//
// The format is written by scripts, so names are checked: a finding with a
// field that nobody reads is set aside rather than half understood, and a
// document of which no finding can be read is refused.
package generic

import (
	"context"
	"reflect"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/csvdoc"
)

// Format reads generic findings.
var Format = format.Format{
	Name:  "generic",
	Title: "Generic findings (JSON, CSV)",
	Doc: "Stance's own generic JSON and CSV, and DefectDojo's Generic Findings Import in both. A finding needs a title. Fields that the " +
		"format doesn't have belong into \"extra\"; any other unknown name sets the finding aside. Each endpoint of a finding is an " +
		"observation. Attached files and free text such as impact scores stay in the raw record.",
	Detect: detect,
	Decode: decode,
}

func detect(h format.Head) format.Confidence {
	switch h.Shape {
	case format.ShapeJSON:
		return detectJSON(h.JSON)
	case format.ShapeText:
		return detectCSV(h)
	}
	return format.No
}

// detectJSON leaves room for tools that also write {"findings": [...]}: only
// the "stance" member makes it certain.
func detectJSON(top *format.Node) format.Confidence {
	findings := top.At("findings")
	if !findings.Is('[') {
		return format.No
	}
	if top.Has("stance") {
		return format.Certain
	}
	for name := range top.Member {
		if !isTopMember(name) {
			return format.No
		}
	}
	first := findings.First
	switch {
	case first == nil, first.Is('{') && len(first.Member) == 0:
		return format.Possible
	case first.Has("title") && mostlyKnown(first):
		return format.Possible + 10
	}
	return format.No
}

// mostlyKnown tells a finding with a misspelt name, which decoding explains,
// from another tool's, which shares a name or two.
func mostlyKnown(n *format.Node) bool {
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[entry]()) {
		names[f.Tag.Get("json")] = true
	}
	known := 0
	for name := range n.Member {
		if names[name] {
			known++
		}
	}
	return known*2 > len(n.Member)
}

// isTopMember knows the names beside "findings" in both dialects.
func isTopMember(name string) bool {
	switch name {
	case "findings", "stance", "tool", "target", "started", "category", "title", "name", "type", "version",
		"description", "dynamic_tool", "static_tool", "soc", "test", "extra":
		return true
	}
	return false
}

// detectCSV wants columns for title and severity and most of the others known:
// tables of other tools have those two as well.
func detectCSV(h format.Head) format.Confidence {
	columns, _, _ := csvdoc.Header(h.Bytes, nil)
	title, severity, known := false, false, 0
	for _, name := range columns {
		set := columnOf(name)
		title = title || set == "title"
		severity = severity || set == "severity"
		if set != "" {
			known++
		}
	}
	switch {
	case !title || !severity || len(columns) < 2:
		return format.No
	case known == len(columns):
		return format.Likely
	case known*5 >= len(columns)*4:
		return format.Possible
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	if in.Head().Shape == format.ShapeText {
		return decodeCSV(ctx, in, sink)
	}
	return decodeJSON(ctx, in, sink)
}
