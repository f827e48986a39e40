package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
)

// SetAliases implements apply.Statements.
func (x *applyTx) SetAliases(_ context.Context, asset int64, as []estate.Alias, at time.Time) error {
	for _, a := range as {
		if a.Name == "" {
			continue
		}
		if err := x.exec(`INSERT INTO asset_alias (tenant_id, alias, asset_id, version, digest, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET version = excluded.version, digest = excluded.digest, at = excluded.at WHERE excluded.at >= at`,
			x.t, a.Name, asset, a.Version, a.Digest, millis(at)); err != nil {
			return fmt.Errorf("note what asset %d is called: %w", asset, err)
		}
	}
	return nil
}

// aboutAsset selects the statements about an asset: those made for it and
// those about a product that it is. A product in one version is the asset
// only while the asset's newest scan is of that version or digest.
const aboutAsset = `SELECT s.id, s.advisory, s.names, s.ecosystem, s.grp, s.name, s.version, s.state, s.justification, s.detail, s.author, s.stated_at, s.report_id, s.subject, s.product_version
	FROM statement s WHERE s.tenant_id = ?1 AND s.subject = 'asset:' || ?2
	UNION SELECT s.id, s.advisory, s.names, s.ecosystem, s.grp, s.name, s.version, s.state, s.justification, s.detail, s.author, s.stated_at, s.report_id, s.subject, s.product_version
	FROM asset_alias a JOIN statement s ON s.tenant_id = a.tenant_id AND s.subject = a.alias
	WHERE a.tenant_id = ?1 AND a.asset_id = ?2 AND ` + aliasHolds + ` ORDER BY 1`

// aliasHolds tests an alias a against a statement s.
const aliasHolds = `(s.product_version = '' OR s.product_version IN (a.version, a.digest) OR a.version = '' AND a.digest = '')
	AND (a.alias NOT LIKE 'digest:%' OR a.at >= (SELECT max(b.at) FROM asset_alias b WHERE b.tenant_id = a.tenant_id AND b.asset_id = a.asset_id))`

func scanStatement(row interface{ Scan(...any) error }) (finding.Statement, error) {
	var s finding.Statement
	var id, at int64
	var state int
	var names, subject, version string
	c := &s.Component
	err := row.Scan(&id, &s.Advisory, &names, &c.Ecosystem, &c.Group, &c.Name, &c.Version, &state, &s.Claim.Justification, &s.Claim.Detail, &s.Author, &at, &s.Report, &subject, &version)
	s.Names, s.Claim.State, s.At = strings.Fields(names), word(claimCodes, state), fromMillis(at)
	if !strings.HasPrefix(subject, "asset:") {
		_, s.Product, _ = strings.Cut(subject, ":")
		if version != "" && !strings.Contains(s.Product, version) {
			s.Product += "@" + version
		}
	}
	return s, err
}

// AssetStatements implements apply.Statements.
func (x *applyTx) AssetStatements(_ context.Context, asset int64) ([]finding.Statement, error) {
	return x.d.assetStatements(x.ctx, x.tx, x.t, asset)
}

func (d *DB) assetStatements(ctx context.Context, q queryer, t tenant.ID, asset int64) ([]finding.Statement, error) {
	rows, err := q.QueryContext(ctx, aboutAsset, t, asset)
	if err != nil {
		return nil, fmt.Errorf("load statements: %w", err)
	}
	ss, err := collect(rows, scanStatement)
	if err != nil || len(ss) == 0 {
		return nil, err
	}
	trust, err := loadTrust(ctx, q, t)
	if err != nil {
		return nil, err
	}
	for i := range ss {
		ss[i].Trust = trust.Of(ss[i].Author)
	}
	return ss, nil
}

