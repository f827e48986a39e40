package estate

import "strings"

// RepositoryName reduces a clone or web URL to host and path, which is how a
// repository is named as an asset: "git@host:a/b.git" and "https://host/a/b"
// are one.
func RepositoryName(u string) string {
	_, rest, scheme := strings.Cut(u, "://")
	if scheme {
		u = rest
	}
	if at := strings.IndexByte(u, '@'); at >= 0 && !strings.Contains(u[:at], "/") {
		if u = u[at+1:]; !scheme { // git@host:path
			u = strings.Replace(u, ":", "/", 1)
		}
	}
	return strings.TrimSuffix(strings.TrimSuffix(u, "/"), ".git")
}
