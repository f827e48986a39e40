package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

var _ receive.Ledger = (*DB)(nil)

// Commit implements receive.Ledger.
func (d *DB) Commit(ctx context.Context, t tenant.ID, key string, rs []receive.Accepted) ([]receive.Accepted, error) {
	var out []receive.Accepted
	ctx, end := d.patiently(ctx)
	defer end()
	err := d.withTx(ctx, t, func(x *applyTx) error {
		if key != "" {
			first, err := x.requested(key)
			if err != nil || first != nil {
				out = first
				return err
			}
		}
		if err := x.room(); err != nil {
			return err
		}
		var ids []string
		for _, r := range rs {
			if err := x.commitReport(ctx, &r); err != nil {
				return err
			}
			out, ids = append(out, r), append(ids, r.ID)
		}
		if key == "" {
			return nil
		}
		return x.exec(`INSERT INTO request (tenant_id, key, reports, at) VALUES (?, ?, ?, ?)`, x.t, key, strings.Join(ids, " "), x.now)
	})
	return out, err
}

// requested returns the reports of an earlier request with the same key.
func (x *applyTx) requested(key string) ([]receive.Accepted, error) {
	var ids string
	err := x.row(`SELECT reports FROM request WHERE tenant_id = ? AND key = ?`, []any{x.t, key}, &ids)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []receive.Accepted
	for _, id := range strings.Fields(ids) {
		r := receive.Accepted{ID: id}
		var sub []byte
		var received int64
		if err := x.row(`SELECT digest, size, target, submission, received_at, duplicate_of FROM report WHERE tenant_id = ? AND id = ?`, []any{x.t, id},
			&r.Digest, &r.Size, &r.Target, &sub, &received, &r.DuplicateOf); err != nil {
			return nil, fmt.Errorf("load report %s: %w", id, err)
		}
		if err := decode(sub, &r.Submission); err != nil {
			return nil, fmt.Errorf("read report %s: %w", id, err)
		}
		r.Received = fromMillis(received)
		out = append(out, r)
	}
	return out, nil
}

