package trivy

import (
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// listed is an entry of Packages, which reports made with --list-all-pkgs
// have. Its identifier, relationship and dependencies came one after the
// other; what a version does not know is absent.
type listed struct {
	ID, Name, Version, Release jsondoc.Text
	Epoch                      jsondoc.Text
	Identifier                 jsondoc.Lax[struct {
		PURL, BOMRef jsondoc.Text
	}]
	Licenses     jsondoc.Strings
	License      jsondoc.Text // before there were several
	Relationship jsondoc.Text // "root", "workspace", "direct", "indirect", "unknown"
	Indirect     bool         // before there was Relationship
	Dev          bool
	DependsOn    jsondoc.Strings // ids in the same result
}

// packages reads the inventory of a result.
func (d *decoder) packages(a *at, target, pointer string) error {
	return d.each(pointer, func(string) error {
		var p listed
		if err := d.r.Decode(&p); err != nil {
			return err
		}
		if p.Name == "" {
			return nil // names nothing
		}
		c := a.listed(&p, target)
		if err := d.sink.Component(c); err != nil || len(p.DependsOn) == 0 || c.Ref == "" {
			return err
		}
		on := make([]string, len(p.DependsOn))
		for i, id := range p.DependsOn {
			on[i] = reference(target, id)
		}
		return d.sink.Depend(c.Ref, on)
	})
}

// reference names a package across the results of a report, because its id is
// unique in one of them only.
func reference(target, id string) string {
	if id == "" {
		return ""
	}
	return target + ": " + id
}

func (a *at) listed(p *listed, target string) finding.Component {
	c := finding.Component{
		PURL: string(p.Identifier.V.PURL), Ecosystem: a.ecosystem, Name: string(p.Name), Version: p.version(),
		Type: "library", Licences: ident.Add(nil, append([]string{string(p.License)}, p.Licenses...)...), Ref: reference(target, string(p.ID)),
	}
	if c.PURL == "" {
		c.PURL = ident.PURL(a.ecosystem, a.distro, c.Name, c.Version)
	}
	if t := ident.TypeOfPURL(c.PURL); t != "" {
		c.Ecosystem = t
	}
	if p.Dev {
		c.Scope = "dev"
	}
	yes, no := true, false
	switch {
	case p.Relationship == "direct":
		c.Direct = &yes
	case p.Relationship == "indirect" || p.Indirect:
		c.Direct = &no
	}
	return c
}

// version joins the parts that packages of an operating system have apart.
func (p *listed) version() string {
	v := string(p.Version)
	if p.Release != "" && !strings.HasSuffix(v, "-"+string(p.Release)) {
		v += "-" + string(p.Release)
	}
	if p.Epoch != "" && p.Epoch != "0" {
		v = fmt.Sprintf("%s:%s", p.Epoch, v)
	}
	return v
}
