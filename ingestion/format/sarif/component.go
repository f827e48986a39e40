package sarif

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// SARIF has no place for the package that a vulnerability is in. Scanners put
// it into property bags, into lines of the message or of the rule's help, or
// into a sentence. This file knows the ways of those in wide use; a result of
// another tool keeps its words and has no component.

// component finds the package and its fixed versions.
func (r *run) component(o *finding.Observation, res *result, rule *rule) {
	var f facts
	f.fromProperties(&res.props)
	f.fromProperties(&rule.props)
	f.fromLogical(res)
	f.fromLines(o.Message)
	f.fromSentence(o.Message)
	f.fromLines(rule.check.Help)
	f.fromDescription(rule.check.Description)
	for _, t := range rule.tags { // Snyk names the package manager among the tags
		if f.purl == "" && f.kind == "" && ecosystemOf(t) != "" {
			f.kind = t
		}
	}
	if f.purl != "" || f.name != "" {
		o.Component = &finding.Component{PURL: f.purl, Ecosystem: f.ecosystem(), Name: f.name, Version: f.version}
		if f.licence != "" {
			o.Component.Licences = []string{f.licence}
		}
	}
	for _, v := range strings.FieldsFunc(f.fixed, func(c rune) bool { return c == ',' || c == ' ' || c == ';' }) {
		if strings.ContainsAny(v, "0123456789") {
			o.FixVersions = append(o.FixVersions, v)
		}
	}
	r.image(o, res)
}

// facts are what was found of a package; the first source of each wins.
type facts struct{ purl, name, version, fixed, kind, licence string }

func (f *facts) fromProperties(p *properties) {
	f.purl = first(f.purl, p.text("purl", "purls", "packageurl"))
	if f.name == "" {
		f.name = p.text("package", "packagename", "package_name", "pkgname", "componentname", "component")
		f.version = p.text("installedversion", "installed_version", "packageversion", "package_version", "componentversion", "version")
	}
	f.fixed = first(f.fixed, strings.Join(p.list("fixedversions"), " "), strings.Join(p.list("fixversions"), " "),
		p.text("fixedversion", "fixed_version", "fix_version", "fixversion"))
	f.kind = first(f.kind, p.text("ecosystem", "packagetype", "componentorigin"))
	f.licence = first(f.licence, p.text("license"))
}

// fromLogical reads packages that stand as logical locations, as a package
// URL (Dependency-Check) or as name@version (Snyk).
func (f *facts) fromLogical(res *result) {
	for i := range res.locations {
		for _, l := range res.locations[i].logical {
			name := first(l.full, l.name)
			if strings.HasPrefix(name, "pkg:") {
				f.purl = first(f.purl, name)
				continue
			}
			if n, v, ok := nameAtVersion(name); ok && f.name == "" && !strings.ContainsAny(name, " /:") {
				f.name, f.version = n, v
			}
		}
	}
}

// nameAtVersion splits "lodash@4.17.15" and "@scope/name@1.0".
func nameAtVersion(s string) (name, version string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || i == len(s)-1 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// fromLines reads "Package: x" lines, as Trivy writes into messages and Grype
// into the help of rules.
func (f *facts) fromLines(text string) {
	if !strings.Contains(text, "Package: ") && !strings.Contains(text, "PkgName: ") {
		return
	}
	name, version, fixed, kind, licence := "", "", "", "", ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		into := (*string)(nil)
		switch strings.TrimSpace(key) {
		case "Package", "PkgName":
			into = &name
		case "Installed Version", "Version":
			into = &version
		case "Fixed Version", "Fix Version":
			into = &fixed
		case "Type":
			into = &kind
		case "License":
			into = &licence
		}
		if into != nil && *into == "" {
			*into = strings.TrimSpace(value)
		}
	}
	if f.name == "" || f.name == name && f.version == "" {
		f.name, f.version = name, version
	}
	if f.name == name {
		f.fixed, f.kind, f.licence = first(f.fixed, fixed), first(f.kind, kind), first(f.licence, licence)
	}
}

