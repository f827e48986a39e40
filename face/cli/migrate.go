package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/migrate"
)

// Source is a product that people move from. It is only read.
type Source interface {
	// Name is the name of the fingerprint that carries a finding's id there.
	Name() string
	Applications(ctx context.Context, yield func(migrate.Application) error) error
	// Scans lists what belongs to an application and changed since then; a
	// zero time means all.
	Scans(ctx context.Context, app migrate.Application, since time.Time, yield func(migrate.Scan) error) error
	Findings(ctx context.Context, s migrate.Scan, yield func(migrate.Finding) error) error
	// Document gives what Scan.Document promised, to be closed, or nil.
	Document(ctx context.Context, s migrate.Scan) (io.ReadCloser, error)
}

type migrateOptions struct {
	url, token, since, journal string
	dryRun                     bool
}

func (a *App) migrateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Bring over what another product knows",
		Long:  "Reads another product over its API and brings applications, findings, decisions and notes over.\nIt never writes there. Doing it again changes nothing, so an interrupted run is simply repeated.",
	}
	for product, title := range map[string]string{"defectdojo": "DefectDojo", "dependency-track": "Dependency-Track"} {
		c.AddCommand(a.migrateFrom(product, title))
	}
	return c
}

func (a *App) migrateFrom(product, title string) *cobra.Command {
	var o migrateOptions
	c := &cobra.Command{
		Use:   product,
		Short: "Bring over what a " + title + " knows",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var since time.Time
			if o.since != "" {
				var err error
				if since, err = time.Parse(time.DateOnly, o.since); err != nil {
					return usage("--since %q: want a date such as 2026-01-31", o.since)
				}
			}
			if o.url == "" || o.token == "" {
				return usage("migrate needs --url and a token in STANCE_MIGRATE_TOKEN or --token")
			}
			source, err := a.Migrate(product, o.url, o.token)
			if err != nil {
				return usage("%w", err)
			}
			return a.runMigrate(cmd.Context(), source, since, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.url, "url", "", "address of the "+title)
	f.StringVar(&o.token, "token", os.Getenv("STANCE_MIGRATE_TOKEN"), "its API token; better in the environment (STANCE_MIGRATE_TOKEN), where the list of processes does not show it")
	f.Lookup("token").DefValue = "" // help must not show the secret
	f.StringVar(&o.since, "since", "", "only scans that changed since this date")
	f.StringVar(&o.journal, "journal", "", "file that remembers finished scans, so that an interrupted run goes on behind them")
	f.BoolVar(&o.dryRun, "dry-run", false, "read everything and say what would be brought over, without bringing it")
	return c
}

// migration is one run with its figures.
type migration struct {
	*App
	client  *client
	source  Source
	dryRun  bool
	since   time.Time
	known   map[string]bool // keys of applications
	done    map[string]bool // scans in the journal
	journal io.Writer

	applications, scans, skipped, findings, gone, decisions, notes int
	news                                                           int64
	failed                                                         []error
}

func (a *App) runMigrate(ctx context.Context, source Source, since time.Time, o migrateOptions) error {
	m := &migration{App: a, source: source, dryRun: o.dryRun, since: since, known: map[string]bool{}, done: map[string]bool{}}
	if err := m.openJournal(o.journal); err != nil {
		return err
	}
	if c, ok := m.journal.(io.Closer); ok {
		defer c.Close()
	}
	if !o.dryRun {
		c, err := a.connect(ctx)
		if err != nil {
			return err
		}
		m.client = c
		var list httpapi.ApplicationList
		if err := c.call(ctx, http.MethodGet, "/api/v1/applications", nil, nil, &list); err != nil {
			return err
		}
		for _, app := range list.Items {
			m.known[app.Key] = true
		}
	}
	if err := source.Applications(ctx, func(app migrate.Application) error { return m.application(ctx, app) }); err != nil {
		return undecided(fmt.Errorf("read %s: %w", source.Name(), err))
	}
	verb := "brought over"
	if o.dryRun {
		verb = "would be brought over"
	}
	fmt.Fprintf(a.Out, "%d applications, %d scans (%d done before), %d findings (%d of them resolved), %d decisions, %d notes %s; %d findings are new here\n",
		m.applications, m.scans, m.skipped, m.findings, m.gone, m.decisions, m.notes, verb, m.news)
	if len(m.failed) > 0 {
		return undecided(fmt.Errorf("%d scans could not be brought over; run it again:\n%w", len(m.failed), errors.Join(m.failed...)))
	}
	return nil
}

// openJournal reads which scans are done and opens the file to add to it.
func (m *migration) openJournal(path string) error {
	if path == "" || m.dryRun {
		m.journal = io.Discard
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return usage("%w", err)
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		m.done[lines.Text()] = true
	}
	m.journal = f
	return lines.Err()
}

// application makes the application, unless there is one by that key: what
// people set here stays.
func (m *migration) application(ctx context.Context, app migrate.Application) error {
	key, err := estate.Key(app.Name)
	if err != nil {
		m.failed = append(m.failed, err)
		return nil
	}
	m.applications++
	if !m.dryRun && !m.known[key] {
		known := httpapi.Context{Criticality: orUnknown(app.Criticality), DataClasses: []string{}, Exposure: "unknown", Environment: "unknown"}
		edit := httpapi.ApplicationEdit{Name: app.Name, Description: cut(app.Description, 3900), Unit: cut(app.Unit, 99), Context: known}
		if err := m.client.call(ctx, http.MethodPut, "/api/v1/applications/"+key, nil, edit, nil); err != nil {
			return fmt.Errorf("application %s: %w", app.Name, err)
		}
		m.known[key] = true
	}
	return m.source.Scans(ctx, app, m.since, func(s migrate.Scan) error {
		for _, r := range s.Remarks {
			fmt.Fprintf(m.Err, "%s: %s\n", app.Name, r)
		}
		if m.done[s.ID] {
			m.skipped++
			return nil
		}
		m.scans++
		if err := m.scan(ctx, s); err != nil {
			if ctx.Err() != nil {
				return err
			}
			m.failed = append(m.failed, fmt.Errorf("%s, %s: %w", app.Name, s.ID, err))
			return nil
		}
		_, err := fmt.Fprintln(m.journal, s.ID)
		return err
	})
}

// scan brings over one series: all its findings as they were first, then what
// was left of them.
func (m *migration) scan(ctx context.Context, s migrate.Scan) error {
	if err := m.document(ctx, s); err != nil {
		return err
	}
	sp, err := m.spool(ctx, s)
	if err != nil {
		return err
	}
	defer sp.remove()
	m.findings, m.gone = m.findings+sp.all.Count(), m.gone+sp.all.Count()-sp.left.Count()
	for _, c := range sp.carried {
		m.notes += len(c.Notes)
		if c.Decision != nil {
			m.decisions++
		}
	}
	if m.dryRun || sp.all.Count() == 0 {
		return nil
	}
	first, err := m.send(ctx, s, sp.allFile, s.First, "generic", s.Category, s.Tool)
	if err != nil {
		return err
	}
	m.news += first.Result.New
	if sp.left.Count() < sp.all.Count() {
		if _, err := m.send(ctx, s, sp.leftFile, s.Last, "generic", s.Category, s.Tool); err != nil {
			return err
		}
	}
	return m.carry(ctx, first.ID, s, sp.carried)
}

// document sends what there is besides findings: an SBOM.
func (m *migration) document(ctx context.Context, s migrate.Scan) error {
	if m.dryRun || s.Document == "" {
		return nil
	}
	r, err := m.source.Document(ctx, s)
	if err != nil || r == nil {
		return err
	}
	defer r.Close()
	f, remove, err := tempFile()
	if err != nil {
		return err
	}
	defer remove()
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("read the %s: %w", s.Document, err)
	}
	// An inventory is no scan for flaws: a row of its own, so that it closes
	// none.
	_, err = m.send(ctx, s, f, s.First, "", "inventory", "")
	return err
}

func (m *migration) send(ctx context.Context, s migrate.Scan, f *os.File, at time.Time, format, category, tool string) (httpapi.Report, error) {
	q := url.Values{"application": {s.Application}, "name": {m.source.Name()}, "scanned_at": {at.UTC().Format(time.RFC3339Nano)}}
	for k, v := range map[string]string{"asset": s.Asset, "ref": s.Ref, "commit": s.Commit, "category": category, "tool": tool, "format": format} {
		if v != "" {
			q.Set(k, v)
		}
	}
	r, err := m.upload(ctx, q, f)
	if err != nil {
		return r, err
	}
	switch r.State {
	case "failed":
		return r, fmt.Errorf("not read: %s", r.Reason)
	case "held": // it is known there that these are gone
		err = m.client.call(ctx, http.MethodPost, "/api/v1/reports/"+r.ID+"/confirm", nil, nil, &r)
	}
	return r, err
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
