package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
)

func (a *App) formatCommand() *cobra.Command {
	c := &cobra.Command{Use: "format", Short: "Report formats: list them, check and add mappings", Args: cobra.NoArgs}
	c.AddCommand(a.formatList(), a.formatShow(), a.formatCheck(), a.formatPropose(), a.formatAdd(), a.formatRemove())
	return c
}

func (a *App) formatList() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "list", Short: "List the formats that are read, without a server", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list := slices.Clone(all.Formats())
			slices.SortFunc(list, func(x, y format.Format) int { return strings.Compare(x.Name, y.Name) })
			if output == "json" {
				out := make([]map[string]string, 0, len(list))
				for _, f := range list {
					out = append(out, map[string]string{"name": f.Name, "title": f.Title, "doc": f.Doc})
				}
				return json.NewEncoder(a.Out).Encode(out)
			}
			w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
			fmt.Fprintln(w, "FORMAT\tREADS")
			for _, f := range list {
				fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Title)
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&output, "output", "table", "table or json")
	return c
}

func (a *App) formatShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Say what goes where in a format, without a server", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, f := range all.Formats() {
				if f.Name != args[0] {
					continue
				}
				fmt.Fprintf(a.Out, "%s (%s)\n%s\n\n", f.Title, f.Name, f.Doc)
				w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
				for _, fd := range f.Fields {
					fmt.Fprintf(w, "%s\t%s\n", fd.Name, fd.From)
				}
				return w.Flush()
			}
			return usage("no format %q: 'stance format list' shows all", args[0])
		},
	}
}

func (a *App) formatCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE|DIR…", Short: "Say what is wrong with mappings, without a server",
		Long: "Checks mappings: their form, paths, expressions, fields and tables. Samples that stand beside a mapping.yaml are\nread by it, and so are all samples given with it; what they give is counted.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bad, files := 0, 0
			for _, arg := range args {
				paths, err := mappingFiles(arg)
				if err != nil {
					return usage("%w", err)
				}
				for _, p := range paths {
					files++
					if !a.checkMapping(cmd, p) {
						bad++
					}
				}
			}
			if bad > 0 {
				fmt.Fprintf(a.Out, "%d of %d mappings can't be used\n", bad, files)
				return &exit{code: ExitBlock}
			}
			fmt.Fprintf(a.Out, "%d mappings can be used\n", files)
			return nil
		},
	}
}

// mappingFiles finds the mappings in a folder: *.yaml, or NAME/mapping.yaml.
func mappingFiles(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	var out []string
	err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml") {
			out = append(out, p)
		}
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no mappings (*.yaml)", arg)
	}
	return out, err
}

func (a *App) checkMapping(cmd *cobra.Command, path string) bool {
	src, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintf(a.Out, "error: %v\n", err)
		return false
	}
	m, problems := mapping.Check(path, src)
	good := true
	for _, p := range problems {
		word := "advice"
		if p.Fatal {
			word, good = "error", false
			fmt.Fprintf(a.Out, "%s: %s\n", word, p.Message)
			continue
		}
		fmt.Fprintf(a.Out, "%s: %s: %s\n", word, path, p.Message)
	}
	if !good {
		return false
	}
	for _, f := range all.Coded() {
		if f.Name == m.Name() {
			fmt.Fprintf(a.Out, "advice: %s: %q is a format that Stance comes with: this mapping will stand in its place\n", path, m.Name())
		}
	}
	if filepath.Base(path) != "mapping.yaml" {
		return true
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		n := e.Name()
		if e.IsDir() || n == "mapping.yaml" || strings.HasSuffix(n, ".golden.json") || strings.HasSuffix(n, ".md") {
			continue
		}
		good = a.checkSample(cmd, m, filepath.Join(filepath.Dir(path), n)) && good
	}
	return good
}

func (a *App) checkSample(cmd *cobra.Command, m *mapping.Mapping, path string) bool {
	in, err := openInput(path)
	if err != nil {
		fmt.Fprintf(a.Out, "error: %s: %v\n", path, err)
		return false
	}
	f := m.Format()
	if f.Detect(in.Head()) < format.Possible {
		fmt.Fprintf(a.Out, "error: %s: not recognised by the mapping's clues\n", path)
		return false
	}
	doc := format.Collect(cmd.Context(), f, in)
	for _, fault := range doc.Faults {
		fmt.Fprintf(a.Out, "error: %s: %s: %s\n", path, fault.Position.Pointer, fault.Reason)
	}
	if doc.Err != nil {
		fmt.Fprintf(a.Out, "error: %s: %v\n", path, doc.Err)
	}
	fmt.Fprintf(a.Out, "%s: %d records, %d observations, %d components\n", path, doc.Records(), len(doc.Observations), len(doc.Components))
	return doc.Err == nil && len(doc.Faults) == 0
}

func (a *App) formatAdd() *cobra.Command {
	return &cobra.Command{
		Use: "add FILE…", Short: "Add mappings to the server, or replace them", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			for _, path := range args {
				src, err := os.ReadFile(path)
				if err != nil {
					return usage("%w", err)
				}
				m, err := mapping.Load(path, src)
				if err != nil {
					return usage("%w", err)
				}
				var f httpapi.Format
				if err := cl.call(cmd.Context(), http.MethodPut, "/api/v1/formats/"+m.Name(), nil, httpapi.MappingEdit{Source: string(src)}, &f); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				fmt.Fprintf(a.Out, "%s is read from now on\n", f.Name)
			}
			return nil
		},
	}
}

func (a *App) formatRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Take one of your own mappings from the server", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			if err := cl.call(cmd.Context(), http.MethodDelete, "/api/v1/formats/"+args[0], nil, nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s is gone; what was imported by it stays\n", args[0])
			return nil
		},
	}
}

// formatsFrom are the formats with the mappings of the folders or files in
// front, for commands that need no server.
func formatsFrom(paths []string) ([]format.Format, error) {
	var own []*mapping.Mapping
	var problems []error
	for _, arg := range paths {
		files, err := mappingFiles(arg)
		if err != nil {
			return nil, usage("%w", err)
		}
		for _, p := range files {
			src, err := os.ReadFile(p)
			if err != nil {
				return nil, err
			}
			m, err := mapping.Load(p, src)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			own = append(own, m)
		}
	}
	if len(problems) > 0 {
		return nil, usage("%w", errors.Join(problems...))
	}
	return all.With(own), nil
}
