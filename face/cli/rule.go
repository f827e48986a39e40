package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/place"
)

func (a *App) ruleCommand() *cobra.Command {
	c := &cobra.Command{Use: "rule", Short: "Asset rules: where reports belong whose sender does not say", Args: cobra.NoArgs}
	check := &cobra.Command{
		Use: "check FILE", Short: "Say what is wrong with asset rules, without a server", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			_, n, err := readRules(args[0])
			if ps := (place.Problems)(nil); errors.As(err, &ps) {
				fmt.Fprintln(a.Out, ps.Error())
				return &exit{code: ExitBlock}
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%d rules can be used\n", n)
			return nil
		},
	}
	show := &cobra.Command{
		Use: "show", Short: "Print the asset rules in force on the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var r httpapi.AssetRules
			if err := cl.call(cmd.Context(), http.MethodGet, "/api/v1/asset-rules", nil, nil, &r); err != nil {
				return err
			}
			_, err = fmt.Fprint(a.Out, r.Source)
			return err
		},
	}
	set := &cobra.Command{
		Use: "set FILE", Short: "Replace the asset rules on the server", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, _, err := readRules(args[0])
			if err != nil {
				return usage("%w", err)
			}
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var r httpapi.AssetRules
			if err := cl.call(cmd.Context(), http.MethodPut, "/api/v1/asset-rules", nil, httpapi.AssetRulesEdit{Source: source}, &r); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%d asset rules are in force for the reports to come\n", r.Rules)
			return nil
		},
	}
	c.AddCommand(check, show, set)
	return c
}

// readRules reads and compiles a file of rules.
func readRules(path string) (source string, n int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", 0, usage("%w", err)
	}
	r, err := place.Load(path, b)
	return string(b), r.Count(), err
}
