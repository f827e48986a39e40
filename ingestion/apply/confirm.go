package apply

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
)

// Confirm lets a held report close what it no longer has, because a person
// says that the report is right.
func (a *Applier) Confirm(ctx context.Context, t tenant.ID, report, by string, at time.Time) error {
	return a.Store.Apply(ctx, t, func(tx Tx) error {
		series, err := tx.Confirm(ctx, report, by)
		if err != nil {
			return err
		}
		for _, s := range series {
			if err := refold(ctx, tx, s, report, by, "confirmed by a person", at); err != nil {
				return err
			}
		}
		return nil
	})
}

// refold computes the presence of a series anew from all its scans and brings
// the findings after it; why is said in the history of those that it closes.
func refold(ctx context.Context, tx Tx, s Series, report, by, why string, at time.Time) error {
	sets, err := tx.ScanSets(ctx, s.ID)
	if err != nil {
		return err
	}
	before := s.Present
	var held map[int64]string
	s.Present, held = Fold(sets)
	if err := tx.Settle(ctx, s.ID, holdings(sets)); err != nil {
		return err
	}
	s.Count, s.FirstAt, s.LastAt, s.LastFull = len(sets), time.Time{}, time.Time{}, time.Time{}
	for _, set := range inOrder(sets) {
		if s.FirstAt.IsZero() {
			s.FirstAt = set.At
		}
		s.LastAt = set.At
	}
	for _, set := range sets {
		if set.Full && held[set.ID] == "" && set.At.After(s.LastFull) {
			s.LastFull = set.At
		}
	}
	if err := tx.SaveSeries(ctx, s); err != nil {
		return err
	}
	moved := roaring.Xor(before, s.Present)
	var ids []finding.ID
	if err := tx.EachSighting(ctx, s.ID, func(s *Sighting) {
		if moved.Contains(s.N) {
			ids = append(ids, s.Finding)
		}
	}); err != nil {
		return err
	}
	turns, err := RefreshAsset(ctx, tx, s.Asset, unique(ids), at)
	if err != nil {
		return err
	}
	valid := validTimes(sets, s.ID, turns)
	var es []Event
	for _, turn := range turns {
		e := Event{Finding: turn.Finding, Valid: at, By: by}
		e.Type, e.Detail = turn.tell()
		if when, ok := valid[turn.Finding]; ok {
			e.Valid = when
		}
		if e.Detail == "" {
			e.Detail = why
		}
		es = append(es, e)
	}
	return tx.AppendEvents(ctx, report, es)
}

// RefreshAsset derives findings of one asset anew from their evidence.
func RefreshAsset(ctx context.Context, tx Tx, asset int64, ids []finding.ID, now time.Time) ([]StatusTurn, error) {
	t, err := tx.TargetOf(ctx, asset)
	if err != nil {
		return nil, err
	}
	series, err := tx.AssetSeries(ctx, asset)
	if err != nil {
		return nil, err
	}
	bit, err := toolBits(ctx, tx, series)
	if err != nil {
		return nil, err
	}
	stated, err := tx.AssetStatements(ctx, asset)
	if err != nil {
		return nil, err
	}
	r := &Refresher{Tx: tx, Series: series, ToolBit: bit, DefaultRef: t.DefaultRef, Context: t.Context, Statements: finding.NewStatements(stated), Now: now}
	return r.Refresh(ctx, ids)
}
