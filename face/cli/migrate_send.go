package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/migrate"
)

// spooled are the findings of a scan on disk, where they are small compared
// with what a large test would take in memory, and what goes beside them.
type spooled struct {
	all, left         *migrate.Writer
	allFile, leftFile *os.File
	removes           []func()
	carried           []migrate.Finding // without their records
}

func (s *spooled) remove() {
	for _, r := range s.removes {
		r()
	}
}

// tempFile makes a file that only this user can read.
func tempFile() (*os.File, func(), error) {
	f, err := os.CreateTemp("", "stance-migrate-*.json")
	if err != nil {
		return nil, nil, err
	}
	return f, func() {
		f.Close()
		os.Remove(f.Name())
	}, nil
}

// spool reads the findings of a scan.
func (m *migration) spool(ctx context.Context, s migrate.Scan) (sp *spooled, err error) {
	sp = &spooled{}
	defer func() {
		if err != nil {
			sp.remove()
		}
	}()
	for _, w := range []struct {
		file **os.File
		to   **migrate.Writer
	}{{&sp.allFile, &sp.all}, {&sp.leftFile, &sp.left}} {
		f, remove, err := tempFile()
		if err != nil {
			return sp, err
		}
		sp.removes = append(sp.removes, remove)
		if *w.to, err = migrate.NewWriter(f, s.Tool, m.source.Name()); err != nil {
			return sp, err
		}
		*w.file = f
	}
	err = m.source.Findings(ctx, s, func(f migrate.Finding) error {
		if err := sp.all.Add(&f); err != nil {
			return err
		}
		if !f.Gone {
			if err := sp.left.Add(&f); err != nil {
				return err
			}
		}
		if f.Decision != nil || len(f.Notes) > 0 {
			f.Record = nil
			sp.carried = append(sp.carried, f)
		}
		return nil
	})
	if err != nil {
		return sp, err
	}
	if err = sp.all.Close(); err != nil {
		return sp, err
	}
	return sp, sp.left.Close()
}

// upload sends a file under a key made of its bytes and target: the server
// knows a repeated run by it. It answers when the report is applied.
func (m *migration) upload(ctx context.Context, q url.Values, f *os.File) (httpapi.Report, error) {
	var last httpapi.Report
	h := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return last, err
	}
	if _, err := io.Copy(h, f); err != nil {
		return last, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return last, err
	}
	fmt.Fprint(h, q.Encode())
	var list httpapi.ReportList
	for {
		err := m.client.callKeyed(ctx, "/api/v1/reports", q, "migrate-"+hex.EncodeToString(h.Sum(nil)[:16]), io.NopCloser(f), &list)
		if !busy(err) {
			if err != nil {
				return last, err
			}
			break
		}
		if err := pause(ctx, 5*time.Second); err != nil {
			return last, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return last, err
		}
	}
	if len(list.Items) != 1 {
		return last, fmt.Errorf("the server answered with %d reports", len(list.Items))
	}
	last = list.Items[0]
	if last.State != "accepted" && last.State != "applying" {
		return last, nil
	}
	return m.client.follow(ctx, last.ID, func(httpapi.Report) {})
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// atOnce is how many findings one request carries over.
const atOnce = 500

// carry brings decisions and notes to the findings that the report became.
func (m *migration) carry(ctx context.Context, report string, s migrate.Scan, list []migrate.Finding) error {
	if len(list) == 0 {
		return nil
	}
	var marks httpapi.Marks
	if err := m.client.call(ctx, http.MethodGet, "/api/v1/reports/"+report+"/marks", url.Values{"fingerprint": {m.source.Name()}}, nil, &marks); err != nil {
		return err
	}
	var req httpapi.CarryRequest
	for i := range list {
		id := marks.Findings[list[i].ID]
		if id == "" {
			continue // it stands in quarantine, or is one with another finding
		}
		req.Findings = append(req.Findings, carried(id, &list[i], s.Last))
		if len(req.Findings) == atOnce || i == len(list)-1 {
			if err := m.client.call(ctx, http.MethodPost, "/api/v1/findings/carry-over", nil, req, nil); err != nil {
				return err
			}
			req.Findings = nil
		}
	}
	if len(req.Findings) == 0 {
		return nil
	}
	return m.client.call(ctx, http.MethodPost, "/api/v1/findings/carry-over", nil, req, nil)
}

// carried is a finding's decision and notes on the wire. What has no time of
// its own is dated at the scan.
func carried(id string, f *migrate.Finding, at time.Time) httpapi.CarriedFinding {
	dated := func(t time.Time) time.Time {
		if t.IsZero() {
			return at
		}
		return t
	}
	out := httpapi.CarriedFinding{Finding: id}
	for _, n := range f.Notes {
		out.Notes = append(out.Notes, httpapi.CarriedNote{By: cut(n.By, 190), At: dated(n.At), Text: cut(n.Text, 19_000)})
	}
	d := f.Decision
	if d == nil {
		return out
	}
	if !d.Until.IsZero() && d.Until.Before(time.Now()) {
		out.Notes = append(out.Notes, httpapi.CarriedNote{By: cut(d.By, 190), At: dated(d.At),
			Text: cut(fmt.Sprintf("%s until %s, which has passed: %s", d.Status, d.Until.Format(time.DateOnly), d.Reason), 19_000)})
		return out
	}
	out.Decision = &httpapi.CarriedDecision{Status: string(d.Status), Reason: cut(d.Reason, 19_000), By: cut(d.By, 190), At: dated(d.At)}
	if !d.Until.IsZero() {
		out.Decision.Until = &d.Until
	}
	return out
}
