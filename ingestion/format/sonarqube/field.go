package sonarqube

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "version of the server where the report names it"},
	{Name: "target", From: "project key and branch"},
	{Name: "check.id", From: "rule, ruleKey"},
	{Name: "check.title, description, help", From: "rules[] of the document"},
	{Name: "message", From: "message"},
	{Name: "severity", From: "severity, vulnerabilityProbability of hotspots, else the worst impact"},
	{Name: "kind", From: "type; hotspots are code; secrets by their rule; bugs and smells are quality"},
	{Name: "cwe", From: "securityStandards, tags, the rule's description"},
	{Name: "location.path", From: "component, by components[]"},
	{Name: "location.line, column, end_line, end_column", From: "textRange, else line"},
	{Name: "location.author", From: "author"},
	{Name: "flow, related", From: "flows"},
	{Name: "advisory, component.*", From: "of issues of the Dependency-Check plug-in, out of the message"},
	{Name: "fingerprint.key, fingerprint.line_hash", From: "key, hash"},
	{Name: "claim", From: "resolution, issueStatus, status"},
	{Name: "first_seen", From: "creationDate"},
	{Name: "tag", From: "tags, securityCategory, cleanCodeAttribute"},
	{Name: "raw only", From: "effort, debt, comments, assignee, scope"},
}
