package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// CarryOver records decisions and notes that were made elsewhere, with who
// made them and when, and returns how many of them were news. A decision that
// was made here later stays; what is known already changes nothing. by is who
// brings them.
func (d *DB) CarryOver(ctx context.Context, t tenant.ID, items []finding.Carried, by string, at time.Time) (int, error) {
	changed := 0
	err := d.withTx(ctx, t, func(x *applyTx) error {
		assets := map[int64][]finding.ID{}
		var events []apply.Event
		for i := range items {
			c := &items[i]
			rows, err := x.LoadFindings(ctx, []finding.ID{c.Finding})
			if err != nil {
				return errors.Join(posture.ErrNotFound, err)
			}
			if dec := c.Decision; dec != nil && news(rows[0].Triage, dec, at) {
				if err := x.setTriage(c.Finding, dec); err != nil {
					return err
				}
				assets[rows[0].Asset] = append(assets[rows[0].Asset], c.Finding)
				events = append(events, apply.Event{Finding: c.Finding, Valid: dec.At, Type: apply.EventTriaged, By: dec.By, Detail: fmt.Sprintf("%s: %s (carried over by %s)", dec.Status, dec.Reason, by)})
				changed++
			}
			for _, n := range c.Notes {
				var known bool
				if err := x.row(`SELECT EXISTS (SELECT 1 FROM event WHERE tenant_id = ? AND finding_id = ? AND type = ? AND valid_at = ? AND by = ? AND detail = ?)`,
					[]any{x.t, c.Finding[:], string(apply.EventNoted), millis(n.At), n.By, n.Text}, &known); err != nil {
					return err
				}
				if !known {
					events = append(events, apply.Event{Finding: c.Finding, Valid: n.At, Type: apply.EventNoted, By: n.By, Detail: n.Text})
					changed++
				}
			}
		}
		for asset, ids := range assets {
			if _, err := apply.RefreshAsset(ctx, x, asset, ids, at); err != nil {
				return err
			}
		}
		return x.AppendEvents(ctx, "", events)
	})
	if err != nil {
		return 0, err
	}
	return changed, nil
}

// news reports whether a decision from elsewhere says something that is not
// known here and not outdated by a later word.
func news(was *finding.Triage, d *finding.Triage, now time.Time) bool {
	if !d.Until.IsZero() && !d.Until.After(now) {
		return false
	}
	if was == nil {
		return true
	}
	if was.At.After(d.At) {
		return false
	}
	return was.Status != d.Status || was.Reason != d.Reason || was.By != d.By || !was.Until.Equal(d.Until.Truncate(time.Millisecond))
}
