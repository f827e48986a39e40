package trivy

import (
	"context"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// header is what a report says of itself and its target.
type header struct {
	name, kind string // ArtifactName, ArtifactType
	cluster    string
	version    string
	created    jsondoc.Text
	category   string
	meta       metadata
}

// metadata describes an image or a repository.
type metadata struct {
	ImageID     jsondoc.Text
	RepoTags    jsondoc.Strings
	RepoDigests jsondoc.Strings
	Reference   jsondoc.Text
	RepoURL     jsondoc.Text
	Branch      jsondoc.Text
	Commit      jsondoc.Text
}

// image is the reference by which people know the image.
func (m *metadata) image() string {
	switch {
	case len(m.RepoTags) > 0:
		return m.RepoTags[0]
	case len(m.RepoDigests) > 0:
		return m.RepoDigests[0]
	}
	return string(m.Reference)
}

// digest is the manifest digest; the digest of the image's configuration
// stands in for an image that is in no registry.
func (m *metadata) digest() string {
	for _, d := range m.RepoDigests {
		if _, digest, ok := strings.Cut(d, "@"); ok {
			return digest
		}
	}
	return string(m.ImageID)
}

func readHeader(ctx context.Context, in *format.Input) (header, error) {
	o, err := jsondoc.ReadOutline(ctx, in, []string{
		"ArtifactName", "ArtifactType", "ClusterName", "Trivy", "CreatedAt", "Metadata", "ID", "Title",
	}, nil)
	if err != nil {
		return header{}, err
	}
	h := header{
		name:    o.Text("", "ArtifactName"),
		kind:    o.Text("", "ArtifactType"),
		cluster: o.Text("", "ClusterName"),
		created: jsondoc.Text(o.Text("", "CreatedAt")),
	}
	if o.Text("", "Title") != "" { // only compliance reports have one
		h.category = o.Text("", "ID")
	}
	var tool struct{ Version jsondoc.Text }
	o.Decode("", "Trivy", &tool)
	h.version = string(tool.Version)
	o.Decode("", "Metadata", &h.meta)
	return h, nil
}

func (h *header) run() format.Run {
	t := format.Target{
		Name:       h.name,
		Repository: string(h.meta.RepoURL),
		Branch:     string(h.meta.Branch),
		Commit:     string(h.meta.Commit),
	}
	switch h.kind {
	case "container_image":
		t.Kind, t.Digest = "image", h.meta.digest()
	case "repository":
		t.Kind = "repository"
		if t.Repository == "" && strings.Contains(h.name, "://") {
			t.Repository = h.name
		}
	case "vm":
		t.Kind = "host"
	case "aws_account", "cloud":
		t.Kind = "cloud"
	case "filesystem":
		if strings.HasPrefix(h.name, "/") {
			t.Root = h.name
		}
	}
	if h.cluster != "" {
		t.Kind, t.Name = "cluster", h.cluster
	}
	return format.Run{Tool: "trivy", Version: h.version, Category: h.category, Started: parseTime(h.created), Target: t}
}

// legacyRun describes an array of results, which has no header: a first
// result that names an operating system is that of an image.
func legacyRun(h format.Head) format.Run {
	run := format.Run{Tool: "trivy"}
	if first := h.JSON.At("0"); isOS("", first.At("Type").String()) {
		run.Target = format.Target{Kind: "image", Name: withoutOS(first.At("Target").String())}
	}
	return run
}

// isOS tells results about a distribution's packages. Old versions write no
// class.
func isOS(class, typ string) bool {
	if class != "" {
		return class == "os-pkgs"
	}
	_, distribution := ident.Ecosystem(typ)
	return distribution != ""
}

// withoutOS takes the distribution off a target such as
// "shop:1.2 (debian 12.4)".
func withoutOS(target string) string {
	if at := strings.LastIndex(target, " ("); at > 0 && strings.HasSuffix(target, ")") {
		return target[:at]
	}
	return target
}
