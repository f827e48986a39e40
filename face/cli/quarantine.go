package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
)

func (a *App) quarantineCommand() *cobra.Command {
	c := &cobra.Command{Use: "quarantine", Short: "What could not be read: list it, show it, decode it again", Args: cobra.NoArgs}
	c.AddCommand(a.quarantineList(), a.quarantineShow(), a.quarantineReplay())
	return c
}

// unreadFlags are the filters of the quarantine.
type unreadFlags struct{ application, format, kind string }

func (u *unreadFlags) query() url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"application": u.application, "format": u.format, "kind": u.kind} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return q
}

// eachUnread walks the quarantine page by page.
func (a *App) eachUnread(ctx context.Context, c *client, q url.Values, each func(httpapi.Unread) (more bool)) error {
	q.Set("limit", "200")
	for {
		var page httpapi.UnreadList
		if err := c.call(ctx, http.MethodGet, "/api/v1/quarantine", q, nil, &page); err != nil {
			return err
		}
		for _, u := range page.Items {
			if !each(u) {
				return nil
			}
		}
		if page.NextCursor == "" {
			return nil
		}
		q.Set("cursor", page.NextCursor)
	}
}

func (a *App) quarantineList() *cobra.Command {
	var o unreadFlags
	var output string
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List records and reports that could not be read", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return usage("--output %q: want table or json", output)
			}
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			list := []httpapi.Unread{}
			more := false
			if err := a.eachUnread(cmd.Context(), c, o.query(), func(u httpapi.Unread) bool {
				if more = len(list) == limit; !more {
					list = append(list, u)
				}
				return !more
			}); err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(a.Out).Encode(list)
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "REPORT\tFILE\tFORMAT\tWHAT\tWHERE\tREASON")
			for _, u := range list {
				where := "-"
				if u.Kind == "record" {
					where = fmt.Sprintf("record %d, byte %d", u.Record, u.Offset)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Report, cut(orDash(u.Name), 30), orDash(u.Format), u.Kind, where, cut(u.Reason, 100))
			}
			if more {
				fmt.Fprintf(w, "and more: see --limit\n")
			}
			return w.Flush()
		},
	}
	f := c.Flags()
	o.flags(c)
	f.StringVar(&o.kind, "kind", "", "record or report")
	f.IntVar(&limit, "limit", 100, "lines at most")
	f.StringVar(&output, "output", "table", "table or json")
	return c
}

func (u *unreadFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&u.application, "application", "", "key of the application")
	c.Flags().StringVar(&u.format, "format", "", "format by which the report was read or was to be read; none for reports that no format knew")
}

func (a *App) quarantineShow() *cobra.Command {
	return &cobra.Command{
		Use: "show REPORT", Short: "Show what of a report could not be read, with its text", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var r httpapi.Report
			path := "/api/v1/reports/" + url.PathEscape(args[0])
			if err := c.call(cmd.Context(), http.MethodGet, path, nil, nil, &r); err != nil {
				return err
			}
			var list httpapi.QuarantineList
			if err := c.call(cmd.Context(), http.MethodGet, path+"/quarantine", nil, nil, &list); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s: %s, %d parts could not be read\n", orDash(r.Name), r.State, list.Total)
			if r.Reason != "" {
				fmt.Fprintln(a.Out, r.Reason)
			}
			for _, q := range list.Items {
				fmt.Fprintf(a.Out, "\nrecord %d, byte %d %s: %s\n%s\n", q.Record, q.Offset, q.Pointer, q.Reason, q.Raw)
			}
			return nil
		},
	}
}

func (a *App) quarantineReplay() *cobra.Command {
	var o unreadFlags
	var every bool
	c := &cobra.Command{
		Use: "replay [REPORT …]", Short: "Decode reports again by the formats that are known now",
		Long: "Decodes the stored bytes of reports again, as scans of the same time. What can be read now becomes findings and\n" +
			"leaves the quarantine; what was read before stays as it is. Add the mapping first: 'stance format add'.",
		RunE: func(cmd *cobra.Command, args []string) error {
			picked := o != unreadFlags{}
			if (len(args) > 0) == (picked || every) || picked && every {
				return usage("say which reports: by id, or by --format and --application, or --all")
			}
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				q := o.query()
				q.Set("first", "true")
				if err := a.eachUnread(cmd.Context(), c, q, func(u httpapi.Unread) bool {
					args = append(args, u.Report)
					return true
				}); err != nil {
					return err
				}
			}
			return a.replay(cmd.Context(), c, args)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&every, "all", false, "everything in quarantine")
	return c
}

// replay decodes reports again, one after the other, oldest first as far as
// the list goes.
func (a *App) replay(ctx context.Context, c *client, ids []string) error {
	p := a.patience(defaultPatience)
	done := []httpapi.Report{}
	left := 0
	for i := len(ids) - 1; i >= 0; i-- {
		var r httpapi.Report
		if err := p.do(ctx, ids[i], func() error {
			return c.call(ctx, http.MethodPost, "/api/v1/reports/"+url.PathEscape(ids[i])+"/replay", nil, nil, &r)
		}, func() error { return nil }); err != nil {
			return err
		}
		if r.State == "accepted" || r.State == "applying" {
			var err error
			if r, err = c.follow(ctx, r.ID, func(httpapi.Report) {}); err != nil {
				return err
			}
		}
		if r.State == "failed" || r.Result.Quarantined > 0 {
			left++
		}
		done = append(done, r)
	}
	if err := a.printImports(done, "table"); err != nil {
		return err
	}
	fmt.Fprintf(a.Out, "%d of %d reports are read completely now\n", len(done)-left, len(done))
	return nil
}
