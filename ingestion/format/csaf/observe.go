package csaf

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// observe tells of a vulnerability, once a product.
func (d *decoder) observe(v *vulnerability, at finding.Position, raw []byte) error {
	k := d.know(v)
	list := v.products()
	if len(list) == 0 {
		list = []*affected{{}}
	}
	places := make([]place, len(list))
	fixed := map[string][]string{}
	for i, a := range list {
		if a.id == "" {
			continue
		}
		places[i] = d.tree.resolve(a.id)
		if c := &places[i].component; a.state == finding.ClaimFixed && c.Version != "" {
			fixed[kin(c)] = ident.Add(fixed[kin(c)], c.Version)
		}
	}
	for i, a := range list {
		o := k.observation(a)
		o.Position, o.Raw = at, excerpt(v, a, raw, len(list))
		if a.id != "" {
			p := &places[i]
			o.Component = &p.component
			o.Location.Image = p.image
			o.Title += " in " + p.component.Name
			if p.span != "" {
				o.Tags = ident.Add(o.Tags, "version_range:"+p.span)
			}
			if a.state != finding.ClaimFixed && a.state != finding.ClaimNotAffected {
				o.FixVersions = slices.Clone(fixed[kin(&p.component)])
			}
		}
		if err := d.sink.Observe(o); err != nil {
			return err
		}
	}
	return nil
}

// kin is what versions of one product have in common: its name and what it is
// part of.
func kin(c *finding.Component) string {
	whole := ""
	if len(c.Path) > 1 {
		whole = strings.Join(c.Path[:len(c.Path)-1], "\x00")
	}
	return strings.Join([]string{c.Ecosystem, c.Group, c.Name, whole}, "\x00")
}

// maxRaw is the size in bytes up to which every observation of a record with
// several products keeps the record whole: vendors write one record of
// megabytes for thousands of products.
const maxRaw = 16 << 10

// excerpt is the raw record of one product.
func excerpt(v *vulnerability, a *affected, raw []byte, products int) []byte {
	if products < 2 || len(raw) <= maxRaw {
		return raw
	}
	cut := struct {
		CVE     string              `json:"cve,omitzero"`
		Title   string              `json:"title,omitzero"`
		Status  map[string][]string `json:"product_status"`
		Excerpt bool                `json:"stance_excerpt"`
	}{string(v.CVE), string(v.Title), map[string][]string{}, true}
	for _, name := range a.lists {
		cut.Status[name] = []string{a.id}
	}
	b, err := json.Marshal(&cut, json.Deterministic(true))
	if err != nil {
		return raw
	}
	return b
}

// knowledge is what a vulnerability says, by product.
type knowledge struct {
	v          *vulnerability
	head       *header
	check      finding.Check
	advisories []string
	tags       []string
	references []string
	cwes       []int

	flags, threats, fixes by
	scores                map[string][]rated
}

// by holds remarks by product id; those for all products are under "".
type by map[string][]*remark

// of lists the remarks on a product and on all.
func (b by) of(id string) []*remark {
	if id == "" {
		return b[""]
	}
	return append(b[id][:len(b[id]):len(b[id])], b[""]...)
}

type rated struct {
	*ratings
	source string
}

// know sorts what a vulnerability says by product, so that a document of many
// products is read in one go.
func (d *decoder) know(v *vulnerability) *knowledge {
	k := &knowledge{
		v: v, head: &d.head,
		check:      finding.Check{ID: v.id(), Title: string(v.Title), Description: v.description(), URL: d.head.self()},
		advisories: ident.Add(nil, string(v.CVE)),
		cwes:       v.cwes(),
		flags:      d.sort(v.Flags), threats: d.sort(v.Threats), fixes: d.sort(v.Remediations),
		scores: map[string][]rated{},
	}
	for _, i := range v.IDs {
		if text := string(i.Text); len(k.advisories) == 0 || ident.NamesOneFlaw(text) {
			k.advisories = ident.Add(k.advisories, text)
		} else {
			k.tags = ident.Add(k.tags, text)
		}
	}
	for _, list := range [...]jsondoc.List[reference]{v.References, d.head.References} {
		for _, r := range list {
			k.references = ident.Add(k.references, string(r.URL))
		}
	}
	for i := range v.Metrics {
		m := &v.Metrics[i]
		k.addScore(rated{&m.Content.V, string(m.Source)}, m.Products)
	}
	for i := range v.Scores {
		s := &v.Scores[i]
		k.addScore(rated{&s.ratings, string(d.head.Publisher.V.Name)}, s.Products)
	}
	return k
}

