package apply

import (
	"context"
	"fmt"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/normalise"
)

// batch is what goes from the decoder to the transaction at a time.
type batch struct {
	doc        int         // number of the document
	failed     error       // the document can't be read on; nothing else is in the batch
	run        *format.Run // opens a run before what follows in the batch
	of         format.Records
	records    []record // of it, to be read
	obs        []*finding.Observation
	known      []known // records that need not be read
	seen       []identified
	faults     []format.Fault
	components []finding.Component
	depends    map[string][]string
	// recall is where the transaction answers, once it has opened the run,
	// which records the run's series recalls.
	recall chan<- *recaller
}

// record is one record as it stands in the document.
type record struct {
	pos finding.Position
	raw []byte
}

// known is a record that a series recalls.
type known struct {
	n      uint32 // the sighting
	record int
}

// identified is an observation in Stance's form with who it is.
type identified struct {
	*finding.Observation
	id       finding.Identity
	advisory string
	digest   uint64 // of the record; 0 when it is not to be recalled
}

func (b *batch) size() int {
	return len(b.obs) + len(b.records) + len(b.faults) + len(b.components) + len(b.depends)
}

const (
	batchSize  = 256
	batchAhead = 8
)

// startPipeline decodes the documents of a report in one goroutine and
// normalises in a second, a bounded number of batches ahead of the
// transaction that takes them.
func startPipeline(ctx context.Context, job *Job, clock *stopwatch) <-chan batch {
	raw, out := make(chan batch, batchAhead), make(chan batch, batchAhead)
	go func() {
		defer close(raw)
		defer clock.decode.start()()
		for i, doc := range job.Documents {
			d := &sender{ctx: ctx, out: raw, b: batch{doc: i}, clock: &clock.decode}
			err := doc.Err
			if err == nil {
				err = decode(ctx, doc, d)
			}
			if flushErr := d.flush(); err == nil {
				err = flushErr
			}
			if err != nil {
				d.b.failed = err
				if d.send() != nil {
					return
				}
			}
		}
	}()
	go func() {
		defer close(out)
		r := &reader{ctx: ctx, job: job, out: out, clock: &clock.normalise,
			n: normalise.Normaliser{SecretKey: job.SecretKey, Now: job.Now, Aliases: job.Aliases}}
		for b := range raw {
			stop := clock.normalise.start()
			err := r.take(b)
			if stop(); err != nil {
				return
			}
		}
	}()
	return out
}

// reader is the second step of the pipeline: it reads the records that are
// not recalled, and normalises.
type reader struct {
	ctx   context.Context
	job   *Job
	out   chan<- batch
	clock *timer
	n     normalise.Normaliser
	doc   int
	run   *format.Run

	answer <-chan *recaller // of the run, until it is there
	recall *recaller
	digest *digester
	of     format.Records
}

// take passes one batch on. Its error is the context's.
func (r *reader) take(b batch) error {
	if b.doc != r.doc {
		r.run, r.doc = nil, b.doc
	}
	if b.run == nil && r.run == nil && b.size() > len(b.faults) {
		b.run = &format.Run{} // a decoder that opens none loses nothing
	}
	if b.run != nil {
		r.n.Run(b.run)
		r.run = b.run
		if err := r.open(&b); err != nil {
			return err
		}
	}
	if b.of != nil && b.of != r.of {
		if err := r.ask(b.of); err != nil {
			return err
		}
	}
	r.read(&b)
	return r.send(b)
}

// open sends a run ahead of what it holds, so that the transaction can say
// what is recalled.
func (r *reader) open(b *batch) error {
	r.recall, r.digest, r.answer, r.of = nil, nil, nil, nil
	if r.job.Build == "" {
		return nil
	}
	answer := make(chan *recaller, 1)
	r.answer = answer
	run := b.run
	b.run = nil
	return r.send(batch{doc: b.doc, run: run, recall: answer})
}

