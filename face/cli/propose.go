package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
	"github.com/stance-aspm/stance/ingestion/format/guess"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

func (a *App) formatPropose() *cobra.Command {
	var save string
	c := &cobra.Command{
		Use: "propose FILE", Short: "Draft a mapping for a report of an unknown tool, without a server", Args: cobra.ExactArgs(1),
		Long: "Finds the records of a JSON, XML or CSV report, guesses which part is which field of a finding, says how sure it is\nof each, and shows what the mapping would read. With --save the mapping is written to a file, to be looked through and added.",
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := openInput(args[0])
			if err != nil {
				return usage("%w", err)
			}
			p, err := guess.Propose(cmd.Context(), in)
			if err != nil {
				return undecided(err)
			}
			a.printProposal(cmd.Context(), a.Out, p, in)
			if save == "" {
				fmt.Fprintf(a.Out, "\n%s", p.Source)
				return nil
			}
			return os.WriteFile(save, p.Source, 0o644)
		},
	}
	c.Flags().StringVar(&save, "save", "", "write the mapping to this file")
	return c
}

// printProposal shows what was guessed, and the first findings it would give.
func (a *App) printProposal(ctx context.Context, to io.Writer, p *guess.Proposal, in *format.Input) {
	fmt.Fprintf(to, "A guess, %.0f%% sure: %d records at %s, findings of the kind %s\n\n", 100*p.Sure, p.Records, p.Path, p.Kind)
	w := tabwriter.NewWriter(to, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FIELD\tFROM\tSURE\tFOR EXAMPLE")
	for _, f := range p.Fields {
		fmt.Fprintf(w, "%s\t%s\t%.0f%%\t%s\n", f.Name, f.Expr, 100*f.Sure, oneLine(strings.Join(f.Examples, " | "), 60))
	}
	_ = w.Flush() // the writer behind it tells its own errors
	d := format.Collect(ctx, p.Mapping.Format(), in)
	fmt.Fprintf(to, "\nIt would read %d records as %d findings and set %d aside; the first:\n\n", d.Records(), len(d.Observations), len(d.Faults))
	w = tabwriter.NewWriter(to, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEVERITY\tFINDING\tPLACE")
	for _, o := range d.Observations[:min(len(d.Observations), 5)] {
		fmt.Fprintf(w, "%s\t%s\t%s\n", o.Severity, oneLine(cmp.Or(o.Title, o.Check.Title, o.Check.ID, strings.Join(o.Advisories, " "), o.Message), 60), oneLine(placeOf(o), 50))
	}
	_ = w.Flush()
	if d.Err != nil {
		fmt.Fprintf(to, "\nit stops before the end: %v\n", d.Err)
	}
}

func placeOf(o *finding.Observation) string {
	l := o.Location
	switch {
	case l.Path != "" && l.StartLine > 0:
		return l.Path + ":" + strconv.Itoa(l.StartLine)
	case o.Component != nil && o.Component.Name != "":
		return o.Component.Name + "@" + o.Component.Version
	}
	return cmp.Or(l.Path, l.URL, l.Resource, l.Image)
}

func oneLine(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// serverFormats are all formats that the server reads.
func (a *App) serverFormats(ctx context.Context, c *client) ([]format.Format, error) {
	var list httpapi.FormatList
	if err := c.call(ctx, http.MethodGet, "/api/v1/formats", nil, nil, &list); err != nil {
		return nil, err
	}
	var own []*mapping.Mapping
	for _, f := range list.Items {
		if f.Source == "" {
			continue
		}
		if m, err := mapping.Load(f.Name, []byte(f.Source)); err == nil {
			own = append(own, m)
		}
	}
	return all.With(own), nil
}

// settle makes sure that the report's format is known before it is sent. Of
// one that nobody knows it shows a proposal; only with --accept the mapping
// is kept and the report read by it.
func (a *App) settle(ctx context.Context, c *client, path string, o *importOptions) error {
	in, err := openInput(path)
	if err != nil {
		return nil // the import says what is wrong
	}
	if _, err := format.Choose(all.Formats(), in, ""); err == nil || errors.Is(err, format.ErrEmpty) {
		return nil
	}
	known, err := a.serverFormats(ctx, c)
	if err != nil {
		return nil // a token that may only import: the server decides
	}
	_, unknown := format.Choose(known, in, "")
	if unknown == nil {
		return nil
	}
	p, err := guess.Propose(ctx, in)
	if err != nil {
		return nil // kept by the server as unread, to be replayed
	}
	a.printProposal(ctx, a.Err, p, in)
	if !o.accept {
		return undecided(fmt.Errorf("%w. Nothing was imported: --accept keeps this mapping and imports by it; 'stance format propose --save FILE' writes it down to be mended first", unknown))
	}
	source, name := p.Source, p.Name
	for i := 2; slices.ContainsFunc(known, func(f format.Format) bool { return f.Name == name }); i++ {
		name = p.Name + "-" + strconv.Itoa(i)
	}
	if name != p.Name {
		source = []byte(strings.Replace(string(source), "name: "+p.Name, "name: "+name, 1))
	}
	var f httpapi.Format
	if err := c.call(ctx, http.MethodPut, "/api/v1/formats/"+name, nil, httpapi.MappingEdit{Source: string(source)}, &f); err != nil {
		return fmt.Errorf("keep the mapping: %w", err)
	}
	fmt.Fprintf(a.Err, "\nThe mapping is kept as %s: 'stance format show', 'stance format remove %s'\n", name, name)
	o.format = name
	return nil
}
