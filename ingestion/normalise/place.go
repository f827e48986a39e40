package normalise

import (
	"net/url"
	"path"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/stance-aspm/stance/domain/finding"
)

// checkouts are directories into which pipelines clone; the part of a path
// up to and including the repository's own folder is dropped. The number
// says how many folders below the prefix belong to the checkout.
var checkouts = []struct {
	prefix string
	below  int
}{
	{"/home/runner/work/", 2}, // GitHub Actions: work/REPO/REPO
	{"/github/workspace/", 0}, // GitHub container actions
	{"/__w/", 2},              // GitHub container jobs
	{"/builds/", 2},           // GitLab runners: GROUP/PROJECT
	{"/home/circleci/", 1},    // CircleCI
	{"/opt/atlassian/pipelines/agent/build/", 0},
	{"/var/jenkins_home/workspace/", 1},
	{"/bitrise/src/", 0},
	{"/usr/src/", 0},
	{"/workspace/", 0},
}

// Path returns a file path in one form: slashes, no drive, no scheme, no
// leading "./" or "/", relative to root where it lies below it, without the
// folders of well-known pipeline checkouts. An empty path stays empty.
func Path(p, root string) string {
	root = strings.TrimSuffix(slashes(root), "/")
	for range maxPrefixes {
		q := pathOnce(p, root)
		if q == p {
			break
		}
		p = q
	}
	return p
}

// maxPrefixes bounds how many prefixes a path may hide behind.
const maxPrefixes = 8

func pathOnce(p, root string) string {
	if p == "" {
		return ""
	}
	p = slashes(p)
	if root != "" {
		if rest, ok := strings.CutPrefix(p, root+"/"); ok {
			p = rest
		}
	}
	if strings.HasPrefix(p, "/") {
		p = dropCheckout(p)
	}
	return strings.TrimPrefix(path.Clean("/"+p), "/")
}

