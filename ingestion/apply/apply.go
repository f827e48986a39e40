// Package apply is the one place that writes findings. It takes the
// observations of a report, recognises which findings they belong to, makes
// the new ones, and works out from the evidence of all scans what is open,
// resolved and reopened. One transaction holds all that a report does.
package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/normalise"
	"github.com/stance-aspm/stance/ingestion/place"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// Applier applies reports.
type Applier struct {
	Store Store
	// NewID makes a finding's id for a time: a UUIDv7.
	NewID func(time.Time) finding.ID
	// Elapsed returns a running clock, for the figures of how long each step
	// took.
	Elapsed func() time.Duration
}

// Job is one report to apply.
type Job struct {
	Tenant     tenant.ID
	Report     string
	Submission receive.Submission
	Received   time.Time // when it was accepted; stands in for an unknown scan time
	Now        time.Time // recorded time of what it changes
	// Documents are what the report holds: one, or the files of an archive.
	// What several of them say of one series is one scan.
	Documents []Document
	// Format and Confidence say as what the documents are read, for the
	// record.
	Format     string
	Confidence int
	SecretKey  []byte
	Aliases    advisory.Aliases
	// Build names the program to the revision: what one build read another
	// may read differently. Without it every record is read.
	Build string
	// Rules place what the sender does not; nil rules place nothing.
	Rules *place.Rules
	// Progress is told now and then how far it is; it may be nil.
	Progress func(phase string, records int64)
}

// Document is one file of a report.
type Document struct {
	Name   string // in the archive; "" for the report itself
	Input  *format.Input
	Format format.Detection
	// Err says why the file can't be decoded at all; then Input and Format
	// are not set. The other files still count.
	Err error
}

// Outcome is what a report changed.
type Outcome struct {
	Format                                         string // of the job
	Confidence                                     int
	Records, Observations, Quarantined, Components int64
	New, Changed, Unchanged, Reopened, Resolved    int64
	WouldResolve                                   int64
	Statements                                     int64  // of VEX documents
	Held                                           string // why closings wait for a person; "" when none do
	Notes                                          []string
	Tools                                          []string
	Asset                                          estate.AssetID
	Ref, Commit                                    string
	ScannedAt                                      time.Time
	// Decode to Judge are how long each step worked, Took how long all took:
	// steps run beside each other. Score is what flaws weigh in their
	// context, Judge what the evidence makes of findings that were there.
	Decode, Normalise, Match, Write, Score, Judge, Took time.Duration
	// Recalled is how many observations were known by their record.
	Recalled int64
}

// Unreadable says that nothing of a report could be read. The report is kept;
// trying again with the same decoder will not help.
type Unreadable struct{ Err error }

// Error implements error.
func (u *Unreadable) Error() string { return u.Err.Error() }

// Unwrap returns the cause.
func (u *Unreadable) Unwrap() error { return u.Err }