// AddStatements implements apply.Statements.
func (x *applyTx) AddStatements(_ context.Context, report string, ss []apply.AboutProduct) ([]int64, error) {
	id, err := nextID(x.ctx, x.tx, "statement", x.t)
	if err != nil {
		return nil, err
	}
	var assets []int64
	for i := range ss {
		s := &ss[i]
		subject, about, err := x.subject(s)
		if err != nil {
			return nil, err
		}
		for _, a := range about {
			if !slices.Contains(assets, a) {
				assets = append(assets, a)
			}
		}
		version := s.Product.Version
		if s.Product.Digest != "" {
			version = s.Product.Digest
		}
		c := &s.Component
		if err := x.exec(`INSERT OR IGNORE INTO statement (tenant_id, id, subject, product_version, advisory, names, ecosystem, grp, name, version, state, justification, detail, author, stated_at, recorded_at, report_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			x.t, id, subject, version, s.Advisory, strings.Join(s.Names, " "), c.Ecosystem, c.Group, c.Name, c.Version,
			code(claimCodes, s.Claim.State), s.Claim.Justification, s.Claim.Detail, s.Author, millis(s.At), x.now, report); err != nil {
			return nil, err
		}
		id++
	}
	slices.Sort(assets)
	return assets, nil
}

// subject says under which name a statement is kept, and the assets that have
// it now. A component that is itself an asset's root is its product.
func (x *applyTx) subject(s *apply.AboutProduct) (string, []int64, error) {
	if root := estate.Product(s.Component.PURL); s.Asset != 0 && root.Name != "" {
		known, err := x.named(root.Name)
		if err != nil {
			return "", nil, err
		}
		if slices.Contains(known, s.Asset) {
			s.Component = finding.Component{}
		}
	}
	if s.Asset != 0 {
		return fmt.Sprintf("asset:%d", s.Asset), []int64{s.Asset}, nil
	}
	known, err := x.named(s.Product.Name)
	return s.Product.Name, known, err
}

// named lists the assets with an alias.
func (x *applyTx) named(alias string) ([]int64, error) {
	st, err := x.stmt(`SELECT asset_id FROM asset_alias WHERE tenant_id = ? AND alias = ? ORDER BY asset_id`)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(x.ctx, x.t, alias)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (int64, error) {
		var id int64
		return id, r.Scan(&id)
	})
}

// Concerned implements apply.Statements.
func (x *applyTx) Concerned(_ context.Context, asset int64, ss []finding.Statement) ([]finding.ID, error) {
	st, err := x.stmt(`SELECT f.id FROM flaw_term w JOIN finding f INDEXED BY finding_flaw ON f.tenant_id = w.tenant_id AND f.flaw_id = w.flaw_id
		WHERE w.tenant_id = ? AND w.term = ? AND f.asset_id = ?`)
	if err != nil {
		return nil, err
	}
	asked, seen := map[string]bool{}, map[finding.ID]bool{}
	var out []finding.ID
	for i := range ss {
		for _, name := range append([]string{ss[i].Advisory}, ss[i].Names...) {
			term := "adv:" + strings.ToUpper(name)
			if name == "" || asked[term] {
				continue
			}
			asked[term] = true
			rows, err := st.QueryContext(x.ctx, x.t, term, asset)
			if err != nil {
				return nil, err
			}
			ids, err := collect(rows, scanFindingID)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				if !seen[id] {
					seen[id], out = true, append(out, id)
				}
			}
		}
	}
	return out, nil
}

func scanFindingID(r interface{ Scan(...any) error }) (finding.ID, error) {
	var id finding.ID
	var b []byte
	err := r.Scan(&b)
	copy(id[:], b)
	return id, err
}

// FlawOf implements apply.Known.
func (x *applyTx) FlawOf(_ context.Context, id int64) (*finding.Flaw, error) {
	var body []byte
	if err := x.row(`SELECT body FROM flaw WHERE tenant_id = ? AND id = ?`, []any{x.t, id}, &body); err != nil {
		return nil, fmt.Errorf("load flaw %d: %w", id, err)
	}
	f := new(finding.Flaw)
	return f, decode(body, f)
}

// loadTrust reads in whom the organisation trusts.
func loadTrust(ctx context.Context, q queryer, t tenant.ID) (finding.TrustList, error) {
	rows, err := q.QueryContext(ctx, `SELECT pattern, trust FROM author_trust WHERE tenant_id = ? ORDER BY n`, t)
	if err != nil {
		return nil, fmt.Errorf("load whose statements are trusted: %w", err)
	}
	return collect(rows, func(r interface{ Scan(...any) error }) (finding.Trusted, error) {
		var v finding.Trusted
		return v, r.Scan(&v.Author, &v.Trust)
	})
}

// statements lists what VEX documents say of a finding and stands.
func (d *DB) statements(ctx context.Context, t tenant.ID, asset int64, f *finding.Flaw) ([]finding.Statement, error) {
	ss, err := d.assetStatements(ctx, d.read, t, asset)
	if err != nil {
		return nil, err
	}
	return finding.NewStatements(ss).Standing(f), nil
}

// SetTrust says whose statements are trusted how much, and derives the
// findings anew that statements bear on.
func (d *DB) SetTrust(ctx context.Context, t tenant.ID, list finding.TrustList) error {
	return d.withTx(ctx, t, func(x *applyTx) error { return x.setTrust(ctx, list) })
}

func (x *applyTx) setTrust(ctx context.Context, list finding.TrustList) error {
	was, err := loadTrust(ctx, x.tx, x.t)
	if err != nil || slices.Equal(was, list) {
		return err
	}
	if err := x.exec(`DELETE FROM author_trust WHERE tenant_id = ?`, x.t); err != nil {
		return err
	}
	for i, e := range list {
		if err := x.exec(`INSERT INTO author_trust (tenant_id, n, pattern, trust) VALUES (?, ?, ?, ?)`, x.t, i, e.Author, e.Trust); err != nil {
			return err
		}
	}
	st, err := x.stmt(`SELECT DISTINCT a.asset_id FROM asset_alias a JOIN statement s ON s.tenant_id = a.tenant_id AND s.subject = a.alias WHERE a.tenant_id = ?
		UNION SELECT CAST(substr(subject, 7) AS INTEGER) FROM statement WHERE tenant_id = ? AND subject LIKE 'asset:%' ORDER BY 1`)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(x.ctx, x.t, x.t)
	if err != nil {
		return err
	}
	assets, err := collect(rows, func(r interface{ Scan(...any) error }) (int64, error) {
		var id int64
		return id, r.Scan(&id)
	})
	if err != nil {
		return err
	}
	return apply.Reconsider(ctx, x, assets, x.d.now())
}
