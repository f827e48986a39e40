package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/governance/gate"
)

func (a *App) feedCommand() *cobra.Command {
	c := &cobra.Command{Use: "feed", Short: "Bring in EPSS, KEV and other outside facts", Args: cobra.NoArgs}
	var kind string
	imp := &cobra.Command{
		Use: "import FILE…", Short: "Import feed files, for sites without internet access", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			for _, path := range args {
				f, err := os.Open(path)
				if err != nil {
					return usage("%w", err)
				}
				q := url.Values{"name": {filepath.Base(path)}}
				if kind != "" {
					q.Set("feed", kind)
				}
				var r httpapi.FeedResult
				err = cl.call(cmd.Context(), http.MethodPost, "/api/v1/feeds", q, f, &r)
				f.Close()
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				a.printFeedResult(r)
			}
			return nil
		},
	}
	imp.Flags().StringVar(&kind, "feed", "", "which feed it is, instead of detecting it")
	update := &cobra.Command{
		Use: "update", Short: "Fetch every feed from its official source", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var r httpapi.FeedResults
			if err := cl.call(cmd.Context(), http.MethodPost, "/api/v1/feeds/update", nil, nil, &r); err != nil {
				return err
			}
			failed := 0
			for _, f := range r.Items {
				if f.Error != "" {
					failed++
				}
				a.printFeedResult(f)
			}
			if failed > 0 {
				return undecided(fmt.Errorf("%d of %d feeds could not be fetched; the ones on hand stay. Without internet access use 'stance feed import FILE'", failed, len(r.Items)))
			}
			return nil
		},
	}
	status := &cobra.Command{
		Use: "status", Short: "Say how fresh each feed is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var l httpapi.FeedList
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/feeds", nil, nil, &l); err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "FEED\tAS OF\tROWS\tUSED FOR")
			for _, f := range l.Items {
				asOf := "missing"
				if !f.Missing {
					asOf = "undated"
				}
				if f.AsOf != nil {
					asOf = f.AsOf.Format(time.DateOnly)
				}
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", f.Feed, asOf, f.Rows, f.Used)
			}
			return w.Flush()
		},
	}
	c.AddCommand(imp, update, status)
	return c
}

func (a *App) printFeedResult(r httpapi.FeedResult) {
	if r.Error != "" {
		fmt.Fprintf(a.Out, "%s: not updated: %s\n", r.Feed, r.Error)
		return
	}
	fmt.Fprintf(a.Out, "%s: %d rows", r.Feed, r.Rows)
	if !r.AsOf.IsZero() {
		fmt.Fprintf(a.Out, " as of %s", r.AsOf.Format(time.DateOnly))
	}
	fmt.Fprintf(a.Out, ", %d skipped, %d findings scored anew\n", r.Skipped, r.Rescored)
}

func (a *App) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Check, test and set policies", Args: cobra.NoArgs}
	check := &cobra.Command{
		Use: "check [FILE|DIR…]", Short: "Type-check policies; the standard ones without an argument",
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := loadPolicies(args)
			if err != nil {
				return err
			}
			rules := 0
			for _, p := range b.Policies {
				rules += len(p.Rules)
			}
			fmt.Fprintf(a.Out, "%d policies with %d rules, bundle %s\n", len(b.Policies), rules, b.Digest)
			return nil
		},
	}
	test := &cobra.Command{
		Use: "test [FILE|DIR…]", Short: "Run the examples that stand in policies",
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := loadPolicies(args)
			if err != nil {
				return err
			}
			failed, total := 0, 0
			for _, p := range gate.Prove(b) {
				total++
				if len(p.Failures) > 0 {
					failed++
					fmt.Fprintf(a.Out, "FAIL %s: %s\n", p.Test.Name, strings.Join(p.Failures, "; "))
				}
			}
			fmt.Fprintf(a.Out, "%d passed, %d failed\n", total-failed, failed)
			if failed > 0 {
				return &exit{code: ExitBlock}
			}
			return nil
		},
	}
	show := &cobra.Command{
		Use: "show", Short: "Print the policies in force on the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var p httpapi.Policies
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/policies", nil, nil, &p); err != nil {
				return err
			}
			_, err = fmt.Fprint(a.Out, p.Source)
			return err
		},
	}
	set := &cobra.Command{
		Use: "set FILE", Short: "Replace the policies on the server", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := loadPolicies(args); err != nil {
				return err
			}
			b, err := os.ReadFile(args[0])
			if err != nil {
				return usage("%w", err)
			}
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var p httpapi.Policies
			if err := cl.call(cmd.Context(), http.MethodPut, "/api/v1/policies", nil, httpapi.PolicyEdit{Source: string(b)}, &p); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "bundle %s with %d rules is in force\n", p.Digest, len(p.Rules))
			return nil
		},
	}
	c.AddCommand(check, test, show, set)
	return c
}

