// Package scanner looks at source trees and runs scanners over them: those
// that are installed, as processes with a time limit, and the detectors that
// Stance brings along.
package scanner

import (
	"context"
	"os/exec"
	"sync"
	"time"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// Detector is a scanner inside this program. It writes its report to a file.
type Detector func(ctx context.Context, o sensor.Order, report string) error

// Sensor runs scanners.
type Sensor struct {
	inside map[string]Detector
}

// New returns a sensor.
func New() *Sensor {
	return &Sensor{inside: map[string]Detector{
		sensor.InsideSecrets:    findSecrets,
		sensor.InsideComponents: findComponents,
	}}
}

// Installed reports whether a program is in PATH. Programs in the current
// folder don't count: the tree that is scanned may be anybody's.
func (*Sensor) Installed(command string) bool {
	_, err := exec.LookPath(command)
	return err == nil
}

// Run runs the plan's steps, as many at a time as the order says, and those
// that read a bill of materials after those that make one. A step that fails
// stops no other. The results come in the order of the steps.
func (s *Sensor) Run(ctx context.Context, p sensor.Plan, o sensor.Order) []sensor.Result {
	r := &run{order: o, inside: s.inside, made: make(chan struct{}), slots: make(chan struct{}, max(o.Parallel, 1))}
	results := make([]sensor.Result, len(p.Steps))
	var all, makers sync.WaitGroup
	for i, step := range p.Steps {
		work := func() { results[i] = r.step(ctx, step) }
		if step.Makes() {
			makers.Go(work)
		} else {
			all.Go(work)
		}
	}
	makers.Wait()
	for i := range results {
		if res := results[i]; p.Steps[i].Makes() && res.Outcome == sensor.Done && r.sbom == "" {
			r.sbom = res.Report
		}
	}
	close(r.made)
	all.Wait()
	return results
}

// run is one run of a plan.
type run struct {
	order   sensor.Order
	inside  map[string]Detector
	slots   chan struct{}
	made    chan struct{} // closed once sbom is known
	sbom    string        // file with a bill of materials; empty when none came about
	telling sync.Mutex
}

// step runs one step and tells of it.
func (r *run) step(ctx context.Context, s sensor.Step) sensor.Result {
	if s.Uses() {
		<-r.made // before taking a slot: whoever makes it needs one
	}
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	r.tell(sensor.Result{Step: s, Outcome: sensor.Running})
	begin := time.Now()
	limited, cancel := context.WithTimeout(ctx, r.order.Timeout)
	defer cancel()
	var res sensor.Result
	if s.Scanner.Inside() {
		res = r.detect(limited, s)
	} else {
		res = r.process(limited, s)
	}
	res.Step, res.Took = s, time.Since(begin)
	if res.Outcome == sensor.Failed && limited.Err() != nil {
		res.Outcome, res.Why = sensor.TimedOut, "--timeout "+r.order.Timeout.String()
		if ctx.Err() != nil {
			res.Outcome, res.Why = sensor.Failed, "interrupted"
		}
		res.Report = "" // cut off anywhere
	}
	r.tell(res)
	return res
}

func (r *run) tell(res sensor.Result) {
	if r.order.Tell == nil {
		return
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	r.order.Tell(res)
}
