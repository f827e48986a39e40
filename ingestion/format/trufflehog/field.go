package trufflehog

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "run.version", From: "log lines between the results"},
	{Name: "target", From: "SourceMetadata: repository, image or bucket of the first result"},
	{Name: "check.id, secret.detector", From: "DetectorName (trufflehog3: rule.id; version 2: reason)"},
	{Name: "check.title", From: "DetectorDescription, rule.message"},
	{Name: "severity", From: "high; trufflehog3's rule.severity"},
	{Name: "cwe", From: "798"},
	{Name: "location.path, line", From: "SourceMetadata file and line (others: path, line)"},
	{Name: "location.commit, author, date", From: "SourceMetadata; commitHash, author, date"},
	{Name: "location.url, resource", From: "link or object of sources that are no files"},
	{Name: "secret.value, alias", From: "Raw, RawV2, SecretParts; stringsFound; secret"},
	{Name: "secret.masked", From: "Redacted"},
	{Name: "secret.verified", From: "Verified"},
	{Name: "fingerprint.*", From: "id of trufflehog3"},
	{Name: "raw only", From: "ExtraData, StructuredData, DecoderName, VerificationError"},
}
