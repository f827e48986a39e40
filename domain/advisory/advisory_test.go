package advisory

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		in       string
		want     ID
		kind     Kind
		umbrella bool
	}{
		{"CVE-2021-44228", "CVE-2021-44228", CVE, false},
		{" cve-2021-44228 ", "CVE-2021-44228", CVE, false},
		{"CVE_2021_44228", "CVE-2021-44228", CVE, false},
		{"CVE 2021-44228", "CVE-2021-44228", CVE, false},
		{"[CVE-2021-44228],", "CVE-2021-44228", CVE, false},
		{"CVE\u20112021\u201144228", "CVE-2021-44228", CVE, false},
		{"CAN-2003-0001", "CVE-2003-0001", CVE, false},
		{"CVE-2021-0044228", "CVE-2021-44228", CVE, false},
		{"CVE-2021-1234567", "CVE-2021-1234567", CVE, false},
		{"CVE-2021-123", "CVE-2021-123", Other, false},
		{"CVE-0000-0000", "CVE-0000-0000", Other, false},
		{"CVE-2021-XXXXX", "CVE-2021-XXXXX", Other, false},
		{"ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q", GHSA, false},
		{"GHSA-aaaa-bbbb-cccc", "GHSA-aaaa-bbbb-cccc", Other, false}, // vowels never occur
		{"go-2022-0969", "GO-2022-0969", OSV, false},
		{"pysec-2021-66", "PYSEC-2021-66", OSV, false},
		{"RustSec-2022-0004", "RUSTSEC-2022-0004", OSV, false},
		{"UBUNTU-CVE-2021-3999", "UBUNTU-CVE-2021-3999", OSV, false},
		{"BIT-Apache-2021-41773", "BIT-apache-2021-41773", OSV, false},
		{"rhsa-2021-5129", "RHSA-2021:5129", Distribution, true},
		{"RHSA-2021:5129", "RHSA-2021:5129", Distribution, true},
		{"ELSA-2021-5129", "ELSA-2021-5129", Distribution, true},
		{"ALAS-2021-1553", "ALAS-2021-1553", Distribution, true},
		{"alas2-2021-1732", "ALAS2-2021-1732", Distribution, true},
		{"ALAS2023-2023-1", "ALAS2023-2023-1", Distribution, true},
		{"ALASKERNEL-5.10-2022-003", "ALASKERNEL-5.10-2022-003", Distribution, true},
		{"dsa-5020-1", "DSA-5020-1", Distribution, true},
		{"USN-5192-1", "USN-5192-1", Distribution, true},
		{"opensuse-su-2021:1577-1", "openSUSE-SU-2021:1577-1", Distribution, true},
		{"SUSE-SU-2021-3941-1", "SUSE-SU-2021:3941-1", Distribution, true},
		{"snyk-js-lodash-567746", "SNYK-JS-LODASH-567746", Vendor, false},
		{"npm:lodash:20180130", "npm:lodash:20180130", Vendor, false},
		{"sonatype-2021-1234", "sonatype-2021-1234", Vendor, false},
		{"KB5012345", "KB5012345", Vendor, false},
		{"KBASE", "KBASE", Other, false},
		{"GO-HOME", "GO-HOME", Other, false},
		{"ACME-17", "ACME-17", Other, false},
	} {
		got, err := Parse(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
		if got.Kind() != tt.kind || got.Umbrella() != tt.umbrella {
			t.Errorf("%q: kind %v, umbrella %v; want %v, %v", got, got.Kind(), got.Umbrella(), tt.kind, tt.umbrella)
		}
	}
	for _, bad := range []string{"", "  ", "[]", "two words", "CVE-2021-44228 CVE-2021-45046", "a\x00b", strings.Repeat("x", 201)} {
		if id, err := Parse(bad); err == nil {
			t.Errorf("Parse(%.20q) = %q, want an error", bad, id)
		}
	}
}

func TestFamily(t *testing.T) {
	for id, want := range map[ID]string{
		"CVE-2021-44228": "CVE", "GHSA-jfh8-c2jp-5v3q": "GHSA", "RHSA-2021:5129": "RHSA", "ALAS2-2021-1": "ALAS2",
		"ALAS-2021-1": "ALAS", "npm:x:1": "npm", "ACME-17": "",
	} {
		if got := id.Family(); got != want {
			t.Errorf("%q.Family() = %q; want %q", id, got, want)
		}
	}
}

