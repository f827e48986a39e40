package trufflehog

import (
	"sort"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// stringsFound reads a record of version 2 or of the older trufflehog3: one
// observation for each distinct string. All of them stand in each record's
// raw text, so each knows the others as aliases.
func stringsFound(rec *record, tool string) []*finding.Observation {
	values := distinct(rec.StringsFound, tool == "trufflehog3")
	sev := finding.SeverityHigh
	if strings.EqualFold(rec.Reason.String(), "high entropy") {
		sev = finding.SeverityMedium
	}
	out := make([]*finding.Observation, 0, len(values))
	for i, v := range values {
		o := &finding.Observation{
			Kind:     finding.Secret,
			Check:    finding.Check{ID: rec.Reason.String(), Title: rec.Reason.String()},
			Severity: sev,
			CWEs:     []int{798},
			Location: finding.Location{
				Path:    rec.Path.String(),
				Context: rec.Diff.String(),
				Commit:  rec.CommitHash.String(),
				Date:    rec.Date.String(),
			},
			Secret: &finding.SecretValue{Value: v, Detector: rec.Reason.String()},
		}
		for j, other := range values {
			if i != j {
				o.Secret.Aliases = append(o.Secret.Aliases, other)
			}
		}
		if rec.Branch != "" {
			o.Tags = []string{"branch:" + rec.Branch.String()}
		}
		out = append(out, o)
	}
	return out
}

// distinct drops repeated strings. trufflehog3 gives whole lines of the diff,
// whose sign and indentation are no part of the secret: the same line moved
// is the same secret.
func distinct(found []string, diffLines bool) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range found {
		if diffLines {
			s = strings.TrimSpace(strings.TrimLeft(s, "+-"))
		}
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) == 0 { // nothing but signs: the record still counts
		out = append(out, found[0])
	}
	return out
}

// ruled reads a record of trufflehog3 since its version 3.
func ruled(rec *record) *finding.Observation {
	word := rec.Rule.Severity.String()
	sev := finding.SeverityOfWord(word)
	if sev == finding.SeverityUnknown {
		sev = finding.SeverityHigh
	}
	id := either(rec.Rule.ID, rec.Rule.Message)
	o := &finding.Observation{
		Kind:         finding.Secret,
		Check:        finding.Check{ID: id, Title: rec.Rule.Message.String()},
		Severity:     sev,
		SeverityWord: word,
		CWEs:         []int{798},
		Location: finding.Location{
			Path:      rec.Path.String(),
			StartLine: int(rec.Line),
			Context:   contextText(rec.Context),
			Commit:    rec.Commit.String(),
			Author:    rec.Author.String(),
			Date:      rec.Date.String(),
		},
		Secret: &finding.SecretValue{Value: rec.Secret.String(), Detector: id},
	}
	if rec.ID != "" {
		o.Fingerprints = map[string]string{"trufflehog3": rec.ID.String()}
	}
	if rec.Branch != "" {
		o.Tags = []string{"branch:" + rec.Branch.String()}
	}
	return o
}

// contextText puts the lines around a match, keyed by line number, in order.
func contextText(lines map[string]jsondoc.Text) string {
	numbers := make([]string, 0, len(lines))
	for n := range lines {
		numbers = append(numbers, n)
	}
	sort.Slice(numbers, func(i, j int) bool {
		a, _ := strconv.Atoi(numbers[i])
		b, _ := strconv.Atoi(numbers[j])
		return a < b || a == b && numbers[i] < numbers[j]
	})
	var b strings.Builder
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight(lines[n].String(), "\r\n"))
	}
	return b.String()
}
