package finding

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
	"strings"

	"github.com/stance-aspm/stance/domain/weakness"
)

// Recipe is the version of the identity recipe below. It is stored with each
// key; a better recipe re-keys rows, it never closes and reopens findings.
const Recipe = 1

// Key is the identity of a flaw on an asset: a hash over typed,
// length-prefixed fields. Neither a line number nor a wording nor a severity
// is part of it.
type Key [16]byte

// Identity is how an observation is recognised again.
type Identity struct {
	// Key is equal for the same sort of flaw in the same place (a file, an
	// endpoint, a resource), whatever tool says so.
	Key Key
	// Text is a hash of what stands there: the code, or the secret's keyed
	// hash. 0 when the tool doesn't show it or the key alone is exact.
	Text uint64
	// Line tells siblings apart that have the same key: on different lines
	// they are different findings, on the same line one. 0 where lines don't
	// count.
	Line int32
	// Exact says that key and text are the identity whatever the line: the
	// same secret twice in a file is one finding.
	Exact bool
	// Tool is a hash of the tool's own fingerprint; 0 without one.
	Tool uint64
	// Moved is a hash that stays when the flaw moves to another file or the
	// component to another version; Near one that stays when the code at the
	// place is edited. 0 when there is none.
	Moved, Near uint64
	// Content is a hash of everything that people see of the observation: it
	// tells changed from unchanged.
	Content uint64
	// Basis names the fields that made the key, for explanations.
	Basis string
}

// Slot identifies the place that one finding has in a scan: the key and the
// line, or the text where lines don't count.
func (id Identity) Slot() uint64 {
	at := uint64(uint32(id.Line))
	if id.Exact || id.Line == 0 {
		at = id.Text
	}
	return binary.BigEndian.Uint64(id.Key[:]) ^ at*0x9E3779B97F4A7C15 // 2^64 / golden ratio: spreads small numbers
}

// Identify computes the identity of a normalised observation. tool is the
// tool's name and advisory the canonical id of the observation's advisories
// ("" without any).
func Identify(o *Observation, tool, advisory string) Identity {
	var h hasher
	id := Identity{Content: contentHash(&h, o), Tool: toolHash(&h, o, tool)}
	check := strings.ToLower(tool) + ":" + o.Check.ID
	class := string(weaknessClass(o, check))
	switch o.Kind {
	case Vulnerability:
		identifyVulnerability(&h, &id, o, advisory, check)
	case Licence:
		id.Key = h.start("licence").add(o.Check.ID).component(o.Component).list(licencesOf(o)).key()
		id.Basis = "component and licence"
	case Secret:
		identifySecret(&h, &id, o, check)
	case Misconfiguration:
		identifyMisconfiguration(&h, &id, o)
	case Dynamic:
		at, param := o.Location.URL, o.Location.Parameter
		if at == "" {
			at = o.Location.Path
		}
		id.Key = h.start("dynamic").add(class, at, o.Location.Method, param).key()
		id.Moved = h.start("dynamic-moved").add(check, urlPath(at), param).sum()
		id.Basis = "weakness, endpoint and parameter"
	default:
		identifyCode(&h, &id, o, class, check)
	}
	return id
}

// weaknessClass is the class that tools share. A flaw outside the curated
// classes is told apart by the tool's check too: wide CWEs such as 693 cover
// many different flaws at one place.
func weaknessClass(o *Observation, check string) weakness.Class {
	if o.Kind == Quality {
		return weakness.Class(check)
	}
	cwes := make([]weakness.CWE, len(o.CWEs))
	for i, c := range o.CWEs {
		cwes[i] = weakness.CWE(c)
	}
	c := weakness.ClassOf(cwes)
	if c == "" || strings.HasPrefix(string(c), "cwe-") {
		return weakness.Class(check)
	}
	return c
}

func identifyVulnerability(h *hasher, id *Identity, o *Observation, advisory, check string) {
	if advisory == "" {
		advisory = check
	}
	version, place := "", Place(o)
	if o.Component != nil {
		version = o.Component.Version
	}
	id.Key = h.start("vulnerability").add(advisory, version, place).component(o.Component).key()
	id.Moved = h.start("vulnerability-moved").add(advisory, version).component(o.Component).sum()
	id.Near = h.start("vulnerability-near").add(advisory, place).component(o.Component).sum()
	id.Basis = "advisory, component and place"
}

