// Package storetest holds the tests that every system of record passes. They
// drive a real record through the code that writes it (apply and receive) and
// read it through the questions that faces ask, so an adapter that passes
// can stand in for any other.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// Store is a system of record: what applying, receiving and the faces need.
type Store interface {
	Writer
	Findings
	Estate
	Reports
	Inventory
}

// Writer is what brings reports into the record.
type Writer interface {
	apply.Store
	receive.Ledger
}

// Findings answers what people ask about findings.
type Findings interface {
	List(context.Context, tenant.ID, posture.Filter, posture.Page) (posture.List, error)
	Facets(context.Context, tenant.ID, posture.Filter) (posture.Facets, error)
	Finding(context.Context, tenant.ID, finding.ID) (posture.Detail, error)
	Explain(context.Context, tenant.ID, finding.ID) (risk.Result, error)
	Decisions
}

// Decisions are what people decide about findings, and what became of them.
type Decisions interface {
	History(context.Context, tenant.ID, finding.ID) ([]posture.Event, error)
	Triage(ctx context.Context, t tenant.ID, ids []finding.ID, decision *finding.Triage, by, reason string, at time.Time) (int, error)
	ExpireTriage(ctx context.Context, t tenant.ID, now time.Time) (int, error)
	Effects
	Rules
}

// Estate answers what people ask about applications and assets.
type Estate interface {
	Overview(context.Context, tenant.ID) (posture.Overview, error)
	Applications(context.Context, tenant.ID) ([]posture.ApplicationSummary, error)
	Application(ctx context.Context, t tenant.ID, key string) (posture.ApplicationSummary, []posture.AssetSummary, error)
	SaveApplication(ctx context.Context, t tenant.ID, a estate.Application, by string) error
	Assets
}

// Assets changes assets and compares their refs.
type Assets interface {
	SetDefaultRef(ctx context.Context, t tenant.ID, id estate.AssetID, ref string) error
	AssignAsset(ctx context.Context, t tenant.ID, id estate.AssetID, application string) error
	Diff(ctx context.Context, t tenant.ID, application, ref, base string) (posture.Diff, error)
}

// Rules are what an organisation says of whom it trusts.
type Rules interface {
	SetTrust(context.Context, tenant.ID, finding.TrustList) error
}

// Reports answers what people ask about reports.
type Reports interface {
	Reports(ctx context.Context, t tenant.ID, application, cursor string, limit int) ([]posture.Report, string, error)
	Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error)
	Quarantine(ctx context.Context, t tenant.ID, id string, limit int) ([]posture.Quarantined, int64, error)
	Mappings
	Quarantines
}

// World is a record that a test has to itself.
type World struct {
	Store Store
	// Feed replaces all that a kind of feed file ("kev", "epss", "aliases")
	// said before. Each row of aliases lists ids of one flaw.
	Feed func(ctx context.Context, kind string, signals map[advisory.ID]enrich.Signals, aliases [][]advisory.ID) error
	// Rows counts the rows of the record by table, for all tenants.
	Rows func(t testing.TB) map[string]int64
	// Check reports what the adapter itself knows to be wrong: counters that
	// differ from a recount, rows that point nowhere.
	Check func(t testing.TB)
}

// Open makes an empty record whose recorded times come from now. It is closed
// by the test's clean-up.
type Open func(t testing.TB, now func() time.Time) World

// Run runs all tests, each on a record of its own.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		cases map[string]func(*world)
	}{
		{"lifecycle", lifecycle()},
		{"identity", identity()},
		{"join", joins()},
		{"ref", refs()},
		{"order", orders()},
		{"recall", recalls()},
		{"triage", triages()},
		{"list", lists()},
		{"report", reports()},
		{"score", scoring()},
		{"tenant", tenants()},
		{"door", doors()},
		{"bad", badInput()},
		{"mapping", mappings()},
		{"replay", replays()},
		{"target", runTargets()},
		{"vex", vex()},
		{"assign", assigning()},
		{"inventory", inventories()},
		{"rename", renamings()},
		{"pull", pulls()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for name, test := range group.cases {
				t.Run(name, func(t *testing.T) {
					w := newWorld(t, open)
					test(w)
					w.check()
				})
			}
		})
	}
}
