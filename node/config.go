package node

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/ingestion/receive"
)

// Config says how a node runs. The zero value of a field means its default.
type Config struct {
	// DataDir holds the record, the reports and the keys.
	DataDir string
	// Listen is the address to serve on. Anything but a loopback address has
	// to be said explicitly.
	Listen string
	// PublicURL is how people reach the server when it is not Listen itself.
	PublicURL string
	// Workers is how many reports are applied at a time.
	Workers int
	// MaxUpload bounds one upload, packed, in bytes.
	MaxUpload int64
	// Waiting bounds what waits for the workers, in reports and in bytes as
	// they were sent, of each tenant and altogether: beyond it senders are
	// asked to come back later. What is zero is that of receive.DefaultLimits.
	Waiting receive.Limits
	// Patience is how long a sender is left waiting while others write to the
	// database; a minute by default.
	Patience time.Duration
	// ReportDeaths is how often the process may die while it works on one
	// report before that report is set aside as failed; 3 by default.
	ReportDeaths int
	// ReportTime is how long decoding and applying one report may take before
	// it is failed; an hour by default. Time that it waits for its turn or
	// for the disk doesn't count.
	ReportTime time.Duration
	// Drain is how long Close waits for the reports at work before it breaks
	// them off; 20 seconds by default.
	Drain time.Duration
	// FeedMirror replaces the hosts of the official feeds.
	FeedMirror string
	// Watch are folders whose files are taken as reports.
	Watch []string
	// WatchEvery is how often they are looked into; 2 seconds by default. A
	// file is taken when two looks find it unchanged.
	WatchEvery time.Duration
	// Buckets are addresses of buckets whose objects are taken as reports, as
	// bucket.Parse reads them.
	Buckets []string
	// Version is the program's version.
	Version string
	// At, when set, is called at every boundary between two steps of a report,
	// with the report's file name where it is known. Tests stop there, or end
	// the process; nothing else sets it.
	At func(b Boundary, report string)
}

// The defaults.
const (
	DefaultListen    = "127.0.0.1:8080"
	defaultMaxUpload = 4 << 30
	defaultDeaths    = 3
	defaultTime      = time.Hour
	defaultDrain     = 20 * time.Second
	defaultWatch     = 2 * time.Second
)

// withDefaults fills in what is not said.
func (c Config) withDefaults() Config {
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Workers == 0 {
		c.Workers = max(1, runtime.NumCPU()/2)
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = defaultMaxUpload
	}
	if c.Drain == 0 {
		c.Drain = defaultDrain
	}
	if c.ReportTime == 0 {
		c.ReportTime = defaultTime
	}
	if c.WatchEvery == 0 {
		c.WatchEvery = defaultWatch
	}
	if c.ReportDeaths == 0 {
		c.ReportDeaths = defaultDeaths
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	return c
}

// Validate reports what is wrong with a configuration and what to do.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen address %q: want HOST:PORT, such as 127.0.0.1:8080", c.Listen)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("public URL %q: want something like https://stance.example.com", c.PublicURL)
		}
	}
	if c.Workers < 0 || c.Workers > 64 {
		return fmt.Errorf("workers: %d is out of range: want 1 to 64", c.Workers)
	}
	if w := c.Waiting; w.Reports < 0 || w.AllReports < 0 || w.Bytes < 0 || w.AllBytes < 0 {
		return errors.New("limits of what waits: want 1 or more, or 0 for the default")
	}
	if c.ReportTime < 0 {
		return fmt.Errorf("report time: %s is out of range: want more than 0", c.ReportTime)
	}
	if c.ReportDeaths < 0 {
		return fmt.Errorf("report deaths: %d is out of range: want 1 or more", c.ReportDeaths)
	}
	for i, dir := range c.Watch {
		if dir == "" || slices.Contains(c.Watch[:i], dir) {
			return fmt.Errorf("watched folder %q: want each folder once", dir)
		}
	}
	for i, address := range c.Buckets {
		if slices.Contains(c.Buckets[:i], address) {
			return fmt.Errorf("bucket %q: want each bucket once", address)
		}
	}
	return nil
}

// Loopback reports whether the node is reached from this machine only.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// hosts are the names that requests may be addressed to.
func (c Config) hosts() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		ip := net.ParseIP(host)
		if ip != nil && ip.IsUnspecified() && c.PublicURL == "" {
			return nil // all addresses, no name said: nothing to hold requests against
		}
		names = append(names, strings.ToLower(host))
	} else if c.PublicURL == "" {
		return nil
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, strings.ToLower(u.Hostname()))
	}
	return names
}

// TokenFile is where a node keeps the token for commands run on the same
// machine by the same user.
func TokenFile(dataDir string) string { return filepath.Join(dataDir, "local-token") }

// AddressFile is where a running node writes its address for those commands.
func AddressFile(dataDir string) string { return filepath.Join(dataDir, "address") }

// ensureDir makes the data folder, closed to others.
func ensureDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder %q: %w", dir, err)
	}
	return nil
}
