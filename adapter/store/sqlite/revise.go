package sqlite

import (
	"context"
	"fmt"

	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Earlier implements apply.Revisions.
func (x *applyTx) Earlier(_ context.Context, report string) ([]apply.Earlier, error) {
	if err := x.exec(`DELETE FROM quarantine WHERE tenant_id = ? AND report_id = ?`, x.t, report); err != nil {
		return nil, err
	}
	st, err := x.stmt(`SELECT ` + setColumns + `, c.series_id, s.asset_id FROM scan c JOIN series s ON s.tenant_id = c.tenant_id AND s.id = c.series_id WHERE c.tenant_id = ? AND c.report_id = ? ORDER BY c.id`)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, report)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (e apply.Earlier, err error) {
		return e, scanSet(&e.ScanSet, r.Scan, &e.Series.ID, &e.Series.Asset)
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		st, err := x.stmt("SELECT " + seriesColumns + " WHERE s.tenant_id = ? AND s.id = ?")
		if err != nil {
			return nil, err
		}
		if list[i].Series, err = scanSeries(st.QueryRowContext(x.ctx, x.t, list[i].Series.ID)); err != nil {
			return nil, fmt.Errorf("load the series of report %s: %w", report, err)
		}
	}
	return list, nil
}

// ReplaceScan implements apply.Revisions.
func (x *applyTx) ReplaceScan(_ context.Context, s apply.Scan) error {
	seen, err := bitmapBytes(s.Seen)
	if err != nil {
		return err
	}
	gone, err := bitmapBytes(s.Gone)
	if err != nil {
		return err
	}
	return x.exec(`UPDATE scan SET at = ?, full = ?, confirmed = ?, doubt = ?, seen = ?, gone = ?, tool_version = ?, commit_id = ?, digest = ?, held = ? WHERE tenant_id = ? AND id = ?`,
		millis(s.At), s.Full, s.Confirmed, s.Doubt, seen, gone, s.Version, s.Commit, s.Digest, s.Held, x.t, s.ID)
}

// DropScan implements apply.Revisions.
func (x *applyTx) DropScan(_ context.Context, id int64) error {
	return x.exec(`DELETE FROM scan WHERE tenant_id = ? AND id = ?`, x.t, id)
}

// standing is a scan with why it is held.
type standing struct {
	id     int64
	report string
	held   string
}

// Settle implements apply.Revisions.
func (x *applyTx) Settle(_ context.Context, series int64, hs []apply.Holding) error {
	why := make(map[int64]apply.Holding, len(hs))
	for _, h := range hs {
		why[h.Scan] = h
	}
	st, err := x.stmt(`SELECT id, report_id, held FROM scan WHERE tenant_id = ? AND series_id = ?`)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(x.ctx, x.t, series)
	if err != nil {
		return err
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (s standing, err error) {
		return s, r.Scan(&s.id, &s.report, &s.held)
	})
	if err != nil {
		return err
	}
	for _, s := range list {
		h := why[s.id]
		if h.Why == s.held {
			continue
		}
		if err := x.exec(`UPDATE scan SET held = ? WHERE tenant_id = ? AND id = ?`, h.Why, x.t, s.id); err != nil {
			return err
		}
		if err := x.restand(s.report, h.Would); err != nil {
			return err
		}
	}
	return nil
}

// restand makes a report held or applied after what its scans are. One that
// waits for a worker is left to its end.
func (x *applyTx) restand(report string, would int64) error {
	var state, why string
	var res []byte
	if err := x.row(`SELECT state, result, coalesce((SELECT max(held) FROM scan c WHERE c.tenant_id = report.tenant_id AND c.report_id = report.id), '') FROM report WHERE tenant_id = ? AND id = ?`,
		[]any{x.t, report}, &state, &res, &why); err != nil {
		return fmt.Errorf("load report %s: %w", report, err)
	}
	next := posture.ReportApplied
	if why != "" {
		next = posture.ReportHeld
	}
	if now := posture.ReportState(state); now == next || now != posture.ReportApplied && now != posture.ReportHeld {
		return nil
	}
	var stored storedResult
	if err := decode(res, &stored); err != nil {
		return fmt.Errorf("read the result of report %s: %w", report, err)
	}
	stored.WouldResolve = would
	res, err := encode(stored)
	if err != nil {
		return fmt.Errorf("keep the result of report %s: %w", report, err)
	}
	return x.exec(`UPDATE report SET state = ?, reason = ?, result = ? WHERE tenant_id = ? AND id = ?`, string(next), why, res, x.t, report)
}