func (a *App) applicationCommand() *cobra.Command {
	c := &cobra.Command{Use: "application", Aliases: []string{"app"}, Short: "Applications and their context", Args: cobra.NoArgs}
	var e httpapi.ApplicationEdit
	var data string
	set := &cobra.Command{
		Use: "set NAME", Short: "Make an application or change its context", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := estate.Key(args[0])
			if err != nil {
				return usage("%w", err)
			}
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			e.Name = args[0]
			e.Context.DataClasses = []string{}
			for _, d := range strings.Split(data, ",") {
				if d = strings.TrimSpace(d); d != "" {
					e.Context.DataClasses = append(e.Context.DataClasses, d)
				}
			}
			var d httpapi.ApplicationDetail
			if err := cl.call(cmd.Context(), http.MethodPut, "/api/v1/applications/"+key, nil, e, &d); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s saved; its findings are scored anew\n", d.Key)
			return nil
		},
	}
	f := set.Flags()
	f.StringVar(&e.Description, "description", "", "what it is")
	f.StringVar(&e.Unit, "unit", "", "business unit")
	f.StringVar(&e.Owner, "owner", "", "team")
	f.StringVar(&e.Context.Criticality, "criticality", "unknown", "critical, high, medium or low")
	f.StringVar(&data, "data-classes", "", "pci, phi, pii, credentials, confidential, internal, public; joined by commas")
	f.StringVar(&e.Context.Exposure, "exposure", "unknown", "internet, partner or internal")
	f.StringVar(&e.Context.Environment, "environment", "unknown", "production, staging, development or sandbox")
	list := &cobra.Command{
		Use: "list", Short: "List applications, the worst first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var l httpapi.ApplicationList
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/applications", nil, nil, &l); err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "APPLICATION\tHIGHEST RISK\tURGENT\tOPEN\tASSETS\tLAST SCAN")
			for _, x := range l.Items {
				last, open := "never", int64(0)
				if x.LastScan != nil {
					last = x.LastScan.Format(time.DateOnly)
				}
				for _, s := range x.Open {
					open += s.Count
				}
				fmt.Fprintf(w, "%s\t%.1f\t%d\t%d\t%d\t%s\n", x.Key, x.MaxScore, x.Urgent, open, x.Assets, last)
			}
			return w.Flush()
		},
	}
	c.AddCommand(set, list)
	return c
}

func (a *App) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "API tokens", Args: cobra.NoArgs}
	var r httpapi.TokenRequest
	mk := &cobra.Command{
		Use: "make NAME", Short: "Make a token and print its secret once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			r.Name = args[0]
			var t httpapi.NewToken
			if err := cl.call(cmd.Context(), http.MethodPost, "/api/v1/tokens", nil, r, &t); err != nil {
				return err
			}
			fmt.Fprintln(a.Out, t.Secret)
			return nil
		},
	}
	mk.Flags().StringSliceVar(&r.Scopes, "scope", []string{"import", "gate", "read"}, "read, import, gate, triage, admin")
	mk.Flags().IntVar(&r.Days, "days", 365, "valid for so many days")
	list := &cobra.Command{
		Use: "list", Short: "List tokens", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var l httpapi.TokenList
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/tokens", nil, nil, &l); err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tSCOPES\tEXPIRES")
			for _, t := range l.Items {
				expires := "-"
				if t.Expires != nil {
					expires = t.Expires.Format(time.DateOnly)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.ID, t.Name, strings.Join(t.Scopes, ","), expires)
			}
			return w.Flush()
		},
	}
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "Revoke a token", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			return cl.call(cmd.Context(), http.MethodDelete, "/api/v1/tokens/"+url.PathEscape(args[0]), nil, nil, nil)
		},
	}
	c.AddCommand(mk, list, revoke)
	return c
}
