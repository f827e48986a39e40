package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// Mappings keeps tenants' own format mappings.
type Mappings interface {
	Mappings(context.Context, tenant.ID) ([]posture.Mapping, error)
	SaveMapping(ctx context.Context, t tenant.ID, name, source, by string, at time.Time) error
	RemoveMapping(ctx context.Context, t tenant.ID, name string) error
}

// mappings tests the formats that tenants describe themselves.
func mappings() map[string]func(*world) {
	return map[string]func(*world){"kept, replaced and removed, each tenant's apart": mappingLife}
}

func mappingLife(w *world) {
	w.must(w.Store.SaveMapping(w.ctx, 1, "b", "one", "ann", w.now))
	w.must(w.Store.SaveMapping(w.ctx, 1, "a", "two", "ann", w.now))
	w.must(w.Store.SaveMapping(w.ctx, 2, "a", "other", "ben", w.now))
	w.must(w.Store.SaveMapping(w.ctx, 1, "b", "three", "cem", w.now.Add(time.Hour)))
	list, err := w.Store.Mappings(w.ctx, 1)
	w.must(err)
	if len(list) != 2 || list[0].Name != "a" || list[1].Source != "three" || list[1].By != "cem" || !list[1].At.Equal(w.now.Add(time.Hour)) {
		w.Errorf("got %+v", list)
	}
	w.must(w.Store.RemoveMapping(w.ctx, 1, "a"))
	if err := w.Store.RemoveMapping(w.ctx, 1, "a"); !errors.Is(err, posture.ErrNotFound) {
		w.Errorf("removing what is gone: %v", err)
	}
	if list, err = w.Store.Mappings(w.ctx, 2); err != nil || len(list) != 1 || list[0].Source != "other" {
		w.Errorf("the other tenant has %+v, %v", list, err)
	}
}
