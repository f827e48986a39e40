package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

// formats knows the report formats: those that Stance comes with, the
// mappings in the data folder's "formats", and each tenant's own.
type formats struct {
	db  *sqlite.DB
	dir string
	log *slog.Logger

	mu     sync.Mutex
	loaded map[[32]byte]*mapping.Mapping // by file and source; nil for a broken one
}

// of returns the formats for a tenant's reports, its own first.
func (f *formats) of(ctx context.Context, t tenant.ID) ([]format.Format, error) {
	list, _, err := f.own(ctx, t)
	if err != nil {
		return nil, err
	}
	return all.With(list), nil
}

// own returns the mappings of the tenant and of the folder with their origin
// by name. One of a tenant's stands in place of the folder's.
func (f *formats) own(ctx context.Context, t tenant.ID) (list []*mapping.Mapping, origin map[string]httpapi.Format, err error) {
	origin = map[string]httpapi.Format{}
	stored, err := f.db.Mappings(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range stored {
		if m := f.load(s.Name, []byte(s.Source)); m != nil {
			list = append(list, m)
			origin[s.Name] = httpapi.Format{Origin: "yours", By: s.By, At: &s.At, Source: s.Source}
		}
	}
	paths, err := filepath.Glob(filepath.Join(f.dir, "*.yaml"))
	if err != nil {
		return nil, nil, err
	}
	deeper, err := filepath.Glob(filepath.Join(f.dir, "*", "mapping.yaml"))
	if err != nil {
		return nil, nil, err
	}
	for _, p := range slices.Concat(paths, deeper) {
		src, err := os.ReadFile(p)
		if err != nil {
			return nil, nil, err
		}
		if m := f.load(p, src); m != nil && origin[m.Name()].Origin == "" {
			list = append(list, m)
			origin[m.Name()] = httpapi.Format{Origin: "folder", Source: string(src)}
		}
	}
	return list, origin, nil
}

// load compiles a mapping once. A broken one is told of once and left out:
// reports of other formats go on.
func (f *formats) load(file string, src []byte) *mapping.Mapping {
	key := sha256.Sum256(append([]byte(file+"\x00"), src...))
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.loaded[key]
	if ok {
		return m
	}
	m, err := mapping.Load(filepath.Base(file), src)
	if err != nil {
		f.log.Error("format mapping left out", "file", file, "error", err)
		m = nil
	}
	f.loaded[key] = m
	return m
}

// Formats implements httpapi.FormatDesk.
func (f *formats) Formats(ctx context.Context, t tenant.ID) ([]httpapi.Format, error) {
	own, origin, err := f.own(ctx, t)
	if err != nil {
		return nil, err
	}
	coded := map[string]bool{}
	for _, c := range all.Coded() {
		coded[c.Name] = true
	}
	var out []httpapi.Format
	for _, c := range all.With(own) {
		w := origin[c.Name]
		w.Name, w.Title, w.Doc, w.Fields = c.Name, c.Title, c.Doc, []httpapi.FormatField{}
		if w.Origin == "" {
			w.Origin, w.By = "built in", "mapping"
			if coded[c.Name] {
				w.By = "parser"
			}
		}
		for _, fd := range c.Fields {
			w.Fields = append(w.Fields, httpapi.FormatField{Name: fd.Name, From: fd.From})
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b httpapi.Format) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// SaveMapping implements httpapi.FormatDesk.
func (f *formats) SaveMapping(ctx context.Context, t tenant.ID, name, source, by string) error {
	m, problems := mapping.Check(name+".yaml", []byte(source))
	bad := &httpapi.PolicyError{}
	for _, p := range problems {
		if p.Fatal {
			bad.Problems = append(bad.Problems, httpapi.PolicyProblem{File: name + ".yaml", Message: p.Message})
		}
	}
	if len(bad.Problems) == 0 && m.Name() != name {
		bad.Problems = append(bad.Problems, httpapi.PolicyProblem{File: name + ".yaml", Message: fmt.Sprintf("the mapping calls itself %q", m.Name())})
	}
	if len(bad.Problems) > 0 {
		return errors.Join(httpapi.ErrMapping, bad)
	}
	return f.db.SaveMapping(ctx, t, name, source, by, now())
}

// RemoveMapping implements httpapi.FormatDesk.
func (f *formats) RemoveMapping(ctx context.Context, t tenant.ID, name string) error {
	return f.db.RemoveMapping(ctx, t, name)
}
