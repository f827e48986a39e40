package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/sensor"
)

// Sensor looks at a source tree and runs scanners over it.
type Sensor interface {
	// Survey finds what a tree holds, without the paths in except. Root is
	// absolute.
	Survey(ctx context.Context, root string, except []string) (*sensor.Tree, error)
	// Installed reports whether a program can be run.
	Installed(command string) bool
	// Run runs a plan and returns what came of each step, in their order. A
	// step that fails stops no other.
	Run(ctx context.Context, p sensor.Plan, o sensor.Order) []sensor.Result
}

// scanOptions are what `stance scan` was told.
type scanOptions struct {
	target                       importOptions
	only, skip                   []string
	timeout                      time.Duration
	parallel                     int
	outputDir, osv, stage        string
	list, noImport, gate, strict bool
	root, folder                 string   // absolute
	except                       []string // paths below root that are ours, not the tree's
}

func (a *App) scanCommand() *cobra.Command {
	var o scanOptions
	c := &cobra.Command{
		Use:   "scan DIR",
		Short: "Run the scanners that make sense for a source tree, and import what they find",
		Long: "Looks at what a tree holds, runs the scanners that fit and are installed (PATH), and imports their reports.\n" +
			"Where no scanner for secrets or for components is installed, detectors inside this program look for them.\n" +
			"A scanner that fails or runs out of time is told of and stops no other; its findings stay as they were.\n" +
			"Exit codes: 0 done (or pass), 1 block (with --gate), 2 wrong usage, 3 nothing ran well, an import failed,\n" +
			"the gate cannot decide, or with --strict some scanner failed.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("scan needs one folder, such as: stance scan .")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScan(cmd.Context(), args[0], o) },
	}
	f := c.Flags()
	o.target.targetFlags(f)
	f.StringVar(&o.target.output, "output", "table", "table or json, for what was imported")
	f.StringSliceVar(&o.only, "only", nil, "run only these scanners (comma-separated or repeated)")
	f.StringSliceVar(&o.skip, "skip", nil, "do not run these scanners (comma-separated or repeated)")
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long one scanner may take")
	f.IntVar(&o.parallel, "parallel", max(runtime.NumCPU()/2, 2), "scanners that run at a time")
	f.BoolVar(&o.list, "list", false, "say what would run and what would not, and why, and run nothing")
	f.StringVar(&o.outputDir, "output-dir", "", "keep the reports in this folder (those of secret scanners hold the secrets)")
	f.StringVar(&o.osv, "osv", "", "advisories in OSV form, a folder or zip as osv.dev publishes them, for the detector inside (default: folder osv of --data, if it is there)")
	f.BoolVar(&o.noImport, "no-import", false, "import nothing; with --gate, decide on the reports alone")
	f.BoolVar(&o.gate, "gate", false, "ask for the verdict at the end, and exit by it")
	f.StringVar(&o.stage, "stage", "build", "commit, build or deploy (with --gate)")
	f.BoolVar(&o.strict, "strict", false, "exit 3 when a scanner failed, unless policy blocks anyway")
	return c
}

