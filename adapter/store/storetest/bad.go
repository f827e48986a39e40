package storetest

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/apply"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// badInput tests reports that are not what they should be.
func badInput() map[string]func(*world) {
	return map[string]func(*world){
		"a decoder panics":             decoderPanics,
		"a decoder hangs":              decoderHangs,
		"a document breaks off":        breaksOff,
		"nothing can be read":          nothingRead,
		"faults in the middle":         faultsBetween,
		"absurd values":                absurd,
		"invalid text":                 invalidText,
		"observations without a run":   withoutRun,
		"no decision about the target": targets,
	}
}

func decoderPanics(w *world) {
	w.scan(scan{obs: vulns(1, 2)})
	out := w.scan(scan{obs: vulns(1), panics: true, at: day(2)})
	if out.Held == "" || out.Resolved != 0 || out.Quarantined != 1 {
		w.Errorf("held %q, resolved %d, quarantined %d", out.Held, out.Resolved, out.Quarantined)
	}
	w.want("open high "+vulnTitle(1), "open high "+vulnTitle(2))
}

// decoderHangs: a decoder that never ends and never looks at its context does
// not hold the worker beyond its time, and leaves nothing in the record.
func decoderHangs(w *world) {
	before := w.Rows(w)
	s := scan{}
	s.defaults()
	sub := submission(&s)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	hung, free := make(chan struct{}), make(chan struct{})
	defer close(free)
	go func() {
		<-hung
		cancel()
	}()
	_, err := w.applier().Apply(ctx, w.job(w.accept("", "", sub), sub, w.input(), func(sink format.Sink) error {
		for i := range 5000 {
			if err := sink.Observe(vulns(i)[0]); err != nil {
				break
			}
		}
		close(hung)
		<-free
		return nil
	}))
	if !errors.Is(err, context.Canceled) {
		w.Errorf("%v, want Canceled", err)
	}
	for table, n := range w.Rows(w) {
		if table != "report" && n != before[table] {
			w.Errorf("table %s: %d rows, had %d", table, n, before[table])
		}
	}
}

func breaksOff(w *world) {
	w.scan(scan{obs: vulns(upTo(40)...)})
	out := w.scan(scan{obs: append(vulns(upTo(39)...), vulns(50)...), breaks: errBroken, at: day(2)})
	w.outcome(out, 1, 0, 39, 0, 0)
	if out.Held == "" || out.WouldResolve != 1 || len(out.Notes) != 1 {
		w.Errorf("held %q, would resolve %d, notes %v", out.Held, out.WouldResolve, out.Notes)
	}
	_, n, err := w.Store.Quarantine(w.ctx, w.tenant, w.last, 10)
	if n != 1 || err != nil {
		w.Errorf("%d in quarantine, %v", n, err)
	}
}

func nothingRead(w *world) {
	s := scan{}
	s.defaults()
	sub := submission(&s)
	before := w.Rows(w)
	for name, play := range map[string]func(format.Sink) error{
		"error": func(format.Sink) error { return errBroken },
		"panic": func(format.Sink) error { panic("at once") },
	} {
		_, err := w.applier().Apply(w.ctx, w.job(w.accept("", "", sub), sub, w.input(), play))
		var un *apply.Unreadable
		if !errors.As(err, &un) {
			w.Errorf("%s: %v, want Unreadable", name, err)
		}
	}
	for table, n := range w.Rows(w) {
		if table != "report" && n != before[table] {
			w.Errorf("table %s: %d rows, had %d", table, n, before[table])
		}
	}
}

