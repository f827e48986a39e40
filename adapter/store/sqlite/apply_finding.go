package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
)

// tenths is how scores are stored.
func tenths(score float64) int64 { return int64(math.Round(score * 10)) }

// InsertFindings implements apply.Findings.
func (x *applyTx) InsertFindings(_ context.Context, fs []apply.Finding) error {
	if len(fs) == 0 {
		return nil
	}
	no, err := x.numberOf(fs[0].Report)
	if err != nil {
		return err
	}
	for i := range fs {
		x.count(&fs[i], 1)
	}
	for i := range fs {
		x.activity[activityKey{day(millis(fs[i].FirstSeen)), "new"}]++
	}
	// OR FAIL spares a journal for the statement: after an error the whole
	// transaction is undone anyway.
	return x.insert(`INSERT OR FAIL INTO finding (tenant_id, id, asset_id, application_id, flaw_id, kind, severity, status, decided, score, priority, kev, fixable, tools, place, line, first_seen, report_no) VALUES `,
		18, len(fs), func(args []any, i int) []any {
			f := &fs[i]
			return append(args, int64(x.t), f.ID[:], f.Asset, f.Application, f.Flaw, int64(code(kindCodes, f.Kind)), int64(f.Severity), int64(statusCode(f.Status, f.BranchOnly)),
				int64(f.Decided), tenths(f.Score), int64(f.Priority), f.KEV, f.Fixable, int64(f.Tools), f.Place, int64(f.Line), millis(f.FirstSeen), no)
		})
}

// numberOf returns a report's short number.
func (x *applyTx) numberOf(report string) (int64, error) {
	if x.reportID == report {
		return x.reportNo, nil
	}
	var no int64
	err := x.row(`SELECT no FROM report WHERE tenant_id = ? AND id = ?`, []any{x.t, report}, &no)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("report %s is not in the record", report)
	}
	x.reportID, x.reportNo = report, no
	return no, err
}

const findingColumns = `f.id, f.asset_id, f.application_id, f.flaw_id, f.kind, f.severity, f.status, f.decided, f.score, f.priority, f.kev, f.fixable, f.tools, f.place, f.line, f.first_seen,
	coalesce(t.status, 0), coalesce(t.reason, ''), coalesce(t.by, ''), coalesce(t.at, 0), coalesce(t.until, 0)
	FROM finding f LEFT JOIN triage t ON t.tenant_id = f.tenant_id AND t.finding_id = f.id`

func scanFinding(row interface{ Scan(...any) error }) (apply.Finding, error) {
	var f apply.Finding
	var id []byte
	var kind, status, tStatus int
	var score, tools, seen, tAt, tUntil int64
	var t finding.Triage
	if err := row.Scan(&id, &f.Asset, &f.Application, &f.Flaw, &kind, &f.Severity, &status, &f.Decided, &score, &f.Priority, &f.KEV, &f.Fixable, &tools, &f.Place, &f.Line, &seen,
		&tStatus, &t.Reason, &t.By, &tAt, &tUntil); err != nil {
		return f, err
	}
	copy(f.ID[:], id)
	f.Kind, f.Status, f.BranchOnly = word(kindCodes, kind), word(statusCodes, status%branchOnly), status >= branchOnly
	f.Score, f.Tools, f.FirstSeen = float64(score)/10, uint64(tools), fromMillis(seen)
	if tStatus != 0 {
		t.Status, t.At, t.Until = word(statusCodes, tStatus), fromMillis(tAt), fromMillis(tUntil)
		f.Triage = &t
	}
	return f, nil
}

