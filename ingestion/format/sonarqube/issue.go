package sonarqube

import (
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// record is an issue or a hotspot of the API, or an issue of sonar-report.
type record struct {
	Key          jsondoc.Text         `json:"key"`
	Rule         jsondoc.Text         `json:"rule"`
	RuleKey      jsondoc.Text         `json:"ruleKey"` // of hotspots
	Severity     jsondoc.Text         `json:"severity"`
	Probability  jsondoc.Text         `json:"vulnerabilityProbability"` // of hotspots
	Category     jsondoc.Text         `json:"securityCategory"`         // of hotspots
	Component    jsondoc.Text         `json:"component"`
	Project      jsondoc.Text         `json:"project"`
	Line         jsondoc.Int          `json:"line"`
	Hash         jsondoc.Text         `json:"hash"` // of the line
	TextRange    textRange            `json:"textRange"`
	Flows        jsondoc.List[flow]   `json:"flows"`
	Resolution   jsondoc.Text         `json:"resolution"`
	Status       jsondoc.Text         `json:"status"`
	IssueStatus  jsondoc.Text         `json:"issueStatus"` // since 10.4
	Message      jsondoc.Text         `json:"message"`
	Description  jsondoc.Text         `json:"description"` // the rule's name, in sonar-report
	Author       jsondoc.Text         `json:"author"`
	Tags         jsondoc.Strings      `json:"tags"`
	Standards    jsondoc.Strings      `json:"securityStandards"`
	CreationDate jsondoc.Text         `json:"creationDate"`
	Type         jsondoc.Text         `json:"type"`
	CleanCode    jsondoc.Text         `json:"cleanCodeAttribute"`
	Impacts      jsondoc.List[impact] `json:"impacts"`
}

// impact grades an issue for one software quality, since 10.2.
type impact struct {
	Quality  jsondoc.Text `json:"softwareQuality"`
	Severity jsondoc.Text `json:"severity"`
}

// textRange counts lines from 1 and offsets from 0, the end exclusive.
type textRange struct {
	StartLine   jsondoc.Int `json:"startLine"`
	EndLine     jsondoc.Int `json:"endLine"`
	StartOffset jsondoc.Int `json:"startOffset"`
	EndOffset   jsondoc.Int `json:"endOffset"`
}

type flow struct {
	Locations jsondoc.List[stop] `json:"locations"`
}

type stop struct {
	Component jsondoc.Text `json:"component"`
	TextRange textRange    `json:"textRange"`
	Msg       jsondoc.Text `json:"msg"`
}

func (rec *record) observe(about *surroundings, hotspot bool) (*finding.Observation, error) {
	key := either(rec.Rule, rec.RuleKey)
	if key == "" && rec.Message == "" {
		return nil, jsondoc.Bad("an issue needs a rule or a message")
	}
	known := about.rules[key]
	check := known.check
	check.ID = key
	if check.Title == "" {
		check.Title = rec.Description.String()
	}
	severity, word := rec.severity()
	o := &finding.Observation{
		Kind:         rec.kind(key, hotspot),
		Check:        check,
		Message:      rec.Message.String(),
		Severity:     severity,
		SeverityWord: word,
		CWEs:         ident.CWEs(slices.Concat([]string(rec.Standards), []string(rec.Tags))...),
		Location:     rec.TextRange.location(about.path(rec.Component.String(), rec.Project.String())),
		Tags:         rec.Tags,
		Claim:        rec.claim(),
		FirstSeen:    instant(rec.CreationDate.String()),
	}
	if len(o.CWEs) == 0 {
		o.CWEs = known.cwes
	}
	if o.Location.StartLine == 0 {
		o.Location.StartLine = int(rec.Line)
	}
	o.Location.Author = rec.Author.String()
	for _, tag := range []jsondoc.Text{rec.Category, rec.CleanCode} {
		if tag != "" {
			o.Tags = append(o.Tags, tag.String())
		}
	}
	rec.fingerprints(o)
	rec.flows(o, about)
	if o.Kind == finding.Secret {
		o.Secret = &finding.SecretValue{Detector: key}
	}
	if strings.HasSuffix(key, ":UsingComponentWithKnownVulnerability") {
		fromDependencyCheck(o)
	}
	return o, nil
}

func (rec *record) kind(key string, hotspot bool) finding.Kind {
	if strings.HasPrefix(key, "secrets:") {
		return finding.Secret
	}
	switch rec.Type {
	case "VULNERABILITY", "SECURITY_HOTSPOT":
		return finding.Code
	case "BUG", "CODE_SMELL":
		return finding.Quality
	}
	if hotspot || len(rec.Impacts) == 0 { // sonar-report holds nothing but security
		return finding.Code
	}
	for _, i := range rec.Impacts {
		if i.Quality == "SECURITY" {
			return finding.Code
		}
	}
	return finding.Quality
}

// severityOf grades a word of either of SonarQube's scales, as its
// documentation sets one beside the other; LOW, MEDIUM and HIGH also grade
// hotspots.
func severityOf(word string) finding.Severity {
	switch strings.ToUpper(word) {
	case "BLOCKER":
		return finding.SeverityCritical
	case "CRITICAL", "HIGH":
		return finding.SeverityHigh
	case "MAJOR", "MEDIUM":
		return finding.SeverityMedium
	case "MINOR", "LOW":
		return finding.SeverityLow
	case "INFO":
		return finding.SeverityInfo
	}
	return finding.SeverityUnknown
}

// severity prefers the issue's own; without one the worst impact counts.
func (rec *record) severity() (finding.Severity, string) {
	word := either(rec.Severity, rec.Probability)
	if word != "" {
		return severityOf(word), word
	}
	var worst finding.Severity
	for _, i := range rec.Impacts {
		if s := severityOf(i.Severity.String()); s >= worst {
			worst, word = s, i.Severity.String()
		}
	}
	return worst, word
}

// claimOf reads a state that people set in SonarQube: an issue's resolution or
// status, or a hotspot's resolution.
func claimOf(word string) finding.Claim {
	c := finding.Claim{Justification: word, Source: "tool"}
	switch word {
	case "FALSE-POSITIVE", "FALSE_POSITIVE":
		c.State = finding.ClaimFalsePositive
	case "WONTFIX", "ACCEPTED", "ACKNOWLEDGED":
		c.State = finding.ClaimAccepted
	case "SAFE":
		c.State = finding.ClaimNotAffected
	case "FIXED", "REMOVED", "CLOSED", "RESOLVED":
		c.State = finding.ClaimFixed
	case "CONFIRMED":
		c.State = finding.ClaimAffected
	case "IN_SANDBOX":
		c.State = finding.ClaimUnderReview
	default:
		return finding.Claim{}
	}
	return c
}

func (rec *record) claim() finding.Claim {
	for _, word := range []jsondoc.Text{rec.Resolution, rec.IssueStatus, rec.Status} {
		if c := claimOf(word.String()); c.State != finding.ClaimNone {
			return c
		}
	}
	return finding.Claim{}
}

func (rec *record) fingerprints(o *finding.Observation) {
	if rec.Key == "" && rec.Hash == "" {
		return
	}
	o.Fingerprints = map[string]string{}
	if rec.Key != "" {
		o.Fingerprints["key"] = rec.Key.String()
	}
	if rec.Hash != "" {
		o.Fingerprints["line_hash"] = rec.Hash.String()
	}
}

// flows reads one flow of several stops as the way of the data, which
// SonarQube lists from the sink backwards; flows of one stop each are further
// places of the same issue.
func (rec *record) flows(o *finding.Observation, about *surroundings) {
	for _, f := range rec.Flows {
		for i := range f.Locations {
			if len(f.Locations) > 1 && len(rec.Flows) == 1 {
				l := f.Locations[len(f.Locations)-1-i]
				o.Flow = append(o.Flow, finding.Step{
					Location: l.TextRange.location(about.path(l.Component.String(), rec.Project.String())),
					Message:  l.Msg.String(),
				})
				continue
			}
			l := f.Locations[i]
			o.Related = append(o.Related, l.TextRange.location(about.path(l.Component.String(), rec.Project.String())))
		}
	}
}

// path gives the file of a component: by the document's own list, or what
// follows project and module in the key ("org:shop:core:src/A.java"). The
// project itself has no path.
func (s *surroundings) path(component, project string) string {
	if p, ok := s.paths[component]; ok {
		return p
	}
	if component == project {
		return ""
	}
	return component[strings.LastIndexByte(component, ':')+1:]
}

// location turns offsets into columns, which count from 1; the end column is
// the one behind the last character, as in SARIF.
func (t textRange) location(path string) finding.Location {
	l := finding.Location{Path: path, StartLine: int(t.StartLine), EndLine: int(t.EndLine)}
	if t.StartLine > 0 {
		l.StartColumn, l.EndColumn = int(t.StartOffset)+1, int(t.EndOffset)+1
	}
	return l
}

// instant reads SonarQube's times ("2023-10-16T15:05:35+0000").
func instant(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
