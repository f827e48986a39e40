package node

import (
	"context"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/dojo"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// doors are the APIs of other products that this node answers too.
func (n *Node) doors() []httpapi.Door {
	log := func(_ context.Context, msg string, err error) { n.log.Error(msg, "error", err) }
	defectDojo := &dojo.API{Estate: n.db, Numbers: n.db, Intake: intake{n}, Reports: effects{reports{n}}, Findings: n.db, Now: now, PublicURL: n.URL(), Log: log}
	return defectDojo.Doors()
}

// effects adds to reports what they changed.
type effects struct{ reports }

// SeriesState implements dojo.Reports.
func (e effects) SeriesState(ctx context.Context, t tenant.ID, report string) ([]posture.StateCount, error) {
	return e.n.db.SeriesState(ctx, t, report)
}

// Effect implements dojo.Reports.
func (e effects) Effect(ctx context.Context, t tenant.ID, report string) (map[string][]posture.StateCount, error) {
	return e.n.db.Effect(ctx, t, report)
}
