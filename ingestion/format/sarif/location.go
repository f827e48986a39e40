package sarif

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// location is a place as SARIF tells it (section 3.28).
type location struct {
	artifact        artifactLocation
	region, context region
	logical         []logicalLocation
	message         message
}

// region is a part of a file. Offsets in characters or bytes have no meaning
// without the file and stay in the raw record.
type region struct {
	startLine, startColumn, endLine, endColumn int
	snippet                                    string
}

// logicalLocation is a function, a resource, a parameter.
type logicalLocation struct {
	name, full, kind string
	index            int
}

// step is a stop of a thread flow.
type step struct {
	location location
	message  message
	index    int
}

func readLocation(c *cursor) location {
	var l location
	l.artifact.index = -1
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "physicalLocation":
			l.readPhysical(c)
		case "logicalLocations":
			for ok := c.array(); ok && c.element(); {
				var at logicalLocation
				at.read(c)
				l.logical = append(l.logical, at)
			}
		case "logicalLocation": // 2.1.0 drafts
			var at logicalLocation
			at.read(c)
			l.logical = append(l.logical, at)
		case "fullyQualifiedLogicalName", "fullyQualifiedName": // 2.0 drafts
			l.logical = append(l.logical, logicalLocation{full: c.text(), index: -1})
		case "message":
			l.message = readMessage(c)
		case "resultFile", "analysisTarget": // SARIF 1.0
			if l.artifact.uri == "" {
				l.readPhysical(c)
			}
		}
	}
	return l
}

func (l *location) readPhysical(c *cursor) {
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "artifactLocation", "fileLocation":
			l.artifact = readArtifactLocation(c)
		case "uri": // SARIF 1.0 and early drafts
			l.artifact.uri = c.word()
		case "uriBaseId":
			l.artifact.base = c.word()
		case "region":
			l.region = readRegion(c)
		case "contextRegion":
			l.context = readRegion(c)
		}
	}
}

func readRegion(c *cursor) region {
	var r region
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "startLine":
			r.startLine = c.integer(0)
		case "startColumn":
			r.startColumn = c.integer(0)
		case "endLine":
			r.endLine = c.integer(0)
		case "endColumn":
			r.endColumn = c.integer(0)
		case "snippet":
			r.snippet = readMessage(c).plain()
		}
	}
	return r
}

func (l *logicalLocation) read(c *cursor) {
	l.index = -1
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "name":
			l.name = c.word()
		case "fullyQualifiedName":
			l.full = c.word()
		case "kind":
			l.kind = c.word()
		case "index":
			l.index = c.integer(-1)
		}
	}
}

func readStep(c *cursor) step {
	s := step{index: -1}
	s.location.artifact.index = -1
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "location":
			s.location = readLocation(c)
		case "physicalLocation": // SARIF 1.0
			s.location.readPhysical(c)
		case "message":
			s.message = readMessage(c)
		case "index":
			s.index = c.integer(-1)
		}
	}
	return s
}

// at turns a location into Stance's.
func (r *run) at(l *location, kind finding.Kind) finding.Location {
	out := finding.Location{
		StartLine: max(l.region.startLine, 0), StartColumn: max(l.region.startColumn, 0),
		EndLine: max(l.region.endLine, 0), EndColumn: max(l.region.endColumn, 0),
		Snippet: l.region.snippet, Context: l.context.snippet,
	}
	out.Path, out.URL = r.place(l.artifact)
	for i := range l.logical {
		r.name(&out, l.logical[i], kind)
	}
	return out
}

// name puts a logical location where its kind belongs.
func (r *run) name(out *finding.Location, l logicalLocation, kind finding.Kind) {
	if l.index >= 0 && l.index < len(r.logical) {
		of := r.logical[l.index]
		l.name, l.full, l.kind = first(l.name, of.name), first(l.full, of.full), first(l.kind, of.kind)
	}
	name := first(l.full, l.name)
	if strings.HasPrefix(name, "pkg:") {
		return // a package, which componentOf reads
	}
	into := &out.Symbol
	switch strings.ToLower(l.kind) {
	case "resource":
		into = &out.Resource
	case "parameter", "header", "cookie":
		if kind == finding.Dynamic {
			into, name = &out.Parameter, first(l.name, l.full)
		}
	default:
		switch kind {
		case finding.Misconfiguration:
			into = &out.Resource
		case finding.Vulnerability, finding.Licence:
			return // scanners of components put paths and packages here
		}
	}
	if *into == "" {
		*into = name
	}
}
