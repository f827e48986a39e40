package checkov

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.category", From: "check_type"},
	{Name: "check.id", From: "check_id, else bc_check_id"},
	{Name: "check.title", From: "check_name"},
	{Name: "check.description", From: "description; of packages vulnerability_details.description"},
	{Name: "check.url", From: "guideline"},
	{Name: "check.guideline", From: "names of benchmarks"},
	{Name: "title", From: "short_description; of packages the advisory and the package"},
	{Name: "message", From: "details"},
	{Name: "severity", From: "severity; of packages vulnerability_details.severity"},
	{Name: "kind", From: "secret by CKV_SECRET ids, vulnerability or licence by vulnerability_details, code by sast checks, else misconfiguration"},
	{Name: "cwe", From: "cwe (798 of secrets)"},
	{Name: "advisory", From: "vulnerability_details.id"},
	{Name: "cvss", From: "vulnerability_details.vector, cvss"},
	{Name: "component.*", From: "vulnerability_details.package_name, package_version, package_type, license(s); component.path from root_package_name"},
	{Name: "fix_version", From: "vulnerability_details.fixed_versions, else status, lowest_fixed_version, fix_version"},
	{Name: "location.path", From: "repo_file_path, else file_path"},
	{Name: "location.line", From: "file_line_range"},
	{Name: "location.snippet", From: "code_block"},
	{Name: "location.resource", From: "resource_address, else resource"},
	{Name: "location.commit, author, date", From: "added_commit_hash, added_by, added_date"},
	{Name: "related", From: "caller_file_path with caller_file_line_range"},
	{Name: "secret.detector", From: "check_name"},
	{Name: "reference", From: "vulnerability_details.link"},
	{Name: "tag", From: "bc_check_id, bc_category"},
	{Name: "fingerprint.secret_hash", From: "resource, of secrets"},
	{Name: "raw only", From: "passed and skipped checks, evaluations, breadcrumbs, connected nodes"},
}
