package dependencytrack

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/gate"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// asset finds the asset of a project once its first BOM is applied; false
// before.
func (c *call) asset(p *project) (posture.AssetSummary, string, bool, error) {
	name, err := c.application(p)
	if err != nil {
		return posture.AssetSummary{}, "", false, err
	}
	key, err := estate.Key(name)
	if err != nil {
		return posture.AssetSummary{}, "", false, err
	}
	_, assets, err := c.Estate.Application(c.ctx, c.who.Tenant, key)
	if errors.Is(err, posture.ErrNotFound) {
		return posture.AssetSummary{}, key, false, nil
	}
	if err != nil {
		return posture.AssetSummary{}, key, false, err
	}
	want, kind := p.data.Name, ""
	if p.data.Report != "" { // what the BOM said of itself may have given it a kind
		r, err := c.Intake.Report(c.ctx, c.who.Tenant, p.data.Report)
		if err != nil && !errors.Is(err, posture.ErrNotFound) {
			return posture.AssetSummary{}, key, false, err
		}
		if r.AssetKind != "" {
			want, kind = r.Asset, r.AssetKind
		}
	}
	for _, a := range assets {
		if a.Name == want && (kind == "" || string(a.Kind) == kind) {
			return a, key, true, nil
		}
	}
	return posture.AssetSummary{}, key, false, nil
}

// count makes a project's version the one that figures count. While no scan of
// it is applied there is nothing to count, and it stays as it is.
func (c *call) count(p *project) error {
	a, _, ok, err := c.asset(p)
	if err != nil || !ok || p.data.Version == "" || a.DefaultRef == p.data.Version {
		return err
	}
	var early *posture.BadQuery
	if err = c.Estate.SetDefaultRef(c.ctx, c.who.Tenant, a.ID, p.data.Version); errors.As(err, &early) {
		return nil
	}
	return err
}

// maxFindings bounds one answer, which is not paged there either.
const maxFindings = 10_000

