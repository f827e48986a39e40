package trivy

import "github.com/stance-aspm/stance/ingestion/format"

// fields say what goes where, for the documentation.
var fields = []format.Field{
	{Name: "target", From: "ArtifactName, ArtifactType, Metadata (image digest, repository, commit)"},
	{Name: "run.started", From: "CreatedAt"},
	{Name: "check.id, advisory", From: "VulnerabilityID (VendorIDs that name one flaw too); ID of misconfigurations, RuleID of secrets, Name of licences"},
	{Name: "check.title, title", From: "Title"},
	{Name: "check.description, help, url", From: "Description, Resolution, PrimaryURL"},
	{Name: "check.guideline", From: "control of a compliance report"},
	{Name: "message", From: "Message"},
	{Name: "severity", From: "Severity"},
	{Name: "cwe", From: "CweIDs"},
	{Name: "cvss", From: "CVSS by source: V40, V3, V2"},
	{Name: "component.*", From: "PkgIdentifier.PURL, PkgName, InstalledVersion, the result's Type; BOMRef"},
	{Name: "inventory", From: "Packages, with Relationship and DependsOn (--list-all-pkgs)"},
	{Name: "fix_version", From: "FixedVersion"},
	{Name: "location.path", From: "PkgPath, FilePath, else Target where it is a file"},
	{Name: "location.line, end_line, snippet, context", From: "CauseMetadata, StartLine, EndLine, Code"},
	{Name: "location.resource", From: "CauseMetadata.Resource, the Kubernetes object, the ARN"},
	{Name: "location.image, layer", From: "the image, Layer.Digest or DiffID"},
	{Name: "related", From: "CauseMetadata.Occurrences"},
	{Name: "secret.masked, detector", From: "Match, Category"},
	{Name: "fix", From: "Resolution"},
	{Name: "reference", From: "PrimaryURL, References"},
	{Name: "tag", From: "vendor bulletins, Status, SeveritySource, Type, Provider, Service, Category"},
	{Name: "fingerprint.trivy", From: "Fingerprint"},
	{Name: "claim", From: "Status of vulnerabilities; ExperimentalModifiedFindings; policy exceptions"},
	{Name: "raw only", From: "passed checks, DataSource, dates, image configuration"},
}
