package trivy

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// at is what all records of one result have in common.
type at struct {
	result
	resource
	path              string // the scanned file, when the target is one
	ecosystem, distro string // package URL type and namespace of the result's packages
}

// place works out what a result's target stands for.
func (d *decoder) place(head result, res resource) *at {
	a := &at{result: head, resource: res}
	a.ecosystem, a.distro = ident.Ecosystem(string(head.Type))
	target := string(head.Target)
	if a.image == "" && d.head.kind == "container_image" {
		a.image = d.head.name
	}
	switch {
	case isOS(string(head.Class), string(head.Type)):
		if a.image == "" || res.address != "" {
			a.image = withoutOS(target)
		}
	case strings.HasPrefix(target, "arn:"), d.head.kind == "aws_account":
		if a.address == "" {
			a.address = target
		}
	case res.address != "" && head.Class == "config":
		// a manifest of the cluster: the target repeats the resource's name
	case collects(target), a.image != "" && target == a.image:
		// found one by one, each record has its own path; or in the image's
		// own settings
	default:
		a.path = target
	}
	return a
}

// collects tells headings that gather installed packages or loose files
// ("Node.js", "OS Packages") from targets that are files.
func collects(target string) bool {
	switch target {
	case "Node.js", "Java", "Python", "Ruby", "Conda", "PHP", "Julia", "OS Packages", "Loose File License(s)", "":
		return true
	}
	return false
}

// layer is the image layer that brought a record.
type layer struct {
	Digest, DiffID jsondoc.Text
}

func (l layer) String() string {
	if l.Digest != "" {
		return string(l.Digest)
	}
	return string(l.DiffID)
}

// location starts a record's location from its result's.
func (a *at) location(l layer) finding.Location {
	return finding.Location{Path: a.path, Resource: a.address, Image: a.image, Layer: l.String()}
}

// code is the excerpt around a cause.
type code struct {
	Lines jsondoc.List[struct {
		Content jsondoc.Text
		IsCause bool
	}]
}

// put fills snippet (the lines at fault) and context (all lines).
func (c *code) put(l *finding.Location) {
	var cause, all []string
	for _, line := range c.Lines {
		all = append(all, string(line.Content))
		if line.IsCause {
			cause = append(cause, string(line.Content))
		}
	}
	l.Snippet = strings.Join(cause, "\n")
	if len(all) > len(cause) {
		l.Context = strings.Join(all, "\n")
	}
}
