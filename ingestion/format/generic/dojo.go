package generic

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// DojoFields are the fields that only DefectDojo's dialect has. Those without
// a reader here are known all the same: they stay in the raw record.
type DojoFields struct {
	CWEs           jsondoc.Strings `json:"cwes"`
	CVE            jsondoc.Text    `json:"cve"`
	VulnIDs        jsondoc.Strings `json:"vulnerability_ids"`
	EPSSScore      *jsondoc.Float  `json:"epss_score"`
	EPSSPercentile jsontext.Value  `json:"epss_percentile"`
	CVSS3          jsondoc.Text    `json:"cvssv3"`
	CVSS3Score     jsondoc.Float   `json:"cvssv3_score"`
	CVSS4          jsondoc.Text    `json:"cvssv4"`
	CVSS4Score     jsondoc.Float   `json:"cvssv4_score"`
	Mitigation     jsondoc.Text    `json:"mitigation"`
	Impact         jsondoc.Text    `json:"impact"`
	Steps          jsondoc.Text    `json:"steps_to_reproduce"`
	Justification  jsondoc.Text    `json:"severity_justification"`
	Active         flag            `json:"active"`
	Verified       flag            `json:"verified"`
	FalsePositive  flag            `json:"false_p"`
	Duplicate      flag            `json:"duplicate"`
	OutOfScope     flag            `json:"out_of_scope"`
	RiskAccepted   flag            `json:"risk_accepted"`
	UnderReview    flag            `json:"under_review"`
	IsMitigated    flag            `json:"is_mitigated"`
	Mitigated      jsondoc.Text    `json:"mitigated"`
	Param          jsondoc.Text    `json:"param"`
	Payload        jsondoc.Text    `json:"payload"`
	Line           jsondoc.Int     `json:"line"`
	FilePath       jsondoc.Text    `json:"file_path"`
	ComponentName  jsondoc.Text    `json:"component_name"`
	ComponentVer   jsondoc.Text    `json:"component_version"`
	Static         flag            `json:"static_finding"`
	Dynamic        flag            `json:"dynamic_finding"`
	ScannerConf    jsondoc.Text    `json:"scanner_confidence"`
	UniqueID       jsondoc.Text    `json:"unique_id_from_tool"`
	VulnID         jsondoc.Text    `json:"vuln_id_from_tool"`
	SourceObject   jsondoc.Text    `json:"sast_source_object"`
	SinkObject     jsondoc.Text    `json:"sast_sink_object"`
	SourceLine     jsondoc.Int     `json:"sast_source_line"`
	SourcePath     jsondoc.Text    `json:"sast_source_file_path"`
	Service        jsondoc.Text    `json:"service"`
	Date           jsondoc.Text    `json:"date"`
	KnownExploited flag            `json:"known_exploited"`
	FixVersion     jsondoc.Text    `json:"fix_version"`
	Endpoints      []endpoint      `json:"endpoints"`

	Files           jsontext.Value `json:"files"`
	Request         jsontext.Value `json:"request"`
	Response        jsontext.Value `json:"response"`
	ThreadID        jsontext.Value `json:"thread_id"`
	NumericSeverity jsontext.Value `json:"numerical_severity"`
	Occurrences     jsontext.Value `json:"nb_occurences"`
	PublishDate     jsontext.Value `json:"publish_date"`
	PlannedDate     jsontext.Value `json:"planned_remediation_date"`
	PlannedVersion  jsontext.Value `json:"planned_remediation_version"`
	Effort          jsontext.Value `json:"effort_for_fixing"`
	KEVDate         jsontext.Value `json:"kev_date"`
	Ransomware      jsontext.Value `json:"ransomware_used"`
	FixAvailable    jsontext.Value `json:"fix_available"`
}

// ratings joins the own list with DefectDojo's pairs of vector and score.
func (e *entry) ratings() []finding.CVSS {
	var out []finding.CVSS
	all := append(slices.Clone(e.CVSS),
		rating{Vector: e.CVSS3, Score: e.CVSS3Score},
		rating{Vector: e.CVSS4, Score: e.CVSS4Score})
	for i, r := range all {
		if r.Vector == "" && r.Score <= 0 {
			continue
		}
		c := ident.CVSS(r.Vector.String(), float64(r.Score), r.Source.String())
		if r.Version != "" {
			c.Version = r.Version.String()
		}
		if c.Version == "" && i == len(all)-1 {
			c.Version = "4.0"
		}
		out = append(out, c)
	}
	return out
}

// flow is given step by step, or by DefectDojo's source of the data, whose
// sink is the place of the finding.
func (e *entry) flow(sink finding.Location) []finding.Step {
	var out []finding.Step
	for _, s := range e.Flow {
		out = append(out, finding.Step{Location: s.Location.location(), Message: s.Message.String()})
	}
	if len(out) == 0 && (e.SourcePath != "" || e.SourceObject != "") {
		source := finding.Location{Path: e.SourcePath.String(), StartLine: max(int(e.SourceLine), 0), Symbol: e.SourceObject.String()}
		out = append(out, finding.Step{Location: source}, finding.Step{Location: sink})
	}
	return out
}

// claim is the finding's own, or the first of DefectDojo's marks that is set.
func (e *entry) claim() finding.Claim {
	if c := e.Claim; c != nil {
		return finding.Claim{State: finding.ClaimState(c.State), Justification: c.Justification.String(), Detail: c.Detail.String(), Source: "tool"}
	}
	made := func(state finding.ClaimState, why string) finding.Claim {
		return finding.Claim{State: state, Justification: why, Source: "tool"}
	}
	switch {
	case e.FalsePositive.yes:
		return made(finding.ClaimFalsePositive, "false_p")
	case e.IsMitigated.yes, e.Mitigated != "" && !e.IsMitigated.said:
		return made(finding.ClaimFixed, "is_mitigated")
	case e.RiskAccepted.yes:
		return made(finding.ClaimAccepted, "risk_accepted")
	case e.OutOfScope.yes:
		return made(finding.ClaimNotAffected, "out_of_scope")
	case e.Duplicate.yes:
		return made(finding.ClaimSuppressedByTool, "duplicate")
	case e.UnderReview.yes:
		return made(finding.ClaimUnderReview, "under_review")
	case e.Active.said && !e.Active.yes:
		return made(finding.ClaimSuppressedByTool, "inactive")
	}
	return finding.Claim{}
}
