// Package nuclei reads the results of Nuclei, the template-driven scanner of
// ProjectDiscovery: JSON lines (-jsonl), the array of -json-export and streams
// of pretty-printed records, in the spelling of version 2.0 to 2.3
// ("templateID", "matched") and of everything since ("template-id",
// "matched-at").
//
// Requests, responses, the curl command and template metadata stay in the raw
// record.
package nuclei

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Nuclei results.
var Format = format.Format{
	Name:  "nuclei",
	Title: "Nuclei JSON",
	Doc: "Nuclei `-jsonl` and `-json-export`, versions 2 and 3. One observation per result; the matcher's name stands as parameter where no " +
		"parameter was fuzzed, because a template tells its results apart by it (\"x-content-type-options\"). Records of matches that " +
		"failed (`-matcher-status`) are none. Nuclei writes an empty file when it finds nothing. Requests and responses stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	rec := first(h)
	if rec.Has("info") && (rec.Has("template-id") || rec.Has("templateID")) {
		return format.Likely
	}
	return format.No
}

func first(h format.Head) *format.Node {
	if h.JSON.Is('[') {
		return h.JSON.First
	}
	return h.JSON
}

// record is a result in both spellings.
type record struct {
	TemplateID   jsondoc.Text              `json:"template-id"`
	TemplateURL  jsondoc.Text              `json:"template-url"`
	Info         info                      `json:"info"`
	Matcher      jsondoc.Text              `json:"matcher-name"`
	Extractor    jsondoc.Text              `json:"extractor-name"`
	Type         jsondoc.Text              `json:"type"`
	Host         jsondoc.Text              `json:"host"`
	Matched      jsondoc.Text              `json:"matched-at"`
	Extracted    jsondoc.Strings           `json:"extracted-results"`
	Lines        jsondoc.List[jsondoc.Int] `json:"matched-line"`
	Request      jsondoc.Text              `json:"request"`
	Status       *bool                     `json:"matcher-status"`
	FuzzMethod   jsondoc.Text              `json:"fuzzing_method"`
	FuzzParam    jsondoc.Text              `json:"fuzzing_parameter"`
	FuzzAnalyzer jsondoc.Text              `json:"analyzer_details"`

	OldTemplateID jsondoc.Text    `json:"templateID"`
	OldMatcher    jsondoc.Text    `json:"matcher_name"`
	OldExtractor  jsondoc.Text    `json:"extractor_name"`
	OldMatched    jsondoc.Text    `json:"matched"`
	OldExtracted  jsondoc.Strings `json:"extracted_results"`
}

// info is the head of the template.
type info struct {
	Name           jsondoc.Text    `json:"name"`
	Severity       jsondoc.Text    `json:"severity"`
	Tags           jsondoc.Strings `json:"tags"`
	Reference      jsondoc.Strings `json:"reference"`
	Description    jsondoc.Text    `json:"description"`
	Impact         jsondoc.Text    `json:"impact"`
	Remediation    jsondoc.Text    `json:"remediation"`
	Classification struct {
		CVE     jsondoc.Strings `json:"cve-id"`
		CWE     jsondoc.Strings `json:"cwe-id"`
		Metrics jsondoc.Text    `json:"cvss-metrics"`
		Score   jsondoc.Float   `json:"cvss-score"`
		EPSS    *jsondoc.Float  `json:"epss-score"`
	} `json:"classification"`
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	run := format.Run{Tool: "nuclei", Target: format.Target{Kind: "endpoint"}}
	// A result's time is the nearest that the output has to the scan's.
	if t, err := time.Parse(time.RFC3339, first(in.Head()).At("timestamp").String()); err == nil {
		run.Started = t.UTC()
	}
	if err := sink.Run(run); err != nil {
		return err
	}
	return jsondoc.Stream(r, sink, func(rec *record, pos finding.Position, raw []byte) error {
		if rec.Status != nil && !*rec.Status {
			return nil
		}
		o, err := rec.observe()
		if err != nil {
			return err
		}
		o.Position, o.Raw = pos, raw
		return sink.Observe(o)
	})
}

