package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
)

func (a *App) explainCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "explain FINDING",
		Short: "Say what a finding is, why it has its score, and what to do",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var d httpapi.FindingDetail
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/findings/"+url.PathEscape(args[0]), nil, nil, &d); err != nil {
				return err
			}
			if output == "json" {
				return a.printJSON(d)
			}
			return a.printFinding(d)
		},
	}
	c.Flags().StringVar(&output, "output", "text", "text or json")
	return c
}

func (a *App) printJSON(v any) error {
	e := json.NewEncoder(a.Out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *App) printFinding(d httpapi.FindingDetail) error {
	p := func(format string, args ...any) { fmt.Fprintf(a.Out, format+"\n", args...) }
	p("%s", d.Title)
	p("%s · %s · %s · risk %.1f (%s)", d.Severity, d.Kind, d.Status, d.Score, d.Priority)
	p("%s in %s (%s)", orDash(d.Place), orDash(d.Asset), orDash(d.Application))
	if s := strings.TrimRight(d.Location.Snippet, "\n"); s != "" {
		p("")
		for line := range strings.Lines(s) {
			p("    %s", strings.TrimRight(line, "\n"))
		}
	}
	p("\nWhy this score (%s)", d.Explanation.Model)
	w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', tabwriter.AlignRight)
	for _, t := range d.Explanation.Terms {
		input := t.Input
		if t.Unknown {
			input = strings.TrimSuffix("unknown: "+strings.TrimPrefix(input, "unknown"), ": ")
			if t.Could > 0 {
				input += fmt.Sprintf(" (could add %.1f)", t.Could)
			}
		}
		if t.Source != "" {
			input += " [" + t.Source + "]"
		}
		fmt.Fprintf(w, "  %+.1f\t  %s\t  %s\n", t.Points, t.Name, input)
	}
	fmt.Fprintf(w, "  %.1f\t  sum\t  at most %.1f if every unknown is at its worst\n", d.Explanation.Score, d.Explanation.Ceiling)
	if err := w.Flush(); err != nil {
		return err
	}
	p("\nWho says so")
	for _, o := range d.Observations {
		state := "present"
		if !o.Present {
			state = "gone"
		}
		p("  %s%s: %s (%s; joined by: %s, %.0f%% sure)", o.Tool, suffix(" on ", o.Ref), o.Title, state, o.JoinRule, o.JoinConfidence*100)
	}
	p("\nWhat to do")
	switch {
	case d.Fix != "":
		p("  %s", strings.ReplaceAll(strings.TrimSpace(d.Fix), "\n", "\n  "))
	case len(d.FixVersions) > 0:
		p("  Update %s to %s", componentName(d.Component), strings.Join(d.FixVersions, " or "))
	case d.Check.Help != "":
		p("  %s", strings.ReplaceAll(strings.TrimSpace(d.Check.Help), "\n", "\n  "))
	default:
		p("  The tools name no fix.")
	}
	if d.Triage != nil {
		p("\nDecided: %s by %s on %s: %s", d.Triage.Status, d.Triage.By, d.Triage.At.Format("2006-01-02"), d.Triage.Reason)
	}
	return nil
}

func componentName(c *httpapi.Component) string {
	if c == nil {
		return "the component"
	}
	return strings.TrimSpace(c.Name + " " + c.Version)
}

func suffix(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func (a *App) findingsCommand() *cobra.Command {
	var q struct {
		app, status, severity, kind, tool, text, sort, output string
		limit                                                 int
		all                                                   bool
	}
	c := &cobra.Command{
		Use:   "findings",
		Short: "List findings, the highest risk first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := url.Values{"limit": {strconv.Itoa(min(q.limit, 200))}, "sort": {q.sort}}
			for name, s := range map[string]string{"application": q.app, "status": q.status, "severity": q.severity, "kind": q.kind, "tool": q.tool, "q": q.text} {
				if s != "" {
					v.Set(name, s)
				}
			}
			return a.listFindings(cmd.Context(), v, q.limit, q.output)
		},
	}
	f := c.Flags()
	f.StringVar(&q.app, "app", "", "applications (keys), joined by commas")
	f.StringVar(&q.status, "status", "", "open (default), resolved, false_positive, accepted, not_affected, suppressed")
	f.StringVar(&q.severity, "severity", "", "critical, high, medium, low, info, unknown")
	f.StringVar(&q.kind, "kind", "", "vulnerability, code, secret, misconfiguration, dynamic, licence, quality")
	f.StringVar(&q.tool, "tool", "", "tools, joined by commas")
	f.StringVar(&q.text, "search", "", "words in title, check, advisory, component or path")
	f.StringVar(&q.sort, "sort", "score", "score, severity, newest or oldest")
	f.IntVar(&q.limit, "limit", 20, "how many at most")
	f.StringVar(&q.output, "output", "table", "table or json")
	return c
}

func (a *App) listFindings(ctx context.Context, q url.Values, limit int, output string) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	var list httpapi.FindingList
	for {
		var page httpapi.FindingList
		if err := c.call(ctx, http.MethodGet, "/api/v1/findings", q, nil, &page); err != nil {
			return err
		}
		list.Items, list.Total = append(list.Items, page.Items...), page.Total
		if page.NextCursor == "" || len(list.Items) >= limit {
			break
		}
		q.Set("cursor", page.NextCursor)
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
	}
	if output == "json" {
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RISK\tSEVERITY\tTITLE\tPLACE\tAPPLICATION\tTOOLS\tID")
	for _, f := range list.Items {
		fmt.Fprintf(w, "%.1f\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Score, f.Severity, cut(f.Title, 60), cut(f.Place, 50), f.Application, strings.Join(f.Tools, ","), f.ID)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	more := ""
	if !list.Total.Exact {
		more = "at least "
	}
	fmt.Fprintf(a.Out, "%d of %s%d\n", len(list.Items), more, list.Total.N)
	return nil
}

func (a *App) triageCommand() *cobra.Command {
	var status, reason string
	c := &cobra.Command{
		Use:   "triage FINDING…",
		Short: "Decide about findings: false positive, accepted or not affected",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var r httpapi.TriageResult
			if err := cl.call(cmd.Context(), http.MethodPost, "/api/v1/findings/triage", nil, httpapi.TriageRequest{Findings: args, Status: status, Reason: reason}, &r); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%d findings changed\n", r.Changed)
			return nil
		},
	}
	c.Flags().StringVar(&status, "status", "", "false_positive, accepted, not_affected, or open to take a decision back")
	c.Flags().StringVar(&reason, "reason", "", "why")
	for _, name := range []string{"status", "reason"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined two lines above
		}
	}
	return c
}