func TestEmbeddedCVE(t *testing.T) {
	for id, want := range map[ID]ID{
		"CVE-2021-3999": "CVE-2021-3999", "UBUNTU-CVE-2021-3999": "CVE-2021-3999", "DEBIAN-CVE-2021-3999": "CVE-2021-3999",
		"CURL-CVE-2023-38545": "CVE-2023-38545", "BIT-apache-2021-41773": "CVE-2021-41773", "BIT-node-min-2021-22930": "CVE-2021-22930",
		"GHSA-jfh8-c2jp-5v3q": "", "BIT-2021": "", "UBUNTU-CVE-2021-1": "", "RHSA-2021:5129": "",
	} {
		if got, ok := id.EmbeddedCVE(); got != want || ok != (want != "") {
			t.Errorf("%q.EmbeddedCVE() = %q, %v; want %q", id, got, ok, want)
		}
	}
}

func TestNormalise(t *testing.T) {
	got := Normalise([]string{"cve-2021-44228", "", "GHSA-JFH8-C2JP-5V3Q", "CVE-2021-44228", "not an id"})
	want := []ID{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []ID
	}{
		{"", nil},
		{"Fixes CVE-2021-44228, cve-2021-45046 and CVE-2021-44228.", []ID{"CVE-2021-44228", "CVE-2021-45046"}},
		{"https://nvd.nist.gov/vuln/detail/CVE-2021-44228?x=1", []ID{"CVE-2021-44228"}},
		{"see https://github.com/advisories/GHSA-jfh8-c2jp-5v3q (CVE\u20102021\u201044228)", []ID{"GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228"}},
		{"exploit_CVE-2021-44228_poc.py", []ID{"CVE-2021-44228"}},
		{"CVE-2021-44228漏洞", []ID{"CVE-2021-44228"}},
		{"UBUNTU-CVE-2021-3999", []ID{"CVE-2021-3999"}},
		{"CVE-2021-44228abc xCVE-2021-1111 CVE-2021-12 CVE-1998-0001 GHSA-jfh8-c2jp-5v3", nil},
		{"cccccve-cve-2021-1234", []ID{"CVE-2021-1234"}},
	} {
		if got := Find(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("Find(%q) = %v; want %v", tt.text, got, tt.want)
		}
	}
}

// book is an alias list, both directions.
type book map[ID][]ID

func (b book) Aliases(id ID) []ID { return b[id] }

func newBook(groups ...[]ID) book {
	b := book{}
	for _, g := range groups {
		for _, id := range g {
			for _, other := range g {
				if other != id {
					b[id] = append(b[id], other)
				}
			}
		}
	}
	return b
}

