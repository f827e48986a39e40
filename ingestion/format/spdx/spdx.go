// Package spdx reads SPDX bills of materials: versions 2.0 to 2.3 in JSON,
// YAML, tag-value and RDF/XML, and 3.0 in JSON-LD with its security profile.
// GitHub's dependency graph export and in-toto attestations, which wrap a
// document of version 2, are read as well.
//
// Packages become inventory and relationships its graph, whatever direction
// they are written in. What the document describes is the target of the run
// and part of the inventory, as the document has it. A security reference of
// a package that names a vulnerability, and in 3.0 each vulnerability and
// each VEX statement about an element, gives an observation. Files and
// snippets are passed over; checksums (but for the digest of the image that
// the document describes), CPEs, suppliers, annotations and copyright texts
// are not kept beside the report itself.
package spdx

import (
	"bytes"
	"context"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
)

// Format is SPDX.
var Format = format.Format{
	Name:  "spdx",
	Title: "SPDX 2.0–2.3 (JSON, YAML, tag-value, RDF/XML) and 3.0 (JSON-LD)",
	Doc: "The bill of materials that Syft, Trivy, Microsoft's sbom-tool, GitHub and build plugins write. " +
		"Read are packages, licences, the dependency graph, security references and (3.0) VEX and CVSS assessments; " +
		"files, checksums and annotations are not.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.tool, run.version", From: "creationInfo.creators \"Tool: …\"; 3.0: CreationInfo.createdUsing"},
		{Name: "run.started", From: "creationInfo.created; 3.0: CreationInfo.created"},
		{Name: "run.target", From: "the package that the document DESCRIBES, documentDescribes, 3.0: rootElement; else the document's name"},
		{Name: "component.ref", From: "packages[].SPDXID; 3.0: spdxId"},
		{Name: "component.name, version", From: "packages[].name, versionInfo; 3.0: name, software_packageVersion"},
		{Name: "component.purl", From: "packages[].externalRefs[purl].referenceLocator; 3.0: software_packageUrl, externalIdentifier[packageUrl]"},
		{Name: "component.licences", From: "packages[].licenseDeclared, licenseConcluded; 3.0: hasDeclaredLicense, hasConcludedLicense"},
		{Name: "component.type", From: "packages[].primaryPackagePurpose; 3.0: software_primaryPurpose"},
		{Name: "component.scope", From: "DEV_, TEST_, BUILD_, OPTIONAL_, PROVIDED_ and RUNTIME_DEPENDENCY_OF; 3.0: the scope of a LifecycleScopedRelationship"},
		{Name: "depends", From: "relationships between packages: DEPENDS_ON, CONTAINS, STATIC_LINK, DYNAMIC_LINK, HAS_PREREQUISITE and their inverses; 3.0: dependsOn, contains, hasStaticLink, …"},
		{Name: "advisories", From: "packages[].externalRefs of category SECURITY that name a vulnerability; 3.0: security_Vulnerability.externalIdentifier, name"},
		{Name: "references, fix", From: "the locators of these references, type fix; 3.0: externalRef, security_actionStatement"},
		{Name: "claim", From: "3.0: security_Vex…VulnAssessmentRelationship, security_justificationType, impactStatement, statusNotes"},
		{Name: "cvss, severity", From: "3.0: security_CvssV2, V3, V4VulnAssessmentRelationship"},
		{Name: "epss, kev", From: "3.0: security_EpssVulnAssessmentRelationship, security_ExploitCatalogVulnAssessmentRelationship"},
		{Name: "only in the report", From: "files, snippets, checksums, cpe23Type, supplier, originator, annotations, copyright, SSVC"},
	},
}

func detect(h format.Head) format.Confidence {
	switch h.Shape {
	case format.ShapeJSON:
		return detectJSON(h.JSON)
	case format.ShapeXML:
		if h.Root == "RDF" && bytes.Contains(h.Bytes, []byte("spdx.org/rdf/terms")) {
			return format.Certain
		}
	case format.ShapeText:
		if lineStarts(h.Bytes, "SPDXVersion:") || lineStarts(h.Bytes, "spdxVersion:") || lineStarts(h.Bytes, `"spdxVersion":`) {
			return format.Certain
		}
		if lineStarts(h.Bytes, "SPDXID:") && lineStarts(h.Bytes, "packages:") {
			return format.Likely
		}
	}
	return format.No
}

func detectJSON(doc *format.Node) format.Confidence {
	for _, wrap := range [...]string{"sbom", "predicate"} {
		if inner := doc.At(wrap); inner.Is('{') {
			doc = inner
		}
	}
	ld := doc.At("@context")
	if ld.Is('[') {
		ld = ld.First
	}
	switch {
	case strings.HasPrefix(doc.At("spdxVersion").String(), "SPDX-"),
		doc.At("SPDXID").String() == "SPDXRef-DOCUMENT",
		strings.Contains(ld.String(), "spdx.org/rdf/3"):
		return format.Certain
	case doc.At("packages", "0").Has("SPDXID"), doc.At("@graph", "0").Has("spdxId"):
		return format.Likely
	}
	return format.No
}

// lineStarts reports whether a line of the text begins with prefix.
func lineStarts(text []byte, prefix string) bool {
	return bytes.HasPrefix(text, []byte(prefix)) || bytes.Contains(text, []byte("\n"+prefix))
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	h := in.Head()
	switch {
	case h.Shape == format.ShapeJSON && h.JSON.Has("@graph"), h.Shape == format.ShapeJSON && h.JSON.Has("@context"):
		return decodeGraph(ctx, in, sink)
	case h.Shape == format.ShapeJSON:
		return decodeJSON(ctx, in, sink)
	case h.Shape == format.ShapeXML:
		return decodeRDF(ctx, in, sink)
	case !lineStarts(h.Bytes, "SPDXVersion:") && (lineStarts(h.Bytes, "spdxVersion:") || lineStarts(h.Bytes, `"spdxVersion":`) || lineStarts(h.Bytes, "packages:")):
		return decodeYAML(ctx, in, sink)
	}
	return decodeTagValue(ctx, in, sink)
}
