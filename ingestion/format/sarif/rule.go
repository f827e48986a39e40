package sarif

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// rule is a reportingDescriptor and what follows from it for its results,
// worked out once: many results share a rule.
type rule struct {
	check       finding.Check
	name, short string
	level       string // defaultConfiguration.level
	messages    map[string]message
	deprecated  []string
	taxa        []taxon
	props       properties

	// Derived from the above.
	cwes       []int
	advisories []string
	tags       []string // with the OWASP category
	kind       finding.Kind
	score      float64 // security-severity; 0 unsaid
	severity   finding.Severity
	word       string // the tool's word for severity
	confidence string
}

// taxon is a reference to a category of a taxonomy such as CWE.
type taxon struct {
	id        string
	component componentRef
}

// componentRef names a tool component or taxonomy.
type componentRef struct {
	name, guid string
	index      int
}

func readRule(c *cursor) *rule {
	r := &rule{}
	var full, help message
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "id":
			r.check.ID = c.text()
		case "name":
			r.name = readMessage(c).plain()
		case "shortDescription":
			r.short = readMessage(c).plain()
		case "fullDescription":
			full = readMessage(c)
		case "help":
			help = readMessage(c)
		case "helpUri", "helpLocation":
			r.check.URL = readURI(c)
		case "messageStrings", "richMessageStrings", "messageTemplates", "messageFormats":
			if r.messages == nil {
				r.messages = map[string]message{}
			}
			readMessages(c, r.messages)
		case "defaultConfiguration", "configuration":
			for ok := c.object(); ok && c.member(); {
				switch string(c.name) {
				case "level", "defaultLevel":
					r.level = c.word()
				}
			}
		case "defaultLevel":
			r.level = c.word()
		case "deprecatedIds":
			r.deprecated = c.strings()
		case "relationships":
			for ok := c.array(); ok && c.element(); {
				r.taxa = append(r.taxa, readRelationship(c))
			}
		case "properties":
			r.props.read(c)
		}
	}
	r.check.Title = first(r.short, r.name, r.props.text("name"))
	r.check.Description = first(full.plain(), r.props.text("description"))
	r.check.Help = help.rich()
	r.check.Guideline = first(r.props.text("guideline"), r.props.text("benchmark"))
	return r
}

// readRelationship reads where a rule stands in a taxonomy. Relationships to
// other rules come out too; only those to a weakness list count later.
func readRelationship(c *cursor) taxon {
	t := taxon{component: componentRef{index: -1}}
	for ok := c.object(); ok && c.member(); {
		if string(c.name) == "target" {
			t = readTaxon(c)
		}
	}
	return t
}

func readTaxon(c *cursor) taxon {
	t := taxon{component: componentRef{index: -1}}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "id":
			t.id = c.word()
		case "toolComponent":
			t.component = readComponentRef(c)
		}
	}
	return t
}

func readComponentRef(c *cursor) componentRef {
	ref := componentRef{index: -1}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "name":
			ref.name = c.word()
		case "guid":
			ref.guid = c.word()
		case "index":
			ref.index = c.integer(-1)
		}
	}
	return ref
}

// readURI reads a string, or an artifact location's uri.
func readURI(c *cursor) string {
	if c.kind() == '"' {
		return c.text()
	}
	return readArtifactLocation(c).uri
}

// covers reports whether the rule is the one of a result with this id, which
// may be hierarchical below the rule's.
func (r *rule) covers(id string) bool {
	return id == r.check.ID || strings.HasPrefix(id, r.check.ID) && id[len(r.check.ID)] == '/'
}

// derive works out what all results of the rule share.
func (r *rule) derive(in *run) {
	r.tags = r.props.labels()
	r.score, r.confidence = r.props.score(), r.props.confidence()
	r.severity, r.word = r.props.severity()
	r.cwes = r.props.cwes()
	for _, t := range r.taxa {
		r.cwes = addCWE(r.cwes, in.weakness(t))
	}
	r.cwes = addCWE(r.cwes, cweOf(r.check.ID, false))
	r.kind = in.kindOf(r)
	if r.kind == finding.Vulnerability || r.kind == finding.Dynamic {
		r.advisories = r.ids()
	}
}

