package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// scannedAt is when the made-up scans began; a re-import is a day later.
var scannedAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// ingested is what one run with a report of one size tells.
type ingested struct {
	findings             int
	first, again         cost
	firstSteps           map[string]float64
	againSteps           map[string]float64
	firstPeak, againPeak float64
	record, stored       int64
}

// cost is what one import takes: on the wall, and of the processor with the
// start and the end of its server.
type cost struct{ wall, cpu time.Duration }

// measureIngest imports reports of growing size into empty records, and each
// once more as an unchanged scan of the next day.
func measureIngest(ctx context.Context, c *config, t *table) error {
	sizes := []int64{10, 100}
	if c.full {
		sizes = append(sizes, 1000)
	}
	for _, mb := range sizes {
		runs := c.runs
		if mb >= 1000 {
			runs = 1
		}
		var all []ingested
		for range runs {
			one, err := ingestOnce(ctx, c, mb)
			if err != nil {
				return fmt.Errorf("%d MB: %w", mb, err)
			}
			all = append(all, one)
		}
		tellIngest(t, mb, all)
	}
	return nil
}

func ingestOnce(ctx context.Context, c *config, mb int64) (out ingested, err error) {
	dir, err := os.MkdirTemp(c.dir, "ingest-")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	data, path := filepath.Join(dir, "data"), filepath.Join(dir, "report.sarif")
	spec := reportSpec{seed: 1, bytes: mb * 1e6, at: scannedAt}
	if out.findings, _, err = writeReport(path, spec); err != nil {
		return out, err
	}
	var r report
	if r, out.first, out.firstPeak, err = importFresh(ctx, c, data, path); err != nil {
		return out, err
	}
	if r.Result.New != out.findings {
		return out, fmt.Errorf("%d results made %d findings", out.findings, r.Result.New)
	}
	out.firstSteps = r.Result.Steps
	if out.record, err = sizeOf(filepath.Join(data, "stance.db")); err != nil {
		return out, err
	}
	if out.stored, err = sizeOf(filepath.Join(data, "reports")); err != nil {
		return out, err
	}
	spec.at = spec.at.AddDate(0, 0, 1)
	if _, _, err = writeReport(path, spec); err != nil {
		return out, err
	}
	if r, out.again, out.againPeak, err = importFresh(ctx, c, data, path); err != nil {
		return out, err
	}
	if r.Result.Unchanged != out.findings {
		return out, fmt.Errorf("of %d findings the second import left %d unchanged", out.findings, r.Result.Unchanged)
	}
	out.againSteps = r.Result.Steps
	return out, nil
}

// importFresh imports a report into a server that was started for it, so that
// the peak of memory is this import's, and stops the server, which folds the
// write-ahead log into the record.
func importFresh(ctx context.Context, c *config, data, path string) (r report, took cost, peak float64, err error) {
	s, err := startServer(ctx, c, data)
	if err != nil {
		return r, took, 0, err
	}
	if r, took.wall, err = s.importReport(ctx, path, "ingest", "repository"); err == nil {
		peak, err = s.memory("VmHWM")
	}
	if stopErr := s.stop(); err == nil {
		err = stopErr
	}
	took.cpu = s.cpu()
	return r, took, peak, err
}

// steps are the parts of an import in their order. Decoding and normalising
// run beside the others, so that they add up to more than the whole.
func steps() []string { return []string{"decode", "normalise", "match", "write", "score", "judge"} }

func tellIngest(t *table, mb int64, all []ingested) {
	n := float64(all[0].findings)
	pick := func(of func(ingested) float64) float64 {
		var vs []float64
		for _, one := range all {
			vs = append(vs, of(one))
		}
		return median(vs)
	}
	name := func(what string) string { return fmt.Sprintf("%s, %d MB", what, mb) }
	t.add(name("findings in the report"), n, "")
	t.hold(name("first import"), n/pick(func(i ingested) float64 { return i.first.wall.Seconds() }), "findings/s", atLeast, 25_000)
	for _, step := range steps() {
		t.add(name("— of it "+step), pick(func(i ingested) float64 { return i.firstSteps[step] }), "s")
	}
	t.add(name("— in all"), pick(func(i ingested) float64 { return i.first.wall.Seconds() }), "s")
	t.add(name("— processor, with start and stop"), pick(func(i ingested) float64 { return i.first.cpu.Seconds() }), "s")
	t.hold(name("— peak memory"), pick(func(i ingested) float64 { return i.firstPeak }), "MB", atMost, 256)
	t.hold(name("re-import, unchanged"), n/pick(func(i ingested) float64 { return i.again.wall.Seconds() }), "findings/s", atLeast, 100_000)
	for _, step := range steps() {
		t.add(name("— of it "+step), pick(func(i ingested) float64 { return i.againSteps[step] }), "s")
	}
	t.add(name("— in all"), pick(func(i ingested) float64 { return i.again.wall.Seconds() }), "s")
	t.add(name("— processor, with start and stop"), pick(func(i ingested) float64 { return i.again.cpu.Seconds() }), "s")
	t.hold(name("— peak memory"), pick(func(i ingested) float64 { return i.againPeak }), "MB", atMost, 256)
	t.hold(name("record, a finding"), float64(all[0].record)/n, "bytes", atMost, 600)
	t.add(name("stored report, a finding"), float64(all[0].stored)/n, "bytes")
}
