package asff

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// record is a finding. Members are those of AwsSecurityFinding in Security
// Hub's API.
type record struct {
	ID              jsondoc.Text `json:"Id"`
	ProductARN      jsondoc.Text `json:"ProductArn"`
	ProductName     jsondoc.Text
	CompanyName     jsondoc.Text
	GeneratorID     jsondoc.Text `json:"GeneratorId"`
	AccountID       jsondoc.Text `json:"AwsAccountId"`
	Region          jsondoc.Text
	Types           jsondoc.Strings
	FirstObservedAt jsondoc.Text
	CreatedAt       jsondoc.Text
	Severity        jsondoc.Lax[severity]
	Confidence      jsondoc.Text
	Title           jsondoc.Text
	Description     jsondoc.Text
	SourceURL       jsondoc.Text `json:"SourceUrl"`
	EpssScore       jsondoc.Text
	Remediation     jsondoc.Lax[struct {
		Recommendation struct {
			Text jsondoc.Text
			URL  jsondoc.Text `json:"Url"`
		}
	}]
	ProductFields jsondoc.Lax[map[string]jsondoc.Text]
	Resources     jsondoc.List[resource]
	Compliance    jsondoc.Lax[struct {
		Status              jsondoc.Text
		SecurityControlID   jsondoc.Text `json:"SecurityControlId"`
		RelatedRequirements jsondoc.Strings
		StatusReasons       jsondoc.List[struct{ Description jsondoc.Text }]
	}]
	VerificationState jsondoc.Text
	WorkflowState     jsondoc.Text // superseded by Workflow
	Workflow          jsondoc.Lax[struct{ Status jsondoc.Text }]
	RecordState       jsondoc.Text
	Note              jsondoc.Lax[struct{ Text jsondoc.Text }]
	Vulnerabilities   jsondoc.List[vulnerability]
	Provider          jsondoc.Lax[struct {
		Severity jsondoc.Lax[severity]
		Types    jsondoc.Strings
	}] `json:"FindingProviderFields"`
}

// severity says it in words and on a scale of 0 to 100.
type severity struct {
	Label      jsondoc.Text
	Original   jsondoc.Text
	Normalized *jsondoc.Float
	Product    *jsondoc.Float
}

// resource is a thing in AWS that a finding is about.
type resource struct {
	Type    jsondoc.Text
	ID      jsondoc.Text `json:"Id"`
	Region  jsondoc.Text
	Details jsondoc.Lax[struct {
		Image jsondoc.Lax[struct {
			RegistryID     jsondoc.Text `json:"RegistryId"`
			RepositoryName jsondoc.Text
			ImageDigest    jsondoc.Text
			ImageTags      jsondoc.Strings
		}] `json:"AwsEcrContainerImage"`
		Container jsondoc.Lax[struct{ ImageName jsondoc.Text }]
		Other     jsondoc.Lax[map[string]jsondoc.Text]
	}]
}

// image is the address and the digest of an image resource.
func (r *resource) image() (name, digest string) {
	d := &r.Details.V
	if i := &d.Image.V; r.Type == "AwsEcrContainerImage" || i.RepositoryName != "" {
		return awsdoc.Image(r.ID.String(), i.RegistryID.String(), i.RepositoryName.String(), i.ImageDigest.String(), i.ImageTags)
	}
	if name := d.Container.V.ImageName.String(); name != "" {
		name, _, _ = strings.Cut(name, " (") // Trivy adds the distribution
		return name, ""
	}
	return "", ""
}

// field is the first of the product's own fields that is filled.
func (rec *record) field(names ...string) string {
	for _, n := range names {
		if v := rec.ProductFields.V[n]; v != "" {
			return v.String()
		}
	}
	return ""
}

// run names the product as tool and the account, or the image, as target.
func (rec *record) run() format.Run {
	run := format.Run{Tool: rec.tool(), Version: rec.field("ProviderVersion", "aws/inspector/ProductVersion"), Target: format.Target{Kind: "cloud", Name: rec.AccountID.String()}}
	if len(rec.Resources) > 0 {
		if name, digest := rec.Resources[0].image(); name != "" {
			run.Target = format.Target{Kind: "image", Name: name, Digest: digest}
		}
	}
	return run
}

// tool is the product's name in lower case with hyphens, AWS's own with
// "aws-" before them: "aws-security-hub", "aws-inspector", "prowler".
func (rec *record) tool() string {
	name := rec.field("ProviderName", "Product Name", "aws/securityhub/ProductName")
	if name == "" {
		name = rec.ProductName.String()
	}
	path := strings.Split(rec.ProductARN.String(), "product/")
	company, product, _ := strings.Cut(path[len(path)-1], "/")
	if name == "" || name == "Default" && product != "" {
		name = product
	}
	if name == "default" || name == "Default" || name == "" { // a private integration is told by what generated the finding
		name, _, _ = strings.Cut(rec.GeneratorID.String(), "/")
	}
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
	switch {
	case name == "":
		return "asff"
	case name == "securityhub":
		name = "security-hub"
	}
	if company == "aws" && !strings.HasPrefix(name, "aws-") {
		return "aws-" + name
	}
	return name
}

// types are the finding's types: namespace/category/classifier.
func (rec *record) types() []string {
	if len(rec.Types) > 0 {
		return rec.Types
	}
	return rec.Provider.V.Types
}

func (rec *record) grade() (finding.Severity, string) {
	for _, s := range []*severity{&rec.Severity.V, &rec.Provider.V.Severity.V} {
		if s.Label != "" {
			return finding.SeverityOfWord(s.Label.String()), s.Label.String()
		}
	}
	s := &rec.Severity.V
	word := s.Original.String()
	if s.Normalized != nil {
		return awsdoc.Grade(float64(*s.Normalized)), word
	}
	return finding.SeverityOfWord(word), word
}

// claim is what the finding says of its own state. A finding that passes is
// the same finding that failed before: it says that the flaw is gone.
func (rec *record) claim() finding.Claim {
	status, workflow := rec.Compliance.V.Status.String(), rec.Workflow.V.Status.String()
	if workflow == "" {
		workflow = rec.WorkflowState.String()
	}
	c := finding.Claim{Source: "tool", Detail: rec.Note.V.Text.String()}
	inspector := rec.field("aws/inspector/FindingStatus")
	switch {
	case status == "PASSED":
		c.State, c.Justification = finding.ClaimAbsent, status
	case workflow == "RESOLVED", inspector == "CLOSED":
		c.State, c.Justification = finding.ClaimFixed, "RESOLVED"
	case rec.VerificationState == "FALSE_POSITIVE":
		c.State, c.Justification = finding.ClaimFalsePositive, rec.VerificationState.String()
	case rec.VerificationState == "BENIGN_POSITIVE":
		c.State, c.Justification = finding.ClaimAccepted, rec.VerificationState.String()
	case workflow == "SUPPRESSED", inspector == "SUPPRESSED":
		c.State, c.Justification = finding.ClaimSuppressedByTool, "SUPPRESSED"
	case rec.RecordState == "ARCHIVED":
		c.State, c.Justification = finding.ClaimAbsent, rec.RecordState.String()
	case status == "NOT_AVAILABLE":
		c.State, c.Justification = finding.ClaimUnderReview, status
	case workflow == "NOTIFIED", rec.VerificationState == "TRUE_POSITIVE":
		c.State, c.Justification = finding.ClaimAffected, workflow
	default:
		return finding.Claim{}
	}
	return c
}
