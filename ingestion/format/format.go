// Package format is the contract between Stance and the reports of security
// tools: how a format is recognised and how its stream becomes observations.
//
// A format is a value of type [Format]. Each lives in a folder of its own
// below this one and is listed in format/all. A decoder streams: it holds
// one record at a time, whatever the size of the report.
package format

import (
	"context"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Format is one report format.
type Format struct {
	// Name is the lower-case id users type ("sarif", "trivy").
	Name string
	// Title is what people call it ("SARIF 2.1.0").
	Title string
	// Doc is one or two sentences: which tool and option writes it, what is
	// read, and what is kept only raw.
	Doc string
	// Fields says where each of our fields comes from in a report; docs are
	// generated of it.
	Fields []Field
	// Renames are check ids that the tool gave up for others: old to new. What
	// it found under the old id goes on under the new one.
	Renames map[string]string
	// Detect says how sure the format is that a document with this head is
	// one of its own. It reads nothing else.
	Detect func(Head) Confidence
	// Decode reads one document and tells the sink what it holds. It returns
	// an error only when the document can't be read on: what was told before
	// still counts, and the scan is marked incomplete. A record that can't
	// be understood goes to Sink.Quarantine and decoding continues. It must
	// stop with the context's error when the context ends and with the
	// sink's error when the sink fails.
	Decode func(ctx context.Context, in *Input, sink Sink) error
}

// Field says where one of our fields comes from.
type Field struct {
	// Name is our field ("component.purl"); "raw only" for what stays in the
	// raw record alone.
	Name string
	// From is the report's path or words.
	From string
}

// Confidence is how sure a format is of a document, 0 to 100.
type Confidence int

// The steps that detection uses. The highest wins; a tie goes to the format
// that stands first in format/all. Below Possible nothing is chosen.
const (
	No       Confidence = 0
	Possible Confidence = 40 // the shape fits, other tools write it too
	Likely   Confidence = 70 // characteristic keys
	Certain  Confidence = 95 // the document names its format or tool
)

// Sink takes what a decoder finds, in document order. Implementations may
// keep the pointers they are given; a decoder makes a new value per record.
// Every method returns an error when the consumer can't go on; the decoder
// then returns that error unchanged.
type Sink interface {
	// Run opens a run of a tool. What follows belongs to it until the next
	// Run. A decoder calls it before the first record, also when there is
	// none: an empty run is a scan that found nothing.
	Run(Run) error
	// Observe hands over one observation with its Position set.
	Observe(*finding.Observation) error
	// Component hands over one inventory entry of an SBOM.
	Component(finding.Component) error
	// Depend says that the component with that Ref depends on others.
	Depend(ref string, on []string) error
	// Quarantine sets a record aside that could not be decoded.
	Quarantine(Fault) error
}

// Records reads single records of a run, each from its own text.
type Records interface {
	// Context is a digest of everything else in the document that an
	// observation hangs on (the rules, the directories): under an equal
	// context equal text gives an equal observation, its position aside.
	Context() []byte
	// Pointer is the JSON pointer, or what stands for it, of a record.
	Pointer(pos finding.Position) string
	// Read turns a record into its observation. pos lacks the pointer; raw
	// is kept with what comes of it. An error means that the record is to be
	// set aside.
	Read(pos finding.Position, raw []byte) (*finding.Observation, error)
}

// Splitter is a sink that takes records unread. It may know them by their
// text and never read them, and it may read them elsewhere: one at a time, in
// order, but beside the decoder that goes on. A decoder whose records can be
// read apart asks its sink whether it is one.
type Splitter interface {
	// Record hands over one record in place of Sink.Observe.
	Record(of Records, pos finding.Position, raw []byte) error
}

// Run describes one execution of a tool as the report tells it.
type Run struct {
	// Tool is the tool's name as it calls itself, Version its version.
	Tool    string
	Version string
	// Category tells apart runs of one tool over one target that do not
	// replace each other (SARIF automationDetails.id, Checkov check_type).
	Category string
	// Started is when the scan was made; zero when the report doesn't say.
	Started time.Time
	// Part says that the report itself tells that this run looked at a part
	// of its target only (changed files, some of the checks); it closes
	// nothing.
	Part bool
	// Failed says that the tool itself reported an unsuccessful run; such a
	// scan closes nothing. Notes are its error messages, at most a few.
	Failed bool
	Notes  []string
	// Statements says that the run is a VEX document: its observations are
	// statements about findings of other tools, never findings themselves.
	// Author is who makes them.
	Statements bool
	Author     string
	// Target is what the report says was scanned.
	Target Target
}

// Target is what a report says of the thing that was scanned. All fields are
// hints; what the person importing says outranks them.
type Target struct {
	// Kind is "repository", "image", "endpoint", "cloud", "cluster", "host" or
	// empty when unsaid. "project" is a repository of which the report holds
	// several: each is named by Name and never by the sender's application.
	Kind       string
	Name       string // image reference, project name, site
	Repository string // clone or web URL
	Branch     string
	Commit     string
	Digest     string // image digest, "sha256:…"
	PURL       string // of the thing itself: the root component of an SBOM
	// Root is the absolute directory that paths in the report are below.
	Root string
}

// Fault is a part of a report that could not be decoded, kept so that it can
// be seen and replayed.
type Fault struct {
	Position finding.Position
	// Reason says what is wrong and, if possible, what to do.
	Reason string
	// Raw is the part itself, cut at MaxFaultRaw bytes.
	Raw []byte
}

// MaxFaultRaw bounds the raw bytes kept with one fault. The whole report
// stays in the blob store.
const MaxFaultRaw = 64 << 10
