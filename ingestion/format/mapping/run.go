package mapping

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
)

// runNames and targetNames are what "run" and "target" may say.
var (
	runNames    = []string{"tool", "version", "category", "started", "failed", "note"}
	targetNames = []string{"kind", "name", "repository", "branch", "commit", "digest", "root"}
)

// setting is a value of a run or a target.
type setting struct {
	setter
}

func (m *Mapping) settings(from map[string]value, names []string) ([]setting, error) {
	var out []setting
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("no %q here: want one of %s", name, strings.Join(names, ", "))
		}
		v := from[name]
		if v.Named != "" {
			t, ok := m.spec.Tables[v.Named]
			if !ok {
				return nil, fmt.Errorf("%s: no table %q", name, v.Named)
			}
			v.Table = t
		}
		s := setting{setter{field: field{name: name, list: name == "note"}, value: v}}
		for _, text := range v.Exprs {
			e, err := compileExpr(text, m.variables)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			s.exprs = append(s.exprs, e)
		}
		out = append(out, s)
	}
	return out, nil
}

// vals are the values of a setting, translated.
func (s *setting) vals(ctx context.Context, sc *scope) []any {
	vals := s.values(ctx, sc)
	if len(vals) == 0 && s.Default != "" {
		return []any{s.Default}
	}
	if s.Table != nil {
		for i, v := range vals {
			vals[i] = s.lookup(textOf(v))
		}
	}
	return vals
}

// maxNotes bounds the notes kept of a run.
const maxNotes = 20

func (m *Mapping) runOf(ctx context.Context, p *program, sc *scope) format.Run {
	r := format.Run{Tool: m.spec.Tool}
	for i := range p.run {
		vals := p.run[i].vals(ctx, sc)
		if len(vals) == 0 {
			continue
		}
		one := strings.TrimSpace(textOf(vals[0]))
		switch p.run[i].name {
		case "tool":
			r.Tool = one
		case "version":
			r.Version = one
		case "category":
			r.Category = one
		case "started":
			r.Started = timeOf(vals[0])
		case "failed":
			r.Failed, _ = boolOf(vals[0])
		case "note":
			notes := texts(flat(vals))
			r.Notes = notes[:min(len(notes), maxNotes)]
		}
	}
	r.Target = targetOf(ctx, p.target, sc, format.Target{})
	return r
}

// targetOf fills a target, beginning with what is known already.
func targetOf(ctx context.Context, from []setting, sc *scope, t format.Target) format.Target {
	for i := range from {
		vals := from[i].vals(ctx, sc)
		if len(vals) == 0 {
			continue
		}
		one := strings.TrimSpace(textOf(vals[0]))
		switch from[i].name {
		case "kind":
			t.Kind = one
		case "name":
			t.Name = one
		case "repository":
			t.Repository = one
		case "branch":
			t.Branch = one
		case "commit":
			t.Commit = one
		case "digest":
			t.Digest = one
		case "root":
			t.Root = one
		}
	}
	return t
}
