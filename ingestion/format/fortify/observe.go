package fortify

import (
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// vulnerability is an element of that name (FVDL schema 1.8 to 1.16).
type vulnerability struct {
	Class struct {
		ID       string `xml:"ClassID"`
		Kingdom  string
		Type     string
		Subtype  string
		Analyzer string `xml:"AnalyzerName"`
		Severity string `xml:"DefaultSeverity"`
	} `xml:"ClassInfo"`
	Instance struct {
		ID         string `xml:"InstanceID"`
		Severity   string `xml:"InstanceSeverity"`
		Confidence string
		Meta       metaInfo `xml:"MetaInfo"`
	} `xml:"InstanceInfo"`
	Unified struct {
		Function function `xml:"Context>Function"`
		Replace  []struct {
			Key   string `xml:"key,attr"`
			Value string `xml:"value,attr"`
		} `xml:"ReplacementDefinitions>Def"`
		Traces []struct {
			Entries []entry `xml:"Primary>Entry"`
		} `xml:"Trace"`
	} `xml:"AnalysisInfo>Unified"`
	Inner string `xml:",innerxml"`
}

// entry is a stop of a trace, or the number of one that several traces share.
type entry struct {
	Node *node
	Ref  *struct {
		ID      string `xml:"id,attr"`
		Default bool   `xml:"isDefault,attr"`
	} `xml:"NodeRef"`
}

func (d *decoder) observe(v *vulnerability) *finding.Observation {
	title := strings.Join(ident.Add(nil, v.Class.Type, v.Class.Subtype), ": ")
	about := d.descriptions[v.Class.ID]
	meta := d.ratingsOf(v)
	o := &finding.Observation{
		Kind:         finding.Code,
		Title:        title,
		SeverityWord: v.Instance.Severity,
		Severity:     grade(v, meta),
		Confidence:   v.Instance.Confidence,
		CWEs:         weaknesses(meta, about),
		Claim:        d.audited[v.Instance.ID].claim,
		Tags:         tags(v, meta),
		Check: finding.Check{
			ID:          v.Class.ID,
			Title:       title,
			Description: paragraphs(plain(about.Abstract, nil), plain(about.Explanation, nil)),
			Help:        paragraphs(append([]string{plain(about.Recommendations, nil)}, about.Tips...)...),
		},
	}
	if o.Check.ID == "" {
		o.Check.ID = title
	}
	replace := map[string]string{}
	for _, r := range v.Unified.Replace {
		replace[r.Key] = r.Value
	}
	o.Message = plain(about.Abstract, replace)
	o.Fix = plain(about.Recommendations, nil)
	if v.Instance.ID != "" {
		o.Fingerprints = map[string]string{"fortify": v.Instance.ID}
	}
	for _, r := range about.References {
		if strings.HasPrefix(r.Source, "http") {
			o.References = ident.Add(o.References, r.Source)
		}
	}
	d.places(o, v)
	return o
}

// places fills where the flaw is and how data reach it. A finding may have
// several traces: the first is its own, the others end in related places.
func (d *decoder) places(o *finding.Observation, v *vulnerability) {
	for i, trace := range v.Unified.Traces {
		var steps []finding.Step
		at := -1
		for _, e := range trace.Entries {
			n, isDefault := e.Node, false
			if e.Ref != nil {
				shared, ok := d.nodes[e.Ref.ID]
				if !ok {
					continue
				}
				n, isDefault = &shared, e.Ref.Default
			}
			if n == nil {
				continue
			}
			if n.Default && e.Ref == nil || isDefault {
				at = len(steps)
			}
			steps = append(steps, finding.Step{Location: d.location(n), Message: strings.Join(ident.Add(nil, n.Action, n.Label), " ")})
		}
		if len(steps) == 0 {
			continue
		}
		if at < 0 {
			at = len(steps) - 1 // the sink
		}
		if i > 0 {
			o.Related = append(o.Related, steps[at].Location)
			continue
		}
		o.Location = steps[at].Location
		if len(steps) > 1 {
			o.Flow = steps
		}
	}
	if f := v.Unified.Function.symbol(); f != "" {
		o.Location.Symbol = f
	}
}

func (d *decoder) location(n *node) finding.Location {
	l, s := &n.Location, d.snippets[n.Location.Snippet]
	return finding.Location{
		Path: l.Path, StartLine: l.Line, EndLine: l.LineEnd, StartColumn: l.Column, EndColumn: l.ColumnEnd,
		Snippet: s.lines(l.Line, l.LineEnd), Context: strings.TrimRight(s.Text, "\n"), Symbol: d.contexts[l.Context],
	}
}

// lines cuts the lines from first to last out of the text around them; one
// that ends before it begins is one line.
func (s *snippet) lines(first, last int) string {
	all := strings.Split(s.Text, "\n")
	first, last = first-s.Start, max(first, last)-s.Start+1
	if first < 0 || first >= len(all) {
		return ""
	}
	return strings.TrimSpace(strings.Join(all[first:min(last, len(all))], "\n"))
}

// ratingsOf are the rule's ratings with those of the instance over them.
func (d *decoder) ratingsOf(v *vulnerability) ratings {
	own := v.Instance.Meta.ratings()
	for name, value := range d.rules[v.Class.ID] {
		if _, ok := own[name]; !ok {
			own[name] = value
		}
	}
	return own
}

// grade is Fortify Priority Order: impact against likelihood, which is
// accuracy times confidence times probability by 25, each from 0 to 5 and
// high from 2.5 on (Fortify Audit Workbench User Guide, "About Fortify
// Priority Order"). Without a rule's ratings the severity of the instance
// counts, also from 0 to 5.
func grade(v *vulnerability, meta ratings) finding.Severity {
	number := func(s string) float64 {
		f, _ := strconv.ParseFloat(strings.TrimSpace(s), 64) // 0 is the least
		return f
	}
	_, rated := meta["Impact"]
	if !rated {
		word := v.Instance.Severity
		if word == "" {
			word = v.Class.Severity
		}
		switch s := number(word); {
		case word == "":
			return finding.SeverityUnknown
		case s >= 4:
			return finding.SeverityHigh
		case s >= 3:
			return finding.SeverityMedium
		case s >= 1:
			return finding.SeverityLow
		}
		return finding.SeverityInfo
	}
	likelihood := number(meta["Accuracy"]) * number(v.Instance.Confidence) * number(meta["Probability"]) / 25
	switch impact := number(meta["Impact"]); {
	case impact >= 2.5 && likelihood >= 2.5:
		return finding.SeverityCritical
	case impact >= 2.5:
		return finding.SeverityHigh
	case likelihood >= 2.5:
		return finding.SeverityMedium
	}
	return finding.SeverityLow
}

// weaknesses are the numbers in "CWE ID 259, CWE ID 798".
func weaknesses(meta ratings, about description) []int {
	texts := strings.Split(meta["altcategoryCWE"], ",")
	if meta["altcategoryCWE"] == "" {
		for _, r := range about.References {
			if strings.HasSuffix(r.Author, "Common Weakness Enumeration") {
				texts = append(texts, strings.Split(r.Title, ",")...)
			}
		}
	}
	for i := range texts {
		texts[i] = strings.ReplaceAll(texts[i], "CWE ID ", "CWE-")
	}
	return ident.CWEs(texts...)
}

// tags are where the flaw belongs: Fortify's kingdom and analyser and the
// words of standards that people filter by.
func tags(v *vulnerability, meta ratings) []string {
	out := ident.Add(nil, v.Class.Kingdom, v.Class.Analyzer)
	var names []string
	for name := range meta {
		if standard, ok := strings.CutPrefix(name, "altcategory"); ok && (strings.HasPrefix(standard, "OWASP") || strings.HasPrefix(standard, "PCI")) {
			names = append(names, standard+": "+meta[name])
		}
	}
	sort.Strings(names)
	return append(out, names...)
}

// Descriptions name what differs between instances by these elements.
var (
	replacement = regexp.MustCompile(`<Replace\s[^>]*?key="([^"]*)"[^>]*?(?:/>|>\s*</Replace>)`)
	conditional = regexp.MustCompile(`(?s)<IfDef\s[^>]*?var="([^"]*)"[^>]*>(.*?)</IfDef>`)
	general     = regexp.MustCompile(`(?s)<Paragraph>.*?<AltParagraph>(.*?)</AltParagraph>\s*</Paragraph>`)
	alternative = regexp.MustCompile(`(?s)<AltParagraph>.*?</AltParagraph>`)
	code        = regexp.MustCompile(`(?s)<pre>.*?</pre>`)
	otherwise   = regexp.MustCompile(`(?s)<IfNotDef\s[^>]*?var="([^"]*)"[^>]*>(.*?)</IfNotDef>`)
)

// plain renders a text of a description: HTML with places for the names of an
// instance, and parts that stand only when a name is told. Without an instance
// the paragraph that is written for that case stands, else the names of the
// places.
func plain(text string, names map[string]string) string {
	if names == nil {
		text = general.ReplaceAllString(text, "$1")
	} else {
		text = alternative.ReplaceAllString(text, "")
	}
	if strings.Contains(text, "Def ") {
		text = conditional.ReplaceAllStringFunc(text, func(m string) string {
			if part := conditional.FindStringSubmatch(m); names[part[1]] != "" {
				return part[2]
			}
			return ""
		})
		text = otherwise.ReplaceAllStringFunc(text, func(m string) string {
			if part := otherwise.FindStringSubmatch(m); names[part[1]] == "" {
				return part[2]
			}
			return ""
		})
	}
	text = replacement.ReplaceAllStringFunc(text, func(m string) string {
		key := replacement.FindStringSubmatch(m)[1]
		if names[key] != "" {
			return names[key]
		}
		return "[" + key + "]"
	})
	return strings.TrimSpace(htmldoc.Text(broken(text)))
}

// broken writes the ends of lines as HTML does: these texts are preformatted.
// Examples of code among them are so in HTML, too.
func broken(text string) string {
	var b strings.Builder
	from := 0
	for _, at := range append(code.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		b.WriteString(strings.ReplaceAll(strings.TrimSpace(text[from:at[0]]), "\n", "<br/>"))
		b.WriteString(text[at[0]:at[1]])
		from = at[1]
	}
	return b.String()
}

func paragraphs(texts ...string) string {
	return strings.Join(ident.Add(nil, texts...), "\n\n")
}
