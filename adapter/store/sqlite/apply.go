package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
)

var (
	_ apply.Store = (*DB)(nil)
	_ apply.Tx    = (*applyTx)(nil)
)

// Apply runs fn in one writing transaction.
func (d *DB) Apply(ctx context.Context, t tenant.ID, fn func(apply.Tx) error) error {
	return d.withTx(ctx, t, func(tx *applyTx) error { return fn(tx) })
}

// withTx opens a transaction with the counters that go with it and folds
// these in before it commits.
func (d *DB) withTx(ctx context.Context, t tenant.ID, fn func(*applyTx) error) error {
	if !t.Valid() {
		return errors.New("no tenant")
	}
	return d.inTx(ctx, func(sqlTx *sql.Tx) error { return d.within(ctx, sqlTx, t, fn) })
}

// within is withTx inside a transaction that is open already.
func (d *DB) within(ctx context.Context, sqlTx *sql.Tx, t tenant.ID, fn func(*applyTx) error) error {
	// A statement under a context that can end costs a goroutine each; the
	// transaction itself ends with the context.
	tx := &applyTx{d: d, ctx: context.WithoutCancel(ctx), tx: sqlTx, t: t, now: millis(d.now()), tools: map[string]int{},
		tally: map[tallyKey]int64{}, activity: map[activityKey]int64{}, scores: d.model.session(), differs: map[int64]bool{}, restate: map[int64]bool{}}
	defer tx.close()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.fold()
}

// applyTx is the record inside one transaction of one tenant.
type applyTx struct {
	d   *DB
	ctx context.Context
	tx  *sql.Tx
	t   tenant.ID
	now int64

	prepared    map[string]*sql.Stmt
	tools       map[string]int
	tally       map[tallyKey]int64
	activity    map[activityKey]int64
	scores      *scores
	reportNo    int64
	reportID    string
	nextChunk   int64
	nextEvent   int64
	components  map[int64]int // rows written by series
	quarantined int
	differs     map[int64]bool // flaws of which the record knows more than the report
	restate     map[int64]bool // flaws that changed in what scores hang on
}

func (x *applyTx) close() {
	for _, s := range x.prepared {
		_ = s.Close()
	}
}

// stmt prepares a statement once for the transaction.
func (x *applyTx) stmt(query string) (*sql.Stmt, error) {
	if s, ok := x.prepared[query]; ok {
		return s, nil
	}
	s, err := x.tx.PrepareContext(x.ctx, query)
	if err != nil {
		return nil, err
	}
	if x.prepared == nil {
		x.prepared = map[string]*sql.Stmt{}
	}
	x.prepared[query] = s
	return s, nil
}

func (x *applyTx) exec(query string, args ...any) error {
	s, err := x.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(x.ctx, args...)
	return err
}

func (x *applyTx) row(query string, args []any, dst ...any) error {
	s, err := x.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(x.ctx, args...).Scan(dst...)
}

// rowJSON are the options for structures kept as JSON.
var rowJSON = json.JoinOptions(json.OmitZeroStructFields(true), jsontext.AllowInvalidUTF8(true))

func encode(v any) ([]byte, error) { return json.Marshal(v, rowJSON) }
func decode(b []byte, v any) error { return json.Unmarshal(b, v, rowJSON) }

// Target implements apply.Targets.
func (x *applyTx) Target(_ context.Context, application string, kind estate.AssetKind, name string) (apply.Target, error) {
	if application == "" {
		if t, known, err := x.knownTarget(kind, name); name != estate.Unassigned && (err != nil || known) {
			return t, err
		}
		application = estate.Unassigned
	}
	app, err := x.application(application)
	if err != nil {
		return apply.Target{}, err
	}
	t := apply.Target{Application: app.id, Kind: kind, Context: app.context}
	var uid []byte
	look := func() error {
		return x.row(`SELECT id, uid, default_ref, pinned_ref FROM asset WHERE tenant_id = ? AND application_id = ? AND kind = ? AND name = ?`,
			[]any{x.t, app.id, string(kind), name}, &t.Asset, &uid, &t.DefaultRef, &t.PinnedRef)
	}
	if err = look(); errors.Is(err, sql.ErrNoRows) {
		claimed, claimErr := x.claim(app.id, kind, name)
		if claimErr != nil {
			return t, claimErr
		}
		if claimed {
			err = look()
		}
	}
	if err == nil {
		t.AssetID = estate.AssetID(uid)
		return t, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return t, fmt.Errorf("look up asset %q: %w", name, err)
	}
	if t.Asset, err = nextID(x.ctx, x.tx, "asset", x.t); err != nil {
		return t, err
	}
	t.AssetID = estate.AssetID(uuid.Must(uuid.NewV7()))
	err = x.exec(`INSERT INTO asset (tenant_id, id, uid, application_id, kind, name, default_ref, pinned_ref, created_at) VALUES (?, ?, ?, ?, ?, ?, '', 0, ?)`,
		x.t, t.Asset, t.AssetID[:], app.id, string(kind), name, x.now)
	return t, err
}

type applicationRow struct {
	id      int64
	context estate.Context
}

