package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

const counterpartColumns = `kind, id, uid, parent, name, data, created_at FROM counterpart`

func scanCounterpart(row interface{ Scan(...any) error }) (estate.Counterpart, error) {
	var c estate.Counterpart
	var created int64
	err := row.Scan(&c.Kind, &c.ID, &c.UID, &c.Parent, &c.Name, &c.Data, &created)
	c.Created = fromMillis(created)
	return c, err
}

// Number returns the counterparts with these names, in their order, and makes
// those that are new. What is all known is only read.
func (d *DB) Number(ctx context.Context, t tenant.ID, kind string, parent int64, names []string) ([]estate.Counterpart, error) {
	out := make([]estate.Counterpart, len(names))
	missing := false
	for i, name := range names {
		c, err := scanCounterpart(d.read.QueryRowContext(ctx, "SELECT "+counterpartColumns+" WHERE tenant_id = ? AND kind = ? AND parent = ? AND name = ?", t, kind, parent, name))
		if errors.Is(err, sql.ErrNoRows) {
			missing = true
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("number %s %q: %w", kind, name, err)
		}
		out[i] = c
	}
	if !missing {
		return out, nil
	}
	err := d.withTx(ctx, t, func(x *applyTx) error {
		for i, name := range names {
			if out[i].ID != 0 {
				continue
			}
			var err error
			if out[i], err = x.number(kind, parent, name); err != nil {
				return fmt.Errorf("number %s %q: %w", kind, name, err)
			}
		}
		return nil
	})
	return out, err
}

func (x *applyTx) number(kind string, parent int64, name string) (estate.Counterpart, error) {
	c := estate.Counterpart{Kind: kind, UID: uuid.Must(uuid.NewV7()).String(), Parent: parent, Name: name, Data: []byte("{}"), Created: fromMillis(x.now)}
	if err := x.exec(`INSERT INTO counterpart (tenant_id, kind, id, uid, parent, name, data, created_at)
		SELECT ?1, ?2, coalesce(max(id), 0) + 1, ?3, ?4, ?5, ?6, ?7 FROM counterpart WHERE tenant_id = ?1 AND kind = ?2
		ON CONFLICT (tenant_id, kind, parent, name) DO NOTHING`, x.t, kind, c.UID, parent, name, c.Data, x.now); err != nil {
		return c, err
	}
	st, err := x.stmt("SELECT " + counterpartColumns + " WHERE tenant_id = ? AND kind = ? AND parent = ? AND name = ?")
	if err != nil {
		return c, err
	}
	return scanCounterpart(st.QueryRowContext(x.ctx, x.t, kind, parent, name))
}

// Counterpart returns one by its number or posture.ErrNotFound.
func (d *DB) Counterpart(ctx context.Context, t tenant.ID, kind string, id int64) (estate.Counterpart, error) {
	return foundCounterpart(scanCounterpart(d.read.QueryRowContext(ctx, "SELECT "+counterpartColumns+" WHERE tenant_id = ? AND kind = ? AND id = ?", t, kind, id)))
}

// CounterpartByUID returns one by its UUID or posture.ErrNotFound.
func (d *DB) CounterpartByUID(ctx context.Context, t tenant.ID, uid string) (estate.Counterpart, error) {
	return foundCounterpart(scanCounterpart(d.read.QueryRowContext(ctx, "SELECT "+counterpartColumns+" WHERE tenant_id = ? AND uid = ?", t, uid)))
}

func foundCounterpart(c estate.Counterpart, err error) (estate.Counterpart, error) {
	if errors.Is(err, sql.ErrNoRows) {
		err = posture.ErrNotFound
	}
	return c, err
}

// Counterparts lists all of a kind by number; a parent of -1 means any.
func (d *DB) Counterparts(ctx context.Context, t tenant.ID, kind string, parent int64) ([]estate.Counterpart, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT "+counterpartColumns+" WHERE tenant_id = ? AND kind = ? AND (? < 0 OR parent = ?) ORDER BY id", t, kind, parent, parent)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanCounterpart)
}

// KeepCounterpart replaces what its door keeps of it.
func (d *DB) KeepCounterpart(ctx context.Context, t tenant.ID, c estate.Counterpart) error {
	_, err := d.write.ExecContext(ctx, `UPDATE counterpart SET data = ? WHERE tenant_id = ? AND kind = ? AND id = ?`, c.Data, t, c.Kind, c.ID)
	return err
}
