package cyclonedx

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.tool, run.version", From: "metadata.tools"},
	{Name: "run.started", From: "metadata.timestamp"},
	{Name: "target", From: "metadata.component: purl, name and version, hashes, type"},
	{Name: "component.*", From: "components[] (nested ones too): purl, group, name, version, type, licenses, bom-ref, scope"},
	{Name: "dependencies", From: "dependencies[].ref, dependsOn"},
	{Name: "check.id, advisory", From: "vulnerabilities[].id, references[].id"},
	{Name: "check.description, message", From: "description, detail"},
	{Name: "check.url", From: "source.url"},
	{Name: "severity", From: "ratings[].severity of the vulnerability's own source, else the first that grades"},
	{Name: "cvss", From: "ratings[] by a CVSS method or vector"},
	{Name: "epss, kev", From: "ratings by EPSS; properties of Amazon Inspector"},
	{Name: "cwe", From: "cwes"},
	{Name: "fix", From: "recommendation, workaround"},
	{Name: "fix_version", From: "versions named in recommendation; properties named fixed_version"},
	{Name: "location.path, layer", From: "properties and evidence of the affected component"},
	{Name: "reference", From: "references[].source.url, advisories[].url"},
	{Name: "claim", From: "analysis.state, justification, detail, response; affects[].versions[].status"},
	{Name: "raw only", From: "credits, proof of concept, services, compositions, annotations, formulation, signatures"},
}
