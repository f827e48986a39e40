package sqlite

import (
	"strconv"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// facetField is one field that lists are counted by.
type facetField struct {
	name       string
	tally, row string // the column in the counters and in the rows
	text       bool
	words      func(v int64, tools toolNames) []string
	without    func(posture.Filter) posture.Filter
}

const applicationKey = "(SELECT key FROM application a WHERE a.tenant_id = f.tenant_id AND a.id = f.application_id)"

var facetFields = []facetField{
	{"status", "f.status % 16", "f.status % 16", false, func(v int64, _ toolNames) []string { return []string{string(word(statusCodes, int(v)))} },
		func(f posture.Filter) posture.Filter { f.Statuses = nil; return f }},
	{"severity", "f.severity", "f.severity", false, func(v int64, _ toolNames) []string { return []string{finding.Severity(v).String()} },
		func(f posture.Filter) posture.Filter { f.Severities = nil; return f }},
	{"priority", "f.priority", "f.priority", false, func(v int64, _ toolNames) []string { return []string{risk.Priority(v).String()} },
		func(f posture.Filter) posture.Filter { f.Priorities = nil; return f }},
	{"kind", "f.kind", "f.kind", false, func(v int64, _ toolNames) []string { return []string{string(word(kindCodes, int(v)))} },
		func(f posture.Filter) posture.Filter { f.Kinds = nil; return f }},
	{"application", applicationKey, applicationKey, true, nil,
		func(f posture.Filter) posture.Filter { f.Applications = nil; return f }},
	{"tool", "f.tools", "f.tools", false, func(v int64, tools toolNames) []string { return tools.of(uint64(v)) },
		func(f posture.Filter) posture.Filter { f.Tools = nil; return f }},
	{"kev", "f.kev", "f.kev", false, func(v int64, _ toolNames) []string { return []string{strconv.FormatBool(v != 0)} },
		func(f posture.Filter) posture.Filter { f.KEV = nil; return f }},
	{"fixable", "f.fixable", "f.fixable", false, func(v int64, _ toolNames) []string { return []string{strconv.FormatBool(v != 0)} },
		func(f posture.Filter) posture.Filter { f.Fixable = nil; return f }},
}

// namesOf lists the other names of an advisory.
func (a aliasLookup) namesOf(id string) []string {
	var out []string
	parsed, err := advisory.Parse(id)
	if err != nil {
		return nil
	}
	for _, n := range advisory.Names(parsed, a) {
		if n != parsed {
			out = append(out, string(n))
		}
	}
	return out
}
