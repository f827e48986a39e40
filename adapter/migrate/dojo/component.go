package dojo

import (
	"path"
	"strings"

	"github.com/package-url/packageurl-go"
)

// ecosystem knows the words for package types that tools leave in tags and
// names, and the lock files that give them away, in purl's
// words.
func ecosystem(word string) string {
	switch strings.ToLower(word) {
	case "npm", "yarn", "pnpm", "node-pkg", "nodejs", "package-lock.json", "package.json", "yarn.lock", "pnpm-lock.yaml":
		return "npm"
	case "pip", "pipenv", "poetry", "uv", "python-pkg", "python", "pypi", "pip-audit", "requirements.txt", "pipfile.lock", "poetry.lock":
		return "pypi"
	case "jar", "pom", "gradle", "maven", "java-archive", "pom.xml", "build.gradle":
		return "maven"
	case "gomod", "gobinary", "go-module", "golang", "go", "govulncheck", "go.mod", "go.sum":
		return "golang"
	case "bundler", "gemspec", "gem", "bundler-audit", "gemfile.lock":
		return "gem"
	case "composer", "composer.lock":
		return "composer"
	case "cargo", "rustbinary", "rust-crate", "cargo.lock", "cargoaudit":
		return "cargo"
	case "nuget", "dotnet-core", "dotnet", "packages.lock.json":
		return "nuget"
	case "debian", "ubuntu", "deb":
		return "deb"
	case "alpine", "apk":
		return "apk"
	case "redhat", "centos", "rocky", "alma", "amazon", "oracle", "rpm", "fedora":
		return "rpm"
	}
	return ""
}

// component writes a finding's package. DefectDojo keeps only name and
// version; the type of the package, without which no later scan would know
// it again, is in what the tool left around it.
func component(f *found, tool string) map[string]string {
	out := map[string]string{"name": f.Component, "version": f.Version}
	typ := ""
	for _, w := range append(append([]string{}, f.Tags...), tool, strings.Split(tool, " ")[0], path.Base(f.FilePath)) {
		if typ = ecosystem(w); typ != "" {
			break
		}
	}
	if typ == "" {
		return out
	}
	out["ecosystem"] = typ
	group, name := "", f.Component
	switch typ {
	case "maven":
		if i := strings.LastIndexAny(name, ":/"); i > 0 {
			group, name = name[:i], name[i+1:]
		}
	case "npm", "golang", "composer":
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			group, name = name[:i], name[i+1:]
		}
	case "deb", "rpm", "apk": // the distribution that the namespace names is not known
		return out
	}
	out["purl"] = packageurl.NewPackageURL(typ, group, name, f.Version, nil, "").ToString()
	return out
}
