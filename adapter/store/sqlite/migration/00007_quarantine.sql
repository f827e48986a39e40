-- +goose Up
-- How many parts of a report could not be read, 1 for a report that failed as
-- a whole: the quarantine of all reports is listed from this index.
ALTER TABLE report ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
-- While a report waits to be decoded again: where it stood before.
ALTER TABLE report ADD COLUMN was TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN was_reason TEXT NOT NULL DEFAULT '';
-- Why a scan closes nothing until someone confirms it; '' when it does close.
ALTER TABLE scan ADD COLUMN held TEXT NOT NULL DEFAULT '';

UPDATE report SET unread = CASE WHEN state = 'failed' THEN 1 ELSE
  (SELECT count(*) FROM quarantine q WHERE q.tenant_id = report.tenant_id AND q.report_id = report.id) END;
UPDATE scan SET held = coalesce((SELECT r.reason FROM report r WHERE r.tenant_id = scan.tenant_id AND r.id = scan.report_id AND r.state = 'held'), '')
  WHERE full AND NOT confirmed;
CREATE INDEX report_unread ON report (tenant_id, no) WHERE unread > 0;
