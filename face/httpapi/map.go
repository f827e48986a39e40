package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/weakness"
	"github.com/stance-aspm/stance/intelligence/posture"
	"github.com/stance-aspm/stance/intelligence/risk"
)

// filter reads the query; huma has checked the enumerations.
func (in *FilterInput) filter() (posture.Filter, error) {
	f := posture.Filter{
		Applications: in.Application, Priorities: in.Priority, Tools: in.Tool, CWEs: in.CWE,
		Advisory: in.Advisory, Component: in.Component, Check: in.Check, Path: in.Path, Ref: in.Ref,
		MinScore: in.MinScore, Text: in.Text, Report: in.Report, Change: in.Change,
		KEV: truth(in.KEV), Fixable: truth(in.Fixable),
	}
	for _, s := range in.Asset {
		id, err := parseAssetID(s)
		if err != nil {
			return f, err
		}
		f.Assets = append(f.Assets, id)
	}
	for _, s := range in.Status {
		f.Statuses = append(f.Statuses, finding.Status(s))
	}
	if len(f.Statuses) == 0 && f.Report == "" {
		f.Statuses = []finding.Status{finding.Open}
	}
	for _, s := range in.Severity {
		v, err := finding.ParseSeverity(s)
		if err != nil {
			return f, huma.Error422UnprocessableEntity(err.Error())
		}
		f.Severities = append(f.Severities, v)
	}
	for _, s := range in.Kind {
		f.Kinds = append(f.Kinds, finding.Kind(s))
	}
	if in.Since != "" {
		at, err := time.Parse(time.RFC3339, in.Since)
		if err != nil {
			return f, huma.Error422UnprocessableEntity("since: want a time like 2026-01-31T12:00:00Z")
		}
		f.FirstSeenAfter = at
	}
	return f, nil
}

func truth(s string) *bool {
	if s == "" {
		return nil
	}
	v := s == "true"
	return &v
}

func rows(in []posture.Row) []Finding {
	out := make([]Finding, len(in))
	for i, r := range in {
		out[i] = row(r)
	}
	return out
}

func row(r posture.Row) Finding {
	return Finding{
		ID: r.ID.String(), Title: r.Title, Kind: string(r.Kind), Severity: r.Severity.String(), Score: r.Score, Priority: r.Priority,
		Status: string(r.Status), Application: r.Application, Asset: r.Asset, AssetID: r.AssetID.String(), Place: r.Place,
		Advisory: r.Advisory, CWE: r.CWE, KEV: r.KEV, Fixable: r.Fixable, Tools: r.Tools, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen,
	}
}

func facetsWire(in posture.Facets) Facets {
	out := Facets{Fields: map[string][]FacetValue{}, Exact: in.Exact}
	for name, vs := range in.Fields {
		out.Fields[name] = facetValues(vs)
	}
	return out
}

func facetValues(in []posture.Facet) []FacetValue {
	out := make([]FacetValue, len(in))
	for i, v := range in {
		out[i] = FacetValue(v)
	}
	return out
}

func location(l finding.Location) Location { return Location(l) }

func locations(in []finding.Location) []Location {
	var out []Location
	for _, l := range in {
		out = append(out, location(l))
	}
	return out
}

func detail(d posture.Detail, s risk.Result) FindingDetail {
	out := FindingDetail{
		Finding: row(d.Row), Check: Check(d.Check), Advisories: d.Advisories, FixVersions: d.FixVersions, Fix: d.Fix,
		References: d.References, Location: location(d.Location), DecidedBy: d.Decided.String(), Explanation: score(s),
		Observations: []ToolObservation{}, Refs: []RefState{}, Statements: []Statement{}, Conflicts: append([]string{}, d.Conflicts...), Component: component(d.Component), CWEs: weaknesses(d.CWEs),
	}
	if t := d.Triage; t != nil {
		out.Triage = &Triage{Status: string(t.Status), Reason: t.Reason, By: t.By, At: t.At, Until: timePtr(t.Until)}
	}
	for _, o := range d.Observations {
		out.Observations = append(out.Observations, observation(o))
	}
	for _, r := range d.Refs {
		out.Refs = append(out.Refs, RefState(r))
	}
	for i, s := range d.Statements {
		out.Statements = append(out.Statements, Statement{
			State: string(s.Claim.State), Justification: s.Claim.Justification, Detail: s.Claim.Detail, Author: s.Author, Trust: s.Trust.String(),
			At: s.At, Product: s.Product, ReportID: s.Report, Decides: i == 0 && d.Decided == finding.ByVEX,
		})
	}
	return out
}