// application finds or makes an application by its name or key.
func (x *applyTx) application(name string) (applicationRow, error) {
	var a applicationRow
	key, err := estate.Key(name)
	if err != nil {
		return a, err
	}
	c := &a.context
	err = x.row(`SELECT id, criticality, data, exposure, environment FROM application WHERE tenant_id = ? AND key = ?`,
		[]any{x.t, key}, &a.id, &c.Criticality, &c.Data, &c.Exposure, &c.Environment)
	if !errors.Is(err, sql.ErrNoRows) {
		return a, err
	}
	made := estate.Application{Key: key, Name: name}
	if key == estate.Unassigned {
		made.Description = "Assets that reports told of and that no application claims yet. Assign each to its application."
	}
	return a, x.insertApplication(&a.id, made)
}

func (x *applyTx) insertApplication(id *int64, a estate.Application) (err error) {
	if *id, err = nextID(x.ctx, x.tx, "application", x.t); err != nil {
		return err
	}
	uid := uuid.Must(uuid.NewV7())
	c := a.Context
	return x.exec(`INSERT INTO application (tenant_id, id, uid, key, name, description, unit, owner, criticality, data, exposure, environment, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.t, *id, uid[:], a.Key, a.Name, a.Description, a.Unit, a.Owner, c.Criticality, c.Data, c.Exposure, c.Environment, x.now)
}

// Tool implements apply.Targets.
func (x *applyTx) Tool(_ context.Context, name string) (int, error) {
	if id, ok := x.tools[name]; ok {
		return id, nil
	}
	var id int
	err := x.row(`SELECT id FROM tool WHERE tenant_id = ? AND name = ?`, []any{x.t, name}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		err = x.row(`SELECT coalesce(max(id), -1) + 1 FROM tool WHERE tenant_id = ?`, []any{x.t}, &id)
		if err == nil {
			err = x.exec(`INSERT INTO tool (tenant_id, id, name) VALUES (?, ?, ?)`, x.t, id, name)
		}
	}
	if err == nil {
		x.tools[name] = id
	}
	return id, err
}

// SetDefaultRef implements apply.Targets.
func (x *applyTx) SetDefaultRef(_ context.Context, asset int64, ref string) error {
	return x.exec(`UPDATE asset SET default_ref = ? WHERE tenant_id = ? AND id = ?`, ref, x.t, asset)
}

// Flaw implements apply.Targets.
func (x *applyTx) Flaw(_ context.Context, f *finding.Flaw) (int64, error) {
	key := f.Key()
	body, err := encode(f)
	if err != nil {
		return 0, fmt.Errorf("keep flaw %q: %w", f.Title, err)
	}
	var id int64
	var old []byte
	err = x.row(`SELECT id, body FROM flaw WHERE tenant_id = ? AND key = ?`, []any{x.t, key[:]}, &id, &old)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return x.insertFlaw(key, f, body)
	case err != nil:
		return 0, err
	case string(old) == string(body):
		return id, nil
	}
	var was finding.Flaw
	if err := decode(old, &was); err != nil {
		return 0, fmt.Errorf("read flaw %d: %w", id, err)
	}
	before := scoredBy(&was)
	if was.Tool != f.Tool { // the tool that described it first keeps describing it; what it lacks is added
		was.Advisories = union(was.Advisories, f.Advisories)
		was.FixVersions = union(was.FixVersions, f.FixVersions)
		if len(was.CWEs) == 0 {
			was.CWEs = f.CWEs
		}
		if len(was.CVSS) == 0 {
			was.CVSS = f.CVSS
		}
		if was.Fix == "" {
			was.Fix = f.Fix
		}
		f = &was
		x.differs[id] = true
		if body, err = encode(f); err != nil {
			return 0, err
		}
	}
	if string(old) == string(body) {
		return id, nil
	}
	x.scores.forget(id)
	if before != scoredBy(f) {
		x.restate[id] = true
	}
	if err := x.exec(`UPDATE flaw SET title = ?, advisory = ?, cwe = ?, component = ?, search = ?, body = ? WHERE tenant_id = ? AND id = ?`,
		f.Title, f.Advisory, firstCWE(f), componentText(f), searchText(f), body, x.t, id); err != nil {
		return 0, err
	}
	return id, x.flawTerms(id, f)
}

func (x *applyTx) insertFlaw(key finding.Key, f *finding.Flaw, body []byte) (int64, error) {
	id, err := nextID(x.ctx, x.tx, "flaw", x.t)
	if err != nil {
		return 0, err
	}
	if err := x.exec(`INSERT INTO flaw (tenant_id, id, key, kind, title, advisory, cwe, component, search, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.t, id, key[:], code(kindCodes, f.Kind), f.Title, f.Advisory, firstCWE(f), componentText(f), searchText(f), body); err != nil {
		return 0, err
	}
	return id, x.flawTerms(id, f)
}

func (x *applyTx) flawTerms(id int64, f *finding.Flaw) error {
	for _, term := range flawTerms(f) {
		if err := x.exec(`INSERT OR IGNORE INTO flaw_term (tenant_id, term, flaw_id) VALUES (?, ?, ?)`, x.t, term, id); err != nil {
			return err
		}
	}
	return nil
}
