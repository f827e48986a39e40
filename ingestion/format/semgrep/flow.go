package semgrep

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// trace is dataflow_trace: how tainted data came from the source through
// variables to the sink.
type trace struct {
	Source       jsontext.Value                  `json:"taint_source"`
	Intermediate jsondoc.List[traceIntermediate] `json:"intermediate_vars"`
	Sink         jsontext.Value                  `json:"taint_sink"`
}

type traceIntermediate struct {
	Location place        `json:"location"`
	Content  jsondoc.Text `json:"content"`
}

func (v *traceIntermediate) step(message string) finding.Step {
	l := v.Location.location()
	l.Snippet = string(v.Content)
	return finding.Step{Location: l, Message: message}
}

// flow reads a trace, source first. A trace of an unknown shape gives none;
// it stays with the raw record.
func flow(raw jsontext.Value) []finding.Step {
	var t trace
	if raw.Kind() != '{' || jsondoc.Unmarshal(raw, &t) != nil {
		return nil
	}
	steps := callTrace(nil, t.Source, "source", 0)
	for i := range t.Intermediate {
		steps = append(steps, t.Intermediate[i].step("passes through"))
	}
	return callTrace(steps, t.Sink, "sink", 0)
}

// maxCalls bounds how many nested calls of a trace are followed.
const maxCalls = 64

// callTrace reads one end of a trace: ["CliLoc", [location, text]] or, when
// the data goes through a call, ["CliCall", [[location, text], [intermediate
// variables], callTrace]]. Before 1.0 it was a list of objects with location
// and content.
func callTrace(to []finding.Step, raw jsontext.Value, message string, depth int) []finding.Step {
	var parts []jsontext.Value
	if raw.Kind() != '[' || depth > maxCalls || jsondoc.Unmarshal(raw, &parts) != nil || len(parts) == 0 {
		return to
	}
	if parts[0].Kind() == '{' && len(parts) == 2 && parts[1].Kind() == '"' {
		return located(to, parts, message)
	}
	if parts[0].Kind() == '{' {
		for _, p := range parts {
			var v traceIntermediate
			if jsondoc.Unmarshal(p, &v) == nil {
				to = append(to, v.step(message))
			}
		}
		return to
	}
	var word jsondoc.Text
	var inner []jsontext.Value
	if len(parts) < 2 || jsondoc.Unmarshal(parts[0], &word) != nil || jsondoc.Unmarshal(parts[1], &inner) != nil {
		return to
	}
	if word != "CliCall" {
		return located(to, inner, message)
	}
	if len(inner) != 3 {
		return to
	}
	var call []jsontext.Value
	var through jsondoc.List[traceIntermediate]
	if jsondoc.Unmarshal(inner[0], &call) == nil {
		to = located(to, call, message+": call")
	}
	if jsondoc.Unmarshal(inner[1], &through) == nil {
		for i := range through {
			to = append(to, through[i].step("passes through"))
		}
	}
	return callTrace(to, inner[2], message, depth+1)
}

// located reads the pair of a location and the text there.
func located(to []finding.Step, pair []jsontext.Value, message string) []finding.Step {
	var v traceIntermediate
	if len(pair) < 2 || jsondoc.Unmarshal(pair[0], &v.Location) != nil || jsondoc.Unmarshal(pair[1], &v.Content) != nil {
		return to
	}
	return append(to, v.step(message))
}
