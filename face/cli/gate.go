package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/face/verdict"
	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/governance/policy"
	packpolicy "github.com/stance-aspm/stance/pack/policy"
)

// gateOptions are what `stance gate` was told.
type gateOptions struct {
	app, stage, ref, output, outputFile                    string
	local                                                  bool
	reports, policies, formats                             []string
	format, criticality, data, exposure, environment, root string
}

func (a *App) gateCommand() *cobra.Command {
	var o gateOptions
	c := &cobra.Command{
		Use:   "gate",
		Short: "Ask whether policy lets an application pass",
		Long: "Asks the server for a verdict on an application, or with --local decides on reports alone, offline,\n" +
			"by the same engine. Exit codes: 0 pass (warnings included), 1 block, 2 wrong usage, 3 cannot decide.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runGate(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.app, "app", "", "application (name or key)")
	f.StringVar(&o.stage, "stage", "build", "commit, build or deploy")
	f.StringVar(&o.ref, "ref", "", "judge this branch or tag instead of the default one")
	f.StringVar(&o.output, "output", "text", "text, json, junit or sarif")
	f.StringVar(&o.outputFile, "output-file", "", "write the verdict to this file and a text to the terminal")
	f.BoolVar(&o.local, "local", false, "decide on --report files alone, without a server")
	f.StringArrayVar(&o.reports, "report", nil, "report to judge (with --local; repeatable)")
	f.StringArrayVar(&o.policies, "policy", nil, "policy file or folder (with --local; repeatable; default: the standard policies)")
	f.StringVar(&o.format, "format", "", "read reports as this format (with --local)")
	f.StringArrayVar(&o.formats, "formats", nil, "file or folder with format mappings of your own (with --local; repeatable)")
	f.StringVar(&o.root, "root", "", "folder that absolute paths in the reports are below (with --local)")
	f.StringVar(&o.criticality, "criticality", "", "of the application (with --local): critical, high, medium, low")
	f.StringVar(&o.data, "data-classes", "", "of the application (with --local), joined by commas: pci, phi, pii …")
	f.StringVar(&o.exposure, "exposure", "", "of the application (with --local): internet, partner, internal")
	f.StringVar(&o.environment, "environment", "", "of the application (with --local): production, staging, development, sandbox")
	return c
}

func (a *App) runGate(ctx context.Context, o gateOptions) error {
	switch policy.Stage(o.stage) {
	case policy.Commit, policy.Build, policy.Deploy:
	default:
		return usage("--stage %q: want commit, build or deploy", o.stage)
	}
	if _, ok := verdictWriters[o.output]; !ok {
		return usage("--output %q: want text, json, junit or sarif", o.output)
	}
	var v gate.Verdict
	var err error
	if o.local {
		v, err = a.judgeLocally(ctx, o)
	} else {
		v, err = a.askServer(ctx, o)
	}
	if err != nil {
		var e *exit
		if errors.As(err, &e) {
			return err
		}
		return undecided(err)
	}
	if err := a.writeVerdict(v, o); err != nil {
		return undecided(err)
	}
	if code := verdict.ExitCode(v.Outcome); code != ExitOK {
		return &exit{code: code}
	}
	return nil
}

func (a *App) askServer(ctx context.Context, o gateOptions) (gate.Verdict, error) {
	if o.app == "" {
		return gate.Verdict{}, usage("gate needs --app (or --local with --report)")
	}
	if len(o.reports) > 0 || len(o.policies) > 0 {
		return gate.Verdict{}, usage("--report and --policy are for --local; the server judges what was imported by the policies it holds")
	}
	key, err := estate.Key(o.app)
	if err != nil {
		return gate.Verdict{}, usage("%w", err)
	}
	c, err := a.connect(ctx)
	if err != nil {
		return gate.Verdict{}, err
	}
	var w httpapi.Verdict
	err = c.call(ctx, http.MethodPost, "/api/v1/gate", nil, httpapi.GateRequest{Application: key, Stage: o.stage, Ref: o.ref}, &w)
	var p *problem
	if errors.As(err, &p) && p.Status == http.StatusNotFound {
		return gate.Verdict{}, undecided(fmt.Errorf("nobody knows an application %q; import a report for it first", key))
	}
	return w.Gate(), err
}

// verdictWriters are the ways to write a verdict down.
var verdictWriters = map[string]func(a *App, f *os.File, v gate.Verdict) error{
	"text":  nil,
	"json":  func(_ *App, f *os.File, v gate.Verdict) error { return verdict.JSON(f, v) },
	"junit": func(_ *App, f *os.File, v gate.Verdict) error { return verdict.JUnit(f, v) },
	"sarif": func(a *App, f *os.File, v gate.Verdict) error { return verdict.SARIF(f, v, a.Version) },
}

func (a *App) writeVerdict(v gate.Verdict, o gateOptions) error {
	if o.outputFile != "" {
		f, err := os.Create(o.outputFile)
		if err != nil {
			return err
		}
		if o.output == "text" {
			err = verdict.Text(f, v, verdict.TextOptions{})
		} else {
			err = verdictWriters[o.output](a, f, v)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		return a.verdictText(v)
	}
	switch o.output {
	case "json":
		return verdict.JSON(a.Out, v)
	case "junit":
		return verdict.JUnit(a.Out, v)
	case "sarif":
		return verdict.SARIF(a.Out, v, a.Version)
	}
	return a.verdictText(v)
}

func (a *App) verdictText(v gate.Verdict) error {
	width := 0
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil {
		width = n
	}
	return verdict.Text(a.Out, v, verdict.TextOptions{Colour: terminal(a.Out) && os.Getenv("NO_COLOR") == "", Width: width})
}

// loadPolicies loads policies from files and folders, or the standard ones.
func loadPolicies(paths []string) (*policy.Bundle, error) {
	if len(paths) == 0 {
		return policy.Load(policy.Source{Name: "standard policies", Text: packpolicy.Default()})
	}
	var sources []policy.Source
	for _, p := range paths {
		files := []string{p}
		info, err := os.Stat(p)
		if err != nil {
			return nil, usage("%w", err)
		}
		if info.IsDir() {
			files = nil
			for _, pattern := range []string{"*.yaml", "*.yml"} {
				found, err := filepath.Glob(filepath.Join(p, pattern))
				if err != nil {
					return nil, usage("%w", err)
				}
				files = append(files, found...)
			}
			if len(files) == 0 {
				return nil, usage("%s holds no policy files (*.yaml)", p)
			}
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				return nil, usage("%w", err)
			}
			sources = append(sources, policy.Source{Name: f, Text: b})
		}
	}
	b, err := policy.Load(sources...)
	if err != nil {
		return nil, usage("%w", renderProblems(err))
	}
	return b, nil
}

// renderProblems writes policy problems with their lines.
func renderProblems(err error) error {
	var ps policy.Problems
	if !errors.As(err, &ps) {
		return err
	}
	text := fmt.Sprintf("%d problems in the policies", len(ps))
	if len(ps) == 1 {
		text = "1 problem in the policies"
	}
	for _, p := range ps {
		text += "\n" + p.Render()
	}
	return errors.New(text)
}

// judgeLocally decides on reports alone.
func (a *App) judgeLocally(ctx context.Context, o gateOptions) (gate.Verdict, error) {
	if len(o.reports) == 0 {
		return gate.Verdict{}, usage("gate --local needs at least one --report")
	}
	b, err := loadPolicies(o.policies)
	if err != nil {
		return gate.Verdict{}, err
	}
	formats, err := formatsFrom(o.formats)
	if err != nil {
		return gate.Verdict{}, err
	}
	app, context, err := o.localApp()
	if err != nil {
		return gate.Verdict{}, usage("%w", err)
	}
	l := newLocalFacts(context, o)
	for _, path := range o.reports {
		if err := a.addReport(ctx, l, formats, path, o.format); err != nil {
			return gate.Verdict{}, undecided(fmt.Errorf("%s: %w", path, err))
		}
	}
	return gate.Evaluate(b, l.facts(app), policy.Stage(o.stage), time.Now().UTC()), nil
}

func (o *gateOptions) localApp() (fact.App, estate.Context, error) {
	a := estate.Application{Key: o.app}
	if a.Key == "" {
		a.Key = "local"
	}
	var err error
	word := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	if a.Context.Criticality, err = estate.ParseCriticality(word(o.criticality)); err != nil {
		return fact.App{}, a.Context, err
	}
	if a.Context.Exposure, err = estate.ParseExposure(word(o.exposure)); err != nil {
		return fact.App{}, a.Context, err
	}
	if a.Context.Environment, err = estate.ParseEnvironment(word(o.environment)); err != nil {
		return fact.App{}, a.Context, err
	}
	if a.Context.Data, err = estate.ParseDataClasses(o.data); err != nil {
		return fact.App{}, a.Context, err
	}
	return fact.OfApplication(a), a.Context, nil
}
