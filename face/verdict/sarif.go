package verdict

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/stance-aspm/stance/governance/gate"
)

// Where SARIF 2.1.0 and this program are described.
const (
	sarifSchema  = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifVersion = "2.1.0"
	homepage     = "https://github.com/stance-aspm/stance"
)

// FingerprintName is the key of the finding's id in partialFingerprints.
const FingerprintName = "stanceFinding/v1"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool              sarifTool         `json:"tool"`
	AutomationDetails map[string]string `json:"automationDetails"`
	Invocations       []sarifInvocation `json:"invocations"`
	ColumnKind        string            `json:"columnKind"`
	Results           []sarifResult     `json:"results"`
	Properties        map[string]any    `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string         `json:"id"`
	ShortDescription     sarifText      `json:"shortDescription"`
	Help                 *sarifText     `json:"help,omitempty"`
	DefaultConfiguration sarifConfig    `json:"defaultConfiguration"`
	Properties           map[string]any `json:"properties"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool   `json:"executionSuccessful"`
	ExitCode            int    `json:"exitCode"`
	EndTimeUTC          string `json:"endTimeUtc"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Kind                string            `json:"kind"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Properties          map[string]any    `json:"properties"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact map[string]string `json:"artifactLocation"`
	Region   *sarifRegion      `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

// SARIF writes the findings behind a verdict as a SARIF 2.1.0 log, for code
// hosts and editors. Version is the program's own. A verdict lists only the
// worst items unless it was asked for with a negative [gate.Query.List].
func SARIF(w io.Writer, v gate.Verdict, version string) error {
	run := sarifRun{
		Tool:              sarifTool{sarifDriver{Name: "Stance", Version: version, InformationURI: homepage, Rules: []sarifRule{}}},
		AutomationDetails: map[string]string{"id": "stance/" + cmp.Or(v.App, "app") + "/" + string(v.Stage) + "/"},
		Invocations: []sarifInvocation{{ExecutionSuccessful: v.Outcome != gate.Undecided, ExitCode: ExitCode(v.Outcome),
			EndTimeUTC: v.EvaluatedAt.UTC().Format(time.RFC3339Nano)}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
		Properties: map[string]any{"outcome": v.Outcome, "bundleDigest": v.BundleDigest, "factsDigest": v.FactsDigest},
	}
	for i, r := range v.Reasons {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(r))
		run.Results = append(run.Results, sarifResults(v, r, i)...)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sarifLog{sarifSchema, sarifVersion, []sarifRun{run}}); err != nil {
		return fmt.Errorf("write the verdict as SARIF: %w", err)
	}
	return nil
}

// sarifLevel translates an effect. What can't be decided is an open question
// in SARIF (section 3.27.9), and a result that is no failure has the level
// "none" (section 3.27.10).
func sarifLevel(e gate.Effect) (kind, level string) {
	switch e {
	case gate.EffectBlock:
		return "fail", "error"
	case gate.EffectUndecided:
		return "open", "none"
	case gate.EffectWarn:
		return "fail", "warning"
	}
	return "fail", "note"
}

func sarifRuleOf(r gate.Reason) sarifRule {
	_, level := sarifLevel(r.Effect)
	tags := []string{"policy"}
	tags = append(tags, r.Controls...)
	rule := sarifRule{ID: r.ID(), ShortDescription: sarifText{r.Message}, DefaultConfiguration: sarifConfig{level},
		Properties: map[string]any{"tags": tags}}
	if r.Fix != "" {
		rule.Help = &sarifText{r.Fix}
	}
	return rule
}

// sarifResults returns a result for each item of a reason, or one for the
// reason itself when nothing in particular is behind it.
func sarifResults(v gate.Verdict, r gate.Reason, index int) []sarifResult {
	items := r.Items
	if len(items) == 0 {
		items = []gate.Item{{ID: v.App}}
	}
	out := make([]sarifResult, 0, len(items))
	for _, it := range items {
		kind, level := sarifLevel(r.Effect)
		res := sarifResult{RuleID: r.ID(), RuleIndex: index, Kind: kind, Level: level,
			Message:             sarifText{sarifMessage(r, it)},
			Locations:           sarifLocations(it),
			PartialFingerprints: map[string]string{FingerprintName: sarifFingerprint(v, r, it)},
			Properties:          map[string]any{"effect": r.Effect}}
		for name, value := range map[string]string{"severity": it.Severity, "asset": it.Asset, "why": it.Why, "check": it.Check} {
			if value != "" {
				res.Properties[name] = value
			}
		}
		if it.Score.Known {
			res.Properties["score"] = it.Score.Value
		}
		out = append(out, res)
	}
	return out
}

// sarifFingerprint is the finding's own id. Scans, assets and applications
// have no such id, so theirs is made of what they are judged for.
func sarifFingerprint(v gate.Verdict, r gate.Reason, it gate.Item) string {
	if it.Severity != "" {
		return it.ID
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %q", v.App, r.ID(), it.ID)))
	return hex.EncodeToString(sum[:16])
}

func sarifMessage(r gate.Reason, it gate.Item) string {
	parts := []string{cmp.Or(it.Title, r.Message)}
	if it.Title != "" {
		parts = append(parts, cmp.Or(it.Message, r.Message))
	}
	if it.Why != "" {
		parts = append(parts, "Why: "+it.Why)
	}
	if fix := cmp.Or(it.Fix, r.Fix); fix != "" {
		parts = append(parts, "Fix: "+fix)
	}
	return strings.Join(parts, "\n")
}

// sarifLocations places an item in a file if it has one, and by name else.
func sarifLocations(it gate.Item) []sarifLocation {
	if it.Path != "" {
		loc := sarifLocation{Physical: &sarifPhysical{Artifact: map[string]string{"uri": (&url.URL{Path: it.Path}).String()}}}
		if it.Line > 0 {
			loc.Physical.Region = &sarifRegion{it.Line}
		}
		return []sarifLocation{loc}
	}
	if name := cmp.Or(it.Place, it.Asset); name != "" {
		return []sarifLocation{{Logical: []sarifLogical{{name}}}}
	}
	return nil
}
