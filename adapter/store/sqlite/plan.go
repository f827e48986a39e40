package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// plan is a filter translated to SQL. Its ranges are walked along an index in
// the order of the list; what is left is tested row by row.
type plan struct {
	t        tenant.ID
	apps     []int64 // nil: all
	statuses []int
	severity []int   // worst first
	flaws    []int64 // nil: all
	byFlaw   bool
	where    []string // tests on columns of finding f
	args     []any
	tallied  bool // the tests are all on columns that the counters have
	nothing  bool // the filter names what does not exist
	cut      bool // a search by words selected more flaws than are looked at
}

// maxFlaws is how many flaws a search by words may select; a wider one is cut
// and the count says "at least".
const maxFlaws = 5000

func (d *DB) plan(ctx context.Context, t tenant.ID, f posture.Filter) (*plan, error) {
	q := &plan{t: t, tallied: true}
	if err := d.planTargets(ctx, q, f); err != nil {
		return nil, err
	}
	q.planWords(f)
	if err := d.planTools(ctx, q, f); err != nil {
		return nil, err
	}
	if err := d.planFlaws(ctx, q, f); err != nil {
		return nil, err
	}
	q.planRows(f)
	return q, nil
}

// planTargets resolves applications and assets.
func (d *DB) planTargets(ctx context.Context, q *plan, f posture.Filter) error {
	for _, key := range f.Applications {
		var id int64
		if err := d.read.QueryRowContext(ctx, `SELECT id FROM application WHERE tenant_id = ? AND key = ?`, q.t, key).Scan(&id); err == nil {
			q.apps = append(q.apps, id)
		}
	}
	if len(f.Applications) > 0 && len(q.apps) == 0 {
		q.nothing = true
	}
	if len(f.Assets) == 0 {
		return nil
	}
	var assets []int64
	for _, uid := range f.Assets {
		var id, app int64
		if err := d.read.QueryRowContext(ctx, `SELECT id, application_id FROM asset WHERE tenant_id = ? AND uid = ?`, q.t, uid[:]).Scan(&id, &app); err == nil {
			assets = append(assets, id)
			if len(f.Applications) == 0 && !slices.Contains(q.apps, app) {
				q.apps = append(q.apps, app)
			}
		}
	}
	if len(assets) == 0 {
		q.nothing = true
		return nil
	}
	q.in("asset_id", assets)
	return nil
}

// planWords translates statuses, severities, kinds and priorities.
func (q *plan) planWords(f posture.Filter) {
	statuses := f.Statuses
	if len(statuses) == 0 {
		statuses = finding.Statuses()
	}
	for _, s := range statuses {
		c := code(statusCodes, s)
		if f.Ref == "" || f.Ref == "*" {
			q.statuses = append(q.statuses, c)
		}
		if f.Ref != "" || f.Report != "" {
			q.statuses = append(q.statuses, c+branchOnly)
		}
		if f.Ref != "" && f.Ref != "*" {
			q.statuses = append(q.statuses, c)
		}
	}
	slices.Sort(q.statuses)
	q.statuses = slices.Compact(q.statuses)
	for s := finding.SeverityCritical; ; s-- {
		if len(f.Severities) == 0 || slices.Contains(f.Severities, s) {
			q.severity = append(q.severity, int(s))
		}
		if s == finding.SeverityUnknown {
			break
		}
	}
	var kinds, priorities []int64
	for _, k := range f.Kinds {
		kinds = append(kinds, int64(code(kindCodes, k)))
	}
	for p := risk.Watch; p <= risk.Now; p++ {
		if slices.Contains(f.Priorities, p.String()) {
			priorities = append(priorities, int64(p))
		}
	}
	if len(kinds) > 0 {
		q.in("kind", kinds)
	}
	if len(f.Priorities) > 0 {
		q.in("priority", priorities)
	}
	for column, v := range map[string]*bool{"kev": f.KEV, "fixable": f.Fixable} {
		if v != nil {
			q.and(column+" = ?", *v)
		}
	}
}

