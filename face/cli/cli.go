// Package cli is the command line of Stance: a client of the HTTP API and,
// for what needs no server, of the engines themselves.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stance-aspm/stance/face/verdict"
)

// Exit codes. They are part of the interface: scripts depend on them.
const (
	ExitOK        = verdict.ExitPass
	ExitBlock     = verdict.ExitBlock
	ExitUsage     = 2
	ExitUndecided = verdict.ExitUndecided
)

// App is the command line with what it needs from outside.
type App struct {
	Version string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	// Serve runs a server until the context ends.
	Serve func(ctx context.Context, o ServeOptions) error
	// Local starts a server inside this process for the time of one command,
	// on a data folder that no other process uses.
	Local func(ctx context.Context, dataDir string) (Local, error)
	// Demo holds the demonstration estate.
	Demo Demo
	// Migrate opens another product to bring over what it knows:
	// "defectdojo" or "dependency-track".
	Migrate func(product, url, token string) (Source, error)
	// Sensor looks at source trees and runs scanners over them.
	Sensor Sensor

	conn connection
}

// ServeOptions are what `stance serve` was told.
type ServeOptions struct {
	DataDir, Listen, PublicURL, FeedMirror string
	Workers, ReportDeaths                  int
	Waiting, AllWaiting                    int   // reports that may wait: of a tenant, altogether
	WaitingMiB, AllWaitingMiB              int64 // their bytes
	ReportTime                             time.Duration
	// Watch are folders whose files are taken as reports.
	Watch []string
	// Buckets are addresses of buckets whose objects are taken as reports.
	Buckets []string
	Verbose bool
}

// Local is a server inside this process.
type Local struct {
	URL, Token string
	Stop       func() error
}

// exit carries an exit code through cobra.
type exit struct {
	code int
	err  error
}

// Error implements error.
func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exit) Unwrap() error { return e.err }

// usage marks an error of how a command was called.
func usage(format string, args ...any) error { return &exit{ExitUsage, fmt.Errorf(format, args...)} }

// undecided marks a question that could not be answered.
func undecided(err error) error { return &exit{ExitUndecided, err} }

// Run runs the command line and returns the exit code.
func (a *App) Run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if stopErr := a.conn.close(); err == nil {
		err = stopErr
	}
	var e *exit
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintf(a.Err, "stance: %v\n", e.err)
		}
		return e.code
	}
	fmt.Fprintf(a.Err, "stance: %v\n", err)
	return ExitUsage
}

func (a *App) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "stance",
		Short: "Reports of security tools in, findings out, policy decided",
		Long: "Stance takes what every security tool reports, makes one finding out of many observations,\n" +
			"says which few matter and why, and decides by your policy.",
		Version:       a.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	p := root.PersistentFlags()
	p.StringVar(&a.conn.server, "server", os.Getenv("STANCE_SERVER"), "address of the server (STANCE_SERVER); without it the one on --data, or one inside this command")
	p.StringVar(&a.conn.data, "data", envOr("STANCE_DATA", "data"), "data folder of the embedded server (STANCE_DATA)")
	// Tokens come from the environment alone: a flag would show in the list of processes.
	root.AddCommand(
		a.serveCommand(),
		a.importCommand(),
		a.decodeCommand(),
		a.gateCommand(),
		a.explainCommand(),
		a.findingsCommand(),
		a.inventoryCommand(),
		a.triageCommand(),
		a.feedCommand(),
		a.policyCommand(),
		a.formatCommand(),
		a.quarantineCommand(),
		a.applicationCommand(),
		a.tokenCommand(),
		a.hookCommand(),
		a.signInCommand(),
		a.demoCommand(),
		a.migrateCommand(),
		a.scanCommand(),
		a.assetCommand(),
		a.ruleCommand(),
	)
	return root
}

func envOr(name, value string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return value
}

func (a *App) serveCommand() *cobra.Command {
	var o ServeOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long:  "Runs the server with its embedded engines. It listens on this machine only unless --listen says otherwise,\nand prints a one-time sign-in link.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.DataDir = a.conn.data
			return a.Serve(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&o.PublicURL, "public-url", "", "how people reach the server, when it is not the listen address")
	f.IntVar(&o.Workers, "workers", 0, "reports applied at a time (default: half the cores)")
	f.IntVar(&o.ReportDeaths, "report-deaths", 0, "how often the server may die over one report before it is set aside (default 3)")
	f.DurationVar(&o.ReportTime, "report-time", 0, "how long decoding and applying one report may take before it is set aside (default 1h)")
	f.IntVar(&o.Waiting, "waiting", 0, "reports of one tenant that may wait before senders are asked to come back (default 10000)")
	f.IntVar(&o.AllWaiting, "all-waiting", 0, "reports of all tenants that may wait (default 50000)")
	f.Int64Var(&o.WaitingMiB, "waiting-mib", 0, "MiB of one tenant's reports that may wait (default 16384)")
	f.Int64Var(&o.AllWaitingMiB, "all-waiting-mib", 0, "MiB of all tenants' reports that may wait (default 65536)")
	f.StringVar(&o.FeedMirror, "feed-mirror", os.Getenv("STANCE_FEED_MIRROR"), "base address of a mirror of the feeds (STANCE_FEED_MIRROR)")
	f.StringArrayVar(&o.Watch, "watch", nil, "take the files of this folder as reports; may be repeated")
	f.StringArrayVar(&o.Buckets, "bucket", nil, "take the objects of this bucket as reports: s3://BUCKET/PREFIX?endpoint=…&region=…&path_style=true&every=1m; may be repeated")
	f.BoolVar(&o.Verbose, "verbose", false, "log what happens in detail")
	return c
}

func (a *App) signInCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "signin",
		Short: "Print a new one-time sign-in link for the web application",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			var link struct {
				Link string `json:"link"`
			}
			if err := c.call(cmd.Context(), "POST", "/api/v1/session/link", nil, nil, &link); err != nil {
				return err
			}
			fmt.Fprintln(a.Out, link.Link)
			return nil
		},
	}
}
