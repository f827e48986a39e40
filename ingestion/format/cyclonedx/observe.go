package cyclonedx

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// observe hands over one observation for each component that the
// vulnerability affects. In is the component that it stands inside, if any.
func (d *decoder) observe(v *vulnerability, in *entry, at finding.Position, raw []byte) error {
	if v.ID == "" && v.Description == "" && len(v.Affects) == 0 && len(v.References) == 0 {
		return d.quarantine(at, errEmpty, raw)
	}
	fresh := func() *finding.Observation {
		o := observation(v)
		o.Position, o.Raw = at, raw
		return o
	}
	if in == nil && v.Component != "" {
		in = d.resolve(string(v.Component))
	}
	if len(v.Affects) == 0 {
		o := fresh()
		place(o, v, in, nil)
		return d.told(d.sink.Observe(o))
	}
	for i := range v.Affects {
		a := &v.Affects[i]
		o := fresh()
		place(o, v, d.resolve(string(a.Ref)), a)
		if err := d.told(d.sink.Observe(o)); err != nil {
			return err
		}
	}
	return nil
}

// errEmpty refuses a vulnerability that says nothing.
var errEmpty = errors.New("the vulnerability has no id and no description and affects nothing")

// observation is what holds for every component that is affected.
func observation(v *vulnerability) *finding.Observation {
	o := &finding.Observation{
		Kind:    finding.Vulnerability,
		Message: strings.TrimSpace(string(v.Description)),
		Check: finding.Check{
			ID:          strings.TrimSpace(string(v.ID)),
			Description: joined("\n\n", string(v.Description), string(v.Detail)),
			URL:         string(v.Source.URL),
		},
		Fix:   joined("\n", append([]string{string(v.Recommend)}, append(texts(v.Recommends), string(v.Workaround))...)...),
		Claim: claimOf(&v.Analysis),
	}
	o.Advisories = addNew(o.Advisories, o.Check.ID)
	for _, r := range v.References {
		o.Advisories = addNew(o.Advisories, string(r.ID))
		o.References = addNew(o.References, string(r.Source.URL))
	}
	for _, a := range v.Advisories {
		link := string(a.URL)
		if link == "" {
			link = strings.TrimSpace(string(a.Text))
		}
		o.References = addNew(o.References, link)
	}
	for _, c := range v.CWEs {
		n, err := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(string(c))), "CWE-"))
		if err == nil && n > 0 && !slices.Contains(o.CWEs, n) {
			o.CWEs = append(o.CWEs, n)
		}
	}
	if o.Message == "" {
		o.Title = o.Check.ID
	}
	rate(o, v)
	for _, p := range v.Properties {
		name := strings.ToLower(string(p.Name))
		switch {
		case strings.Contains(name, "cisa_kev_date"): // Amazon Inspector
			o.KEV = p.Value != ""
		case strings.HasSuffix(name, ":epss_score"):
			setEPSS(o, parseFloat(string(p.Value)))
		}
	}
	return o
}

// place sets the component and what hangs on it.
func place(o *finding.Observation, v *vulnerability, e *entry, a *affected) {
	name := ""
	if e != nil {
		c := e.Component
		o.Component = &c
		o.Location.Path, o.Location.Layer = e.path, e.layer
		name = c.Name
	}
	for _, s := range append([]text{v.Recommend}, v.Recommends...) {
		o.FixVersions = fixVersions(o.FixVersions, string(s), name, len(v.Affects) > 1)
	}
	for _, p := range v.Properties {
		if n := strings.ToLower(string(p.Name)); (strings.Contains(n, "fixed_version") || strings.Contains(n, "fixedversion")) &&
			(e == nil || e.Ref == "" || !strings.Contains(n, "fixed_version:") || strings.HasSuffix(n, ":"+strings.ToLower(e.Ref))) {
			o.FixVersions = addNew(o.FixVersions, string(p.Value))
		}
	}
	if a == nil || o.Claim.State != finding.ClaimNone {
		return
	}
	// Without an analysis, the state of the very version can be the claim.
	for _, version := range a.Versions {
		if version.Status == "unaffected" && o.Component != nil && version.Version != "" && string(version.Version) == o.Component.Version {
			o.Claim = finding.Claim{State: finding.ClaimNotAffected, Source: "vex", Detail: "version listed as unaffected"}
		}
	}
}

