// Package semgrep reads the JSON output of Semgrep ("semgrep scan --json",
// "semgrep ci --json", Opengrep), all versions from 0.x on, and the list of
// Supply Chain findings that the Semgrep AppSec Platform's deployments API
// exports (vulns).
//
// Code findings, secrets, Supply Chain findings and findings of rules outside
// the security category (kind quality) are read, with the taint trace as the
// flow. Errors that Semgrep reports become notes of the run: such a scan is
// partial, not failed. Kept only raw: metavariables, likelihood and impact,
// licences of rules, profiling and lists of scanned files.
package semgrep

import (
	"context"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Semgrep's JSON output.
var Format = format.Format{
	Name:  "semgrep",
	Title: "Semgrep JSON",
	Doc: "Semgrep or Opengrep, --json, and the Supply Chain findings of the Semgrep deployments API. " +
		"Code, secrets, dependencies and taint traces are read; metavariables and rule metadata beyond weakness, category and links are kept only raw.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	switch first := doc.At("results", "0"); {
	case first.Has("check_id") && (first.Has("path") || first.Has("extra")):
		return format.Likely
	case doc.At("vulns", "0").Has("advisory") && (doc.At("vulns", "0").Has("matchedDependency") || doc.At("vulns", "0").Has("exposureType")):
		return format.Likely
	case first != nil:
		return format.No
	case doc.At("results").Is('['), !h.Whole && !doc.Has("results") && doc.Has("errors"):
		return detectBeside(doc)
	case doc.At("vulns").Is('[') && doc.Has("hasMore"):
		return format.Possible
	}
	return format.No
}

// detectBeside tells a report by the members beside its results, when there
// are none or they begin beyond the head: results and errors alone are also
// what other tools write.
func detectBeside(doc *format.Node) format.Confidence {
	own := 0
	for name := range doc.Member {
		switch name {
		case "results", "errors", "version", "time", "stats":
		case "paths", "interfile_languages_used", "skipped_rules", "explanations", "rules_by_engine", "engine_requested", "profiling_results", "mcp_scan_results", "subprojects", "debug":
			own++
		default:
			return format.No
		}
	}
	switch first := doc.At("errors", "0"); {
	case own > 0, first.Has("code", "level", "type"):
		return format.Likely
	case doc.Has("results", "errors"):
		return format.Possible
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	run, err := readRun(ctx, in)
	if err != nil {
		return err
	}
	if err := sink.Run(run); err != nil {
		return err
	}
	checks := checkCache{}
	err = r.Object(func(name string) error {
		switch name {
		case "results":
			return jsondoc.Records(r, sink, func(rec *result, pos finding.Position, raw []byte) error {
				if rec.CheckID == "" && rec.Extra.Message == "" {
					return jsondoc.Bad("neither check_id nor extra.message is given")
				}
				o := rec.observation(checks)
				o.Position, o.Raw = pos, raw
				return sink.Observe(o)
			})
		case "vulns":
			return jsondoc.Records(r, sink, func(rec *exported, pos finding.Position, raw []byte) error {
				if rec.Title == "" && rec.Advisory.RuleID == "" {
					return jsondoc.Bad("neither title nor advisory.ruleId is given")
				}
				o := rec.observation()
				o.Position, o.Raw = pos, raw
				return sink.Observe(o)
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.End()
}

// maxNotes is how many of the errors a run keeps.
const maxNotes = 5

// scanError is an entry of errors. What it says stands in different members,
// by version.
type scanError struct {
	Level    jsondoc.Text `json:"level"`
	Message  jsondoc.Text `json:"message"`
	LongMsg  jsondoc.Text `json:"long_msg"`
	ShortMsg jsondoc.Text `json:"short_msg"`
	Path     jsondoc.Text `json:"path"`
}

// readRun reads the version and the errors, which stand after the results in
// most versions.
func readRun(ctx context.Context, in *format.Input) (format.Run, error) {
	o, err := jsondoc.ReadOutline(ctx, in, []string{"version", "errors", "paths"}, nil)
	if err != nil {
		return format.Run{}, err
	}
	run := format.Run{Tool: "semgrep", Version: o.Text("", "version")}
	var errs jsondoc.List[scanError]
	o.Decode("", "errors", &errs)
	more := 0
	for _, e := range errs {
		switch {
		case e.Level != "error":
		case len(run.Notes) == maxNotes:
			more++
		default:
			run.Notes = append(run.Notes, e.text())
		}
	}
	if more > 0 {
		run.Notes = append(run.Notes, fmt.Sprintf("and %d more errors", more))
	}
	var paths struct {
		Scanned jsondoc.List[jsondoc.Text] `json:"scanned"`
	}
	if o.Decode("", "paths", &paths) && len(paths.Scanned) == 0 {
		run.Notes = append(run.Notes, "no file was scanned")
	}
	return run, nil
}

// text is an error in one line.
func (e *scanError) text() string {
	for _, t := range []jsondoc.Text{e.Message, e.LongMsg, e.ShortMsg} {
		if line, _, _ := strings.Cut(strings.TrimSpace(string(t)), "\n"); line != "" {
			if e.Path != "" && !strings.Contains(line, string(e.Path)) {
				return string(e.Path) + ": " + line
			}
			return line
		}
	}
	return "an error without a message in " + string(e.Path)
}
