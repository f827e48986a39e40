package estate

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// Alias is one more way in which reports and VEX documents name an asset.
type Alias struct {
	// Name carries its sort: "repository:git.test/acme/shop",
	// "image:reg.test/acme/shop", "purl:pkg:npm/shop", "digest:sha256:…" or
	// "name:shop".
	Name string
	// Version is the version or tag, Digest the image digest, that the asset
	// had when it was called so; empty when unsaid.
	Version, Digest string
}

// RepositoryName reduces a clone or web address to host and path, so that the
// ways to reach a repository (ssh, https, git, with or without .git,
// credentials or a trailing slash) are one name. Host names don't differ by
// case; the path is kept as written.
func RepositoryName(address string) string {
	address = strings.TrimSpace(address)
	for _, prefix := range []string{"scm:", "git+", "git:", "scm:git:"} { // Maven and npm write these before the address
		if rest, ok := strings.CutPrefix(address, prefix); ok && (strings.Contains(rest, "://") || strings.Contains(rest, "@")) && !strings.HasPrefix(rest, "//") {
			address = rest
		}
	}
	scheme, rest, hasScheme := strings.Cut(address, "://")
	if hasScheme {
		address = rest
	}
	if cut := strings.IndexAny(address, "?#"); cut >= 0 {
		address = address[:cut]
	}
	if at := strings.IndexByte(address, '@'); at >= 0 && !strings.Contains(address[:at], "/") {
		if address = address[at+1:]; !hasScheme { // git@host:path
			address = strings.Replace(address, ":", "/", 1)
		}
	}
	host, path, ok := strings.Cut(strings.TrimRight(address, "/"), "/")
	if !ok {
		return strings.TrimSuffix(address, ".git")
	}
	if strings.ContainsAny(host, ".:") || host == "localhost" {
		host = strings.ToLower(host)
	}
	if name, port, ok := strings.Cut(host, ":"); ok && (port == defaultPorts[scheme] || port == "") {
		host = name
	}
	return host + "/" + strings.TrimSuffix(strings.Trim(path, "/"), ".git")
}

// defaultPorts are the ports that say nothing beside their scheme.
var defaultPorts = map[string]string{"ssh": "22", "git+ssh": "22", "https": "443", "http": "80", "git": "9418"}

// ImageName splits an image reference into its name without the registry that
// everybody means (docker.io, and library/ on it), its tag and its digest.
func ImageName(reference string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(strings.TrimSpace(reference), "@")
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.Contains(name[i:], "/") {
		name, tag = name[:i], name[i+1:]
	}
	for _, host := range []string{"docker.io/", "index.docker.io/", "registry-1.docker.io/"} {
		name = strings.TrimPrefix(name, host)
	}
	return strings.TrimPrefix(name, "library/"), tag, digest
}

// AliasOf returns the alias under which an asset of a kind and name is known.
func AliasOf(kind AssetKind, name string) Alias {
	switch kind {
	case Repository:
		return Alias{Name: "repository:" + RepositoryName(name)}
	case Image:
		n, tag, digest := ImageName(name)
		return Alias{Name: "image:" + n, Version: tag, Digest: digest}
	}
	return Alias{Name: string(kind) + ":" + name}
}

// Product returns the alias by which a VEX document or an SBOM means an asset:
// a package URL (of an image it is the image), a digest, a repository's
// address or a plain name.
func Product(name string) Alias {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return Alias{}
	case strings.HasPrefix(name, "pkg:"):
		return productOfPURL(name)
	case strings.HasPrefix(name, "sha256:"), strings.HasPrefix(name, "sha512:"):
		return Alias{Name: "digest:" + name, Digest: name}
	case strings.Contains(name, "://"), strings.HasPrefix(name, "git@"):
		return Alias{Name: "repository:" + RepositoryName(name)}
	case strings.ContainsAny(name, "/@") && !strings.ContainsAny(name, " \t"):
		return AliasOf(Image, name)
	}
	return Alias{Name: "name:" + strings.ToLower(name)}
}

// productOfPURL reads a package URL. One of an image without the registry
// (pkg:oci/shop@sha256:…, as OpenVEX has it) is known by its digest alone:
// many registries hold a "shop".
func productOfPURL(purl string) Alias {
	p, err := packageurl.FromString(purl)
	if err != nil {
		return Alias{Name: "purl:" + purl}
	}
	digest := ""
	if strings.HasPrefix(p.Version, "sha256:") {
		digest = p.Version
	}
	q := p.Qualifiers.Map()
	switch p.Type {
	case "oci":
		tag := q["tag"]
		if where := q["repository_url"]; where != "" {
			a := AliasOf(Image, where)
			return Alias{Name: a.Name, Version: tag, Digest: digest}
		}
		if digest != "" {
			return Alias{Name: "digest:" + digest, Digest: digest}
		}
		return Alias{Name: "image:" + p.Name, Version: tag}
	case "docker":
		name := strings.Trim(p.Namespace+"/"+p.Name, "/")
		if where := q["repository_url"]; where != "" {
			name = strings.TrimSuffix(where, "/") + "/" + name
		}
		a := AliasOf(Image, name)
		if digest == "" {
			a.Version = p.Version
		}
		a.Digest = digest
		return a
	case "github", "gitlab", "bitbucket":
		host := map[string]string{"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}[p.Type]
		return Alias{Name: "repository:" + host + "/" + strings.Trim(p.Namespace+"/"+p.Name, "/"), Version: p.Version}
	}
	bare := packageurl.PackageURL{Type: p.Type, Namespace: p.Namespace, Name: p.Name}
	return Alias{Name: "purl:" + bare.ToString(), Version: p.Version}
}
