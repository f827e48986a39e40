package posture

import (
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// ReportState is where a report stands on its way.
type ReportState string

// The states of a report.
const (
	ReportAccepted ReportState = "accepted" // durable, waiting for a worker
	ReportApplying ReportState = "applying"
	ReportApplied  ReportState = "applied"
	ReportHeld     ReportState = "held"   // applied, but what it would close waits for confirmation
	ReportFailed   ReportState = "failed" // nothing of it could be read; kept for replay
)

// Report is one imported file as people see it.
type Report struct {
	ID          string
	Name        string // file name
	Digest      string // SHA-256 of the bytes as they came, hex
	Size        int64
	Application string
	Asset       string
	AssetKind   string
	Ref         string
	Commit      string
	Format      string
	Confidence  int
	Tools       []string
	Full        bool
	State       ReportState
	// Reason says why it failed or is held.
	Reason      string
	By          string
	Received    time.Time
	ScannedAt   time.Time
	Finished    time.Time
	Progress    Progress
	Result      ReportResult
	Duplicate   bool // same bytes for the same target were imported before
	DuplicateOf string
}

// Progress is how far a report has come.
type Progress struct {
	Phase   string // "waiting", "decoding", "matching", "writing", "done"
	Read    int64  // bytes of the decompressed document read
	Records int64
}

// ReportResult is what a report changed.
type ReportResult struct {
	Records      int64
	Observations int64
	New          int64
	Changed      int64
	Unchanged    int64
	Reopened     int64
	Resolved     int64
	Quarantined  int64
	Components   int64
	WouldResolve int64 // held back until someone confirms
	Seconds      float64
	// Steps are the seconds spent in each step.
	Steps map[string]float64
	Notes []string
}

// Quarantined is a part of a report that could not be read.
type Quarantined struct {
	Record  int
	Offset  int64
	Pointer string
	Reason  string
	Raw     string
}

// FeedStatus is how fresh a feed is; a feed that never came is listed with a
// zero AsOf.
type FeedStatus struct {
	Feed     string
	Title    string
	AsOf     time.Time
	Imported time.Time
	Rows     int64
	Missing  bool
	Used     string // what it is for
}

// StateCount is a number of findings of one severity and status.
type StateCount struct {
	Severity finding.Severity
	Status   finding.Status
	Count    int64
}
