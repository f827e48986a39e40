package normalise

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
)

func TestPath(t *testing.T) {
	for _, c := range []struct{ in, root, want string }{
		{"", "", ""},
		{"src/a.go", "", "src/a.go"},
		{"./src/../src/a.go", "", "src/a.go"},
		{"/src//a.go", "", "src/a.go"},
		{`src\win\a.cs`, "", "src/win/a.cs"},
		{`C:\build\repo\src\a.cs`, `C:\build\repo`, "src/a.cs"},
		{`C:\build\repo\src\a.cs`, `c:/build/repo/`, "src/a.cs"},
		{"file:///C:/build/repo/src/a.cs", "file:///C:/build/repo/", "src/a.cs"},
		{"file:///home/me/my%20repo/a%23b.go", "file:///home/me/my%20repo/", "a#b.go"},
		{"file://localhost/srv/repo/a.go", "/srv/repo", "a.go"},
		{"/home/runner/work/shop/shop/src/a.go", "", "src/a.go"},
		{"/github/workspace/src/a.go", "", "src/a.go"},
		{"/__w/shop/shop/src/a.go", "", "src/a.go"},
		{"/builds/acme/shop/src/a.go", "", "src/a.go"},
		{"file:///builds/acme/shop/src/a.go", "", "src/a.go"},
		{"/var/jenkins_home/workspace/shop/src/a.go", "", "src/a.go"},
		{"/opt/atlassian/pipelines/agent/build/src/a.go", "", "src/a.go"},
		{"/repository/src/a.go", "/repo", "repository/src/a.go"}, // no folder of that name
		{"../../etc/passwd", "", "etc/passwd"},
		{"src/Größe/文件.go", "", "src/Größe/文件.go"},
	} {
		if got := Path(c.in, c.root); got != c.want {
			t.Errorf("Path(%q, %q) = %q, want %q", c.in, c.root, got, c.want)
		}
	}
}

func TestPathIsStable(t *testing.T) {
	parts := rapid.SampledFrom([]string{"file:", "file://", "C:", `C:\`, "/", `\`, "..", ".", "src", "a.go", "home/runner/work", "builds", "workspace/", "usr/src", "%20", "%2e%2e", " ", "ü"})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "parts"), rapid.SampledFrom([]string{"", "/", `\`}).Draw(t, "by"))
		once := Path(in, "")
		if twice := Path(once, ""); twice != once {
			t.Fatalf("Path(%q) = %q, and again %q", in, once, twice)
		}
		if strings.HasPrefix(once, "/") || strings.Contains(once, "/../") || strings.HasPrefix(once, "../") || strings.Contains(once, `\`) {
			t.Fatalf("Path(%q) = %q", in, once)
		}
	})
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		" https://Shop.Test:443/ ":          "https://shop.test/",
		"http://shop.test:80":               "http://shop.test/",
		"http://shop.test:8080/a":           "http://shop.test:8080/a",
		"https://u:p@shop.test/a#x":         "https://shop.test/a",
		"https://shop.test/cart/17/item/99": "https://shop.test/cart/{id}/item/{id}",
		"https://shop.test/v1/users":        "https://shop.test/v1/users",
		"https://shop.test/u/0b5a9c1e-6c2f-4b6c-9f3e-1a2b3c4d5e6f": "https://shop.test/u/{id}",
		"https://shop.test/?b=2&a=1&b=3":                           "https://shop.test/?a&b",
		"https://shop.test/x?token=s3cr3t":                         "https://shop.test/x?token",
		"//shop.test/a":                                            "http://shop.test/a",
		"http://[2001:db8::1]:8080/a":                              "http://[2001:db8::1]:8080/a",
		"not a url":                                                "not a url",
		"https://shop.test/a%20b/%7Bid%7D":                         "https://shop.test/a%20b/{id}",
	} {
		if got := Endpoint(in); got != want {
			t.Errorf("Endpoint(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{"https://shop.test/cart/17?q=1&a=2#f", "http://[::1]:80/{id}", "//x/1", "http://h/%zz", "a:b", "http://H/a b?c d=e", "https://u@h:443?x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Endpoint(s)
		if twice := Endpoint(once); twice != once {
			t.Errorf("Endpoint(%q) = %q, and again %q", s, once, twice)
		}
	})
}

func TestComponentIsStable(t *testing.T) {
	for _, c := range []finding.Component{
		{PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"}, {Ecosystem: "maven", Name: "org.apache:x", Version: "1"}, {Ecosystem: "npm", Name: "@angular/core", Version: "1"},
		{Ecosystem: "gomod", Name: "github.com/pkg/errors", Version: "0.9.1"}, {Ecosystem: "Python", Name: "Flask_Login", Version: "1"}, {Ecosystem: "alpine", Group: "alpine", Name: "musl", Version: "1-r0"},
		{PURL: "pkg:broken"}, {Name: "alone"},
	} {
		once := c
		Component(&once)
		twice := once
		Component(&twice)
		if once.PURL != twice.PURL || once.Name != twice.Name || once.Group != twice.Group || once.Version != twice.Version || once.Ecosystem != twice.Ecosystem {
			t.Errorf("%+v becomes %+v, then %+v", c, once, twice)
		}
	}
}
