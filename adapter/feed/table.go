package feed

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/weakness"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// record is one line of a table, its fields by column name.
type record struct {
	line    int
	columns map[string]int
	fields  []string
}

// get returns a field without surrounding space; "" for a missing column.
func (r *record) get(column string) string {
	if i, ok := r.columns[column]; ok && i < len(r.fields) {
		return strings.TrimSpace(r.fields[i])
	}
	return ""
}

// table reads a CSV with a header line that holds at least the required
// columns, in any order, and calls each for every record. An error of each
// makes the record a bad one. A last line that breaks off in the middle means
// that the file was cut.
func (p *parser) table(each func(*record) error, required ...string) error {
	c := csv.NewReader(p.in)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	c.LazyQuotes = true
	header, err := c.Read()
	if err != nil {
		return fmt.Errorf("%w: no header line (%v)", ErrNotFeed, truncated(err))
	}
	r := &record{columns: make(map[string]int, len(header))}
	for i, name := range header {
		r.columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range required {
		if _, ok := r.columns[name]; !ok {
			return fmt.Errorf("%w: the header has no column %q, it begins with %q", ErrNotFeed, name, clip([]byte(strings.Join(header, ","))))
		}
	}
	width := len(header)
	for p.stopped == nil {
		r.fields, err = c.Read()
		if err == io.EOF {
			return nil
		}
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			p.bad(wrong.Line, "%v", wrong.Err)
			continue
		case err != nil:
			return truncated(err)
		}
		r.line, _ = c.FieldPos(0)
		if len(r.fields) != width {
			if _, err := p.in.Peek(1); err == io.EOF && len(r.fields) < width { // csv reads from p.in itself
				return fmt.Errorf("%w: line %d has %d of %d fields", ErrTruncated, r.line, len(r.fields), width)
			}
			p.bad(r.line, "%d fields in place of %d", len(r.fields), width)
			continue
		}
		if err := each(r); err != nil && p.stopped == nil {
			p.bad(r.line, "%v", err)
		}
	}
	return nil
}

// epss reads FIRST's file: a comment line with the model version and date
// ("#model_version:v2025.03.14,score_date:2025-03-17T00:00:00+0000", absent
// before September 2021), then cve,epss,percentile.
func (p *parser) epss() error {
	for {
		if b, err := p.in.Peek(1); err != nil || b[0] != '#' {
			break
		}
		line, err := p.in.ReadString('\n')
		if err != nil {
			return truncated(err)
		}
		p.epssComment(strings.TrimSpace(line[1:]))
	}
	return p.table(func(r *record) error {
		cve, err := cveOf(r.get("cve"))
		if err != nil {
			return err
		}
		e := enrich.EPSS{AsOf: p.AsOf}
		if e.Probability, err = share(r.get("epss")); err != nil {
			return fmt.Errorf("epss: %w", err)
		}
		if s := r.get("percentile"); s != "" {
			if e.Percentile, err = share(s); err != nil {
				return fmt.Errorf("percentile: %w", err)
			}
		}
		p.add(Row{CVE: cve, EPSS: e})
		return nil
	}, "cve", "epss")
}

func (p *parser) epssComment(text string) {
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), ":")
		switch key {
		case "model_version":
			p.Version = value
		case "score_date":
			if t, err := dateOf(value); err == nil {
				p.AsOf = t
			}
		}
	}
}

// evidence reads Stance's table of public exploits: one line a CVE, with
// dates and counts by source and a maturity.
func (p *parser) evidence() error {
	return p.table(func(r *record) error {
		cve, err := cveOf(r.get("cve"))
		if err != nil {
			return err
		}
		var x enrich.Exploit
		if x.Maturity, err = enrich.ParseMaturity(r.get("maturity")); err != nil {
			return err
		}
		if s := r.get("first_seen"); s != "" {
			if x.FirstSeen, err = dateOf(s); err != nil {
				p.mended(r.line, "taken without first_seen: %v", err)
			}
		}
		for _, source := range [...]struct{ column, name string }{
			{"edb_count", "Exploit-DB"}, {"msf_modules", "Metasploit"}, {"nuclei", "Nuclei"}, {"github_poc_count", "GitHub"},
			{"poc_links_github", "GitHub links"}, {"poc_links_reference", "reference links"},
		} {
			n, err := count(r.get(source.column))
			if err != nil {
				return fmt.Errorf("%s: %w", source.column, err)
			}
			if n > 0 {
				x.Sources = append(x.Sources, source.name)
			}
		}
		p.newest(x.FirstSeen)
		p.add(Row{CVE: cve, Exploit: x})
		return nil
	}, "cve", "maturity")
}

