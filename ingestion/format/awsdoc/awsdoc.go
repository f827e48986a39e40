// Package awsdoc reads what findings in AWS's own JSON have in common: the
// envelopes they come in, packages, images and times. The formats asff,
// awsinspector and ocsf share it.
package awsdoc

import (
	"errors"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// First is the first finding that a document's head shows: of an array, of
// {"Findings": []} in either spelling, of an EventBridge event or of JSON
// lines of any of these. Enveloped says whether something is around it; then
// the finding is nil for an empty list.
func First(h format.Head) (first *format.Node, enveloped bool) {
	n := h.JSON
	if n.Is('[') {
		n = n.First
	}
	if detail := n.At("detail"); detail.Is('{') && n.Has("detail-type") {
		if list := lists(detail); list != nil {
			return list.First, true
		}
		return detail, true
	}
	if list := lists(n); list != nil {
		return list.First, true
	}
	return n, false
}

func lists(n *format.Node) *format.Node {
	for _, name := range []string{"findings", "Findings"} {
		if list := n.At(name); list.Is('[') {
			return list
		}
	}
	return nil
}

// Stream reads every finding of a document in the forms that [First] knows.
func Stream[T any](r *jsondoc.Reader, sink format.Sink, enveloped bool, each func(rec *T, pos finding.Position, raw []byte) error) error {
	if !enveloped {
		return jsondoc.Stream(r, sink, each)
	}
	for r.More() {
		var err error
		if r.Kind() == '[' {
			err = r.Array(func(int) error { return shaped(r, sink, envelope(r, sink, each)) })
		} else {
			err = envelope(r, sink, each)
		}
		if err = shaped(r, sink, err); err != nil {
			return err
		}
	}
	return r.End()
}

// envelope reads the findings of one object; one whose only finding is the
// detail of an event is a record of its own.
func envelope[T any](r *jsondoc.Reader, sink format.Sink, each func(rec *T, pos finding.Position, raw []byte) error) error {
	return r.Object(func(name string) error {
		switch name {
		case "findings", "Findings":
			return jsondoc.Records(r, sink, each)
		case "detail":
			return detail(r, sink, each)
		}
		return nil
	})
}

// detail reads what an event carries: a list of findings or one finding.
func detail[T any](r *jsondoc.Reader, sink format.Sink, each func(rec *T, pos finding.Position, raw []byte) error) error {
	at := r.Position
	raw, err := r.Value()
	if err != nil {
		return err
	}
	var list struct {
		Findings jsondoc.List[rawValue] `json:"findings"`
	}
	if jsondoc.Unmarshal(raw, &list) != nil || list.Findings == nil {
		list.Findings = jsondoc.List[rawValue]{raw}
	}
	for _, one := range list.Findings {
		rec, pos := new(T), at()
		err := jsondoc.Unmarshal(one, rec)
		if err == nil {
			err = each(rec, pos, one)
			var bad *jsondoc.BadRecord
			if err == nil || !errors.As(err, &bad) {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := sink.Quarantine(jsondoc.Fault(pos, err, one)); err != nil {
			return err
		}
	}
	return nil
}

// shaped quarantines a value of the wrong shape and lets reading go on.
func shaped(r *jsondoc.Reader, sink format.Sink, err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	pos := r.Position()
	pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
	return sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
}

// Ecosystem translates AWS's package manager ("NODEPKG", "GOMOD", "OS") to a
// package URL type, for OS with the platform ("DEBIAN_11", "AMAZON_LINUX_2")
// also to a namespace.
func Ecosystem(manager, platform string) (purlType, namespace string) {
	word := strings.ToLower(manager)
	switch word {
	case "os":
		p, _, _ := strings.Cut(strings.ToLower(platform), "_")
		return ident.Ecosystem(p)
	case "nodepkg":
		word = "npm"
	case "pythonpkg":
		word = "pypi"
	case "dotnet_core", "dotnetcore":
		word = "nuget"
	case "gemspec", "rubygems":
		word = "gem"
	}
	return ident.Ecosystem(word)
}

// Version joins what AWS takes apart; a zero epoch is left out, as package
// managers do.
func Version(epoch, version, release string) string {
	if release != "" {
		version += "-" + release
	}
	if epoch != "" && epoch != "0" && version != "" {
		version = epoch + ":" + version
	}
	return version
}

// FixVersion cleans a version that has the fix: "0:" is the epoch of packages
// that have none, and "NotAvailable" is no version.
func FixVersion(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "0:")
	if strings.EqualFold(s, "NotAvailable") || strings.EqualFold(s, "NOT_AVAILABLE") || s == "-" {
		return ""
	}
	return s
}

// Image names an image in ECR by the address that is pulled. The resource's
// ARN ends in "repository/NAME/sha256:…".
func Image(arn, registry, repository, digest string, tags []string) (name, sha string) {
	part := strings.SplitN(arn, ":", 6)
	if len(part) == 6 && part[2] == "ecr" {
		if registry == "" {
			registry = part[4]
		}
		rest := strings.TrimPrefix(part[5], "repository/")
		if at := strings.Index(rest, "/sha256:"); at >= 0 {
			if digest == "" {
				digest = rest[at+1:]
			}
			rest = rest[:at]
		}
		if repository == "" {
			repository = rest
		}
		name = registry + ".dkr.ecr." + part[3] + ".amazonaws.com/" + repository
	} else {
		name = repository
	}
	if name == "" {
		return "", digest
	}
	switch {
	case len(tags) > 0:
		name += ":" + tags[0]
	case digest != "":
		name += "@" + digest
	}
	return name, digest
}

// Time reads an instant in the forms that AWS's services and command line
// write: RFC 3339, with a space, and without a zone.
func Time(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "Mon Jan 2 15:04:05 MST 2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Grade is the severity of AWS's 0 to 100 scale (ASFF, Severity.Normalized).
func Grade(normalized float64) finding.Severity {
	switch {
	case normalized >= 90:
		return finding.SeverityCritical
	case normalized >= 70:
		return finding.SeverityHigh
	case normalized >= 40:
		return finding.SeverityMedium
	case normalized >= 1:
		return finding.SeverityLow
	}
	return finding.SeverityInfo
}

// rawValue keeps a value's own text.
type rawValue []byte

// UnmarshalJSON implements json.Unmarshaler.
func (v *rawValue) UnmarshalJSON(b []byte) error {
	*v = append([]byte(nil), b...)
	return nil
}
