package cli

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
)

// Demo is a demonstration estate: estate.yaml and the reports it names.
type Demo struct{ Files fs.FS }

// demoEstate is the shape of estate.yaml.
type demoEstate struct {
	Version      int        `yaml:"version"`
	Organization string     `yaml:"organization"`
	Units        []demoUnit `yaml:"business_units"`
	Triage       []struct {
		Application string `yaml:"application"`
		Asset       string `yaml:"asset"`
		Match       string `yaml:"match"`
		Status      string `yaml:"status"`
		Reason      string `yaml:"reason"`
		By          string `yaml:"by"`
		DaysAgo     int    `yaml:"days_ago"`
		UntilDays   int    `yaml:"until_days"`
	} `yaml:"triage"`
}

type demoUnit struct {
	Name         string    `yaml:"name"`
	Description  string    `yaml:"description"`
	Applications []demoApp `yaml:"applications"`
}

type demoApp struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Criticality string   `yaml:"criticality"`
	DataClasses []string `yaml:"data_classes"`
	Exposure    string   `yaml:"exposure"`
	Environment string   `yaml:"environment"`
	Owner       string   `yaml:"owner"`
	Assets      []struct {
		Name    string       `yaml:"name"`
		Kind    string       `yaml:"kind"`
		Imports []demoImport `yaml:"imports"`
	} `yaml:"assets"`
}

type demoImport struct {
	Report  string `yaml:"report"`
	Ref     string `yaml:"ref"`
	Commit  string `yaml:"commit"`
	Scope   string `yaml:"scope"`
	DaysAgo int    `yaml:"days_ago"`

	app, asset, kind string
}

func (a *App) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Fill a demonstration estate with reports of real scanners",
		Long:  "Makes some twenty applications and imports reports that real scanners made of small vulnerable samples,\ntwo scans apart in time. Running it again changes nothing.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runDemo(cmd.Context()) },
	}
}

func (a *App) runDemo(ctx context.Context) error {
	b, err := fs.ReadFile(a.Demo.Files, "estate.yaml")
	if err != nil {
		return err
	}
	var e demoEstate
	if err := yaml.UnmarshalWithOptions(b, &e, yaml.Strict()); err != nil {
		return fmt.Errorf("read the demonstration estate: %w", err)
	}
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	imports, err := a.demoApplications(ctx, c, e)
	if err != nil {
		return err
	}
	// In the order of time, as the scans of a real estate would come.
	slices.SortStableFunc(imports, func(x, y demoImport) int { return y.DaysAgo - x.DaysAgo })
	today := began.UTC().Truncate(24 * time.Hour)
	findings, observations := int64(0), int64(0)
	sent := make([][]httpapi.Report, len(imports))
	for i, m := range imports {
		if sent[i], err = a.demoSend(ctx, c, m, today); err != nil {
			return fmt.Errorf("%s: %w", m.Report, err)
		}
	}
	for i, m := range imports {
		if terminal(a.Err) {
			fmt.Fprintf(a.Err, "\r\x1b[K%d of %d  %s", i+1, len(imports), m.Report)
		}
		r, err := a.demoWait(ctx, c, sent[i])
		if err != nil {
			return fmt.Errorf("%s: %w", m.Report, err)
		}
		findings, observations = findings+r.New, observations+r.Observations
	}
	if terminal(a.Err) {
		fmt.Fprint(a.Err, "\r\x1b[K")
	}
	decided, err := a.demoTriage(ctx, c, e)
	if err != nil {
		return err
	}
	apps := 0
	for _, u := range e.Units {
		apps += len(u.Applications)
	}
	fmt.Fprintf(a.Out, "%s: %d applications, %d reports, %d observations, %d new findings, %d decisions in %.0f s\n",
		e.Organization, apps, len(imports), observations, findings, decided, time.Since(began).Seconds())
	return nil
}