func identifySecret(h *hasher, id *Identity, o *Observation, check string) {
	id.Key = h.start("secret").add(o.Location.Path).key()
	id.Line = int32(o.Location.StartLine)
	if o.Secret != nil && o.Secret.Hash != "" {
		id.Text = h.start("secret-text").add(o.Secret.Hash).sum()
		id.Moved = h.start("secret-moved").add(o.Secret.Hash).sum()
		id.Exact, id.Basis = true, "secret and file"
		return
	}
	id.Near = h.start("secret-near").add(check, o.Location.Path).sum()
	id.Basis = "file and line (the tool hides the secret)"
}

func identifyMisconfiguration(h *hasher, id *Identity, o *Observation) {
	control := strings.ToUpper(o.Check.ID)
	if r := o.Location.Resource; r != "" {
		id.Key = h.start("misconfiguration").add(control, r, path.Dir(o.Location.Path)).key()
		id.Moved = h.start("misconfiguration-moved").add(control, r).sum()
		id.Basis = "control and resource"
		return
	}
	id.Key = h.start("misconfiguration-file").add(control, o.Location.Path).key()
	id.Text = textHash(h, code(o.Location.Snippet))
	id.Line = int32(o.Location.StartLine)
	id.Near = h.start("misconfiguration-near").add(control, o.Location.Path).sum()
	id.Basis = "control and file"
}

func identifyCode(h *hasher, id *Identity, o *Observation, class, check string) {
	l := &o.Location
	text := code(l.Snippet)
	id.Key = h.start("code").add(class, l.Path).key()
	id.Text = textHash(h, text)
	id.Line = int32(l.StartLine)
	id.Near = h.start("code-near").add(check, l.Path).sum()
	switch {
	case text != "":
		id.Basis = "weakness class, file and code"
		id.Moved = h.start("code-moved").add(check, text, l.Symbol).sum()
	case l.Symbol != "":
		id.Basis = "weakness class, file and symbol"
		id.Text = textHash(h, l.Symbol)
		id.Moved = h.start("code-moved").add(check, l.Symbol).sum()
	default:
		id.Basis = "weakness class, file and line"
	}
}

func textHash(h *hasher, text string) uint64 {
	if text == "" {
		return 0
	}
	return h.start("text").add(text).sum()
}

// Place says in one line where an observation is, by kind: the file of a
// package manifest, path and line, resource, endpoint.
func Place(o *Observation) string {
	l := &o.Location
	switch o.Kind {
	case Vulnerability, Licence:
		if systemPackage(o.Component) { // one package database per image
			return ""
		}
		return l.Path
	case Dynamic:
		if l.URL != "" {
			return l.URL
		}
	case Misconfiguration:
		if l.Resource != "" {
			return l.Resource
		}
	}
	for _, s := range []string{l.Path, l.URL, l.Resource, l.Image} {
		if s != "" {
			return s
		}
	}
	return ""
}

// systemPackage reports whether the component comes from the operating
// system's package manager, of which an asset has one.
func systemPackage(c *Component) bool {
	if c == nil {
		return false
	}
	switch c.Ecosystem {
	case "deb", "rpm", "apk", "alpm":
		return true
	}
	return false
}

func licencesOf(o *Observation) []string {
	if o.Component == nil {
		return nil
	}
	return o.Component.Licences
}

// code reduces a snippet to its first line of code without white space and
// without the line numbers that some tools print before it, so that tools
// which show different amounts of code still agree.
func code(snippet string) string {
	for line := range strings.Lines(snippet) {
		line = strings.TrimSpace(line)
		if i := strings.IndexFunc(line, func(r rune) bool { return r < '0' || r > '9' }); i > 0 && i < len(line) && strings.ContainsRune(": |\t", rune(line[i])) {
			line = line[i+1:]
		}
		if line = strings.Join(strings.Fields(line), ""); line != "" {
			return line
		}
	}
	return ""
}

func urlPath(u string) string {
	if _, rest, ok := strings.Cut(u, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
		return "/"
	}
	return u
}