func faultsBetween(w *world) {
	s := scan{}
	s.defaults()
	sub := submission(&s)
	out, err := w.applier().Apply(w.ctx, w.job(w.accept("", "", sub), sub, w.input(), func(sink format.Sink) error {
		fault := func(i int) error {
			return sink.Quarantine(format.Fault{Position: finding.Position{Record: i, Pointer: "/x"}, Reason: "no", Raw: []byte{0xff, 0}})
		}
		if err := errors.Join(fault(0), sink.Run(format.Run{Tool: "alpha"})); err != nil {
			return err
		}
		for i, o := range vulns(upTo(700)...) {
			o.Position.Record = 2*i + 1
			if err := errors.Join(sink.Observe(o), fault(2*i+2)); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(err)
	if out.New != 700 || out.Quarantined != 701 || out.Records != 1401 {
		w.Errorf("new %d, quarantined %d, records %d", out.New, out.Quarantined, out.Records)
	}
	q, n, err := w.Store.Quarantine(w.ctx, w.tenant, w.last, 5)
	if n != 701 || len(q) != 5 || err != nil || !utf8.ValidString(q[0].Raw) {
		w.Errorf("%d of %d in quarantine, %v", len(q), n, err)
	}
	// The fault before the first run makes the scan doubtful too.
	w.scan(scan{obs: vulns(upTo(700)...), at: day(2)})
	r := scan{at: day(3)}
	r.defaults()
	sub = submission(&r)
	out, err = w.applier().Apply(w.ctx, w.job(w.accept("", "", sub), sub, w.input(), func(sink format.Sink) error {
		if err := errors.Join(sink.Quarantine(format.Fault{Reason: "no"}), sink.Run(format.Run{Tool: "alpha"})); err != nil {
			return err
		}
		for _, o := range vulns(upTo(699)...) {
			if err := sink.Observe(o); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(err)
	if out.Held == "" || out.Resolved != 0 {
		w.Errorf("held %q, resolved %d", out.Held, out.Resolved)
	}
}

func absurd(w *world) {
	epss := math.NaN()
	a := vuln("CVE-2026-0001", "lib@1.0.0", finding.SeverityHigh)
	a.EPSS, a.CVSS = &epss, []finding.CVSS{{Score: math.NaN()}, {Score: math.Inf(1)}, {Score: -3}, {Score: 1e300, Vector: "nonsense"}}
	a.FirstSeen = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)
	b := code("sqli", 89, "a.go", math.MaxInt, "q(x)")
	b.Location.EndLine, b.Location.StartColumn, b.CWEs = math.MinInt, -7, []int{-1, 0, math.MaxInt}
	c := &finding.Observation{} // nothing at all
	d := code("sqli", 89, strings.Repeat("very/long/", 2000), 1, strings.Repeat("x", 1<<20))
	d.Title = strings.Repeat("é", 5000)
	obs := []*finding.Observation{a, b, c, d}
	run := &format.Run{Tool: "alpha", Started: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.outcome(w.scan(scan{obs: obs, run: run}), 4, 0, 0, 0, 0)
	w.outcome(w.scan(scan{obs: obs, run: run, at: day(2)}), 0, 0, 4, 0, 0)
	for _, r := range w.rows(posture.Filter{}) {
		if len(r.Title) > 400 || !utf8.ValidString(r.Title) {
			w.Errorf("title of %d bytes", len(r.Title))
		}
		w.detail(r.ID)
	}
	w.scored()
}

func invalidText(w *world) {
	bad := "bad\xff\x00text"
	o := code(bad, 89, "src/"+bad, 3, bad)
	o.Title, o.Message, o.Fix, o.Tags, o.References = bad, bad, bad, []string{bad}, []string{bad}
	o.Location.Symbol, o.Location.Resource, o.Location.Method, o.Claim.Detail = bad, bad, bad, bad
	o.Check.Description, o.SeverityWord, o.Confidence, o.Fingerprints = bad, bad, bad, map[string]string{bad: bad}
	v := vuln("CVE-2026-0001", bad+"@"+bad, finding.SeverityHigh)
	v.Component.Group, v.FixVersions = bad, []string{bad}
	s := scan{obs: []*finding.Observation{o, v}, components: []finding.Component{{Name: bad, Version: bad, Ref: bad, PURL: bad, Licences: []string{bad}}},
		run: &format.Run{Tool: bad, Version: bad, Category: bad, Notes: []string{bad}}}
	w.outcome(w.scan(s), 2, 0, 0, 0, 0)
	s.at = day(2)
	w.outcome(w.scan(s), 0, 0, 2, 0, 0)
	for _, r := range w.rows(posture.Filter{}) {
		d := w.detail(r.ID)
		for _, text := range append([]string{r.Title, r.Place, d.Fix, d.Check.ID, d.Location.Symbol, d.Observations[0].Observed.Location.Method, d.Observations[0].Observed.Claim.Detail}, append(d.FixVersions, r.Tools...)...) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				w.Errorf("%q is no clean text", text)
			}
		}
	}
	rep, err := w.Store.Report(w.ctx, w.tenant, w.last)
	w.must(err)
	for _, text := range append(rep.Tools, rep.Result.Notes...) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			w.Errorf("%q of the report is no clean text", text)
		}
	}
}

// withoutRun: a decoder that forgets to open a run loses nothing.
func withoutRun(w *world) {
	s := scan{}
	s.defaults()
	sub := submission(&s)
	out, err := w.applier().Apply(w.ctx, w.job(w.accept("", "", sub), sub, w.input(), func(sink format.Sink) error {
		return errors.Join(sink.Observe(vulns(1)[0]), sink.Component(finding.Component{Name: "x"}))
	}))
	w.must(err)
	w.outcome(out, 1, 0, 0, 0, 0)
}

// targets: what the sender says outranks the report, and without either the
// application itself is the target.
func targets(w *world) {
	for _, c := range []struct {
		s                scan
		target           format.Target
		app, asset, kind string
		ref              string
	}{
		{scan{app: "one", asset: "-", ref: "-"}, format.Target{Repository: "https://user:pw@git.test:8443/acme/shop.git", Branch: "refs/heads/dev"}, "one", "git.test:8443/acme/shop", "repository", "dev"},
		{scan{app: "two", asset: "mine", ref: "main"}, format.Target{Repository: "https://git.test/acme/shop.git", Branch: "dev"}, "two", "mine", "repository", "main"},
		{scan{app: "three", asset: "-", ref: "-"}, format.Target{Kind: "image", Name: "reg.test:5000/acme/shop:1.2"}, "three", "reg.test:5000/acme/shop", "image", "1.2"},
		{scan{app: "four", asset: "-", ref: "-"}, format.Target{Repository: "git@git.test:acme/shop.git"}, "four", "git.test/acme/shop", "repository", ""},
		{scan{app: "-", asset: "-", ref: "-"}, format.Target{}, "unassigned", "unassigned", "repository", ""},
	} {
		c.s.run = &format.Run{Tool: "alpha", Target: c.target}
		c.s.obs = vulns(1)
		c.s.defaults()
		sub := submission(&c.s)
		sub.AssetKind = ""
		out, err := w.apply(w.accept("", "", sub), sub, &c.s)
		w.must(err)
		_, assets, err := w.Store.Application(w.ctx, w.tenant, c.app)
		w.must(err)
		if len(assets) != 1 || assets[0].Name != c.asset || string(assets[0].Kind) != c.kind || out.Ref != c.ref {
			w.Errorf("%+v: assets %+v, ref %q", c.target, assets, out.Ref)
		}
	}
}
