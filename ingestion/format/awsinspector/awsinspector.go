// Package awsinspector reads the findings of Amazon Inspector (the second one,
// API inspector2) in its own JSON: `aws inspector2 list-findings`, exported
// finding reports, JSON lines and EventBridge events. Findings that went
// through Security Hub are ASFF and read by that format.
//
// Kept only raw: details of functions and instances besides their platform,
// network paths beyond the open ports, dates of the vendor.
package awsinspector

import (
	"context"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Amazon Inspector's findings.
var Format = format.Format{
	Name:  "awsinspector",
	Title: "Amazon Inspector JSON",
	Doc: "Findings of Amazon Inspector (inspector2): `aws inspector2 list-findings`, exported reports, JSON lines and EventBridge events. " +
		"Package vulnerabilities give an observation for each vulnerable package; code vulnerabilities and network reachability one each. " +
		"Suppressed and closed findings are read as claims of that. The account or the image stands as target.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.target", From: "awsAccountId; for images in ECR resources[0].details.awsEcrContainerImage"},
		{Name: "kind", From: "type"},
		{Name: "check.id", From: "packageVulnerabilityDetails.vulnerabilityId, codeVulnerabilityDetails.detectorId, type"},
		{Name: "check.title", From: "title; codeVulnerabilityDetails.detectorName"},
		{Name: "check.url", From: "packageVulnerabilityDetails.sourceUrl, remediation.recommendation.Url"},
		{Name: "title", From: "title"},
		{Name: "message", From: "description; open ports of networkReachabilityDetails"},
		{Name: "severity", From: "severity"},
		{Name: "advisories", From: "packageVulnerabilityDetails.vulnerabilityId, relatedVulnerabilities[]"},
		{Name: "cvss", From: "packageVulnerabilityDetails.cvss[], inspectorScoreDetails.adjustedCvss"},
		{Name: "epss", From: "epss.score"},
		{Name: "cwes", From: "codeVulnerabilityDetails.cwes[], cwes[]"},
		{Name: "component", From: "packageVulnerabilityDetails.vulnerablePackages[]"},
		{Name: "fix_versions", From: "packageVulnerabilityDetails.vulnerablePackages[].fixedInVersion"},
		{Name: "location.path, lines", From: "vulnerablePackages[].filePath, codeVulnerabilityDetails.filePath"},
		{Name: "location.resource", From: "resources[0].id"},
		{Name: "location.image, layer", From: "resources[].details.awsEcrContainerImage, vulnerablePackages[].sourceLayerHash, sourceLambdaLayerArn"},
		{Name: "related", From: "resources[1:]"},
		{Name: "fix", From: "vulnerablePackages[].remediation, remediation.recommendation.text"},
		{Name: "references", From: "sourceUrl, referenceUrls[], remediation.recommendation.Url"},
		{Name: "tags", From: "type, resources[0].type, region, detectorTags[], exploitAvailable"},
		{Name: "fingerprints", From: "findingArn"},
		{Name: "claim", From: "status"},
		{Name: "first_seen", From: "firstObservedAt"},
		{Name: "raw only", From: "resources[].details and tags, exploitabilityDetails, vendor's dates"},
	},
}

func detect(h format.Head) format.Confidence {
	first, enveloped := awsdoc.First(h)
	switch {
	case first.Has("findingArn", "awsAccountId"), first.Has("findingArn", "packageVulnerabilityDetails"):
		return format.Certain
	case first.Has("awsAccountId", "inspectorScore"), first.Has("awsAccountId", "packageVulnerabilityDetails"), first.Has("awsAccountId", "codeVulnerabilityDetails"):
		return format.Certain
	case h.JSON.At("source").String() == "aws.inspector2":
		return format.Certain
	case enveloped && first == nil && h.JSON.At("findings").Is('[') && onlyFindings(h.JSON):
		return format.Possible // the answer of list-findings that found nothing
	}
	return format.No
}

// onlyFindings reports whether the answer has no members besides its list and
// the mark of the next page.
func onlyFindings(n *format.Node) bool {
	for name := range n.Member {
		if name != "findings" && name != "nextToken" {
			return false
		}
	}
	return true
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
		d.any, d.run = true, format.Run{Tool: tool, Target: format.Target{Kind: "cloud"}}
		if err := sink.Run(d.run); err != nil {
			return err
		}
	}
	return awsdoc.Stream(r, sink, enveloped, d.record)
}

// tool is the name under which the findings arrive, the same as by way of
// Security Hub.
const tool = "aws-inspector"

func (d *decoder) record(rec *record, pos finding.Position, raw []byte) error {
	if rec.ARN == "" && rec.Title == "" {
		return jsondoc.Bad("a finding needs a findingArn or a title: is this Amazon Inspector's?")
	}
	if run := rec.run(); !d.any || run.Target != d.run.Target {
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
