package risk

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// TestRankingAgainstExploitation measures how well the score without context
// ranks CVEs by what became known as exploited later, beside CVSS alone and
// EPSS alone. Figures and reading are in docs/risk.md; print them with
//
//	STANCE_SHARED=… go test ./intelligence/risk -run RankingAgainst -v
//
// Every CVE of the validation split is judged at the time T of its first
// weekly EPSS snapshot at least seven days after publication, with evidence
// dated up to T only. CVEs that were in KEV at T are left out. The label is
// whether CISA listed the CVE in the 365 days after T. Nothing in the model
// was fitted to these rows.
func TestRankingAgainstExploitation(t *testing.T) {
	rows := validation(t)
	labels := make([]bool, len(rows))
	positives := 0
	for i, r := range rows {
		labels[i] = r.exploited
		if r.exploited {
			positives++
		}
	}
	t.Logf("%d CVEs, %d listed within a year (%.3f %%)", len(rows), positives, 100*float64(positives)/float64(len(rows)))
	if len(rows) < 1000 || positives < 10 {
		t.Fatal("the validation split is too small to say anything")
	}
	m := V1()
	rank := map[string]func(candidate) float64{
		"CVSS only":        func(r candidate) float64 { return r.cvss },
		"EPSS only":        func(r candidate) float64 { return r.epss },
		"CVSS, then EPSS":  func(r candidate) float64 { return r.cvss + r.epss/100 },
		"score, no signal": func(r candidate) float64 { return r.base(&m, false, false).raw() },
		"score, no EPSS":   func(r candidate) float64 { return r.base(&m, false, true).raw() },
		"score":            func(r candidate) float64 { return r.base(&m, true, true).raw() },
	}
	results := map[string]quality{}
	for _, name := range []string{"CVSS only", "EPSS only", "CVSS, then EPSS", "score, no signal", "score, no EPSS", "score"} {
		scores := make([]float64, len(rows))
		for i, r := range rows {
			scores[i] = rank[name](r)
		}
		q := measure(scores, labels)
		lo, hi := interval(scores, labels)
		results[name] = q
		t.Logf("%-17s PR AUC %.4f (95 %% %.4f to %.4f)  ROC AUC %.3f  coverage at 1/5/10 %% effort %.0f/%.0f/%.0f %%",
			name, q.pr, lo, hi, q.roc, 100*q.coverage[0], 100*q.coverage[1], 100*q.coverage[2])
	}
	if results["score"].pr <= results["CVSS only"].pr || results["score"].coverage[1] < results["CVSS only"].coverage[1] {
		t.Errorf("the score ranks no better than CVSS alone: %+v against %+v", results["score"], results["CVSS only"])
	}
}

// raw is the score before rounding: ranking two hundred thousand CVEs needs
// more steps than tenths of a point.
func (b *Base) raw() float64 { return -b.log }

// candidate is a row of the data set as it stood at its time T.
type candidate struct {
	vector    string
	cvss      float64
	epss      float64
	exploit   enrich.Maturity
	exploited bool
}

func (r candidate) base(m *Model, epss, exploits bool) *Base {
	f := Flaw{Kind: finding.Vulnerability, HasAdvisory: true}
	f.Evidence.Feeds = enrich.Feeds{enrich.FeedKEV: {Feed: enrich.FeedKEV, Rows: 1}}
	if r.vector != "" {
		f.CVSS = []enrich.Of[finding.CVSS]{{Value: finding.CVSS{Vector: r.vector}, ID: testCVE}}
	}
	if epss {
		f.Evidence.EPSS = &enrich.Of[enrich.EPSS]{Value: enrich.EPSS{Probability: r.epss}, ID: testCVE}
	}
	if exploits && r.exploit > enrich.MaturityNone {
		f.Evidence.Exploit = &enrich.Of[enrich.Exploit]{Value: enrich.Exploit{Maturity: r.exploit}, ID: testCVE}
	}
	return Prepare(f, m)
}

