package enrich

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

type book map[advisory.ID][]advisory.ID

func (b book) Aliases(id advisory.ID) []advisory.ID { return b[id] }

func TestCVEs(t *testing.T) {
	aliases := book{"GHSA-jfh8-c2jp-5v3q": {"CVE-2021-44228"}}
	for _, tt := range []struct {
		why  string
		ids  []advisory.ID
		want []advisory.ID
	}{
		{"nothing", nil, nil},
		{"alias", []advisory.ID{"GHSA-jfh8-c2jp-5v3q"}, []advisory.ID{"CVE-2021-44228"}},
		{"neighbours of a CVE do not count", []advisory.ID{"CVE-2021-45046", "CVE-2021-44228"}, []advisory.ID{"CVE-2021-45046"}},
		{"all CVEs of an umbrella count", []advisory.ID{"RHSA-2021:5129", "CVE-2021-45046", "GHSA-jfh8-c2jp-5v3q"}, []advisory.ID{"CVE-2021-44228", "CVE-2021-45046"}},
		{"no CVE at all", []advisory.ID{"RUSTSEC-2022-0004"}, nil},
	} {
		if got := CVEs(tt.ids, aliases); !slices.Equal(got, tt.want) {
			t.Errorf("%s: CVEs(%v) = %v; want %v", tt.why, tt.ids, got, tt.want)
		}
	}
}

const idA, idB = advisory.ID("CVE-2020-0001"), advisory.ID("CVE-2021-0002")

func TestWorst(t *testing.T) {
	feeds := Feeds{FeedEPSS: {Feed: FeedEPSS, Rows: 2}}
	known := map[advisory.ID]Signals{
		idA: {
			EPSS: &EPSS{Probability: 0.1}, KEV: &KEV{DueDate: day("2022-01-01"), Name: "a"},
			Exploit: &Exploit{Maturity: MaturityWeaponised}, SSVC: &SSVC{Exploitation: ExploitationPoC, Automatable: Yes},
			CVSS: []finding.CVSS{{Score: 5}}, CWEs: []int{79, 20},
		},
		idB: {
			EPSS: &EPSS{Probability: 0.4}, KEV: &KEV{DueDate: day("2023-01-01"), Ransomware: true, Name: "b"},
			Exploit: &Exploit{Maturity: MaturityPoC}, SSVC: &SSVC{Exploitation: ExploitationActive, Automatable: No, Total: Yes},
			CVSS: []finding.CVSS{{Score: 9}}, CWEs: []int{79},
		},
	}
	want := Evidence{
		EPSS:    &Of[EPSS]{Value: EPSS{Probability: 0.4}, ID: idB},
		KEV:     &Of[KEV]{Value: *known[idB].KEV, ID: idB},
		Exploit: &Of[Exploit]{Value: Exploit{Maturity: MaturityWeaponised}, ID: idA},
		SSVC:    &Of[SSVC]{Value: SSVC{Exploitation: ExploitationActive, Automatable: Yes, Total: Yes}, ID: idB},
		CVSS:    []Of[finding.CVSS]{{Value: finding.CVSS{Score: 5}, ID: idA}, {Value: finding.CVSS{Score: 9}, ID: idB}},
		CWEs:    []int{79, 20},
		Feeds:   feeds,
	}
	for _, order := range [][]advisory.ID{{idA, idB}, {idB, idA, idA, "CVE-2022-0003"}} {
		if diff := cmp.Diff(want, Worst(order, known, feeds)); diff != "" {
			t.Errorf("order %v: %s", order, diff)
		}
	}
	if got := Worst(nil, known, feeds); got.EPSS != nil || got.KEV != nil || !got.Feeds.Loaded(FeedEPSS) {
		t.Errorf("without a CVE: %+v", got)
	}
}

