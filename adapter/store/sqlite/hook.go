package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// AddHook keeps an address that takes signed reports.
func (d *DB) AddHook(ctx context.Context, t tenant.ID, h posture.Hook) error {
	fields, err := json.Marshal(h.Fields)
	if err != nil {
		return err
	}
	if _, err = d.write.ExecContext(ctx, `INSERT INTO hook (tenant_id, id, name, fields, secret, by, at) VALUES (?, ?, ?, ?, ?, ?, ?)`, t, h.ID, h.Name, fields, h.Secret, h.By, millis(h.At)); err != nil {
		return fmt.Errorf("add hook %q: %w", h.Name, err)
	}
	return nil
}

// Hooks lists a tenant's addresses by name.
func (d *DB) Hooks(ctx context.Context, t tenant.ID) ([]posture.Hook, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT tenant_id, id, name, fields, secret, by, at FROM hook WHERE tenant_id = ? ORDER BY name, id`, t)
	if err != nil {
		return nil, fmt.Errorf("list hooks: %w", err)
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (posture.Hook, error) {
		_, h, err := scanHook(r)
		return h, err
	})
}

// Hook finds an address by its id, which tells the tenant. It returns
// posture.ErrNotFound when there is none.
func (d *DB) Hook(ctx context.Context, id string) (tenant.ID, posture.Hook, error) {
	t, h, err := scanHook(d.read.QueryRowContext(ctx, `SELECT tenant_id, id, name, fields, secret, by, at FROM hook WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = posture.ErrNotFound
	}
	return t, h, err
}

func scanHook(r interface{ Scan(...any) error }) (t tenant.ID, h posture.Hook, err error) {
	var at int64
	var fields []byte
	if err = r.Scan(&t, &h.ID, &h.Name, &fields, &h.Secret, &h.By, &at); err != nil {
		return t, h, err
	}
	h.At = fromMillis(at)
	return t, h, json.Unmarshal(fields, &h.Fields)
}

// RemoveHook ends an address. It returns posture.ErrNotFound when there is
// none by that id.
func (d *DB) RemoveHook(ctx context.Context, t tenant.ID, id string) error {
	res, err := d.write.ExecContext(ctx, `DELETE FROM hook WHERE tenant_id = ? AND id = ?`, t, id)
	if err != nil {
		return fmt.Errorf("remove hook: %w", err)
	}
	if n, err := res.RowsAffected(); n > 0 || err != nil {
		return err
	}
	return posture.ErrNotFound
}
