package finding

// Flaw is what is wrong, apart from where: a check of a tool, or an advisory
// in a component. Thousands of findings share one; texts are kept with it.
type Flaw struct {
	Kind        Kind
	Tool        string // who described it first
	Check       Check
	Title       string
	Advisory    string // canonical id; "" without any
	Advisories  []string
	CWEs        []int
	CVSS        []CVSS
	Confidence  string   // the tool's word
	Verified    *bool    // of a secret: whether the tool proved that it works
	EPSS        *float64 // as the tool says
	KEV         bool     // as the tool says
	Component   *Component
	Fix         string
	FixVersions []string
	References  []string
}

// FlawOf takes the flaw out of an observation.
func FlawOf(o *Observation, tool, advisory string) Flaw {
	f := Flaw{
		Kind: o.Kind, Tool: tool, Check: o.Check, Title: o.Title, Advisory: advisory, Advisories: o.Advisories, CWEs: o.CWEs,
		CVSS: o.CVSS, EPSS: o.EPSS, KEV: o.KEV, Fix: o.Fix, FixVersions: o.FixVersions, References: o.References,
	}
	f.Confidence = o.Confidence
	if o.Secret != nil {
		f.Verified = o.Secret.Verified
	}
	if c := o.Component; c != nil {
		f.Component = &Component{PURL: c.PURL, Ecosystem: c.Ecosystem, Group: c.Group, Name: c.Name, Version: c.Version, Type: c.Type, Licences: c.Licences}
	}
	return f
}

// Key identifies the flaw within a tenant. A known advisory in a component is
// one flaw whoever names it; anything else belongs to its tool. How sure the
// tool is, and whether a secret works, tell flaws of one check apart: their
// scores differ.
func (f *Flaw) Key() Key {
	var h hasher
	version := ""
	if f.Component != nil {
		version = f.Component.Version
	}
	if f.Kind == Vulnerability && f.Advisory != "" && f.Component != nil {
		return h.start("flaw-advisory").add(f.Advisory, version).component(f.Component).key()
	}
	h.start("flaw-check").flag(f.Verified != nil && *f.Verified)
	return h.add(f.Confidence, string(f.Kind), f.Tool, f.Check.ID, f.Title, f.Advisory, version).component(f.Component).key()
}

// Fixable reports whether a version or change that resolves it is known.
func (f *Flaw) Fixable() bool { return len(f.FixVersions) > 0 || f.Fix != "" }
