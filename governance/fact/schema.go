package fact

import (
	"math"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// The tables are built once and only read; functions hand them out.
var (
	findingSchema = newSchema(append(findingFields(), derivedFields()...))
	appSchema     = newSchema(appFields())
	assetSchema   = newSchema(assetFields())
	scanSchema    = newSchema(scanFields())
)

// Findings returns the table of a finding's fields.
func Findings() *Schema[Finding] { return findingSchema }

// Apps returns the table of an application's fields.
func Apps() *Schema[App] { return appSchema }

// Assets returns the table of an asset's fields.
func Assets() *Schema[Asset] { return assetSchema }

// Scans returns the table of a scan's fields.
func Scans() *Schema[Scan] { return scanSchema }

func findingFields() []Field[Finding] {
	type F = Finding
	kinds := make([]string, 0, len(finding.Kinds()))
	for _, k := range finding.Kinds() {
		kinds = append(kinds, string(k))
	}
	return []Field[F]{
		{Name: "kind", Type: Text, Values: kinds, Doc: "family of flaw", slot: func(f *F) any { return &f.Kind }},
		{Name: "severity", Type: Whole, Doc: "severity; compare with INFO, LOW, MEDIUM, HIGH, CRITICAL", slot: func(f *F) any { return &f.Severity }},
		{Name: "score", Type: Decimal, Doc: "risk score, 0 to 100", slot: func(f *F) any { return &f.Score }},
		{Name: "priority", Type: Text, Doc: "priority class that the risk engine gave", slot: func(f *F) any { return &f.Priority }},
		{Name: "cvss", Type: Decimal, Doc: "CVSS base score, 0 to 10", slot: func(f *F) any { return &f.CVSS }},
		{Name: "epss", Type: Decimal, Doc: "EPSS probability of exploitation within 30 days, 0 to 1", slot: func(f *F) any { return &f.EPSS }},
		{Name: "epss_percentile", Type: Decimal, Doc: "share of all CVEs with a lower or equal EPSS, 0 to 1", slot: func(f *F) any { return &f.EPSSPercentile }},
		{Name: "kev", Type: Truth, Doc: "known to be exploited (CISA KEV or another such list)", slot: func(f *F) any { return &f.KEV }},
		{Name: "exploit", Type: Text, Values: []string{"unreported", "poc", "attacked"}, Doc: "exploit maturity in CVSS 4.0's words", slot: func(f *F) any { return &f.Exploit }},
		{Name: "reachability", Type: Text, Values: []string{"reachable", "unreachable"}, Doc: "whether evidence says the flaw can be got at", slot: func(f *F) any { return &f.Reachability }},
		{Name: "fix_available", Type: Truth, Doc: "a fixed version or a known fix exists", slot: func(f *F) any { return &f.FixAvailable }},
		{Name: "fix_versions", Type: Texts, Doc: "versions without the flaw", slot: func(f *F) any { return &f.FixVersions }},
		{Name: "cwes", Type: Wholes, Doc: "weakness numbers (79 for CWE-79)", slot: func(f *F) any { return &f.CWEs }},
		{Name: "weakness", Type: Text, Doc: "class of weakness", slot: func(f *F) any { return &f.Weakness }},
		{Name: "advisories", Type: Texts, Doc: "advisory ids with aliases (CVE, GHSA, OSV)", slot: func(f *F) any { return &f.Advisories }},
		{Name: "component", Type: Text, Doc: "name of the package; empty when the flaw is in none", slot: func(f *F) any { return &f.Component }},
		{Name: "component_version", Type: Text, Doc: "version of the package", slot: func(f *F) any { return &f.ComponentVersion }},
		{Name: "purl", Type: Text, Doc: "package URL", slot: func(f *F) any { return &f.PURL }},
		{Name: "ecosystem", Type: Text, Doc: "package type in purl's words (npm, maven, deb)", slot: func(f *F) any { return &f.Ecosystem }},
		{Name: "direct", Type: Truth, Doc: "the application depends on the package itself", slot: func(f *F) any { return &f.Direct }},
		{Name: "scope", Type: Text, Doc: "dependency scope (runtime, dev, optional)", slot: func(f *F) any { return &f.Scope }},
		{Name: "licences", Type: Texts, Doc: "SPDX licence ids or names of the package", slot: func(f *F) any { return &f.Licences }},
		{Name: "path", Type: Text, Doc: "file, relative to the repository root", slot: func(f *F) any { return &f.Path }},
		{Name: "symbol", Type: Text, Doc: "function, method or class that holds the place", slot: func(f *F) any { return &f.Symbol }},
		{Name: "url", Type: Text, Doc: "address tested, without values", slot: func(f *F) any { return &f.URL }},
		{Name: "resource", Type: Text, Doc: "IaC, cloud or Kubernetes resource address", slot: func(f *F) any { return &f.Resource }},
		{Name: "check", Type: Text, Doc: "the tool's own id of what it looks for", slot: func(f *F) any { return &f.Check }},
		{Name: "title", Type: Text, Doc: "one-line name", slot: func(f *F) any { return &f.Title }},
		{Name: "confidence", Type: Text, Doc: "how sure the tool is, in its own word", slot: func(f *F) any { return &f.Confidence }},
		{Name: "tools", Type: Texts, Doc: "tools that report it", slot: func(f *F) any { return &f.Tools }},
		{Name: "claim", Type: Text, Doc: "state that a report or VEX claims; empty when none does", slot: func(f *F) any { return &f.Claim }},
		{Name: "verified", Type: Truth, Doc: "a secret that was proved to work", slot: func(f *F) any { return &f.Verified }},
		{Name: "is_new", Type: Truth, Doc: "not on the base branch", slot: func(f *F) any { return &f.New }},
		{Name: "reopened", Type: Truth, Doc: "was resolved before and came back", slot: func(f *F) any { return &f.Reopened }},
		{Name: "first_seen", Type: Moment, Doc: "when it was first seen", slot: func(f *F) any { return &f.FirstSeen }},
		{Name: "due", Type: Moment, Doc: "when its service level ends", slot: func(f *F) any { return &f.Due }},
	}
}

func derivedFields() []Field[Finding] {
	severities := []string{"unknown", "info", "low", "medium", "high", "critical"}
	return []Field[Finding]{
		{Name: "severity_name", Type: Text, Values: severities, Doc: "severity as a word; \"unknown\" is one of them",
			derive: func(f *Finding, _ time.Time) any { return f.Severity.String() },
			key:    func(f *Finding) any { return f.Severity }},
		{Name: "state", Type: Text, Values: []string{"open", "reopened"}, Doc: "life-cycle state; only open findings are judged",
			derive: func(f *Finding, _ time.Time) any {
				if f.Reopened {
					return "reopened"
				}
				return "open"
			},
			key: func(f *Finding) any { return f.Reopened }},
		{Name: "tool_count", Type: Whole, Doc: "number of tools that report it",
			derive: func(f *Finding, _ time.Time) any { return int64(len(f.Tools)) },
			key:    func(f *Finding) any { return len(f.Tools) }},
		{Name: "age_days", Type: Whole, Unknowable: true, Daily: true, Doc: "UTC days since first seen",
			derive: func(f *Finding, now time.Time) any {
				if f.FirstSeen.IsZero() {
					return nil
				}
				return int64(Day(now).Sub(Day(f.FirstSeen)) / (24 * time.Hour))
			},
			key: func(f *Finding) any { return dayKey(f.FirstSeen) }},
		{Name: "overdue", Type: Truth, Unknowable: true, Daily: true, Doc: "the day its service level ends has passed",
			derive: func(f *Finding, now time.Time) any {
				if f.Due.IsZero() {
					return nil
				}
				return Day(now).After(Day(f.Due))
			},
			key: func(f *Finding) any { return dayKey(f.Due) }},
	}
}

// dayKey groups instants by UTC day; nil is the unknown instant.
func dayKey(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Day(t).Unix()
}

func appFields() []Field[App] {
	return []Field[App]{
		{Name: "name", Type: Text, Doc: "name of the application", slot: func(a *App) any { return &a.Name }},
		{Name: "criticality", Type: Text, Values: []string{"critical", "high", "medium", "low"}, Doc: "how much the business depends on it", slot: func(a *App) any { return &a.Criticality }},
		{Name: "data_classes", Type: Texts, Doc: "classes of data it handles", slot: func(a *App) any { return &a.DataClasses }},
		{Name: "exposure", Type: Text, Values: exposures(), Doc: "who can reach it", slot: func(a *App) any { return &a.Exposure }},
		{Name: "environment", Type: Text, Doc: "where it runs (production, staging, …)", slot: func(a *App) any { return &a.Environment }},
		{Name: "owner", Type: Text, Doc: "team that owns it", slot: func(a *App) any { return &a.Owner }},
		{Name: "unit", Type: Text, Doc: "business unit it belongs to", slot: func(a *App) any { return &a.Unit }},
		{Name: "regulations", Type: Texts, Doc: "regulations it is under", slot: func(a *App) any { return &a.Regulations }},
		{Name: "tags", Type: Texts, Doc: "labels", slot: func(a *App) any { return &a.Tags }},
	}
}

func exposures() []string { return []string{"internal", "partner", "internet"} }

func assetFields() []Field[Asset] {
	return []Field[Asset]{
		{Name: "name", Type: Text, Doc: "name of the asset", slot: func(a *Asset) any { return &a.Name }},
		{Name: "kind", Type: Text, Doc: "repository, image, workload, function, endpoint, cloud resource, cluster", slot: func(a *Asset) any { return &a.Kind }},
		{Name: "ref", Type: Text, Doc: "branch, tag or digest that was looked at", slot: func(a *Asset) any { return &a.Ref }},
		{Name: "exposure", Type: Text, Values: exposures(), Doc: "who can reach it", slot: func(a *Asset) any { return &a.Exposure }},
		{Name: "environment", Type: Text, Doc: "where it runs", slot: func(a *Asset) any { return &a.Environment }},
	}
}

func scanFields() []Field[Scan] {
	return []Field[Scan]{
		{Name: "tool", Type: Text, Doc: "name of the tool", slot: func(s *Scan) any { return &s.Tool }},
		{Name: "kind", Type: Text, Doc: "family of flaws it looks for, in finding.kind's words", slot: func(s *Scan) any { return &s.Kind }},
		{Name: "status", Type: Text, Values: []string{ScanSucceeded, ScanFailed, ScanDoubtful, ScanMissing}, Doc: "how it went", slot: func(s *Scan) any { return &s.Status }},
		{Name: "full", Type: Truth, Doc: "covered the whole target", slot: func(s *Scan) any { return &s.Full }},
		{Name: "at", Type: Moment, Doc: "when it ran", slot: func(s *Scan) any { return &s.At }},
		{Name: "age_hours", Type: Whole, Unknowable: true, Doc: "whole hours since it ran",
			derive: func(s *Scan, now time.Time) any {
				if s.At.IsZero() {
					return nil
				}
				return int64(math.Floor(now.Sub(s.At).Hours()))
			},
			key: func(s *Scan) any { return s.At.UnixNano() }},
	}
}