// Requested reports whether a request with the key made its reports. Who has
// to fetch the bytes asks before.
func (d *DB) Requested(ctx context.Context, t tenant.ID, key string) (known bool, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM request WHERE tenant_id = ? AND key = ?)`, t, key).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for a request: %w", err)
	}
	return known, nil
}

func (x *applyTx) commitReport(ctx context.Context, r *receive.Accepted) error {
	var err error
	if r.DuplicateOf, err = x.duplicate(r); err != nil {
		return err
	}
	state := posture.ReportAccepted
	finished := int64(0)
	if r.DuplicateOf != "" {
		state, finished = posture.ReportApplied, x.now
	}
	var no int64
	if err := x.row(`SELECT coalesce(max(no), 0) + 1 FROM report WHERE tenant_id = ?`, []any{x.t}, &no); err != nil {
		return err
	}
	s := r.Submission
	sub, err := encode(s)
	if err != nil {
		return err
	}
	app := ""
	if s.Application != "" {
		if app, err = estate.Key(s.Application); err != nil {
			return err
		}
	}
	if err := x.exec(`INSERT INTO report (tenant_id, id, no, name, digest, blob, size, target, submission, state, reason, format, confidence, application_key, asset_id, by, received_at, scanned_at, finished_at, result, duplicate_of)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, ?, 0, ?, ?, 0, ?, '{}', ?)`,
		x.t, r.ID, no, s.Name, r.Digest, r.Digest, r.Size, r.Target, sub, string(state), app, s.By, millis(r.Received), finished, r.DuplicateOf); err != nil {
		return err
	}
	if r.DuplicateOf != "" {
		return nil
	}
	return x.d.enqueue(ctx, x.tx, x.t, *r)
}

// duplicate returns the report that brought the same bytes for the same
// target, if nothing came after it: then taking them again would change
// nothing. When another scan came in between, the same bytes are news.
func (x *applyTx) duplicate(r *receive.Accepted) (string, error) {
	var id, state string
	var no int64
	err := x.row(`SELECT id, no, state FROM report WHERE tenant_id = ? AND digest = ? AND target = ? AND duplicate_of = '' AND state <> ? ORDER BY no DESC LIMIT 1`,
		[]any{x.t, r.Digest, r.Target, string(posture.ReportFailed)}, &id, &no, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	// What waits for the same application may turn out to be of the same
	// series, whatever its sender said of the asset.
	app := ""
	if r.Submission.Application != "" {
		if app, err = estate.Key(r.Submission.Application); err != nil {
			return "", err
		}
	}
	var later bool
	if err = x.row(`SELECT EXISTS (SELECT 1 FROM report WHERE tenant_id = ? AND no > ? AND digest <> ? AND state = 'accepted' AND (? = '' OR application_key IN ('', ?)))`, []any{x.t, no, r.Digest, app, app}, &later); err == nil && !later && state != string(posture.ReportAccepted) {
		err = x.row(`SELECT EXISTS (SELECT 1 FROM scan a JOIN scan b ON b.tenant_id = a.tenant_id AND b.series_id = a.series_id AND b.id > a.id WHERE a.tenant_id = ? AND a.report_id = ?)`, []any{x.t, id}, &later)
	}
	if err != nil || later {
		return "", err
	}
	return id, nil
}

// Waiting returns an accepted report for the worker, or false when it was
// applied or given up before: a job may come twice.
func (d *DB) Waiting(ctx context.Context, t tenant.ID, id string) (receive.Accepted, bool, error) {
	r := receive.Accepted{ID: id}
	var sub []byte
	var state string
	var received int64
	err := d.read.QueryRowContext(ctx, `SELECT digest, size, submission, state, received_at FROM report WHERE tenant_id = ? AND id = ?`, t, id).
		Scan(&r.Digest, &r.Size, &sub, &state, &received)
	if err != nil {
		return r, false, fmt.Errorf("load report %s: %w", id, err)
	}
	r.Received = fromMillis(received)
	if err := decode(sub, &r.Submission); err != nil {
		return r, false, fmt.Errorf("read report %s: %w", id, err)
	}
	return r, state == string(posture.ReportAccepted), nil
}

// Detected records as which format a report was read of which nothing came.
func (d *DB) Detected(ctx context.Context, t tenant.ID, id, format string, confidence int) error {
	_, err := d.exec(ctx, `UPDATE report SET format = ?, confidence = ? WHERE tenant_id = ? AND id = ? AND was IN ('', 'failed')`, format, confidence, t, id)
	return err
}

// Fail records that nothing of a report could be read. The bytes are kept. A
// report that an earlier reading applied stays applied, and says what became
// of this one.
func (d *DB) Fail(ctx context.Context, t tenant.ID, id, reason string) error {
	_, err := d.exec(ctx, `UPDATE report SET finished_at = ?1, was = '', was_reason = '',
		state = CASE WHEN was IN ('', 'failed') THEN 'failed' ELSE was END,
		reason = CASE WHEN was IN ('', 'failed') THEN ?2 ELSE ltrim(was_reason || '; ', '; ') || 'decoded again without success: ' || ?2 END,
		unread = CASE WHEN was IN ('', 'failed') THEN 1 ELSE unread END
		WHERE tenant_id = ?3 AND id = ?4 AND state = ?5`,
		millis(d.now()), reason, t, id, string(posture.ReportAccepted))
	return err
}

// Finish implements apply.Ledger.
func (x *applyTx) Finish(_ context.Context, report string, o apply.Outcome) error {
	state, reason := posture.ReportApplied, ""
	if o.Held != "" {
		state, reason = posture.ReportHeld, o.Held
	}
	res := resultOf(o)
	b, err := encode(res)
	if err != nil {
		return err
	}
	var asset int64
	if o.Asset != (estate.AssetID{}) {
		if err := x.row(`SELECT id FROM asset WHERE tenant_id = ? AND uid = ?`, []any{x.t, o.Asset[:]}, &asset); err != nil {
			return err
		}
	}
	st, err := x.stmt(`UPDATE report SET state = ?, reason = ?, format = ?, confidence = ?, asset_id = ?, scanned_at = ?, finished_at = ?, result = ?, unread = ?, was = '', was_reason = '',
		application_key = coalesce((SELECT a.key FROM asset s JOIN application a ON a.tenant_id = s.tenant_id AND a.id = s.application_id WHERE s.tenant_id = ? AND s.id = ?), application_key)
		WHERE tenant_id = ? AND id = ? AND state = ?`)
	if err != nil {
		return err
	}
	done, err := st.ExecContext(x.ctx, string(state), reason, o.Format, o.Confidence, asset, millis(o.ScannedAt), x.now, b, x.quarantined, x.t, asset, x.t, report, string(posture.ReportAccepted))
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(apply.ErrApplied, err)
	}
	return nil
}

// storedResult is what is kept of an outcome.
type storedResult struct {
	posture.ReportResult
	Tools       []string
	Ref, Commit string
}

func resultOf(o apply.Outcome) storedResult {
	return storedResult{
		ReportResult: posture.ReportResult{
			Records: o.Records, Observations: o.Observations, New: o.New, Changed: o.Changed, Unchanged: o.Unchanged, Reopened: o.Reopened,
			Resolved: o.Resolved, Quarantined: o.Quarantined, Components: o.Components, WouldResolve: o.WouldResolve, Notes: o.Notes,
			Seconds: o.Took.Seconds(),
			Steps:   map[string]float64{"decode": o.Decode.Seconds(), "normalise": o.Normalise.Seconds(), "match": o.Match.Seconds(), "write": o.Write.Seconds(), "score": o.Score.Seconds(), "judge": o.Judge.Seconds()},
		},
		Tools: o.Tools, Ref: o.Ref, Commit: o.Commit,
	}
}

// Confirm implements apply.Ledger.
func (x *applyTx) Confirm(_ context.Context, report, by string) ([]apply.Series, error) {
	var state string
	err := x.row(`SELECT state FROM report WHERE tenant_id = ? AND id = ?`, []any{x.t, report}, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, posture.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if state != string(posture.ReportHeld) {
		return nil, &posture.BadQuery{Reason: "this report is not held: there is nothing to confirm"}
	}
	if err := x.exec(`UPDATE scan SET confirmed = 1, held = '' WHERE tenant_id = ? AND report_id = ?`, x.t, report); err != nil {
		return nil, err
	}
	if err := x.exec(`UPDATE report SET state = ?, reason = ? WHERE tenant_id = ? AND id = ?`, string(posture.ReportApplied), "confirmed by "+by, x.t, report); err != nil {
		return nil, err
	}
	st, err := x.stmt("SELECT " + seriesColumns + " WHERE s.tenant_id = ? AND s.id IN (SELECT series_id FROM scan WHERE tenant_id = ? AND report_id = ?) ORDER BY s.id")
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, x.t, report)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanSeries)
}

const reportColumns = `r.id, r.no, r.name, r.digest, r.size, r.submission, r.state, r.reason, r.format, r.confidence, r.application_key, coalesce(a.name, ''), coalesce(a.kind, ''),
	r.by, r.received_at, r.scanned_at, r.finished_at, r.result, r.duplicate_of
	FROM report r LEFT JOIN asset a ON a.tenant_id = r.tenant_id AND a.id = r.asset_id`

func scanReport(row interface{ Scan(...any) error }) (posture.Report, error) {
	var r posture.Report
	var no, received, scanned, finished int64
	var sub, res []byte
	if err := row.Scan(&r.ID, &no, &r.Name, &r.Digest, &r.Size, &sub, &r.State, &r.Reason, &r.Format, &r.Confidence, &r.Application, &r.Asset, &r.AssetKind,
		&r.By, &received, &scanned, &finished, &res, &r.DuplicateOf); err != nil {
		return r, err
	}
	var s receive.Submission
	if err := decode(sub, &s); err != nil {
		return r, err
	}
	var stored storedResult
	if err := decode(res, &stored); err != nil {
		return r, err
	}
	r.Result, r.Tools, r.Ref, r.Commit, r.Full = stored.ReportResult, stored.Tools, stored.Ref, stored.Commit, !s.Part
	if r.Ref == "" {
		r.Ref = s.Ref
	}
	if r.Asset == "" {
		r.Asset, r.AssetKind = s.Asset, string(s.AssetKind)
	}
	r.Duplicate = r.DuplicateOf != ""
	r.Received, r.ScannedAt, r.Finished = fromMillis(received), fromMillis(scanned), fromMillis(finished)
	r.Progress = posture.Progress{Phase: "waiting"}
	if r.State != posture.ReportAccepted {
		r.Progress = posture.Progress{Phase: "done", Records: r.Result.Records}
	}
	return r, nil
}

// Reports lists reports, the newest first. The cursor is a report's number.
func (d *DB) Reports(ctx context.Context, t tenant.ID, application, cursor string, limit int) ([]posture.Report, string, error) {
	before := int64(1) << 62
	if cursor != "" {
		n, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return nil, "", &posture.BadQuery{Reason: "unknown cursor"}
		}
		before = n
	}
	query, args := "SELECT "+reportColumns+" WHERE r.tenant_id = ? AND r.no < ?", []any{t, before}
	if application != "" {
		query, args = query+" AND r.application_key = ?", append(args, application)
	}
	rows, err := d.read.QueryContext(ctx, query+" ORDER BY r.no DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	list, err := collect(rows, scanReport)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	list = list[:limit]
	var no int64
	err = d.read.QueryRowContext(ctx, `SELECT no FROM report WHERE tenant_id = ? AND id = ?`, t, list[limit-1].ID).Scan(&no)
	return list, strconv.FormatInt(no, 10), err
}

// Report returns one report.
func (d *DB) Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error) {
	r, err := scanReport(d.read.QueryRowContext(ctx, "SELECT "+reportColumns+" WHERE r.tenant_id = ? AND r.id = ?", t, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, posture.ErrNotFound
	}
	if err == nil && r.State == posture.ReportApplied && r.Result.WouldResolve > 0 { // confirmed since
		err = d.read.QueryRowContext(ctx, `SELECT count(*) FROM event WHERE tenant_id = ? AND report_id = ? AND type = ?`, t, id, string(apply.EventResolved)).Scan(&r.Result.Resolved)
	}
	return r, err
}

// ReportBlob returns where a report's bytes are: the blob and, for a file out
// of an archive, its path in it.
func (d *DB) ReportBlob(ctx context.Context, t tenant.ID, id string) (blob string, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT blob FROM report WHERE tenant_id = ? AND id = ?`, t, id).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		err = posture.ErrNotFound
	}
	return blob, err
}

