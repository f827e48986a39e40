package sqlite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// The bounds of one page of a search: names are looked up so many at a time,
// and the page ends, full or not, when so many components were looked at.
const (
	keysAtOnce       = 500
	componentsAtOnce = 1000
	maxLooked        = 20_000
)

// componentCursor is the row where a page ended.
type componentCursor struct {
	Key    string `json:"k"`
	Series int64  `json:"s"`
	N      int64  `json:"n"`
}

func (c componentCursor) String() string {
	b, err := json.Marshal(c)
	if err != nil { // text and numbers always encode
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseComponentCursor(s string) (c componentCursor, err error) {
	c.N = -1
	if s == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return c, &posture.BadQuery{Reason: "unknown cursor: start again without one"}
	}
	return c, nil
}

// inventorySeries is a series that lists components, with what its rows show.
type inventorySeries struct {
	id, asset int64
	counts    bool // it is of the asset's default ref
	row       posture.Component
}

const inventoryColumns = `i.series_id, s.asset_id, s.ref, a.default_ref, t.name, s.category, i.at, i.report_id, a.uid, a.name, p.key
	FROM inventory i JOIN series s ON s.tenant_id = i.tenant_id AND s.id = i.series_id JOIN tool t ON t.tenant_id = s.tenant_id AND t.id = s.tool_id
	JOIN asset a ON a.tenant_id = s.tenant_id AND a.id = s.asset_id JOIN application p ON p.tenant_id = a.tenant_id AND p.id = a.application_id`

func scanInventory(row interface{ Scan(...any) error }) (inventorySeries, error) {
	var s inventorySeries
	var ref string
	var at int64
	var uid []byte
	err := row.Scan(&s.id, &s.asset, &s.row.Branch, &ref, &s.row.Tool, &s.row.Category, &at, &s.row.Report, &uid, &s.row.Asset, &s.row.Application)
	if err != nil {
		return s, err
	}
	s.row.AssetID, s.row.Seen = estate.AssetID(uid), fromMillis(at)
	s.counts = s.row.Branch == "" || ref == "" || s.row.Branch == ref
	return s, nil
}

// wants reports whether the series is of the ref that a filter asks for.
func (s *inventorySeries) wants(ref string) bool {
	return ref == "*" || ref == "" && s.counts || ref != "" && s.row.Branch == ref
}

// componentRow is a row of the table.
type componentRow struct {
	finding.Component
	series, n int64
}

const componentColumns = `series_id, n, ref, purl, ecosystem, grp, name, version, type, licences, scope, direct FROM component`

func scanComponent(row interface{ Scan(...any) error }) (componentRow, error) {
	var r componentRow
	var licences []byte
	var direct int64
	c := &r.Component
	if err := row.Scan(&r.series, &r.n, &c.Ref, &c.PURL, &c.Ecosystem, &c.Group, &c.Name, &c.Version, &c.Type, &licences, &c.Scope, &direct); err != nil {
		return r, err
	}
	c.Direct = directWord(direct)
	if len(licences) == 0 {
		return r, nil
	}
	return r, decode(licences, &c.Licences)
}

// Components returns a page of the inventory in the order of group/name. It
// walks the distinct names along their index, so a search costs as much as
// there are names, not as there are components.
func (d *DB) Components(ctx context.Context, t tenant.ID, f posture.ComponentFilter, p posture.Page) (posture.ComponentList, error) {
	at, err := parseComponentCursor(p.Cursor)
	if err != nil {
		return posture.ComponentList{}, err
	}
	w := &componentWalk{d: d, ctx: ctx, t: t, f: f, limit: max(p.Limit, 1), at: at, series: map[int64]*inventorySeries{}}
	if len(f.Applications) > 0 || len(f.Assets) > 0 {
		if err := w.restrict(); err != nil {
			return posture.ComponentList{}, fmt.Errorf("list components: %w", err)
		}
	}
	if err := w.walk(); err != nil {
		return posture.ComponentList{}, fmt.Errorf("list components: %w", err)
	}
	return w.out, d.countOpen(ctx, t, w.out.Rows, w.found)
}

// componentWalk is one page in the making.
type componentWalk struct {
	d      *DB
	ctx    context.Context
	t      tenant.ID
	f      posture.ComponentFilter
	limit  int
	at     componentCursor // the last row looked at
	looked int
	series map[int64]*inventorySeries
	only   string // ids of the series looked into, empty for all
	none   bool   // the filter names what lists nothing
	out    posture.ComponentList
	found  []*inventorySeries // of the rows
}

// restrict resolves applications and assets to the series that list
// components there.
func (w *componentWalk) restrict() error {
	query, args := "SELECT "+inventoryColumns+" WHERE i.tenant_id = ?", []any{w.t}
	if n := len(w.f.Applications); n > 0 {
		query += " AND p.key IN " + values(1, n)
		for _, key := range w.f.Applications {
			args = append(args, key)
		}
	}
	if n := len(w.f.Assets); n > 0 {
		query += " AND a.uid IN " + values(1, n)
		for _, id := range w.f.Assets {
			args = append(args, id[:])
		}
	}
	rows, err := w.d.read.QueryContext(w.ctx, query, args...)
	if err != nil {
		return err
	}
	list, err := collect(rows, scanInventory)
	if err != nil {
		return err
	}
	var ids []string
	for i := range list {
		if s := &list[i]; s.wants(w.f.Ref) {
			w.series[s.id] = s
			ids = append(ids, strconv.FormatInt(s.id, 10))
		}
	}
	w.only, w.none = strings.Join(ids, ","), len(ids) == 0
	return nil
}

// walk looks at components until the page is full, the bound is reached or
// nothing is left.
func (w *componentWalk) walk() error {
	for from := w.at.Key; !w.none; {
		keys, err := w.keys(from)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if full, err := w.key(key); full || err != nil {
				return err
			}
		}
		if len(keys) < keysAtOnce {
			return nil
		}
		from = keys[len(keys)-1] + "\x00" // the least text behind it
	}
	return nil
}