// load reads the vulnerabilities of a project's version. Suppressed ones,
// those somebody decided about, are left out unless asked for.
func (c *call) load(p *project, suppressed bool) ([]posture.Detail, error) {
	a, _, ok, err := c.asset(p)
	if err != nil || !ok {
		return nil, err
	}
	f := posture.Filter{Assets: []estate.AssetID{a.ID}, Kinds: []finding.Kind{finding.Vulnerability}, Ref: p.data.Version, Statuses: []finding.Status{finding.Open}}
	if suppressed {
		f.Statuses = append(f.Statuses, finding.FalsePositive, finding.NotAffected, finding.Accepted, finding.Suppressed)
	}
	var out []posture.Detail
	page := posture.Page{Sort: posture.BySeverity, Limit: 200}
	for {
		l, err := c.Findings.List(c.ctx, c.who.Tenant, f, page)
		if err != nil {
			return nil, err
		}
		for _, r := range l.Rows {
			d, err := c.Findings.Finding(c.ctx, c.who.Tenant, r.ID)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		if page.Cursor = l.Next; l.Next == "" || len(out) >= maxFindings {
			return out, nil
		}
	}
}

func (c *call) findings() {
	p, err := c.byUID(c.r.PathValue("uuid"))
	if err != nil {
		c.problem(err)
		return
	}
	list, err := c.load(p, c.r.URL.Query().Get("suppressed") == "true")
	if err != nil {
		c.problem(err)
		return
	}
	out := []object{}
	for i := range list {
		out = append(out, wire(p, &list[i]))
	}
	c.w.Header().Set("X-Total-Count", strconv.Itoa(len(out)))
	c.send(http.StatusOK, out)
}

// wire is a finding in Dependency-Track's shape.
func wire(p *project, d *posture.Detail) object {
	component := object{"name": d.Place, "project": p.UID}
	if k := d.Component; k != nil {
		component["name"], component["version"] = k.Name, k.Version
		if k.Group != "" {
			component["group"] = k.Group
		}
		if k.PURL != "" {
			component["purl"] = k.PURL
		}
		if len(d.FixVersions) > 0 {
			component["latestVersion"] = d.FixVersions[len(d.FixVersions)-1]
		}
	}
	// Components and vulnerabilities have no rows of their own here: their
	// UUIDs are made of what names them, so they stay the same.
	componentID := uuid.NewSHA1(uuid.NameSpaceURL, []byte(p.UID+"\n"+componentKey(d))).String()
	vulnID := uuid.NewSHA1(uuid.NameSpaceURL, []byte("vulnerability\n"+d.Advisory)).String()
	component["uuid"] = componentID
	aliases, cwes := []object{}, []object{}
	for _, a := range d.Advisories {
		if a != d.Advisory {
			aliases = append(aliases, object{aliasName(a): a})
		}
	}
	for _, n := range d.CWEs {
		cwes = append(cwes, object{"cweId": n, "name": "CWE-" + strconv.Itoa(n)})
	}
	word, rank := severity(d.Severity)
	vuln := object{"uuid": vulnID, "source": source(d.Advisory), "vulnId": d.Advisory, "title": d.Title, "severity": word, "severityRank": rank,
		"description": d.Check.Description, "aliases": aliases, "cwes": cwes}
	if len(d.CWEs) > 0 {
		vuln["cweId"], vuln["cweName"] = d.CWEs[0], "CWE-"+strconv.Itoa(d.CWEs[0])
	}
	if d.Fix != "" {
		vuln["recommendation"] = d.Fix
	}
	tool := ""
	if len(d.Tools) > 0 {
		tool = d.Tools[0]
	}
	state, hidden := analysis(d.Status)
	return object{"component": component, "vulnerability": vuln, "analysis": object{"state": state, "isSuppressed": hidden}, "matrix": p.UID + ":" + componentID + ":" + vulnID,
		"attribution": object{"analyzerIdentity": strings.ToUpper(tool), "attributedOn": d.FirstSeen.UnixMilli()}, "stanceFinding": d.ID.String()}
}

func componentKey(d *posture.Detail) string {
	if d.Component == nil {
		return d.Place
	}
	return d.Component.Group + "\n" + d.Component.Name + "\n" + d.Component.Version
}

func aliasName(id string) string {
	switch source(id) {
	case "NVD":
		return "cveId"
	case "GITHUB":
		return "ghsaId"
	case "SNYK":
		return "snykId"
	}
	return "osvId"
}

func source(id string) string {
	switch {
	case strings.HasPrefix(id, "CVE-"):
		return "NVD"
	case strings.HasPrefix(id, "GHSA-"):
		return "GITHUB"
	case strings.HasPrefix(id, "SNYK-"):
		return "SNYK"
	}
	return "OSV"
}

func severity(s finding.Severity) (string, int) {
	switch s {
	case finding.SeverityCritical:
		return "CRITICAL", 0
	case finding.SeverityHigh:
		return "HIGH", 1
	case finding.SeverityMedium:
		return "MEDIUM", 2
	case finding.SeverityLow:
		return "LOW", 3
	case finding.SeverityInfo:
		return "INFO", 4
	}
	return "UNASSIGNED", 5
}

// analysis is a status in Dependency-Track's words, and whether it hides the
// finding there. Living with a flaw is known there only as hiding it.
func analysis(s finding.Status) (string, bool) {
	switch s {
	case finding.FalsePositive:
		return "FALSE_POSITIVE", true
	case finding.NotAffected:
		return "NOT_AFFECTED", true
	case finding.Accepted:
		return "EXPLOITABLE", true
	case finding.Suppressed:
		return "NOT_SET", true
	case finding.Resolved:
		return "RESOLVED", true
	}
	return "NOT_SET", false
}

// metrics counts a project's vulnerabilities now.
func (c *call) metrics() {
	p, err := c.byUID(c.r.PathValue("uuid"))
	if err != nil {
		c.problem(err)
		return
	}
	list, err := c.load(p, true)
	if err != nil {
		c.problem(err)
		return
	}
	n, hidden, components := map[string]int{}, 0, map[string]bool{}
	for i := range list {
		if _, h := analysis(list[i].Status); h {
			hidden++
			continue
		}
		word, _ := severity(list[i].Severity)
		n[word]++
		components[componentKey(&list[i])] = true
	}
	unassigned := n["UNASSIGNED"] + n["INFO"]
	total := n["CRITICAL"] + n["HIGH"] + n["MEDIUM"] + n["LOW"] + unassigned
	out := object{"critical": n["CRITICAL"], "high": n["HIGH"], "medium": n["MEDIUM"], "low": n["LOW"], "unassigned": unassigned, "vulnerabilities": total,
		"vulnerableComponents": len(components), "suppressed": hidden, "findingsTotal": total, "findingsAudited": hidden, "findingsUnaudited": total,
		// The weights of Dependency-Track's inherited risk score.
		"inheritedRiskScore": 10*n["CRITICAL"] + 5*n["HIGH"] + 3*n["MEDIUM"] + n["LOW"] + 5*unassigned}
	if err := c.addContext(p, out); err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusOK, out)
}

