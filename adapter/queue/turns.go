package queue

import (
	"maps"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/tenant"
)

// turns decides which waiting report is begun next. It is plain memory: what
// waits is in the database, and is read again after a start.
//
// Between tenants the one that was served least goes first, counted in
// reports and their bytes (start-time fair queueing, Goyal, Vin and Cheng
// 1996): who comes new is level with the others, and saves nothing up. Within
// a tenant reports that a person waits for go before scheduled ones, else the
// one accepted first. A report of an asset waits for those of the same asset
// before it. Large reports leave one worker to the others.
type turns struct {
	slots   int
	waiting map[tenant.ID][]entry // by [entry.before]
	served  map[tenant.ID]int64
	clock   int64 // what the tenant that was served last had been served before
}

// entry is a job and its number; jobs are numbered as they are accepted.
type entry struct {
	id  int64
	job applyReport
}

// large is the size from which a report may take minutes.
const large = 16 << 20

// unit is how many bytes count as much as a report by itself.
const unit = 256 << 10

func newTurns(slots int) *turns {
	return &turns{slots: slots, waiting: map[tenant.ID][]entry{}, served: map[tenant.ID]int64{}}
}

func (e entry) cost() int64 { return 1 + e.job.Size/unit }

func (e entry) before(o entry) bool {
	if e.job.Scheduled != o.job.Scheduled {
		return !e.job.Scheduled
	}
	return e.id < o.id
}

// add lets a report wait.
func (q *turns) add(e entry) {
	t := e.job.Tenant
	if _, ok := q.served[t]; !ok {
		q.served[t] = q.clock
	}
	list := q.waiting[t]
	i, _ := slices.BinarySearchFunc(list, e, func(a, b entry) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	q.waiting[t] = slices.Insert(list, i, e)
}

// next takes the report out that is to be begun now. busy are those at work;
// held are others that were begun and will be begun again, before what comes
// after them on their assets.
func (q *turns) next(busy, held []entry) (entry, bool) {
	q.forget(busy)
	if len(busy) >= q.slots {
		return entry{}, false
	}
	room := q.slots == 1 || count(busy, func(e entry) bool { return e.job.Size >= large }) < q.slots-1
	tenants := slices.SortedFunc(maps.Keys(q.waiting), func(a, b tenant.ID) int {
		if d := q.served[a] - q.served[b]; d != 0 {
			return int(max(min(d, 1), -1))
		}
		return int(a) - int(b)
	})
	for _, t := range tenants {
		taken := places{}
		for _, e := range slices.Concat(busy, held) {
			if e.job.Tenant == t {
				taken.add(e.job)
			}
		}
		for i, e := range q.waiting[t] {
			if taken.has(e.job) || !room && e.job.Size >= large {
				taken.add(e.job)
				continue
			}
			q.waiting[t] = slices.Delete(q.waiting[t], i, i+1)
			q.clock = max(q.clock, q.served[t])
			q.served[t] += e.cost()
			return e, true
		}
	}
	return entry{}, false
}

// forget drops the accounts of tenants that have nothing here and that a new
// account would put no worse.
func (q *turns) forget(busy []entry) {
	for t, list := range q.waiting {
		if len(list) == 0 {
			delete(q.waiting, t)
		}
	}
	for t, served := range q.served {
		if len(q.waiting[t]) > 0 || count(busy, func(e entry) bool { return e.job.Tenant == t }) > 0 {
			continue
		}
		if len(q.waiting) == 0 || served <= q.clock {
			delete(q.served, t)
		}
	}
}

func count(list []entry, f func(entry) bool) (n int) {
	for _, e := range list {
		if f(e) {
			n++
		}
	}
	return n
}

// places are assets of one tenant by application. Before a report is decoded
// only its sender's word is there: one without an asset may be of any of its
// application's.
type places map[string]map[string]bool

func (p places) add(j applyReport) {
	if p[j.Application] == nil {
		p[j.Application] = map[string]bool{}
	}
	p[j.Application][assetOf(j)] = true
}

func (p places) has(j applyReport) bool {
	known := p[j.Application]
	asset := assetOf(j)
	return len(known) > 0 && (asset == "" || known[""] || known[asset])
}

// assetOf is an asset's name without what may be a tag or a digest.
func assetOf(j applyReport) string {
	name, _, _ := strings.Cut(j.Asset, "@")
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.Contains(name[i:], "/") {
		name = name[:i]
	}
	return name
}
