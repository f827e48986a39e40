// Package ocsf reads findings of the Open Cybersecurity Schema Framework,
// versions 1.0 to 1.5 (schema.ocsf.io, category Findings): security,
// vulnerability, compliance, detection, data security, application security
// posture and IAM analysis findings as arrays, JSON lines and in the answer
// of Security Hub's GetFindingsV2. Prowler, Trivy, Inspector by way of
// Security Hub, Security Lake and others write it.
//
// Kept only raw: evidence, actors, attacks, enrichments, raw data of
// resources. Events of other categories and incidents name no flaw of their
// own and go to quarantine.
package ocsf

import (
	"context"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads findings in OCSF.
var Format = format.Format{
	Name:  "ocsf",
	Title: "OCSF findings (1.0 to 1.5)",
	Doc: "Findings of the Open Cybersecurity Schema Framework by any producer (Prowler's `*.ocsf.json`, Security Hub's GetFindingsV2, Security Lake): arrays and JSON lines. " +
		"A vulnerability finding gives an observation for each vulnerability and affected package or place in code. The product stands as tool, the cloud account, host or " +
		"application as target. Findings that pass, are suppressed, resolved or archived are read as claims of that.",
	Detect: detect,
	Decode: decode,
	Fields: fields(),
}

func fields() []format.Field {
	return []format.Field{
		{Name: "run.tool, version", From: "metadata.product.name, version"},
		{Name: "run.target", From: "cloud.account.uid, container.image, device.hostname, application.name"},
		{Name: "kind", From: "class_uid, vulnerabilities[]"},
		{Name: "check.id", From: "vulnerabilities[].cve.uid, advisory.uid, metadata.event_code, compliance.control, finding_info.analytic.uid, finding_info.title"},
		{Name: "check.title", From: "vulnerabilities[].title, finding_info.title, finding.title (1.0)"},
		{Name: "check.description", From: "finding_info.desc, risk_details"},
		{Name: "check.guideline", From: "compliance.standards, requirements, control; unmapped.compliance (Prowler)"},
		{Name: "title", From: "message or status_detail for checks that pass or fail, else finding_info.title"},
		{Name: "message", From: "status_detail, message, vulnerabilities[].desc"},
		{Name: "severity", From: "vulnerabilities[].severity, severity, severity_id"},
		{Name: "confidence", From: "confidence, confidence_score"},
		{Name: "advisories", From: "vulnerabilities[].cve.uid, advisory.uid, related_vulnerabilities[]"},
		{Name: "cwes", From: "vulnerabilities[].cwe, cve.cwe, cve.cwe_uid, cve.related_cwes[]"},
		{Name: "cvss", From: "vulnerabilities[].cve.cvss[]"},
		{Name: "epss", From: "vulnerabilities[].cve.epss.score"},
		{Name: "component", From: "vulnerabilities[].affected_packages[], packages[]"},
		{Name: "fix_versions", From: "vulnerabilities[].affected_packages[].fixed_in_version"},
		{Name: "location.resource", From: "resources[0] (resource in 1.0): uid, name, namespace"},
		{Name: "location.path, lines", From: "vulnerabilities[].affected_code[], affected_packages[].path"},
		{Name: "location.image", From: "container.image, resources[] whose type is an image"},
		{Name: "related", From: "resources[1:]"},
		{Name: "fix", From: "remediation.desc, of the package or the vulnerability first"},
		{Name: "references", From: "remediation.references[], vulnerabilities[].references[], finding_info.src_url, unmapped.related_url"},
		{Name: "tags", From: "finding_info.types[], resources[0].type, region, group.name, unmapped.categories"},
		{Name: "fingerprints", From: "finding_info.uid"},
		{Name: "claim", From: "status_code, compliance.status, status, status_id, activity_id"},
		{Name: "first_seen", From: "finding_info.first_seen_time, created_time and their _dt forms"},
		{Name: "raw only", From: "evidences, attacks, actor, enrichments, resources[].data and labels, unmapped"},
	}
}

func detect(h format.Head) format.Confidence {
	first, enveloped := awsdoc.First(h)
	class := first.At("class_uid").String()
	switch {
	case strings.HasPrefix(class, "2") && len(class) == 4 && first.Has("metadata"):
		return format.Certain
	case first.At("category_uid").String() == "2" && first.Has("metadata") && (first.Has("finding_info") || first.Has("finding")):
		return format.Certain
	case first.Has("finding_info", "metadata"), first.Has("finding_info", "severity_id"):
		return format.Likely
	case h.JSON.Is('[') && h.JSON.First == nil && h.Whole && strings.Contains(strings.ToLower(h.Name), "ocsf"):
		return format.Likely // an empty report is told by its file's name alone
	case enveloped && first == nil && strings.Contains(strings.ToLower(h.Name), "ocsf"):
		return format.Likely
	}
	return format.No
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
		d.any, d.run = true, format.Run{Tool: "ocsf"}
		if err := sink.Run(d.run); err != nil {
			return err
		}
	}
	return awsdoc.Stream(r, sink, enveloped, d.record)
}

func (d *decoder) record(rec *record, pos finding.Position, raw []byte) error {
	switch class, known := strconv.Atoi(rec.ClassUID.String()); {
	case known == nil && (class < 2000 || class > 2999):
		return jsondoc.Bad("an event of class %d (%s) is no finding: Stance reads classes of the category Findings", class, rec.ClassName)
	case rec.ClassUID == "2005":
		return jsondoc.Bad("an incident gathers findings and is none itself: import the findings")
	case rec.info().UID == "" && rec.info().Title == "" && rec.Message == "" && len(rec.Vulnerabilities) == 0:
		return jsondoc.Bad("a finding needs finding_info with an uid or a title: is this OCSF?")
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
