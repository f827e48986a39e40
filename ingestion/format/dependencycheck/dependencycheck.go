// Package dependencycheck reads the reports of OWASP Dependency-Check: XML of
// every schema from 1.1 to 4.x, and JSON.
//
// Records are the vulnerabilities of the dependencies. Those that a
// suppression file took out (suppressedVulnerability) are records too, with a
// claim. Kept only raw: the list of vulnerable software beyond the version
// that ends the matched range, and notes of vulnerabilities that are not
// suppressed; the collected evidence, hashes and dependencies without a
// vulnerability stay in the report itself.
package dependencycheck

import (
	"context"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Dependency-Check's XML and JSON reports.
var Format = format.Format{
	Name:  "dependencycheck",
	Title: "OWASP Dependency-Check XML and JSON",
	Doc: "OWASP Dependency-Check, --format XML or JSON, all schema versions. Vulnerabilities and suppressed vulnerabilities of every dependency are read; " +
		"evidence, hashes and dependencies without a vulnerability are not.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	switch h.Shape {
	case format.ShapeXML:
		ns := strings.ToLower(h.Namespace)
		if h.Root == "analysis" && (strings.Contains(ns, "dependency-check") || strings.Contains(ns, "dependency_check") || strings.Contains(ns, "dependencycheck")) {
			return format.Certain
		}
	case format.ShapeJSON:
		switch doc := h.JSON; {
		case doc.Has("reportSchema", "scanInfo") && (doc.Has("dependencies") || doc.Has("projectInfo")):
			return format.Certain
		case doc.At("scanInfo").Has("engineVersion") && doc.Has("projectInfo"), doc.At("dependencies", "0").Has("fileName", "evidenceCollected"):
			return format.Likely
		}
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	if in.Head().Shape == format.ShapeXML {
		return decodeXML(ctx, in, sink)
	}
	return decodeJSON(ctx, in, sink)
}

// maxNotes is how many of the exceptions of a scan are kept.
const maxNotes = 5

// scanInfo is what the report says of the tool's run.
type scanInfo struct {
	EngineVersion jsondoc.Text            `json:"engineVersion" xml:"engineVersion"`
	Exceptions    jsondoc.List[exception] `json:"analysisExceptions" xml:"analysisExceptions>exception"`
}

// exception is a part of the analysis that failed. JSON wraps it once more.
type exception struct {
	Message jsondoc.Text `json:"message" xml:"message"`
	Inner   *exception   `json:"exception" xml:"-"`
}

// projectInfo is what the report says of the scanned project.
type projectInfo struct {
	Name       jsondoc.Text `json:"name" xml:"name"`
	GroupID    jsondoc.Text `json:"groupID" xml:"groupID"`
	ArtifactID jsondoc.Text `json:"artifactID" xml:"artifactID"`
	ReportDate jsondoc.Text `json:"reportDate" xml:"reportDate"`
}

func run(scan *scanInfo, project *projectInfo) format.Run {
	r := format.Run{Tool: "dependency-check", Version: text(scan.EngineVersion), Started: parseTime(text(project.ReportDate))}
	r.Target.Name = text(project.Name)
	if r.Target.Name == "" && project.ArtifactID != "" {
		r.Target.Name = strings.TrimPrefix(text(project.GroupID)+":"+text(project.ArtifactID), ":")
	}
	for _, e := range scan.Exceptions {
		if e.Inner != nil {
			e = *e.Inner
		}
		if line, _, _ := strings.Cut(text(e.Message), "\n"); line != "" && len(r.Notes) < maxNotes {
			r.Notes = append(r.Notes, line)
		}
	}
	return r
}

func text(t jsondoc.Text) string { return strings.TrimSpace(string(t)) }

// parseTime reads the report's date, whose zone has no colon in old versions.
func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// observe hands one vulnerability of a dependency to the sink.
func observe(sink format.Sink, d *dependency, v *vulnerability, suppressed bool, pos finding.Position, raw []byte) error {
	if text(v.Name) == "" && text(v.Description) == "" {
		return sink.Quarantine(jsondoc.Fault(pos, jsondoc.Bad("neither name nor description is given"), raw))
	}
	o := v.observation(d)
	if suppressed {
		o.Claim = finding.Claim{State: finding.ClaimSuppressedByTool, Justification: "suppression file", Detail: text(v.Notes), Source: "tool"}
	}
	o.Position, o.Raw = pos, raw
	return sink.Observe(o)
}
