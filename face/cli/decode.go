package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/normalise"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// decoded is what `stance decode` says of one document.
type decoded struct {
	File         string          `json:"file"`
	Format       string          `json:"format,omitempty"`
	Confidence   int             `json:"confidence"`
	Records      int             `json:"records"`
	Observations int             `json:"observations"`
	Quarantined  int             `json:"quarantined"`
	Components   int             `json:"components"`
	Runs         []decodedRun    `json:"runs"`
	Faults       []decodedFault  `json:"faults"`
	Error        string          `json:"error,omitempty"`
	Items        json.RawMessage `json:"items,omitempty"`
}

type decodedRun struct {
	Tool     string    `json:"tool"`
	Version  string    `json:"version,omitempty"`
	Category string    `json:"category,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	Failed   bool      `json:"failed,omitempty"`
	Asset    string    `json:"asset,omitempty"`
	Kind     string    `json:"asset_kind,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
}

type decodedFault struct {
	Record  int    `json:"record"`
	Offset  int64  `json:"offset"`
	Pointer string `json:"pointer,omitempty"`
	Reason  string `json:"reason"`
}

func (a *App) decodeCommand() *cobra.Command {
	var output, force string
	var folders []string
	var observations bool
	c := &cobra.Command{
		Use:   "decode FILE…",
		Short: "Read reports and say what they hold, without a server",
		Long:  "Reads reports and prints for each the format and how sure it is, the records, what was decoded of them,\nwhat could not be read and why, and the assets and components it names. Nothing is stored. Secrets are masked.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("decode needs at least one file, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return usage("--output %q: want table or json", output)
			}
			formats, err := formatsFrom(folders)
			if err != nil {
				return err
			}
			return a.runDecode(cmd.Context(), args, decodeOptions{formats, force, observations}, output)
		},
	}
	c.Flags().StringVar(&output, "output", "table", "table or json")
	c.Flags().StringVar(&force, "format", "", "read as this format instead of detecting it")
	c.Flags().StringArrayVar(&folders, "formats", nil, "file or folder with mappings of your own (repeatable)")
	c.Flags().BoolVar(&observations, "observations", false, "print each observation too")
	return c
}

// decodeOptions say how documents are read.
type decodeOptions struct {
	formats      []format.Format
	force        string
	observations bool
}

func (a *App) runDecode(ctx context.Context, args []string, o decodeOptions, output string) error {
	list := []decoded{}
	bad := 0
	for _, path := range args {
		ds, err := a.decodeFile(ctx, path, o)
		if err != nil {
			ds = []decoded{{File: path, Error: err.Error(), Runs: []decodedRun{}, Faults: []decodedFault{}}}
		}
		for _, d := range ds {
			if d.Error != "" {
				bad++
			}
		}
		list = append(list, ds...)
	}
	var err error
	if output == "json" {
		e := json.NewEncoder(a.Out)
		e.SetIndent("", "  ")
		err = e.Encode(list)
	} else {
		err = a.printDecoded(list)
	}
	if err != nil {
		return err
	}
	if bad > 0 {
		return undecided(fmt.Errorf("%d of %d documents could not be read to their end", bad, len(list)))
	}
	return nil
}

// openFile returns an opener for a file, standard input kept in memory.
func (a *App) openFile(path string) (receive.Opener, int64, error) {
	if path == "-" {
		b, err := io.ReadAll(a.In)
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }, int64(len(b)), err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, errors.New("is a directory")
	}
	return func() (io.ReadCloser, error) { return os.Open(path) }, info.Size(), nil
}

// openInput opens a file's first document.
func openInput(path string) (*format.Input, error) {
	a := &App{}
	open, size, err := a.openFile(path)
	if err != nil {
		return nil, err
	}
	members, err := receive.Members(path, open, size)
	if err != nil {
		return nil, err
	}
	return format.NewInput(path, receive.Unpack(open, size, members[0]))
}

func (a *App) decodeFile(ctx context.Context, path string, o decodeOptions) ([]decoded, error) {
	open, size, err := a.openFile(path)
	if err != nil {
		return nil, err
	}
	members, err := receive.Members(path, open, size)
	if err != nil {
		return nil, err
	}
	var out []decoded
	for _, m := range members {
		name := path
		if m != "" {
			name = path + "!" + m
		}
		d := decoded{File: name, Runs: []decodedRun{}, Faults: []decodedFault{}}
		if err := decodeDocument(ctx, receive.Unpack(open, size, m), o, &d); err != nil {
			d.Error = err.Error()
		}
		out = append(out, d)
	}
	return out, nil
}

