package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// settleTime lets start-up work end before memory is read.
const settleTime = 2 * time.Second

// measureStart starts the server on an empty folder, as on a laptop for the
// first time, and again on the same folder.
func measureStart(ctx context.Context, c *config, t *table) error {
	var first, again, ready, idle []float64
	for i := range c.runs {
		dir := filepath.Join(c.dir, fmt.Sprintf("start-%d", i))
		s, err := startServer(ctx, c, dir)
		if err != nil {
			return err
		}
		first = append(first, s.firstPage.Seconds())
		if err := s.stop(); err != nil {
			return err
		}
		if s, err = startServer(ctx, c, dir); err != nil {
			return err
		}
		again, ready = append(again, s.firstPage.Seconds()), append(ready, s.ready.Seconds())
		time.Sleep(settleTime)
		rss, err := s.memory("VmRSS")
		if err != nil {
			return err
		}
		idle = append(idle, rss)
		if err := s.stop(); err != nil {
			return err
		}
	}
	t.hold("start to first page, empty folder", median(first), "s", atMost, 1)
	t.hold("start to first page, folder in use", median(again), "s", atMost, 1)
	t.hold("start to GET /readyz", median(ready), "s", atMost, 1)
	t.hold("idle, resident", median(idle), "MB", atMost, 100)
	return nil
}