func component(c *finding.Component) *Component {
	if c == nil {
		return nil
	}
	name := c.Name
	if c.Group != "" {
		name = c.Group + "/" + name
	}
	return &Component{PURL: c.PURL, Ecosystem: c.Ecosystem, Name: name, Version: c.Version, Licences: c.Licences, Path: c.Path, Direct: c.Direct, Scope: c.Scope}
}

func observation(o posture.Observation) ToolObservation {
	v := o.Observed
	out := ToolObservation{
		Tool: o.Tool, Category: o.Category, Ref: o.Ref, ReportID: o.Report, Present: o.Present, FirstSeen: o.FirstSeen, LastSeen: o.LastSeen,
		JoinRule: o.Joined.Rule, JoinDetail: o.Joined.Detail, JoinConfidence: o.Joined.Confidence,
		Title: v.Title, Message: v.Message, Severity: v.Severity.String(), SeverityWord: v.SeverityWord, Confidence: v.Confidence,
		Check: Check(v.Check), Location: location(v.Location), Related: locations(v.Related), Fingerprints: v.Fingerprints,
		Tags: v.Tags, Record: v.Position.Record, Pointer: v.Position.Pointer, Raw: string(v.Raw),
	}
	for _, s := range v.Flow {
		out.Flow = append(out.Flow, Step{location(s.Location), s.Message})
	}
	for _, c := range v.CVSS {
		out.CVSS = append(out.CVSS, CVSS(c))
	}
	if s := v.Secret; s != nil {
		out.Secret = &Secret{Masked: s.Masked, Verified: s.Verified, Detector: s.Detector}
	}
	if c := v.Claim; c.State != finding.ClaimNone {
		out.Claim = &Claim{State: string(c.State), Justification: c.Justification, Detail: c.Detail, Source: c.Source}
	}
	return out
}

func score(s risk.Result) Score {
	out := Score{Score: s.Score, Priority: s.Priority.String(), Ceiling: s.Ceiling, Model: s.ModelVersion, Terms: []ScoreTerm{}}
	for _, t := range s.Terms {
		out.Terms = append(out.Terms, ScoreTerm{Name: t.Name.Title(), Points: t.Points, Factor: t.Factor, Input: t.Input, Source: t.Source, Unknown: t.Unknown, Could: t.Could, Why: t.Why})
	}
	return out
}

func history(es []posture.Event) History {
	out := History{Items: []Event{}}
	for _, e := range es {
		out.Items = append(out.Items, Event{Valid: e.Valid, Recorded: e.Recorded, Type: e.Type, By: e.By, ReportID: e.Report, Detail: e.Detail})
	}
	return out
}

func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func tallies(in []posture.Tally) []SeverityCount {
	out := make([]SeverityCount, 0, len(in))
	for _, t := range in {
		out = append(out, SeverityCount{t.Severity.String(), t.Count})
	}
	return out
}

func applications(in []posture.ApplicationSummary) []Application {
	out := make([]Application, len(in))
	for i, a := range in {
		out[i] = application(a)
	}
	return out
}

func application(a posture.ApplicationSummary) Application {
	return Application{
		Key: a.Key, Name: a.Name, Description: a.Description, Unit: a.Unit, Owner: a.Owner, Context: contextWire(a.Context),
		Assets: a.Assets, Unscanned: a.Unscanned, Stale: a.Stale, Open: tallies(a.Open), Urgent: a.Urgent, MaxScore: a.MaxScore,
		LastScan: timePtr(a.LastScan), Created: a.Created,
	}
}

func contextWire(c estate.Context) Context {
	out := Context{Criticality: c.Criticality.String(), Exposure: c.Exposure.String(), Environment: c.Environment.String(), DataClasses: []string{}}
	for _, d := range c.Data.List() {
		out.DataClasses = append(out.DataClasses, d.String())
	}
	return out
}

