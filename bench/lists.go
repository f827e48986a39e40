package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// load imports results into assets of an application, a report for each.
// Reports are sent ahead of their application, as pipelines do.
func load(ctx context.Context, c *config, s *server, application string, assets, results int, seed uint64) error {
	path := filepath.Join(c.dir, "load.sarif")
	defer os.Remove(path)
	var waiting []string
	for i := range assets {
		if _, _, err := writeReport(path, reportSpec{seed: seed + uint64(i), results: results, at: scannedAt}); err != nil {
			return err
		}
		r, err := s.upload(ctx, path, application, fmt.Sprintf("%s-%d", application, i))
		if err != nil {
			return err
		}
		waiting = append(waiting, r.ID)
	}
	for _, id := range waiting {
		if _, err := s.settled(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// page is what the bench reads of a page of findings.
type page struct {
	Items []struct {
		ID string `json:"id"`
	} `json:"items"`
	Next string `json:"next_cursor"`
}

const (
	listCalls = 60
	appSize   = 20_000 // findings of an application in the lists
	deepPages = 100    // of 200 findings each
)

// measureLists asks what the lists and their filters ask, of a record with
// many findings.
func measureLists(ctx context.Context, c *config, t *table) (err error) {
	s, err := startServer(ctx, c, filepath.Join(c.dir, "lists"))
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	began := time.Now()
	apps := max(1, c.size/appSize)
	for i := range apps {
		if err := load(ctx, c, s, fmt.Sprintf("app-%d", i), 4, appSize/4, uint64(1000*(i+1))); err != nil {
			return err
		}
	}
	n := float64(apps * appSize)
	t.add("findings in the lists", n, "")
	t.add("— loaded one after the other", n/time.Since(began).Seconds(), "findings/s")
	const list = "/api/v1/findings?"
	deep, err := deepCursor(ctx, s)
	if err != nil {
		return err
	}
	var first page
	if err := s.get(ctx, list, &first); err != nil {
		return err
	}
	for _, q := range []struct{ name, path string }{
		{"first page by score", list},
		{"first page, newest", list + "sort=newest"},
		{"severity critical or high", list + "severity=critical,high"},
		{"one application", list + "application=app-0"},
		{"text search, common words", list + "q=" + url.QueryEscape("path traversal")},
		{"text search, one file", list + "q=handler_1000_7.go"},
		{"path prefix", list + "path=" + url.QueryEscape("service/billing/")},
		{fmt.Sprintf("page at a cursor %d findings deep", deepPages*200), list + "limit=200&cursor=" + url.QueryEscape(deep)},
		{"facets, all", "/api/v1/findings/facets"},
		{"facets, one application", "/api/v1/findings/facets?application=app-0"},
		{"facets, text search", "/api/v1/findings/facets?q=" + url.QueryEscape("path traversal")},
		{"one finding with its score explained", "/api/v1/findings/" + first.Items[0].ID},
	} {
		if err := s.get(ctx, q.path, nil); err != nil { // warm
			return err
		}
		took, err := repeat(listCalls, func(int) error { return s.get(ctx, q.path, nil) })
		if err != nil {
			return err
		}
		t.add(q.name+", p50", ms(median(took)), "ms")
		t.hold(q.name+", p95", ms(quantile(took, 0.95)), "ms", atMost, 100)
	}
	return nil
}

// deepCursor follows the list for many pages.
func deepCursor(ctx context.Context, s *server) (string, error) {
	cursor := ""
	for range deepPages {
		var p page
		if err := s.get(ctx, "/api/v1/findings?limit=200&cursor="+url.QueryEscape(cursor), &p); err != nil {
			return "", err
		}
		if p.Next == "" {
			break // a small record has no such depth; the last page will do
		}
		cursor = p.Next
	}
	return cursor, nil
}
