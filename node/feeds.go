package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stance-aspm/stance/adapter/feed"
	"github.com/stance-aspm/stance/adapter/store/sqlite"
	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/face/httpapi"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// feedDesk implements httpapi.Feeds.
type feedDesk struct{ n *Node }

// uses says what each kind of feed is for.
var uses = map[feed.Kind]string{
	feed.EPSS: "how likely exploitation is within 30 days", feed.KEV: "what attackers are known to use",
	feed.ExploitDB: "public exploits", feed.Metasploit: "ready-made exploits", feed.Nuclei: "scanner templates that trigger flaws",
	feed.Evidence: "public exploits, gathered", feed.CVSS: "ratings where the tool gives none", feed.SSVC: "CISA's decision points",
	feed.Aliases: "which ids name the same flaw",
}

// Status implements httpapi.Feeds.
func (f feedDesk) Status(ctx context.Context) ([]posture.FeedStatus, error) {
	infos, imported, err := f.n.db.FeedStates(ctx)
	if err != nil {
		return nil, err
	}
	var out []posture.FeedStatus
	for _, k := range feed.Kinds() {
		out = append(out, status(k, infos[string(k)], imported[string(k)]))
	}
	return out, nil
}

func status(k feed.Kind, i sqlite.FeedInfo, imported time.Time) posture.FeedStatus {
	return posture.FeedStatus{Feed: string(k), Title: title(k), AsOf: i.AsOf, Imported: imported, Rows: i.Rows, Missing: imported.IsZero(), Used: uses[k]}
}

func title(k feed.Kind) string {
	if k.Feed() == enrich.FeedExploit {
		return k.Feed().Title() + " (" + string(k) + ")"
	}
	return k.Feed().Title()
}

// ImportFeed implements httpapi.Feeds.
func (f feedDesk) ImportFeed(ctx context.Context, name, kind string, r io.Reader) (httpapi.FeedOutcome, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	k := feed.Kind(kind)
	if kind == "" {
		head, err := br.Peek(32 << 10)
		if err != nil && !errors.Is(err, io.EOF) {
			return httpapi.FeedOutcome{}, err
		}
		if k, err = feed.Detect(head, name); err != nil {
			return httpapi.FeedOutcome{}, &receive.Refusal{Reason: receive.Unreadable, Text: err.Error()}
		}
	}
	date, _ := feed.DateInName(name)
	return f.replace(ctx, k, "", func(row func(feed.Row) error) (feed.Meta, error) {
		m, err := feed.Parse(br, k, row)
		if m.AsOf.IsZero() {
			m.AsOf = date
		}
		return m, err
	})
}

// UpdateFeeds implements httpapi.Feeds. Each source stands for itself: one
// that can't be had leaves the others alone.
func (f feedDesk) UpdateFeeds(ctx context.Context) ([]httpapi.FeedOutcome, error) {
	sources := feed.Official()
	if f.n.cfg.FeedMirror != "" {
		var err error
		if sources, err = feed.Mirror(sources, f.n.cfg.FeedMirror); err != nil {
			return nil, &receive.Refusal{Reason: receive.Unreadable, Text: err.Error()}
		}
	}
	var out []httpapi.FeedOutcome
	for _, s := range sources {
		o, err := f.update(ctx, s)
		if err != nil {
			if ctx.Err() != nil {
				return out, ctx.Err()
			}
			o = httpapi.FeedOutcome{FeedStatus: posture.FeedStatus{Feed: string(s.Kind), Title: title(s.Kind)}, Err: err.Error()}
			f.n.log.Warn("feed not updated", "feed", s.Kind, "error", err)
		}
		out = append(out, o)
	}
	return out, nil
}

func (f feedDesk) update(ctx context.Context, s feed.Source) (httpapi.FeedOutcome, error) {
	prior, err := f.n.db.FeedValidator(ctx, string(s.Kind))
	if err != nil {
		return httpapi.FeedOutcome{}, err
	}
	etag, modified, _ := strings.Cut(prior, "\n")
	d, err := f.n.feeds.Fetch(ctx, s, feed.Validator{ETag: etag, LastModified: modified})
	if errors.Is(err, feed.ErrNotModified) {
		infos, imported, err := f.n.db.FeedStates(ctx)
		return httpapi.FeedOutcome{FeedStatus: status(s.Kind, infos[string(s.Kind)], imported[string(s.Kind)])}, err
	}
	if err != nil {
		return httpapi.FeedOutcome{}, err
	}
	defer d.Close()
	return f.replace(ctx, s.Kind, d.Validator.ETag+"\n"+d.Validator.LastModified, d.Parse)
}

// replace puts a feed in the place of the one before.
func (f feedDesk) replace(ctx context.Context, k feed.Kind, validator string, parse func(func(feed.Row) error) (feed.Meta, error)) (httpapi.FeedOutcome, error) {
	var meta feed.Meta
	exploits := map[advisory.ID]enrich.Exploit{}
	rescored, err := f.n.db.ReplaceFeed(ctx, string(k), func(put func(sqlite.FeedRow) error) (sqlite.FeedInfo, error) {
		var err error
		meta, err = parse(func(r feed.Row) error {
			if k.Feed() == enrich.FeedExploit { // one exploit a row; a CVE may have several
				if was, ok := exploits[r.CVE]; ok {
					r.Exploit = enrich.JoinExploits(was, r.Exploit)
				}
				exploits[r.CVE] = r.Exploit
				return nil
			}
			return put(sqlite.FeedRow{CVE: r.CVE, Signals: signalsOf(r), Aliases: r.Aliases})
		})
		if err != nil {
			return sqlite.FeedInfo{}, &receive.Refusal{Reason: receive.Unreadable, Text: fmt.Sprintf("the feed was not replaced: %v", err)}
		}
		for cve, e := range exploits {
			if err := put(sqlite.FeedRow{CVE: cve, Signals: enrich.Signals{Exploit: &e}}); err != nil {
				return sqlite.FeedInfo{}, err
			}
		}
		return sqlite.FeedInfo{AsOf: meta.AsOf, Rows: int64(meta.Rows), Validator: validator}, nil
	})
	if err != nil {
		return httpapi.FeedOutcome{}, err
	}
	o := httpapi.FeedOutcome{FeedStatus: status(k, sqlite.FeedInfo{AsOf: meta.AsOf, Rows: int64(meta.Rows)}, now()), Skipped: int64(meta.Bad), Rescored: rescored}
	f.n.log.Info("feed replaced", "feed", k, "rows", meta.Rows, "as_of", meta.AsOf, "rescored", rescored)
	return o, nil
}

// signalsOf takes from a row what its kind brings.
func signalsOf(r feed.Row) enrich.Signals {
	switch r.Kind {
	case feed.EPSS:
		return enrich.Signals{EPSS: &r.EPSS}
	case feed.KEV:
		return enrich.Signals{KEV: &r.KEV, CWEs: r.CWEs}
	case feed.CVSS:
		return enrich.Signals{CVSS: r.CVSS, CWEs: r.CWEs, Published: r.Published}
	case feed.SSVC:
		return enrich.Signals{SSVC: &r.SSVC}
	}
	return enrich.Signals{}
}
