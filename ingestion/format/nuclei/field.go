package nuclei

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.started", From: "timestamp of the first result"},
	{Name: "check.id", From: "template-id"},
	{Name: "check.title, title", From: "info.name, with the matcher"},
	{Name: "check.description", From: "info.description and impact"},
	{Name: "check.url", From: "template-url"},
	{Name: "message", From: "analyzer_details"},
	{Name: "severity", From: "info.severity"},
	{Name: "cwe, advisory", From: "info.classification.cwe-id, cve-id; a template named after a CVE"},
	{Name: "cvss", From: "info.classification.cvss-metrics, cvss-score"},
	{Name: "epss", From: "info.classification.epss-score"},
	{Name: "kev", From: "the tag kev"},
	{Name: "location.url", From: "matched-at, else host (type file: location.path and matched-line)"},
	{Name: "location.method", From: "fuzzing_method, else the request's first line"},
	{Name: "location.parameter", From: "fuzzing_parameter, else the matcher or extractor"},
	{Name: "location.evidence", From: "extracted-results"},
	{Name: "fix", From: "info.remediation"},
	{Name: "reference", From: "info.reference"},
	{Name: "tag", From: "info.tags"},
	{Name: "raw only", From: "request, response, curl-command, interaction, ip"},
}
