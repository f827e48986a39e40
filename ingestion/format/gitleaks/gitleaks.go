// Package gitleaks reads the JSON reports of Gitleaks, the secret scanner for
// Git history and folders.
//
// Version 8 writes an array of PascalCase records, versions 1 to 7 an array
// (or JSON lines) of camelCase ones; both are read by one record type because
// their names do not clash. Entropy, commit messages and e-mail addresses
// beside the author are kept only in the raw record.
package gitleaks

import (
	"context"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads Gitleaks reports.
var Format = format.Format{
	Name:  "gitleaks",
	Title: "Gitleaks JSON",
	Doc: "Gitleaks `--report-format json`, versions 1 to 8. Gitleaks grades nothing: every leak is high, " +
		"because whoever reads the repository can use the credential, and critical is left for tools that proved it works. " +
		"Entropy and commit messages stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

// detect knows records by keys that only Gitleaks puts together. A bare null
// is what Gitleaks before version 8 writes when it found nothing; an empty
// array could be anybody's, so there the file name must speak.
func detect(h format.Head) format.Confidence {
	if h.Shape != format.ShapeJSON {
		return format.No
	}
	rec := first(h)
	named := strings.Contains(strings.ToLower(h.Name), "leaks")
	switch {
	case rec.Has("RuleID", "Secret", "Match"), rec.Has("RuleID", "Fingerprint", "StartLine"),
		rec.Has("offender", "rule", "commit"), rec.Has("offender", "reason", "commit"):
		return format.Likely
	case h.JSON.Is('n'), named && h.Whole && h.JSON.Is('[') && h.JSON.First == nil:
		return format.Possible
	}
	return format.No
}

// first is the first record of the document, whichever way it is written.
func first(h format.Head) *format.Node {
	if h.JSON.Is('[') {
		return h.JSON.First
	}
	return h.JSON
}

// record is a leak in the words of every version.
type record struct {
	// Version 8.
	RuleID      jsondoc.Text
	Description jsondoc.Text
	StartLine   jsondoc.Int
	EndLine     jsondoc.Int
	StartColumn jsondoc.Int
	EndColumn   jsondoc.Int
	Match       jsondoc.Text
	Secret      jsondoc.Text
	File        jsondoc.Text
	SymlinkFile jsondoc.Text
	Commit      jsondoc.Text
	Link        jsondoc.Text
	Author      jsondoc.Text
	Email       jsondoc.Text
	Date        jsondoc.Text
	Tags        jsondoc.Strings
	Fingerprint jsondoc.Text

	// Versions 1 to 7. Reason is what version 1 called the rule.
	Line7     jsondoc.Text    `json:"line"`
	Number7   jsondoc.Int     `json:"lineNumber"`
	Offender7 jsondoc.Text    `json:"offender"`
	Rule7     jsondoc.Text    `json:"rule"`
	Reason7   jsondoc.Text    `json:"reason"`
	Info7     jsondoc.Text    `json:"info"`
	Severity7 jsondoc.Text    `json:"severity"`
	File7     jsondoc.Text    `json:"file"`
	Commit7   jsondoc.Text    `json:"commit"`
	LeakURL7  jsondoc.Text    `json:"leakURL"`
	Author7   jsondoc.Text    `json:"author"`
	Email7    jsondoc.Text    `json:"email"`
	Date7     jsondoc.Text    `json:"date"`
	Tags7     jsondoc.Strings `json:"tags"`
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := sink.Run(format.Run{Tool: "gitleaks", Target: target(first(in.Head()))}); err != nil {
		return err
	}
	return jsondoc.Stream(r, sink, func(rec *record, pos finding.Position, raw []byte) error {
		o, err := observe(rec, pos, raw)
		if err != nil {
			return err
		}
		return sink.Observe(o)
	})
}

// target reads the repository off the first leak: a report covers one.
func target(rec *format.Node) format.Target {
	t := format.Target{Kind: "repository", Repository: rec.At("repoURL").String()}
	if link := rec.At("Link").String(); t.Repository == "" {
		for _, cut := range []string{"/-/blob/", "/blob/", "/src/", "/commit/"} {
			if repo, _, ok := strings.Cut(link, cut); ok {
				t.Repository = repo
				break
			}
		}
	}
	if name := rec.At("repo").String(); name != "." {
		t.Name = name
	}
	return t
}

func observe(rec *record, pos finding.Position, raw []byte) (*finding.Observation, error) {
	rule := either(rec.RuleID, rec.Rule7, rec.Reason7)
	file := either(rec.File, rec.File7)
	if rule == "" && file == "" {
		return nil, jsondoc.Bad("a leak needs at least a rule or a file")
	}
	word := rec.Severity7.String()
	severity := finding.SeverityOfWord(word)
	if severity == finding.SeverityUnknown {
		severity = finding.SeverityHigh
	}
	o := &finding.Observation{
		Position:     pos,
		Kind:         finding.Secret,
		Check:        finding.Check{ID: rule, Title: either(rec.Description, rec.Info7, rec.Rule7)},
		Severity:     severity,
		SeverityWord: word,
		CWEs:         []int{798}, // "use of hard-coded credentials": all that the tool looks for
		Location: finding.Location{
			Path:        file,
			StartLine:   int(max(rec.StartLine, rec.Number7)),
			EndLine:     int(rec.EndLine),
			StartColumn: int(rec.StartColumn),
			EndColumn:   int(rec.EndColumn),
			Snippet:     either(rec.Match, rec.Line7),
			Commit:      either(rec.Commit, rec.Commit7),
			Author:      person(either(rec.Author, rec.Author7), either(rec.Email, rec.Email7)),
			Date:        date(either(rec.Date, rec.Date7)),
		},
		Secret: secret(either(rec.Secret, rec.Offender7), rule),
		Tags:   append([]string(rec.Tags), splitTags(rec.Tags7)...),
		Raw:    raw,
	}
	if link := either(rec.Link, rec.LeakURL7); link != "" {
		o.References = []string{link}
	}
	if rec.SymlinkFile != "" {
		o.Related = []finding.Location{{Path: rec.SymlinkFile.String()}}
	}
	if rec.Fingerprint != "" {
		o.Fingerprints = map[string]string{"gitleaks": rec.Fingerprint.String()}
	}
	return o, nil
}

// secret keeps apart what `--redact` left: the word REDACTED, or with
// `--redact=N` the beginning of the secret followed by three dots.
func secret(value, rule string) *finding.SecretValue {
	s := &finding.SecretValue{Detector: rule}
	if value == "REDACTED" || strings.HasSuffix(value, "...") {
		s.Masked = value
	} else {
		s.Value = value
	}
	return s
}

// splitTags reads the comma-separated tags of version 7.
func splitTags(tags jsondoc.Strings) []string {
	var out []string
	for _, t := range tags {
		for _, one := range strings.Split(t, ",") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
	}
	return out
}

func person(name, email string) string {
	if email == "" || strings.Contains(name, email) {
		return name
	}
	return strings.TrimSpace(name + " <" + email + ">")
}

// date drops Go's zero time, which version 7 writes for files outside Git.
func date(s string) string {
	if strings.HasPrefix(s, "0001-01-01") {
		return ""
	}
	return s
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
