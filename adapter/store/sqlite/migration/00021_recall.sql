-- +goose Up
-- By series, the digests of the records that its sightings were last read
-- from, 8 bytes each in the order of their numbers. Derived: rows may be
-- deleted at any time, then the next report is read in full.
CREATE TABLE recall (
  tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (tenant_id, series_id, part)
) WITHOUT ROWID;
