package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
)

// inventoryQuery is what `stance inventory` was asked.
type inventoryQuery struct {
	name, app, ecosystem, licence, ref, output string
	limit                                      int
	noPath                                     bool
}

func (a *App) inventoryCommand() *cobra.Command {
	var q inventoryQuery
	c := &cobra.Command{
		Use:   "inventory [COMPONENT]",
		Short: "Say where a component is, in which version, and through whom",
		Long: "Searches the components that SBOMs and scanners list, whether or not anything is known against them.\n" +
			"COMPONENT is a part of a name or a package URL, with a version constraint behind it if wanted: < <= > >= = !=,\n" +
			"joined by commas, || between alternatives, or an interval. Versions are compared by the ecosystem's own rules.\n" +
			"Finding nothing is an answer: the exit code is 0.",
		Example: "  stance inventory 'log4j-core < 2.17.1'\n" +
			"  stance inventory 'pkg:npm/lodash [4.0,4.17.21)' --app shop\n" +
			"  stance inventory --licence AGPL --output json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v := url.Values{"limit": {strconv.Itoa(min(q.limit, 200))}}
			if len(args) == 1 {
				v.Set("q", args[0])
			}
			for name, s := range map[string]string{"application": q.app, "name": q.name, "ecosystem": q.ecosystem, "licence": q.licence, "ref": q.ref} {
				if s != "" {
					v.Set(name, s)
				}
			}
			if q.output != "table" && q.output != "json" {
				return usage("--output is table or json, not %q", q.output)
			}
			if q.limit < 1 {
				return usage("--limit is at least 1")
			}
			return a.inventory(cmd.Context(), v, &q)
		},
	}
	f := c.Flags()
	f.StringVar(&q.app, "app", "", "applications (keys), joined by commas")
	f.StringVar(&q.ecosystem, "ecosystem", "", "package type: npm, maven, pypi, golang, deb, …")
	f.StringVar(&q.name, "name", "", "the whole name, with or without its group")
	f.StringVar(&q.licence, "licence", "", "a part of a licence")
	f.StringVar(&q.ref, "ref", "", "branch or tag, * for any; otherwise the default of each asset")
	f.IntVar(&q.limit, "limit", 100, "how many at most")
	f.BoolVar(&q.noPath, "no-path", false, "leave out the dependency path, which asks the server once more for each row")
	f.StringVar(&q.output, "output", "table", "table or json")
	return c
}

// inventoryRow is a component with the shortest way to it, as --output json
// writes it.
type inventoryRow struct {
	httpapi.InventoryComponent
	Path []httpapi.ComponentNode `json:"path,omitempty"`
}

// inventoryAnswer is what --output json writes.
type inventoryAnswer struct {
	Items    []inventoryRow   `json:"items"`
	More     bool             `json:"more"`
	Unknown  int64            `json:"unknown_versions"`
	Question httpapi.Question `json:"question"`
}

func (a *App) inventory(ctx context.Context, v url.Values, q *inventoryQuery) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	answer := inventoryAnswer{Items: []inventoryRow{}}
	for {
		var page httpapi.InventoryList
		if err := c.call(ctx, http.MethodGet, "/api/v1/components", v, nil, &page); err != nil {
			return err
		}
		for _, i := range page.Items {
			answer.Items = append(answer.Items, inventoryRow{InventoryComponent: i})
		}
		answer.Unknown, answer.Question, answer.More = answer.Unknown+page.Unknown, page.Question, page.NextCursor != ""
		if !answer.More || len(answer.Items) >= q.limit {
			break
		}
		v.Set("cursor", page.NextCursor)
	}
	if len(answer.Items) > q.limit {
		answer.Items, answer.More = answer.Items[:q.limit], true
	}
	for i := 0; i < len(answer.Items) && !q.noPath; i++ {
		if err := c.shortestPath(ctx, &answer.Items[i]); err != nil {
			return err
		}
	}
	if q.output == "json" {
		return a.printJSON(answer)
	}
	return a.printInventory(&answer)
}

// shortestPath asks how the asset comes to a component.
func (c *client) shortestPath(ctx context.Context, r *inventoryRow) error {
	named, ref := r.Reference, r.Ref
	if named == "" {
		named = r.PURL
	}
	if named == "" {
		return nil // nothing in a graph can point to it
	}
	if ref == "" {
		ref = "*"
	}
	var uses httpapi.ComponentUses
	v := url.Values{"asset": {r.AssetID}, "component": {named}, "ref": {ref}}
	if err := c.call(ctx, http.MethodGet, "/api/v1/components/paths", v, nil, &uses); err != nil {
		return fmt.Errorf("path to %s in %s: %w", r.Name, r.Asset, err)
	}
	for _, u := range uses.Items {
		if u.Component.Tool == r.Tool && u.Component.Ref == r.Ref && len(u.Paths) > 0 {
			r.Path = u.Paths[0]
			return nil
		}
	}
	return nil
}

func (a *App) printInventory(answer *inventoryAnswer) error {
	if len(answer.Items) > 0 {
		w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
		fmt.Fprintln(w, "COMPONENT\tVERSION\tAPPLICATION\tASSET\tREF\tOPEN\tTOOL\tPATH")
		for i := range answer.Items {
			r := &answer.Items[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", strings.TrimPrefix(r.Group+"/"+r.Name, "/"), orDash(r.Version),
				orDash(r.Application), r.Asset, orDash(r.Ref), r.Open, r.Tool, orDash(pathText(r)))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	switch n := len(answer.Items); {
	case n == 0 && answer.Unknown == 0:
		fmt.Fprintln(a.Out, "No inventory lists such a component.")
	case n == 0:
		fmt.Fprintln(a.Out, "No inventory lists such a component in a version that is known to be meant.")
	case answer.More:
		fmt.Fprintf(a.Out, "the first %d; --limit shows more\n", n)
	default:
		fmt.Fprintf(a.Out, "%d found\n", n)
	}
	if answer.Unknown > 0 {
		fmt.Fprintf(a.Out, "%d more have a version that is missing or can't be compared; ask without the version to see them\n", answer.Unknown)
	}
	return nil
}

// pathText writes a dependency path on one line, or what is known without
// one. A long path is shown by its ends.
func pathText(r *inventoryRow) string {
	var names []string
	for _, n := range r.Path {
		names = append(names, cut(strings.TrimSpace(n.Name+" "+n.Version), 60))
	}
	if n := len(names); n > 6 {
		names = append(append(names[:3:3], fmt.Sprintf("… %d …", n-5)), names[n-2:]...)
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, " > ")
	case r.Direct == nil:
		return ""
	case *r.Direct:
		return "direct"
	}
	return "transitive"
}
