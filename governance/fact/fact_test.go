package fact

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stance-aspm/stance/domain/finding"
)

func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

// value draws a value that fits a field, as a policy test would give it, and
// what Get returns for it.
func value[T any](t *rapid.T, f *Field[T]) (given, want any) {
	switch {
	case f.Name == "severity":
		s := finding.Severity(rapid.IntRange(1, 5).Draw(t, "severity"))
		return s.String(), int64(s)
	case f.Values != nil:
		w := rapid.SampledFrom(f.Values).Draw(t, f.Name)
		return w, w
	}
	switch f.Type {
	case Text:
		w := rapid.StringN(1, 10, -1).Draw(t, f.Name)
		return w, w
	case Decimal:
		d := rapid.Float64Range(0, 100).Draw(t, f.Name)
		return d, d
	case Truth:
		b := rapid.Bool().Draw(t, f.Name)
		return b, b
	case Moment:
		at := noon().Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, f.Name)) * time.Second)
		return at.Format(time.RFC3339), at
	case Texts:
		list := rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, f.Name)
		var items []any
		for _, s := range list {
			items = append(items, s)
		}
		return items, list
	case Wholes:
		n := rapid.Int64Range(1, 2000).Draw(t, f.Name)
		return []any{n}, []int64{n}
	}
	t.Fatalf("no value for %s", f.Name)
	return nil, nil
}

// checkSchema holds every stored field to: unknown or empty at first, what
// was set afterwards, a digest and a key of its own for each value.
func checkSchema[T any](t *testing.T, s *Schema[T]) {
	digest := func(v *T) string {
		h := sha256.New()
		s.Digest(h, v)
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	rapid.Check(t, func(t *rapid.T) {
		for i := range s.Len() {
			f := s.At(i)
			if f.Derived() {
				if err := f.Set(new(T), "x"); err == nil {
					t.Fatalf("%s is derived and was set", f.Name)
				}
				continue
			}
			empty, v := new(T), new(T)
			if got := f.Get(empty, noon()); (got == nil) != f.Unknowable {
				t.Fatalf("%s is %v in the zero value, unknowable %v", f.Name, got, f.Unknowable)
			}
			given, want := value(t, f)
			if err := f.Set(v, given); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if diff := cmp.Diff(want, f.Get(v, noon())); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", f.Name, diff)
			}
			other := new(T)
			given2, want2 := value(t, f)
			if err := f.Set(other, given2); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			same := cmp.Equal(want, want2)
			if (f.Key(v) == f.Key(other)) != same || (digest(v) == digest(other)) != same {
				t.Fatalf("%s: keys %v and %v for %v and %v", f.Name, f.Key(v), f.Key(other), want, want2)
			}
			if f.Unknowable && (f.Key(v) == f.Key(empty) || digest(v) == digest(empty)) {
				t.Fatalf("%s: %v passes for unknown", f.Name, want)
			}
		}
	})
}

func TestSchemas(t *testing.T) {
	checkSchema(t, Findings())
	checkSchema(t, Apps())
	checkSchema(t, Assets())
	checkSchema(t, Scans())
}

// TestDailyFieldsHoldForADay is what lets the gate remember answers.
func TestDailyFieldsHoldForADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := func(name string) time.Time {
			if rapid.Bool().Draw(t, name+" unknown") {
				return time.Time{}
			}
			return noon().Add(time.Duration(rapid.IntRange(-60*24*14, 60*24*14).Draw(t, name)) * time.Minute)
		}
		a, b := &Finding{FirstSeen: moment("a"), Due: moment("a due")}, &Finding{FirstSeen: moment("b"), Due: moment("b due")}
		now := noon().Add(time.Duration(rapid.IntRange(-60*24*3, 60*24*3).Draw(t, "now")) * time.Minute)
		later := Day(now).Add(time.Duration(rapid.IntRange(0, 60*24-1).Draw(t, "later")) * time.Minute)
		for i := range Findings().Len() {
			f := Findings().At(i)
			if !f.Daily {
				continue
			}
			if x, y := f.Get(a, now), f.Get(a, later); x != y {
				t.Fatalf("%s is %v and %v on one day", f.Name, x, y)
			}
			if f.Key(a) == f.Key(b) && f.Get(a, now) != f.Get(b, now) {
				t.Fatalf("%s: one key and two values", f.Name)
			}
		}
	})
}

func TestDerivedFields(t *testing.T) {
	f := &Finding{Severity: finding.SeverityHigh, Tools: []string{"a", "b"}, Reopened: true,
		FirstSeen: time.Date(2026, 3, 8, 23, 59, 0, 0, time.UTC), Due: time.Date(2026, 3, 10, 1, 0, 0, 0, time.UTC)}
	for name, want := range map[string]any{"severity_name": "high", "tool_count": int64(2), "state": "reopened", "age_days": int64(2), "overdue": false} {
		if got := Findings().At(Findings().Index(name)).Get(f, noon()); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	s := &Scan{At: noon().Add(-90 * time.Minute)}
	if got := Scans().At(Scans().Index("age_hours")).Get(s, noon()); got != int64(1) {
		t.Errorf("age_hours is %v", got)
	}
	if Findings().Index("nothing") != -1 {
		t.Error("a field that isn't there")
	}
}

func TestSetTellsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		given any
		want  string
	}{
		"kind":       {"bug", `kind is never "bug": want one of vulnerability, code, secret, misconfiguration, dynamic, licence, quality`},
		"severity":   {"huge", `unknown severity "huge": want one of unknown, info, low, medium, high, critical`},
		"kev":        {"yes", "kev wants a bool, not yes"},
		"epss":       {"high", "epss wants a double, not high"},
		"cwes":       {[]any{"79"}, "cwes wants a list(int), not [79]"},
		"first_seen": {"yesterday", `first_seen: time "yesterday": want 2026-03-01 or 2026-03-01T12:00:00Z`},
	} {
		err := Findings().At(Findings().Index(name)).Set(new(Finding), c.given)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
