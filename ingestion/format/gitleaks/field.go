package gitleaks

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "target", From: "repoURL, Link (version 7: repo)"},
	{Name: "check.id", From: "RuleID (version 7: rule)"},
	{Name: "check.title", From: "Description"},
	{Name: "severity", From: "high; the word of version 7's severity"},
	{Name: "cwe", From: "798"},
	{Name: "location.path", From: "File"},
	{Name: "location.line, column, end_line, end_column", From: "StartLine, StartColumn, EndLine, EndColumn (version 7: lineNumber)"},
	{Name: "location.snippet", From: "Match (version 7: line), the secret masked"},
	{Name: "location.commit, author, date", From: "Commit, Author and Email, Date"},
	{Name: "related", From: "SymlinkFile"},
	{Name: "secret.value, secret.masked", From: "Secret (version 7: offender); what --redact left is kept as the mask"},
	{Name: "secret.detector", From: "RuleID"},
	{Name: "reference", From: "Link, leakURL"},
	{Name: "tag", From: "Tags"},
	{Name: "fingerprint.gitleaks", From: "Fingerprint"},
	{Name: "raw only", From: "Entropy, Message of the commit"},
}