func (o *scanOptions) prepare(ctx context.Context, dir, data string) error {
	if err := o.target.check(); err != nil {
		return err
	}
	if o.timeout <= 0 || o.parallel <= 0 {
		return usage("--timeout and --parallel want more than nothing")
	}
	var err error
	if o.root, err = filepath.Abs(dir); err != nil {
		return usage("%w", err)
	}
	if o.root, err = filepath.EvalSymlinks(o.root); err != nil {
		return usage("%w", err)
	}
	for _, own := range []*string{&data, &o.outputDir} {
		if *own == "" {
			continue
		}
		if *own, err = filepath.Abs(*own); err != nil {
			return usage("%w", err)
		}
		o.except = append(o.except, *own)
	}
	if o.osv == "" {
		if own := filepath.Join(data, "osv"); exists(own) {
			o.osv = own
		}
	} else if !exists(o.osv) {
		return usage("--osv %s: there is no such folder or file", o.osv)
	}
	t := &o.target
	if !t.noGit {
		t.fromGit(ctx, o.root)
	}
	if t.application == "" {
		t.application = filepath.Base(o.root)
	}
	if t.asset == "" {
		t.asset = t.application
	}
	t.kind = string(estate.Repository)
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (a *App) runScan(ctx context.Context, dir string, o scanOptions) error {
	if err := o.prepare(ctx, dir, a.conn.data); err != nil {
		return err
	}
	tree, err := a.Sensor.Survey(ctx, o.root, o.except)
	if err != nil {
		return usage("%w", err)
	}
	plan, err := sensor.Make(tree, sensor.Choice{Only: o.only, Skip: o.skip, Installed: a.Sensor.Installed})
	if err != nil {
		return usage("%w", err)
	}
	if o.list {
		return a.listPlan(plan)
	}
	if len(plan.Steps) == 0 {
		return undecided(errors.New("no scanner is left to run: 'stance scan --list' says why"))
	}
	done, err := o.reports()
	if err != nil {
		return err
	}
	defer done()
	results := a.Sensor.Run(ctx, plan, sensor.Order{
		Root: o.root, Folder: o.folder, Except: o.except, OSV: o.osv, Timeout: o.timeout, Parallel: o.parallel,
		Tell: func(r sensor.Result) { a.tellStep(r) },
	})
	if err := ctx.Err(); err != nil {
		return undecided(fmt.Errorf("interrupted: nothing was imported"))
	}
	if o.noImport {
		err = nil
	} else {
		err = a.importResults(ctx, results, o)
	}
	return a.conclude(ctx, results, o, err)
}

// reports makes the folder that the reports go to. A temporary one is removed
// by done.
func (o *scanOptions) reports() (done func(), err error) {
	if o.outputDir != "" {
		o.folder = o.outputDir
		if err := os.MkdirAll(o.folder, 0o700); err != nil {
			return nil, usage("%w", err)
		}
		return func() {}, nil
	}
	if o.folder, err = os.MkdirTemp("", "stance-scan-"); err != nil {
		return nil, undecided(err)
	}
	return func() { os.RemoveAll(o.folder) }, nil
}

// tellStep shows how the scan comes along: on a terminal also what begins.
func (a *App) tellStep(r sensor.Result) {
	if r.Outcome == sensor.Running && !terminal(a.Err) {
		return
	}
	fmt.Fprintf(a.Err, "stance: %s\n", r)
}

// listPlan prints what would run and what would not.
func (a *App) listPlan(p sensor.Plan) error {
	w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SCANNER\tLOOKS FOR\tRUNS\tWHY")
	for _, s := range p.Steps {
		var about []string
		for _, x := range s.Scanner.Subjects {
			about = append(about, string(x))
		}
		how := strings.Join(append([]string{s.Scanner.Command}, s.Args...), " ")
		if s.Scanner.Inside() {
			how = "inside this program"
		}
		fmt.Fprintf(w, "%s\t%s\tyes\t%s\n", s.Name, strings.Join(about, ", "), cut(how, 100))
	}
	for _, i := range p.Idle {
		fmt.Fprintf(w, "%s\t\tno\t%s\n", i.Name, i.Why)
	}
	return w.Flush()
}

// importResults imports the reports. One of a scanner that failed goes in as
// a part: what it holds counts, what it lacks closes nothing.
func (a *App) importResults(ctx context.Context, results []sensor.Result, o scanOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	done := []httpapi.Report{}
	bad := 0
	for _, r := range results {
		if r.Report == "" {
			continue
		}
		to := o.target
		to.format, to.tool, to.part = r.Step.Scanner.Format, r.Step.Scanner.Tool, r.Broken()
		if r.Step.Dir != "." {
			to.category = r.Step.Dir // scans of two folders don't replace each other
		}
		rs, err := a.importFile(ctx, c, r.Report, to)
		switch {
		case err != nil && r.Broken():
			continue // what it left is no report; that it failed was said
		case err != nil:
			fmt.Fprintf(a.Err, "stance: %s: its report could not be imported: %v\n", r.Step.Name, err)
			bad++
		}
		for _, x := range rs {
			if x.State == "failed" && !r.Broken() {
				bad++
			}
		}
		done = append(done, rs...)
	}
	if err := a.printImports(done, o.target.output); err != nil {
		return err
	}
	if bad > 0 {
		return undecided(fmt.Errorf("%d reports could not be imported", bad))
	}
	return nil
}

// conclude decides the exit code: a block comes first, then what could not be
// decided.
func (a *App) conclude(ctx context.Context, results []sensor.Result, o scanOptions, imported error) error {
	var e *exit
	if imported != nil && (!errors.As(imported, &e) || e.code == ExitUsage) {
		return imported
	}
	var broken []string
	well := 0
	for _, r := range results {
		if r.Broken() {
			broken = append(broken, r.Step.Name)
		} else {
			well++
		}
	}
	if o.gate {
		err := a.gateScan(ctx, results, o)
		if err != nil && !(errors.As(err, &e) && e.code == ExitUndecided) {
			return err
		}
		if imported == nil {
			imported = err
		}
	}
	switch {
	case imported != nil:
		return imported
	case well == 0:
		return undecided(errors.New("no scanner came to its end"))
	case o.strict && len(broken) > 0:
		return undecided(fmt.Errorf("%s failed (--strict)", strings.Join(broken, ", ")))
	}
	return nil
}

// gateScan asks for the verdict: the server, or without an import the engine
// over the reports.
func (a *App) gateScan(ctx context.Context, results []sensor.Result, o scanOptions) error {
	g := gateOptions{app: o.target.application, stage: o.stage, ref: o.target.ref, output: "text", local: o.noImport, root: o.root}
	if o.noImport {
		for _, r := range results {
			if r.Report != "" && !r.Broken() {
				g.reports = append(g.reports, r.Report)
			}
		}
		if len(g.reports) == 0 {
			return undecided(errors.New("there is no report to decide on"))
		}
	}
	return a.runGate(ctx, g)
}