func contextOf(c Context) (estate.Context, error) {
	var out estate.Context
	var err error
	if out.Criticality, err = estate.ParseCriticality(orUnknown(c.Criticality)); err != nil {
		return out, err
	}
	if out.Exposure, err = estate.ParseExposure(orUnknown(c.Exposure)); err != nil {
		return out, err
	}
	if out.Environment, err = estate.ParseEnvironment(orUnknown(c.Environment)); err != nil {
		return out, err
	}
	var classes []estate.DataClass
	for _, s := range c.DataClasses {
		d, err := estate.ParseDataClass(s)
		if err != nil {
			return out, err
		}
		classes = append(classes, d)
	}
	out.Data = estate.Data(classes...)
	return out, nil
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func applicationDetail(a posture.ApplicationSummary, assets []posture.AssetSummary) ApplicationDetail {
	out := ApplicationDetail{Application: application(a), AssetList: []Asset{}}
	for _, s := range assets {
		w := Asset{ID: s.ID.String(), Application: a.Key, Kind: string(s.Kind), Name: s.Name, DefaultRef: s.DefaultRef,
			Open: tallies(s.Open), MaxScore: s.MaxScore, LastScan: timePtr(s.LastScan), Scans: []Series{}}
		for _, r := range s.Series {
			w.Scans = append(w.Scans, Series{Tool: r.Tool, Category: r.Category, Ref: r.Ref, Scans: r.Scans, Present: r.Present,
				FirstScan: r.FirstScan, LastScan: r.LastScan, LastFull: timePtr(r.LastFull)})
		}
		out.AssetList = append(out.AssetList, w)
	}
	return out
}

func overview(o posture.Overview, fs []posture.FeedStatus) Overview {
	return Overview{
		Open: tallies(o.Open), Priorities: facetValues(o.Priorities), Applications: applications(o.Applications), Total: o.Total,
		Top: rows(o.Top), NewWeek: o.NewWeek, ResolvedWeek: o.ResolvedWeek, Observations: o.Observations, Findings: o.Findings,
		Unscanned: o.Unscanned, Held: o.AwaitingCheck, Feeds: feeds(fs),
	}
}

func feeds(in []posture.FeedStatus) []Feed {
	out := []Feed{}
	for _, f := range in {
		out = append(out, Feed{Feed: f.Feed, Title: f.Title, Used: f.Used, Missing: f.Missing, AsOf: timePtr(f.AsOf), Imported: timePtr(f.Imported), Rows: f.Rows})
	}
	return out
}

func feedResult(o FeedOutcome) FeedResult {
	return FeedResult{Feed: o.Feed, AsOf: o.AsOf, Rows: o.Rows, Skipped: o.Skipped, Rescored: o.Rescored, Error: o.Err}
}

func reports(in []posture.Report) []Report {
	out := make([]Report, len(in))
	for i, r := range in {
		out[i] = report(r)
	}
	return out
}

func report(r posture.Report) Report {
	scopeWord := "part"
	if r.Full {
		scopeWord = "full"
	}
	tools := r.Tools
	if tools == nil {
		tools = []string{}
	}
	return Report{
		ID: r.ID, Name: r.Name, Digest: r.Digest, Size: r.Size, Application: r.Application, Asset: r.Asset, AssetKind: r.AssetKind,
		Ref: r.Ref, Commit: r.Commit, Format: r.Format, Confidence: r.Confidence, Tools: tools, Scope: scopeWord,
		State: string(r.State), Reason: r.Reason, By: r.By, Received: r.Received, ScannedAt: timePtr(r.ScannedAt), Finished: timePtr(r.Finished),
		Progress: Progress(r.Progress), Result: ReportResult(r.Result), DuplicateOf: r.DuplicateOf,
	}
}

func weaknesses(ids []int) []Weakness {
	var out []Weakness
	for _, id := range ids {
		w, _ := weakness.Lookup(weakness.CWE(id))
		out = append(out, Weakness{ID: id, Name: w.Name})
	}
	return out
}
