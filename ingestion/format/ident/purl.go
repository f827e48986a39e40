package ident

import (
	"strings"
	"time"

	"github.com/package-url/packageurl-go"

	"github.com/stance-aspm/stance/domain/finding"
)

// OfPURL takes a package URL apart into the fields of a component. What is no
// package URL becomes the component's name, so that nothing is lost.
func OfPURL(purl string) finding.Component {
	purl = strings.TrimSpace(purl)
	if !strings.HasPrefix(purl, "pkg:") {
		return finding.Component{Name: purl}
	}
	p, err := packageurl.FromString(purl)
	if err != nil {
		return finding.Component{PURL: purl, Ecosystem: TypeOfPURL(purl), Name: purl}
	}
	return finding.Component{PURL: purl, Ecosystem: p.Type, Group: p.Namespace, Name: p.Name, Version: p.Version}
}

// ImageOfPURL returns the image reference and digest that a package URL of
// type oci or docker means, and two empty strings for any other.
func ImageOfPURL(purl string) (reference, digest string) {
	if t := TypeOfPURL(purl); t != packageurl.TypeOCI && t != packageurl.TypeDocker && !strings.HasPrefix(purl, "pkg:oci/") {
		return "", ""
	}
	p, err := packageurl.FromString(purl)
	if err != nil {
		return "", ""
	}
	reference = p.Name
	if p.Namespace != "" {
		reference = p.Namespace + "/" + reference
	}
	q := p.Qualifiers.Map()
	if url := q["repository_url"]; url != "" {
		reference = url
		if !strings.HasSuffix(url, "/"+p.Name) {
			reference = strings.TrimSuffix(url, "/") + "/" + p.Name
		}
	}
	if strings.Contains(p.Version, ":") {
		digest = p.Version
	} else if p.Version != "" {
		return reference + ":" + p.Version, ""
	}
	if tag := q["tag"]; tag != "" {
		reference += ":" + tag
	}
	return reference, digest
}

// Time reads RFC 3339 and its near relations: without a zone (UTC is meant),
// with a space for the T, or a date alone. Anything else is zero.
func Time(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.DateOnly,
	} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 && t.Year() < 10000 {
			return t.UTC()
		}
	}
	return time.Time{}
}
