package apply

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/format"
)

// Store runs one transaction. What fn did is durable when Apply returns nil,
// and undone otherwise.
type Store interface {
	Apply(ctx context.Context, t tenant.ID, fn func(Tx) error) error
}

// Tx is the record inside one transaction of one tenant.
type Tx interface {
	Targets
	Seen
	Findings
	Known
	Ledger
}

// Seen is what scans saw.
type Seen interface {
	SeriesBook
	Sightings
	Digests
}

// Known is what is known of assets besides findings.
type Known interface {
	Statements
	// FlawOf returns a flaw by its number.
	FlawOf(ctx context.Context, id int64) (*finding.Flaw, error)
}

// SeriesBook is what scans saw, and its correction.
type SeriesBook interface {
	Scans
	Revisions
}

// Target is the asset that a report is about, as the record knows it.
type Target struct {
	Asset       int64 // the record's own number
	Application int64
	AssetID     estate.AssetID
	Kind        estate.AssetKind
	Context     estate.Context
	DefaultRef  string // by which presence counts; "" while the asset has no refs
	PinnedRef   bool   // a person chose the default
}

// Targets finds or makes what reports are about.
type Targets interface {
	// Target returns the asset, making it and its application when new. An
	// asset that was unassigned until now comes along with all that is known
	// of it. Without an application it is the asset of that kind and name, or
	// known as that, under exactly one application; else it is unassigned.
	Target(ctx context.Context, application string, kind estate.AssetKind, name string) (Target, error)
	// Flaw returns the record's number of a flaw, making it or, where the
	// tool now says something else, changing it.
	Flaw(ctx context.Context, f *finding.Flaw) (int64, error)
	// Tool returns the record's number of a tool, from 0.
	Tool(ctx context.Context, name string) (int, error)
	// TargetOf returns an asset by its number.
	TargetOf(ctx context.Context, asset int64) (Target, error)
	// SetDefaultRef says which ref counts from now on.
	SetDefaultRef(ctx context.Context, asset int64, ref string) error
}

// Series is a row of scans of one asset that replace each other.
type Series struct {
	ID       int64
	Asset    int64
	Ref      string
	Tool     string
	Category string
	Next     uint32 // the number that the next new sighting gets
	Present  *roaring.Bitmap
	LastAt   time.Time
	FirstAt  time.Time
	LastFull time.Time
	Count    int    // scans
	Commit   string // of the last scan; "" when it doesn't say
}

// Scan is one scan of a series to be recorded.
type Scan struct {
	ScanSet
	Series  int64
	Report  string
	Version string // of the tool
	Commit  string
	Digest  string
	Held    string // why it closes nothing; "" when it may
}

// Scans keeps series and their scans.
type Scans interface {
	// Series returns the series, making it when new.
	Series(ctx context.Context, asset int64, ref, tool, category string) (Series, error)
	// AssetSeries lists all series of an asset.
	AssetSeries(ctx context.Context, asset int64) ([]Series, error)
	// ScanSets lists what all scans of a series saw.
	ScanSets(ctx context.Context, series int64) ([]ScanSet, error)
	// AddScan records a scan and returns its number.
	AddScan(ctx context.Context, s Scan) (int64, error)
	// SaveSeries stores the state of a series after its scans.
	SaveSeries(ctx context.Context, s Series) error
}

// ChunkRef says where an observation is kept.
type ChunkRef struct {
	Chunk int64
	Index uint16
}

// Sighting is one observation of a series, numbered: that this tool on this
// ref reports that finding there.
type Sighting struct {
	Series   int64
	N        uint32
	Finding  finding.ID
	ID       finding.Identity
	At       ChunkRef
	Severity finding.Severity
	Claim    finding.ClaimState
	VEX      bool // the claim is a VEX statement
	Join     Join
}

