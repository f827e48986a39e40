// Command stance is the whole of Stance in one binary: the server with its
// embedded engines, and the command line that speaks to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/stance-aspm/stance/adapter/migrate/dependencytrack"
	"github.com/stance-aspm/stance/adapter/migrate/dojo"
	"github.com/stance-aspm/stance/adapter/scanner"
	"github.com/stance-aspm/stance/face/cli"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/node"
	"github.com/stance-aspm/stance/pack/demo"
)

// version is set when the program is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	app := &cli.App{
		Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Serve: serve, Local: local, Demo: cli.Demo{Files: demo.Files()}, Migrate: source, Sensor: scanner.New(),
	}
	code := app.Run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// source opens the product that `stance migrate` reads.
func source(product, url, token string) (cli.Source, error) {
	if product == "dependency-track" {
		return dependencytrack.New(url, token, time.Now)
	}
	return dojo.New(url, token, time.Now)
}

// serve runs a server until the context ends.
func serve(ctx context.Context, o cli.ServeOptions) error {
	level := slog.LevelInfo
	if o.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	cfg := node.Config{DataDir: o.DataDir, Listen: o.Listen, PublicURL: o.PublicURL, Workers: o.Workers, ReportDeaths: o.ReportDeaths, ReportTime: o.ReportTime, FeedMirror: o.FeedMirror, Watch: o.Watch, Buckets: o.Buckets, Version: version,
		Waiting: receive.Limits{Reports: o.Waiting, AllReports: o.AllWaiting, Bytes: o.WaitingMiB << 20, AllBytes: o.AllWaitingMiB << 20}}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	cfg.Listen = l.Addr().String() // a port of 0 has become a real one
	n, stop, err := start(ctx, cfg, log, l)
	if err != nil {
		l.Close()
		return err
	}
	link, err := n.SignInLink(ctx)
	if ctx.Err() != nil {
		return stop() // told to end while it came up: no error
	}
	if err != nil {
		return errors.Join(err, stop())
	}
	fmt.Printf("Stance %s is ready at %s\nSign in once, within a day: %s\n", version, n.URL(), link)
	if !cfg.Loopback() && !strings.HasPrefix(cfg.PublicURL, "https://") {
		log.Warn("this server can be reached from other machines without encryption; put a TLS proxy before it and say --public-url https://…")
	}
	<-ctx.Done()
	log.Info("stopping; what is being applied goes on after the next start")
	return stop()
}

// start opens a node and serves it.
func start(ctx context.Context, cfg node.Config, log *slog.Logger, l net.Listener) (*node.Node, func() error, error) {
	n, err := node.Open(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	if err := n.EnsureLocalToken(ctx); err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	if err := n.Start(ctx); err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	srv := &http.Server{Handler: n.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	if err := n.WriteAddress("http://" + l.Addr().String()); err != nil {
		return nil, nil, errors.Join(err, srv.Close(), n.Close())
	}
	stop := func() error {
		wait, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := srv.Shutdown(wait)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close() // somebody follows a report; they come back
		}
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		// Nobody is to send the local token to whoever gets the port next.
		return errors.Join(err, os.Remove(node.AddressFile(cfg.DataDir)), n.Close())
	}
	return n, stop, nil
}

// local starts a server inside this process for the time of one command.
func local(ctx context.Context, dataDir string) (cli.Local, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return cli.Local{}, err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg := node.Config{DataDir: dataDir, Listen: l.Addr().String(), Version: version}
	n, stop, err := start(ctx, cfg, log, l)
	if err != nil {
		l.Close()
		return cli.Local{}, err
	}
	token, err := os.ReadFile(node.TokenFile(dataDir))
	if err != nil {
		return cli.Local{}, errors.Join(err, stop())
	}
	return cli.Local{URL: "http://" + l.Addr().String(), Token: strings.TrimSpace(string(token)), Stop: stop}, n.DB().Ping(ctx)
}
