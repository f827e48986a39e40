package cli

import (
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
)

func (a *App) assetCommand() *cobra.Command {
	c := &cobra.Command{Use: "asset", Short: "Assets: list them, assign them to applications", Args: cobra.NoArgs}
	c.AddCommand(a.assetList(), a.assetAssign())
	return c
}

func (a *App) assetList() *cobra.Command {
	var application string
	c := &cobra.Command{
		Use: "list", Short: "List an application's assets: those that are unassigned, unless --application says otherwise", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := a.assetsOf(cmd, application)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tKIND\tNAME\tOPEN\tLAST SCAN")
			for _, s := range d.AssetList {
				last, open := "never", int64(0)
				if s.LastScan != nil {
					last = s.LastScan.Format(time.DateOnly)
				}
				for _, n := range s.Open {
					open += n.Count
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", s.ID, s.Kind, s.Name, open, last)
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&application, "application", estate.Unassigned, "whose assets")
	return c
}

func (a *App) assetAssign() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "assign ASSET APPLICATION", Short: "Move an asset with all that is known of it under an application",
		Long: "Moves an asset, given by name or id, with its findings, their triage and history, its scans and reports under\nan application, which is made when new. Names are looked up among the unassigned assets unless --from says otherwise.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := a.assetID(cmd, args[0], from)
			if err != nil {
				return err
			}
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var d httpapi.ApplicationDetail
			if err := cl.call(cmd.Context(), http.MethodPut, "/api/v1/assets/"+id+"/application", nil, httpapi.AssetAssignment{Application: args[1]}, &d); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s now belongs to %s\n", args[0], d.Key)
			return nil
		},
	}
	c.Flags().StringVar(&from, "from", estate.Unassigned, "application to look the asset's name up in")
	return c
}

// assetID finds an asset by its id, or by its name in an application.
func (a *App) assetID(cmd *cobra.Command, name, application string) (string, error) {
	if id, err := uuid.Parse(name); err == nil {
		return id.String(), nil
	}
	d, err := a.assetsOf(cmd, application)
	if err != nil {
		return "", err
	}
	id := ""
	for _, s := range d.AssetList {
		if s.Name != name {
			continue
		}
		if id != "" {
			return "", usage("%s has several assets %q: say the id, 'stance asset list --application %s' shows it", d.Key, name, d.Key)
		}
		id = s.ID
	}
	if id == "" {
		return "", usage("%s has no asset %q: 'stance asset list --application %s' shows all; --from names another application", d.Key, name, d.Key)
	}
	return id, nil
}

func (a *App) assetsOf(cmd *cobra.Command, application string) (httpapi.ApplicationDetail, error) {
	var d httpapi.ApplicationDetail
	key, err := estate.Key(application)
	if err != nil {
		return d, usage("%w", err)
	}
	cl, err := a.connect(cmd.Context())
	if err != nil {
		return d, err
	}
	return d, cl.call(cmd.Context(), http.MethodGet, "/api/v1/applications/"+key, nil, nil, &d)
}