// keys lists names from one on that the filter may mean.
func (w *componentWalk) keys(from string) ([]string, error) {
	test, words := "1", []any{}
	if w.f.Text != "" {
		test, words = `key LIKE ? ESCAPE '\'`, append(words, "%"+likeEscape(strings.ToLower(w.f.Text))+"%")
	}
	if w.f.Name != "" {
		name := strings.ToLower(strings.ReplaceAll(w.f.Name, ":", "/"))
		test, words = test+` AND (key = ? OR key LIKE ? ESCAPE '\')`, append(words, name, "%/"+likeEscape(name))
	}
	query := `WITH RECURSIVE k (key) AS (
		SELECT min(key) FROM component WHERE tenant_id = ? AND key >= ?
		UNION ALL SELECT (SELECT min(key) FROM component WHERE tenant_id = ? AND key > k.key) FROM k WHERE k.key IS NOT NULL)
		SELECT key FROM k WHERE key IS NOT NULL AND ` + test
	args := []any{w.t, from, w.t}
	if w.only != "" {
		query = `SELECT DISTINCT key FROM component WHERE tenant_id = ? AND series_id IN (` + w.only + `) AND key >= ? AND ` + test + ` ORDER BY key`
		args = []any{w.t, from}
	}
	rows, err := w.d.read.QueryContext(w.ctx, query+fmt.Sprintf(" LIMIT %d", keysAtOnce), append(args, words...)...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (string, error) {
		var s string
		return s, r.Scan(&s)
	})
}

// key looks at the components of one name and reports whether the page is
// full.
func (w *componentWalk) key(key string) (full bool, err error) {
	if key != w.at.Key {
		w.at = componentCursor{Key: key, N: -1}
	}
	// Left to itself, the planner walks the primary key, which has the order.
	query := "SELECT " + componentColumns + " INDEXED BY component_key WHERE tenant_id = ? AND key = ? AND (series_id, n) > (?, ?)"
	args := []any{w.t, key}
	if w.only != "" {
		query += " AND series_id IN (" + w.only + ")"
	}
	var tail []any
	if w.f.Ecosystem != "" {
		query, tail = query+" AND ecosystem = ?", append(tail, strings.ToLower(w.f.Ecosystem))
	}
	query += fmt.Sprintf(" ORDER BY series_id, n LIMIT %d", componentsAtOnce)
	for {
		rows, err := w.d.read.QueryContext(w.ctx, query, append(append(slices.Clone(args), w.at.Series, w.at.N), tail...)...)
		if err != nil {
			return false, err
		}
		list, err := collect(rows, scanComponent)
		if err != nil {
			return false, err
		}
		for i := range list {
			if len(w.out.Rows) == w.limit || w.looked == maxLooked {
				w.out.Next = w.at.String()
				return true, nil
			}
			w.looked++
			w.at.Series, w.at.N = list[i].series, list[i].n
			if err := w.take(&list[i]); err != nil {
				return false, err
			}
		}
		if len(list) < componentsAtOnce {
			return false, nil
		}
	}
}

