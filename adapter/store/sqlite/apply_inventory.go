package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
)

// listing is the inventory of a series while a report writes it.
type listing struct {
	next  int             // number of the next row
	known map[string]bool // what a scan of a part adds to; nil when it replaces
	count int
}

// Components implements apply.Ledger.
func (x *applyTx) Components(_ context.Context, in apply.Inventory) error {
	l, err := x.listing(in)
	if err != nil {
		return err
	}
	cs := in.Components
	if l.known != nil {
		cs = cs[:0:0]
		for _, c := range in.Components {
			if e := entryOf(c.Ref, c.PURL, c.Name, c.Version); !l.known[e] {
				l.known[e] = true
				cs = append(cs, c)
			}
		}
	}
	first := l.next
	l.next, l.count = l.next+len(cs), l.count+len(cs)
	if err := x.insert(`INSERT INTO component (tenant_id, series_id, n, ref, purl, ecosystem, grp, name, version, type, licences, key, scope, direct) VALUES `,
		14, len(cs), func(args []any, i int) []any {
			c := &cs[i]
			licences, err := encode(c.Licences)
			if err != nil {
				licences = []byte("[]") // a list of strings always encodes
			}
			return append(args, int64(x.t), in.Series, int64(first+i), c.Ref, c.PURL, c.Ecosystem, c.Group, c.Name, c.Version, c.Type, string(licences),
				componentKey(c), c.Scope, directCode(c.Direct))
		}); err != nil {
		return err
	}
	var edges [][2]string
	for ref, on := range in.Depends {
		for _, o := range on {
			edges = append(edges, [2]string{ref, o})
		}
	}
	if err := x.insert(`INSERT OR IGNORE INTO dependency (tenant_id, series_id, ref, on_ref) VALUES `, 4, len(edges), func(args []any, i int) []any {
		return append(args, int64(x.t), in.Series, edges[i][0], edges[i][1])
	}); err != nil {
		return err
	}
	return x.exec(`INSERT INTO inventory (tenant_id, series_id, at, report_id, components) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET at = excluded.at, report_id = excluded.report_id, components = excluded.components`,
		x.t, in.Series, millis(in.At), in.Report, l.count)
}

// listing begins the inventory of a series with the first part of it in a
// transaction: it clears what was there, or reads what the part adds to.
func (x *applyTx) listing(in apply.Inventory) (*listing, error) {
	if l := x.listings[in.Series]; l != nil {
		return l, nil
	}
	if x.listings == nil {
		x.listings = map[int64]*listing{}
	}
	l := new(listing)
	x.listings[in.Series] = l
	if !in.Adds {
		for _, table := range []string{"component", "dependency"} {
			if err := x.exec(`DELETE FROM `+table+` WHERE tenant_id = ? AND series_id = ?`, x.t, in.Series); err != nil {
				return nil, err
			}
		}
		return l, nil
	}
	l.known = map[string]bool{}
	rows, err := x.tx.QueryContext(x.ctx, `SELECT n, ref, purl, name, version FROM component WHERE tenant_id = ? AND series_id = ?`, x.t, in.Series)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		var ref, purl, name, version string
		if err := rows.Scan(&n, &ref, &purl, &name, &version); err != nil {
			return nil, fmt.Errorf("read what is listed: %w", err)
		}
		l.known[entryOf(ref, purl, name, version)] = true
		l.next, l.count = max(l.next, n+1), l.count+1
	}
	return l, rows.Err()
}

// entryOf tells the entries of one inventory apart.
func entryOf(ref, purl, name, version string) string {
	return strings.Join([]string{ref, purl, name, version}, "\x00")
}

// componentKey is what a component is looked up by.
func componentKey(c *finding.Component) string {
	if c.Group == "" {
		return strings.ToLower(c.Name)
	}
	return strings.ToLower(c.Group + "/" + c.Name)
}

// directCode is how the record writes whether the root depends on a component
// itself.
func directCode(direct *bool) int64 {
	switch {
	case direct == nil:
		return 0
	case *direct:
		return 1
	}
	return 2
}

// directWord reads directCode's numbers.
func directWord(n int64) *bool {
	direct := n == 1
	if n == 0 {
		return nil
	}
	return &direct
}
