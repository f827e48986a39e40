-- +goose Up
-- Format mappings of a tenant's own, beside those that Stance comes with.
CREATE TABLE mapping (
  tenant_id INTEGER NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;
