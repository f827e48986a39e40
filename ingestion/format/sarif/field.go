package sarif

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.tool, run.version", From: "tool.driver.name, semanticVersion or version; extensions"},
	{Name: "run.category", From: "automationDetails.id"},
	{Name: "run.started, failed, note", From: "invocations[]"},
	{Name: "target", From: "versionControlProvenance, originalUriBaseIds"},
	{Name: "check.id", From: "ruleId, rule.id; reportingDescriptors of driver and extensions"},
	{Name: "check.title, description, help, url", From: "name, shortDescription, fullDescription, help, helpUri"},
	{Name: "message", From: "message, with arguments put in"},
	{Name: "severity", From: "security-severity of result or rule; else level (by the rule's default configuration)"},
	{Name: "kind", From: "tags, taxa and properties of the rule; known secret, IaC and SCA tools"},
	{Name: "cwe", From: "taxa, relationships, tags and properties that name CWEs"},
	{Name: "advisory, cvss, epss, component.*, fix_version", From: "properties that tools use for them; rule ids that are advisories"},
	{Name: "confidence", From: "rank, precision"},
	{Name: "location.*", From: "locations[0].physicalLocation: artifact, region, snippet, contextRegion; logicalLocations"},
	{Name: "related", From: "other locations, relatedLocations"},
	{Name: "flow", From: "codeFlows[0].threadFlows[0]"},
	{Name: "fix", From: "fixes[].description"},
	{Name: "fingerprint.*", From: "fingerprints, partialFingerprints, guid"},
	{Name: "claim", From: "suppressions, baselineState"},
	{Name: "tag", From: "tags of rule and result"},
	{Name: "raw only", From: "graphs, stacks, web requests and responses, attachments, work items"},
}
