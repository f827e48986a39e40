package version

import (
	"testing"
)

// The orders below are those that the ecosystems' own tools give: npm semver,
// mvn's ComparableVersion, dpkg --compare-versions, rpmdev-vercmp, apk
// version -t, packaging.version.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		ecosystem, a, b string
		want            int
	}{
		{"npm", "1.2.10", "1.2.9", 1},
		{"npm", "1.0.0-rc.1", "1.0.0", -1},
		{"npm", "1.0", "1.0.0", 0},
		{"maven", "2.17.1", "2.9.0", 1},
		{"maven", "2.0-beta9", "2.0", -1},
		{"maven", "1.0.RELEASE", "1.0", 0},
		{"maven", "1.0-SNAPSHOT", "1.0", -1},
		{"golang", "v1.2.3", "1.2.4", -1},
		{"golang", "v0.0.0-20210101000000-abcdef123456", "v0.0.0-20220101000000-abcdef123456", -1},
		{"deb", "1:1.0-1", "2.0-1", 1},
		{"deb", "1.0~rc1-1", "1.0-1", -1},
		{"rpm", "1.0-2.el9", "1.0-10.el9", -1},
		{"apk", "1.2.3-r4", "1.2.3-r10", -1},
		{"pypi", "1.0rc1", "1.0", -1},
		{"pypi", "1.0.post1", "1.0", 1},
		{"pypi", "1!1.0", "2.0", 1},
		{"nuget", "1.0.0.1", "1.0.0", 1},
		{"gem", "1.0.0.pre1", "1.0.0", -1},
		{"cargo", "0.10.0", "0.9.9", 1},
		{"nothing-known", "1.10", "1.9", 1},
	} {
		if got, ok := Compare(c.ecosystem, c.a, c.b); !ok || got != c.want {
			t.Errorf("%s: %s to %s is %d (comparable %v), want %d", c.ecosystem, c.a, c.b, got, ok, c.want)
		}
		if got, ok := Compare(c.ecosystem, c.b, c.a); !ok || got != -c.want {
			t.Errorf("%s: %s to %s is %d (comparable %v), want %d", c.ecosystem, c.b, c.a, got, ok, -c.want)
		}
	}
	for _, v := range []string{"", "latest", "unknown", "${project.version}"} {
		if _, ok := Compare("maven", v, "1.0"); ok {
			t.Errorf("%q counts as a version", v)
		}
	}
}

func TestConstraint(t *testing.T) {
	for _, c := range []struct {
		constraint, ecosystem, version string
		holds, known                   bool
	}{
		{"< 2.17.1", "maven", "2.14.1", true, true},
		{"<2.17.1", "maven", "2.17.1", false, true},
		{"<=2.17.1", "maven", "2.17.1", true, true},
		{">= 2.0, < 2.17.1", "maven", "2.9", true, true},
		{">=2.0 <2.17.1", "maven", "1.2.17", false, true},
		{">2.0<2.17.1", "maven", "2.1", true, true},
		{"= 1.0", "npm", "1.0.0", true, true},
		{"1.0.0", "npm", "1.0.0", true, true},
		{"== 1.0.0", "npm", "1.0.1", false, true},
		{"!= 1.0.0", "npm", "1.0.1", true, true},
		{"[2.0,2.17.1)", "maven", "2.0", true, true},
		{"(2.0, 2.17.1]", "maven", "2.0", false, true},
		{"(,2.17.1]", "maven", "2.17.1", true, true},
		{"[1.2]", "maven", "1.2.0", true, true},
		{"< 1 || >= 3", "npm", "3.1.0", true, true},
		{"< 1 || >= 3", "npm", "2.0.0", false, true},
		{"< 2.17.1", "maven", "", false, false},
		{"< 2.17.1", "maven", "latest", false, false},
		{"= latest", "oci", "latest", true, true},
		{"", "maven", "", true, true},
	} {
		parsed, err := ParseConstraint(c.constraint)
		if err != nil {
			t.Errorf("%q: %v", c.constraint, err)
			continue
		}
		if holds, known := parsed.Holds(c.ecosystem, c.version); holds != c.holds || known != c.known {
			t.Errorf("%s version %q against %q: holds %v, known %v, want %v, %v", c.ecosystem, c.version, c.constraint, holds, known, c.holds, c.known)
		}
		again, err := ParseConstraint(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Errorf("%q is written as %q, which reads as %q (%v)", c.constraint, parsed, again, err)
		}
	}
	for _, bad := range []string{"<", "< 1 ||", "1 2", "[1.0", "[,]", "(1.0)", "<>", ">= , 2", "= = 1"} {
		if c, err := ParseConstraint(bad); err == nil {
			t.Errorf("%q reads as %q, want an error", bad, c)
		}
	}
}

// FuzzHolds: no text breaks the parser or the rules of an ecosystem, and what
// the parser takes it writes in a form that it takes again.
func FuzzHolds(f *testing.F) {
	for _, s := range []string{"< 2.17.1", "[1,2)", ">=1 <2 || 3", "!=1.0~rc1"} {
		f.Add(s, "maven", "1.0-rc1")
	}
	f.Add("< 1", "pypi", "1.0.dev")
	f.Add("< 1", "deb", "1:2~3-4+b")
	f.Add("< 1_p2", "apk", "1.2-r1")
	f.Fuzz(func(t *testing.T, constraint, ecosystem, v string) {
		c, err := ParseConstraint(constraint)
		if err != nil {
			return
		}
		c.Holds(ecosystem, v)
		if again, err := ParseConstraint(c.String()); err != nil || again.String() != c.String() {
			t.Errorf("%q is written as %q, which reads as %q (%v)", constraint, c, again, err)
		}
	})
}
