package httpapi

import (
	"time"
)

// The wire shapes of findings. They are written out by hand so that the API
// stays still while the inside moves; findings_map.go fills them.

// Count is a number of rows counted up to a bound.
type Count struct {
	N     int64 `json:"n" doc:"the number"`
	Exact bool  `json:"exact" doc:"false when there are at least n"`
}

// SeverityCount is a number of findings of one severity.
type SeverityCount struct {
	Severity string `json:"severity" enum:"unknown,info,low,medium,high,critical"`
	Count    int64  `json:"count"`
}

// Finding is one finding in a list.
type Finding struct {
	ID          string    `json:"id" format:"uuid"`
	Title       string    `json:"title"`
	Kind        string    `json:"kind" enum:"vulnerability,code,secret,misconfiguration,dynamic,licence,quality"`
	Severity    string    `json:"severity" enum:"unknown,info,low,medium,high,critical"`
	Score       float64   `json:"score" doc:"risk, 0 to 100"`
	Priority    string    `json:"priority" doc:"the ordered class of the score"`
	Status      string    `json:"status" enum:"open,resolved,false_positive,accepted,not_affected,suppressed"`
	Application string    `json:"application" doc:"the application's key; empty when unassigned"`
	Asset       string    `json:"asset" doc:"the asset's name"`
	AssetID     string    `json:"asset_id" format:"uuid"`
	Place       string    `json:"place" doc:"one line saying where: path:line, package, URL or resource"`
	Advisory    string    `json:"advisory,omitempty" doc:"the leading vulnerability id"`
	CWE         int       `json:"cwe,omitempty" doc:"the leading weakness number"`
	KEV         bool      `json:"kev" doc:"known to be exploited"`
	Fixable     bool      `json:"fixable" doc:"a version or change that resolves it is known"`
	Tools       []string  `json:"tools"`
	FirstSeen   time.Time `json:"first_seen"`
	LastSeen    time.Time `json:"last_seen"`
}

// FindingList is a page of findings.
type FindingList struct {
	Items      []Finding `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty" doc:"pass as cursor for the next page; absent at the end"`
	Total      Count     `json:"total"`
}

// FacetValue is one value of a field and how many findings have it.
type FacetValue struct {
	Value string `json:"value"`
	Label string `json:"label,omitempty" doc:"what to show, when it differs from value"`
	Count int64  `json:"count"`
}

// Facets are the counts for a filter.
type Facets struct {
	Fields map[string][]FacetValue `json:"fields" doc:"by field: status, severity, priority, kind, application, tool, kev, fixable"`
	Exact  bool                    `json:"exact"`
}

// Location is a place.
type Location struct {
	Path        string `json:"path,omitempty"`
	StartLine   int    `json:"start_line,omitempty"`
	StartColumn int    `json:"start_column,omitempty"`
	EndLine     int    `json:"end_line,omitempty"`
	EndColumn   int    `json:"end_column,omitempty"`
	Snippet     string `json:"snippet,omitempty"`
	Context     string `json:"context,omitempty"`
	Symbol      string `json:"symbol,omitempty"`
	URL         string `json:"url,omitempty"`
	Method      string `json:"method,omitempty"`
	Parameter   string `json:"parameter,omitempty"`
	Evidence    string `json:"evidence,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Image       string `json:"image,omitempty"`
	Layer       string `json:"layer,omitempty"`
	Commit      string `json:"commit,omitempty"`
	Author      string `json:"author,omitempty"`
	Date        string `json:"date,omitempty"`
}

// Step is one stop of a data flow.
type Step struct {
	Location Location `json:"location"`
	Message  string   `json:"message,omitempty"`
}

// Check is what the tool looked for.
type Check struct {
	ID          string `json:"id"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Help        string `json:"help,omitempty"`
	URL         string `json:"url,omitempty"`
	Guideline   string `json:"guideline,omitempty"`
}

// CVSS is one rating.
type CVSS struct {
	Vector  string  `json:"vector,omitempty"`
	Score   float64 `json:"score,omitempty"`
	Version string  `json:"version,omitempty"`
	Source  string  `json:"source,omitempty"`
}

// Component is a package.
type Component struct {
	PURL      string   `json:"purl,omitempty"`
	Ecosystem string   `json:"ecosystem,omitempty"`
	Name      string   `json:"name"`
	Version   string   `json:"version,omitempty"`
	Licences  []string `json:"licences,omitempty"`
	Path      []string `json:"path,omitempty" doc:"dependency path, root first"`
	Direct    *bool    `json:"direct,omitempty"`
	Scope     string   `json:"scope,omitempty"`
}

// Secret is a credential, masked. The clear text is never stored.
type Secret struct {
	Masked   string `json:"masked"`
	Verified *bool  `json:"verified,omitempty" doc:"whether the tool proved that it works; absent when it did not try"`
	Detector string `json:"detector,omitempty"`
}

// Claim is what a report itself says of the state.
type Claim struct {
	State         string `json:"state,omitempty"`
	Justification string `json:"justification,omitempty"`
	Detail        string `json:"detail,omitempty"`
	Source        string `json:"source,omitempty"`
}

