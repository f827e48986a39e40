// Package trufflehog reads what the TruffleHog family writes: TruffleHog
// version 3 (JSON lines of detector results with their source), version 2
// (JSON lines of Git diffs with the strings found in them, which version 3
// still writes with --json-legacy) and the Python rewrite trufflehog3 (arrays,
// the older in the words of version 2, the newer with a rule object).
//
// Version 3 mixes its log lines into the stream when both go to one file;
// they are no records and are passed over. ExtraData, StructuredData and the
// fields of rare sources stay in the raw record.
package trufflehog

import (
	"context"
	"regexp"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads TruffleHog and trufflehog3 reports.
var Format = format.Format{
	Name:  "trufflehog",
	Title: "TruffleHog JSON",
	Doc: "TruffleHog `--json` versions 2 and 3, and trufflehog3 `--format json`. A credential that TruffleHog verified is critical; " +
		"one whose check failed to run is high, since nobody knows; any other of version 3 is medium. Of version 2, matches of a pattern " +
		"are high and high-entropy strings medium. A record that names several strings becomes one observation each. " +
		"ExtraData and StructuredData stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	if h.Shape != format.ShapeJSON {
		return format.No
	}
	rec := first(h)
	named := strings.Contains(strings.ToLower(h.Name), "trufflehog")
	switch {
	case rec.Has("SourceMetadata", "DetectorName"), rec.Has("SourceMetadata", "DetectorType"):
		return format.Certain
	case rec.Has("stringsFound", "reason", "path"),
		rec.At("rule").Has("id", "pattern") && rec.Has("secret", "path"),
		rec.At("logger").String() == "trufflehog" && rec.Has("level", "msg"):
		return format.Likely
	case named && h.Whole && h.JSON.Is('[') && h.JSON.First == nil:
		return format.Possible
	}
	return format.No
}

func first(h format.Head) *format.Node {
	if h.JSON.Is('[') {
		return h.JSON.First
	}
	return h.JSON
}

// record has the members of all shapes; which are set tells the shape.
type record struct {
	// Version 3.
	SourceMetadata struct {
		Data map[string]source
	}
	DetectorName        jsondoc.Text
	DetectorType        jsondoc.Text
	DetectorDescription jsondoc.Text
	DecoderName         jsondoc.Text
	Verified            bool
	VerificationError   jsondoc.Text
	Raw                 jsondoc.Text
	RawV2               *jsondoc.Text
	Redacted            jsondoc.Text
	SecretParts         map[string]jsondoc.Text
	Level               jsondoc.Text `json:"level"` // of a log line
	Msg                 jsondoc.Text `json:"msg"`

	// Version 2 and trufflehog3.
	Path         jsondoc.Text    `json:"path"`
	Branch       jsondoc.Text    `json:"branch"`
	Commit       jsondoc.Text    `json:"commit"` // a message where CommitHash is, a hash where Rule is
	CommitHash   jsondoc.Text    `json:"commitHash"`
	Date         jsondoc.Text    `json:"date"`
	Diff         jsondoc.Text    `json:"diff"`
	Reason       jsondoc.Text    `json:"reason"`
	StringsFound jsondoc.Strings `json:"stringsFound"`

	// trufflehog3 since its version 3.
	Rule struct {
		ID       jsondoc.Text `json:"id"`
		Message  jsondoc.Text `json:"message"`
		Severity jsondoc.Text `json:"severity"`
	} `json:"rule"`
	Line    jsondoc.Int             `json:"line"`
	Secret  jsondoc.Text            `json:"secret"`
	Context map[string]jsondoc.Text `json:"context"`
	ID      jsondoc.Text            `json:"id"`
	Author  jsondoc.Text            `json:"author"`
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	run := run(in.Head())
	if err := sink.Run(run); err != nil {
		return err
	}
	return jsondoc.Stream(r, sink, func(rec *record, pos finding.Position, raw []byte) error {
		found, err := observe(rec, run.Tool)
		if err != nil {
			return err
		}
		for _, o := range found {
			o.Position, o.Raw = pos, raw
			if err := sink.Observe(o); err != nil {
				return err
			}
		}
		return nil
	})
}

func observe(rec *record, tool string) ([]*finding.Observation, error) {
	switch {
	case len(rec.SourceMetadata.Data) > 0 || rec.DetectorName != "":
		return []*finding.Observation{detected(rec)}, nil
	case len(rec.StringsFound) > 0:
		return stringsFound(rec, tool), nil
	case rec.Rule.ID != "" || rec.Secret != "":
		return []*finding.Observation{ruled(rec)}, nil
	case rec.Level != "" && rec.Msg != "": // a log line
		return nil, nil
	}
	return nil, jsondoc.Bad("not a result: it has neither a DetectorName, nor stringsFound, nor a rule with a secret")
}

var versionInLog = regexp.MustCompile(`"trufflehog_version":\s*"([^"]+)"`)

// run tells what the head of the report says of the scan. Only a run over one
// source names its target: the first record's source is then everyone's.
func run(h format.Head) format.Run {
	run := format.Run{Tool: "trufflehog"}
	if m := versionInLog.FindSubmatch(h.Bytes); m != nil {
		run.Version = string(m[1])
	}
	rec := first(h)
	if rec.At("rule").Is('{') || rec.Has("stringsFound") && !rec.Has("printDiff") {
		run.Tool = "trufflehog3"
	}
	for source, data := range members(rec.At("SourceMetadata", "Data")) {
		text := func(name string) string { return data.At(name).String() }
		switch strings.ToLower(source) {
		case "git", "github", "gitlab", "bitbucket", "azurerepos", "gerrit", "huggingface":
			run.Target = format.Target{Kind: "repository", Repository: text("repository")}
		case "docker":
			tag := text("tag")
			run.Target = format.Target{Kind: "image", Name: text("image") + tagged(tag)}
			if strings.HasPrefix(tag, "sha256:") {
				run.Target.Digest = tag
			}
		case "s3", "gcs":
			run.Target = format.Target{Kind: "cloud", Name: text("bucket")}
		}
	}
	return run
}

// tagged is what a tag or digest adds to an image's name.
func tagged(tag string) string {
	switch {
	case tag == "":
		return ""
	case strings.HasPrefix(tag, "sha256:"):
		return "@" + tag
	}
	return ":" + tag
}

func members(n *format.Node) map[string]*format.Node {
	if n == nil {
		return nil
	}
	return n.Member
}
