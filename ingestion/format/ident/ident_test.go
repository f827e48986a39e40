package ident

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
)

func TestCWEs(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want []int
	}{
		{[]string{"CWE-89: Improper Neutralization ('SQL Injection')"}, []int{89}},
		{[]string{"CWE-400", "CWE-400", "cwe_20"}, []int{400, 20}},
		{[]string{"352", " CWE 79, CWE-80 "}, []int{352, 79, 80}},
		{[]string{"NVD-CWE-noinfo", "NVD-CWE-Other", "CWE-00 Bad", "CWE-99999999999999999999", ""}, nil},
	} {
		if diff := cmp.Diff(c.want, CWEs(c.in...)); diff != "" {
			t.Errorf("CWEs(%q): %s", c.in, diff)
		}
	}
}

func TestCVSS(t *testing.T) {
	for vector, want := range map[string]string{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N": "3.1",
		"(AV:N/AC:M/Au:N/C:P/I:N/A:N)":                 "2.0",
		"CVSS:4.0/AV:N":                                "4.0",
		"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N":          "",
	} {
		if got := CVSS(vector, 5, "nvd"); got.Version != want || got.Vector[0] == '(' {
			t.Errorf("CVSS(%q) = %+v", vector, got)
		}
	}
	one := finding.CVSS{Score: 5}
	if got := AddCVSS(AddCVSS(AddCVSS(nil, one), one), finding.CVSS{Source: "nvd"}); len(got) != 1 {
		t.Errorf("AddCVSS keeps doubles or empty ratings: %v", got)
	}
}

func TestPURL(t *testing.T) {
	for _, c := range []struct{ word, name, version, want string }{
		{"yarn", "@babel/core", "7.1.0", "pkg:npm/%40babel/core@7.1.0"},
		{"gradle", "org.example:lib", "1.0", "pkg:maven/org.example/lib@1.0"},
		{"maven", "lib", "1.0", ""},
		{"gobinary", "golang.org/x/net", "v0.9.0", "pkg:golang/golang.org/x/net@v0.9.0"},
		{"pip", "Jinja_Two", "2", "pkg:pypi/jinja-two@2"},
		{"debian:11", "apt", "1.8.2+x", "pkg:deb/debian/apt@1.8.2%2Bx"},
		{"deb", "apt", "1", ""},
		{"alpine", "musl", "", "pkg:apk/alpine/musl"},
		{"unheard-of", "x", "1", ""},
	} {
		typ, ns := Ecosystem(c.word)
		if got := PURL(typ, ns, c.name, c.version); got != c.want {
			t.Errorf("PURL(%s, %s, %s) = %q, want %q", c.word, c.name, c.version, got, c.want)
		}
	}
	if got := TypeOfPURL("pkg:NPM/x@1"); got != "npm" {
		t.Errorf("TypeOfPURL = %q", got)
	}
}

func TestAdvisories(t *testing.T) {
	if !NamesOneFlaw("CVE-2020-1") || !NamesOneFlaw("ghsa-x") || NamesOneFlaw("DSA-4808-1") || NamesOneFlaw("RHSA-2020:1") {
		t.Error("bulletins and flaws are mixed up")
	}
	if got := AdvisoryInURL("https://github.com/advisories/GHSA-gxpj-cx7g-858c?x#y"); got != "GHSA-gxpj-cx7g-858c" {
		t.Errorf("AdvisoryInURL = %q", got)
	}
	if got := AdvisoryInURL("https://npmjs.com/advisories/534"); got != "" {
		t.Errorf("AdvisoryInURL = %q", got)
	}
	if diff := cmp.Diff([]string{"a", "b"}, Add([]string{"a"}, "", " b", "a")); diff != "" {
		t.Error(diff)
	}
}

func TestEcosystemOfFile(t *testing.T) {
	for path, want := range map[string]string{
		"web/package-lock.json": "npm", `C:\src\requirements-dev.txt`: "pypi", "go.mod": "golang", "pom.xml": "maven", "README.txt": "", "": "",
	} {
		if got := EcosystemOfFile(path); got != want {
			t.Errorf("EcosystemOfFile(%q) = %q, want %q", path, got, want)
		}
	}
}
