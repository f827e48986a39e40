package scanner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// process runs an installed scanner. Its output goes to files, not through
// pipes, so that a child it leaves behind holds up nobody.
func (r *run) process(ctx context.Context, s sensor.Step) sensor.Result {
	folder := filepath.Join(r.order.Folder, s.Base)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return failed(err)
	}
	report := filepath.Join(folder, s.Base+s.Scanner.Suffix)
	log, err := private(filepath.Join(folder, s.Base+".log"))
	if err != nil {
		return failed(err)
	}
	defer func() { log.Close(); os.Remove(log.Name()) }()
	cmd := exec.CommandContext(ctx, s.Scanner.Command, r.arguments(s, folder, report)...)
	cmd.Dir = filepath.Join(r.order.Root, filepath.FromSlash(s.Dir))
	cmd.Env = environment(os.Environ())
	cmd.Stdout, cmd.Stderr = log, log
	if s.Scanner.Stdout {
		out, err := private(report)
		if err != nil {
			return failed(err)
		}
		defer out.Close()
		cmd.Stdout = out
	}
	cmd.WaitDelay = 5 * time.Second
	err = runGroup(cmd)
	return judge(s, report, err, log)
}

// arguments fills in what is known only now.
func (r *run) arguments(s sensor.Step, folder, report string) []string {
	args := s.Args
	if s.Uses() && r.sbom == "" {
		args = s.Unaided
	}
	names := strings.NewReplacer("{report}", report, "{folder}", folder, "{name}", s.Base, "{sbom}", r.sbom)
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = names.Replace(a)
	}
	return out
}

// judge says from the exit code and the report how a process ended.
func judge(s sensor.Step, report string, err error, log *os.File) sensor.Result {
	info, statErr := os.Stat(report)
	written := statErr == nil && (info.Size() > 0 || s.Scanner.Stdout && err == nil)
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	switch {
	case err != nil && exit == nil:
		return failed(err)
	case slices.Contains(s.Scanner.Idle, code):
		return sensor.Result{Outcome: sensor.Nothing}
	case code != 0 && !slices.Contains(s.Scanner.Ran, code):
		res := failed(fmt.Errorf("%w%s", err, said(s, log)))
		if written {
			res.Report = report
		}
		return res
	case !written:
		return failed(fmt.Errorf("it ended well but wrote no report%s", said(s, log)))
	}
	return sensor.Result{Outcome: sensor.Done, Report: report}
}

func failed(err error) sensor.Result {
	return sensor.Result{Outcome: sensor.Failed, Why: err.Error()}
}

// tailSize is how much of a scanner's last words is shown, in bytes.
const tailSize = 600

// said returns the last of what a scanner wrote to standard error, on one
// line, unless it may hold secrets.
func said(s sensor.Step, log *os.File) string {
	if s.Scanner.Quiet {
		return ""
	}
	info, err := log.Stat()
	if err != nil {
		return ""
	}
	b, err := io.ReadAll(io.NewSectionReader(log, max(info.Size()-tailSize, 0), tailSize))
	if err != nil {
		return ""
	}
	text := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(string(b), ""))
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return ""
	}
	return ": " + text
}

// private makes a file that only its owner reads: reports of scanners that
// look for secrets hold them.
func private(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// environment is what scanners get to know: all but our own credentials.
func environment(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "STANCE_") })
}