// LoadFindings implements apply.Findings.
func (x *applyTx) LoadFindings(_ context.Context, ids []finding.ID) ([]apply.Finding, error) {
	st, err := x.stmt("SELECT " + findingColumns + " WHERE f.tenant_id = ? AND f.id = ?")
	if err != nil {
		return nil, err
	}
	out := make([]apply.Finding, 0, len(ids))
	for _, id := range ids {
		f, err := scanFinding(st.QueryRowContext(x.ctx, x.t, id[:]))
		if err != nil {
			return nil, fmt.Errorf("load finding %s: %w", id, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// UpdateFindings implements apply.Findings.
func (x *applyTx) UpdateFindings(_ context.Context, before, after []apply.Finding) error {
	for i := range after {
		b, f := &before[i], &after[i]
		x.count(b, -1)
		x.count(f, 1)
		if from, to := day(millis(b.FirstSeen)), day(millis(f.FirstSeen)); from != to { // a late scan saw it earlier
			x.activity[activityKey{from, "new"}]--
			x.activity[activityKey{to, "new"}]++
		}
		if err := x.exec(`UPDATE finding SET flaw_id = ?, severity = ?, status = ?, decided = ?, score = ?, priority = ?, kev = ?, fixable = ?, tools = ?, place = ?, line = ?, first_seen = ? WHERE tenant_id = ? AND id = ?`,
			f.Flaw, f.Severity, statusCode(f.Status, f.BranchOnly), f.Decided, tenths(f.Score), f.Priority, f.KEV, f.Fixable, int64(f.Tools), f.Place, f.Line, millis(f.FirstSeen), x.t, f.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// Judge implements apply.Findings.
func (x *applyTx) Judge(_ context.Context, id int64, f *finding.Flaw, severity finding.Severity, tools int, c estate.Context) (apply.Judgement, error) {
	if x.differs[id] { // the record says more than this tool
		f = nil
	}
	if f == nil && !x.scores.has(id, severity) {
		var body []byte
		if err := x.row(`SELECT body FROM flaw WHERE tenant_id = ? AND id = ?`, []any{x.t, id}, &body); err != nil {
			return apply.Judgement{}, fmt.Errorf("load flaw %d: %w", id, err)
		}
		f = new(finding.Flaw)
		if err := decode(body, f); err != nil {
			return apply.Judgement{}, fmt.Errorf("read flaw %d: %w", id, err)
		}
	}
	return x.scores.judge(x.ctx, x, id, f, severity, tools, c)
}

// AppendEvents implements apply.Ledger.
func (x *applyTx) AppendEvents(_ context.Context, report string, es []apply.Event) error {
	if len(es) == 0 {
		return nil
	}
	for i := range es {
		if t := es[i].Type; t == apply.EventResolved || t == apply.EventReopened {
			x.activity[activityKey{day(millis(es[i].Valid)), string(t)}]++
		}
	}
	if x.nextEvent == 0 {
		id, err := nextID(x.ctx, x.tx, "event", x.t)
		if err != nil {
			return err
		}
		x.nextEvent = id
	}
	return x.insert(`INSERT OR FAIL INTO event (tenant_id, id, finding_id, type, valid_at, recorded_at, by, report_id, detail) VALUES `,
		9, len(es), func(args []any, i int) []any {
			e := &es[i]
			id := x.nextEvent
			x.nextEvent++
			return append(args, int64(x.t), id, e.Finding[:], string(e.Type), millis(e.Valid), x.now, e.By, report, e.Detail)
		})
}

// Quarantine implements apply.Ledger.
func (x *applyTx) Quarantine(_ context.Context, report string, fs []format.Fault) error {
	for _, f := range fs {
		if f.Raw == nil {
			f.Raw = []byte{} // NULL is no value here
		}
		if err := x.exec(`INSERT OR REPLACE INTO quarantine (tenant_id, report_id, n, record, offset, pointer, reason, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			x.t, report, x.quarantined, f.Position.Record, f.Position.Offset, f.Position.Pointer, f.Reason, append([]byte{}, f.Raw...)); err != nil { // raw may be nil, the column not
			return err
		}
		x.quarantined++
	}
	return nil
}

// activityKey is a day, by valid time, and what happened on it.
type activityKey struct {
	day  int64 // since 1970
	what string
}

// day is the number of a stored time's day.
func day(ms int64) int64 { return ms / (24 * 60 * 60 * 1000) }

// tallyKey is one cell of the counts.
type tallyKey struct {
	application, asset     int64
	status, severity, kind int
	priority               uint8
	kev, fixable           bool
	tools                  uint64
}

func (x *applyTx) count(f *apply.Finding, by int64) {
	x.tally[tallyKey{f.Application, f.Asset, statusCode(f.Status, f.BranchOnly), int(f.Severity), code(kindCodes, f.Kind), f.Priority, f.KEV, f.Fixable, f.Tools}] += by
}

// fold scores anew what a changed flaw bears on and writes the counters that
// the transaction moved.
func (x *applyTx) fold() error {
	for id := range x.restate {
		if _, err := x.rescore(`f.flaw_id = ?`, id); err != nil {
			return fmt.Errorf("score findings of flaw %d: %w", id, err)
		}
	}
	moved := map[int64]bool{}
	for k := range x.tally {
		moved[k.asset] = true
	}
	for asset := range moved {
		if err := x.exec(`UPDATE asset SET version = version + 1 WHERE tenant_id = ? AND id = ?`, x.t, asset); err != nil {
			return fmt.Errorf("count changes: %w", err)
		}
	}
	for k, n := range x.tally {
		if n == 0 {
			continue
		}
		if err := x.exec(`INSERT INTO tally (tenant_id, application_id, asset_id, status, severity, kind, priority, kev, fixable, tools, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET n = n + excluded.n`,
			x.t, k.application, k.asset, k.status, k.severity, k.kind, k.priority, k.kev, k.fixable, int64(k.tools), n); err != nil {
			return fmt.Errorf("count findings: %w", err)
		}
		if n > 0 {
			continue
		}
		if err := x.exec(`DELETE FROM tally WHERE tenant_id = ? AND application_id = ? AND asset_id = ? AND status = ? AND severity = ? AND kind = ? AND priority = ? AND kev = ? AND fixable = ? AND tools = ? AND n = 0`,
			x.t, k.application, k.asset, k.status, k.severity, k.kind, k.priority, k.kev, k.fixable, int64(k.tools)); err != nil {
			return fmt.Errorf("count findings: %w", err)
		}
	}
	for what, n := range x.activity {
		if err := x.exec(`INSERT INTO activity (tenant_id, day, type, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n`,
			x.t, what.day, what.what, n); err != nil {
			return fmt.Errorf("count activity: %w", err)
		}
		if n > 0 {
			continue
		}
		if err := x.exec(`DELETE FROM activity WHERE tenant_id = ? AND day = ? AND type = ? AND n = 0`, x.t, what.day, what.what); err != nil {
			return fmt.Errorf("count activity: %w", err)
		}
	}
	return nil
}
