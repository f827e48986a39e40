package snyk

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "target", From: "projectName, path, displayTargetFile; of containers the image"},
	{Name: "check.id, advisory", From: "id; identifiers CVE, GHSA and other ids of one flaw"},
	{Name: "check.title, title", From: "title"},
	{Name: "check.description", From: "description; of IaC issue and impact"},
	{Name: "check.help, fix", From: "of IaC resolve; of packages the upgrade on the dependency path"},
	{Name: "check.url", From: "the page of a SNYK id; documentation of IaC"},
	{Name: "check.guideline", From: "compliance"},
	{Name: "message", From: "dockerfileInstruction; msg or path of IaC"},
	{Name: "severity", From: "severityWithCritical, else severity"},
	{Name: "kind", From: "vulnerability, licence (type license), misconfiguration (infrastructureAsCodeIssues)"},
	{Name: "cwe", From: "identifiers.CWE"},
	{Name: "cvss", From: "CVSSv3, cvssScore, cvssSources, cvssDetails"},
	{Name: "epss", From: "epssDetails.probability"},
	{Name: "component.*", From: "packageManager, name, packageName, version, license; component.path and direct from from[]"},
	{Name: "fix_version", From: "nearestFixedInVersion, fixedIn"},
	{Name: "location.path, image", From: "displayTargetFile; docker image"},
	{Name: "location.resource, line", From: "path and lineNumber of IaC"},
	{Name: "reference", From: "references[].url, licenseTemplateUrl"},
	{Name: "tag", From: "exploit, malicious, language, subType"},
	{Name: "claim", From: "filtered.ignored with reason and expiry; isIgnored"},
	{Name: "raw only", From: "semver ranges, patches, credit, functions"},
}
