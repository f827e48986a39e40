package finding

import (
	"testing"

	"pgregory.net/rapid"
)

// observation draws an observation of few values, so that equal ones occur.
func observation(t *rapid.T) *Observation {
	word := func(name string) string {
		return rapid.SampledFrom([]string{"", "a", "b", "ab", "a,b", "a/b"}).Draw(t, name)
	}
	line := func() int { return rapid.IntRange(0, 3).Draw(t, "line") }
	o := &Observation{Kind: rapid.SampledFrom(Kinds()).Draw(t, "kind"), Check: Check{ID: word("check")}, Title: word("title"), Message: word("message"), Severity: Severity(rapid.IntRange(0, 5).Draw(t, "severity")),
		Location: Location{Path: word("path"), StartLine: line(), Snippet: word("snippet"), Symbol: word("symbol"), URL: word("url"), Method: word("method"), Parameter: word("parameter"), Resource: word("resource")}}
	if rapid.Bool().Draw(t, "component") {
		o.Component = &Component{Ecosystem: word("ecosystem"), Group: word("group"), Name: word("name"), Version: word("version"), Licences: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a,b"}), 0, 2).Draw(t, "licences")}
	}
	if rapid.Bool().Draw(t, "secret") {
		o.Secret = &SecretValue{Hash: word("hash")}
	}
	return o
}

// TestKeyLeavesOut: neither the line nor a wording nor the severity is part of
// a key.
func TestKeyLeavesOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observation(t)
		a := Identify(o, "tool", "CVE-1")
		o.Location.StartLine += 7
		o.Title, o.Message, o.Severity, o.SeverityWord, o.Confidence = "other", "other", SeverityCritical, "other", "other"
		o.Raw, o.Tags = []byte("other"), []string{"other"}
		b := Identify(o, "tool", "CVE-1")
		if a.Key != b.Key || a.Text != b.Text || a.Moved != b.Moved || a.Near != b.Near {
			t.Fatalf("%+v and %+v", a, b)
		}
		if a.Content == b.Content {
			t.Fatal("the content hash does not see what changed")
		}
	})
}

// TestTuples: different tuples of fields never give the same bytes to hash.
func TestTuples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom([]string{"", "a", "b", "ab", "\x00", "\x01a", "aa"})
		tuple := func(name string) []string { return rapid.SliceOfN(field, 0, 4).Draw(t, name) }
		a, b, c, d := tuple("a"), tuple("b"), tuple("c"), tuple("d")
		var h hasher
		first := string(h.start("k").list(a).list(b).buf)
		second := string(h.start("k").list(c).list(d).buf)
		if same := equal(a, c) && equal(b, d); same != (first == second) {
			t.Fatalf("%q %q and %q %q: same bytes %t", a, b, c, d, first == second)
		}
	})
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestPackageNames: group and name don't run into each other.
func TestPackageNames(t *testing.T) {
	key := func(group, name, version, place string) Key {
		return Identify(&Observation{Kind: Vulnerability, Component: &Component{Ecosystem: "npm", Group: group, Name: name, Version: version}, Location: Location{Path: place}}, "tool", "CVE-1").Key
	}
	base := key("a", "b/c", "1", "lock")
	for _, other := range []Key{key("a/b", "c", "1", "lock"), key("", "a/b/c", "1", "lock"), key("a", "b/c", "1l", "ock"), key("a", "b/c", "", "1lock")} {
		if other == base {
			t.Error("two packages share a key")
		}
	}
	if key("A", "B/c", "1", "lock") != base {
		t.Error("letter case tells packages apart")
	}
}

// TestContentSees: every field that people see changes the content hash.
func TestContentSees(t *testing.T) {
	full := func() *Observation {
		return &Observation{Kind: Code, Title: "t", CWEs: []int{79}, CVSS: []CVSS{{Score: 5}}, References: []string{"r"}, Advisories: []string{"a"}, FixVersions: []string{"f"},
			Location: Location{Path: "p", StartLine: 3}, Flow: []Step{{Message: "m"}}, Related: []Location{{Path: "q"}}, Claim: Claim{State: ClaimAccepted, Source: "vex"}, Component: &Component{Name: "n"}, Secret: &SecretValue{Masked: "*"}}
	}
	base := Identify(full(), "tool", "").Content
	for name, change := range map[string]func(*Observation){
		"cwe": func(o *Observation) { o.CWEs[0] = 80 }, "cvss": func(o *Observation) { o.CVSS[0].Score = 6 }, "reference": func(o *Observation) { o.References[0] = "s" },
		"lists": func(o *Observation) { o.Advisories, o.FixVersions = nil, []string{"a", "f"} }, "flow": func(o *Observation) { o.Flow[0].Message = "n" },
		"related": func(o *Observation) { o.Related[0].StartLine = 4 }, "source": func(o *Observation) { o.Claim.Source = "tool" }, "kev": func(o *Observation) { o.KEV = true },
		"line": func(o *Observation) { o.Location.StartLine = 4 }, "version": func(o *Observation) { o.Component.Version = "2" }, "verified": func(o *Observation) { yes := true; o.Secret.Verified = &yes },
	} {
		o := full()
		change(o)
		if Identify(o, "tool", "").Content == base {
			t.Errorf("a change of %s is not seen", name)
		}
	}
	o := full()
	epss := 0.3
	o.EPSS = &epss
	if Identify(o, "tool", "").Content != base {
		t.Error("EPSS changes every day and is no news")
	}
}