// slashes undoes a file URL and a drive.
func slashes(p string) string {
	if rest, ok := strings.CutPrefix(p, "file:"); ok {
		rest = "/" + strings.TrimLeft(strings.TrimPrefix(rest, "//localhost/"), "/")
		if u, err := url.PathUnescape(rest); err == nil {
			rest = u
		}
		p = rest
	}
	p = strings.ReplaceAll(p, `\`, "/")
	if len(p) >= 2 && p[1] == ':' && (p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z') {
		p = p[2:]
	} else if len(p) >= 3 && p[0] == '/' && p[2] == ':' {
		p = p[3:]
	}
	return p
}

func dropCheckout(p string) string {
	for _, c := range checkouts {
		rest, ok := strings.CutPrefix(p, c.prefix)
		if !ok {
			continue
		}
		for range c.below {
			_, after, found := strings.Cut(rest, "/")
			if !found {
				return rest
			}
			rest = after
		}
		return rest
	}
	return p
}

// Endpoint turns an address into a template: lower-case scheme and host, no
// default port, no credentials, no fragment, path segments that look like
// identifiers as "{id}", query parameters by name only, sorted. What is no
// URL comes back trimmed.
func Endpoint(raw string) string {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	if !strings.Contains(raw, "://") && strings.HasPrefix(raw, "//") {
		raw = "http:" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	var b strings.Builder
	scheme := strings.ToLower(u.Scheme)
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") { // an IPv6 address
		host = "[" + host + "]"
	}
	b.WriteString(scheme + "://" + host)
	if p := u.Port(); p != "" && !(scheme == "http" && p == "80") && !(scheme == "https" && p == "443") {
		b.WriteString(":" + p)
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		switch {
		case err != nil: // cannot be: the parser escaped it
		case identifier(plain) || plain == "{id}":
			segments[i] = "{id}"
		default: // "!" and "%21" are one character
			segments[i] = url.PathEscape(plain)
		}
	}
	p := strings.Join(segments, "/")
	if p == "" {
		p = "/"
	}
	b.WriteString(p)
	if names := queryNames(u.RawQuery); len(names) > 0 {
		b.WriteString("?" + strings.Join(names, "&"))
	}
	return b.String()
}

func queryNames(q string) []string {
	var names []string
	for _, kv := range strings.Split(q, "&") {
		name, _, _ := strings.Cut(kv, "=")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// identifier reports whether a path segment names one thing of many: a
// number, a UUID, a long hexadecimal or mixed token.
func identifier(s string) bool {
	digits, hex, letters, dashes := 0, 0, 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
			hex++
		case r|0x20 >= 'a' && r|0x20 <= 'f':
			hex++
			letters++
		case r|0x20 >= 'g' && r|0x20 <= 'z':
			letters++
		case r == '-' || r == '_':
			dashes++
		default:
			return false
		}
	}
	n := len(s)
	switch {
	case n == 0:
		return false
	case digits == n:
		return true
	case n == 36 && dashes == 4 && hex == 32:
		return true
	case n >= 16 && hex == n && digits > 0:
		return true
	}
	return n >= 20 && digits >= 3 && letters >= 3 && dashes == 0
}

// Component completes a component from its package URL and the other way
// round, and brings names into their ecosystem's form.
func Component(c *finding.Component) {
	c.PURL = strings.TrimSpace(c.PURL)
	if c.PURL != "" {
		if p, err := packageurl.FromString(c.PURL); err == nil {
			if p.Name != "" {
				c.Ecosystem, c.Group, c.Name = p.Type, p.Namespace, p.Name
			}
			if p.Version != "" {
				c.Version = p.Version
			}
		}
	}
	c.Ecosystem = ecosystem(c.Ecosystem)
	c.Name, c.Version = strings.TrimSpace(c.Name), strings.TrimSpace(c.Version)
	split(c)
	switch c.Ecosystem {
	case "pypi":
		c.Name = strings.ToLower(strings.ReplaceAll(c.Name, "_", "-"))
	case "golang":
		c.Version = "v" + strings.TrimPrefix(c.Version, "v")
		if c.Version == "v" {
			c.Version = ""
		}
	case "deb", "rpm", "apk":
		// The namespace is the distribution; tools spell it in many ways and
		// an asset has only one.
		c.Group = ""
	}
	if c.PURL == "" && c.Ecosystem != "" && c.Name != "" {
		c.PURL = packageurl.NewPackageURL(c.Ecosystem, c.Group, c.Name, c.Version, nil, "").ToString()
	}
}

// split takes the group out of names that carry it: "org.apache:log4j",
// "@angular/core", "github.com/pkg/errors".
func split(c *finding.Component) {
	if c.Group != "" {
		return
	}
	sep := ""
	switch c.Ecosystem {
	case "maven":
		sep = ":"
		if !strings.Contains(c.Name, sep) {
			sep = "/"
		}
	case "npm", "golang", "composer":
		sep = "/"
	default:
		return
	}
	if i := strings.LastIndex(c.Name, sep); i > 0 && i < len(c.Name)-1 {
		c.Group, c.Name = c.Name[:i], c.Name[i+1:]
	}
}

// ecosystem translates the words that tools use to purl types.
func ecosystem(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if t, ok := ecosystems[s]; ok {
		return t
	}
	return s
}

var ecosystems = map[string]string{
	"node": "npm", "nodejs": "npm", "node-pkg": "npm", "yarn": "npm", "pnpm": "npm", "javascript": "npm", "npm-lock": "npm",
	"pip": "pypi", "python": "pypi", "python-pkg": "pypi", "poetry": "pypi", "pipenv": "pypi", "wheel": "pypi", "egg": "pypi",
	"java": "maven", "java-archive": "maven", "jar": "maven", "gradle": "maven", "pom": "maven",
	"go": "golang", "gomod": "golang", "gomodules": "golang", "go-module": "golang", "gobinary": "golang",
	"rubygems": "gem", "ruby": "gem", "bundler": "gem", "gemspec": "gem",
	"rust": "cargo", "rust-crate": "cargo", "crates.io": "cargo",
	"php": "composer", "packagist": "composer", "dotnet": "nuget", "dotnet-core": "nuget",
	"debian": "deb", "ubuntu": "deb", "dpkg": "deb", "alpine": "apk", "redhat": "rpm", "centos": "rpm", "rhel": "rpm", "fedora": "rpm",
	"rocky": "rpm", "alma": "rpm", "amazon": "rpm", "oracle": "rpm", "suse": "rpm", "opensuse": "rpm", "photon": "rpm", "linux": "",
	"cocoapods": "cocoapods", "swift": "swift", "pub": "pub", "hex": "hex", "conan": "conan",
}
