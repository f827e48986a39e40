package receive

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
)

// Fields are what a way in says about a report, by the names that all ways
// share: those of the query of POST /api/v1/reports.
type Fields map[string]string

// fieldNames are the names that Fields may have, as Describe reads them.
var fieldNames = []string{"application", "asset", "asset_kind", "category", "commit", "digest", "format", "name", "pull_request", "ref", "scanned_at", "scope", "tool"}

// FieldNames lists the names that Fields may have, sorted.
func FieldNames() []string { return slices.Clone(fieldNames) }

// Over returns the fields with those of a surer source laid over them. Empty
// values say nothing and cover nothing.
func (f Fields) Over(surer Fields) Fields {
	out := maps.Clone(f)
	if out == nil {
		out = Fields{}
	}
	for k, v := range surer {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// Describe makes a valid submission of fields, sent by somebody. now bounds
// the time of the scan. The error says which field is wrong and what it may
// be.
func Describe(f Fields, by string, now time.Time) (Submission, error) {
	for _, k := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(fieldNames, k) {
			return Submission{}, fmt.Errorf("unknown field %q: want %s", k, strings.Join(fieldNames, ", "))
		}
	}
	s := Submission{
		Name: f["name"], Application: f["application"], Asset: f["asset"], AssetKind: estate.AssetKind(f["asset_kind"]), Ref: f["ref"],
		Commit: f["commit"], Digest: f["digest"], Format: f["format"], Tool: f["tool"], Category: f["category"], By: by,
	}
	if n := f["pull_request"]; n != "" {
		ref, err := estate.PullRef(n)
		if err != nil {
			return s, err
		}
		if s.Ref != "" && s.Ref != ref {
			return s, fmt.Errorf("ref %q and pull_request %s say different things: give one", s.Ref, n)
		}
		s.Ref = ref
	}
	switch f["scope"] {
	case "", "full":
	case "part":
		s.Part = true
	default:
		return s, fmt.Errorf("scope %q: want full or part", f["scope"])
	}
	if at := f["scanned_at"]; at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil || t.IsZero() {
			return s, fmt.Errorf("scanned_at %q: want a time like 2026-01-31T12:00:00Z", at)
		}
		s.ScannedAt = t.UTC()
	}
	return s, s.Validate(now)
}
