-- +goose Up
-- Finds an asset whatever application it is under: reports that no sender
-- places go to the one that is known.
CREATE INDEX asset_known ON asset (tenant_id, kind, name);
-- An asset that moves to another application takes its reports along.
CREATE INDEX report_asset ON report (tenant_id, asset_id);

-- Rules of a tenant's own that place reports whose sender does not. The
-- newest version is in force; older ones stay.
CREATE TABLE asset_rules (
  tenant_id INTEGER NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, version)
) WITHOUT ROWID;
