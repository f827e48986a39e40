package semgrep

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "version"},
	{Name: "run.note", From: "errors[]"},
	{Name: "check.id", From: "check_id"},
	{Name: "check.title", From: "last part of check_id"},
	{Name: "check.url", From: "extra.metadata.source, else shortlink"},
	{Name: "check.guideline", From: "extra.metadata.asvs"},
	{Name: "message", From: "extra.message"},
	{Name: "severity", From: "extra.severity (ERROR high, WARNING medium, INFO low); sca-severity"},
	{Name: "confidence", From: "extra.metadata.confidence"},
	{Name: "kind", From: "vulnerability by sca_info, secret by product, technology or rule, quality by a category other than security"},
	{Name: "cwe", From: "extra.metadata.cwe"},
	{Name: "advisory", From: "extra.metadata cve, ghsa, sca-vuln-database-identifier"},
	{Name: "component.*", From: "extra.sca_info.dependency_match.found_dependency"},
	{Name: "fix_version", From: "extra.metadata.sca-fix-versions"},
	{Name: "location.path, line, column, end_line, end_column", From: "path, start, end"},
	{Name: "location.snippet", From: "extra.lines"},
	{Name: "location.commit, date", From: "extra.historical_info"},
	{Name: "related", From: "lock file of a reachable flaw; usages (platform export)"},
	{Name: "flow", From: "extra.dataflow_trace"},
	{Name: "secret.value, verified, detector", From: "the matched text, validation_state, secret_type"},
	{Name: "fix", From: "extra.fix"},
	{Name: "reference", From: "extra.metadata.references, source, shortlink"},
	{Name: "tag", From: "category, owasp, technology, vulnerability_class, subcategory, reachability"},
	{Name: "fingerprint.matchBasedId/v1", From: "extra.fingerprint"},
	{Name: "claim", From: "extra.is_ignored; triage (platform export)"},
	{Name: "raw only", From: "metavars, engine_kind, timing"},
}
