package gitlab

import "github.com/stance-aspm/stance/ingestion/format"

// fields is the table of the format's documentation.
func fields() []format.Field {
	return []format.Field{
		{Name: "run.tool", From: "scan.scanner.id, scan.analyzer.id; without scan: vulnerabilities[].scanner.id"},
		{Name: "run.category", From: "scan.type, else vulnerabilities[].category"},
		{Name: "run.failed", From: "scan.status = failure"},
		{Name: "run.notes", From: "scan.messages[] of level warn and fatal"},
		{Name: "run.target", From: "location.image (container scanning), location.hostname (DAST, API fuzzing)"},
		{Name: "kind", From: "scan.type, category, identifiers[].type (gitleaks, trufflehog, kics …), location"},
		{Name: "check.id", From: "lead advisory, else identifiers[0].value"},
		{Name: "check.url", From: "identifiers[0].url"},
		{Name: "title", From: "name, message, identifiers[0].name, first line of description"},
		{Name: "message", From: "message, description, details (text, value, code, url, markdown)"},
		{Name: "severity", From: "severity"},
		{Name: "confidence", From: "confidence (schemas before 15)"},
		{Name: "cwes", From: "identifiers[type=cwe]"},
		{Name: "advisories", From: "identifiers[type=cve, ghsa, …]; GMS ids out of gemnasium's addresses"},
		{Name: "cvss", From: "cvss_vectors[]"},
		{Name: "tags", From: "other identifiers (OWASP, vendor bulletins, rule ids of a second scanner)"},
		{Name: "component", From: "location.dependency with the package manager of dependency_files[], or the operating system"},
		{Name: "location.path, start_line, end_line", From: "location.file, start_line, end_line"},
		{Name: "location.symbol", From: "location.class, location.method"},
		{Name: "location.url, method, parameter", From: "location.hostname + path, method, param"},
		{Name: "location.evidence", From: "evidence.summary, request line, response status; crash type and state of fuzzing"},
		{Name: "location.image", From: "location.image"},
		{Name: "location.resource", From: "location.kubernetes_resource"},
		{Name: "location.commit, author, date", From: "location.commit"},
		{Name: "related", From: "details of type file-location"},
		{Name: "flow", From: "details of type code-flows"},
		{Name: "secret.value", From: "raw_source_code_extract"},
		{Name: "fingerprints", From: "tracking.items[].signatures[], cve (compare key), id when it is a hash"},
		{Name: "claim", From: "flags[type=flagged-as-likely-false-positive]"},
		{Name: "fix", From: "solution, remediations[].summary"},
		{Name: "fix_versions", From: "the versions named in solution (\"Upgrade to 1.2.3 or above\")"},
		{Name: "references", From: "identifiers[].url, links[].url"},
		{Name: "first_seen", From: "discovered_at"},
		{Name: "inventory", From: "dependency_files[].dependencies[]"},
		{Name: "raw only", From: "evidence headers and bodies, scan.scanned_resources, scan.options, remediations[].diff, details tables and lists, assets"},
	}
}
