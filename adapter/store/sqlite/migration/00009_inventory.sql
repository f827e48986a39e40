-- +goose Up
-- What people look components up by: "group/name" in lower case. direct is 1
-- when the root depends on it itself, 2 when through others, 0 unsaid.
ALTER TABLE component ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE component ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE component ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;
UPDATE component SET key = lower(CASE grp WHEN '' THEN name ELSE grp || '/' || name END);
DROP INDEX component_name;
CREATE INDEX component_key ON component (tenant_id, key);

-- The series that list components, each with the scan whose list it is.
CREATE TABLE inventory (
  tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, at INTEGER NOT NULL, report_id TEXT NOT NULL, components INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, series_id)
) WITHOUT ROWID;
INSERT INTO inventory (tenant_id, series_id, at, report_id, components)
  SELECT c.tenant_id, c.series_id, s.last_at, '', count(*) FROM component c JOIN series s ON s.tenant_id = c.tenant_id AND s.id = c.series_id GROUP BY c.tenant_id, c.series_id;