func decodeDocument(ctx context.Context, open receive.Opener, o decodeOptions, d *decoded) error {
	in, err := format.NewInput(d.File, open)
	if err != nil {
		return err
	}
	chosen, err := format.Choose(o.formats, in, o.force)
	if err != nil {
		return err
	}
	d.Format, d.Confidence = chosen.Format.Name, int(chosen.Confidence)
	key := make([]byte, 32) // secrets hash to something else at each run
	if _, err := rand.Read(key); err != nil {
		return err
	}
	s := &describing{d: d, last: -1, n: &normalise.Normaliser{SecretKey: key, Now: time.Now()}}
	if o.observations {
		s.items = jsontext.NewEncoder(&s.text, jsontext.AllowInvalidUTF8(true))
		if err := s.items.WriteToken(jsontext.BeginArray); err != nil {
			return err
		}
	}
	err = chosen.Format.Decode(ctx, in, s)
	if s.items != nil {
		if err := s.items.WriteToken(jsontext.EndArray); err != nil {
			return err
		}
		d.Items = bytes.TrimSpace(s.text.Bytes())
	}
	return err
}

// describing is the sink that counts.
type describing struct {
	d     *decoded
	n     *normalise.Normaliser
	run   format.Run
	last  int
	text  bytes.Buffer
	items *jsontext.Encoder
}

// maxFaults bounds how many faults are listed for one document.
const maxFaults = 100

func (s *describing) record(n int) {
	if n != s.last {
		s.d.Records++
	}
	s.last = n
}

func (s *describing) Run(r format.Run) error {
	s.run = r
	asset := r.Target.Repository
	if asset == "" {
		asset = r.Target.Name
	}
	s.d.Runs = append(s.d.Runs, decodedRun{Tool: r.Tool, Version: r.Version, Category: r.Category, Started: r.Started, Failed: r.Failed, Asset: asset, Kind: r.Target.Kind, Notes: r.Notes})
	return nil
}

func (s *describing) Observe(o *finding.Observation) error {
	s.record(o.Position.Record)
	s.d.Observations++
	if s.items == nil {
		return nil
	}
	s.n.Observation(o, &s.run)
	view := struct {
		finding.Observation
		Raw string
	}{*o, string(o.Raw)}
	view.Observation.Raw = nil
	return jsonv2.MarshalEncode(s.items, view, jsonv2.OmitZeroStructFields(true), jsontext.AllowInvalidUTF8(true))
}

func (s *describing) Component(finding.Component) error { s.d.Components++; return nil }

func (s *describing) Depend(string, []string) error { return nil }

func (s *describing) Quarantine(f format.Fault) error {
	s.record(f.Position.Record)
	s.d.Quarantined++
	if len(s.d.Faults) < maxFaults {
		s.d.Faults = append(s.d.Faults, decodedFault{f.Position.Record, f.Position.Offset, f.Position.Pointer, f.Reason})
	}
	return nil
}

func (a *App) printDecoded(list []decoded) error {
	w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tFORMAT\tSURE\tRECORDS\tOBSERVATIONS\tQUARANTINED\tCOMPONENTS\tASSET\tTOOL")
	for _, d := range list {
		tool, asset := "-", "-"
		if len(d.Runs) > 0 {
			tool, asset = d.Runs[0].Tool+" "+d.Runs[0].Version, orDash(d.Runs[0].Asset)
		}
		fmt.Fprintf(w, "%s\t%s\t%d%%\t%d\t%d\t%d\t%d\t%s\t%s\n", d.File, orDash(d.Format), d.Confidence, d.Records, d.Observations, d.Quarantined, d.Components, cut(asset, 40), tool)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, d := range list {
		for _, f := range d.Faults {
			fmt.Fprintf(a.Out, "%s: record %d (%s, byte %d): %s\n", d.File, f.Record, orDash(f.Pointer), f.Offset, f.Reason)
		}
		for _, r := range d.Runs {
			for _, n := range r.Notes {
				fmt.Fprintf(a.Out, "%s: note: %s\n", d.File, n)
			}
		}
		if d.Error != "" {
			fmt.Fprintf(a.Out, "%s: %s\n", d.File, d.Error)
		}
		if len(d.Items) > 0 {
			var out bytes.Buffer
			if err := json.Indent(&out, d.Items, "", "  "); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s\n", out.Bytes())
		}
	}
	return nil
}
