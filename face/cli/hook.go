package cli

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
)

func (a *App) hookCommand() *cobra.Command {
	c := &cobra.Command{Use: "hook", Short: "Webhooks: addresses that take signed reports", Args: cobra.NoArgs}
	r := httpapi.HookRequest{Fields: map[string]string{}}
	add := &cobra.Command{
		Use: "add NAME", Short: "Make an address and print its secret once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			r.Name = args[0]
			for k, v := range r.Fields {
				if v == "" {
					delete(r.Fields, k)
				}
			}
			var h httpapi.Hook
			if err := cl.call(cmd.Context(), http.MethodPost, "/api/v1/hooks", nil, r, &h); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s\n%s\n", h.URL, h.Secret)
			return nil
		},
	}
	add.Flags().StringToStringVar(&r.Fields, "field", r.Fields, "what to say of every report: application=shop,asset=shop/web,ref=main,format=zap …")
	list := &cobra.Command{
		Use: "list", Short: "List addresses, without their secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var l httpapi.HookList
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/hooks", nil, nil, &l); err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tFIELDS\tADDRESS")
			for _, h := range l.Items {
				var fields []string
				for k, v := range h.Fields {
					fields = append(fields, k+"="+v)
				}
				sort.Strings(fields)
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.ID, h.Name, strings.Join(fields, ","), h.URL)
			}
			return w.Flush()
		},
	}
	remove := &cobra.Command{
		Use: "remove ID", Short: "End an address", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			return cl.call(cmd.Context(), http.MethodDelete, "/api/v1/hooks/"+args[0], nil, nil, nil)
		},
	}
	c.AddCommand(add, list, remove)
	return c
}