// Triage is a person's decision.
type Triage struct {
	Status string     `json:"status" enum:"false_positive,accepted,not_affected"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
	At     time.Time  `json:"at"`
	Until  *time.Time `json:"until,omitempty"`
}

// TriageRequest decides about findings.
type TriageRequest struct {
	Findings []string   `json:"findings" minItems:"1" maxItems:"500" doc:"finding ids"`
	Status   string     `json:"status" enum:"false_positive,accepted,not_affected,open" doc:"open takes a decision back"`
	Reason   string     `json:"reason" minLength:"3" maxLength:"4000"`
	Until    *time.Time `json:"until,omitempty" doc:"when the decision ends by itself"`
}

// TriageResult says what a triage request did.
type TriageResult struct {
	Changed int `json:"changed"`
}

// ToolObservation is one tool's current word on a finding.
type ToolObservation struct {
	Tool      string    `json:"tool"`
	Category  string    `json:"category,omitempty"`
	Ref       string    `json:"ref,omitempty"`
	ReportID  string    `json:"report_id"`
	Present   bool      `json:"present" doc:"whether the tool's last full scan still reports it"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`

	JoinRule       string  `json:"join_rule" doc:"why the observation belongs to this finding"`
	JoinDetail     string  `json:"join_detail,omitempty"`
	JoinConfidence float64 `json:"join_confidence"`

	Title        string            `json:"title"`
	Message      string            `json:"message,omitempty"`
	Severity     string            `json:"severity"`
	SeverityWord string            `json:"severity_word,omitempty" doc:"the tool's own word"`
	Confidence   string            `json:"confidence,omitempty"`
	Check        Check             `json:"check"`
	Location     Location          `json:"location"`
	Related      []Location        `json:"related,omitempty"`
	Flow         []Step            `json:"flow,omitempty"`
	CVSS         []CVSS            `json:"cvss,omitempty"`
	Secret       *Secret           `json:"secret,omitempty"`
	Claim        *Claim            `json:"claim,omitempty"`
	Fingerprints map[string]string `json:"fingerprints,omitempty"`
	Tags         []string          `json:"tags,omitempty"`
	Record       int               `json:"record" doc:"number of the record in the report"`
	Pointer      string            `json:"pointer,omitempty" doc:"where the record stands in the report"`
	Raw          string            `json:"raw,omitempty" doc:"the record as the tool wrote it, secrets masked"`
}

// RefState is where a finding stands on one branch or tag.
type RefState struct {
	Ref     string    `json:"ref"`
	Default bool      `json:"default"`
	Present bool      `json:"present"`
	AsOf    time.Time `json:"as_of"`
}

// ScoreTerm is one term of a score.
type ScoreTerm struct {
	Name    string  `json:"name"`
	Points  float64 `json:"points"`
	Factor  float64 `json:"factor,omitempty" doc:"the multiplier of a term of the setting"`
	Input   string  `json:"input" doc:"what went in, for people"`
	Source  string  `json:"source,omitempty" doc:"where the input came from and as of when"`
	Unknown bool    `json:"unknown" doc:"the input is not known; could_add says what it may be worth"`
	Could   float64 `json:"could_add,omitempty"`
	Why     string  `json:"why,omitempty"`
}

// Score is a risk score with every term that made it.
type Score struct {
	Score    float64     `json:"score"`
	Priority string      `json:"priority"`
	Ceiling  float64     `json:"ceiling" doc:"what the score would be if every unknown were at its worst"`
	Terms    []ScoreTerm `json:"terms"`
	Model    string      `json:"model"`
}

// FindingDetail is everything about one finding.
type FindingDetail struct {
	Finding
	Check        Check             `json:"check"`
	CWEs         []Weakness        `json:"cwes,omitempty"`
	Advisories   []string          `json:"advisories,omitempty"`
	Component    *Component        `json:"component,omitempty"`
	FixVersions  []string          `json:"fix_versions,omitempty"`
	Fix          string            `json:"fix,omitempty" doc:"what to do, Markdown or plain text"`
	References   []string          `json:"references,omitempty"`
	Location     Location          `json:"location"`
	DecidedBy    string            `json:"decided_by" enum:"evidence,scanner,vex,rule,person"`
	Triage       *Triage           `json:"triage,omitempty"`
	Explanation  Score             `json:"explanation"`
	Observations []ToolObservation `json:"observations"`
	Refs         []RefState        `json:"refs"`
	Statements   []Statement       `json:"statements" doc:"what VEX documents say and stands, the most trusted author's first"`
	Conflicts    []string          `json:"conflicts" doc:"where statements are at odds with each other or with evidence that the flaw can be reached"`
}

// Statement is what a VEX document says of a finding.
type Statement struct {
	State         string    `json:"state" doc:"affected, under_review, not_affected, false_positive, fixed"`
	Justification string    `json:"justification,omitempty"`
	Detail        string    `json:"detail,omitempty"`
	Author        string    `json:"author,omitempty"`
	Trust         string    `json:"trust" enum:"own,supplier,scanner"`
	At            time.Time `json:"at"`
	Product       string    `json:"product,omitempty" doc:"absent when the document was imported for the asset"`
	ReportID      string    `json:"report_id"`
	Decides       bool      `json:"decides" doc:"whether the status follows this statement"`
}

// Weakness is a CWE entry.
type Weakness struct {
	ID   int    `json:"id"`
	Name string `json:"name,omitempty"`
}

// Event is one entry of a finding's history.
type Event struct {
	Valid    time.Time `json:"valid" doc:"when it was so"`
	Recorded time.Time `json:"recorded" doc:"when Stance learned it"`
	Type     string    `json:"type"`
	By       string    `json:"by,omitempty"`
	ReportID string    `json:"report_id,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

// History is a finding's history, oldest first.
type History struct {
	Items []Event `json:"items"`
}
