// Package npmaudit reads the JSON output of "npm audit": the advisories of
// npm 6 (a shape that pnpm audit and Yarn 2 and later write too) and the vulnerabilities of npm 7 and
// later (auditReportVersion 2).
//
// Records are the entries of advisories or vulnerabilities. An advisory gives
// one observation for every installed version it affects. A vulnerability
// gives one for every advisory in via, and one of the check
// depends-on-vulnerable-versions when via names other packages: the package
// is affected because it depends on them. Kept only raw: the further
// dependency paths of an advisory, actions and totals.
package npmaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads the JSON output of npm audit.
var Format = format.Format{
	Name:  "npmaudit",
	Title: "npm audit JSON",
	Doc: "npm audit --json of npm 6 and of npm 7 and later, and pnpm audit --json. Packages that are affected only through a dependency are read too; " +
		"an answer that reports an error instead of an audit is refused.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	switch {
	case doc.Has("auditReportVersion"):
		return format.Certain
	case doc.At("advisories").Is('{') && doc.Has("runId"), has(doc.At("vulnerabilities"), "via", "range"):
		return format.Likely
	case doc.At("advisories").Is('{') && (doc.Has("actions") || doc.Has("muted") || doc.At("metadata").Has("vulnerabilities")),
		has(doc.At("advisories"), "module_name", "findings"), doc.At("actions", "0").Has("action", "resolves"):
		return format.Possible // pnpm and Yarn write this shape too
	case doc.At("error").Has("code", "summary"), doc.At("error").Has("summary", "detail"):
		return format.Possible // an error: Decode says which
	}
	return format.No
}

// has reports whether some member of an object has all names.
func has(n *format.Node, names ...string) bool {
	if !n.Is('{') {
		return false
	}
	for _, m := range n.Member {
		if m.Has(names...) {
			return true
		}
	}
	return false
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := refuse(ctx, in); err != nil {
		return err
	}
	if r.Kind() != '{' {
		if err := r.Skip(); err != nil {
			return err
		}
		return errors.New("not an npm audit report: want an object")
	}
	if err := sink.Run(format.Run{Tool: "npm audit"}); err != nil {
		return err
	}
	err = r.Object(func(name string) error {
		switch name {
		case "advisories":
			return entries(r, sink, (*advisory).observations)
		case "vulnerabilities":
			return entries(r, sink, (*vulnerability).observations)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.End()
}

// refuse returns what npm says when it could not audit: the document then
// holds an error and no report, and means nothing about the project.
func refuse(ctx context.Context, in *format.Input) error {
	o, err := jsondoc.ReadOutline(ctx, in, []string{"error", "message"}, nil)
	if err != nil {
		return err
	}
	var e struct {
		Code    jsondoc.Text `json:"code"`
		Summary jsondoc.Text `json:"summary"`
		Detail  jsondoc.Text `json:"detail"`
	}
	if o[""]["error"] == nil || string(o[""]["error"]) == "null" {
		return nil
	}
	o.Decode("", "error", &e)
	var said []string
	for _, t := range []string{string(e.Code), string(e.Summary), string(e.Detail), o.Text("", "message")} {
		if t = strings.TrimSpace(t); t != "" {
			said = append(said, t)
		}
	}
	return fmt.Errorf("this is no report but npm's error, the audit did not take place: %s", strings.Join(said, ": "))
}

// entries reads the members of an object as records. The name of a member is
// the advisory's number or the package.
func entries[T any](r *jsondoc.Reader, sink format.Sink, observe func(rec *T, name string) ([]*finding.Observation, error)) error {
	err := r.Object(func(name string) error {
		pos := r.Position()
		raw, err := r.Value()
		if err != nil {
			return err
		}
		rec := new(T)
		var found []*finding.Observation
		if err = jsondoc.Unmarshal(raw, rec); err == nil {
			found, err = observe(rec, name)
		}
		if err != nil {
			return sink.Quarantine(jsondoc.Fault(pos, err, raw))
		}
		for _, o := range found {
			o.Position, o.Raw = pos, raw
			if err := sink.Observe(o); err != nil {
				return err
			}
		}
		return nil
	})
	var shape *jsondoc.ShapeError
	if errors.As(err, &shape) {
		pos := r.Position()
		pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
		return sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
	}
	return err
}
