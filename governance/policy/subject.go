package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/interpreter"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
)

// Subject is what a condition is asked about: an application at a stage and
// an instant and, one after the other, its findings, scans and assets. It
// belongs to one goroutine.
type Subject struct {
	finding view[fact.Finding]
	app     view[fact.App]
	asset   view[fact.Asset]
	scan    view[fact.Scan]
	stage   Stage
	now     time.Time
	count   int
	limit   int
}

var _ interpreter.Activation = (*Subject)(nil)

// NewSubject returns a subject about the application as a whole.
func NewSubject(app *fact.App, stage Stage, now time.Time) *Subject {
	now = now.UTC()
	return &Subject{
		app:     view[fact.App]{app, now},
		finding: view[fact.Finding]{new(fact.Finding), now},
		asset:   view[fact.Asset]{new(fact.Asset), now},
		scan:    view[fact.Scan]{new(fact.Scan), now},
		stage:   stage, now: now,
	}
}

// Finding turns the subject to a finding.
func (s *Subject) Finding(f *fact.Finding) { s.finding.value = f }

// Asset turns the subject to an asset.
func (s *Subject) Asset(a *fact.Asset) { s.asset.value = a }

// Scan turns the subject to a scan.
func (s *Subject) Scan(x *fact.Scan) { s.scan.value = x }

// Count tells messages how many matched and how many are allowed.
func (s *Subject) Count(matched, allowed int) { s.count, s.limit = matched, allowed }

// ResolveName implements CEL's activation.
func (s *Subject) ResolveName(name string) (any, bool) {
	switch name {
	case "finding":
		return &s.finding, true
	case "app":
		return &s.app, true
	case "asset":
		return &s.asset, true
	case "scan":
		return &s.scan, true
	case "stage":
		return string(s.stage), true
	case "now":
		return s.now, true
	case "today":
		return fact.Day(s.now), true
	case "count":
		return int64(s.count), true
	case "limit":
		return int64(s.limit), true
	}
	return nil, false
}

// Parent implements CEL's activation; a subject stands alone.
func (s *Subject) Parent() interpreter.Activation { return nil }

// severityConstant is how policies write a severity: HIGH.
func severityConstant(s finding.Severity) string { return strings.ToUpper(s.String()) }

// Describe names a variable that a rule mentions with its value for this
// subject, for people: "epss 0.93", "app.exposure unknown". Variables of the
// finding go without their prefix.
func (s *Subject) Describe(mention string) string {
	object, name, _ := strings.Cut(mention, ".")
	switch object {
	case "finding":
		return name + " " + describe(fact.Findings(), name, s.finding)
	case "app":
		return mention + " " + describe(fact.Apps(), name, s.app)
	case "asset":
		return mention + " " + describe(fact.Assets(), name, s.asset)
	case "scan":
		return mention + " " + describe(fact.Scans(), name, s.scan)
	case "stage":
		return "stage " + string(s.stage)
	case "today":
		return "today " + s.now.Format(time.DateOnly)
	}
	return mention + " " + s.now.Format(time.RFC3339)
}

func describe[T any](schema *fact.Schema[T], name string, v view[T]) string {
	i := schema.Index(name)
	if i < 0 {
		return "unknown"
	}
	got := schema.At(i).Get(v.value, v.now)
	if n, ok := got.(int64); ok && name == "severity" {
		return finding.Severity(n).String()
	}
	switch got := got.(type) {
	case nil:
		return "unknown"
	case string:
		if got == "" {
			return "empty"
		}
		return got
	case bool:
		if got {
			return "yes"
		}
		return "no"
	case float64:
		return strconv.FormatFloat(got, 'g', 4, 64)
	case time.Time:
		return got.Format(time.DateOnly)
	case []string:
		if len(got) == 0 {
			return "none"
		}
		return strings.Join(got, ", ")
	}
	return strings.Trim(fmt.Sprint(got), "[]")
}