// Sightings keeps sightings and the observations behind them.
type Sightings interface {
	// EachSighting calls fn for all sightings of a series by number; fn must
	// not keep the pointer nor use the transaction.
	EachSighting(ctx context.Context, series int64, fn func(*Sighting)) error
	// Backing lists all sightings of findings, whatever the series.
	Backing(ctx context.Context, ids []finding.ID) ([]Sighting, error)
	// Candidates lists the sightings of an asset outside a series that have
	// the key or whose finding is of the flaw.
	Candidates(ctx context.Context, asset, exceptSeries int64, key finding.Key, flaw int64) ([]Sighting, error)
	// PutSightings inserts or replaces sightings.
	PutSightings(ctx context.Context, asset int64, ss []Sighting) error
	// PutChunk keeps encoded observations and returns their number.
	PutChunk(ctx context.Context, b []byte) (int64, error)
}

// Digests keeps the digests by which a series recalls records. They may be
// lost at any time; then reports are read in full once more.
type Digests interface {
	// Digests calls fn for every part that is kept of a series; fn must not
	// use the transaction.
	Digests(ctx context.Context, series int64, fn func(part uint32, b []byte)) error
	// PutDigests keeps a part.
	PutDigests(ctx context.Context, series int64, part uint32, b []byte) error
}

// Finding is a finding's row in the record, as far as applying moves it.
type Finding struct {
	ID          finding.ID
	Asset       int64
	Application int64
	Flaw        int64
	Kind        finding.Kind
	Severity    finding.Severity
	Status      finding.Status
	Decided     finding.Authority
	BranchOnly  bool // seen on other refs than the default one only
	Score       float64
	Priority    uint8
	KEV         bool
	Fixable     bool
	Tools       uint64 // bit i is tool i; tools beyond 62 share bit 62: a signed column holds them
	Place       string
	Line        int32
	FirstSeen   time.Time
	Triage      *finding.Triage
	Report      string // that opened it
}

// Findings keeps findings.
type Findings interface {
	InsertFindings(ctx context.Context, fs []Finding) error
	// LoadFindings returns findings in the order of the ids.
	LoadFindings(ctx context.Context, ids []finding.ID) ([]Finding, error)
	// UpdateFindings replaces rows; before is what LoadFindings gave.
	UpdateFindings(ctx context.Context, before, after []Finding) error
	// Chunk returns encoded observations.
	Chunk(ctx context.Context, id int64) ([]byte, error)
	// Judge scores a flaw (which it may have to load when f is nil) of a
	// severity, reported by so many tools, in a context.
	Judge(ctx context.Context, flaw int64, f *finding.Flaw, severity finding.Severity, tools int, c estate.Context) (Judgement, error)
}

// Judgement is what scoring says of a finding.
type Judgement struct {
	Score    float64
	Priority uint8
	KEV      bool
	Fixable  bool
}

// Event is one entry of a finding's history.
type Event struct {
	Finding finding.ID
	Valid   time.Time
	Type    EventType
	By      string
	Detail  string
}

// EventType is what happened to a finding.
type EventType string

// The types of events.
const (
	EventResolved      EventType = "resolved"
	EventReopened      EventType = "reopened"
	EventJoined        EventType = "joined"  // another tool or branch reports it too
	EventMoved         EventType = "moved"   // recognised at another place
	EventChanged       EventType = "changed" // the tool says something else
	EventTriaged       EventType = "triaged"
	EventTriageRemoved EventType = "triage_removed"
	EventNoted         EventType = "noted" // someone wrote something about it
)

// Inventory is a part of the components that a scan lists, and of the graph
// between them.
type Inventory struct {
	Series int64
	At     time.Time // when the scan was made
	Report string
	// Adds says that the scan looked at a part of its target: what earlier
	// scans listed stays.
	Adds       bool
	Components []finding.Component
	Depends    map[string][]string // by the document's references
}

// Ledger records what happened.
type Ledger interface {
	AppendEvents(ctx context.Context, report string, es []Event) error
	// Components records the inventory that a report lists, a part at a time.
	// The first part for a series in a transaction replaces what an earlier
	// scan listed, unless it adds.
	Components(context.Context, Inventory) error
	Quarantine(ctx context.Context, report string, fs []format.Fault) error
	// Confirm lets the held scans of a report close findings and returns the
	// series they belong to.
	Confirm(ctx context.Context, report, by string) ([]Series, error)
	// Finish records the outcome of a report, or returns ErrApplied when the
	// report no longer waits for it.
	Finish(ctx context.Context, report string, r Outcome) error
}
