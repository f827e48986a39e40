-- +goose Up
-- What assets are known as besides their name: "image:registry/shop",
-- "purl:pkg:npm/shop", "repository:host/path", "digest:sha256:…". version and
-- digest are those of the newest scan.
CREATE TABLE asset_alias (
  tenant_id INTEGER NOT NULL, alias TEXT NOT NULL, asset_id INTEGER NOT NULL,
  version TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, alias, asset_id)
) WITHOUT ROWID;
CREATE INDEX asset_alias_asset ON asset_alias (tenant_id, asset_id);

-- VEX statements. subject is the alias of the product, or "asset:7" when the
-- document names none. Append-only: of one author the newest counts.
CREATE TABLE statement (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, subject TEXT NOT NULL, product_version TEXT NOT NULL,
  advisory TEXT NOT NULL, names TEXT NOT NULL, -- space between ids
  ecosystem TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  state INTEGER NOT NULL, justification TEXT NOT NULL, detail TEXT NOT NULL, author TEXT NOT NULL,
  stated_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, report_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX statement_once ON statement (tenant_id, subject, advisory, ecosystem, grp, name, version, product_version, author, stated_at, state);

-- Whose statements are trusted how much; the first pattern that fits decides.
CREATE TABLE author_trust (
  tenant_id INTEGER NOT NULL, n INTEGER NOT NULL, pattern TEXT NOT NULL, trust INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, n)
) WITHOUT ROWID;