func TestCanonical(t *testing.T) {
	aliases := newBook(
		[]ID{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"},
		[]ID{"GHSA-jfh8-c2jp-5v3q", "SNYK-JAVA-LOG4J-2314720"},
		[]ID{"PYSEC-2021-66", "GHSA-g3rq-g295-4j3m"},
	)
	aliases["GHSA-jfh8-c2jp-5v3q"] = append(aliases["GHSA-jfh8-c2jp-5v3q"], "RHSA-2021:5129") // a careless list
	for _, tt := range []struct {
		why  string
		ids  []ID
		want ID
	}{
		{"nothing", nil, ""},
		{"a CVE alone", []ID{"CVE-2021-44228"}, "CVE-2021-44228"},
		{"aliases in the list", []ID{"GHSA-jjjj-2222-3333", "CVE-2020-1111"}, "CVE-2020-1111"},
		{"aliases looked up over two steps", []ID{"SNYK-JAVA-LOG4J-2314720"}, "CVE-2021-44228"},
		{"GHSA before OSV", []ID{"PYSEC-2021-66"}, "GHSA-g3rq-g295-4j3m"},
		{"a leading CVE is not replaced by a neighbour", []ID{"CVE-2021-45046", "CVE-2021-44228"}, "CVE-2021-45046"},
		{"the lead's own group before the list", []ID{"GHSA-jfh8-c2jp-5v3q", "CVE-1999-0001"}, "CVE-2021-44228"},
		{"a distribution's record of one CVE", []ID{"UBUNTU-CVE-2021-3999", "USN-5310-1"}, "CVE-2021-3999"},
		{"an umbrella of one CVE is that CVE", []ID{"RHSA-2021:5129", "CVE-2021-44228"}, "CVE-2021-44228"},
		{"an umbrella of several stays itself", []ID{"RHSA-2021:5129", "CVE-2021-44228", "CVE-2021-45046"}, "RHSA-2021:5129"},
		{"an umbrella with a CVE and its alias is that CVE", []ID{"RHSA-2021:5129", "CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"}, "CVE-2021-44228"},
		{"an umbrella alone is not resolved by aliases", []ID{"RHSA-2021:5129"}, "RHSA-2021:5129"},
		{"a GHSA with several strange CVEs keeps its name", []ID{"GHSA-jjjj-2222-3333", "CVE-2020-1111", "CVE-2020-2222"}, "GHSA-jjjj-2222-3333"},
		{"unknown families keep their name", []ID{"ACME-17"}, "ACME-17"},
		{"known before unknown", []ID{"ACME-17", "GO-2022-0969"}, "GO-2022-0969"},
	} {
		if got := Canonical(tt.ids, aliases); got != tt.want {
			t.Errorf("%s: Canonical(%v) = %q; want %q", tt.why, tt.ids, got, tt.want)
		}
	}
	if got := Canonical([]ID{"GHSA-jfh8-c2jp-5v3q"}, nil); got != "GHSA-jfh8-c2jp-5v3q" {
		t.Errorf("without alias lists: %q", got)
	}
}

func TestNames(t *testing.T) {
	aliases := newBook([]ID{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q", "GO-2021-0001"}, []ID{"GHSA-jfh8-c2jp-5v3q", "RHSA-2021:5129"})
	want := []ID{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q", "GO-2021-0001"}
	for _, id := range want {
		if diff := cmp.Diff(want, Names(id, aliases)); diff != "" {
			t.Errorf("Names(%q): %s", id, diff)
		}
	}
	if got := Names("RHSA-2021:5129", aliases); !slices.Equal(got, []ID{"RHSA-2021:5129"}) {
		t.Errorf("an umbrella has the names %v", got)
	}
	chain := book{}
	for i := range 500 {
		chain[ID("X-"+strings.Repeat("1", i))] = []ID{ID("X-" + strings.Repeat("1", i+1))}
	}
	if got := Names("X-", chain); len(got) > maxNames+1 {
		t.Errorf("a runaway alias list gives %d names", len(got))
	}
}

func TestCompare(t *testing.T) {
	want := []ID{"CVE-2019-99999", "CVE-2021-9999", "CVE-2021-10000", "GHSA-jfh8-c2jp-5v3q", "GO-2022-0969", "SNYK-JS-A-1", "ACME-1", "DSA-1-1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Compare)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Parsing a canonical id gives it back, and letter case never matters for
// known families.
func TestParseProperties(t *testing.T) {
	id := rapid.OneOf(
		rapid.StringMatching(`CVE-(1999|20[0-9]{2})-([0-9]{4}|[1-9][0-9]{4,8})`),
		rapid.StringMatching(`GHSA(-[23456789cfghjmpqrvwx]{4}){3}`),
		rapid.StringMatching(`(GO|PYSEC|RUSTSEC|ELSA|DSA|USN|ALAS2)-20[0-9]{2}-[0-9]{1,5}`),
		rapid.StringMatching(`(RHSA|ALSA|SUSE-SU)-20[0-9]{2}:[0-9]{4}(-1)?`),
		rapid.StringMatching(`[A-Za-z]{1,6}[-:.][A-Za-z0-9:.-]{0,20}[A-Za-z0-9]`),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := id.Draw(t, "id")
		a, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := Parse(string(a)); err != nil || a != b {
			t.Fatalf("Parse(%q) = %q, and that parses to %q, %v", s, a, b, err)
		}
		if k := a.Kind(); k == CVE || k == GHSA {
			for _, v := range []string{strings.ToLower(s), strings.ToUpper(s)} {
				if b, _ := Parse(v); b != a {
					t.Fatalf("Parse(%q) = %q, Parse(%q) = %q", s, a, v, b)
				}
			}
			if found := Find("x " + s + " y"); len(found) != 1 || found[0] != a {
				t.Fatalf("Find does not see %q: %v", s, found)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"CVE-2021-44228", "ghsa-jfh8-c2jp-5v3q", "RHSA-2021-5129", "ALASKERNEL-5.10-2022-003", "CVE 2021", "BIT-a-2021-1234", "\u2010"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Find(s)
		id, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(string(id))
		if err != nil || again != id {
			t.Errorf("Parse(%q) = %q, which parses to %q, %v", s, id, again, err)
		}
		id.EmbeddedCVE()
		if got := Canonical([]ID{id}, nil); got == "" {
			t.Errorf("Canonical of %q is empty", id)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("CVE-2021-44228"); err != nil {
			b.Fatal(err)
		}
	}
}