// ask waits for the transaction's answer and prepares to use it.
func (r *reader) ask(of format.Records) error {
	r.of = of
	if r.job.Build == "" {
		return nil
	}
	if r.answer != nil {
		defer r.clock.pause()()
		select {
		case r.recall = <-r.answer:
			r.answer = nil
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
	r.digest = newDigester(r.job, r.run, r.doc, of)
	return nil
}

func (r *reader) send(b batch) error {
	defer r.clock.pause()()
	select {
	case r.out <- b:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// read brings a batch into Stance's form. What can't be is set aside.
func (r *reader) read(b *batch) {
	b.seen = make([]identified, 0, len(b.obs)+len(b.records))
	for _, o := range b.obs {
		r.identify(b, identified{Observation: o}, o.Position)
	}
	for _, rec := range b.records {
		in := identified{}
		if r.digest != nil {
			in.digest = r.digest.of(rec.raw)
			if n, ok := r.recall.find(in.digest); ok {
				b.known = append(b.known, known{n, rec.pos.Record})
				continue
			}
		}
		o, err := readRecord(b.of, rec)
		if err != nil {
			rec.pos.Pointer = b.of.Pointer(rec.pos)
			b.faults = append(b.faults, format.Fault{Position: rec.pos, Reason: err.Error(), Raw: rec.raw[:min(len(rec.raw), format.MaxFaultRaw)]})
			continue
		}
		in.Observation = o
		r.identify(b, in, rec.pos)
	}
	b.obs, b.records, b.of = nil, nil, nil
	for i := range b.components {
		r.n.Component(&b.components[i])
	}
}

// readRecord reads one record and turns a panic into an error.
func readRecord(of format.Records, rec record) (o *finding.Observation, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the record broke the decoder (%v); the report is kept, please report this as a bug", r)
		}
	}()
	return of.Read(rec.pos, rec.raw)
}

// identify normalises one observation, computes who it is and adds it to the
// batch.
func (r *reader) identify(b *batch, in identified, at finding.Position) {
	if err := r.normalise(&in); err != nil {
		b.faults = append(b.faults, format.Fault{Position: at, Reason: err.Error()})
		return
	}
	if !recallable(in.Observation, &in.id) {
		in.digest = 0
	}
	b.seen = append(b.seen, in)
}

// normalise brings one observation into Stance's form. A panic becomes an
// error, as with the decoder.
func (r *reader) normalise(in *identified) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the record could not be normalised (%v); the report is kept, please report this as a bug", r)
		}
	}()
	r.n.Observation(in.Observation, r.run)
	in.advisory = r.n.Advisory(in.Observation)
	in.id = finding.Identify(in.Observation, toolName(r.job.Submission.Tool, r.run.Tool), in.advisory)
	in.id.Basis = "" // computed again where it is shown
	return nil
}

// decode runs the decoder and turns a panic into an error: a report that
// breaks a decoder must not take the server with it.
func decode(ctx context.Context, doc Document, sink format.Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the %s decoder broke (%v); the report is kept, please report this as a bug", doc.Format.Format.Name, r)
		}
	}()
	return doc.Format.Format.Decode(ctx, doc.Input, sink)
}

// sender is the sink that fills batches.
type sender struct {
	ctx   context.Context
	out   chan<- batch
	b     batch
	clock *timer
}

var (
	_ format.Sink     = (*sender)(nil)
	_ format.Splitter = (*sender)(nil)
)

func (s *sender) flush() error {
	if s.b.run == nil && s.b.size() == 0 {
		return nil
	}
	return s.send()
}

func (s *sender) send() error {
	defer s.clock.pause()()
	select {
	case s.out <- s.b:
		s.b = batch{doc: s.b.doc}
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *sender) grown() error {
	if s.b.size() < batchSize {
		return nil
	}
	return s.flush()
}

func (s *sender) Run(r format.Run) error {
	if err := s.flush(); err != nil {
		return err
	}
	s.b.run = &r
	return nil
}

func (s *sender) Observe(o *finding.Observation) error {
	s.b.obs = append(s.b.obs, o)
	return s.grown()
}

// Record implements format.Splitter.
func (s *sender) Record(of format.Records, pos finding.Position, raw []byte) error {
	if s.b.of != nil && s.b.of != of {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.b.of = of
	s.b.records = append(s.b.records, record{pos, raw})
	return s.grown()
}

func (s *sender) Component(c finding.Component) error {
	s.b.components = append(s.b.components, c)
	return s.grown()
}

func (s *sender) Depend(ref string, on []string) error {
	if s.b.depends == nil {
		s.b.depends = map[string][]string{}
	}
	s.b.depends[ref] = append(s.b.depends[ref], on...)
	return s.grown()
}

func (s *sender) Quarantine(f format.Fault) error {
	s.b.faults = append(s.b.faults, f)
	return s.grown()
}
