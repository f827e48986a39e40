package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/intelligence/enrich"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// queryer is what both a transaction and a pool can do.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scorer holds the risk model in force.
type scorer struct{ model risk.Model }

func newScorer() scorer { return scorer{risk.V1()} }

// scores remembers prepared flaws for the time of one transaction or request:
// what is prepared goes stale when a feed changes.
type scores struct {
	model *risk.Model
	bases map[baseKey]*base
	feeds enrich.Feeds
}

type baseKey struct {
	flaw     int64
	severity finding.Severity
}

type base struct {
	risk    *risk.Base
	kev     bool
	fixable bool
	setting risk.Setting
}

func (s *scorer) session() *scores {
	return &scores{model: &s.model, bases: map[baseKey]*base{}}
}

// maxBases bounds the memory of remembered flaws.
const maxBases = 50_000

func (s *scores) has(flaw int64, sev finding.Severity) bool {
	return s.bases[baseKey{flaw, sev}] != nil
}

func (s *scores) forget(flaw int64) {
	for k := range s.bases {
		if k.flaw == flaw {
			delete(s.bases, k)
		}
	}
}

// judge scores a flaw in a context.
func (s *scores) judge(ctx context.Context, q interface{ queryer() queryer }, id int64, f *finding.Flaw, sev finding.Severity, tools int, c estate.Context) (apply.Judgement, error) {
	b := s.bases[baseKey{id, sev}]
	if b == nil {
		var err error
		if b, err = s.prepare(ctx, q.queryer(), f, sev); err != nil {
			return apply.Judgement{}, err
		}
		if len(s.bases) < maxBases {
			s.bases[baseKey{id, sev}] = b
		}
	}
	set := b.setting
	set.Tools, set.Context = tools, c
	score, priority := b.risk.Value(set)
	return apply.Judgement{Score: score, Priority: uint8(priority), KEV: b.kev, Fixable: b.fixable}, nil
}

// prepare gathers what the feeds know of a flaw.
func (s *scores) prepare(ctx context.Context, q queryer, f *finding.Flaw, sev finding.Severity) (*base, error) {
	look := signals{q}
	if s.feeds == nil {
		feeds, err := look.Feeds(ctx)
		if err != nil {
			return nil, err
		}
		s.feeds = feeds
	}
	in, err := flawInputs(ctx, look, s.feeds, f, sev)
	if err != nil {
		return nil, err
	}
	b := &base{risk: risk.Prepare(in, s.model), kev: in.Evidence.KEV != nil, fixable: f.Fixable()}
	b.setting = risk.Setting{Confidence: risk.ConfidenceOfWord(f.Confidence), Fix: fixOf(f)}
	return b, nil
}

func fixOf(f *finding.Flaw) risk.Fix {
	if f.Fixable() {
		return risk.FixAvailable
	}
	return risk.FixUnknown // that no tool names a fix does not mean that there is none
}

// flawInputs is what a score knows of a flaw.
func flawInputs(ctx context.Context, look signals, feeds enrich.Feeds, f *finding.Flaw, sev finding.Severity) (risk.Flaw, error) {
	ids := make([]advisory.ID, 0, len(f.Advisories)+1)
	if f.Advisory != "" {
		ids = append(ids, advisory.ID(f.Advisory))
	}
	for _, a := range f.Advisories {
		ids = append(ids, advisory.ID(a))
	}
	in := risk.Flaw{Kind: f.Kind, Severity: sev, HasAdvisory: len(ids) > 0, SecretVerified: f.Verified}
	lead := advisory.ID(f.Advisory)
	for _, c := range f.CVSS {
		in.CVSS = append(in.CVSS, enrich.Of[finding.CVSS]{Value: c, ID: lead, Reported: true})
	}
	in.Evidence = enrich.Evidence{Feeds: feeds}
	if len(ids) == 0 {
		return in, nil
	}
	cves := enrich.CVEs(ids, look.aliases(ctx))
	known, err := look.Signals(ctx, cves)
	if err != nil {
		return in, err
	}
	in.Evidence = enrich.Worst(cves, known, feeds).WithReported(lead, f.EPSS, f.KEV)
	return in, nil
}

