// Package dojo answers pipelines that speak DefectDojo's API v2: its import
// and re-import of scans and the lookups that its public clients make around
// them. A pipeline moves by changing the URL and the token.
//
// A product type is a business unit, a product an application; engagement,
// test title and service tell apart scans that do not replace each other.
// docs/doors.md says field by field what is honoured.
package dojo

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/pack/dojo"
)

// Estate knows the applications.
type Estate interface {
	Applications(context.Context, tenant.ID) ([]posture.ApplicationSummary, error)
	SaveApplication(ctx context.Context, t tenant.ID, app estate.Application, by string) error
}

// Numbers gives the stable numbers that clients use. An unknown one is
// posture.ErrNotFound.
type Numbers interface {
	Number(ctx context.Context, t tenant.ID, kind string, parent int64, names []string) ([]estate.Counterpart, error)
	Counterpart(ctx context.Context, t tenant.ID, kind string, id int64) (estate.Counterpart, error)
	Counterparts(ctx context.Context, t tenant.ID, kind string, parent int64) ([]estate.Counterpart, error)
	KeepCounterpart(ctx context.Context, t tenant.ID, c estate.Counterpart) error
}

// Intake takes a report in: the bytes first, for a form says what they are
// before or behind them.
type Intake interface {
	Store(ctx context.Context, t tenant.ID, r io.Reader) (receive.Stored, error)
	Commit(ctx context.Context, t tenant.ID, s receive.Submission, key string, b receive.Stored) ([]posture.Report, error)
}

// Reports says what became of a report.
type Reports interface {
	Report(ctx context.Context, t tenant.ID, id string) (posture.Report, error)
	SeriesState(ctx context.Context, t tenant.ID, report string) ([]posture.StateCount, error)
	Effect(ctx context.Context, t tenant.ID, report string) (map[string][]posture.StateCount, error)
}

// Findings lists findings.
type Findings interface {
	List(context.Context, tenant.ID, posture.Filter, posture.Page) (posture.List, error)
	Finding(context.Context, tenant.ID, finding.ID) (posture.Detail, error)
}

// API is what the door needs from below.
type API struct {
	Estate   Estate
	Numbers  Numbers
	Intake   Intake
	Reports  Reports
	Findings Findings
	// Now is the clock.
	Now func() time.Time
	// PublicURL begins the links to following pages and to findings.
	PublicURL string
	// Wait bounds how long an import is waited for; DefectDojo's clients
	// expect the answer when it is applied. Zero means five minutes.
	Wait time.Duration
	// Log takes internal errors that clients only see as such.
	Log func(ctx context.Context, msg string, err error)
}

// door is the API with its table of scan types.
type door struct {
	*API
	types  []dojo.ScanType
	byName map[string]dojo.ScanType
}

// Doors lists the operations that are answered.
func (a *API) Doors() []httpapi.Door {
	d := &door{API: a, types: dojo.ScanTypes(), byName: map[string]dojo.ScanType{}}
	for _, t := range d.types {
		d.byName[t.Name] = t
	}
	const base = "/api/v2/"
	var out []httpapi.Door
	add := func(pattern string, scopes []string, h func(*call)) {
		out = append(out, httpapi.Door{Pattern: pattern, Scopes: scopes, Refuse: refuse, Handle: func(w http.ResponseWriter, r *http.Request, c httpapi.Caller) {
			h(&call{door: d, w: w, r: r, ctx: r.Context(), who: c})
		}})
	}
	write, look := []string{"import"}, []string{"read", "import"}
	for _, slash := range []string{"", "/{$}"} { // clients write the path both ways
		add("POST "+base+"import-scan"+slash, write, (*call).importScan)
		add("POST "+base+"reimport-scan"+slash, write, (*call).reimportScan)
		for _, r := range resources() {
			need := look
			if r.name == "findings" {
				need = []string{"read"}
			}
			add("GET "+base+r.name+slash, need, func(c *call) { c.list(r) })
			add("GET "+base+r.name+"/{id}"+slash, need, func(c *call) { c.show(r) })
			if r.add != nil {
				add("POST "+base+r.name+slash, write, r.add)
			}
			if r.change != nil {
				add("PATCH "+base+r.name+"/{id}"+slash, write, r.change)
			}
		}
		add("GET "+base+"user_profile"+slash, []string{"any"}, (*call).profile)
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		add(method+" "+base, []string{"any"}, func(c *call) { c.fail(http.StatusNotFound, "Not found.") })
	}
	return out
}