// exploitDB reads the index of Exploit-DB. Its "codes" name what an exploit
// is for: "CVE-2009-3699;OSVDB-58726". Verified entries were run by the
// maintainers.
func (p *parser) exploitDB() error {
	return p.table(func(r *record) error {
		x := enrich.Exploit{Maturity: enrich.MaturityPoC, Sources: []string{"Exploit-DB"}}
		switch r.get("verified") {
		case "1":
			x.Maturity = enrich.MaturityFunctional
		case "0", "":
		default:
			return fmt.Errorf("verified is %q, not 0 or 1", clip([]byte(r.get("verified"))))
		}
		for _, column := range [...]string{"date_published", "date_added"} {
			s := r.get(column)
			if s == "" {
				continue
			}
			t, err := dateOf(s)
			if err != nil {
				p.mended(r.line, "taken without %s: %v", column, err)
				continue
			}
			if t.After(x.FirstSeen) { // public from the later of the two on
				x.FirstSeen = t
			}
			p.newest(t)
		}
		found := false
		for code := range strings.SplitSeq(r.get("codes"), ";") {
			if id, err := advisory.Parse(code); err == nil && id.Kind() == advisory.CVE {
				found = true
				if !p.add(Row{CVE: id, Exploit: x}) {
					return nil
				}
			}
		}
		if !found {
			p.Empty++
		}
		return nil
	}, "id", "codes", "verified")
}

// cvss reads Stance's table of ratings: vectors and scores of CVSS 2, 3 and
// 4, and the CWE numbers joined by semicolons.
func (p *parser) cvss() error {
	return p.table(func(r *record) error {
		cve, err := cveOf(r.get("cve"))
		if err != nil {
			return err
		}
		row := Row{CVE: cve}
		if s := r.get("published"); s != "" {
			if row.Published, err = dateOf(s); err != nil {
				return fmt.Errorf("published: %w", err)
			}
			p.newest(row.Published)
		}
		for _, v := range [...]struct{ vector, score, source, version string }{
			{"cvss4", "cvss4_score", "cvss4_src", "4.0"}, {"cvss3", "cvss3_score", "cvss3_src", ""}, {"cvss2", "cvss2_score", "cvss2_src", "2.0"},
		} {
			c := finding.CVSS{Vector: r.get(v.vector), Version: v.version, Source: r.get(v.source)}
			if c.Version == "" && len(c.Vector) > 8 && strings.HasPrefix(c.Vector, "CVSS:3.") {
				c.Version = c.Vector[5:8]
			}
			if s := r.get(v.score); s != "" {
				if c.Score, err = strconv.ParseFloat(s, 64); err != nil || !(c.Score >= 0 && c.Score <= 10) {
					return fmt.Errorf("%s is %q, not a number from 0 to 10", v.score, clip([]byte(s)))
				}
			}
			if len(c.Vector) > 400 {
				return fmt.Errorf("%s has %d characters", v.vector, len(c.Vector))
			}
			if c.Vector != "" || c.Score > 0 {
				row.CVSS = append(row.CVSS, c)
			}
		}
		row.CWEs = cweNumbers(r.get("cwe"))
		if len(row.CVSS) == 0 && len(row.CWEs) == 0 {
			p.Empty++
			return nil
		}
		p.add(row)
		return nil
	}, "cve", "cvss3")
}

