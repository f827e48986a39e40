package sarif

import (
	"net/url"
	"path"
	"strings"
)

// base is an entry of originalUriBaseIds: a directory that URIs are relative
// to, itself possibly relative to another.
type base struct{ artifactLocation }

// resolvedBase is a base ready for use: what to put before a URI so that its
// path is relative to the repository root, or absolute when the base is no
// part of the repository.
type resolvedBase struct {
	prefix string
	root   string // the absolute directory the prefix is relative to, if known
}

// workingDirectory is the id under which the invocation's working directory
// stands among the bases. No URI refers to it.
const workingDirectory = "\x00working directory"

func readBase(c *cursor) base {
	if c.kind() == '"' { // SARIF 2.0 drafts
		return base{artifactLocation{uri: c.text(), index: -1}}
	}
	return base{readArtifactLocation(c)}
}

func readArtifactLocation(c *cursor) artifactLocation {
	a := artifactLocation{index: -1}
	if c.kind() == '"' {
		a.uri = c.word()
		return a
	}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "uri":
			a.uri = c.word()
		case "uriBaseId":
			a.base = c.word()
		case "index", "fileIndex":
			a.index = c.integer(-1)
		}
	}
	return a
}

// rootNames are words in the ids of bases that mean the repository, compared
// without regard to case and punctuation.
var rootNames = [...]string{"srcroot", "reporoot", "rootpath", "projectroot", "sourceroot", "repositoryroot", "root",
	"projectdir", "project", "workspace", "checkoutdir", "solutiondir", "solutionroot", "enlistmentroot", "repo", "src", "source",
	"workingdir", "cwd", "pwd", "targetroot", "scanroot"}

// rootLike reports whether the id of a base names the repository's root.
func (r *run) rootLike(id string) bool {
	if id == r.mapped && id != "" {
		return true
	}
	id = strings.Trim(strings.ToLower(id), "%${}() ")
	id = strings.NewReplacer("_", "", "-", "", " ", "").Replace(id)
	for _, n := range rootNames {
		if id == n {
			return true
		}
	}
	return false
}

// base resolves a base by its id, following the chain of bases. It stops at
// an absolute URI, at a base that says nothing, and at a loop.
func (r *run) base(id string) resolvedBase {
	if id == "" {
		return resolvedBase{}
	}
	if b, ok := r.resolved[id]; ok {
		return b
	}
	var out resolvedBase
	seen := map[string]bool{}
	for at := id; at != "" && !seen[at]; {
		seen[at] = true
		b, ok := r.bases[at]
		if !ok {
			break
		}
		uri := strings.TrimSpace(b.uri)
		if dir, absolute := pathOf(uri); absolute {
			if r.rootLike(at) {
				out.root = dir
			} else {
				out.prefix = join(dir, out.prefix)
			}
			break
		} else if dir != "" {
			out.prefix = join(dir, out.prefix)
		}
		at = b.base
	}
	r.resolved[id] = out
	return out
}

// root is the absolute directory that relative paths are below: the one that
// version control is mapped to, else a base named like a root, else where the
// tool was started.
func (r *run) root() string {
	best := ""
	if r.mapped != "" {
		best = r.base(r.mapped).root
	}
	for id := range r.bases {
		if dir := r.base(id).root; best == "" || dir != "" && r.mapped == "" && (len(dir) < len(best) || len(dir) == len(best) && dir < best) {
			best = dir
		}
	}
	if b, ok := r.bases[workingDirectory]; ok && best == "" {
		if dir, absolute := pathOf(b.uri); absolute {
			best = dir
		}
	}
	if best = strings.TrimRight(best, "/"); strings.HasSuffix(best, ":") {
		best += "/" // a drive
	}
	return best
}

// place turns an artifact location into a path, or a URL when the artifact is
// no file.
func (r *run) place(a artifactLocation) (file, address string) {
	if a.uri == "" && a.index >= 0 && a.index < len(r.artifacts) {
		a = r.artifacts[a.index]
	}
	if a.uri == "" {
		return "", ""
	}
	if isURL(a.uri) {
		return "", a.uri
	}
	file, absolute := pathOf(a.uri)
	if a.base != "" && !absolute {
		if b := r.base(a.base); b.prefix != "" {
			file = join(b.prefix, file)
		}
	}
	return file, ""
}

func isURL(uri string) bool {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || rest == "" {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss", "ftp", "tcp", "grpc":
		return true
	}
	return false
}

// pathOf turns a file URI or a relative reference into a path with slashes
// and without percent-encoding, and says whether it is absolute.
func pathOf(uri string) (file string, absolute bool) {
	if len(uri) >= 5 && strings.EqualFold(uri[:5], "file:") {
		rest := uri[5:]
		if host, ok := strings.CutPrefix(rest, "//"); ok {
			rest = host
			if !strings.HasPrefix(rest, "/") && !strings.HasPrefix(strings.ToLower(rest), "localhost/") && !drive(rest) {
				return unescape("//" + rest), true // a share on a host
			}
			rest = strings.TrimPrefix(rest, "localhost")
		}
		rest = unescape(rest)
		if strings.HasPrefix(rest, "//") { // file:////src/x: one slash too many
			rest = "/" + strings.TrimLeft(rest, "/")
		}
		if s := strings.TrimPrefix(rest, "/"); drive(s) {
			rest = s
		}
		return rest, true
	}
	file = unescape(uri)
	return file, strings.HasPrefix(file, "/") || drive(file)
}

// drive reports whether a path begins with a Windows drive.
func drive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && (p[0]|0x20) >= 'a' && (p[0]|0x20) <= 'z' && (len(p) == 2 || p[2] == '/' || p[2] == '\\')
}

// unescape takes percent-encoding off; text that is none stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// join puts a relative path behind a directory and keeps it readable: "." and
// doubled slashes go, a leading double slash (a share) stays.
func join(dir, file string) string {
	share := strings.HasPrefix(dir, "//")
	p := path.Join(dir, file)
	if share {
		p = "/" + p
	}
	return p
}
