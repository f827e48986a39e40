package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// unreadColumns is a part of the quarantine. A report that failed as a whole
// is one part, numbered -1.
const unreadColumns = `r.no, r.id, r.name, r.application_key, coalesce(a.name, ''), r.format, r.received_at, r.unread, coalesce(q.n, -1),
	coalesce(q.record, 0), coalesce(q.offset, 0), coalesce(q.pointer, ''), coalesce(q.reason, r.reason), coalesce(q.raw, x'')
	FROM report r LEFT JOIN quarantine q ON q.tenant_id = r.tenant_id AND q.report_id = r.id
	LEFT JOIN asset a ON a.tenant_id = r.tenant_id AND a.id = r.asset_id`

// Unread lists what could not be read of all reports, those of the newest
// report first. What waits to be decoded again is left out.
func (d *DB) Unread(ctx context.Context, t tenant.ID, f posture.UnreadFilter, cursor string, limit int) ([]posture.Unread, string, error) {
	no, n := int64(1)<<62, int64(-2)
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d.%d", &no, &n); err != nil {
			return nil, "", &posture.BadQuery{Reason: "unknown cursor"}
		}
	}
	query := "SELECT " + unreadColumns + " WHERE r.tenant_id = ? AND r.unread > 0 AND r.state <> 'accepted' AND r.no <= ? AND (r.no < ? OR coalesce(q.n, -1) > ?)"
	args := []any{t, no, no, n}
	if f.Application != "" {
		query, args = query+" AND r.application_key = ?", append(args, f.Application)
	}
	switch f.Format {
	case "":
	case posture.NoFormat:
		query += " AND r.format = ''"
	default: // the sender may have named one that was not known then
		query, args = query+" AND (r.format = ? OR r.format = '' AND CAST(r.submission AS TEXT) ->> '$.Format' = ?)", append(args, f.Format, f.Format)
	}
	switch f.Kind {
	case "":
	case posture.UnreadReport:
		query += " AND r.state = 'failed'"
	case posture.UnreadRecord:
		query += " AND q.n IS NOT NULL"
	default:
		return nil, "", &posture.BadQuery{Reason: "kind: want record or report"}
	}
	if f.First {
		query += " AND coalesce(q.n, 0) <= 0"
	}
	rows, err := d.read.QueryContext(ctx, query+" ORDER BY r.no DESC, q.n LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list the quarantine: %w", err)
	}
	type numbered struct {
		posture.Unread
		no, n int64
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (u numbered, err error) {
		var received int64
		var raw []byte
		err = r.Scan(&u.no, &u.Report, &u.Name, &u.Application, &u.Asset, &u.Format, &received, &u.Parts, &u.n, &u.Record, &u.Offset, &u.Pointer, &u.Reason, &raw)
		u.Received, u.Raw, u.Kind = fromMillis(received), strings.ToValidUTF8(string(raw), "\uFFFD"), posture.UnreadRecord
		if u.n < 0 {
			u.Kind = posture.UnreadReport
		}
		return u, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the quarantine: %w", err)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = fmt.Sprintf("%d.%d", list[limit-1].no, list[limit-1].n)
	}
	out := make([]posture.Unread, len(list))
	for i := range list {
		out[i] = list[i].Unread
	}
	return out, next, nil
}

// Replay makes a report wait to be decoded again, with a job of its own. One
// that waits already goes on waiting.
func (d *DB) Replay(ctx context.Context, t tenant.ID, id string) error {
	ctx, end := d.patiently(ctx)
	defer end()
	return d.withTx(ctx, t, func(x *applyTx) error {
		r := receive.Accepted{ID: id}
		var state string
		var sub []byte
		var received int64
		err := x.row(`SELECT state, digest, size, target, submission, received_at, duplicate_of FROM report WHERE tenant_id = ? AND id = ?`, []any{x.t, id},
			&state, &r.Digest, &r.Size, &r.Target, &sub, &received, &r.DuplicateOf)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return posture.ErrNotFound
		case err != nil:
			return fmt.Errorf("load report %s: %w", id, err)
		case r.DuplicateOf != "":
			return &posture.BadQuery{Reason: "this report has the bytes of report " + r.DuplicateOf + ", which stands for both: replay that one"}
		case state == string(posture.ReportAccepted):
			return nil
		}
		if err := decode(sub, &r.Submission); err != nil {
			return fmt.Errorf("read report %s: %w", id, err)
		}
		if err := x.room(); err != nil {
			return err
		}
		r.Received = fromMillis(received)
		if err := x.exec(`UPDATE report SET state = ?, reason = '', was = state, was_reason = reason, tries = 0 WHERE tenant_id = ? AND id = ?`,
			string(posture.ReportAccepted), x.t, id); err != nil {
			return fmt.Errorf("replay report %s: %w", id, err)
		}
		return x.d.enqueue(ctx, x.tx, x.t, r)
	})
}
