package fact

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Type is the type of a field as policies see it.
type Type uint8

// The types, with the CEL type each becomes.
const (
	Text    Type = iota + 1 // string
	Whole                   // int
	Decimal                 // double
	Truth                   // bool
	Moment                  // timestamp
	Texts                   // list(string)
	Wholes                  // list(int)
)

// String returns the CEL spelling of the type.
func (t Type) String() string {
	switch t {
	case Text:
		return "string"
	case Whole:
		return "int"
	case Decimal:
		return "double"
	case Truth:
		return "bool"
	case Moment:
		return "timestamp"
	case Texts:
		return "list(string)"
	case Wholes:
		return "list(int)"
	}
	return "unknown type"
}

// Field is one thing that can be asked of a T.
type Field[T any] struct {
	Name string
	Type Type
	// Doc is one line for people who write policies.
	Doc string
	// Values are all values a Text can take, nil when the set is open.
	Values []string
	// Unknowable is whether the value may be unknown.
	Unknowable bool
	// Daily is whether the value moves with the calendar. It is then the
	// same for a whole UTC day.
	Daily bool

	// slot points at the stored value; nil for a derived field.
	slot func(*T) any
	// derive computes a derived field; nil stands for unknown.
	derive func(*T, time.Time) any
	// key replaces the value in grouping, for derived fields.
	key func(*T) any
}

// Get returns the value: string, int64, float64, bool, time.Time, []string or
// []int64, or nil when it is unknown.
func (f *Field[T]) Get(t *T, now time.Time) any {
	if f.derive != nil {
		return f.derive(t, now)
	}
	switch p := f.slot(t).(type) {
	case *string:
		return *p
	case *finding.Kind:
		return string(*p)
	case *bool:
		return *p
	case *Word:
		if *p != "" {
			return string(*p)
		}
	case *Num:
		if p.Known {
			return p.Value
		}
	case *Flag:
		if *p != Unknown {
			return *p == Yes
		}
	case *finding.Severity:
		if *p != finding.SeverityUnknown {
			return int64(*p)
		}
	case *time.Time:
		if !p.IsZero() {
			return p.UTC()
		}
	case *[]string:
		return *p
	case *[]int:
		return wide(*p)
	}
	return nil
}

// Key returns a comparable value that is equal for two Ts exactly when Get
// gives both the same answer at every instant.
func (f *Field[T]) Key(t *T) any {
	if f.key != nil {
		return f.key(t)
	}
	switch p := f.slot(t).(type) {
	case *[]string:
		return joinKey(*p)
	case *[]int:
		return fmt.Sprint(*p)
	case *Num:
		if p.Known {
			return math.Float64bits(p.Value)
		}
		return nil
	case *time.Time:
		if p.IsZero() {
			return nil
		}
		return p.UnixNano()
	}
	return f.Get(t, time.Time{})
}

func joinKey(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	for _, s := range list {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	return b.String()
}

func wide(list []int) []int64 {
	out := make([]int64, len(list))
	for i, v := range list {
		out[i] = int64(v)
	}
	return out
}

// Derived is whether the field is computed from others and so can't be set.
func (f *Field[T]) Derived() bool { return f.slot == nil }

// Schema is the ordered table of a T's fields.
type Schema[T any] struct {
	fields []Field[T]
	index  map[string]int
}

func newSchema[T any](fields []Field[T]) *Schema[T] {
	s := &Schema[T]{fields: fields, index: make(map[string]int, len(fields))}
	for i := range fields {
		f := &s.fields[i]
		s.index[f.Name] = i
		if f.slot == nil {
			continue
		}
		switch f.slot(new(T)).(type) {
		case *Word, *Num, *Flag, *finding.Severity, *time.Time:
			f.Unknowable = true
		}
	}
	return s
}

// Len returns the number of fields.
func (s *Schema[T]) Len() int { return len(s.fields) }

// At returns the i-th field.
func (s *Schema[T]) At(i int) *Field[T] { return &s.fields[i] }

// Index returns the place of the field with that name, -1 when there is none.
func (s *Schema[T]) Index(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Names returns the names in table order.
func (s *Schema[T]) Names() []string {
	out := make([]string, len(s.fields))
	for i := range s.fields {
		out[i] = s.fields[i].Name
	}
	return out
}

// Day returns midnight UTC of the day that now falls in: all that a daily
// field sees of the time.
func Day(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }
