package dojo

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// pageSize is how many findings are read at a time while an offset is walked.
const pageSize = 200

// maxOffset bounds that walk; the links to following pages need none.
const maxOffset = 20_000

// findings lists findings, the newest last, as DefectDojo does by number.
func (c *call) findings(q url.Values, offset, limit int) ([]object, int64, string, error) {
	f, ok, err := c.filter(q)
	if err != nil || !ok {
		return nil, 0, "", err
	}
	page := posture.Page{Sort: posture.ByOldest, Cursor: q.Get("cursor"), Limit: pageSize}
	skip := offset
	if page.Cursor != "" {
		skip = 0
	} else if offset > maxOffset {
		return nil, 0, "", &posture.BadQuery{Reason: "offset: follow the links to the next pages to get that far"}
	}
	var rows []posture.Row
	var total int64
	for first := true; first || page.Cursor != ""; first = false {
		page.Limit = min(pageSize, skip+limit-len(rows))
		l, err := c.Findings.List(c.ctx, c.who.Tenant, f, page)
		if err != nil {
			return nil, 0, "", err
		}
		if first {
			total = l.Total.N
		}
		drop := min(skip, len(l.Rows))
		skip -= drop
		rows = append(rows, l.Rows[drop:]...)
		page.Cursor = l.Next
		if len(rows) >= limit || len(l.Rows) == 0 {
			break
		}
	}
	if page.Cursor != "" { // a count up to a bound must not end the walk
		total = max(total, int64(offset+len(rows)+1))
	}
	out, err := c.findingObjects(rows)
	return out, total, page.Cursor, err
}

// filter reads DefectDojo's filters; false when one of them fits nothing.
func (c *call) filter(q url.Values) (posture.Filter, bool, error) {
	f := posture.Filter{Statuses: finding.Statuses(), Component: q.Get("component_name"), Text: q.Get("title"), Path: q.Get("file_path")}
	for _, s := range q["severity"] {
		for w := range strings.SplitSeq(s, ",") {
			sev := finding.SeverityOfWord(w)
			f.Severities = append(f.Severities, sev)
			if sev == finding.SeverityInfo {
				f.Severities = append(f.Severities, finding.SeverityUnknown)
			}
		}
	}
	if v := q.Get("cwe"); v != "" {
		if n, err := strconv.Atoi(v); err == nil {
			f.CWEs = []int{n}
		}
	}
	f.Advisory = q.Get("vulnerability_id")
	for name, status := range map[string]finding.Status{"active": finding.Open, "is_mitigated": finding.Resolved, "false_p": finding.FalsePositive, "risk_accepted": finding.Accepted, "out_of_scope": finding.NotAffected} {
		switch strings.ToLower(q.Get(name)) {
		case "true", "1":
			f.Statuses = keepStatus(f.Statuses, func(s finding.Status) bool { return s == status })
		case "false", "0":
			f.Statuses = keepStatus(f.Statuses, func(s finding.Status) bool { return s != status })
		}
	}
	if len(f.Statuses) == 0 || strings.EqualFold(q.Get("duplicate"), "true") { // joined here, never rows of their own
		return f, false, nil
	}
	return c.scope(f, q)
}

func keepStatus(list []finding.Status, keep func(finding.Status) bool) []finding.Status {
	var out []finding.Status
	for _, s := range list {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

// scope narrows to a product, engagement or test. What an engagement has is
// what its product has: findings belong to assets, not to engagements.
func (c *call) scope(f posture.Filter, q url.Values) (posture.Filter, bool, error) {
	if name := q.Get("product_name"); name != "" {
		p, found, err := c.productNamed(name)
		if err != nil || !found {
			return f, false, err
		}
		f.Applications = []string{p.Key}
	}
	var x *setting
	var err error
	switch {
	case q.Get("test") != "":
		x, err = c.testContext(number(q.Get("test")))
		if err == nil && x.testData.Report == "" {
			return f, false, nil
		}
		if err == nil {
			f.Report, f.Change = x.testData.Report, "series"
		}
	case q.Get("test__engagement") != "":
		x, err = c.engagementContext(number(q.Get("test__engagement")))
	case q.Get("test__engagement__product") != "":
		var p product
		p, err = c.productNumbered(number(q.Get("test__engagement__product")))
		x = &setting{product: p}
	default:
		return f, true, nil
	}
	if err != nil {
		return f, false, unknownID(err, "test", 0)
	}
	f.Applications = []string{x.product.Key}
	return f, true, nil
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // 0 is no number of ours
	return n
}

func (c *call) findingObjects(rows []posture.Row) ([]object, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID.String()
	}
	numbers, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindFinding, 0, ids)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(rows))
	for i := range rows {
		out[i] = c.findingObject(numbers[i].ID, &rows[i])
	}
	return out, nil
}

func (c *call) oneFinding(id int64) (object, error) {
	n, err := c.Numbers.Counterpart(c.ctx, c.who.Tenant, kindFinding, id)
	if err != nil {
		return nil, err
	}
	uid, err := finding.ParseID(n.Name)
	if err != nil {
		return nil, err
	}
	d, err := c.Findings.Finding(c.ctx, c.who.Tenant, uid)
	if err != nil {
		return nil, err
	}
	o := c.findingObject(id, &d.Row)
	o["mitigation"], o["references"] = d.Fix, strings.Join(d.References, "\n")
	o["description"] = d.Check.Description
	if len(d.Observations) > 0 && d.Observations[0].Observed.Message != "" {
		o["description"] = d.Observations[0].Observed.Message
	}
	o["file_path"], o["line"] = d.Location.Path, d.Location.StartLine
	if d.Component != nil {
		o["component_name"], o["component_version"] = d.Component.Name, d.Component.Version
	}
	var ids []object
	for _, a := range d.Advisories {
		ids = append(ids, object{"vulnerability_id": a})
	}
	o["vulnerability_ids"] = ids
	return o, nil
}

func (c *call) findingObject(id int64, r *posture.Row) object {
	var vulns []object
	if r.Advisory != "" {
		vulns = []object{{"vulnerability_id": r.Advisory}}
	}
	return object{"id": id, "title": r.Title, "severity": severityWord(r.Severity), "date": r.FirstSeen.Format(time.DateOnly), "created": stamp(r.FirstSeen),
		"cwe": r.CWE, "vulnerability_ids": vulns, "file_path": r.Place, "found_by_tools": r.Tools, "active": r.Status == finding.Open, "verified": false, "duplicate": false,
		"false_p": r.Status == finding.FalsePositive, "out_of_scope": r.Status == finding.NotAffected, "risk_accepted": r.Status == finding.Accepted,
		"is_mitigated": r.Status == finding.Resolved, "display_status": string(r.Status), "known_exploited": r.KEV, "fix_available": r.Fixable, "tags": []string{},
		"stance_id": r.ID.String(), "stance_url": strings.TrimSuffix(c.PublicURL, "/") + "/findings/" + r.ID.String(), "product_name": r.Application}
}
