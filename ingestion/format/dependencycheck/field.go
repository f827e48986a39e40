package dependencycheck

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "scanInfo.engineVersion"},
	{Name: "run.started", From: "projectInfo.reportDate"},
	{Name: "target.name", From: "projectInfo.name"},
	{Name: "check.id, advisory", From: "vulnerabilities[].name (suppressed ones too, with a claim)"},
	{Name: "check.description", From: "description"},
	{Name: "title", From: "the vulnerability in the component"},
	{Name: "severity", From: "severity; a number by CVSS's scale; without one the worst rating"},
	{Name: "confidence", From: "the confidence of the CPE, else of the package"},
	{Name: "cwe", From: "cwe, cwes"},
	{Name: "cvss", From: "cvssv4.vectorString; cvssv3 and cvssv2 put together from their metrics"},
	{Name: "kev", From: "knownExploitedVulnerability"},
	{Name: "component.*", From: "packages[].id (package URL), old identifiers, a CPE, else the file name; license"},
	{Name: "fix_version", From: "versionEndExcluding of the range that matched"},
	{Name: "location.path", From: "filePath"},
	{Name: "related", From: "relatedDependencies[].filePath"},
	{Name: "reference", From: "references[].url"},
	{Name: "tag", From: "source, projectReferences"},
	{Name: "raw only", From: "evidence collected, hashes, suppression notes"},
}
