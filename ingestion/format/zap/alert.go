package zap

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// alert is one kind of flaw on one site, as XML and JSON both tell it.
type alert struct {
	pluginID, alertRef, name   string
	riskCode, riskDesc         string // "1", "Low (Medium)"
	confidence, confidenceDesc string // "2", "Medium"
	desc, solution, reference  string // HTML in reports, plain in old ones and in the API
	otherInfo                  string
	cwe, wasc                  string
	tags                       []string
	instances                  []instance
}

// instance is one place where the alert was raised.
type instance struct {
	uri, method, param, attack, evidence, otherInfo string
	raw                                             []byte // the alert with this instance only
}

// riskOf grades ZAP's risk code.
func riskOf(code string) (finding.Severity, bool) {
	switch code {
	case "0":
		return finding.SeverityInfo, true
	case "1":
		return finding.SeverityLow, true
	case "2":
		return finding.SeverityMedium, true
	case "3":
		return finding.SeverityHigh, true
	}
	return finding.SeverityUnknown, false
}

// falsePositive is ZAP's word for an alert that a person rejected; it stands
// where others have a confidence.
const falsePositive = "False Positive"

// confidenceOf names ZAP's confidence code.
func confidenceOf(code string) string {
	switch code {
	case "0":
		return falsePositive
	case "1":
		return "Low"
	case "2":
		return "Medium"
	case "3":
		return "High"
	case "4":
		return "Confirmed"
	}
	return code
}

// observe makes an observation for each instance, or one for the site when
// there is none.
func (a *alert) observe(site string, pos finding.Position, raw []byte) ([]*finding.Observation, error) {
	if a.name == "" && a.pluginID == "" {
		return nil, jsondoc.Bad("an alert needs a name or a pluginid")
	}
	about := a.about()
	if len(a.instances) == 0 {
		a.instances = []instance{{uri: site, raw: raw}}
	}
	out := make([]*finding.Observation, 0, len(a.instances))
	for _, in := range a.instances {
		o := about
		o.Position = pos
		o.Raw = in.raw
		o.Message = message(in, about.Message)
		o.Location = finding.Location{
			URL:       in.uri,
			Method:    in.method,
			Parameter: in.param,
			Evidence:  in.evidence,
		}
		out = append(out, &o)
	}
	return out, nil
}

// about is what all instances share.
func (a *alert) about() finding.Observation {
	severity, word := a.severity()
	o := finding.Observation{
		Kind: finding.Dynamic,
		Check: finding.Check{
			ID:          firstText(a.alertRef, a.pluginID),
			Title:       a.name,
			Description: plain(a.desc),
		},
		Message:      plain(a.otherInfo),
		Severity:     severity,
		SeverityWord: word,
		Confidence:   a.confidenceWord(),
		CWEs:         ident.CWEs(a.cwe),
		Fix:          plain(a.solution),
		References:   addresses(plain(a.reference)),
		Tags:         slices.Clone(a.tags),
	}
	if n, err := strconv.Atoi(a.wasc); err == nil && n > 0 {
		o.Tags = append(o.Tags, "wasc-"+a.wasc)
	}
	if strings.EqualFold(o.Confidence, falsePositive) {
		o.Claim = finding.Claim{State: finding.ClaimFalsePositive, Source: "tool"}
	}
	return o
}

// severity prefers the code; its word stands in riskdesc before the
// confidence ("Low (Medium)").
func (a *alert) severity() (finding.Severity, string) {
	word, _, _ := strings.Cut(a.riskDesc, " (")
	word = firstText(strings.TrimSpace(word), a.riskCode)
	if risk, ok := riskOf(a.riskCode); ok {
		return risk, word
	}
	return finding.SeverityOfWord(word), word
}

func (a *alert) confidenceWord() string {
	if a.confidenceDesc != "" {
		return a.confidenceDesc
	}
	if _, in, ok := strings.Cut(a.riskDesc, "("); ok {
		return strings.TrimSuffix(strings.TrimSpace(in), ")")
	}
	return confidenceOf(a.confidence)
}

// message tells what was done and seen at this place.
func message(in instance, general string) string {
	other := plain(in.otherInfo)
	if other == "" {
		other = general
	}
	if in.attack == "" {
		return other
	}
	return strings.TrimSpace("Attack: " + in.attack + "\n\n" + other)
}

// plain turns ZAP's HTML into text. Versions before 2.4 and the API write
// plain text, in which a "<script>" is meant to be read.
func plain(s string) string {
	if strings.Contains(s, "<p>") || strings.Contains(s, "<br") {
		return htmldoc.Text(s)
	}
	return strings.TrimSpace(s)
}

// addresses picks the URLs out of the references, one a line or a word.
func addresses(s string) []string {
	var out []string
	for _, word := range strings.Fields(s) {
		if strings.Contains(word, "://") && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