// planTools translates tool names to bits.
func (d *DB) planTools(ctx context.Context, q *plan, f posture.Filter) error {
	if len(f.Tools) == 0 {
		return nil
	}
	names, err := d.names(ctx, q.t)
	if err != nil {
		return err
	}
	var bits int64
	for i, n := range names {
		if slices.Contains(f.Tools, n) {
			bits |= 1 << min(i, lastToolBit)
		}
	}
	if bits == 0 {
		q.nothing = true
	}
	q.and("tools & ? <> 0", bits)
	return nil
}

// planFlaws resolves what selects by the flaw: advisory, CWE, component,
// check and free text.
func (d *DB) planFlaws(ctx context.Context, q *plan, f posture.Filter) error {
	var tests []string
	var args []any
	term := func(words ...string) {
		tests = append(tests, `id IN (SELECT flaw_id FROM flaw_term WHERE tenant_id = ? AND term IN (?`+strings.Repeat(",?", len(words)-1)+`))`)
		args = append(args, q.t)
		for _, w := range words {
			args = append(args, w)
		}
	}
	if f.Advisory != "" {
		ids := []string{"adv:" + strings.ToUpper(f.Advisory)}
		for _, a := range (aliasLookup{ctx, d.read}).namesOf(f.Advisory) {
			ids = append(ids, "adv:"+strings.ToUpper(a))
		}
		term(ids...)
	}
	if f.Component != "" {
		term("pkg:" + strings.ToLower(f.Component))
	}
	if f.Check != "" {
		term("chk:" + strings.ToLower(f.Check))
	}
	if len(f.CWEs) > 0 {
		var words []string
		for _, c := range f.CWEs {
			words = append(words, fmt.Sprintf("cwe:%d", c))
		}
		term(words...)
	}
	words := strings.Fields(strings.ToLower(f.Text))
	for _, w := range words {
		tests = append(tests, `search LIKE ? ESCAPE '\'`)
		args = append(args, "%"+likeEscape(w)+"%")
	}
	if len(tests) == 0 {
		return nil
	}
	rows, err := d.read.QueryContext(ctx, `SELECT id FROM flaw WHERE tenant_id = ? AND `+strings.Join(tests, " AND ")+fmt.Sprintf(" LIMIT %d", maxFlaws), append([]any{q.t}, args...)...)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if q.flaws, err = collect(rows, func(r interface{ Scan(...any) error }) (int64, error) {
		var id int64
		return id, r.Scan(&id)
	}); err != nil {
		return err
	}
	q.byFlaw, q.tallied, q.cut = true, false, len(q.flaws) == maxFlaws
	if len(words) == 1 && f.Advisory == "" && f.Component == "" && f.Check == "" && len(f.CWEs) == 0 && len(q.flaws) == 0 {
		// One word that names no flaw may be part of a path.
		q.byFlaw = false
		q.and(`place LIKE ? ESCAPE '\'`, "%"+likeEscape(words[0])+"%")
		return nil
	}
	if len(q.flaws) == 0 {
		q.nothing = true
	}
	return nil
}

func likeEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// planRows translates what only the rows themselves tell.
func (q *plan) planRows(f posture.Filter) {
	row := func(test string, args ...any) {
		q.tallied = false
		q.where, q.args = append(q.where, test), append(q.args, args...)
	}
	if f.Path != "" {
		row("f.place >= ? AND f.place < ?", f.Path, f.Path+"\U0010FFFF")
	}
	if f.MinScore > 0 {
		row("f.score >= ?", tenths(f.MinScore))
	}
	if !f.FirstSeenAfter.IsZero() {
		row("f.first_seen >= ?", millis(f.FirstSeenAfter))
	}
	if f.Ref != "" && f.Ref != "*" {
		row(`EXISTS (SELECT 1 FROM sighting g JOIN series s ON s.tenant_id = g.tenant_id AND s.id = g.series_id WHERE g.tenant_id = f.tenant_id AND g.finding_id = f.id AND s.ref = ? AND in_bitmap(s.present, g.n))`, f.Ref)
	}
	if f.Report == "" {
		return
	}
	opened := `f.report_no = (SELECT no FROM report r WHERE r.tenant_id = f.tenant_id AND r.id = ?)`
	touched := `f.id IN (SELECT e.finding_id FROM event e WHERE e.tenant_id = ? AND e.report_id = ? AND e.type IN (%s))`
	switch f.Change {
	case "new":
		row(opened, f.Report)
	case "resolved":
		row(fmt.Sprintf(touched, "'resolved'"), q.t, f.Report)
	case "reopened":
		row(fmt.Sprintf(touched, "'reopened'"), q.t, f.Report)
	case "changed":
		row(fmt.Sprintf(touched, "'changed', 'moved', 'joined'"), q.t, f.Report)
	case "series":
		row(`f.id IN (SELECT g.finding_id FROM sighting g WHERE g.tenant_id = ? AND g.series_id IN (SELECT c.series_id FROM scan c WHERE c.tenant_id = g.tenant_id
			AND c.report_id = coalesce((SELECT nullif(r.duplicate_of, '') FROM report r WHERE r.tenant_id = g.tenant_id AND r.id = ?), ?)))`, q.t, f.Report, f.Report)
	default:
		row("("+opened+" OR "+fmt.Sprintf(touched, "'resolved', 'reopened', 'changed', 'moved', 'joined'")+")", f.Report, q.t, f.Report)
	}
}

// and adds a test on a column that the counters have too.
func (q *plan) and(test string, args ...any) {
	q.where, q.args = append(q.where, "f."+test), append(q.args, args...)
}

func (q *plan) in(column string, values []int64) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	q.and(column+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", args...)
}

// counted reports whether the counters can answer.
func (q *plan) counted() bool { return q.tallied && !q.byFlaw }

// tally asks the counters.
func (q *plan) tally(columns, tail string) (string, []any) {
	where := []string{"f.tenant_id = ?"}
	args := []any{q.t}
	if q.apps != nil {
		where, args = inInts(where, args, "f.application_id", q.apps)
	}
	where, args = inInts(where, args, "f.status", q.statuses)
	where, args = inInts(where, args, "f.severity", q.severity)
	return "SELECT " + columns + " FROM tally f WHERE " + strings.Join(append(where, q.where...), " AND ") + tail, append(args, q.args...)
}

func inInts[T int | int64](where []string, args []any, column string, values []T) ([]string, []any) {
	for _, v := range values {
		args = append(args, v)
	}
	return append(where, column+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")"), args
}

// bounded asks the rows, of which it looks at no more than n.
func (q *plan) bounded(columns string, n int, tail ...string) (string, []any) {
	from, args := q.rows("f.*", "", n)
	return "SELECT " + columns + " FROM (" + from + ") f" + strings.Join(tail, ""), args
}

// rows selects matching rows in no particular order.
func (q *plan) rows(columns, order string, limit int) (string, []any) {
	where, args := []string{"f.tenant_id = ?"}, []any{q.t}
	if q.apps != nil {
		where, args = inInts(where, args, "f.application_id", q.apps)
	}
	where, args = inInts(where, args, "f.status", q.statuses)
	where, args = inInts(where, args, "f.severity", q.severity)
	index := ""
	if q.byFlaw {
		where, args = inInts(where, args, "f.flaw_id", q.flaws)
		index = " INDEXED BY finding_flaw"
	}
	where, args = append(where, q.where...), append(args, q.args...)
	return "SELECT " + columns + " FROM finding f" + index + " WHERE " + strings.Join(where, " AND ") + order + fmt.Sprintf(" LIMIT %d", limit), args
}

