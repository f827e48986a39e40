package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// rescorePage is how many findings are scored anew at a time.
const rescorePage = 2000

// rescore computes the scores of all findings that match a test anew and
// returns how many moved.
func (x *applyTx) rescore(test string, args ...any) (int64, error) {
	contexts := map[int64]estate.Context{}
	var moved int64
	last := []byte{}
	for {
		st, err := x.stmt("SELECT " + findingColumns + " WHERE f.tenant_id = ? AND f.id > ? AND " + test + fmt.Sprintf(" ORDER BY f.id LIMIT %d", rescorePage))
		if err != nil {
			return moved, err
		}
		rows, err := st.QueryContext(x.ctx, append([]any{x.t, last}, args...)...)
		if err != nil {
			return moved, err
		}
		page, err := collect(rows, scanFinding)
		if err != nil || len(page) == 0 {
			return moved, err
		}
		var before, after []apply.Finding
		for _, f := range page {
			c, ok := contexts[f.Application]
			if !ok {
				if err := x.row(`SELECT criticality, data, exposure, environment FROM application WHERE tenant_id = ? AND id = ?`, []any{x.t, f.Application}, &c.Criticality, &c.Data, &c.Exposure, &c.Environment); err != nil {
					return moved, err
				}
				contexts[f.Application] = c
			}
			j, err := x.Judge(x.ctx, f.Flaw, nil, f.Severity, bits.OnesCount64(f.Tools), c)
			if err != nil {
				return moved, err
			}
			n := f
			n.Score, n.Priority, n.KEV, n.Fixable = j.Score, j.Priority, j.KEV, j.Fixable
			if n != f {
				before, after = append(before, f), append(after, n)
			}
		}
		if err := x.UpdateFindings(x.ctx, before, after); err != nil {
			return moved, err
		}
		moved += int64(len(after))
		id := page[len(page)-1].ID
		last = id[:]
	}
}

// FeedRow is one fact for the feed tables.
type FeedRow struct {
	CVE     advisory.ID
	Signals enrich.Signals
	Aliases []advisory.ID // at least two; then CVE is empty
}

// FeedInfo describes a feed that was read to its end.
type FeedInfo struct {
	AsOf      time.Time
	Rows      int64
	Validator string // for asking the source whether there is news
}

// kinds number the files that bring signals, in the signal table. New ones go
// to the end.
var signalKinds = []string{"", "epss", "kev", "exploit-db", "metasploit", "nuclei", "evidence", "cvss", "ssvc", "aliases"}

// ReplaceFeed replaces all that a kind of feed file brought before with what
// read hands over, and computes the scores of what it bears on anew, for
// every tenant, in one transaction. When read fails nothing changes.
func (d *DB) ReplaceFeed(ctx context.Context, kind string, read func(put func(FeedRow) error) (FeedInfo, error)) (rescored int64, err error) {
	number := code(signalKinds, kind)
	if number == 0 {
		return 0, fmt.Errorf("unknown kind of feed %q", kind)
	}
	tenants, err := d.tenants(ctx)
	if err != nil {
		return 0, err
	}
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		for i, t := range tenants {
			if err := d.within(ctx, tx, t, func(x *applyTx) error {
				if i == 0 {
					if err := x.replaceFeed(kind, number, read); err != nil {
						return err
					}
				}
				n, err := x.rescore(`f.flaw_id IN (SELECT id FROM flaw WHERE tenant_id = f.tenant_id AND advisory <> '')`)
				rescored += n
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return rescored, nil
}

// replaceFeed replaces the facts of one kind.
func (x *applyTx) replaceFeed(kind string, number int, read func(put func(FeedRow) error) (FeedInfo, error)) error {
	query, args := `DELETE FROM signal WHERE feed = ?`, []any{number}
	if kind == "aliases" {
		query, args = `DELETE FROM alias`, nil
	}
	if err := x.exec(query, args...); err != nil {
		return err
	}
	info, err := read(func(r FeedRow) error { return x.putSignal(number, r) })
	if err != nil {
		return err
	}
	if err := x.exec(`INSERT OR REPLACE INTO feed (feed, as_of, imported_at, rows, validator) VALUES (?, ?, ?, ?, ?)`, kind, millis(info.AsOf), x.now, info.Rows, info.Validator); err != nil {
		return err
	}
	return x.exec(`UPDATE asset SET version = version + 1`) // signals are facts too, scored or not
}

func (x *applyTx) putSignal(number int, r FeedRow) error {
	for _, a := range r.Aliases {
		for _, b := range r.Aliases {
			if a != b {
				if err := x.exec(`INSERT OR IGNORE INTO alias (id, other) VALUES (?, ?)`, string(a), string(b)); err != nil {
					return err
				}
			}
		}
	}
	if r.CVE == "" {
		return nil
	}
	b, err := encode(r.Signals)
	if err != nil {
		return err
	}
	return x.exec(`INSERT OR REPLACE INTO signal (cve, feed, data) VALUES (?, ?, ?)`, string(r.CVE), number, string(b))
}

// FeedValidator is what the source of a feed gave to ask for news with.
func (d *DB) FeedValidator(ctx context.Context, kind string) (string, error) {
	var v string
	err := d.read.QueryRowContext(ctx, `SELECT coalesce(max(validator), '') FROM feed WHERE feed = ?`, kind).Scan(&v)
	return v, err
}

// FeedStates lists what was imported, by kind.
func (d *DB) FeedStates(ctx context.Context) (map[string]FeedInfo, map[string]time.Time, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT feed, as_of, imported_at, rows FROM feed`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	infos, imported := map[string]FeedInfo{}, map[string]time.Time{}
	for rows.Next() {
		var kind string
		var asOf, at, n int64
		if err := rows.Scan(&kind, &asOf, &at, &n); err != nil {
			return nil, nil, err
		}
		infos[kind], imported[kind] = FeedInfo{AsOf: fromMillis(asOf), Rows: n}, fromMillis(at)
	}
	return infos, imported, rows.Err()
}
