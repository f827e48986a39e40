package gitlab

import (
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// location is the place of a vulnerability: the members of all report types.
type location struct {
	// SAST, secret detection, dependency scanning
	File      jsondoc.Text `json:"file"`
	StartLine jsondoc.Int  `json:"start_line"`
	EndLine   jsondoc.Int  `json:"end_line"`
	Class     jsondoc.Text `json:"class"`
	Method    jsondoc.Text `json:"method"` // DAST: the HTTP method
	Commit    jsondoc.Lax[struct {
		SHA    jsondoc.Text `json:"sha"`
		Author jsondoc.Text `json:"author"`
		Date   jsondoc.Text `json:"date"`
	}] `json:"commit"`

	// dependency and container scanning
	Dependency jsondoc.Lax[dependency] `json:"dependency"`
	OS         jsondoc.Text            `json:"operating_system"`
	Image      jsondoc.Text            `json:"image"`
	Resource   jsondoc.Lax[struct {
		Namespace jsondoc.Text `json:"namespace"`
		Kind      jsondoc.Text `json:"kind"`
		Name      jsondoc.Text `json:"name"`
		Container jsondoc.Text `json:"container_name"`
	}] `json:"kubernetes_resource"`

	// DAST and API fuzzing
	Hostname jsondoc.Text `json:"hostname"`
	Path     jsondoc.Text `json:"path"`
	Param    jsondoc.Text `json:"param"`

	// fuzzing
	CrashAddress jsondoc.Text `json:"crash_address"`
	CrashType    jsondoc.Text `json:"crash_type"`
	CrashState   jsondoc.Text `json:"crash_state"`
	Stack        jsondoc.Text `json:"stacktrace_snippet"`
}

// evidence is what DAST and API fuzzing saw.
type evidence struct {
	Summary jsondoc.Text `json:"summary"`
	Request jsondoc.Lax[struct {
		Method jsondoc.Text `json:"method"`
		URL    jsondoc.Text `json:"url"`
	}] `json:"request"`
	Response jsondoc.Lax[struct {
		Status jsondoc.Text `json:"status_code"`
		Reason jsondoc.Text `json:"reason_phrase"`
	}] `json:"response"`
}

// text is the summary with the request's and the response's first line.
func (e *evidence) text() string {
	lines := []string{e.Summary.String()}
	if r := &e.Request.V; r.URL != "" {
		lines = append(lines, strings.TrimSpace(r.Method.String()+" "+r.URL.String()))
	}
	if r := &e.Response.V; r.Status != "" {
		lines = append(lines, strings.TrimSpace(r.Status.String()+" "+r.Reason.String()))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// nowhere is the commit that analyzers write when they don't know one.
const nowhere = "0000000"

func (d *decoder) locate(o *finding.Observation, v *vulnerability) {
	loc := &v.Location.V
	at := finding.Location{
		Path:      loc.File.String(),
		StartLine: int(loc.StartLine),
		EndLine:   int(loc.EndLine),
		Symbol:    loc.Class.String(),
	}
	if c := &loc.Commit.V; c.SHA != nowhere && strings.Trim(c.SHA.String(), "0") != "" {
		at.Commit, at.Author, at.Date = c.SHA.String(), c.Author.String(), c.Date.String()
	}
	switch {
	case loc.Hostname != "" || o.Kind == finding.Dynamic:
		at.URL = loc.address(&v.Evidence.V)
		at.Method, at.Parameter = loc.Method.String(), loc.Param.String()
		at.Evidence = v.Evidence.V.text()
	case loc.Method != "":
		at.Symbol = strings.TrimPrefix(at.Symbol+"."+loc.Method.String(), ".")
	}
	if loc.CrashType != "" || loc.CrashState != "" {
		loc.crash(&at)
	}
	if k := &loc.Resource.V; k.Name != "" {
		at.Resource = k.Kind.String() + "/" + k.Namespace.String() + "/" + k.Name.String()
		at.Symbol = k.Container.String()
	}
	if isImage(loc.Image.String()) {
		at.Image = loc.Image.String()
	} else if at.Path == "" && strings.Contains(loc.Image.String(), "/") {
		at.Path = loc.Image.String() // a lock file inside the image
	}
	o.Location = at
	if p := &loc.Dependency.V; p.Package.V.Name != "" {
		ecosystem, distro := d.packages(loc)
		o.Component = d.files.component(p, loc.File.String(), ecosystem, distro)
	}
}

// address joins host and path; some analyzers write the whole address only
// into the request.
func (l *location) address(e *evidence) string {
	host, path := l.Hostname.String(), l.Path.String()
	if host == "" {
		if e.Request.V.URL != "" {
			return e.Request.V.URL.String()
		}
		return path
	}
	if strings.Contains(path, "://") {
		return path
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return strings.TrimSuffix(host, "/") + path
}

// crash places what a fuzzer broke: the frame on top of the stack is the
// symbol.
func (l *location) crash(at *finding.Location) {
	at.Evidence = strings.TrimSpace(strings.Join([]string{l.CrashType.String(), l.CrashAddress.String(), l.CrashState.String()}, "\n"))
	at.Snippet = l.Stack.String()
	top, _, _ := strings.Cut(strings.TrimSpace(l.CrashState.String()), "\n")
	at.Symbol = top
}

// packages is the package URL type and namespace of a vulnerable package: by
// its file, or in an image by the operating system. Images' language packages
// come with a heading ("Node.js") or a lock file in the image's place.
func (d *decoder) packages(l *location) (ecosystem, distro string) {
	if e := d.files.ecosystem(l.File.String()); e != "" {
		return e, ""
	}
	os := strings.FieldsFunc(strings.ToLower(l.OS.String()), func(r rune) bool { return r == ' ' || r == ':' })
	if len(os) > 0 {
		if e, n := ident.Ecosystem(os[0]); e != "" {
			return e, n
		}
	}
	if e, _ := ident.Ecosystem(strings.ReplaceAll(l.Image.String(), ".", "")); e != "" {
		return e, ""
	}
	return ident.EcosystemOfFile(l.Image.String()), ""
}

// isImage tells an image reference from the headings and lock files that
// scanners of images write in its place.
func isImage(s string) bool {
	if s == "" || ident.EcosystemOfFile(s) != "" {
		return false
	}
	heading, _ := ident.Ecosystem(strings.ReplaceAll(s, ".", ""))
	return heading == "" || strings.ContainsAny(s, ":/")
}

func numbers(list []int) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return out
}