func (x *applyTx) queryer() queryer { return x.tx }

// signals answers from the feed tables.
type signals struct{ q queryer }

var _ enrich.Lookup = signals{}

// Signals implements enrich.Lookup.
func (s signals) Signals(ctx context.Context, cves []advisory.ID) (map[advisory.ID]enrich.Signals, error) {
	out := map[advisory.ID]enrich.Signals{}
	for len(cves) > 0 {
		n := min(len(cves), 500)
		args := make([]any, n)
		for i, id := range cves[:n] {
			args[i] = string(id)
		}
		cves = cves[n:]
		rows, err := s.q.QueryContext(ctx, `SELECT cve, data FROM signal WHERE cve IN (`+strings.TrimSuffix(strings.Repeat("?,", n), ",")+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("look up signals: %w", err)
		}
		for rows.Next() {
			var cve, data string
			if err := rows.Scan(&cve, &data); err != nil {
				rows.Close()
				return nil, err
			}
			sig := out[advisory.ID(cve)]
			was := sig.Exploit
			sig.Exploit = nil
			if err := decode([]byte(data), &sig); err != nil { // each feed fills its own members
				rows.Close()
				return nil, fmt.Errorf("read signals of %s: %w", cve, err)
			}
			if was != nil { // several sources know exploits
				if sig.Exploit == nil {
					sig.Exploit = was
				} else {
					joined := enrich.JoinExploits(*was, *sig.Exploit)
					sig.Exploit = &joined
				}
			}
			out[advisory.ID(cve)] = sig
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	return out, nil
}

// Feeds implements enrich.Lookup.
func (s signals) Feeds(ctx context.Context) (enrich.Feeds, error) {
	rows, err := s.q.QueryContext(ctx, `SELECT feed, as_of, imported_at, rows FROM feed`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := enrich.Feeds{}
	for rows.Next() {
		var kind string
		var asOf, imported int64
		var n int
		if err := rows.Scan(&kind, &asOf, &imported, &n); err != nil {
			return nil, err
		}
		st := out[feedOf(kind)]
		st.Feed, st.Rows = feedOf(kind), st.Rows+n
		if at := fromMillis(asOf); at.After(st.AsOf) {
			st.AsOf = at
		}
		if at := fromMillis(imported); at.After(st.ImportedAt) {
			st.ImportedAt = at
		}
		out[st.Feed] = st
	}
	return out, rows.Err()
}

// feedOf returns the sort of signal that a kind of file brings.
func feedOf(kind string) enrich.Feed {
	switch kind {
	case "exploit-db", "metasploit", "nuclei", "evidence":
		return enrich.FeedExploit
	}
	return enrich.Feed(kind)
}

// aliases looks advisory ids up in the alias feed.
func (s signals) aliases(ctx context.Context) advisory.Aliases { return aliasLookup{ctx, s.q} }

// Aliases looks advisory ids up in the alias feed.
func (d *DB) Aliases(ctx context.Context) advisory.Aliases { return aliasLookup{ctx, d.read} }

type aliasLookup struct {
	ctx context.Context
	q   queryer
}

// Aliases implements advisory.Aliases. A failed look-up knows none: the
// finding then keeps the id that its tool gave.
func (a aliasLookup) Aliases(id advisory.ID) []advisory.ID {
	rows, err := a.q.QueryContext(a.ctx, `SELECT other FROM alias WHERE id = ?`, string(id))
	if err != nil {
		return nil
	}
	defer rows.Close()
	var out []advisory.ID
	for rows.Next() {
		var o string
		if rows.Scan(&o) == nil {
			out = append(out, advisory.ID(o))
		}
	}
	return out
}