// validation reads the validation split with evidence up to each row's T.
func validation(t *testing.T) []candidate {
	dir := os.Getenv("STANCE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "intel")
	if _, err := os.Stat(filepath.Join(dir, "exploit_dataset.csv.gz")); err != nil {
		t.Skipf("the shared data folder is not here: %v", err)
	}
	type event struct{ date, source string }
	events := map[string][]event{}
	each(t, filepath.Join(dir, "exploit_events.csv.gz"), func(get func(string) string) {
		events[get("cve")] = append(events[get("cve")], event{get("date"), get("source")})
	})
	var rows []candidate
	each(t, filepath.Join(dir, "exploit_dataset.csv.gz"), func(get func(string) string) {
		at := get("eval_date")
		if get("split") != "valid" || at == "" || get("epss_eval") == "" {
			return
		}
		listed := get("kev_added")
		if listed != "" && listed <= at { // ISO dates sort as text
			return
		}
		r := candidate{vector: get("cvss3"), exploited: listed != "" && listed <= day(at).AddDate(0, 0, 365).Format("2006-01-02")}
		r.cvss, _ = strconv.ParseFloat(get("cvss3_score"), 64) // unrated CVEs rank last
		var err error
		if r.epss, err = strconv.ParseFloat(get("epss_eval"), 64); err != nil {
			t.Fatalf("epss_eval of %s: %v", get("cve"), err)
		}
		for _, e := range events[get("cve")] {
			if e.date <= at {
				r.exploit = max(r.exploit, maturityOf(e.source))
			}
		}
		rows = append(rows, r)
	})
	return rows
}

// maturityOf grades an event as the exploit feeds do; whether an Exploit-DB
// entry was verified by T is not known, so it counts as a proof of concept.
func maturityOf(source string) enrich.Maturity {
	switch source {
	case "msf":
		return enrich.MaturityWeaponised
	case "nuclei":
		return enrich.MaturityFunctional
	}
	return enrich.MaturityPoC
}

func each(t *testing.T, path string, row func(get func(string) string)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	c := csv.NewReader(z)
	c.ReuseRecord = true
	header, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[name] = i
	}
	for {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		row(func(name string) string {
			i, ok := columns[name]
			if !ok {
				t.Fatalf("%s has no column %q", path, name)
			}
			return fields[i]
		})
	}
}

// quality of a ranking.
type quality struct {
	pr, roc  float64
	coverage [3]float64 // share of positives in the first 1, 5 and 10 %
}

// measure computes average precision, the area under the ROC curve and
// coverage. Ties are taken as one block: each of its rows gets the mean of
// the block, so that no order of the input flatters a coarse score.
func measure(scores []float64, labels []bool) quality {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	total := 0.0
	for _, l := range labels {
		if l {
			total++
		}
	}
	var q quality
	efforts := [3]float64{0.01, 0.05, 0.10}
	n, hits, seen := float64(len(scores)), 0.0, 0.0
	for i := 0; i < len(order); {
		block, positive := 0.0, 0.0
		for ; i < len(order) && (block == 0 || scores[order[i]] == scores[order[i-1]]); i++ {
			block++
			if labels[order[i]] {
				positive++
			}
		}
		for k, e := range efforts {
			budget := e * n
			if seen < budget {
				q.coverage[k] += positive * min(1, (budget-seen)/block) / total
			}
		}
		negative := block - positive
		q.roc += negative*hits + negative*positive/2
		hits, seen = hits+positive, seen+block
		if positive > 0 {
			q.pr += positive / total * hits / seen
		}
	}
	q.roc /= total * (n - total)
	return q
}

// interval is the 95 % bootstrap interval of the PR AUC, with a fixed seed.
func interval(scores []float64, labels []bool) (lo, hi float64) {
	const rounds = 200
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, rounds)
	s, l := make([]float64, len(scores)), make([]bool, len(scores))
	for i := range out {
		for j := range s {
			k := random.IntN(len(scores))
			s[j], l[j] = scores[k], labels[k]
		}
		out[i] = measure(s, l).pr
	}
	slices.Sort(out)
	return out[rounds*25/1000], out[rounds*975/1000-1]
}

// The yardstick itself, on rankings whose figures are known.
func TestMeasure(t *testing.T) {
	labels := []bool{true, false, true, false}
	for _, c := range []struct {
		scores  []float64
		pr, roc float64
	}{
		{[]float64{4, 2, 3, 1}, 1, 1},
		{[]float64{1, 4, 2, 3}, (1.0/3 + 2.0/4) / 2, 0},
		{[]float64{1, 1, 1, 1}, 0.5, 0.5},
		{[]float64{3, 3, 1, 1}, (0.5 + 2.0/4) / 2, 0.5},
	} {
		q := measure(c.scores, labels)
		if fmt.Sprintf("%.6f %.6f", q.pr, q.roc) != fmt.Sprintf("%.6f %.6f", c.pr, c.roc) {
			t.Errorf("%v: %+v; want %v, %v", c.scores, q, c.pr, c.roc)
		}
	}
	many, few := make([]float64, 1000), make([]bool, 1000)
	for i := range many {
		many[i] = float64(-i)
	}
	few[5], few[40], few[99], few[500] = true, true, true, true
	if q := measure(many, few); q.coverage != [3]float64{0.25, 0.5, 0.75} {
		t.Errorf("coverage %v", q.coverage)
	}
}
