package httpapi

import "time"

// Report is an imported file.
type Report struct {
	ID          string       `json:"id" format:"uuid"`
	Name        string       `json:"name,omitempty" doc:"file name"`
	Digest      string       `json:"digest" doc:"SHA-256 of the bytes as they came"`
	Size        int64        `json:"size"`
	Application string       `json:"application"`
	Asset       string       `json:"asset"`
	AssetKind   string       `json:"asset_kind"`
	Ref         string       `json:"ref,omitempty"`
	Commit      string       `json:"commit,omitempty"`
	Format      string       `json:"format,omitempty"`
	Confidence  int          `json:"confidence,omitempty" doc:"how sure the detection of the format is, 0 to 100"`
	Tools       []string     `json:"tools"`
	Scope       string       `json:"scope" enum:"full,part"`
	State       string       `json:"state" enum:"accepted,applying,applied,held,failed"`
	Reason      string       `json:"reason,omitempty" doc:"why it failed or is held"`
	By          string       `json:"by,omitempty"`
	Received    time.Time    `json:"received"`
	ScannedAt   *time.Time   `json:"scanned_at,omitempty"`
	Finished    *time.Time   `json:"finished,omitempty"`
	Progress    Progress     `json:"progress"`
	Result      ReportResult `json:"result"`
	DuplicateOf string       `json:"duplicate_of,omitempty" doc:"the report with the same bytes for the same target"`
}

// Progress is how far a report has come.
type Progress struct {
	Phase   string `json:"phase" doc:"waiting, decoding, matching, writing, done"`
	Read    int64  `json:"read" doc:"bytes of the unpacked document read"`
	Records int64  `json:"records"`
}

// ReportResult is what a report changed.
type ReportResult struct {
	Records      int64              `json:"records"`
	Observations int64              `json:"observations"`
	New          int64              `json:"new"`
	Changed      int64              `json:"changed"`
	Unchanged    int64              `json:"unchanged"`
	Reopened     int64              `json:"reopened"`
	Resolved     int64              `json:"resolved"`
	Quarantined  int64              `json:"quarantined"`
	Components   int64              `json:"components"`
	WouldResolve int64              `json:"would_resolve" doc:"findings that stay open until someone confirms"`
	Seconds      float64            `json:"seconds"`
	Steps        map[string]float64 `json:"steps,omitempty" doc:"seconds by step"`
	Notes        []string           `json:"notes,omitempty"`
}

// ReportList is a page of reports.
type ReportList struct {
	Items      []Report `json:"items"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

// Quarantined is a part of a report that could not be read.
type Quarantined struct {
	Record  int    `json:"record"`
	Offset  int64  `json:"offset"`
	Pointer string `json:"pointer"`
	Reason  string `json:"reason"`
	Raw     string `json:"raw,omitempty"`
}

// QuarantineList is what a report's quarantine holds.
type QuarantineList struct {
	Items []Quarantined `json:"items"`
	Total int64         `json:"total"`
}

// PolicyProblem is one mistake in a policy: where and what.
type PolicyProblem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// Policies is the policy bundle in force.
type Policies struct {
	Source  string          `json:"source" doc:"the YAML text"`
	Digest  string          `json:"digest" doc:"identifies the bundle in verdicts"`
	Default bool            `json:"default" doc:"true while nobody has set a bundle"`
	Rules   []PolicySummary `json:"rules"`
}

// PolicySummary is one rule in short.
type PolicySummary struct {
	Policy  string   `json:"policy"`
	Rule    string   `json:"rule"`
	Action  string   `json:"action"`
	Stages  []string `json:"stages"`
	Message string   `json:"message,omitempty"`
}

// PolicyEdit replaces the bundle.
type PolicyEdit struct {
	Source string `json:"source" maxLength:"1000000"`
}

// GateRequest asks for a verdict.
type GateRequest struct {
	Application string `json:"application" minLength:"1"`
	Stage       string `json:"stage" enum:"commit,build,deploy"`
	Ref         string `json:"ref,omitempty" doc:"judge this branch or tag instead of the default one"`
}

// Token is an API token without its secret.
type Token struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Scopes   []string   `json:"scopes" doc:"read, import, gate, triage, admin"`
	Created  time.Time  `json:"created"`
	Expires  *time.Time `json:"expires,omitempty"`
	LastUsed *time.Time `json:"last_used,omitempty"`
}

// TokenList is all tokens.
type TokenList struct {
	Items []Token `json:"items"`
}

// TokenRequest makes a token.
type TokenRequest struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100"`
	Scopes []string `json:"scopes" minItems:"1" doc:"read, import, gate, triage, admin"`
	Days   int      `json:"days,omitempty" minimum:"1" maximum:"3650" doc:"valid for so many days; 365 when absent"`
}

// NewToken is a token with its secret, shown once.
type NewToken struct {
	Token
	Secret string `json:"secret"`
}

// Me is who is signed in.
type Me struct {
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Version string   `json:"version"`
}
