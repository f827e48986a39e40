package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// Statements keeps what VEX documents say, and the names under which they
// mean assets.
type Statements interface {
	// SetAliases notes what an asset is called as of a scan; an older scan
	// changes nothing that a newer one said.
	SetAliases(ctx context.Context, asset int64, as []estate.Alias, at time.Time) error
	// AssetStatements lists the statements about an asset, with the trust
	// that their authors have now.
	AssetStatements(ctx context.Context, asset int64) ([]finding.Statement, error)
	// AddStatements keeps statements that are new and returns the assets that
	// all of them are about now. A statement about an asset that is not known
	// yet waits for it.
	AddStatements(ctx context.Context, report string, ss []AboutProduct) ([]int64, error)
	// Concerned lists the findings of an asset whose flaw has one of the
	// statements' advisories.
	Concerned(ctx context.Context, asset int64, ss []finding.Statement) ([]finding.ID, error)
}

// AboutProduct is a statement with the alias of the product that it is about;
// Asset is set instead when the document was imported for an asset.
type AboutProduct struct {
	finding.Statement
	Product estate.Alias
	Asset   int64
}

// statements gathers what a VEX document says. It makes no findings.
type statements struct {
	run    *format.Run
	at     time.Time
	target int64 // the asset it was imported for; 0 until one is needed
}

// openStatements begins a VEX document.
func (s *session) openStatements(r *format.Run) error {
	if s.now != nil {
		if err := s.turnTo(nil); err != nil {
			return err
		}
	}
	s.vex = &statements{run: r, at: s.scannedAt(r)}
	if s.out.ScannedAt.IsZero() {
		s.out.ScannedAt = s.vex.at
	}
	s.tell(toolName(s.job.Submission.Tool, r.Tool), r.Notes)
	return nil
}

// state takes one statement.
func (s *session) state(o *finding.Observation, advisory string) error {
	v := s.vex
	about := AboutProduct{Statement: finding.Statement{
		Advisory: advisory, Names: o.Advisories, Product: o.Claim.Product, Claim: o.Claim, Author: o.Claim.By, At: o.Claim.At,
	}}
	if about.Author == "" {
		about.Author = v.run.Author
	}
	if about.At.IsZero() || about.At.After(s.job.Received.Add(24*time.Hour)) {
		about.At = v.at
	}
	if o.Component != nil {
		about.Component = *o.Component
	}
	product := estate.Product(about.Statement.Product)
	if image := o.Location.Image; product.Name == "" && image != "" {
		about.Statement.Product, product = image, imageProduct(image)
	}
	// A component that is an image or a repository is the product itself.
	if p := estate.Product(about.Component.PURL); p.Name != "" && !strings.HasPrefix(p.Name, "purl:") {
		about.Component = finding.Component{}
		if about.Claim.Product == "" { // its package URL tells more than a reference: the digest
			product = p
		}
	}
	if said := s.job.Submission.Asset != ""; product.Name == "" || said {
		if err := v.here(s); err != nil {
			return err
		}
		about.Asset, product = v.target, estate.Alias{}
	}
	about.Product = product
	if advisory == "" && len(o.Advisories) == 0 {
		return s.tx.Quarantine(s.ctx, s.job.Report, []format.Fault{{Position: o.Position, Reason: "the statement names no advisory", Raw: o.Raw}})
	}
	s.stated = append(s.stated, about)
	s.out.Statements++
	return nil
}

// imageProduct is the alias of an image that a decoder names. One without a
// registry but with a digest is known by the digest alone: many registries
// hold a "shop".
func imageProduct(reference string) estate.Alias {
	a := estate.AliasOf(estate.Image, reference)
	if a.Digest != "" && !strings.Contains(reference, "/") {
		return estate.Alias{Name: "digest:" + a.Digest, Digest: a.Digest}
	}
	return a
}

// here is the asset that the document was imported for.
func (v *statements) here(s *session) error {
	if v.target != 0 {
		return nil
	}
	application, kind, name, ref := s.target(v.run)
	t, err := s.tx.Target(s.ctx, application, kind, name)
	if err != nil {
		return err
	}
	v.target = t.Asset
	if s.out.Asset == (estate.AssetID{}) {
		s.out.Asset, s.out.Ref = t.AssetID, ref
	}
	return nil
}

