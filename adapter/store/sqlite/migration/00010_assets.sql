-- +goose Up
-- Finds an asset whatever application it is under: reports that no sender
-- places go to the one that is known.
CREATE INDEX asset_known ON asset (tenant_id, kind, name);
-- An asset that moves to another application takes its reports along.
CREATE INDEX report_asset ON report (tenant_id, asset_id);