// ids are the advisories that the rule is about, the leading one first.
func (r *rule) ids() []string {
	var ids []string
	for _, s := range []string{r.check.ID, r.name, r.short} {
		ids = addAdvisories(ids, s)
	}
	for _, list := range [][]string{r.deprecated, r.tags, r.props.list("cve"), r.props.list("cves"), r.props.list("aliases")} {
		for _, s := range list {
			ids = addAdvisories(ids, s)
		}
	}
	// Snyk puts the CVE ids in brackets before the package.
	if strings.HasPrefix(r.check.Description, "(") {
		head, _, _ := strings.Cut(r.check.Description, ")")
		ids = addAdvisories(ids, head)
	}
	return ids
}

// weakness is the CWE number of a taxon; 0 when its taxonomy is another one.
func (r *run) weakness(t taxon) int {
	name := t.component.name
	if name == "" && t.component.index >= 0 && t.component.index < len(r.taxonomies) {
		name = r.taxonomies[t.component.index]
	}
	return cweOf(t.id, strings.Contains(strings.ToUpper(name), "CWE"))
}

// cweOf finds the number in "CWE-79", "external/cwe/cwe-079" or "CWE-79:
// Cross-site scripting"; with bare, also in "79".
func cweOf(s string, bare bool) int {
	i := indexFold(s, "cwe")
	if i < 0 && !bare {
		return 0
	}
	if i >= 0 {
		s = s[i+len("cwe"):]
		if j := indexFold(s, "cwe"); j >= 0 { // external/cwe/cwe-079
			s = s[j+len("cwe"):]
		}
		s = strings.TrimLeft(s, "-_:/ ")
	}
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil || n > 99999 {
		return 0
	}
	return n
}

// indexFold is strings.Index without regard to the case of an ASCII sub.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0] && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func addCWE(list []int, n int) []int {
	if n > 0 && !slices.Contains(list, n) {
		list = append(list, n)
	}
	return list
}

// numberedPrefixes begin the ids of vulnerability databases that go on with a
// year or number, freePrefixes those that go on otherwise.
var (
	numberedPrefixes = [...]string{
		"CVE", "CAN", "GO", "RUSTSEC", "PYSEC", "PSF", "HSEC", "EUVD", "GSD", "MAL", "TEMP", "BDSA", "GMS", "PRISMA",
		"DSA", "DLA", "DTSA", "USN", "RHSA", "RHBA", "RHEA", "ELSA", "ALSA", "RLSA",
	}
	freePrefixes = [...]string{"SNYK-", "SONATYPE-", "ALAS", "SUSE-SU-", "OPENSUSE-SU-", "XRAY-", "CGA-", "NSWG-ECO-", "OSV-"}
)

// addAdvisories appends the advisory ids that stand in s as words.
func addAdvisories(ids []string, s string) []string {
	for _, w := range strings.FieldsFunc(s, func(c rune) bool {
		return !(c == '-' || c == ':' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}) {
		w = strings.Trim(w, ":._-")
		if id := advisoryOf(w); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// advisoryOf returns the advisory id that a word is or begins with
// ("CVE-2021-1-openssl" is how Grype names rules), or "".
func advisoryOf(w string) string {
	upper := strings.ToUpper(w)
	head, rest, ok := strings.Cut(upper, "-")
	if !ok {
		return ""
	}
	parts := strings.Split(w, "-")
	switch head {
	case "CVE", "CAN", "GO":
		if len(parts) < 3 || !digits(parts[1]) || !digits(parts[2]) {
			return ""
		}
		return strings.Join(parts[:3], "-")
	case "GHSA":
		if len(parts) < 4 || len(parts[1]) != 4 || len(parts[2]) != 4 || len(parts[3]) != 4 {
			return ""
		}
		return strings.Join(parts[:4], "-")
	}
	if slices.Contains(numberedPrefixes[:], head) {
		if len(rest) < 4 || !digits(rest[:3]) {
			return ""
		}
		return w
	}
	if strings.HasPrefix(upper, "SNYK-CC-") { // Snyk's rules for infrastructure as code
		return ""
	}
	for _, p := range freePrefixes {
		if strings.HasPrefix(upper, p) && strings.ContainsAny(rest, "0123456789") {
			return w
		}
	}
	return ""
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
