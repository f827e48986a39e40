package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
)

// Secrets are random and long, so a plain hash keeps them: there is nothing
// to guess. The record never sees one in clear again.
func secretHash(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// Principal is who stands behind a session or token.
type Principal struct {
	Tenant tenant.ID
	Name   string
	Scopes []string
}

// ErrDenied says that a secret is unknown, used up or expired.
var ErrDenied = errors.New("denied")

// AddSignIn keeps the code of a one-time sign-in link.
func (d *DB) AddSignIn(ctx context.Context, code string, p Principal, expires time.Time) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO signin (hash, tenant_id, name, expires_at) VALUES (?, ?, ?, ?)`, secretHash(code), p.Tenant, p.Name, millis(expires))
	return err
}

// Redeem ends a sign-in code and begins a session, in one transaction: a code
// works once.
func (d *DB) Redeem(ctx context.Context, code, secret string, scopes []string, at, expires time.Time) error {
	return d.inTx(ctx, func(tx *sql.Tx) error {
		var t tenant.ID
		var name string
		err := tx.QueryRowContext(ctx, `DELETE FROM signin WHERE hash = ? AND expires_at > ? RETURNING tenant_id, name`, secretHash(code), millis(at)).Scan(&t, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrDenied
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO session (hash, tenant_id, name, scopes, expires_at) VALUES (?, ?, ?, ?, ?)`, secretHash(secret), t, name, strings.Join(scopes, " "), millis(expires))
		return err
	})
}

// Identify returns who a session's or token's secret belongs to.
func (d *DB) Identify(ctx context.Context, secret string, at time.Time) (Principal, error) {
	var p Principal
	if secret == "" {
		return p, ErrDenied
	}
	var scopes string
	h := secretHash(secret)
	err := d.read.QueryRowContext(ctx, `SELECT tenant_id, name, scopes FROM session WHERE hash = ? AND expires_at > ?
		UNION ALL SELECT tenant_id, name, scopes FROM token WHERE hash = ? AND expires_at > ?`, h, millis(at), h, millis(at)).Scan(&p.Tenant, &p.Name, &scopes)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrDenied
	}
	p.Scopes = strings.Fields(scopes)
	return p, err
}

// UsedToken notes when a token was used last; it is called now and then, not
// at every request.
func (d *DB) UsedToken(ctx context.Context, secret string, at time.Time) error {
	_, err := d.write.ExecContext(ctx, `UPDATE token SET used_at = ? WHERE hash = ?`, millis(at), secretHash(secret))
	return err
}

// SignOut ends a session.
func (d *DB) SignOut(ctx context.Context, secret string) error {
	_, err := d.write.ExecContext(ctx, `DELETE FROM session WHERE hash = ?`, secretHash(secret))
	return err
}

// TokenRow is a token without its secret.
type TokenRow struct {
	ID, Name               string
	Scopes                 []string
	Created, Expires, Used time.Time
}

// AddToken keeps a token's hash.
func (d *DB) AddToken(ctx context.Context, t tenant.ID, secret, by string, r TokenRow) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO token (tenant_id, id, hash, name, scopes, made_by, created_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		t, r.ID, secretHash(secret), r.Name, strings.Join(r.Scopes, " "), by, millis(r.Created), millis(r.Expires))
	return err
}

// Tokens lists the tokens of a tenant.
func (d *DB) Tokens(ctx context.Context, t tenant.ID) ([]TokenRow, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT id, name, scopes, created_at, expires_at, used_at FROM token WHERE tenant_id = ? ORDER BY created_at`, t)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (TokenRow, error) {
		var v TokenRow
		var scopes string
		var created, expires, used int64
		err := r.Scan(&v.ID, &v.Name, &scopes, &created, &expires, &used)
		v.Scopes, v.Created, v.Expires, v.Used = strings.Fields(scopes), fromMillis(created), fromMillis(expires), fromMillis(used)
		return v, err
	})
}

// RevokeToken ends a token; false when there is none by that id.
func (d *DB) RevokeToken(ctx context.Context, t tenant.ID, id string) (bool, error) {
	res, err := d.write.ExecContext(ctx, `DELETE FROM token WHERE tenant_id = ? AND id = ?`, t, id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Policy returns the tenant's policy text, or "" while it uses the default.
func (d *DB) Policy(ctx context.Context, t tenant.ID) (source string, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT source FROM policy WHERE tenant_id = ? ORDER BY version DESC LIMIT 1`, t).Scan(&source)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return source, err
}

// SetPolicy adds a version of the policy text; older ones stay.
func (d *DB) SetPolicy(ctx context.Context, t tenant.ID, source, by string, at time.Time) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO policy (tenant_id, version, source, by, at) SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4 FROM policy WHERE tenant_id = ?1`, t, source, by, millis(at))
	return err
}

// tenants lists the tenants that the record knows; the first is always there.
func (d *DB) tenants(ctx context.Context) ([]tenant.ID, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT DISTINCT tenant_id FROM application WHERE tenant_id <> ? ORDER BY 1`, tenant.Default)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	more, err := collect(rows, func(r interface{ Scan(...any) error }) (tenant.ID, error) {
		var t tenant.ID
		return t, r.Scan(&t)
	})
	return append([]tenant.ID{tenant.Default}, more...), err
}
