package checkov

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// vulnerability is what package scans add to a record: an advisory, or the
// licence that broke a policy.
type vulnerability struct {
	ID             jsondoc.Text    `json:"id"`
	Severity       jsondoc.Text    `json:"severity"`
	PackageName    jsondoc.Text    `json:"package_name"`
	PackageVersion jsondoc.Text    `json:"package_version"`
	PackageType    jsondoc.Text    `json:"package_type"`
	RootName       jsondoc.Text    `json:"root_package_name"`
	RootVersion    jsondoc.Text    `json:"root_package_version"`
	Link           jsondoc.Text    `json:"link"`
	Score          jsondoc.Float   `json:"cvss"`
	Vector         jsondoc.Text    `json:"vector"`
	Description    jsondoc.Text    `json:"description"`
	Status         jsondoc.Text    `json:"status"` // "open", "fixed in 1.2, 2.3"
	Lowest         jsondoc.Text    `json:"lowest_fixed_version"`
	Fixed          jsondoc.Strings `json:"fixed_versions"`
	FixVersion     jsondoc.Text    `json:"fix_version"`
	License        jsondoc.Text    `json:"license"`
	Licenses       jsondoc.Text    `json:"licenses"`
}

func (v *vulnerability) fill(o *finding.Observation) {
	c := &finding.Component{Name: v.PackageName.String(), Version: v.PackageVersion.String()}
	// The type "os" doesn't tell deb from rpm: then there is no ecosystem.
	ecosystem, namespace := ident.Ecosystem(v.PackageType.String())
	c.Ecosystem = ecosystem
	c.PURL = ident.PURL(ecosystem, namespace, c.Name, c.Version)
	for _, l := range strings.Split(either(v.License, v.Licenses), ",") {
		if l = strings.TrimSpace(l); l != "" && l != "Unknown" {
			c.Licences = append(c.Licences, l)
		}
	}
	if v.RootName != "" && v.RootName != v.PackageName {
		c.Path = []string{v.RootName.String() + "@" + v.RootVersion.String(), c.Name + "@" + c.Version}
	}
	o.Component = c
	if o.SeverityWord == "" {
		o.SeverityWord = v.Severity.String()
		o.Severity = finding.SeverityOfWord(o.SeverityWord)
	}
	if v.ID != "" {
		o.Advisories = []string{v.ID.String()}
		if o.Title == "" { // the check's title is "SCA package scan", whatever it found
			o.Title = v.ID.String() + " - " + c.Name + ": " + c.Version
		}
	}
	o.CVSS = ident.AddCVSS(nil, ident.CVSS(v.Vector.String(), float64(v.Score), ""))
	if v.Link != "" {
		o.References = []string{v.Link.String()}
	}
	if o.Check.Description == "" {
		o.Check.Description = v.Description.String()
	}
	o.FixVersions = v.fixes()
}

// fixes prefers the list of versions; the status names them in prose.
func (v *vulnerability) fixes() []string {
	all := []string(v.Fixed)
	if len(all) == 0 {
		all = []string{either(v.Lowest, v.FixVersion)}
		if list, ok := strings.CutPrefix(v.Status.String(), "fixed in "); ok {
			all = strings.Split(list, ",")
		}
	}
	var out []string
	for _, one := range all {
		// "N/A" is what Checkov writes when no version is free of the flaw.
		if one = strings.TrimSpace(one); one != "" && one != "N/A" {
			out = append(out, one)
		}
	}
	return out
}
