// Command bench measures the figures that Stance promises, on the real binary
// as a child process and through its HTTP API alone, and prints each beside
// its target. It judges nothing: figures depend on the machine, so a missed
// target is shown and never fails a build.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// config says what is measured and how large.
type config struct {
	binary string // the program under test
	dir    string // for reports and data folders; removed at the end
	full   bool
	size   int // findings in the lists
	runs   int // repetitions of what is cheap; medians are shown
}

// section is one part of the table.
type section struct {
	name string
	run  func(context.Context, *config, *table) error
}

func sections() []section {
	return []section{{"start", measureStart}, {"ingest", measureIngest}, {"lists", measureLists}, {"gate", measureGate}}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var c config
	full, _ := strconv.ParseBool(os.Getenv("FULL")) // anything else means no
	size, _ := strconv.Atoi(os.Getenv("SIZE"))      // 0: as the flag says
	only := flag.String("only", "", "sections to run, comma-separated: start, ingest, lists, gate (default all)")
	flag.StringVar(&c.binary, "stance", "", "binary to measure (default: build ./cmd/stance)")
	flag.BoolVar(&c.full, "full", full, "also a report of 1 GB, and a million findings in the lists (FULL=1)")
	flag.IntVar(&c.size, "size", size, "findings in the lists (SIZE; default 200000, with -full 1000000)")
	flag.IntVar(&c.runs, "runs", 3, "repetitions, of which the median is shown")
	flag.Parse()
	if c.runs < 1 {
		return errors.New("-runs: want 1 or more")
	}
	if c.size == 0 {
		c.size = 200_000
		if c.full {
			c.size = 1_000_000
		}
	}
	var err error
	if c.dir, err = os.MkdirTemp("", "stance-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir)
	if c.binary == "" {
		if c.binary, err = build(ctx, c.dir); err != nil {
			return err
		}
	}
	t := &table{}
	for _, s := range sections() {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.name) {
			continue
		}
		began := time.Now()
		if err := s.run(ctx, &c, t); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: measured in %s\n", s.name, time.Since(began).Round(time.Second))
	}
	fmt.Printf("%s %s/%s, %d cores, medians of %d\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), c.runs)
	return t.print(os.Stdout)
}

// build compiles the program under test as a release is built.
func build(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "stance")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "./cmd/stance")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the program under test: %w (run from the root of the repository, or name a binary with -stance)", err)
	}
	return out, nil
}
