package grype

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "descriptor.version"},
	{Name: "run.started", From: "descriptor.timestamp"},
	{Name: "target", From: "source: image, directory or file, with its digest"},
	{Name: "check.id, advisory", From: "vulnerability.id; ids of relatedVulnerabilities"},
	{Name: "check.description", From: "vulnerability.description, else that of a related one"},
	{Name: "check.url", From: "dataSource"},
	{Name: "severity", From: "vulnerability.severity"},
	{Name: "confidence", From: "matchDetails[0].type"},
	{Name: "cwe", From: "cwes"},
	{Name: "cvss", From: "cvss[] with source and version; cvssV3, cvssV2 of old versions"},
	{Name: "epss, kev", From: "epss[], knownExploited[]"},
	{Name: "component.*", From: "artifact: purl, name, version, type, licenses"},
	{Name: "fix_version", From: "fix.versions"},
	{Name: "location.path, layer", From: "artifact.locations[0]; the others are related"},
	{Name: "location.image", From: "source.target.userInput"},
	{Name: "reference", From: "dataSource, urls, advisories[].link"},
	{Name: "tag", From: "matcher, fix-state, namespace, bulletins"},
	{Name: "claim", From: "appliedIgnoreRules of ignored matches: the reason, VEX status and justification"},
	{Name: "raw only", From: "upstreams, metadata of the package, risk"},
}