// Referred reports whether any report has these bytes.
func (d *DB) Referred(ctx context.Context, t tenant.ID, digest string) (ok bool, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM report WHERE tenant_id = ? AND digest = ?)`, t, digest).Scan(&ok)
	return ok, err
}

// Quarantine lists the parts of a report that could not be read.
func (d *DB) Quarantine(ctx context.Context, t tenant.ID, id string, limit int) ([]posture.Quarantined, int64, error) {
	var total int64
	if err := d.read.QueryRowContext(ctx, `SELECT count(*) FROM quarantine WHERE tenant_id = ? AND report_id = ?`, t, id).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := d.read.QueryContext(ctx, `SELECT record, offset, pointer, reason, raw FROM quarantine WHERE tenant_id = ? AND report_id = ? ORDER BY n LIMIT ?`, t, id, limit)
	if err != nil {
		return nil, 0, err
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (posture.Quarantined, error) {
		var q posture.Quarantined
		var raw []byte
		err := r.Scan(&q.Record, &q.Offset, &q.Pointer, &q.Reason, &raw)
		q.Raw = strings.ToValidUTF8(string(raw), "\uFFFD")
		return q, err
	})
	return list, total, err
}

// TargetOf implements apply.Targets.
func (x *applyTx) TargetOf(_ context.Context, asset int64) (apply.Target, error) {
	t := apply.Target{Asset: asset}
	var uid []byte
	c := &t.Context
	err := x.row(`SELECT s.uid, s.application_id, s.kind, s.default_ref, s.pinned_ref, a.criticality, a.data, a.exposure, a.environment
		FROM asset s JOIN application a ON a.tenant_id = s.tenant_id AND a.id = s.application_id WHERE s.tenant_id = ? AND s.id = ?`,
		[]any{x.t, asset}, &uid, &t.Application, &t.Kind, &t.DefaultRef, &t.PinnedRef, &c.Criticality, &c.Data, &c.Exposure, &c.Environment)
	if err != nil {
		return t, fmt.Errorf("load asset %d: %w", asset, err)
	}
	copy(t.AssetID[:], uid)
	return t, nil
}
