// Package posture is the read side: what people ask about the state of the
// estate, and the shape of the answers. It holds no logic of storage; the
// record answers it.
package posture

import (
	"errors"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
)

// Filter selects findings. Empty fields don't filter; values of one field are
// alternatives, fields are joined by and.
type Filter struct {
	Applications []string // keys
	Assets       []estate.AssetID
	Statuses     []finding.Status
	Severities   []finding.Severity
	Priorities   []string
	Kinds        []finding.Kind
	Tools        []string
	CWEs         []int
	Advisory     string // CVE, GHSA or other id, aliases included
	Component    string // package name
	Check        string // the tool's check id
	Path         string // path prefix
	Ref          string // present on this branch or tag
	KEV          *bool
	Fixable      *bool
	MinScore     float64 // 0..100
	// Text is matched, word by word, against titles, check ids, advisories,
	// components and paths.
	Text string
	// Report selects findings that this report touched. Change says how:
	Report string
	// "new", "changed", "reopened", "resolved", empty for any; "series" for
	// all that the scans of its series ever reported, touched or not.
	Change string
	// FirstSeenAfter selects by the valid time of the first observation.
	FirstSeenAfter time.Time
}

// Sort orders a list. Every order ends in the finding's id, so that it is
// total and a cursor always finds its place.
type Sort string

// The orders.
const (
	ByScore    Sort = "score"    // highest first
	BySeverity Sort = "severity" // worst first
	ByNewest   Sort = "newest"   // first seen last, first
	ByOldest   Sort = "oldest"
)

// Page asks for a part of a list.
type Page struct {
	Sort   Sort
	Cursor string // from the page before; empty for the first
	Limit  int    // 1..200
}

// Count is a number of rows that was counted up to a bound.
type Count struct {
	N     int64
	Exact bool // false: at least N
}

// Row is one finding in a list.
type Row struct {
	ID          finding.ID
	Title       string
	Kind        finding.Kind
	Severity    finding.Severity
	Score       float64
	Priority    string
	Status      finding.Status
	Application string // key
	Asset       string // name
	AssetID     estate.AssetID
	Place       string // one line: path:line, purl, URL, resource
	Advisory    string
	CWE         int
	KEV         bool
	Fixable     bool
	Tools       []string
	FirstSeen   time.Time
	LastSeen    time.Time
}

// List is a page of findings.
type List struct {
	Rows  []Row
	Next  string // cursor of the next page; empty at the end
	Total Count
}

// Facet is one value of a field with the number of findings that have it
// under the rest of the filter.
type Facet struct {
	Value string
	Label string // what people read, when it differs from Value
	Count int64
}

// Facets are the counts for a filter, by field: status, severity, priority,
// kind, application, tool, kev, fixable. Exact is false when the filter was
// too wide to count in time and the numbers are of the first rows only.
type Facets struct {
	Fields map[string][]Facet
	Exact  bool
}

// Detail is everything about one finding.
type Detail struct {
	Row
	Check        finding.Check
	CWEs         []int
	Advisories   []string
	Component    *finding.Component
	FixVersions  []string
	Fix          string
	References   []string
	Location     finding.Location
	Decided      finding.Authority
	Triage       *finding.Triage
	Claim        finding.Claim
	Observations []Observation
	Refs         []RefState
	// Statements are what VEX documents say of it and stands, the most
	// trusted author's first; Conflicts tells where they are at odds with
	// each other or with evidence.
	Statements []finding.Statement
	Conflicts  []string
}

// Observation is one tool's current word on a finding, with why it belongs to
// the finding.
type Observation struct {
	Tool      string
	Category  string
	Ref       string
	Report    string // report id
	Present   bool
	FirstSeen time.Time
	LastSeen  time.Time
	Joined    Join
	Observed  finding.Observation
}

// Join says why an observation belongs to its finding.
type Join struct {
	Rule       string  // "first", "same identity", "advisory and component", …
	Detail     string  // the values that were equal
	Confidence float64 // 0..1
}

// RefState is where a finding stands on one branch or tag.
type RefState struct {
	Ref     string
	Default bool
	Present bool
	AsOf    time.Time // the last scan of that ref
}

// Event is one entry of a finding's history.
type Event struct {
	// Valid is when it was so, Recorded when Stance learned it.
	Valid, Recorded time.Time
	Type            string // opened, resolved, reopened, triaged, triage_removed, moved, joined, changed
	By              string // person, or the tool and report that brought it
	Report          string
	Detail          string
}

// Tally is a number of findings by severity.
type Tally struct {
	Severity finding.Severity
	Count    int64
}

// ApplicationSummary is one application in figures, its default branches
// only.
type ApplicationSummary struct {
	estate.Application
	Assets    int
	Unscanned int // assets that no scan ever reached
	Stale     int // assets whose last scan is older than the stale limit
	Open      []Tally
	Urgent    int64 // open findings of the highest priority
	MaxScore  float64
	LastScan  time.Time // zero: never
}

// AssetSummary is one asset in figures.
type AssetSummary struct {
	estate.Asset
	Open     []Tally
	MaxScore float64
	LastScan time.Time
	Series   []Series
}

// Series is a row of scans that replace each other: one tool on one ref of
// one asset.
type Series struct {
	Tool      string
	Category  string
	Ref       string
	Scans     int
	Present   int64
	FirstScan time.Time
	LastScan  time.Time
	LastFull  time.Time
}

// Overview is the first page: what matters now.
type Overview struct {
	Open          []Tally
	Priorities    []Facet
	Applications  []ApplicationSummary // worst first, at most 50
	Total         int                  // number of applications
	Top           []Row                // the ten open findings with the highest score
	NewWeek       int64                // opened in the last seven days
	ResolvedWeek  int64
	Observations  int64 // what the tools said, before joining
	Findings      int64
	Unscanned     int
	AwaitingCheck int // reports that wait for a person's confirmation
}

// ErrNotFound says that what was asked for is not there, or not for this
// tenant: the two are not told apart.
var ErrNotFound = errors.New("not found")

// BadQuery says that a question can't be answered as it was put.
type BadQuery struct{ Reason string }

// Error implements error.
func (e *BadQuery) Error() string { return e.Reason }
