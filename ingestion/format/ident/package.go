package ident

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// Ecosystem translates the words that tools use for a package manager, a
// language's packages or an operating system to a package URL type and, for
// distributions, its namespace ("ubuntu" gives "deb" and "ubuntu"). Unknown
// words give two empty strings.
func Ecosystem(word string) (purlType, namespace string) {
	word = strings.ToLower(strings.TrimSpace(word))
	word, _, _ = strings.Cut(word, ":") // "debian:11"
	switch word {
	case "npm", "yarn", "pnpm", "bun", "node-pkg", "nodejs", "javascript", "node":
		return packageurl.TypeNPM, ""
	case "pip", "pypi", "pipenv", "poetry", "uv", "pylock", "python", "python-pkg", "pdm":
		return packageurl.TypePyPi, ""
	case "maven", "gradle", "jar", "pom", "java-archive", "java", "sbt", "mvn":
		return packageurl.TypeMaven, ""
	case "gomodules", "go-module", "gobinary", "gomod", "golang", "golangdep", "govendor", "go":
		return packageurl.TypeGolang, ""
	case "rubygems", "bundler", "gemspec", "gem", "ruby":
		return packageurl.TypeGem, ""
	case "nuget", "dotnet-core", "dotnet", "packages-props", "packages-config", "paket", "csharp":
		return packageurl.TypeNuget, ""
	case "composer", "composer-vendor", "php-composer", "packagist", "php":
		return packageurl.TypeComposer, ""
	case "cargo", "rust", "rust-crate", "rustbinary", "rust-binary", "crates.io":
		return packageurl.TypeCargo, ""
	case "cocoapods", "pod":
		return packageurl.TypeCocoapods, ""
	case "swift", "swiftpm":
		return packageurl.TypeSwift, ""
	case "hex", "mix", "mixlock", "erlang":
		return packageurl.TypeHex, ""
	case "pub", "dart", "dart-pub":
		return packageurl.TypePub, ""
	case "conan":
		return packageurl.TypeConan, ""
	case "conda", "conda-pkg":
		return packageurl.TypeConda, ""
	case "debian", "ubuntu", "distroless":
		return packageurl.TypeDebian, word
	case "deb", "dpkg", "apt":
		return packageurl.TypeDebian, ""
	case "alpine", "wolfi", "chainguard":
		return packageurl.TypeApk, word
	case "apk":
		return packageurl.TypeApk, ""
	case "redhat", "centos", "fedora", "amazon", "oracle", "rocky", "alma", "photon", "opensuse", "suse", "sles", "rhel":
		return packageurl.TypeRPM, word
	case "rpm":
		return packageurl.TypeRPM, ""
	}
	return "", ""
}

// PURL makes a package URL of a type, a namespace (may be empty) and a name
// as the ecosystem writes it: "@scope/name" for npm, "group:artifact" for
// Maven, an import path for Go. It returns "" when type or name is unknown,
// and for distribution packages without their distribution: they would be
// ambiguous.
func PURL(purlType, namespace, name, version string) string {
	if purlType == "" || name == "" {
		return ""
	}
	switch purlType {
	case packageurl.TypeDebian, packageurl.TypeApk, packageurl.TypeRPM:
		if namespace == "" {
			return ""
		}
	case packageurl.TypeMaven:
		if namespace == "" {
			group, artifact, ok := strings.Cut(name, ":")
			if !ok {
				return ""
			}
			namespace, name = group, artifact
		}
	case packageurl.TypeNPM, packageurl.TypeGolang, packageurl.TypeComposer, packageurl.TypeSwift:
		if at := strings.LastIndexByte(name, '/'); at > 0 && namespace == "" {
			namespace, name = name[:at], name[at+1:]
		}
	case packageurl.TypePyPi:
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	}
	return packageurl.NewPackageURL(purlType, namespace, name, version, nil, "").ToString()
}

// TypeOfPURL returns the type of a package URL ("npm"), or "".
func TypeOfPURL(purl string) string {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return ""
	}
	t, _, ok := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !ok {
		return ""
	}
	return strings.ToLower(t)
}

// EcosystemOfFile tells a package URL type by the name of a manifest or lock
// file, and "" by any other.
func EcosystemOfFile(path string) string {
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	switch name {
	case "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock":
		return packageurl.TypeNPM
	case "pipfile", "pipfile.lock", "poetry.lock", "uv.lock", "pyproject.toml", "setup.py", "pdm.lock":
		return packageurl.TypePyPi
	case "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "maven_dep_tree.txt":
		return packageurl.TypeMaven
	case "go.mod", "go.sum":
		return packageurl.TypeGolang
	case "gemfile", "gemfile.lock":
		return packageurl.TypeGem
	case "cargo.toml", "cargo.lock":
		return packageurl.TypeCargo
	case "composer.json", "composer.lock":
		return packageurl.TypeComposer
	case "packages.lock.json", "packages.config", "project.assets.json", "directory.packages.props":
		return packageurl.TypeNuget
	case "podfile.lock":
		return packageurl.TypeCocoapods
	case "package.resolved", "package.swift":
		return packageurl.TypeSwift
	case "pubspec.lock":
		return packageurl.TypePub
	case "mix.lock":
		return packageurl.TypeHex
	}
	if strings.HasPrefix(name, "requirements") && strings.HasSuffix(name, ".txt") {
		return packageurl.TypePyPi
	}
	return ""
}
