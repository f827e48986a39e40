package zap

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "version"},
	{Name: "run.started", From: "generated, created"},
	{Name: "target", From: "site name"},
	{Name: "check.id", From: "alertRef, else pluginid"},
	{Name: "check.title", From: "name, alert"},
	{Name: "check.description", From: "desc"},
	{Name: "message", From: "attack and otherinfo of the instance"},
	{Name: "severity", From: "riskcode; the word of riskdesc"},
	{Name: "confidence", From: "confidencedesc, else confidence"},
	{Name: "cwe", From: "cweid"},
	{Name: "location.url, method, parameter, evidence", From: "instances[]: uri, method, param, evidence; each is a finding"},
	{Name: "fix", From: "solution"},
	{Name: "reference", From: "addresses in reference"},
	{Name: "tag", From: "tags, wascid"},
	{Name: "claim", From: "the confidence False Positive"},
	{Name: "raw only", From: "requests and responses of the extended report, statistics"},
}
