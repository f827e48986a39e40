package sqlite

import (
	"context"
	"fmt"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Tries returns how often work on a report was begun and never ended: each
// time the process died. It is 0 for a report that does not wait.
func (d *DB) Tries(ctx context.Context, t tenant.ID, id string) (n int, err error) {
	if err = d.read.QueryRowContext(ctx, `SELECT tries FROM report WHERE tenant_id = ? AND id = ?`, t, id).Scan(&n); err != nil {
		return 0, fmt.Errorf("load tries of report %s: %w", id, err)
	}
	return n, nil
}

// Begin notes that work on a report begins. The note is durable when Begin
// returns: if the process dies over the report, the next one knows.
func (d *DB) Begin(ctx context.Context, t tenant.ID, id string) error {
	return d.try(ctx, t, id, 1)
}

// Rest takes the note of [DB.Begin] back: the work ended without a result, but
// in order, and will be begun again. A report that is done needs none.
func (d *DB) Rest(ctx context.Context, t tenant.ID, id string) error {
	return d.try(ctx, t, id, -1)
}

func (d *DB) try(ctx context.Context, t tenant.ID, id string, by int) error {
	_, err := d.exec(ctx, `UPDATE report SET tries = max(tries + ?, 0) WHERE tenant_id = ? AND id = ? AND state = ?`,
		by, t, id, string(posture.ReportAccepted))
	if err != nil {
		return fmt.Errorf("count the tries of report %s: %w", id, err)
	}
	return nil
}