// Apply decodes a report and applies it in one transaction. It may be called
// again after any failure: what an earlier call committed is recognised
// ([ErrApplied]), and what it did not commit never was.
func (a *Applier) Apply(ctx context.Context, job Job) (Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := a.Elapsed()
	clock := newStopwatch(a.Elapsed)
	batches := startPipeline(ctx, &job, clock)
	first, more := next(ctx, batches) // the transaction begins when there is something to write
	out := Outcome{Format: job.Format, Confidence: job.Confidence}
	err := a.Store.Apply(ctx, job.Tenant, func(tx Tx) error {
		s := &session{a: a, ctx: ctx, tx: tx, job: &job, out: &out, scans: map[string]*scan{}, taken: map[int64]bool{}, judged: map[judgeKey]Judgement{}, flaws: map[finding.Key]int64{}, matching: timer{elapsed: a.Elapsed}, scoring: timer{elapsed: a.Elapsed}, judging: timer{elapsed: a.Elapsed}}
		var err error
		if s.earlier, err = tx.Earlier(ctx, job.Report); err != nil {
			return err
		}
		for b := first; more; b, more = next(ctx, batches) {
			if err := s.take(b); err != nil {
				return err
			}
			if job.Progress != nil {
				job.Progress("decoding", out.Observations+out.Quarantined)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		out.Decode, out.Normalise = clock.decode.total, clock.normalise.total
		if s.failure != nil && out.Observations == 0 && out.Components == 0 {
			return &Unreadable{s.failure} // nothing was read: this says nothing of the target
		}
		if job.Progress != nil {
			job.Progress("matching", out.Records)
		}
		stop, other := s.matching.start(), out.Write+s.scoring.total
		if err := s.finish(); err != nil {
			return err
		}
		stop()
		out.Score, out.Judge = s.scoring.total, s.judging.total
		out.Match = s.matching.total - (out.Write + out.Score - other) - out.Judge
		out.Took = a.Elapsed() - began
		return tx.Finish(ctx, job.Report, out)
	})
	if err != nil {
		if over := ctx.Err(); over != nil && !errors.Is(err, over) { // the rest follows from that
			err = fmt.Errorf("%w: %w", over, err)
		}
		return Outcome{}, err
	}
	return out, nil
}

// next takes a batch, or none when the context ends first: a decoder that
// doesn't look at its context is left to itself.
func next(ctx context.Context, batches <-chan batch) (batch, bool) {
	select {
	case b, more := <-batches:
		return b, more
	case <-ctx.Done():
		return batch{}, false
	}
}

// session is the work on one report inside its transaction.
type session struct {
	a       *Applier
	ctx     context.Context
	tx      Tx
	job     *Job
	out     *Outcome
	scans   map[string]*scan
	order   []*scan
	now     *scan        // the run that observations belong to
	away    []*scan      // runs that were left with observations in hand
	pack    *ChunkWriter // whose compressor all scans share
	judged  map[judgeKey]Judgement
	flaws   map[finding.Key]int64
	doc     int            // the document that records are counted of
	record  int            // last record counted
	any     bool           // a record of the document was counted
	failure error          // of the first document that could not be read to its end
	doubt   string         // of all scans, for that reason
	early   int            // faults before the first run
	renamed *renamed       // checks of the document that is read
	vex     *statements    // the VEX document that is read, else nil
	stated  []AboutProduct // by all VEX documents of the report
	// reconsider are assets that statements bear on.
	reconsider []reconsidered
	// joined are findings that a scan of this report joined; another scan of
	// it may have made them.
	joined []finding.ID
	// earlier are the scans that earlier readings of this report made, taken
	// the series of those that this reading makes too.
	earlier []Earlier
	taken   map[int64]bool
	// How long the steps worked that the transaction takes itself.
	matching, scoring, judging timer
}

type judgeKey struct {
	flaw     int64
	app      int64
	severity finding.Severity
	tools    int
}

// take applies one batch from the decoder.
func (s *session) take(b batch) error {
	if b.doc != s.doc {
		s.doc, s.any = b.doc, false
	}
	if b.failed != nil {
		return s.incomplete(b.failed)
	}
	if b.run != nil {
		if err := s.openRun(b.run); err != nil {
			return err
		}
	}
	if b.recall != nil {
		var r *recaller
		if s.vex == nil {
			r = s.now.offer()
		}
		b.recall <- r
	}
	for _, k := range b.known {
		s.count(k.record)
		s.out.Observations++
		s.out.Recalled++
		s.now.recalled.Add(k.n)
	}
	last := s.record
	for i := range b.seen {
		s.count(b.seen[i].Position.Record)
		s.out.Observations++
		if s.vex != nil {
			if err := s.state(b.seen[i].Observation, b.seen[i].advisory); err != nil {
				return err
			}
			continue
		}
		if err := s.now.observe(&b.seen[i]); err != nil {
			return err
		}
	}
	s.record = max(s.record, last)
	if len(b.faults) > 0 {
		for _, f := range b.faults {
			s.count(f.Position.Record)
		}
		s.out.Quarantined += int64(len(b.faults))
		switch {
		case s.vex != nil: // says nothing of a scan
		case s.now != nil:
			s.now.faults += len(b.faults)
		default:
			s.early += len(b.faults)
		}
		for i := range b.faults {
			b.faults[i].Raw = normalise.Withhold(b.faults[i].Raw)
		}
		if err := s.tx.Quarantine(s.ctx, s.job.Report, b.faults); err != nil {
			return err
		}
	}
	if (len(b.components) > 0 || len(b.depends) > 0) && s.vex == nil {
		s.out.Components += int64(len(b.components))
		if s.now.late() { // the record holds a newer inventory
			return nil
		}
		if err := s.tx.Components(s.ctx, Inventory{
			Series: s.now.series.ID, At: s.now.at, Report: s.job.Report, Adds: s.now.part, Components: b.components, Depends: b.depends,
		}); err != nil {
			return fmt.Errorf("write inventory: %w", err)
		}
	}
	return nil
}

// count counts records; several observations may come of one.
func (s *session) count(record int) {
	if !s.any || record != s.record {
		s.out.Records++
	}
	s.any, s.record = true, record
}

// openRun finds the series that a run's scan belongs to. Runs of one tool and
// category over one target are one scan.
func (s *session) openRun(r *format.Run) error {
	if r.Statements {
		return s.openStatements(r)
	}
	s.vex = nil
	if c := s.job.Submission.Category; c != "" {
		apart := *r
		if apart.Category = c; r.Category != "" {
			apart.Category = c + " / " + r.Category
		}
		r = &apart
	}
	tool := toolName(s.job.Submission.Tool, r.Tool)
	application, kind, name, ref := s.target(r)
	key := strings.Join([]string{string(kind), name, ref, tool, r.Category}, "\x00")
	s.tell(tool, r.Notes)
	if known, ok := s.scans[key]; ok {
		known.failed, known.part = known.failed || r.Failed, known.part || r.Part
		return s.turnTo(known)
	}
	target, err := s.tx.Target(s.ctx, application, kind, name)
	if err != nil {
		return err
	}
	sc, err := s.openScan(target, ref, tool, r)
	if err != nil {
		return err
	}
	if err := sc.name(r, kind, name); err != nil {
		return err
	}
	sc.doubt = s.doubt
	s.scans[key] = sc
	if err := s.turnTo(sc); err != nil {
		return err
	}
	sc.faults, s.early = s.early, 0
	s.order = append(s.order, sc)
	if len(s.order) == 1 {
		s.out.Asset, s.out.Ref, s.out.Commit, s.out.ScannedAt = target.AssetID, ref, sc.commit, sc.at
	}
	return nil
}

// tell notes a tool and what it had to say.
func (s *session) tell(tool string, notes []string) {
	if !slices.Contains(s.out.Tools, tool) {
		s.out.Tools = append(s.out.Tools, tool)
	}
	s.note(notes)
}

func (s *session) note(notes []string) {
	for _, n := range notes {
		if len(s.out.Notes) < maxNotes && !slices.Contains(s.out.Notes, n) {
			s.out.Notes = append(s.out.Notes, n)
		}
	}
}

// maxAway is how many runs may wait with observations in hand: reports that
// go back and forth between targets then still fill their chunks, and memory
// stays bounded.
const maxAway = 32

// turnTo makes a scan the one that observations belong to. What other runs
// saw of the same asset so far is settled first, so that this one finds it.
func (s *session) turnTo(sc *scan) error {
	if s.now != nil && s.now != sc && !slices.Contains(s.away, s.now) {
		s.away = append(s.away, s.now)
	}
	s.now = sc
	kept := s.away[:0]
	for i, other := range s.away {
		switch {
		case other == sc:
		case sc != nil && other.target.Asset == sc.target.Asset || i < len(s.away)-maxAway:
			if err := other.flush(); err != nil {
				return err
			}
		default:
			kept = append(kept, other)
		}
	}
	s.away = kept
	return nil
}

const maxNotes = 20

// target says what a run scanned: what the sender said, else the rules, else
// what the report says, else the application itself.
func (s *session) target(r *format.Run) (application string, kind estate.AssetKind, name, ref string) {
	t, sub := &r.Target, s.placed(r)
	application, kind, name, ref = sub.Application, sub.AssetKind, sub.Asset, sub.Ref
	if kind == "" {
		switch t.Kind {
		case "image":
			kind = estate.Image
		case "endpoint":
			kind = estate.Endpoint
		case "cloud":
			kind = estate.CloudResource
		case "host":
			kind = estate.Host
		case "cluster":
			kind = estate.Cluster
		default:
			kind = estate.Repository
		}
	}
	if name == "" {
		switch {
		case t.Repository != "":
			name = estate.RepositoryName(t.Repository)
		case (kind != estate.Repository || t.Kind == "project") && t.Name != "":
			name = t.Name
		default:
			name = sub.Application
		}
	}
	if name == "" {
		name = unplaced(t)
	}
	if ref == "" {
		ref = strings.TrimPrefix(t.Branch, "refs/heads/")
	}
	if kind == estate.Image && name != t.Digest {
		if repo, tag, ok := cutTag(name); ok {
			name = repo
			if ref == "" {
				ref = tag
			}
		}
	}
	return application, kind, name, ref
}

// placed is the submission with what the rules add to it.
func (s *session) placed(r *format.Run) receive.Submission {
	sub, t := s.job.Submission, &r.Target
	doc := &s.job.Documents[s.doc]
	file := doc.Name
	if file == "" {
		file = sub.Name
	}
	p, notes := s.job.Rules.Place(place.Facts{
		Tool: toolName(sub.Tool, r.Tool), Format: doc.Format.Format.Name, Category: r.Category, File: file,
		Kind: t.Kind, Name: t.Name, Repository: t.Repository, Branch: t.Branch, Commit: t.Commit, Digest: t.Digest, PURL: t.PURL,
	})
	s.note(notes)
	sub.Application = cmp.Or(sub.Application, p.Application)
	sub.Asset, sub.AssetKind, sub.Ref = cmp.Or(sub.Asset, p.Asset), cmp.Or(sub.AssetKind, p.Kind), cmp.Or(sub.Ref, p.Ref)
	return sub
}

// unplaced names what neither the sender nor the usual fields of a report
// name: by whatever else the report calls it.
func unplaced(t *format.Target) string {
	switch product := estate.Product(t.PURL); {
	case t.Name != "":
		return t.Name
	case strings.HasPrefix(product.Name, "purl:"):
		return strings.TrimPrefix(product.Name, "purl:")
	case t.Digest != "":
		return t.Digest
	}
	return estate.Unassigned
}

// cutTag splits an image reference into repository and tag.
func cutTag(image string) (repo, tag string, ok bool) {
	image, _, _ = strings.Cut(image, "@")
	i := strings.LastIndexByte(image, ':')
	if i < 0 || strings.Contains(image[i:], "/") {
		return image, "", image != ""
	}
	return image[:i], image[i+1:], true
}

func toolName(forced, reported string) string {
	name := forced
	if name == "" {
		name = reported
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		name = "unknown"
	}
	return name
}

// incomplete notes that a document could not be read to its end: what was
// read counts, and the scans of the report close nothing.
func (s *session) incomplete(err error) error {
	if ctxErr := s.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	where := "the report"
	if name := s.job.Documents[s.doc].Name; name != "" {
		where = name
		err = fmt.Errorf("%s: %w", name, err)
	}
	if s.failure == nil {
		s.failure = err
	}
	for _, sc := range s.order {
		sc.doubt = where + " could not be read to its end"
	}
	s.doubt = where + " could not be read to its end"
	s.out.Notes = append(s.out.Notes, fmt.Sprintf("read only in part: %v", err))
	s.out.Quarantined++
	return s.tx.Quarantine(s.ctx, s.job.Report, []format.Fault{{Position: finding.Position{Record: s.record + 1}, Reason: err.Error()}})
}

// finish settles all scans of the report.
func (s *session) finish() error {
	for _, sc := range s.order {
		if err := sc.finish(); err != nil {
			return err
		}
	}
	if err := s.dropRest(); err != nil {
		return err
	}
	for _, r := range s.reconsider {
		if _, err := heedAsset(s.ctx, s.tx, r.asset, r.ss, s.job.Report, s.job.Now); err != nil {
			return err
		}
	}
	return s.heed()
}

// flaw returns the record's number of an observation's flaw.
func (s *session) flaw(o *finding.Observation, tool, adv string) (int64, *finding.Flaw, error) {
	f := finding.FlawOf(o, tool, adv)
	key := f.Key()
	if id, ok := s.flaws[key]; ok {
		return id, &f, nil
	}
	id, err := s.tx.Flaw(s.ctx, &f)
	if err != nil {
		return 0, nil, err
	}
	if len(s.flaws) < maxRemembered {
		s.flaws[key] = id
	}
	return id, &f, nil
}

// advisory returns the canonical id of an observation that was read back.
func (s *session) advisory(o *finding.Observation) string {
	n := normalise.Normaliser{Aliases: s.job.Aliases}
	return n.Advisory(o)
}

// maxRemembered bounds caches that live as long as one report.
const maxRemembered = 50_000

func (s *session) judge(id int64, f *finding.Flaw, t *Target, severity finding.Severity, tools int) (Judgement, error) {
	key := judgeKey{id, t.Application, severity, tools}
	if j, ok := s.judged[key]; ok {
		return j, nil
	}
	defer s.scoring.start()()
	j, err := s.tx.Judge(s.ctx, id, f, severity, tools, t.Context)
	if err == nil && len(s.judged) < maxRemembered {
		s.judged[key] = j
	}
	return j, err
}

// ErrApplied says that a report was applied before, or given up: a job may
// come twice.
var ErrApplied = errors.New("the report was applied before")