// take tests what the index doesn't tell and puts the row on the page.
func (w *componentWalk) take(r *componentRow) error {
	s, err := w.seriesOf(r.series)
	if err != nil || s == nil || !s.wants(w.f.Ref) || !licensed(r.Licences, w.f.Licence) {
		return err
	}
	holds, known := w.f.Version.Holds(r.Ecosystem, r.Version)
	if !known {
		w.out.Unknown++
	}
	if !holds {
		return nil
	}
	row := s.row
	row.Component = r.Component
	w.out.Rows, w.found = append(w.out.Rows, row), append(w.found, s)
	return nil
}

// seriesOf loads what a row shows of its series, nil when the series is gone.
func (w *componentWalk) seriesOf(id int64) (*inventorySeries, error) {
	if s, ok := w.series[id]; ok {
		return s, nil
	}
	rows, err := w.d.read.QueryContext(w.ctx, "SELECT "+inventoryColumns+" WHERE i.tenant_id = ? AND i.series_id = ?", w.t, id)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, scanInventory)
	if err != nil {
		return nil, err
	}
	w.series[id] = nil
	if len(list) > 0 {
		w.series[id] = &list[0]
	}
	return w.series[id], nil
}

// licensed reports whether one of the licences contains the words asked for.
func licensed(licences []string, part string) bool {
	part = strings.ToLower(part)
	return part == "" || slices.ContainsFunc(licences, func(l string) bool { return strings.Contains(strings.ToLower(l), part) })
}

// countOpen counts, for each row, the open findings of its version of the
// component on its asset; on other refs than the default one, those that are
// known only there too.
func (d *DB) countOpen(ctx context.Context, t tenant.ID, rows []posture.Component, series []*inventorySeries) error {
	terms, args := map[string]bool{}, []any{t}
	assets := map[int64]bool{}
	var ids []string
	for i := range rows {
		if term := "pkg:" + strings.ToLower(rows[i].Name); !terms[term] {
			terms[term] = true
			args = append(args, term)
		}
		if a := series[i].asset; !assets[a] {
			assets[a] = true
			ids = append(ids, strconv.FormatInt(a, 10))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	open := code(statusCodes, finding.Open)
	found, err := d.read.QueryContext(ctx, fmt.Sprintf(`SELECT l.component, f.asset_id, f.status, count(*)
		FROM flaw_term w JOIN flaw l ON l.tenant_id = w.tenant_id AND l.id = w.flaw_id
		CROSS JOIN finding f INDEXED BY finding_flaw ON f.tenant_id = l.tenant_id AND f.flaw_id = l.id
		WHERE w.tenant_id = ? AND w.term IN %s AND f.status IN (%d, %d) AND f.asset_id IN (%s) GROUP BY 1, 2, 3`,
		values(1, len(terms)), open, open+branchOnly, strings.Join(ids, ",")), args...)
	if err != nil {
		return fmt.Errorf("count findings of components: %w", err)
	}
	defer found.Close()
	type place struct {
		component string
		asset     int64
		branch    bool
	}
	counts := map[place]int64{}
	for found.Next() {
		var p place
		var status int
		var n int64
		if err := found.Scan(&p.component, &p.asset, &status, &n); err != nil {
			return err
		}
		p.branch = status >= branchOnly
		counts[p] += n
	}
	for i := range rows {
		p := place{component: componentText(&finding.Flaw{Component: &rows[i].Component}), asset: series[i].asset}
		rows[i].Open = counts[p]
		if p.branch = true; !series[i].counts {
			rows[i].Open += counts[p]
		}
	}
	return found.Err()
}
