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

// Triage sets the decision on findings, or with a nil decision takes it back,
// and returns how many it changed. Unknown ids are refused as a whole.
func (d *DB) Triage(ctx context.Context, t tenant.ID, ids []finding.ID, decision *finding.Triage, by, reason string, at time.Time) (int, error) {
	changed := 0
	err := d.withTx(ctx, t, func(x *applyTx) error {
		assets := map[int64][]finding.ID{}
		var events []apply.Event
		for _, id := range ids {
			rows, err := x.LoadFindings(ctx, []finding.ID{id})
			if err != nil {
				return errors.Join(posture.ErrNotFound, err)
			}
			was := rows[0].Triage
			if was == nil && decision == nil || was != nil && decision != nil && was.Status == decision.Status && was.Reason == decision.Reason && was.Until.Equal(decision.Until) {
				continue
			}
			e := apply.Event{Finding: id, Valid: at, Type: apply.EventTriageRemoved, By: by, Detail: reason}
			if decision != nil {
				e.Type, e.Detail = apply.EventTriaged, fmt.Sprintf("%s: %s", decision.Status, reason)
			}
			if err := x.setTriage(id, decision); err != nil {
				return err
			}
			assets[rows[0].Asset] = append(assets[rows[0].Asset], id)
			events = append(events, e)
			changed++
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

func (x *applyTx) setTriage(id finding.ID, t *finding.Triage) error {
	if t == nil {
		return x.exec(`DELETE FROM triage WHERE tenant_id = ? AND finding_id = ?`, x.t, id[:])
	}
	return x.exec(`INSERT OR REPLACE INTO triage (tenant_id, finding_id, status, reason, by, at, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		x.t, id[:], code(statusCodes, t.Status), t.Reason, t.By, millis(t.At), millis(t.Until))
}

// ExpireTriage ends the decisions whose time has come and returns how many.
func (d *DB) ExpireTriage(ctx context.Context, t tenant.ID, now time.Time) (int, error) {
	n := 0
	err := d.withTx(ctx, t, func(x *applyTx) error {
		st, err := x.stmt(`SELECT f.asset_id, f.id FROM triage t JOIN finding f ON f.tenant_id = t.tenant_id AND f.id = t.finding_id WHERE t.tenant_id = ? AND t.until > 0 AND t.until <= ?`)
		if err != nil {
			return err
		}
		rows, err := st.QueryContext(x.ctx, x.t, millis(now))
		if err != nil {
			return err
		}
		type due struct {
			asset int64
			id    finding.ID
		}
		list, err := collect(rows, func(r interface{ Scan(...any) error }) (due, error) {
			var v due
			var id []byte
			err := r.Scan(&v.asset, &id)
			copy(v.id[:], id)
			return v, err
		})
		if err != nil {
			return err
		}
		n = len(list)
		var events []apply.Event
		for _, v := range list {
			if err := x.setTriage(v.id, nil); err != nil {
				return err
			}
			if _, err := apply.RefreshAsset(ctx, x, v.asset, []finding.ID{v.id}, now); err != nil {
				return err
			}
			events = append(events, apply.Event{Finding: v.id, Valid: now, Type: apply.EventTriageRemoved, By: "stance", Detail: "its time ended"})
		}
		return x.AppendEvents(ctx, "", events)
	})
	return n, err
}
