package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/normalise"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// localFacts gathers findings from reports for a decision without a server.
// The same identities join observations as on the server; feeds are absent,
// so what only they tell is unknown.
type localFacts struct {
	context  estate.Context
	model    risk.Model
	ref      string
	findings map[uint64]*fact.Finding
	order    []uint64
	scans    []fact.Scan
	n        *normalise.Normaliser
	run      format.Run
	faults   int
}

const localAsset = "local"

func newLocalFacts(c estate.Context, o gateOptions) *localFacts {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // does not fail on the systems we build for
	return &localFacts{context: c, model: risk.V1(), ref: o.ref, findings: map[uint64]*fact.Finding{},
		n: &normalise.Normaliser{SecretKey: key, Root: o.root, Now: time.Now()}}
}

func (a *App) addReport(ctx context.Context, l *localFacts, formats []format.Format, path, force string) error {
	open, size, err := a.openFile(path)
	if err != nil {
		return err
	}
	members, err := receive.Members(path, open, size)
	if err != nil {
		return err
	}
	for _, m := range members {
		in, err := format.NewInput(path, receive.Unpack(open, size, m))
		if err != nil {
			return err
		}
		chosen, err := format.Choose(formats, in, force)
		if err != nil {
			return err
		}
		l.run, l.faults = format.Run{}, 0
		if err := chosen.Format.Decode(ctx, in, l); err != nil {
			return err
		}
		if l.faults > 0 {
			return fmt.Errorf("%d records could not be read; 'stance decode' shows them", l.faults)
		}
	}
	return nil
}

// Run implements format.Sink.
func (l *localFacts) Run(r format.Run) error {
	l.run = r
	s := fact.Scan{Asset: localAsset, Tool: r.Tool, Status: fact.ScanSucceeded, Full: fact.Yes, At: r.Started}
	if r.Failed {
		s.Status = fact.ScanFailed
	}
	if s.At.IsZero() {
		s.At = l.n.Now
	}
	l.scans = append(l.scans, s)
	return nil
}

// Observe implements format.Sink.
func (l *localFacts) Observe(o *finding.Observation) error {
	if o.Claim.State == finding.ClaimFixed || o.Claim.State == finding.ClaimAbsent {
		return nil
	}
	l.n.Observation(o, &l.run)
	adv := l.n.Advisory(o)
	id := finding.Identify(o, l.run.Tool, adv)
	k := id.Slot()
	if known := l.findings[k]; known != nil {
		known.Severity = max(known.Severity, o.Severity)
		return nil
	}
	flaw := finding.FlawOf(o, l.run.Tool, adv)
	e := (enrich.Evidence{}).WithReported(advisory.ID(adv), o.EPSS, o.KEV)
	f := fact.OfFlaw(&flaw, e)
	l.place(&f, o)
	f.ID = fmt.Sprintf("%016x", k)
	f.Severity, f.Line, f.Tools, f.Symbol, f.Claim = o.Severity, o.Location.StartLine, []string{l.run.Tool}, o.Location.Symbol, string(o.Claim.State)
	if status, _ := finding.Decide(true, nil, o.Claim); status != finding.Open {
		f.Closed = string(status)
	}
	in := risk.Flaw{Kind: o.Kind, Severity: o.Severity, HasAdvisory: adv != "", Evidence: e, SecretVerified: flaw.Verified}
	for _, c := range flaw.CVSS {
		in.CVSS = append(in.CVSS, enrich.Of[finding.CVSS]{Value: c, ID: advisory.ID(adv), Reported: true})
	}
	score, priority := risk.Prepare(in, &l.model).Value(risk.Setting{Confidence: risk.ConfidenceOfWord(o.Confidence), Tools: 1, Context: l.context})
	f.Score, f.Priority = fact.Number(score), fact.Word(priority.String())
	l.findings[k] = &f
	l.order = append(l.order, k)
	return nil
}

func (l *localFacts) place(f *fact.Finding, o *finding.Observation) {
	f.Path, f.URL, f.Resource = o.Location.Path, o.Location.URL, o.Location.Resource
}

// Component implements format.Sink.
func (l *localFacts) Component(finding.Component) error { return nil }

// Depend implements format.Sink.
func (l *localFacts) Depend(string, []string) error { return nil }

// Quarantine implements format.Sink.
func (l *localFacts) Quarantine(format.Fault) error { l.faults++; return nil }

func (l *localFacts) facts(app fact.App) gate.Facts {
	fs := make([]fact.Finding, 0, len(l.order))
	for _, k := range l.order {
		fs = append(fs, *l.findings[k])
	}
	asset := fact.Asset{ID: localAsset, Name: app.Name, Kind: fact.Word(estate.Repository), Ref: l.ref}
	return gate.Facts{App: app, Assets: []gate.AssetFacts{{Asset: asset, Findings: fs}}, Scans: l.scans}
}
