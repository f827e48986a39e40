package risk

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// severity is what the ratings of a flaw come to.
type severity struct {
	value float64 // 0..10
	known bool
	// local is true when every vector says that the attacker must be local,
	// adjacent or physically there.
	local  bool
	input  string
	source string
}

// rate joins the CVSS ratings and the tool's grade.
//
// Of the ratings the highest of v3.x and v4 counts, a v2 score only where
// nothing newer is: v2 knows no "critical" and grades differently. When a
// grade is there as well (distributions grade for their own builds), the
// result is half-way between the rating and the value in the grade's band
// that is nearest to it: agreement changes nothing, disagreement meets in the
// middle.
func rate(ratings []enrich.Of[finding.CVSS], grade finding.Severity, unknown float64) severity {
	var best, old *rating
	var wrong []string
	s := severity{value: unknown, input: "unknown", source: "none given"}
	vectors, remote := 0, false
	for _, r := range ratings {
		got, err := readCVSS(r.Value)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		if got.access != "" {
			vectors++
			remote = remote || got.access == "N"
		}
		if !got.ok {
			continue
		}
		got.id = string(r.ID)
		slot := &best
		if got.version == "2.0" {
			slot = &old
		}
		if *slot == nil || got.score > (*slot).score {
			*slot = &got
		}
	}
	s.local = vectors > 0 && !remote
	if best == nil {
		best = old
	}
	lo, hi := band(grade)
	switch {
	case best != nil && grade != finding.SeverityUnknown:
		s.value, s.known = (best.score+min(max(best.score, lo), hi))/2, true
		s.input = best.String() + ", graded " + grade.String()
		s.source = best.from + " and the tool"
	case best != nil:
		s.value, s.known, s.input, s.source = best.score, true, best.String(), best.from
	case grade != finding.SeverityUnknown:
		s.value, s.known, s.input, s.source = (lo+hi)/2, true, grade.String(), "the tool"
	}
	if len(wrong) > 0 {
		s.input += "; passed over: " + strings.Join(wrong, "; ")
	}
	return s
}

// band is the span of CVSS scores of a grade, by the qualitative scale of
// CVSS v3.1 and v4.0. Info, which that scale calls "none", gets the lowest
// part of low, so that it stays above nothing at all.
func band(g finding.Severity) (lo, hi float64) {
	switch g {
	case finding.SeverityInfo:
		return 0, 0.9
	case finding.SeverityLow:
		return 0.1, 3.9
	case finding.SeverityMedium:
		return 4, 6.9
	case finding.SeverityHigh:
		return 7, 8.9
	case finding.SeverityCritical:
		return 9, 10
	}
	return 0, 10
}

// rating is one CVSS rating, read.
type rating struct {
	ok      bool
	score   float64
	version string // "" when only a number was given
	access  string // the AV metric; "" without a vector
	from    string
	id      string
}

func (r *rating) String() string {
	s := "CVSS " + strconv.FormatFloat(r.score, 'f', 1, 64)
	if r.version != "" {
		s += " (v" + r.version + ")"
	}
	if r.id != "" {
		s += " of " + r.id
	}
	return s
}

// readCVSS computes the base score of a vector. Without a vector, or with a
// wrong one, the reported number is taken. The error says what was wrong even
// when the number saves the rating.
func readCVSS(c finding.CVSS) (rating, error) {
	r := rating{from: c.Source, version: c.Version}
	if r.from == "" {
		r.from = "the report"
	}
	var err error
	if v := strings.TrimSpace(c.Vector); v != "" {
		var score float64
		if score, r.version, r.access, err = baseScore(v, c.Version); err == nil {
			r.ok, r.score = true, score
			return r, nil
		}
		r.version = c.Version
		err = fmt.Errorf("wrong CVSS vector %q", clip(v))
	}
	switch {
	case c.Score > 0 && c.Score <= 10:
		r.ok, r.score = true, math.Round(c.Score*10)/10
	case c.Score != 0 || math.IsNaN(c.Score):
		err = fmt.Errorf("CVSS score %v outside 0 to 10", c.Score)
	}
	return r, err
}

// baseScore reads a vector of any version, with or without its prefix, and
// gives the base score: threat and temporal metrics are left out, since the
// threat has terms of its own.
func baseScore(vector, version string) (score float64, ver, access string, err error) {
	v := strings.Trim(vector, "() \t")
	if rest, ok := strings.CutPrefix(v, "CVSS2#"); ok {
		v, version = rest, "2.0"
	} else if rest, ok := strings.CutPrefix(v, "CVSS:2.0/"); ok {
		v, version = rest, "2.0"
	}
	if !strings.HasPrefix(v, "CVSS:") {
		v, version = prefixed(v, version)
	}
	switch {
	case strings.HasPrefix(v, "CVSS:4.0/"):
		c, err := gocvss40.ParseVector(v)
		if err != nil {
			return 0, "", "", err
		}
		if err := c.Set("E", "X"); err != nil {
			return 0, "", "", err
		}
		access, err = c.Get("AV")
		return c.Score(), "4.0", access, err
	case strings.HasPrefix(v, "CVSS:3.1/"):
		c, err := gocvss31.ParseVector(v)
		if err != nil {
			return 0, "", "", err
		}
		access, err = c.Get("AV")
		return c.BaseScore(), "3.1", access, err
	case strings.HasPrefix(v, "CVSS:3.0/"):
		c, err := gocvss30.ParseVector(v)
		if err != nil {
			return 0, "", "", err
		}
		access, err = c.Get("AV")
		return c.BaseScore(), "3.0", access, err
	case version == "2.0":
		c, err := gocvss20.ParseVector(v)
		if err != nil {
			return 0, "", "", err
		}
		access, err = c.Get("AV")
		return c.BaseScore(), "2.0", access, err
	}
	return 0, "", "", fmt.Errorf("unknown CVSS version")
}

// prefixed adds the prefix that a bare vector lacks. Each version has metrics
// that no other has: Au (2.0), AT (4.0), PR without AT (3.x).
func prefixed(v, version string) (string, string) {
	switch {
	case strings.Contains(v, "/Au:"):
		return v, "2.0"
	case strings.Contains(v, "/AT:"):
		return "CVSS:4.0/" + v, "4.0"
	case strings.Contains(v, "/PR:") && version == "3.0":
		return "CVSS:3.0/" + v, version
	case strings.Contains(v, "/PR:"):
		return "CVSS:3.1/" + v, "3.1"
	}
	return v, version
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
