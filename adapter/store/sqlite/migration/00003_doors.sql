-- +goose Up
-- What clients of another product's API call by a number or a UUID: its
-- product types, products, engagements, tests, findings, projects. data is
-- JSON that the door which made the row keeps.
CREATE TABLE counterpart (
  tenant_id INTEGER NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, uid TEXT NOT NULL,
  parent INTEGER NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX counterpart_name ON counterpart (tenant_id, kind, parent, name);
CREATE UNIQUE INDEX counterpart_uid ON counterpart (tenant_id, uid);
