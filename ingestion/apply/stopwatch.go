package apply

import "time"

// stopwatch tells how long the steps of an import worked. Decoding and
// normalising run beside the transaction, so the steps add up to more than
// the import takes. Each timer belongs to one goroutine until that has ended.
type stopwatch struct{ decode, normalise timer }

func newStopwatch(elapsed func() time.Duration) *stopwatch {
	return &stopwatch{timer{elapsed: elapsed}, timer{elapsed: elapsed}}
}

// timer adds up the time of one step.
type timer struct {
	elapsed func() time.Duration
	total   time.Duration
}

// start begins to count and returns what ends it.
func (t *timer) start() (stop func()) {
	began := t.elapsed()
	return func() { t.total += t.elapsed() - began }
}

// pause leaves out what passes until resume: waiting for another step.
func (t *timer) pause() (resume func()) {
	began := t.elapsed()
	return func() { t.total -= t.elapsed() - began }
}
