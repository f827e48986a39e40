package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// reportSeries selects the series that a report has scans of; a report that
// was known stands for the one it repeats.
const reportSeries = `SELECT DISTINCT series_id FROM scan WHERE tenant_id = ?1 AND report_id = coalesce((SELECT nullif(duplicate_of, '') FROM report WHERE tenant_id = ?1 AND id = ?2), ?2)`

// SeriesState counts the findings behind the series that a report belongs to,
// by severity and status, as they are now.
func (d *DB) SeriesState(ctx context.Context, t tenant.ID, report string) ([]posture.StateCount, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT f.severity, f.status % ?3, count(*) FROM finding f
		WHERE f.tenant_id = ?1 AND f.id IN (SELECT s.finding_id FROM sighting s WHERE s.tenant_id = ?1 AND s.series_id IN (`+reportSeries+`)) GROUP BY 1, 2`, t, report, branchOnly)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanStateCount)
}

func scanStateCount(r interface{ Scan(...any) error }) (posture.StateCount, error) {
	var c posture.StateCount
	var status int
	err := r.Scan(&c.Severity, &status, &c.Count)
	c.Status = word(statusCodes, status)
	return c, err
}

// Effect says what a report changed, by severity and the finding's status
// now: "new", "resolved" and "reopened".
func (d *DB) Effect(ctx context.Context, t tenant.ID, report string) (map[string][]posture.StateCount, error) {
	out := map[string][]posture.StateCount{}
	for change, query := range map[string]string{
		"new": `SELECT f.severity, f.status % ?3, count(*) FROM finding f WHERE f.tenant_id = ?1 AND f.report_no = (SELECT no FROM report WHERE tenant_id = ?1 AND id = ?2) GROUP BY 1, 2`,
		"resolved": `SELECT f.severity, f.status % ?3, count(DISTINCT f.id) FROM event e JOIN finding f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id
			WHERE e.tenant_id = ?1 AND e.report_id = ?2 AND e.type = '` + string(apply.EventResolved) + `' GROUP BY 1, 2`,
		"reopened": `SELECT f.severity, f.status % ?3, count(DISTINCT f.id) FROM event e JOIN finding f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id
			WHERE e.tenant_id = ?1 AND e.report_id = ?2 AND e.type = '` + string(apply.EventReopened) + `' GROUP BY 1, 2`,
	} {
		rows, err := d.read.QueryContext(ctx, query, t, report, branchOnly)
		if err != nil {
			return nil, err
		}
		if out[change], err = collect(rows, scanStateCount); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Marked finds the findings of a report by a fingerprint that its records
// carry: value by value of the fingerprint with that name.
func (d *DB) Marked(ctx context.Context, t tenant.ID, report, fingerprint string) (map[string]finding.ID, error) {
	var known string
	if err := d.read.QueryRowContext(ctx, `SELECT id FROM report WHERE tenant_id = ? AND id = ?`, t, report).Scan(&known); errors.Is(err, sql.ErrNoRows) {
		return nil, posture.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	rows, err := d.read.QueryContext(ctx, `SELECT finding_id, chunk_id, idx FROM sighting WHERE tenant_id = ?1 AND series_id IN (`+reportSeries+`) ORDER BY chunk_id`, t, report)
	if err != nil {
		return nil, err
	}
	type sighting struct {
		id    finding.ID
		chunk int64
		index int
	}
	list, err := collect(rows, func(r interface{ Scan(...any) error }) (sighting, error) {
		var s sighting
		var id []byte
		err := r.Scan(&id, &s.chunk, &s.index)
		copy(s.id[:], id)
		return s, err
	})
	if err != nil {
		return nil, err
	}
	out := map[string]finding.ID{}
	var obs []*finding.Observation
	last := int64(-1)
	for _, s := range list {
		if s.chunk != last {
			var b []byte
			if err := d.read.QueryRowContext(ctx, `SELECT data FROM chunk WHERE tenant_id = ? AND id = ?`, t, s.chunk).Scan(&b); err != nil {
				return nil, err
			}
			if obs, err = apply.ReadChunk(b); err != nil {
				return nil, err
			}
			last = s.chunk
		}
		if s.index < len(obs) {
			if v := obs[s.index].Fingerprints[fingerprint]; v != "" {
				out[v] = s.id
			}
		}
	}
	return out, nil
}
