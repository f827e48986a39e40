-- +goose Up
-- The system of record. Every key starts with the tenant. Times are UTC
-- milliseconds. Numbers named *_id count within their tenant; uid columns are
-- the UUIDv7 that the outside sees.

CREATE TABLE application (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, uid BLOB NOT NULL,
  key TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, unit TEXT NOT NULL, owner TEXT NOT NULL,
  criticality INTEGER NOT NULL, data INTEGER NOT NULL, exposure INTEGER NOT NULL, environment INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX application_key ON application (tenant_id, key);

CREATE TABLE asset (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, uid BLOB NOT NULL, application_id INTEGER NOT NULL,
  kind TEXT NOT NULL, name TEXT NOT NULL, default_ref TEXT NOT NULL, pinned_ref INTEGER NOT NULL, created_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 0, -- counts changes of the asset's findings
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX asset_name ON asset (tenant_id, application_id, kind, name);
CREATE UNIQUE INDEX asset_uid ON asset (tenant_id, uid);

CREATE TABLE tool (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX tool_name ON tool (tenant_id, name);

-- A series is a row of scans that replace each other: one tool and category
-- on one ref of one asset. present is the bitmap of sightings that are there.
CREATE TABLE series (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, asset_id INTEGER NOT NULL,
  ref TEXT NOT NULL, tool_id INTEGER NOT NULL, category TEXT NOT NULL,
  next INTEGER NOT NULL, present BLOB NOT NULL, scans INTEGER NOT NULL,
  first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, last_full INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX series_target ON series (tenant_id, asset_id, ref, tool_id, category);

CREATE TABLE scan (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, series_id INTEGER NOT NULL, report_id TEXT NOT NULL,
  at INTEGER NOT NULL, full INTEGER NOT NULL, confirmed INTEGER NOT NULL, doubt TEXT NOT NULL,
  seen BLOB NOT NULL, gone BLOB NOT NULL, tool_version TEXT NOT NULL, commit_id TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX scan_series ON scan (tenant_id, series_id, at);
CREATE INDEX scan_report ON scan (tenant_id, report_id);

-- What is wrong, apart from where. Texts stand here once.
CREATE TABLE flaw (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, key BLOB NOT NULL,
  kind INTEGER NOT NULL, title TEXT NOT NULL, advisory TEXT NOT NULL, cwe INTEGER NOT NULL, component TEXT NOT NULL,
  search TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX flaw_key ON flaw (tenant_id, key);

-- Words that find flaws: adv:CVE-…, cwe:79, pkg:name, chk:id.
CREATE TABLE flaw_term (
  tenant_id INTEGER NOT NULL, term TEXT NOT NULL, flaw_id INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, term, flaw_id)
) WITHOUT ROWID;

CREATE TABLE finding (
  tenant_id INTEGER NOT NULL, id BLOB NOT NULL, asset_id INTEGER NOT NULL, application_id INTEGER NOT NULL, flaw_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, severity INTEGER NOT NULL,
  status INTEGER NOT NULL, -- +16: on other refs than the default one only
  decided INTEGER NOT NULL, score INTEGER NOT NULL, -- tenths
  priority INTEGER NOT NULL, kev INTEGER NOT NULL, fixable INTEGER NOT NULL, tools INTEGER NOT NULL,
  place TEXT NOT NULL, line INTEGER NOT NULL, first_seen INTEGER NOT NULL, report_no INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX finding_rank ON finding (tenant_id, status, severity, score);
CREATE INDEX finding_application ON finding (tenant_id, application_id, status, severity, score);
CREATE INDEX finding_flaw ON finding (tenant_id, flaw_id);
CREATE INDEX finding_asset ON finding (tenant_id, asset_id, status, score);

CREATE TABLE triage (
  tenant_id INTEGER NOT NULL, finding_id BLOB NOT NULL,
  status INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, finding_id)
) WITHOUT ROWID;

-- One observation of a series: that this tool on this ref reports that
-- finding. The observation itself is in a chunk.
CREATE TABLE sighting (
  tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, n INTEGER NOT NULL, asset_id INTEGER NOT NULL, finding_id BLOB NOT NULL,
  key BLOB NOT NULL, text INTEGER NOT NULL, line INTEGER NOT NULL, tool INTEGER NOT NULL, moved INTEGER NOT NULL, near INTEGER NOT NULL, content INTEGER NOT NULL,
  chunk_id INTEGER NOT NULL, idx INTEGER NOT NULL, severity INTEGER NOT NULL, claim INTEGER NOT NULL, joined INTEGER NOT NULL, recipe INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, series_id, n)
) WITHOUT ROWID;
CREATE INDEX sighting_key ON sighting (tenant_id, asset_id, key);
CREATE INDEX sighting_finding ON sighting (tenant_id, finding_id);

CREATE TABLE chunk (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- Append-only, with valid time (when it was so) and recorded time.
CREATE TABLE event (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, finding_id BLOB NOT NULL, type TEXT NOT NULL,
  valid_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, by TEXT NOT NULL, report_id TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX event_finding ON event (tenant_id, finding_id);
CREATE INDEX event_report ON event (tenant_id, report_id, type);

-- Counts that lists and dashboards read instead of findings.
CREATE TABLE tally (
  tenant_id INTEGER NOT NULL, application_id INTEGER NOT NULL, asset_id INTEGER NOT NULL, status INTEGER NOT NULL, severity INTEGER NOT NULL,
  kind INTEGER NOT NULL, priority INTEGER NOT NULL, kev INTEGER NOT NULL, fixable INTEGER NOT NULL, tools INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, application_id, asset_id, status, severity, kind, priority, kev, fixable, tools)
) WITHOUT ROWID;
CREATE TABLE activity (
  tenant_id INTEGER NOT NULL, day INTEGER NOT NULL, type TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, day, type)
) WITHOUT ROWID;

CREATE TABLE report (
  tenant_id INTEGER NOT NULL, id TEXT NOT NULL, no INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, blob TEXT NOT NULL,
  size INTEGER NOT NULL, target TEXT NOT NULL, -- digest of what the sender said of the target
  submission BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, format TEXT NOT NULL, confidence INTEGER NOT NULL,
  application_key TEXT NOT NULL, asset_id INTEGER NOT NULL, by TEXT NOT NULL, received_at INTEGER NOT NULL, scanned_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
  result BLOB NOT NULL, duplicate_of TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX report_no ON report (tenant_id, no);
CREATE INDEX report_target ON report (tenant_id, digest, target);
CREATE INDEX report_waiting ON report (tenant_id, no) WHERE state = 'accepted';
CREATE INDEX report_application ON report (tenant_id, application_key, no);
CREATE TABLE request (
  tenant_id INTEGER NOT NULL, key TEXT NOT NULL, reports TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;
CREATE TABLE quarantine (
  tenant_id INTEGER NOT NULL, report_id TEXT NOT NULL, n INTEGER NOT NULL,
  record INTEGER NOT NULL, offset INTEGER NOT NULL, pointer TEXT NOT NULL, reason TEXT NOT NULL, raw BLOB NOT NULL,
  PRIMARY KEY (tenant_id, report_id, n)
) WITHOUT ROWID;

-- Inventory of the last scan of a series.
CREATE TABLE component (
  tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, n INTEGER NOT NULL, ref TEXT NOT NULL, purl TEXT NOT NULL,
  ecosystem TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL, licences TEXT NOT NULL,
  PRIMARY KEY (tenant_id, series_id, n)
) WITHOUT ROWID;
CREATE INDEX component_name ON component (tenant_id, name);
CREATE TABLE dependency (
  tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, ref TEXT NOT NULL, on_ref TEXT NOT NULL,
  PRIMARY KEY (tenant_id, series_id, ref, on_ref)
) WITHOUT ROWID;

CREATE TABLE policy (
  tenant_id INTEGER NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, version)
) WITHOUT ROWID;

CREATE TABLE token (
  tenant_id INTEGER NOT NULL, id TEXT NOT NULL, hash BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
  made_by TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX token_hash ON token (hash);
CREATE TABLE session (
  hash BLOB PRIMARY KEY, tenant_id INTEGER NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE signin (
  hash BLOB PRIMARY KEY, tenant_id INTEGER NOT NULL, name TEXT NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Public facts from feeds: reference data, the same for every tenant.
CREATE TABLE signal (
  cve TEXT NOT NULL, feed INTEGER NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (cve, feed)
) WITHOUT ROWID;
CREATE TABLE alias (
  id TEXT NOT NULL, other TEXT NOT NULL,
  PRIMARY KEY (id, other)
) WITHOUT ROWID;
CREATE TABLE feed (
  feed TEXT PRIMARY KEY, as_of INTEGER NOT NULL, imported_at INTEGER NOT NULL, rows INTEGER NOT NULL, validator TEXT NOT NULL
) WITHOUT ROWID;