// fromSentence reads the sentences in which OSV-Scanner, Grype (two wordings)
// and Clair name the package.
func (f *facts) fromSentence(text string) {
	if f.name != "" {
		return
	}
	if rest, ok := strings.CutPrefix(text, "Package '"); ok { // Package 'x@1' is vulnerable to …
		if quoted, _, ok := strings.Cut(rest, "'"); ok {
			if n, v, ok := nameAtVersion(quoted); ok {
				f.name, f.version = n, v
			}
		}
		return
	}
	if _, rest, ok := strings.Cut(text, " vulnerability in "); ok { // A high vulnerability in npm package: x, version 1 was found …
		if kind, rest, ok := strings.Cut(rest, " package: "); ok {
			if name, rest, ok := strings.Cut(rest, ", version "); ok {
				version, _, _ := strings.Cut(rest, " was found")
				f.kind, f.name, f.version = first(f.kind, kind), name, version
			}
		}
		return
	}
	if _, rest, ok := strings.Cut(text, " reports "); ok && strings.HasPrefix(text, "The path ") { // The path p reports x at version 1  which …
		if name, rest, ok := strings.Cut(rest, " at version "); ok {
			version, rest, _ := strings.Cut(rest, " ")
			f.name, f.version = name, version
			if _, rest, ok := strings.Cut(rest, "("); ok {
				kind, _, _ := strings.Cut(rest, ")")
				f.kind = first(f.kind, kind)
			}
		}
		return
	}
	if rest, ok := strings.CutPrefix(text, "["); ok { // [x - 1 - High] …
		if in, _, ok := strings.Cut(rest, "]"); ok {
			if p := strings.Split(in, " - "); len(p) == 3 {
				f.name, f.version = p[0], p[1]
			}
		}
	}
}

// fromDescription reads Snyk's "(CVE-2020-1) lodash@4.17.15".
func (f *facts) fromDescription(text string) {
	if f.name != "" || strings.ContainsRune(text, '\n') {
		return
	}
	if _, rest, ok := strings.Cut(text, ") "); ok && strings.HasPrefix(text, "(") {
		text = rest
	}
	if n, v, ok := nameAtVersion(strings.TrimSpace(text)); ok && !strings.ContainsAny(n, " ,") && !strings.ContainsAny(v, " ,") {
		f.name, f.version = n, v
	}
}

// ecosystem is the package type in purl's words where the tool's word is
// known.
func (f *facts) ecosystem() string {
	if rest, ok := strings.CutPrefix(f.purl, "pkg:"); ok {
		kind, _, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		return strings.ToLower(kind)
	}
	return ecosystemOf(f.kind)
}

// ecosystemOf translates the words of scanners into purl's.
func ecosystemOf(word string) string {
	switch k := strings.ToLower(word); k {
	case "deb", "rpm", "apk", "npm", "gem", "pypi", "maven", "golang", "cargo", "composer", "nuget", "conan", "conda",
		"hex", "pub", "swift", "cocoapods", "cran", "hackage", "alpm", "bitnami", "github":
		return k
	case "yarn":
		return "npm"
	case "python", "pip":
		return "pypi"
	case "java-archive", "jenkins-plugin", "java":
		return "maven"
	case "go-module", "go":
		return "golang"
	case "rust-crate", "rust", "crates.io":
		return "cargo"
	case "php-composer", "packagist":
		return "composer"
	case "dotnet":
		return "nuget"
	case "rubygems", "ruby":
		return "gem"
	case "pod":
		return "cocoapods"
	case "dart-pub":
		return "pub"
	}
	return ""
}

// image sets the container image. Trivy names it once for the run; Grype puts
// "image@layer:path" into a logical location and "image/" before the path.
func (r *run) image(o *finding.Observation, res *result) {
	o.Location.Image = r.props.imageName
	if r.family.name != "grype" || len(res.locations) == 0 {
		return
	}
	if p, ok := strings.CutPrefix(o.Location.Path, "image/"); ok {
		o.Location.Path = p
	}
	for _, l := range res.locations[0].logical {
		if i := strings.LastIndex(l.full, "@sha256:"); i > 0 {
			o.Location.Image = l.full[:i]
			o.Location.Layer, _, _ = strings.Cut(l.full[i+1:], ":/")
			return
		}
	}
}
