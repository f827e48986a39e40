package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

const (
	gateAssets  = 20
	gateResults = 5_000 // a report
	gateCalls   = 100
)

// measureGate asks for verdicts on an application with 100,000 findings.
func measureGate(ctx context.Context, c *config, t *table) (err error) {
	s, err := startServer(ctx, c, filepath.Join(c.dir, "gate"))
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	if err := load(ctx, c, s, "gate", gateAssets, gateResults, 1); err != nil {
		return err
	}
	for _, rules := range []int{200, 1000} {
		if err := gateRules(ctx, s, t, rules); err != nil {
			return fmt.Errorf("%d rules: %w", rules, err)
		}
	}
	return uploadToVerdict(ctx, c, s, t)
}

func gateRules(ctx context.Context, s *server, t *table, rules int) error {
	if err := s.send(ctx, http.MethodPut, "/api/v1/policies", map[string]string{"source": policies(rules)}, nil); err != nil {
		return err
	}
	cold, err := repeat(1, func(int) error { return verdict(ctx, s, "gate", rules) })
	if err != nil {
		return err
	}
	warm, err := repeat(gateCalls, func(int) error { return verdict(ctx, s, "gate", rules) })
	if err != nil {
		return err
	}
	var p page
	if err := s.get(ctx, "/api/v1/findings?application=gate", &p); err != nil {
		return err
	}
	var moved []time.Duration
	for i := range gateCalls / 2 {
		decision := map[string]any{"findings": []string{p.Items[0].ID}, "status": [...]string{"accepted", "open"}[i%2], "reason": "the bench moves one asset"}
		if err := s.send(ctx, http.MethodPost, "/api/v1/findings/triage", decision, nil); err != nil {
			return err
		}
		took, err := repeat(1, func(int) error { return verdict(ctx, s, "gate", rules) })
		if err != nil {
			return err
		}
		moved = append(moved, took...)
	}
	name := func(what string) string {
		return fmt.Sprintf("gate, %s findings × %d rules, %s", number(gateAssets*gateResults), rules, what)
	}
	t.add(name("first ask"), ms(cold[0]), "ms")
	t.add(name("warm, p50"), ms(median(warm)), "ms")
	t.hold(name("warm, p99"), ms(quantile(warm, 0.99)), "ms", atMost, 50)
	t.add(name("one asset changed, p50"), ms(median(moved)), "ms")
	t.hold(name("one asset changed, p99"), ms(quantile(moved, 0.99)), "ms", atMost, 50)
	return nil
}

// verdict asks the gate and checks that it judged by all rules.
func verdict(ctx context.Context, s *server, application string, rules int) error {
	var v struct{ Judged, Rules int }
	if err := s.send(ctx, http.MethodPost, "/api/v1/gate", map[string]string{"application": application, "stage": "build"}, &v); err != nil {
		return err
	}
	if v.Judged == 0 || v.Rules != rules {
		return fmt.Errorf("the gate judged %d findings by %d rules", v.Judged, v.Rules)
	}
	return nil
}

// uploadToVerdict measures what a pipeline waits for: its report of 10,000
// results goes in, the verdict comes out. The rules of before are in force.
func uploadToVerdict(ctx context.Context, c *config, s *server, t *table) error {
	const results = 10_000
	path := filepath.Join(c.dir, "pipeline.sarif")
	var took []time.Duration
	for i := range c.runs {
		if _, _, err := writeReport(path, reportSpec{seed: 900 + uint64(i), results: results, at: scannedAt}); err != nil {
			return err
		}
		app := fmt.Sprintf("pipeline-%d", i)
		began := time.Now()
		if _, _, err := s.importReport(ctx, path, app, "repository"); err != nil {
			return err
		}
		if err := verdict(ctx, s, app, 1000); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	t.hold("upload of 10,000 new results to verdict, 1,000 rules", median(took).Seconds(), "s", atMost, 1)
	return nil
}

// policies writes a bundle of so many rules. Each asks something else, of the
// sorts that people ask: severity and place, score and kind, weakness, check.
func policies(rules int) string {
	var b strings.Builder
	b.WriteString("policy: bench\nversion: 1\ndescription: Many rules.\nstages: [build]\nrules:\n")
	for i := range rules {
		at := words[i%len(words)]
		when := [...]string{
			fmt.Sprintf(`finding.severity >= HIGH && finding.path.startsWith("service/%s/internal/%s/handler_%d_")`, at, words[i/len(words)%len(words)], i%23),
			fmt.Sprintf(`finding.kind == "code" && finding.score >= %d.5`, 60+i%40),
			fmt.Sprintf(`finding.severity >= CRITICAL && %d in finding.cwes && finding.age_days > %d`, weaknesses[i%len(weaknesses)].cwe, 10+i%300),
			fmt.Sprintf(`finding.check == "FA%03d/%s" && finding.severity_name == "critical" && finding.tool_count > %d`, i%ruleCount, at, i%4),
			fmt.Sprintf(`finding.title.contains("%s") && finding.priority == "P%d"`, at, i%5),
		}[i%5]
		action := [...]string{"warn", "block"}[i%2]
		fmt.Fprintf(&b, "  - name: rule-%d\n    when: '%s'\n    action: %s\n    message: \"rule %d speaks\"\n", i, when, action, i)
	}
	return b.String()
}
