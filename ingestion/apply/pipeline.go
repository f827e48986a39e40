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
	obs        []*finding.Observation
	ids        []finding.Identity
	advisories []string
	faults     []format.Fault
	components []finding.Component
	depends    map[string][]string
}

func (b *batch) size() int {
	return len(b.obs) + len(b.faults) + len(b.components) + len(b.depends)
}

const (
	batchSize  = 256
	batchAhead = 8
)

// startPipeline decodes the documents of a report in one goroutine and
// normalises in a second, a bounded number of batches ahead of the
// transaction that takes them.
func startPipeline(ctx context.Context, job Job) <-chan batch {
	raw, out := make(chan batch, batchAhead), make(chan batch, batchAhead)
	go func() {
		defer close(raw)
		for i, doc := range job.Documents {
			d := &sender{ctx: ctx, out: raw, b: batch{doc: i}}
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
		n := &normalise.Normaliser{SecretKey: job.SecretKey, Now: job.Now, Aliases: job.Aliases}
		var run *format.Run
		doc := 0
		for b := range raw {
			if b.doc != doc {
				run, doc = nil, b.doc
			}
			if b.run == nil && run == nil && b.size() > len(b.faults) {
				b.run = &format.Run{} // a decoder that opens none loses nothing
			}
			if b.run != nil {
				n.Run(b.run)
				run = b.run
			}
			b.normalise(n, run, &job)
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// normalise brings a batch into Stance's form. An observation that can't be
// is set aside.
func (b *batch) normalise(n *normalise.Normaliser, run *format.Run, job *Job) {
	obs := b.obs
	b.obs = obs[:0]
	b.ids = make([]finding.Identity, 0, len(obs))
	b.advisories = make([]string, 0, len(obs))
	for _, o := range obs {
		id, adv, err := identify(n, o, run, job)
		if err != nil {
			b.faults = append(b.faults, format.Fault{Position: o.Position, Reason: err.Error()})
			continue
		}
		b.obs, b.ids, b.advisories = append(b.obs, o), append(b.ids, id), append(b.advisories, adv)
	}
	for i := range b.components {
		n.Component(&b.components[i])
	}
}

// identify normalises one observation and computes who it is. A panic becomes
// an error, as with the decoder.
func identify(n *normalise.Normaliser, o *finding.Observation, run *format.Run, job *Job) (id finding.Identity, adv string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the record could not be normalised (%v); the report is kept, please report this as a bug", r)
		}
	}()
	n.Observation(o, run)
	adv = n.Advisory(o)
	id = finding.Identify(o, toolName(job.Submission.Tool, run.Tool), adv)
	id.Basis = "" // computed again where it is shown
	return id, adv, nil
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
	ctx context.Context
	out chan<- batch
	b   batch
}

func (s *sender) flush() error {
	if s.b.run == nil && s.b.size() == 0 {
		return nil
	}
	return s.send()
}

func (s *sender) send() error {
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
