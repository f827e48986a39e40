package dojo

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// counts are numbers of findings by DefectDojo's marks.
type counts struct {
	Active       int64 `json:"active"`
	Verified     int64 `json:"verified"`
	Duplicate    int64 `json:"duplicate"`
	FalsePos     int64 `json:"false_p"`
	OutOfScope   int64 `json:"out_of_scope"`
	IsMitigated  int64 `json:"is_mitigated"`
	RiskAccepted int64 `json:"risk_accepted"`
	Total        int64 `json:"total"`
}

// add counts n findings of a status. verified says that the sender vouches
// for them: Stance has no such mark of its own.
func (c *counts) add(s finding.Status, n int64, verified bool) {
	switch s {
	case finding.Open:
		c.Active += n
		if verified {
			c.Verified += n
		}
	case finding.Resolved:
		c.IsMitigated += n
	case finding.FalsePositive:
		c.FalsePos += n
	case finding.Accepted:
		c.RiskAccepted += n
	case finding.NotAffected:
		c.OutOfScope += n
	}
	c.Total += n
}

// severityWord is a severity in DefectDojo's spelling, which has no unknown.
func severityWord(s finding.Severity) string {
	switch s {
	case finding.SeverityCritical:
		return "Critical"
	case finding.SeverityHigh:
		return "High"
	case finding.SeverityMedium:
		return "Medium"
	case finding.SeverityLow:
		return "Low"
	}
	return "Info"
}

// table is a table of counts by severity with its total.
func table(list []posture.StateCount, minimum finding.Severity, verified bool) map[string]*counts {
	out := map[string]*counts{"total": {}}
	for _, s := range severities {
		out[strings.ToLower(s)] = &counts{}
	}
	for _, n := range list {
		if max(n.Severity, finding.SeverityInfo) < minimum {
			continue
		}
		out[strings.ToLower(severityWord(n.Severity))].add(n.Status, n.Count, verified)
		out["total"].add(n.Status, n.Count, verified)
	}
	return out
}

// before counts what the test held until now; nil for a new test.
func (c *call) before(at *setting) ([]posture.StateCount, error) {
	if at.testData.Report == "" {
		return nil, nil
	}
	list, err := c.Reports.SeriesState(c.ctx, c.who.Tenant, at.testData.Report)
	if list == nil {
		list = []posture.StateCount{}
	}
	return list, err
}

// statistics are those of an import ("after") or a re-import (also "before"
// and "delta"), counting the severities that the sender asked for.
func (c *call) statistics(s *scan, at *setting, r posture.Report, before []posture.StateCount) (object, error) {
	after, err := c.Reports.SeriesState(c.ctx, c.who.Tenant, r.ID)
	if err != nil {
		return nil, err
	}
	verified := s.verified != nil && *s.verified
	out := object{"after": table(after, s.minimum, verified)}
	if !s.again || before == nil {
		return out, nil
	}
	effect := map[string][]posture.StateCount{}
	if r.DuplicateOf == "" {
		if effect, err = c.Reports.Effect(c.ctx, c.who.Tenant, r.ID); err != nil {
			return nil, err
		}
	}
	out["before"] = table(before, s.minimum, verified)
	out["delta"] = object{
		"created": table(effect["new"], s.minimum, verified), "closed": table(effect["resolved"], s.minimum, verified),
		"reactivated": table(effect["reopened"], s.minimum, verified), "left untouched": table(untouched(after, effect), s.minimum, verified),
	}
	return out, nil
}

// untouched is what is there now and was before, and the report changed
// nothing about.
func untouched(after []posture.StateCount, effect map[string][]posture.StateCount) []posture.StateCount {
	type cell struct {
		severity finding.Severity
		status   finding.Status
	}
	touched := map[cell]int64{}
	for _, list := range effect {
		for _, n := range list {
			touched[cell{n.Severity, n.Status}] += n.Count
		}
	}
	var out []posture.StateCount
	for _, n := range after {
		if n.Status == finding.Resolved {
			continue
		}
		if n.Count -= touched[cell{n.Severity, n.Status}]; n.Count > 0 {
			out = append(out, n)
		}
	}
	return out
}