// ssvc reads Stance's table of CISA's decision points.
func (p *parser) ssvc() error {
	return p.table(func(r *record) error {
		cve, err := cveOf(r.get("cve"))
		if err != nil {
			return err
		}
		var s enrich.SSVC
		if t := r.get("timestamp"); t != "" {
			if s.AsOf, err = dateOf(t); err != nil {
				return fmt.Errorf("timestamp: %w", err)
			}
			p.newest(s.AsOf)
		}
		switch v := strings.ToLower(r.get("exploitation")); v {
		case "none":
			s.Exploitation = enrich.ExploitationNone
		case "poc":
			s.Exploitation = enrich.ExploitationPoC
		case "active":
			s.Exploitation = enrich.ExploitationActive
		case "":
		default:
			return fmt.Errorf("exploitation is %q, not none, poc or active", clip([]byte(v)))
		}
		if s.Automatable, err = answer(r.get("automatable"), "no", "yes"); err != nil {
			return fmt.Errorf("automatable: %w", err)
		}
		if s.Total, err = answer(r.get("technical_impact"), "partial", "total"); err != nil {
			return fmt.Errorf("technical_impact: %w", err)
		}
		p.add(Row{CVE: cve, SSVC: s})
		return nil
	}, "cve", "exploitation", "automatable")
}

// aliases reads Stance's table of ids that name the same flaw. Umbrella
// advisories are no aliases and are left out.
func (p *parser) aliases() error {
	return p.table(func(r *record) error {
		var ids []advisory.ID
		for _, column := range [...]string{"cve", "ghsa", "other_id"} {
			for _, s := range strings.FieldsFunc(r.get(column), func(c rune) bool { return c == ';' || c == ',' || c == ' ' }) {
				id, err := advisory.Parse(s)
				if err != nil {
					return fmt.Errorf("%s: %w", column, err)
				}
				if column != "other_id" && id.Kind() == advisory.Other {
					return fmt.Errorf("%s is %q, which is no such id", column, clip([]byte(s)))
				}
				if !id.Umbrella() {
					ids = append(ids, id)
				}
			}
		}
		if len(ids) < 2 {
			p.Empty++
			return nil
		}
		row := Row{Aliases: ids}
		if ids[0].Kind() == advisory.CVE {
			row.CVE = ids[0]
		}
		p.add(row)
		return nil
	}, "cve", "ghsa")
}

// newest keeps the latest date seen, for files that carry none of their own.
func (p *parser) newest(t time.Time) {
	if t.After(p.AsOf) {
		p.AsOf = t
	}
}

func cveOf(s string) (advisory.ID, error) {
	id, err := advisory.Parse(s)
	if err != nil {
		return "", err
	}
	if id.Kind() != advisory.CVE {
		return "", fmt.Errorf("%q is no CVE id", clip([]byte(s)))
	}
	return id, nil
}

// share reads a number from 0 to 1.
func share(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1 {
		return 0, fmt.Errorf("%q is not a number from 0 to 1", clip([]byte(s)))
	}
	return f, nil
}

// count reads a number of things; empty is none.
func count(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no count", clip([]byte(s)))
	}
	return n, nil
}

func answer(s, no, yes string) (enrich.Answer, error) {
	switch {
	case s == "":
		return enrich.Unsaid, nil
	case strings.EqualFold(s, no):
		return enrich.No, nil
	case strings.EqualFold(s, yes):
		return enrich.Yes, nil
	}
	return enrich.Unsaid, fmt.Errorf("%q is not %s or %s", clip([]byte(s)), no, yes)
}

// The years that a date of a feed can lie in: the oldest exploit on record is
// of 1988, and a date far ahead is a mistake.
const firstYear, lastYear = 1988, 2099

// dateOf reads a day, with or without a time of day.
func dateOf(s string) (time.Time, error) {
	for _, layout := range [...]string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			if y := t.Year(); y < firstYear || y > lastYear {
				return time.Time{}, fmt.Errorf("the year %d is absurd", y)
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date", clip([]byte(s)))
}

func cweNumbers(s string) []int {
	var out []int
	for part := range strings.SplitSeq(s, ";") {
		if c, ok := weakness.ParseCWE(part); ok {
			out = append(out, int(c))
		}
	}
	return out
}
