-- +goose Up
-- Rules of a tenant's own that place reports whose sender does not. The
-- newest version is in force; older ones stay.
CREATE TABLE asset_rules (
  tenant_id INTEGER NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, version)
) WITHOUT ROWID;