// page selects one page in the order asked for. Where an index holds the
// order, each combination of status, severity and application is one range of
// it, and the ranges are merged.
func (q *plan) page(sort posture.Sort, at *cursor, limit int) (string, []any) {
	if sort == posture.ByNewest || sort == posture.ByOldest {
		return q.byAge(sort, at, limit)
	}
	if q.byFlaw || len(q.statuses)*len(q.severity)*(len(q.args)+6) > maxParameters {
		return q.sorted(sort, at, limit)
	}
	var parts []string
	var args []any
	for _, status := range q.statuses {
		for _, sev := range q.severity {
			if sort == posture.BySeverity && at != nil && sev > at.Severity {
				continue
			}
			for _, app := range q.targets() {
				part, partArgs := q.rangeOf(status, sev, app, sort, at, limit)
				parts, args = append(parts, part), append(args, partArgs...)
			}
		}
	}
	if len(parts) == 0 { // the cursor is below all that the filter wants
		return "SELECT " + listColumns + " FROM finding f WHERE 0", nil
	}
	order := " ORDER BY 8 DESC, 1 DESC"
	if sort == posture.BySeverity {
		order = " ORDER BY 6 DESC, 8 DESC, 1 DESC"
	}
	return strings.Join(parts, " UNION ALL ") + order + fmt.Sprintf(" LIMIT %d", limit), args
}

// targets lists the applications whose ranges are walked; -1 walks the index
// over all. Many applications are tested row by row instead.
func (q *plan) targets() []int64 {
	if n := len(q.apps) * len(q.statuses) * len(q.severity); n == 0 || n > maxRanges || n*(len(q.args)+6) > maxParameters {
		return []int64{-1}
	}
	return q.apps
}

// What one statement may hold: SQLite takes 500 parts and 32,766 parameters.
const (
	maxRanges     = 200
	maxParameters = 30_000
)

func (q *plan) rangeOf(status, sev int, app int64, sort posture.Sort, at *cursor, limit int) (string, []any) {
	where, args := []string{"f.tenant_id = ?", "f.status = ?", "f.severity = ?"}, []any{q.t, status, sev}
	index := "finding_rank"
	if app >= 0 {
		index = "finding_application"
		where, args = append(where, "f.application_id = ?"), append(args, app)
	} else if q.apps != nil {
		where, args = inInts(where, args, "f.application_id", q.apps)
	}
	if at != nil && (sort != posture.BySeverity || sev == at.Severity) {
		where, args = append(where, "(f.score, f.id) < (?, ?)"), append(args, at.Score, at.ID)
	}
	where, args = append(where, q.where...), append(args, q.args...)
	return "SELECT * FROM (SELECT " + listColumns + " FROM finding f INDEXED BY " + index + " WHERE " + strings.Join(where, " AND ") +
		fmt.Sprintf(" ORDER BY f.score DESC, f.id DESC LIMIT %d)", limit), args
}

// sorted sorts the rows of a few flaws.
func (q *plan) sorted(sort posture.Sort, at *cursor, limit int) (string, []any) {
	order := " ORDER BY f.score DESC, f.id DESC"
	if sort == posture.BySeverity {
		order = " ORDER BY f.severity DESC, f.score DESC, f.id DESC"
	}
	c := *q
	if at != nil {
		test, args := "(f.score, f.id) < (?, ?)", []any{at.Score, at.ID}
		if sort == posture.BySeverity {
			test, args = "(f.severity, f.score, f.id) < (?, ?, ?)", []any{at.Severity, at.Score, at.ID}
		}
		c.where, c.args = append(slices.Clone(q.where), test), append(slices.Clone(q.args), args...)
	}
	return c.rows(listColumns, order, limit)
}

// byAge walks the primary key: ids are sortable by the time they were made.
func (q *plan) byAge(sort posture.Sort, at *cursor, limit int) (string, []any) {
	order, test := " ORDER BY f.id DESC", "f.id < ?"
	if sort == posture.ByOldest {
		order, test = " ORDER BY f.id", "f.id > ?"
	}
	c := *q
	if at != nil {
		c.where, c.args = append(slices.Clone(q.where), test), append(slices.Clone(q.args), at.ID)
	}
	return c.rows(listColumns, order, limit)
}
