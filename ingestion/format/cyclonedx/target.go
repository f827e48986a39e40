package cyclonedx

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// runOf describes the run by the metadata of the BOM.
func runOf(m *metadata) format.Run {
	run := format.Run{Tool: "cyclonedx", Started: parseTime(string(m.Timestamp))}
	if t, ok := producer(m.Tools.all()); ok {
		run.Tool, run.Version = string(t.Name), string(t.Version)
	}
	if m.Component != nil {
		run.Target = targetOf(m.Component)
	}
	return run
}

// producer picks the tool that made the BOM. Libraries that wrote it down for
// a scanner are named beside the scanner and often before it.
func producer(list []tool) (tool, bool) {
	var found tool
	for _, t := range list {
		if t.Name == "" {
			continue
		}
		if !strings.Contains(strings.ToLower(string(t.Name)), "cyclonedx") {
			return t, true
		}
		if found.Name == "" {
			found = t
		}
	}
	return found, found.Name != ""
}

func targetOf(c *root) format.Target {
	t := format.Target{Name: string(c.Name)}
	if c.Group != "" {
		t.Name = string(c.Group) + "/" + t.Name
	}
	for _, e := range c.External {
		if e.Type == "vcs" && t.Repository == "" {
			t.Repository = string(e.URL)
		}
	}
	switch c.Type {
	case "container":
		t.Kind = "image"
		t.Digest = digestOf(c)
		if v := string(c.Version); v != "" && v != t.Digest && !strings.Contains(t.Name[strings.LastIndexByte(t.Name, '/')+1:], ":") {
			t.Name += ":" + v
		}
	case "operating-system", "device", "firmware":
		t.Kind = "host"
	default:
		if t.Repository != "" {
			t.Kind = "repository"
		}
	}
	return t
}

// digestOf finds an image's digest: as the version (Syft, Grype), in the
// package URL, or in a property (Trivy).
func digestOf(c *root) string {
	if strings.HasPrefix(string(c.Version), "sha256:") {
		return string(c.Version)
	}
	for _, p := range c.Properties {
		if strings.HasSuffix(string(p.Name), "RepoDigest") {
			if _, digest, ok := strings.Cut(string(p.Value), "@"); ok {
				return digest
			}
		}
	}
	if p, err := packageurl.FromString(string(c.PURL)); err == nil && strings.HasPrefix(p.Version, "sha256:") {
		return p.Version
	}
	return ""
}

// newEntry translates a component.
func newEntry(c *component) *entry {
	e := &entry{Component: finding.Component{
		PURL: string(c.PURL), Ecosystem: ecosystem(string(c.PURL)),
		Group: string(c.Group), Name: string(c.Name), Version: string(c.Version),
		Type: string(c.Type), Licences: c.Licences, Ref: string(c.Ref), Scope: string(c.Scope),
	}}
	if len(c.Evidence.Occurrences) > 0 {
		e.path = string(c.Evidence.Occurrences[0].Location)
	}
	for _, p := range c.Properties {
		switch string(p.Name) {
		case "aquasecurity:trivy:FilePath", "syft:location:0:path", "SrcFile":
			if e.path == "" {
				e.path = string(p.Value)
			}
		case "aquasecurity:trivy:LayerDigest", "syft:location:0:layerID":
			e.layer = string(p.Value)
		case "aquasecurity:trivy:LayerDiffID":
			if e.layer == "" {
				e.layer = string(p.Value)
			}
		}
	}
	return e
}

// ecosystem is the type part of a package URL.
func ecosystem(purl string) string {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return ""
	}
	kind, _, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	return strings.ToLower(kind)
}

// resolve finds the component that a reference means: one of this document by
// bom-ref or package URL; one of another document by BOM-Link
// ("urn:cdx:serial/version#ref", BOM-Link chapter of the authoritative
// guide), of which only the fragment is known here; or a bare package URL.
func (d *decoder) resolve(ref string) *entry {
	if e := d.byRef[ref]; e != nil {
		return e
	}
	name := ref
	if strings.HasPrefix(ref, "urn:cdx:") {
		if _, fragment, ok := strings.Cut(ref, "#"); ok {
			name = unescape(fragment)
			if e := d.byRef[name]; e != nil {
				return e
			}
		}
	}
	if p, err := packageurl.FromString(name); err == nil {
		return &entry{Component: finding.Component{
			PURL: name, Ecosystem: p.Type, Group: p.Namespace, Name: p.Name, Version: p.Version, Ref: ref,
		}}
	}
	return &entry{Component: finding.Component{Name: name, Ref: ref}}
}
