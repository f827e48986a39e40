package npmaudit

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "check.id", From: "advisory number (npm 6: id)"},
	{Name: "check.title, title", From: "title"},
	{Name: "check.description", From: "overview (npm 6)"},
	{Name: "check.help, fix", From: "recommendation (npm 6); fixAvailable (npm 7 and later)"},
	{Name: "check.url, reference", From: "url; addresses in references"},
	{Name: "message", From: "affected range"},
	{Name: "severity", From: "severity of the advisory, else of the package"},
	{Name: "cwe", From: "cwe"},
	{Name: "advisory", From: "github_advisory_id, the GHSA in url, cves"},
	{Name: "cvss", From: "cvss.score, cvss.vectorString"},
	{Name: "component.name, version, purl", From: "module_name and findings[].version (npm 6); name (npm 7, which gives no version)"},
	{Name: "component.path, direct, scope", From: "findings[].paths, dev, optional; isDirect"},
	{Name: "fix_version", From: "lower bounds of patched_versions; fixAvailable.version of the package itself"},
	{Name: "location.path", From: "nodes[0]; the others are related"},
	{Name: "raw only", From: "effects, metadata, actions"},
}
