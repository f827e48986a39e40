package node

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/governance/policy"
	packpolicy "github.com/stance-aspm/stance/pack/policy"
)

// gates answers for applications. It keeps a table of facts for each
// application it was asked about and loads only the assets that changed.
type gates struct {
	db *sqlite.DB

	mu      sync.Mutex
	bundles map[string]*policy.Bundle // by source
	tables  map[tableKey]*table
	uses    uint64
}

type tableKey struct {
	tenant   tenant.ID
	app, ref string
}

type table struct {
	mu    sync.Mutex
	facts *gate.Table
	used  uint64
}

// maxTables bounds the memory of kept tables; the one not used for longest
// goes first.
const maxTables = 64

func newGates(db *sqlite.DB) *gates {
	return &gates{db: db, bundles: map[string]*policy.Bundle{}, tables: map[tableKey]*table{}}
}

// Decide implements httpapi.Gate.
func (g *gates) Decide(ctx context.Context, t tenant.ID, application, stage, ref string) (gate.Verdict, error) {
	b, err := g.bundle(ctx, t)
	if err != nil {
		return gate.Verdict{}, err
	}
	app, assets, scans, err := g.db.GateApp(ctx, t, application, ref)
	if err != nil {
		return gate.Verdict{}, err
	}
	tab := g.table(tableKey{t, application, ref})
	tab.mu.Lock()
	defer tab.mu.Unlock()
	there := map[string]bool{}
	for _, a := range assets {
		there[a.ID] = true
		if v, ok := tab.facts.Version(a.ID); ok && v == a.Version {
			continue
		}
		fs, err := g.db.GateFindings(ctx, t, a, ref)
		if err != nil {
			return gate.Verdict{}, err
		}
		tab.facts.Replace(a.Asset, a.Version, fs)
	}
	for _, id := range tab.facts.Assets() {
		if !there[id] {
			tab.facts.Remove(id)
		}
	}
	return tab.facts.Judge(b, gate.Query{App: app, Scans: scans, Stage: policy.Stage(stage), Now: now()}), nil
}

func (g *gates) table(k tableKey) *table {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uses++
	t := g.tables[k]
	if t == nil {
		t = &table{facts: gate.NewTable()}
		g.tables[k] = t
		if len(g.tables) > maxTables {
			oldest := k
			for other, o := range g.tables {
				if other != k && (oldest == k || o.used < g.tables[oldest].used) {
					oldest = other
				}
			}
			delete(g.tables, oldest)
		}
	}
	t.used = g.uses
	return t
}

// bundle compiles the policies in force, once for each text.
func (g *gates) bundle(ctx context.Context, t tenant.ID) (*policy.Bundle, error) {
	src, err := g.db.Policy(ctx, t)
	if err != nil {
		return nil, err
	}
	if src == "" {
		src = string(packpolicy.Default())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.bundles[src]; b != nil {
		return b, nil
	}
	b, err := policy.Load(policy.Source{Name: "policies.yaml", Text: []byte(src)})
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	clear(g.bundles)
	g.bundles[src] = b
	return b, nil
}

// Policies implements httpapi.PolicyStore.
func (g *gates) Policies(ctx context.Context, t tenant.ID) (httpapi.Policies, error) {
	src, err := g.db.Policy(ctx, t)
	if err != nil {
		return httpapi.Policies{}, err
	}
	out := httpapi.Policies{Source: src, Default: src == "", Rules: []httpapi.PolicySummary{}}
	if src == "" {
		out.Source = string(packpolicy.Default())
	}
	b, err := g.bundle(ctx, t)
	if err != nil {
		return out, err
	}
	out.Digest = b.Digest
	for _, p := range b.Policies {
		for _, r := range p.Rules {
			s := httpapi.PolicySummary{Policy: p.Name, Rule: r.Name, Action: string(r.Action), Message: r.Description}
			for _, st := range r.Stages {
				s.Stages = append(s.Stages, string(st))
			}
			out.Rules = append(out.Rules, s)
		}
	}
	return out, nil
}

// SetPolicies implements httpapi.PolicyStore.
func (g *gates) SetPolicies(ctx context.Context, t tenant.ID, source, by string) error {
	if _, err := policy.Load(policy.Source{Name: "policies.yaml", Text: []byte(source)}); err != nil {
		var ps policy.Problems
		if !errors.As(err, &ps) {
			return err
		}
		out := &httpapi.PolicyError{}
		for _, p := range ps {
			out.Problems = append(out.Problems, httpapi.PolicyProblem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message})
		}
		return out
	}
	return g.db.SetPolicy(ctx, t, source, by, now())
}
