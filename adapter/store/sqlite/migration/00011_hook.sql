-- +goose Up
-- Addresses that take signed reports. The secret is encrypted with the
-- tenant's key.
CREATE TABLE hook (
  tenant_id INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, secret BLOB NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
-- An address tells its caller's tenant.
CREATE UNIQUE INDEX hook_id ON hook (id);
