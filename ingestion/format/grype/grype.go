// Package grype reads the JSON report of Anchore Grype, every version from
// 0.1 on: the shapes of CVSS ratings, fixes and match details changed over
// the years and each is understood.
//
// Records are the entries of matches and, after them, of ignoredMatches: a
// match that an ignore rule or a VEX document took out is an observation with
// the claim that it is suppressed, so its number of records is larger than
// Grype's own count of matches. Kept only raw: how a match was searched for,
// upstream packages, package metadata, CPEs, risk and the database's state.
package grype

import (
	"context"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Grype's JSON report.
var Format = format.Format{
	Name:  "grype",
	Title: "Grype JSON",
	Doc: "Anchore Grype, -o json. Every match is read, and every ignored match as a suppressed one " +
		"(so there may be more records than matches); match details and package metadata are kept only raw.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	first := doc.At("matches", "0")
	switch {
	case doc.At("descriptor", "name").String() == "grype":
		return format.Certain
	case first.Has("vulnerability") && (first.Has("artifact") || first.Has("relatedVulnerabilities") || first.Has("matchDetails")):
		return format.Likely
	case doc.At("matches").Is('[') && doc.Has("source") && (doc.Has("distro") || doc.Has("descriptor")):
		return format.Likely
	case doc.At("matches").Is('[') && h.Whole && len(doc.Member) == 1:
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
	head, err := readHeader(ctx, in)
	if err != nil {
		return err
	}
	if err := sink.Run(head.run()); err != nil {
		return err
	}
	image := head.image()
	err = r.Object(func(name string) error {
		if name != "matches" && name != "ignoredMatches" {
			return nil
		}
		return jsondoc.Records(r, sink, func(m *match, pos finding.Position, raw []byte) error {
			if m.Vulnerability.ID == "" && m.Artifact.Name == "" {
				return jsondoc.Bad("neither vulnerability.id nor artifact.name is given")
			}
			o := m.observation(image)
			if name == "ignoredMatches" {
				o.Claim = m.claim()
			}
			o.Position, o.Raw = pos, raw
			return sink.Observe(o)
		})
	})
	if err != nil {
		return err
	}
	return r.End()
}

// header is what stands beside the matches, in most versions after them.
type header struct {
	version, timestamp string
	sourceType         string
	target             imageTarget // when the source is an image
	path               string      // when it is a directory, a file or an SBOM
}

// imageTarget is the source's target when it is an image.
type imageTarget struct {
	UserInput      jsondoc.Text    `json:"userInput"`
	ImageID        jsondoc.Text    `json:"imageID"`
	ManifestDigest jsondoc.Text    `json:"manifestDigest"`
	Tags           jsondoc.Strings `json:"tags"`
	RepoDigests    jsondoc.Strings `json:"repoDigests"`
}

func readHeader(ctx context.Context, in *format.Input) (*header, error) {
	o, err := jsondoc.ReadOutline(ctx, in, []string{"source", "descriptor"}, nil)
	if err != nil {
		return nil, err
	}
	var source struct {
		Type   jsondoc.Text   `json:"type"`
		Target jsontext.Value `json:"target"`
	}
	var descriptor struct {
		Version   jsondoc.Text `json:"version"`
		Timestamp jsondoc.Text `json:"timestamp"`
	}
	o.Decode("", "source", &source)
	o.Decode("", "descriptor", &descriptor)
	h := &header{version: string(descriptor.Version), timestamp: string(descriptor.Timestamp), sourceType: string(source.Type)}
	switch source.Target.Kind() {
	case '{':
		_ = jsondoc.Unmarshal(source.Target, &h.target) // hints; without them the report is as good
	case '"':
		_ = jsondoc.Unmarshal(source.Target, &h.path)
	}
	return h, nil
}

// image is the reference of the scanned image; "" when it is none.
func (h *header) image() string {
	t := &h.target
	switch {
	case h.sourceType != "image":
		return ""
	case t.UserInput != "":
		return string(t.UserInput)
	case len(t.Tags) > 0:
		return t.Tags[0]
	}
	return string(t.ImageID)
}

func (h *header) run() format.Run {
	run := format.Run{Tool: "grype", Version: strings.TrimPrefix(h.version, "v")}
	if t, err := time.Parse(time.RFC3339Nano, h.timestamp); err == nil {
		run.Started = t.UTC()
	}
	t := &h.target
	switch h.sourceType {
	case "image":
		run.Target = format.Target{Kind: "image", Name: h.image(), Digest: string(t.ManifestDigest)}
		for _, d := range t.RepoDigests {
			if _, digest, ok := strings.Cut(d, "@"); ok {
				run.Target.Digest = digest
				break
			}
		}
		if run.Target.Digest == "" {
			run.Target.Digest = string(t.ImageID)
		}
	default:
		run.Target.Name = h.path
		if h.sourceType == "directory" && strings.HasPrefix(run.Target.Name, "/") {
			run.Target.Root = run.Target.Name
		}
	}
	return run
}
