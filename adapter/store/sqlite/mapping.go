package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Mappings returns the tenant's own format mappings, sorted by name.
func (d *DB) Mappings(ctx context.Context, t tenant.ID) ([]posture.Mapping, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT name, source, by, at FROM mapping WHERE tenant_id = ? ORDER BY name`, t)
	if err != nil {
		return nil, fmt.Errorf("list mappings: %w", err)
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (posture.Mapping, error) {
		var m posture.Mapping
		var at int64
		err := r.Scan(&m.Name, &m.Source, &m.By, &at)
		m.At = fromMillis(at)
		return m, err
	})
}

// SaveMapping adds a mapping or replaces the one of that name.
func (d *DB) SaveMapping(ctx context.Context, t tenant.ID, name, source, by string, at time.Time) error {
	_, err := d.write.ExecContext(ctx, `INSERT OR REPLACE INTO mapping (tenant_id, name, source, by, at) VALUES (?, ?, ?, ?, ?)`, t, name, source, by, millis(at))
	if err != nil {
		return fmt.Errorf("save mapping %q: %w", name, err)
	}
	return nil
}

// RemoveMapping takes a mapping away. It returns posture.ErrNotFound when
// there is none by that name.
func (d *DB) RemoveMapping(ctx context.Context, t tenant.ID, name string) error {
	res, err := d.write.ExecContext(ctx, `DELETE FROM mapping WHERE tenant_id = ? AND name = ?`, t, name)
	if err != nil {
		return fmt.Errorf("remove mapping %q: %w", name, err)
	}
	if n, err := res.RowsAffected(); n > 0 || err != nil {
		return err
	}
	return posture.ErrNotFound
}