func (a *App) demoApplications(ctx context.Context, c *client, e demoEstate) ([]demoImport, error) {
	var imports []demoImport
	for _, u := range e.Units {
		for _, app := range u.Applications {
			key, err := estate.Key(app.Name)
			if err != nil {
				return nil, err
			}
			edit := httpapi.ApplicationEdit{Name: app.Name, Description: app.Description, Unit: u.Name, Owner: app.Owner,
				Context: httpapi.Context{Criticality: app.Criticality, DataClasses: app.DataClasses, Exposure: app.Exposure, Environment: app.Environment}}
			if err := c.call(ctx, http.MethodPut, "/api/v1/applications/"+key, nil, edit, nil); err != nil {
				return nil, fmt.Errorf("application %s: %w", app.Name, err)
			}
			for _, s := range app.Assets {
				for _, m := range s.Imports {
					m.app, m.asset, m.kind = app.Name, s.Name, s.Kind
					imports = append(imports, m)
				}
				if len(s.Imports) > 0 {
					continue
				}
				if err := c.call(ctx, http.MethodPost, "/api/v1/applications/"+key+"/assets", nil, map[string]string{"kind": s.Kind, "name": s.Name}, nil); err != nil {
					return nil, fmt.Errorf("asset %s: %w", s.Name, err)
				}
			}
		}
	}
	return imports, nil
}

// demoSend hands one report to the server.
func (a *App) demoSend(ctx context.Context, c *client, m demoImport, today time.Time) ([]httpapi.Report, error) {
	f, err := a.Demo.Files.Open(m.Report)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at := today.AddDate(0, 0, -m.DaysAgo)
	if m.DaysAgo > 0 {
		at = at.Add(8 * time.Hour)
	}
	q := url.Values{"name": {path.Base(m.Report)}, "application": {m.app}, "asset": {m.asset}, "asset_kind": {m.kind}, "ref": {m.Ref}, "commit": {m.Commit},
		"scope": {m.Scope}, "scanned_at": {at.Format(time.RFC3339)}}
	var list httpapi.ReportList
	err = c.call(ctx, http.MethodPost, "/api/v1/reports", q, f, &list)
	return list.Items, err
}

// demoWait waits until the reports of one upload are applied.
func (a *App) demoWait(ctx context.Context, c *client, rs []httpapi.Report) (httpapi.ReportResult, error) {
	var sum httpapi.ReportResult
	for _, r := range rs {
		if r.DuplicateOf == "" {
			var err error
			if r, err = c.follow(ctx, r.ID, func(httpapi.Report) {}); err != nil {
				return sum, err
			}
		}
		if r.State == "failed" {
			return sum, fmt.Errorf("not read: %s", r.Reason)
		}
		sum.New += r.Result.New
		sum.Observations += r.Result.Observations
	}
	return sum, nil
}

func (a *App) demoTriage(ctx context.Context, c *client, e demoEstate) (int, error) {
	decided := 0
	for _, t := range e.Triage {
		key, err := estate.Key(t.Application)
		if err != nil {
			return decided, err
		}
		var list httpapi.FindingList
		q := url.Values{"application": {key}, "q": {t.Match}, "limit": {"200"}}
		if err := c.call(ctx, http.MethodGet, "/api/v1/findings", q, nil, &list); err != nil {
			return decided, err
		}
		var ids []string
		for _, f := range list.Items {
			if t.Asset == "" || strings.Contains(f.Asset, t.Asset) {
				ids = append(ids, f.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		req := httpapi.TriageRequest{Findings: ids, Status: t.Status, Reason: fmt.Sprintf("%s (%s)", t.Reason, t.By)}
		if t.UntilDays > 0 {
			until := time.Now().UTC().AddDate(0, 0, t.UntilDays)
			req.Until = &until
		}
		var r httpapi.TriageResult
		if err := c.call(ctx, http.MethodPost, "/api/v1/findings/triage", nil, req, &r); err != nil {
			return decided, err
		}
		decided += r.Changed
	}
	return decided, nil
}