// heed keeps the report's statements and brings the findings after them.
func (s *session) heed() error {
	if len(s.stated) == 0 {
		return nil
	}
	assets, err := s.tx.AddStatements(s.ctx, s.job.Report, s.stated)
	if err != nil {
		return fmt.Errorf("keep statements: %w", err)
	}
	plain := make([]finding.Statement, len(s.stated))
	for i := range s.stated {
		plain[i] = s.stated[i].Statement
	}
	for _, asset := range assets {
		turns, err := heedAsset(s.ctx, s.tx, asset, plain, s.job.Report, s.job.Now)
		if err != nil {
			return err
		}
		s.out.Changed += int64(turns)
	}
	return nil
}

// heedAsset derives anew what findings of an asset are by its statements, and
// returns how many changed.
func heedAsset(ctx context.Context, tx Tx, asset int64, ss []finding.Statement, report string, now time.Time) (int, error) {
	ids, err := tx.Concerned(ctx, asset, ss)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	turns, err := RefreshAsset(ctx, tx, asset, ids, now)
	if err != nil {
		return 0, err
	}
	events := make([]Event, 0, len(turns))
	for _, t := range turns {
		e := Event{Finding: t.Finding, Valid: now, By: "vex"}
		e.Type, e.Detail = t.tell()
		if t.Stated != nil {
			e.Valid, e.By = t.Stated.At, t.Stated.Author
		}
		events = append(events, e)
	}
	return len(turns), tx.AppendEvents(ctx, report, events)
}

// Reconsider derives the findings anew that statements bear on, after the
// trust in their authors changed.
func Reconsider(ctx context.Context, tx Tx, assets []int64, now time.Time) error {
	for _, asset := range assets {
		ss, err := tx.AssetStatements(ctx, asset)
		if err != nil {
			return err
		}
		if _, err := heedAsset(ctx, tx, asset, ss, "", now); err != nil {
			return err
		}
	}
	return nil
}

// name notes what an asset is called by a run. When that makes statements
// bear on it that did not before, its findings are looked at again.
func (sc *scan) name(r *format.Run, kind estate.AssetKind, name string) error {
	tx, ctx := sc.s.tx, sc.s.ctx
	before, err := tx.AssetStatements(ctx, sc.target.Asset)
	if err != nil {
		return err
	}
	a := estate.AliasOf(kind, name)
	a.Digest = sc.digest
	if kind == estate.Image {
		a.Version = sc.series.Ref
	}
	as := []estate.Alias{a}
	if kind == estate.Repository {
		as = append(as, estate.Product(name))
	}
	if p := estate.Product(r.Target.PURL); p.Name != "" && p.Name != a.Name {
		as = append(as, p)
	}
	if sc.digest != "" {
		as = append(as, estate.Alias{Name: "digest:" + sc.digest, Digest: sc.digest})
	}
	if err := tx.SetAliases(ctx, sc.target.Asset, as, sc.at); err != nil {
		return err
	}
	after, err := tx.AssetStatements(ctx, sc.target.Asset)
	if err != nil {
		return err
	}
	sc.stated = finding.NewStatements(after)
	if len(before) == len(after) && len(after) == 0 {
		return nil
	}
	sc.s.reconsider = append(sc.s.reconsider, reconsidered{sc.target.Asset, append(before, after...)})
	return nil
}

// reconsidered is an asset whose names a scan may have changed.
type reconsidered struct {
	asset int64
	ss    []finding.Statement
}

// decide derives a status from all there is: presence, triage, what standing
// statements say, and what the tools themselves claim.
func decide(present bool, triage *finding.Triage, standing []finding.Statement, claim finding.Claim) (finding.Status, finding.Authority) {
	if c := finding.Stated(standing); c.State != finding.ClaimNone {
		claim = c
	}
	return finding.Decide(present, triage, claim)
}