func TestKEVOrder(t *testing.T) {
	order := []KEV{{Ransomware: true}, {DueDate: day("2022-01-01")}, {DueDate: day("2022-01-02")}, {DateAdded: day("2021-11-03")}, {DateAdded: day("2021-11-04")}}
	for i := range order {
		for j := range order {
			if got := kevOrder(order[i], order[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("kevOrder(%d, %d) = %d", i, j, got)
			}
		}
	}
}

func TestWithReported(t *testing.T) {
	p, bad := 0.3, 1.7
	fed := Evidence{EPSS: &Of[EPSS]{Value: EPSS{Probability: 0.1}, ID: idA}}
	if got := fed.WithReported(idB, &p, true); got.EPSS.Value.Probability != 0.1 || got.KEV == nil || !got.KEV.Reported || got.KEV.ID != idB {
		t.Errorf("the tool's EPSS outranks the feed's, or its KEV is lost: %+v", got)
	}
	if fed.KEV != nil {
		t.Error("the receiver was changed")
	}
	if got := (Evidence{}).WithReported(idB, &p, false); got.EPSS == nil || !got.EPSS.Reported || got.KEV != nil {
		t.Errorf("the tool's EPSS is lost: %+v", got)
	}
	if got := (Evidence{}).WithReported(idB, &bad, false); got.EPSS != nil {
		t.Errorf("a probability of 1.7 was taken: %+v", got.EPSS)
	}
	if got := (Evidence{}).WithReported("MAL-2024-1", nil, false); got.Exploit == nil || got.Exploit.Value.Maturity != MaturityActive {
		t.Errorf("a malicious package is %+v", got.Exploit)
	}
}

// desk is a Lookup over a map that counts how often it is asked.
type desk struct {
	known map[advisory.ID]Signals
	asked [][]advisory.ID
	err   error
}

func (d *desk) Signals(_ context.Context, cves []advisory.ID) (map[advisory.ID]Signals, error) {
	d.asked = append(d.asked, cves)
	return d.known, d.err
}

func (d *desk) Feeds(context.Context) (Feeds, error) {
	return Feeds{FeedKEV: {Feed: FeedKEV, Rows: 1, AsOf: day("2026-08-07")}}, nil
}

func TestGather(t *testing.T) {
	d := &desk{known: map[advisory.ID]Signals{idA: {EPSS: &EPSS{Probability: 0.5}}}}
	got, err := Gather(context.Background(), d, [][]advisory.ID{{idB, idA}, nil, {idA}})
	if err != nil || len(got) != 3 || got[0].EPSS == nil || got[1].EPSS != nil || got[2].EPSS.ID != idA {
		t.Fatalf("got %+v, %v", got, err)
	}
	if want := [][]advisory.ID{{idA, idB}}; !cmp.Equal(want, d.asked) {
		t.Errorf("asked for %v; want one question for %v", d.asked, want)
	}
	d.err = errors.New("disk on fire")
	if _, err := Gather(context.Background(), d, [][]advisory.ID{{idA}}); !errors.Is(err, d.err) {
		t.Errorf("error %v does not carry its cause", err)
	}
}

func TestNames(t *testing.T) {
	for _, f := range AllFeeds() {
		if got, err := ParseFeed(" " + string(f) + " "); err != nil || got != f || f.Title() == string(f) {
			t.Errorf("feed %q: %v, %v, title %q", f, got, err, f.Title())
		}
	}
	if _, err := ParseFeed("nvd"); err == nil {
		t.Error("nvd is no feed")
	}
	for m := MaturityNone; m <= MaturityActive; m++ {
		if got, err := ParseMaturity(m.String()); err != nil || got != m {
			t.Errorf("maturity %v reads back as %v, %v", m, got, err)
		}
	}
	if m, err := ParseMaturity("Weaponized"); err != nil || m != MaturityWeaponised {
		t.Errorf("Weaponized is %v, %v", m, err)
	}
	if _, err := ParseMaturity("huge"); err == nil {
		t.Error("huge is no maturity")
	}
	f := Feeds{FeedKEV: {AsOf: day("2026-08-07")}}
	if got := f.Label(FeedKEV); got != "CISA KEV, 2026-08-07" || f.Label(FeedEPSS) != "FIRST EPSS" || f.Loaded(FeedKEV) {
		t.Errorf("label %q; a feed without rows must not count as loaded", got)
	}
}

// Adding a CVE to a finding never makes its evidence milder.
func TestWorstIsMonotone(t *testing.T) {
	signal := rapid.Custom(func(t *rapid.T) Signals {
		s := Signals{}
		if rapid.Bool().Draw(t, "epss?") {
			s.EPSS = &EPSS{Probability: rapid.Float64Range(0, 1).Draw(t, "epss")}
		}
		if rapid.Bool().Draw(t, "kev?") {
			s.KEV = &KEV{Ransomware: rapid.Bool().Draw(t, "ransomware")}
		}
		if rapid.Bool().Draw(t, "exploit?") {
			s.Exploit = &Exploit{Maturity: Maturity(rapid.IntRange(0, 5).Draw(t, "maturity"))}
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		known := map[advisory.ID]Signals{idA: signal.Draw(t, "a"), idB: signal.Draw(t, "b")}
		one, two := Worst([]advisory.ID{idA}, known, nil), Worst([]advisory.ID{idA, idB}, known, nil)
		switch {
		case one.EPSS != nil && two.EPSS.Value.Probability < one.EPSS.Value.Probability,
			one.KEV != nil && (two.KEV == nil || one.KEV.Value.Ransomware && !two.KEV.Value.Ransomware),
			one.Exploit != nil && two.Exploit.Value.Maturity < one.Exploit.Value.Maturity:
			t.Fatalf("%+v is milder than %+v", two, one)
		}
	})
}

func TestJoinExploits(t *testing.T) {
	a := Exploit{Maturity: MaturityPoC, FirstSeen: day("2024-02-02"), Sources: []string{"Exploit-DB"}}
	b := Exploit{Maturity: MaturityWeaponised, FirstSeen: day("2024-01-01"), Sources: []string{"Metasploit", "Exploit-DB"}}
	want := Exploit{Maturity: MaturityWeaponised, FirstSeen: day("2024-01-01"), Sources: []string{"Exploit-DB", "Metasploit"}}
	if diff := cmp.Diff(want, JoinExploits(a, b)); diff != "" {
		t.Error(diff)
	}
	if got := JoinExploits(a, Exploit{}); !got.FirstSeen.Equal(a.FirstSeen) || got.Maturity != MaturityPoC {
		t.Errorf("joining nothing gives %+v", got)
	}
	if got := JoinExploits(Exploit{}, a); !got.FirstSeen.Equal(a.FirstSeen) {
		t.Errorf("joining to nothing gives %+v", got)
	}
	if len(a.Sources) != 1 {
		t.Error("an argument was changed")
	}
}
