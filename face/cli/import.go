package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/all"
)

// importOptions are what `stance import` was told of the target.
type importOptions struct {
	application, asset, kind, ref, commit, digest, format, tool, category, scannedAt, output, pull, target string
	part, noGit, noBuild, accept                                                                           bool
	wait                                                                                                   time.Duration
	resumeAbove                                                                                            int64 // MiB
}

func (a *App) importCommand() *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE|DIR|- …",
		Short: "Import reports of security tools",
		Long: "Imports reports, plain or compressed (gzip, zstd, zip). The format is recognised by content.\n" +
			"What is not said by flags is taken from the report and from the Git work tree the command runs in.\n" +
			"A directory is searched for reports; files that are none are named and passed over.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("import needs a file, a directory or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runImport(cmd.Context(), args, o) },
	}
	f := c.Flags()
	o.targetFlags(f)
	f.StringVar(&o.pull, "pull-request", "", "number of the pull or merge request that was scanned; build services tell it")
	f.StringVar(&o.target, "target-branch", "", "branch that the pull request is compared with; build services tell it")
	f.BoolVar(&o.noBuild, "no-build", false, "take nothing from the variables of the build service")
	f.StringVar(&o.kind, "asset-kind", "", "repository, image, endpoint, cloud_resource, cluster or host")
	f.StringVar(&o.digest, "digest", "", "digest of the image that was scanned")
	f.StringVar(&o.format, "format", "", "read as this format instead of detecting it")
	f.StringVar(&o.tool, "tool", "", "the tool's name, instead of what the report says")
	f.StringVar(&o.category, "category", "", "keeps scans of one tool over one target apart that do not replace each other")
	f.StringVar(&o.scannedAt, "scanned-at", "", "when the scan was made, such as 2026-01-31T12:00:00Z")
	f.BoolVar(&o.part, "part", false, "the scan covers only a part of the target: it closes nothing")
	f.BoolVar(&o.accept, "accept", false, "keep the mapping that is proposed for a report of an unknown tool, and import by it")
	f.DurationVar(&o.wait, "wait", defaultPatience, "how long to wait for a server that has no room for a report now")
	f.Int64Var(&o.resumeAbove, "resume-above", 64, "send files above so many MiB to a running server in a way that survives broken connections")
	f.StringVar(&o.output, "output", "table", "table or json")
	return c
}

// targetFlags are the flags that import and scan share: what was scanned.
func (o *importOptions) targetFlags(f *pflag.FlagSet) {
	f.StringVar(&o.application, "application", "", "application the reports belong to (made when new)")
	f.StringVar(&o.asset, "asset", "", "repository, image or site that was scanned")
	f.StringVar(&o.ref, "ref", "", "branch or tag that was scanned")
	f.StringVar(&o.commit, "commit", "", "commit that was scanned")
	f.BoolVar(&o.noGit, "no-git", false, "take nothing from the Git work tree")
}

func (o *importOptions) check() error {
	if o.kind != "" {
		if _, err := estate.ParseAssetKind(o.kind); err != nil {
			return usage("%w", err)
		}
	}
	if o.scannedAt != "" {
		if _, err := time.Parse(time.RFC3339, o.scannedAt); err != nil {
			return usage("--scanned-at %q: want a time such as 2026-01-31T12:00:00Z", o.scannedAt)
		}
	}
	if o.pull != "" {
		if _, err := estate.PullRef(o.pull); err != nil {
			return usage("--pull-request: %w", err)
		}
		if o.ref != "" {
			return usage("--pull-request and --ref say different things: give one")
		}
	}
	if o.output != "table" && o.output != "json" {
		return usage("--output %q: want table or json", o.output)
	}
	return nil
}

func (a *App) runImport(ctx context.Context, args []string, o importOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if !o.noBuild {
		o.fromBuild(os.Getenv)
	}
	if !o.noGit {
		o.fromGit(ctx, ".")
	}
	files, err := a.reportFiles(args, o.format, o.accept)
	if err != nil {
		return err
	}
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	done := []httpapi.Report{}
	failed := 0
	for _, path := range files {
		rs, err := a.importFile(ctx, c, path, o)
		if err != nil {
			if len(files) == 1 {
				return err
			}
			fmt.Fprintf(a.Err, "stance: %s: %v\n", path, err)
			failed++
			continue
		}
		done = append(done, rs...)
	}
	if err := a.printImports(done, o.output); err != nil {
		return err
	}
	if o.pull != "" && o.output == "table" {
		if err := a.printPull(ctx, c, done, o); err != nil {
			return err
		}
	}
	for _, r := range done {
		if r.State == "failed" {
			failed++
		}
	}
	if failed > 0 {
		return undecided(fmt.Errorf("%d of %d reports could not be imported", failed, len(done)+failed))
	}
	return nil
}

// importFile sends one file and waits until its reports are applied.
func (a *App) importFile(ctx context.Context, c *client, path string, o importOptions) ([]httpapi.Report, error) {
	body := a.In
	name := "stdin"
	if path != "-" {
		if o.format == "" {
			if err := a.settle(ctx, c, path, &o); err != nil {
				return nil, err
			}
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, usage("%w", err)
		}
		defer f.Close()
		body, name = f, filepath.Base(path)
	}
	return a.send(ctx, c, name, body, o)
}