// addScore files a score under its products; one that names none is for all.
func (k *knowledge) addScore(r rated, products []string) {
	if len(products) == 0 {
		products = []string{""}
	}
	for _, id := range products {
		k.scores[id] = append(k.scores[id], r)
	}
}

func (d *decoder) sort(list []remark) by {
	out := by{}
	for i := range list {
		r := &list[i]
		ids := r.Products
		for _, g := range r.Groups {
			ids = append(ids, d.tree.groups[g]...)
		}
		if len(ids) == 0 && len(r.Groups) == 0 {
			ids = []string{""}
		}
		for _, id := range ids {
			if at := out[id]; len(at) == 0 || at[len(at)-1] != r {
				out[id] = append(at, r)
			}
		}
	}
	return out
}

func (k *knowledge) observation(a *affected) *finding.Observation {
	o := &finding.Observation{
		Kind: finding.Vulnerability, Check: k.check, Title: k.check.Title,
		CWEs: slices.Clone(k.cwes), Advisories: slices.Clone(k.advisories), References: slices.Clone(k.references),
		Tags:  slices.Clone(k.tags),
		KEV:   len(k.v.Exploited) > 0,
		Claim: k.claim(a),
	}
	if o.Title == "" {
		o.Title = o.Check.ID
	}
	for _, name := range a.lists {
		o.Tags = append(o.Tags, "product_status:"+name)
	}
	for _, id := range ident.Add(nil, a.id) {
		for _, s := range k.scores[id] {
			s.rate(o, s.source)
		}
	}
	for _, s := range k.scores[""] {
		s.rate(o, s.source)
	}
	o.Fix = remedies(k.fixes.of(a.id))
	var said []string
	for _, t := range k.threats.of(a.id) {
		switch t.Category {
		case "exploit_status":
			said = ident.Add(said, "Exploit status: "+string(t.Details))
			o.KEV = o.KEV || strings.Contains(string(t.Details), "known-exploited-vulnerabilities")
		case "target_set":
			said = ident.Add(said, "Targets: "+string(t.Details))
		case "impact":
			o.Claim.Detail = strings.Join(ident.Add(ident.Add(nil, o.Claim.Detail), string(t.Details)), "\n")
			k.word(o, string(t.Details))
		}
	}
	o.Message = strings.Join(said, "\n")
	k.word(o, string(k.head.Severity.V.Text))
	return o
}

// word grades by a word where no rating did.
func (k *knowledge) word(o *finding.Observation, word string) {
	if s := finding.SeverityOfWord(word); o.Severity == finding.SeverityUnknown && s != finding.SeverityUnknown {
		o.Severity, o.SeverityWord = s, word
	}
}

func (k *knowledge) claim(a *affected) finding.Claim {
	if a.id == "" {
		return finding.Claim{}
	}
	c := finding.Claim{
		State: a.state, Source: "vex",
		By: string(k.head.Publisher.V.Name), At: ident.Time(string(k.head.Tracking.V.Current)),
	}
	for _, f := range k.flags.of(a.id) {
		if c.Justification == "" && f.Label != "" {
			c.Justification = string(f.Label)
			if t := ident.Time(string(f.Date)); !t.IsZero() {
				c.At = t
			}
		}
	}
	return c
}

// remedies writes the remediations down, fixes of the vendor first.
func remedies(list []*remark) string {
	var first, rest []string
	for _, r := range list {
		text := strings.TrimSpace(string(r.Details))
		if r.URL != "" && !strings.Contains(text, string(r.URL)) {
			text = strings.TrimSpace(text + " " + string(r.URL))
		}
		switch {
		case text == "":
		case r.Category == "vendor_fix":
			first = ident.Add(first, text)
		default:
			rest = ident.Add(rest, strings.ReplaceAll(string(r.Category), "_", " ")+": "+text)
		}
	}
	return strings.Join(append(first, rest...), "\n")
}
