package verdict

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/stance-aspm/stance/governance/gate"
)

// Schema names the shape that [JSON] writes. Fields may be added under the
// same name; anything else gets a new one.
const Schema = "stance.verdict/1"

// document is the JSON form of a verdict. It is a promise to scripts and
// stands apart from the engine's types for that reason.
type document struct {
	Schema       string         `json:"schema"`
	Outcome      string         `json:"outcome"`
	ExitCode     int            `json:"exit_code"`
	App          string         `json:"app"`
	Stage        string         `json:"stage"`
	EvaluatedAt  string         `json:"evaluated_at"`
	BundleDigest string         `json:"bundle_digest"`
	FactsDigest  string         `json:"facts_digest"`
	Policies     []string       `json:"policies"`
	UnknownScope []string       `json:"policies_with_unknown_scope,omitempty"`
	Rules        int            `json:"rules"`
	Passed       []string       `json:"passed"`
	Reasons      []reasonObject `json:"reasons"`
	Waived       []waivedObject `json:"waived"`
	Counts       countsObject   `json:"counts"`
}

type reasonObject struct {
	Policy   string       `json:"policy"`
	Rule     string       `json:"rule"`
	Effect   string       `json:"effect"`
	Message  string       `json:"message"`
	Fix      string       `json:"fix,omitempty"`
	About    string       `json:"about"`
	Count    int          `json:"count"`
	Max      int          `json:"max"`
	Unknown  int          `json:"unknown"`
	Missing  []string     `json:"missing,omitempty"`
	Controls []string     `json:"controls,omitempty"`
	Items    []itemObject `json:"items"`
}

type itemObject struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Place    string   `json:"place,omitempty"`
	Asset    string   `json:"asset,omitempty"`
	Severity string   `json:"severity,omitempty"`
	Score    *float64 `json:"score,omitempty"` // absent when unknown
	Why      string   `json:"why,omitempty"`
	Message  string   `json:"message,omitempty"`
	Fix      string   `json:"fix,omitempty"`
	Check    string   `json:"check,omitempty"`
	Path     string   `json:"path,omitempty"`
	Line     int      `json:"line,omitempty"`
}

type waivedObject struct {
	Rule   string `json:"rule"`
	Waiver string `json:"waiver"`
	Count  int    `json:"count"`
}

type countsObject struct {
	Judged     int            `json:"judged"`
	Waived     int            `json:"waived"`
	Severities map[string]int `json:"severities"`
	Closed     map[string]int `json:"closed"`
	Scans      map[string]int `json:"scans"`
}

// JSON writes a verdict as one indented JSON object, see [Schema].
func JSON(w io.Writer, v gate.Verdict) error {
	d := document{
		Schema: Schema, Outcome: string(v.Outcome), ExitCode: ExitCode(v.Outcome), App: v.App, Stage: string(v.Stage),
		EvaluatedAt: v.EvaluatedAt.UTC().Format(time.RFC3339Nano), BundleDigest: v.BundleDigest, FactsDigest: v.FactsDigest,
		Policies: listed(v.Applied), UnknownScope: v.UnknownScope, Rules: v.Rules, Passed: listed(v.PassedRules),
		Reasons: []reasonObject{}, Waived: []waivedObject{},
		Counts: countsObject{Judged: v.Counts.Judged, Waived: v.Counts.Waived, Severities: tallyMap(v.Counts.Severities),
			Closed: tallyMap(v.Counts.Closed), Scans: tallyMap(v.Counts.Scans)},
	}
	for _, r := range v.Reasons {
		o := reasonObject{Policy: r.Policy, Rule: r.Rule, Effect: string(r.Effect), Message: r.Message, Fix: r.Fix,
			About: r.About.String(), Count: r.Count, Max: r.Max, Unknown: r.Unknown, Missing: r.Missing, Controls: r.Controls,
			Items: []itemObject{}}
		for _, it := range r.Items {
			o.Items = append(o.Items, itemOf(it))
		}
		d.Reasons = append(d.Reasons, o)
	}
	for _, x := range v.Waived {
		d.Waived = append(d.Waived, waivedObject(x))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("write the verdict as JSON: %w", err)
	}
	return nil
}

func itemOf(it gate.Item) itemObject {
	o := itemObject{ID: it.ID, Title: it.Title, Place: it.Place, Asset: it.Asset, Severity: it.Severity, Why: it.Why,
		Message: it.Message, Fix: it.Fix, Check: it.Check, Path: it.Path, Line: it.Line}
	if it.Score.Known {
		o.Score = &it.Score.Value
	}
	return o
}

// listed makes an empty list of none, so that scripts need not tell null
// from empty.
func listed(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func tallyMap(ts []gate.Tally) map[string]int {
	out := make(map[string]int, len(ts))
	for _, t := range ts {
		out[t.Name] = t.Count
	}
	return out
}