// send uploads one report and follows it to its end.
func (a *App) send(ctx context.Context, c *client, name string, body io.Reader, o importOptions) ([]httpapi.Report, error) {
	q := url.Values{}
	for k, v := range map[string]string{"name": name, "application": o.application, "asset": o.asset, "asset_kind": o.kind, "ref": o.ref, "pull_request": o.pull, "commit": o.commit,
		"digest": o.digest, "format": o.format, "tool": o.tool, "category": o.category, "scanned_at": o.scannedAt} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if o.part {
		q.Set("scope", "part")
	}
	p := a.progress(name)
	defer p.end()
	body, rewind := rewinder(body)
	var list httpapi.ReportList
	if err := a.patience(o.wait).do(ctx, name, func() (err error) {
		list, err = a.transfer(ctx, c, body, q, o, p)
		return err
	}, rewind); err != nil {
		return nil, err
	}
	for i, r := range list.Items {
		if r.State != "accepted" && r.State != "applying" {
			continue
		}
		last, err := c.follow(ctx, r.ID, p.show)
		if err != nil {
			return nil, err
		}
		list.Items[i] = last
	}
	return list.Items, nil
}

// transfer brings the bytes to the server: in one request, or, when there are
// many and a line lies between, resumably.
func (a *App) transfer(ctx context.Context, c *client, body io.Reader, q url.Values, o importOptions, p *progress) (httpapi.ReportList, error) {
	if f, ok := body.(*os.File); ok {
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			p.total = info.Size()
			if a.conn.stop == nil && p.total > o.resumeAbove<<20 {
				return a.sendResumable(ctx, c, f, p.total, q, p)
			}
		}
	}
	var list httpapi.ReportList
	err := c.call(ctx, http.MethodPost, "/api/v1/reports", q, p.reader(body), &list)
	return list, err
}

func (a *App) printImports(rs []httpapi.Report, output string) error {
	if output == "json" {
		e := json.NewEncoder(a.Out)
		e.SetIndent("", "  ")
		return e.Encode(rs)
	}
	if len(rs) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REPORT\tFORMAT\tAPPLICATION\tNEW\tCHANGED\tUNCHANGED\tREOPENED\tRESOLVED\tQUARANTINED\tSECONDS\tSTATE")
	for _, r := range rs {
		state := r.State
		if r.DuplicateOf != "" {
			state = "already known"
		}
		x := r.Result
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.2f\t%s\n", cut(r.Name, 40), orDash(r.Format), orDash(r.Application), x.New, x.Changed, x.Unchanged, x.Reopened, x.Resolved, x.Quarantined, x.Seconds, state)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range rs {
		if r.Reason != "" && r.State != "applied" {
			fmt.Fprintf(a.Out, "%s: %s\n", r.Name, r.Reason)
		}
		if r.State == "held" {
			fmt.Fprintf(a.Out, "  %d findings stay open until someone confirms the report: %s/imports/%s\n", r.Result.WouldResolve, a.conn.client.base, r.ID)
		}
		for _, n := range r.Result.Notes {
			fmt.Fprintf(a.Out, "%s: note: %s\n", r.Name, n)
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// reportFiles lists the files to import: those named, and in directories all
// that some format recognises.
func (a *App) reportFiles(args []string, force string, accept bool) ([]string, error) {
	var out []string
	for _, arg := range args {
		if arg == "-" {
			out = append(out, arg)
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, usage("%w", err)
		}
		if !info.IsDir() {
			out = append(out, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if n := d.Name(); n == ".git" || n == "node_modules" {
					return fs.SkipDir
				}
				return nil
			}
			if !d.Type().IsRegular() {
				return nil
			}
			if force != "" || accept || recognised(path) {
				out = append(out, path)
			} else {
				fmt.Fprintf(a.Err, "stance: %s: no report that is known, passed over\n", path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, usage("no reports found")
	}
	return out, nil
}

func recognised(path string) bool {
	in, err := openInput(path)
	if err != nil {
		return true // the import says what is wrong
	}
	_, err = format.Choose(all.Formats(), in, "")
	return err == nil
}

// fromGit fills in what the work tree that a folder lies in knows: the
// repository, the branch and the commit.
func (o *importOptions) fromGit(ctx context.Context, dir string) {
	git := func(args ...string) string {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		cmd.Stdout = &out
		if cmd.Run() != nil {
			return ""
		}
		return strings.TrimSpace(out.String())
	}
	if o.kind != "" && o.kind != string(estate.Repository) {
		return
	}
	if git("rev-parse", "--is-inside-work-tree") != "true" {
		return
	}
	if o.application == "" {
		o.application = filepath.Base(git("rev-parse", "--show-toplevel"))
	}
	if o.ref == "" && o.pull == "" {
		if ref := git("rev-parse", "--abbrev-ref", "HEAD"); ref != "HEAD" {
			o.ref = ref
		}
	}
	if o.commit == "" {
		o.commit = git("rev-parse", "HEAD")
	}
	if o.asset == "" {
		if u := git("config", "--get", "remote.origin.url"); u != "" {
			o.asset, o.kind = withoutCredentials(u), string(estate.Repository)
		}
	}
}

// withoutCredentials reduces a remote's address to host and path.
func withoutCredentials(remote string) string {
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		return strings.TrimSuffix(u.Host+u.Path, ".git")
	}
	if _, rest, ok := strings.Cut(remote, "@"); ok {
		remote = strings.Replace(rest, ":", "/", 1)
	}
	return strings.TrimSuffix(remote, ".git")
}