// addContext adds what the report and the policies say.
func (c *call) addContext(p *project, out object) error {
	now := c.Now().UTC()
	out["firstOccurrence"], out["lastOccurrence"] = now.UnixMilli(), now.UnixMilli()
	if p.data.Report != "" {
		r, err := c.Intake.Report(c.ctx, c.who.Tenant, p.data.Report)
		if err != nil && !errors.Is(err, posture.ErrNotFound) {
			return err
		}
		out["components"], out["firstOccurrence"] = r.Result.Components, r.Received.UnixMilli()
	}
	list, err := c.judge(p)
	if err != nil {
		return err
	}
	states := map[string]int{}
	for _, v := range list {
		states[v["stanceState"].(string)]++
	}
	out["policyViolationsTotal"], out["policyViolationsFail"], out["policyViolationsWarn"], out["policyViolationsInfo"] = len(list), states["FAIL"], states["WARN"], states["INFO"]
	return nil
}

func (c *call) violations() {
	p, err := c.byUID(c.r.PathValue("uuid"))
	if err != nil {
		c.problem(err)
		return
	}
	list, err := c.judge(p)
	if err != nil {
		c.problem(err)
		return
	}
	c.w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	c.send(http.StatusOK, list)
}

// judge asks the policies in force about the project's application at the
// build and keeps what is about the project's own asset. Each reason lists
// the worst of what it matched, not all.
func (c *call) judge(p *project) ([]object, error) {
	a, key, ok, err := c.asset(p)
	out := []object{}
	if err != nil || !ok {
		return out, err
	}
	ref := p.data.Version
	if ref == a.DefaultRef {
		ref = ""
	}
	v, err := c.Gate.Decide(c.ctx, c.who.Tenant, key, "build", ref)
	if err != nil {
		return nil, err
	}
	for _, r := range v.Reasons {
		state := map[gate.Effect]string{gate.EffectBlock: "FAIL", gate.EffectUndecided: "FAIL", gate.EffectWarn: "WARN", gate.EffectNotify: "INFO"}[r.Effect]
		for _, i := range r.Items {
			if i.Asset != a.Name {
				continue
			}
			out = append(out, object{"uuid": uuid.NewSHA1(uuid.NameSpaceURL, []byte(p.UID+"\n"+r.ID()+"\n"+i.ID)).String(), "type": "SECURITY", "timestamp": v.EvaluatedAt.Format(time.RFC3339),
				"text": r.Message, "stanceState": state, "component": object{"uuid": i.ID, "name": i.Title, "version": i.Place},
				"policyCondition": object{"subject": "EXPRESSION", "value": r.Rule, "policy": object{"name": r.Policy, "violationState": state}}})
		}
	}
	return out, nil
}
