-- +goose Up
-- How often work on a report was begun and did not end in order: the process
-- died over it. Written before the work begins, taken back when it ends.
ALTER TABLE report ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;

-- What waits, with its size: the bounds of the queue are read from this index
-- alone.
CREATE INDEX report_backlog ON report (tenant_id, size) WHERE state = 'accepted';
