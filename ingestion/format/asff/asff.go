// Package asff reads the AWS Security Finding Format (schema 2018-10-08), the
// form in which Security Hub takes and gives the findings of AWS's services
// (Security Hub controls, Inspector, GuardDuty, Macie, Access Analyzer …) and
// of other producers (Prowler, Trivy, Steampipe …): the answer of GetFindings,
// an array, JSON lines and EventBridge events.
//
// Kept only raw: details of resources besides images, network and process
// blocks, threat intelligence, and ProductFields that have no place elsewhere.
package asff

import (
	"context"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads AWS Security Finding Format.
var Format = format.Format{
	Name:  "asff",
	Title: "AWS Security Finding Format (Security Hub)",
	Doc: "ASFF of any producer: `aws securityhub get-findings`, arrays, JSON lines and EventBridge events. Each finding is an observation; an Inspector " +
		"finding with several packages gives one for each. The product stands as tool, the account or the image as target. Findings " +
		"that pass (Compliance.Status PASSED) or are archived are read as claims that the flaw is gone, suppressed and resolved ones as such.",
	Detect: detect,
	Decode: decode,
	Fields: fields(),
}

func fields() []format.Field {
	return []format.Field{
		{Name: "run.tool", From: "ProductFields[ProviderName, Product Name, aws/securityhub/ProductName], ProductName, end of ProductArn"},
		{Name: "run.target", From: "AwsAccountId; for images in ECR and containers the image"},
		{Name: "kind", From: "Vulnerabilities[], Types[]"},
		{Name: "check.id", From: "Vulnerabilities[].Id, Compliance.SecurityControlId, ProductFields[ControlId, RuleId], Types[] (GuardDuty, Macie), GeneratorId"},
		{Name: "check.url", From: "Remediation.Recommendation.Url, ProductFields[RecommendationUrl]"},
		{Name: "check.guideline", From: "Compliance.RelatedRequirements[], ProductFields[StandardsArn, StandardsGuideArn]"},
		{Name: "title", From: "Title"},
		{Name: "message", From: "Description; Compliance.StatusReasons[].Description"},
		{Name: "severity", From: "Severity.Label, FindingProviderFields.Severity.Label, Severity.Normalized"},
		{Name: "confidence", From: "Confidence"},
		{Name: "advisories", From: "Vulnerabilities[].Id, RelatedVulnerabilities[]; else the title's first words"},
		{Name: "cvss", From: "Vulnerabilities[].Cvss[]; Details.Other NvdCvss… (Trivy)"},
		{Name: "epss", From: "Vulnerabilities[].EpssScore, EpssScore"},
		{Name: "component", From: "Vulnerabilities[].VulnerablePackages[] with the platform in ProductFields; Details.Other (Trivy)"},
		{Name: "fix_versions", From: "Vulnerabilities[].VulnerablePackages[].FixedInVersion"},
		{Name: "cwes", From: "Vulnerabilities[].CodeVulnerabilities[].Cwes[]"},
		{Name: "location.resource", From: "Resources[0].Id"},
		{Name: "location.path, lines", From: "VulnerablePackages[].FilePath, CodeVulnerabilities[].FilePath, Details.Other.Filename"},
		{Name: "location.image, layer", From: "Resources[].Details.AwsEcrContainerImage, Container.ImageName, VulnerablePackages[].SourceLayerHash"},
		{Name: "related", From: "Resources[1:]"},
		{Name: "fix", From: "VulnerablePackages[].Remediation, Remediation.Recommendation.Text"},
		{Name: "references", From: "Vulnerabilities[].ReferenceUrls[], Vendor.Url, SourceUrl"},
		{Name: "tags", From: "Types[], Resources[].Type and Region, ExploitAvailable"},
		{Name: "fingerprints", From: "Id"},
		{Name: "claim", From: "Compliance.Status, Workflow.Status, VerificationState, RecordState, ProductFields[aws/inspector/FindingStatus], Note.Text"},
		{Name: "first_seen", From: "FirstObservedAt, CreatedAt"},
		{Name: "raw only", From: "Resources[].Details (other sorts), Resources[].Tags, Action, Malware, Network, Process, ThreatIntelIndicators, UserDefinedFields"},
	}
}

func detect(h format.Head) format.Confidence {
	first, enveloped := awsdoc.First(h)
	switch {
	case first.Has("SchemaVersion", "ProductArn"), first.Has("ProductArn", "AwsAccountId"), first.Has("AwsAccountId", "GeneratorId"):
		return format.Certain
	case h.JSON.At("source").String() == "aws.securityhub":
		return format.Likely
	case enveloped && first == nil && h.JSON.At("Findings").Is('['):
		return format.Possible
	case enveloped && first == nil && named(h.Name):
		return format.Likely
	case h.JSON.Is('[') && h.JSON.First == nil && h.Whole && named(h.Name):
		return format.Likely
	}
	return format.No
}

// named tells an empty report by its file's name: no other sign is in it.
func named(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "asff") || strings.Contains(name, "securityhub") || strings.Contains(name, "security-hub")
}

// decoder holds the run that is open.
type decoder struct {
	sink format.Sink
	run  format.Run
	any  bool
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{sink: sink}
	first, enveloped := awsdoc.First(in.Head())
	if first == nil || !first.Is('{') { // an empty report
		d.any, d.run = true, format.Run{Tool: "aws-security-hub", Target: format.Target{Kind: "cloud"}}
		if err := sink.Run(d.run); err != nil {
			return err
		}
	}
	return awsdoc.Stream(r, sink, enveloped, d.record)
}

func (d *decoder) record(rec *record, pos finding.Position, raw []byte) error {
	if rec.ID == "" && rec.Title == "" {
		return jsondoc.Bad("a finding needs an Id or a Title: is this ASFF?")
	}
	run := rec.run()
	if !d.any || run.Tool != d.run.Tool || run.Version != d.run.Version || run.Target != d.run.Target {
		d.run, d.any = run, true
		if err := d.sink.Run(run); err != nil {
			return err
		}
	}
	for _, o := range rec.observe() {
		o.Position, o.Raw = pos, raw
		if err := d.sink.Observe(o); err != nil {
			return err
		}
	}
	return nil
}
