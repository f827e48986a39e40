package node

import (
	"context"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/dependencytrack"
	"github.com/stance-aspm/stance/face/dojo"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// doors are the APIs of other products that this node answers too.
func (n *Node) doors() []httpapi.Door {
	log := func(_ context.Context, msg string, err error) { n.log.Error(msg, "error", err) }
	defectDojo := &dojo.API{Estate: n.db, Numbers: n.db, Intake: intake{n}, Reports: effects{reports{n}}, Findings: n.db, Now: now, PublicURL: n.URL(), Log: log}
	dependencyTrack := &dependencytrack.API{Estate: n.db, Projects: n.db, Intake: documents{intake{n}}, Findings: n.db, Gate: n.gates, Now: now, Log: log}
	return append(defectDojo.Doors(), dependencyTrack.Doors()...)
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

// documents adds to the intake where a report stands.
type documents struct{ intake }

// Report implements dependencytrack.Intake.
func (d documents) Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error) {
	return reports(d.intake).Report(ctx, t, id)
}
