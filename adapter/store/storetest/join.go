package storetest

import (
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// joins tests that several tools stand behind one finding, and that it says
// why.
func joins() map[string]func(*world) {
	m := map[string]func(*world){
		"siblings of two tools":     joinSiblings,
		"never twice":               joinNeverTwice,
		"ambiguous package":         joinAmbiguousPackage,
		"runs of one report":        joinRuns,
		"other tool owns its words": joinWords,
	}
	secret := func(check, value string) *finding.Observation {
		return &finding.Observation{Kind: finding.Secret, Check: finding.Check{ID: check}, Title: check, Location: finding.Location{Path: "cfg/env", StartLine: 3}, Secret: &finding.SecretValue{Value: value}}
	}
	control := func(id, resource, title string) *finding.Observation {
		return &finding.Observation{Kind: finding.Misconfiguration, Check: finding.Check{ID: id}, Title: title, Location: finding.Location{Path: "infra/main.tf", StartLine: 4, Resource: resource}}
	}
	dynamic := func(check, url, param string, cwe int) *finding.Observation {
		return &finding.Observation{Kind: finding.Dynamic, Check: finding.Check{ID: check}, Title: check, CWEs: []int{cwe}, Location: finding.Location{URL: url, Method: "get", Parameter: param}}
	}
	placed := func(path string) *finding.Observation {
		o := vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh)
		o.Location.Path = path
		return o
	}
	const same, elsewhere = "another tool, same identity", "same advisory and component, place named differently"
	for name, c := range map[string]struct {
		a, b *finding.Observation
		rule string // "" for two findings
	}{
		"advisory, component, place":     {placed("a/lock"), placed("a/lock"), same},
		"place named differently":        {placed("a/lock"), placed("node_modules/lib"), elsewhere},
		"another version":                {placed("a/lock"), vuln("CVE-2026-0001", "lib@2.0.0", finding.SeverityHigh), ""},
		"another advisory":               {placed("a/lock"), vuln("CVE-2026-0002", "lib@1.0.0", finding.SeverityHigh), ""},
		"weakness class, file, code":     {code("java/sqli", 89, "src/A.java", 10, "  st.execute(q + x);"), code("SQL_INJECTION", 564, "src/A.java", 11, "st.execute(q + x);"), same},
		"another weakness":               {code("java/sqli", 89, "src/A.java", 10, "run(x)"), code("XSS", 79, "src/A.java", 10, "run(x)"), ""},
		"another file":                   {code("java/sqli", 89, "src/A.java", 10, "run(x)"), code("SQLI", 89, "src/B.java", 10, "run(x)"), ""},
		"secret and file":                {secret("aws-key", "AKIAQWERTYUIOPASDFGH"), secret("AWS", "AKIAQWERTYUIOPASDFGH"), same},
		"another secret":                 {secret("aws-key", "AKIAQWERTYUIOPASDFGH"), secret("AWS", "AKIAQWERTYUIOPASDFGX"), ""},
		"control and resource":           {control("CKV_AWS_20", "aws_s3_bucket.logs", "public"), control("ckv_aws_20", "aws_s3_bucket.logs", "S3 is public"), same},
		"another resource":               {control("CKV_AWS_20", "aws_s3_bucket.logs", "public"), control("CKV_AWS_20", "aws_s3_bucket.data", "public"), ""},
		"weakness, endpoint, parameter":  {dynamic("40012", "https://shop.test:443/cart/17?q=1&a=2", "q", 79), dynamic("xss-reflected", "HTTPS://Shop.test/cart/99?a=&q=x", "q", 80), same},
		"another parameter":              {dynamic("40012", "https://shop.test/cart", "q", 79), dynamic("xss", "https://shop.test/cart", "z", 79), ""},
		"the same check of two products": {code("S1", 0, "a.go", 3, "x()"), code("S1", 0, "a.go", 3, "x()"), ""},
	} {
		m[name] = func(w *world) {
			w.scan(scan{tool: "alpha", obs: []*finding.Observation{c.a}})
			out := w.scan(scan{tool: "beta", obs: []*finding.Observation{c.b}, at: day(2)})
			if c.rule == "" {
				if rows := w.rows(posture.Filter{}); len(rows) != 2 {
					w.Errorf("findings %v, want two", titles(rows))
				}
				return
			}
			w.outcome(out, 0, 1, 0, 0, 0)
			row := w.one(posture.Filter{})
			if !slices.Equal(row.Tools, []string{"alpha", "beta"}) {
				w.Errorf("tools %v", row.Tools)
			}
			d := w.detail(row.ID)
			if len(d.Observations) != 2 {
				w.Fatalf("%d observations, want 2", len(d.Observations))
			}
			for _, o := range d.Observations {
				want, titled := "first observation", c.a.Title
				if o.Tool == "beta" {
					want, titled = c.rule, c.b.Title
				}
				if o.Joined.Rule != want || o.Joined.Confidence <= 0 || o.Joined.Confidence > 1 || o.Joined.Detail == "" || !o.Present || o.Observed.Title != titled {
					w.Errorf("%s joined by %+v (present %t, %q), want %q", o.Tool, o.Joined, o.Present, o.Observed.Title, want)
				}
			}
			if got := w.events(row.ID); !slices.Equal(got, []string{"opened", "joined"}) {
				w.Errorf("history %v", got)
			}
		}
	}
	return m
}