func (rec *record) observe() (*finding.Observation, error) {
	id := either(rec.TemplateID, rec.OldTemplateID)
	if id == "" && rec.Info.Name == "" {
		return nil, jsondoc.Bad("a result needs a template-id or a template name")
	}
	matcher := either(rec.Matcher, rec.OldMatcher, rec.Extractor, rec.OldExtractor)
	word := rec.Info.Severity.String()
	class := &rec.Info.Classification
	tags := commas(rec.Info.Tags)
	o := &finding.Observation{
		Kind: finding.Dynamic,
		Check: finding.Check{
			ID:          id,
			Title:       rec.Info.Name.String(),
			Description: rec.Info.about(),
			URL:         rec.TemplateURL.String(),
		},
		Title:        rec.Info.Name.String(),
		Message:      rec.FuzzAnalyzer.String(),
		Severity:     finding.SeverityOfWord(word),
		SeverityWord: word,
		CWEs:         ident.CWEs(class.CWE...),
		Advisories:   advisories(id, class.CVE),
		KEV:          slices.Contains(tags, "kev"), // the templates' tag for CISA's list
		Fix:          strings.TrimSpace(rec.Info.Remediation.String()),
		References:   addresses(rec.Info.Reference),
		Tags:         tags,
	}
	if matcher != "" {
		o.Title += " (" + matcher + ")"
	}
	o.CVSS = ident.AddCVSS(nil, ident.CVSS(class.Metrics.String(), float64(class.Score), ""))
	if class.EPSS != nil {
		epss := float64(*class.EPSS)
		o.EPSS = &epss
	}
	rec.locate(o, matcher)
	return o, nil
}

// locate says where the template matched: an address, or for the file protocol
// a path on the scanning machine.
func (rec *record) locate(o *finding.Observation, matcher string) {
	where := either(rec.Matched, rec.OldMatched, rec.Host)
	evidence := rec.Extracted
	if len(evidence) == 0 {
		evidence = rec.OldExtracted
	}
	o.Location = finding.Location{
		Parameter: either(rec.FuzzParam, jsondoc.Text(matcher)),
		Evidence:  strings.Join(evidence, "\n"),
	}
	if rec.Type == "file" {
		o.Kind = finding.Code
		o.Location.Path = where
		if len(rec.Lines) > 0 {
			o.Location.StartLine = int(rec.Lines[0])
		}
		return
	}
	o.Location.URL = where
	o.Location.Method = rec.FuzzMethod.String()
	if o.Location.Method == "" && (rec.Type == "http" || rec.Type == "headless") {
		o.Location.Method = requestMethod(rec.Request.String())
	}
}

var requestLine = regexp.MustCompile(`^([A-Z]+) \S+ HTTP/`)

// requestMethod reads the method off the dumped request.
func requestMethod(request string) string {
	if m := requestLine.FindStringSubmatch(request); m != nil {
		return m[1]
	}
	return ""
}

func (i *info) about() string {
	text := strings.TrimSpace(i.Description.String())
	if impact := strings.TrimSpace(i.Impact.String()); impact != "" {
		text = strings.TrimSpace(text + "\n\nImpact: " + impact)
	}
	return text
}

var cveID = regexp.MustCompile(`^(?i)cve-\d{4}-\d{4,}$`)

// advisories adds the template's own id when it is a CVE, as templates from
// before the classification block tell it only there.
func advisories(id string, cves []string) []string {
	out := commas(cves)
	if cveID.MatchString(id) && !slices.ContainsFunc(out, func(s string) bool { return strings.EqualFold(s, id) }) {
		out = append([]string{id}, out...)
	}
	return out
}

// commas splits lists that old templates write as one string.
func commas(list []string) []string {
	var out []string
	for _, s := range list {
		for _, one := range strings.Split(s, ",") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
	}
	return out
}

// addresses reads references: a list, or one string with a dash before each.
func addresses(list []string) []string {
	var out []string
	for _, s := range list {
		for _, word := range strings.Fields(s) {
			if strings.Contains(word, "://") && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