// toolHash is over the tool's own fingerprints: the one that SARIF
// recommends, else all of them.
func toolHash(h *hasher, o *Observation, tool string) uint64 {
	if len(o.Fingerprints) == 0 {
		return 0
	}
	best := ""
	for name := range o.Fingerprints {
		if best == "" || name < best {
			best = name
		}
	}
	for _, name := range []string{"primaryLocationLineHash", "primaryLocationLineHash/v1"} {
		if _, ok := o.Fingerprints[name]; ok {
			best = name
		}
	}
	if strings.HasPrefix(best, "primaryLocation") { // hashes the line alone, so the check and file belong to it
		return h.start("tool-line").add(tool, o.Check.ID, o.Location.Path, o.Fingerprints[best]).sum()
	}
	return h.start("tool").add(tool, o.Check.ID, best, o.Fingerprints[best]).sum()
}

// contentHash leaves out what changes every day without news (EPSS) and the
// long texts of the check, which the flaw keeps.
func contentHash(h *hasher, o *Observation) uint64 {
	l := &o.Location
	h.start("content").add(o.Title, o.Message, o.SeverityWord, o.Confidence, o.Check.ID, o.Check.Title, o.Fix).place(l)
	h.add(l.Snippet, l.URL, l.Method, l.Parameter, l.Resource, l.Symbol, l.Evidence, l.Image, l.Layer)
	h.list(o.Advisories).list(o.FixVersions).list(o.References)
	h.add(string(o.Claim.State), o.Claim.Detail, o.Claim.Justification, o.Claim.Source)
	h.num(int(o.Severity), len(o.CWEs)).num(o.CWEs...).flag(o.KEV)
	h.num(len(o.CVSS))
	for _, c := range o.CVSS {
		h.add(c.Vector, c.Source, c.Version).num(int(c.Score * 10))
	}
	h.num(len(o.Flow))
	for i := range o.Flow {
		h.add(o.Flow[i].Message).place(&o.Flow[i].Location)
	}
	h.num(len(o.Related))
	for i := range o.Related {
		h.place(&o.Related[i])
	}
	if c := o.Component; c != nil {
		h.add("component", c.PURL, c.Name, c.Version)
	}
	if s := o.Secret; s != nil {
		h.add("secret", s.Masked).flag(s.Verified != nil && *s.Verified)
	}
	return h.sum()
}

// hasher collects length-prefixed fields. It is used again and again to save
// allocations.
type hasher struct{ buf []byte }

func (h *hasher) start(kind string) *hasher {
	h.buf = h.buf[:0]
	return h.add(kind)
}

func (h *hasher) add(fields ...string) *hasher {
	for _, f := range fields {
		h.buf = binary.AppendUvarint(h.buf, uint64(len(f)))
		h.buf = append(h.buf, f...)
	}
	return h
}

// list adds the number of the fields before them, so that two lists in a row
// are not taken for one.
func (h *hasher) list(fields []string) *hasher { return h.num(len(fields)).add(fields...) }

func (h *hasher) num(ns ...int) *hasher {
	for _, n := range ns {
		h.buf = binary.AppendVarint(h.buf, int64(n))
	}
	return h
}

func (h *hasher) flag(b bool) *hasher {
	if b {
		return h.num(1)
	}
	return h.num(0)
}

// place adds where code is.
func (h *hasher) place(l *Location) *hasher {
	return h.add(l.Path).num(l.StartLine, l.EndLine, l.StartColumn, l.EndColumn)
}

// component adds what names a package; package names don't differ by case.
// One without a name is named by its URL.
func (h *hasher) component(c *Component) *hasher {
	if c == nil {
		return h
	}
	if c.Name == "" {
		return h.add(c.PURL)
	}
	return h.add(strings.ToLower(c.Ecosystem), strings.ToLower(c.Group), strings.ToLower(c.Name))
}

func (h *hasher) key() (k Key) {
	s := sha256.Sum256(h.buf)
	copy(k[:], s[:])
	return k
}

func (h *hasher) sum() uint64 {
	s := sha256.Sum256(h.buf)
	if v := binary.BigEndian.Uint64(s[:]); v != 0 {
		return v
	}
	return 1 // 0 means none
}