func joinSiblings(w *world) {
	obs := func(check string, lines ...int) (out []*finding.Observation) {
		for _, l := range lines {
			out = append(out, code(check, 89, "a.go", l, "q(x)"))
		}
		return out
	}
	w.scan(scan{tool: "alpha", obs: obs("A", 10, 50, 90)})
	ids := w.lines("a.go")
	w.outcome(w.scan(scan{tool: "beta", obs: obs("B", 51, 91), at: day(2)}), 0, 2, 0, 0, 0)
	for _, id := range []finding.ID{ids[50], ids[90]} {
		if n := len(w.detail(id).Observations); n != 2 {
			w.Errorf("%d observations, want 2", n)
		}
	}
	if n := len(w.detail(ids[10]).Observations); n != 1 {
		w.Errorf("line 10 has %d observations, want 1", n)
	}
}

// joinNeverTwice: two places of one tool never join one finding of another.
func joinNeverTwice(w *world) {
	w.scan(scan{tool: "alpha", obs: []*finding.Observation{code("A", 89, "a.go", 10, "q(x)")}})
	w.outcome(w.scan(scan{tool: "beta", at: day(2), obs: []*finding.Observation{code("B", 89, "a.go", 10, "q(x)"), code("B", 89, "a.go", 20, "q(x)")}}), 1, 1, 0, 0, 0)
}

func joinAmbiguousPackage(w *world) {
	at := func(paths ...string) (out []*finding.Observation) {
		for _, p := range paths {
			o := vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh)
			o.Location.Path = p
			out = append(out, o)
		}
		return out
	}
	w.scan(scan{tool: "alpha", obs: at("a/lock", "b/lock")})
	w.outcome(w.scan(scan{tool: "beta", obs: at("node_modules/lib"), at: day(2)}), 1, 0, 0, 0, 0)
}

// joinRuns: two tools that report in one document meet too, whatever is known
// of the one and new of the other.
func joinRuns(w *world) {
	w.scan(scan{tool: "alpha", obs: vulns(1)})
	both := vulns(upTo(600)...)
	s := scan{at: day(2)}
	s.defaults()
	sub := submission(&s)
	r := w.accept("", "", sub)
	in := w.input()
	_, err := w.applier().Apply(w.ctx, w.job(r, sub, in, func(sink format.Sink) error {
		for _, tool := range []string{"alpha", "beta"} {
			if err := sink.Run(format.Run{Tool: tool}); err != nil {
				return err
			}
			for i, o := range both {
				c := clone(o)
				c.Position.Record = i
				if err := sink.Observe(c); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	w.must(err)
	rows := w.rows(posture.Filter{})
	if len(rows) != 600 {
		w.Errorf("%d findings, want 600", len(rows))
	}
	for _, r := range rows {
		if len(r.Tools) != 2 {
			w.Fatalf("%s: tools %v, want both", r.Title, r.Tools)
		}
	}
}

// joinWords: a finding keeps the words and the place of the tool that found
// it while that tool stands behind it.
func joinWords(w *world) {
	a, b := code("A", 89, "a.go", 10, "q(x)"), code("B", 89, "a.go", 12, "q(x)")
	w.scan(scan{tool: "alpha", obs: []*finding.Observation{a}})
	w.scan(scan{tool: "beta", obs: []*finding.Observation{b}, at: day(2)})
	b.Message = "said anew"
	w.scan(scan{tool: "beta", obs: []*finding.Observation{b}, at: day(3)})
	if r := w.one(posture.Filter{}); r.Title != "A" || r.Place != "a.go:10" {
		w.Errorf("%s at %s, want A at a.go:10", r.Title, r.Place)
	}
}