// claimOf translates the VEX states of the format.
func claimOf(a *analysis) finding.Claim {
	c := finding.Claim{Justification: string(a.Justification), Source: "vex"}
	switch a.State {
	case "exploitable":
		c.State = finding.ClaimAffected
	case "in_triage":
		c.State = finding.ClaimUnderReview
	case "resolved", "resolved_with_pedigree":
		c.State = finding.ClaimFixed
	case "false_positive":
		c.State = finding.ClaimFalsePositive
	case "not_affected":
		c.State = finding.ClaimNotAffected
	default:
		if a.Justification == "" && a.Detail == "" && len(a.Response) == 0 {
			return finding.Claim{}
		}
	}
	c.Detail = string(a.Detail)
	if len(a.Response) > 0 {
		c.Detail = joined("\n", c.Detail, "Response: "+strings.Join(a.Response, ", "))
	}
	return c
}

// rate sets all CVSS ratings, and the severity of the rating that counts: the
// one by the vulnerability's own source, else the first that grades at all.
func rate(o *finding.Observation, v *vulnerability) {
	best := 0 // how telling the rating is that set the severity
	for i := range v.Ratings {
		r := &v.Ratings[i]
		from := sourceName(&r.Source)
		value := strings.TrimSpace(string(r.Score.Base))
		if value == "" {
			value = strings.TrimSpace(string(r.Score.Text))
		}
		number := parseFloat(value)
		if strings.Contains(strings.ToUpper(from), "EPSS") {
			setEPSS(o, number)
			continue
		}
		version, isCVSS := cvssVersion(string(r.Method), string(r.Vector))
		if isCVSS && (number > 0 || r.Vector != "") {
			o.CVSS = append(o.CVSS, finding.CVSS{Vector: string(r.Vector), Score: number, Version: version, Source: from})
		}
		severity, word := finding.SeverityOfWord(string(r.Severity)), string(r.Severity)
		if word == "" && isCVSS && value != "" {
			severity, word = finding.SeverityOfCVSS(number), value
		}
		if word == "" {
			continue
		}
		rank := 1
		if severity != finding.SeverityUnknown {
			rank = 2
			if r.Severity != "" {
				rank = 3
			}
			if from != "" && strings.EqualFold(from, sourceName(&v.Source)) {
				rank += 2
			}
		}
		if rank > best {
			best, o.Severity, o.SeverityWord = rank, severity, word
		}
	}
}

func sourceName(s *source) string {
	if s.Name != "" {
		return string(s.Name)
	}
	return string(s.Attr)
}

// cvssVersion reads the version from the vector, which is exact, or from the
// method. A rating by another method (OWASP, SSVC, other) is none.
func cvssVersion(method, vector string) (version string, isCVSS bool) {
	if rest, ok := strings.CutPrefix(vector, "CVSS:"); ok {
		version, _, _ = strings.Cut(rest, "/")
		return version, true
	}
	switch strings.ToLower(method) {
	case "cvssv2":
		return "2.0", true
	case "cvssv3":
		return "3.0", true
	case "cvssv31":
		return "3.1", true
	case "cvssv4":
		return "4.0", true
	}
	return "", strings.HasPrefix(strings.ToLower(method), "cvss")
}

// fixVersions reads the versions in "Upgrade x to version 1.2, 1.3; Upgrade y
// to version 2" and its like. Where several components are in play, a clause
// that names another one is passed over.
func fixVersions(list []string, advice, component string, several bool) []string {
	clauses := strings.Split(advice, ";")
	several = (several || len(clauses) > 1) && component != ""
	for _, clause := range clauses {
		what, versions, ok := strings.Cut(clause, " to version ")
		if !ok || several && strings.Contains(strings.TrimSpace(what), " ") && !strings.Contains(what, component) {
			continue
		}
		for w := range strings.FieldsFuncSeq(versions, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' }) {
			w = strings.TrimRight(w, ".)")
			bare := strings.TrimLeft(w, "v")
			if bare == "" || bare[0] < '0' || bare[0] > '9' {
				break
			}
			list = addNew(list, w)
		}
	}
	return list
}

func setEPSS(o *finding.Observation, p float64) {
	if p > 0 && p <= 1 {
		o.EPSS = &p
	}
}

func parseFloat(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(f >= 0 && f < 1000) {
		return 0
	}
	return f
}

// parseTime reads RFC 3339 with or without a zone; anything else is zero.
func parseTime(s string) time.Time {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func addNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), sep)
}

func texts(list []text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
