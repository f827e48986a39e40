package node

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/place"
)

// assetRules keeps each tenant's rules of where reports belong. It compiles
// the text in force once.
type assetRules struct {
	db *sqlite.DB

	mu     sync.Mutex
	loaded map[tenant.ID]compiledRules
}

type compiledRules struct {
	source string
	rules  *place.Rules
}

const rulesFile = "asset-rules.yaml"

// of returns the rules in force for a tenant.
func (r *assetRules) of(ctx context.Context, t tenant.ID) (*place.Rules, error) {
	source, err := r.db.AssetRules(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("load asset rules: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.loaded[t]; ok && c.source == source {
		return c.rules, nil
	}
	rules, err := place.Load(rulesFile, []byte(source))
	if err != nil {
		return nil, fmt.Errorf("load asset rules: %w", err)
	}
	r.loaded[t] = compiledRules{source, rules}
	return rules, nil
}

// AssetRules implements httpapi.AssetRuleStore.
func (r *assetRules) AssetRules(ctx context.Context, t tenant.ID) (httpapi.AssetRules, error) {
	source, err := r.db.AssetRules(ctx, t)
	if err != nil {
		return httpapi.AssetRules{}, err
	}
	rules, err := r.of(ctx, t)
	return httpapi.AssetRules{Source: source, Rules: rules.Count()}, err
}

// SetAssetRules implements httpapi.AssetRuleStore.
func (r *assetRules) SetAssetRules(ctx context.Context, t tenant.ID, source, by string) error {
	if _, err := place.Load(rulesFile, []byte(source)); err != nil {
		var ps place.Problems
		if !errors.As(err, &ps) {
			return err
		}
		out := &httpapi.PolicyError{}
		for _, p := range ps {
			out.Problems = append(out.Problems, httpapi.PolicyProblem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message})
		}
		return errors.Join(httpapi.ErrAssetRules, out)
	}
	return r.db.SetAssetRules(ctx, t, source, by, now())
}
