package fact

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Set stores a value as it is written in a policy test: a string, int64,
// float64, bool or []any of strings and int64s. A severity is given as its
// word, an instant as RFC 3339 text or a date.
func (f *Field[T]) Set(t *T, v any) error {
	if f.slot == nil {
		return fmt.Errorf("%s is computed from other fields and can't be given", f.Name)
	}
	if s, ok := v.(string); ok && len(f.Values) > 0 && !slices.Contains(f.Values, s) {
		return fmt.Errorf("%s is never %q: want one of %s", f.Name, s, strings.Join(f.Values, ", "))
	}
	ok := false
	switch p := f.slot(t).(type) {
	case *string:
		*p, ok = v.(string)
	case *Word:
		var s string
		s, ok = v.(string)
		*p = Word(s)
	case *finding.Kind:
		var s string
		s, ok = v.(string)
		*p = finding.Kind(s)
	case *bool:
		*p, ok = v.(bool)
	case *Flag:
		var b bool
		b, ok = v.(bool)
		*p = FlagOf(b)
	case *Num:
		*p, ok = number(v)
	case *finding.Severity:
		return setSeverity(p, v)
	case *time.Time:
		return setTime(f.Name, p, v)
	case *[]string:
		*p, ok = list[string](v)
	case *[]int:
		var wide []int64
		wide, ok = list[int64](v)
		for _, n := range wide {
			*p = append(*p, int(n))
		}
	}
	if !ok {
		return fmt.Errorf("%s wants a %s, not %v", f.Name, f.Type, v)
	}
	return nil
}

func number(v any) (Num, bool) {
	switch n := v.(type) {
	case int64:
		return Number(float64(n)), true
	case float64:
		return Number(n), true
	}
	return Num{}, false
}

func setSeverity(p *finding.Severity, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("severity wants a word such as high, not %v", v)
	}
	sev, err := finding.ParseSeverity(strings.ToLower(s))
	*p = sev
	return err
}

func setTime(name string, p *time.Time, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s wants a time such as 2026-03-01T12:00:00Z, not %v", name, v)
	}
	t, err := ParseTime(s)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*p = t
	return nil
}

// ParseTime reads an RFC 3339 instant or a plain date, which means midnight
// UTC.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q: want 2026-03-01 or 2026-03-01T12:00:00Z", s)
}

func list[E any](v any) ([]E, bool) {
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]E, 0, len(items))
	for _, item := range items {
		e, ok := item.(E)
		if !ok {
			return nil, false
		}
		out = append(out, e)
	}
	return out, true
}
