// Package checkov reads the JSON reports of Checkov, the scanner for
// infrastructure as code, secrets and packages.
//
// A report is one object per framework (check_type), alone or in an array;
// each becomes a run of its own, told apart by Run.Category. Read are the
// failed checks of all frameworks: settings, leaked secrets, vulnerable
// packages, licences and source code. Passed and skipped checks are no
// records; variable evaluations, entity tags and module breadcrumbs stay in
// the raw record.
package checkov

import (
	"context"
	"fmt"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Checkov reports.
var Format = format.Format{
	Name:  "checkov",
	Title: "Checkov JSON",
	Doc: "Checkov `--output json`, versions 1 to 3, one framework or several. Failed checks are read; passed ones are none, and " +
		"skipped ones (`checkov:skip` comments) are left to the stored report, so a check that gets skipped counts as gone. " +
		"Without a platform key Checkov gives no severity: it is then unknown, not medium. " +
		"Evaluations, entity tags and breadcrumbs stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	switch {
	case doc.Has("check_type", "results"), doc.Has("checkov_version", "passed", "failed"):
		return format.Certain
	case doc.Has("results") && (doc.At("results").Has("failed_checks") || doc.At("results").Has("passed_checks")):
		return format.Likely
	}
	return format.No
}

// header is what stands around the records of one framework, part of it
// behind them.
type header struct {
	checkType string
	version   string
	unparsed  int
	examples  []string // of files that could not be parsed, at most maxNotes
}

// maxNotes bounds the parsing errors that a run names one by one.
const maxNotes = 5

func (h header) run() format.Run {
	run := format.Run{Tool: "checkov", Version: h.version, Category: h.checkType}
	for _, file := range h.examples {
		run.Notes = append(run.Notes, "could not parse "+file)
	}
	if more := h.unparsed - len(h.examples); more > 0 {
		run.Notes = append(run.Notes, fmt.Sprintf("could not parse %d more files", more))
	}
	return run
}

// decode reads the input twice: the version and the parsing errors stand
// behind the records that they belong before.
func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	headers, err := readHeaders(ctx, in)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	next := 0
	err = eachDocument(r, func() error {
		var h header
		if next < len(headers) {
			h = headers[next]
		}
		next++
		if err := sink.Run(h.run()); err != nil {
			return err
		}
		return r.Object(func(name string) error {
			if name != "results" {
				return nil
			}
			return r.Object(func(name string) error {
				if name != "failed_checks" {
					return nil
				}
				return jsondoc.Records(r, sink, observer(sink, h.checkType))
			})
		})
	})
	if err == nil && next == 0 { // an empty array: no framework found anything to check
		return sink.Run(header{}.run())
	}
	return err
}

// eachDocument calls fn before every object of the report: the only one, the
// elements of the array, or those of several reports in one file.
func eachDocument(r *jsondoc.Reader, fn func() error) error {
	for r.More() {
		var err error
		if r.Kind() == '[' {
			err = r.Array(func(int) error { return fn() })
		} else {
			err = fn()
		}
		if err != nil {
			return err
		}
	}
	return r.End()
}

// readHeaders passes over the records. Where the document breaks it ends with
// what it has: the second pass meets the same place and reports it.
func readHeaders(ctx context.Context, in *format.Input) ([]header, error) {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var headers []header
	err = eachDocument(r, func() error {
		headers = append(headers, header{})
		return headers[len(headers)-1].read(r)
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return headers, nil
}

func (h *header) read(r *jsondoc.Reader) error {
	var text jsondoc.Text
	return r.Object(func(name string) error {
		switch name {
		case "check_type":
			err := r.Decode(&text)
			h.checkType = text.String()
			return err
		case "checkov_version": // a report without any resource is its bare summary
			err := r.Decode(&text)
			h.version = text.String()
			return err
		case "summary":
			return r.Object(func(name string) error {
				if name != "checkov_version" {
					return nil
				}
				err := r.Decode(&text)
				h.version = text.String()
				return err
			})
		case "results":
			return r.Object(func(name string) error {
				if name != "parsing_errors" {
					return nil
				}
				return r.Array(func(int) error {
					h.unparsed++
					if len(h.examples) == maxNotes {
						return nil
					}
					err := r.Decode(&text)
					h.examples = append(h.examples, text.String())
					return err
				})
			})
		}
		return nil
	})
}
