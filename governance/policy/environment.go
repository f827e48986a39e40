package policy

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
)

// Bounds on a single expression. They keep a mistake in a policy from
// becoming an outage of the gate.
const (
	maxExpressionSize  = 8 << 10   // characters
	maxExpressionDepth = 64        // levels of nesting
	maxCost            = 1_000_000 // steps for one subject, by CEL's own estimate
)

// object is a struct that conditions may ask, without its Go type.
type object struct {
	variable string
	typeName string
	doc      string
	names    []string
	fields   map[string]*types.FieldType
	closed   map[string][]string // values of fields with a closed set
}

// view is a T at an instant: what a field is read from.
type view[T any] struct {
	value *T
	now   time.Time
}

func objectOf[T any](variable, typeName, doc string, schema *fact.Schema[T]) *object {
	o := &object{variable: variable, typeName: typeName, doc: doc, names: schema.Names(),
		fields: map[string]*types.FieldType{}, closed: map[string][]string{}}
	for i := range schema.Len() {
		field := schema.At(i)
		trail := types.NewAttributeTrail(variable + "." + field.Name)
		unknown := types.NewUnknown(int64(i), trail)
		o.fields[field.Name] = &types.FieldType{
			Type: celType(field.Type),
			IsSet: func(target any) bool {
				v := target.(*view[T])
				return field.Get(v.value, v.now) != nil
			},
			GetFrom: func(target any) (any, error) {
				v := target.(*view[T])
				if got := field.Get(v.value, v.now); got != nil {
					return got, nil
				}
				return unknown, nil
			},
		}
		if field.Values != nil {
			o.closed[field.Name] = field.Values
		}
	}
	return o
}

func celType(t fact.Type) *types.Type {
	switch t {
	case fact.Text:
		return types.StringType
	case fact.Whole:
		return types.IntType
	case fact.Decimal:
		return types.DoubleType
	case fact.Truth:
		return types.BoolType
	case fact.Moment:
		return types.TimestampType
	case fact.Texts:
		return types.NewListType(types.StringType)
	case fact.Wholes:
		return types.NewListType(types.IntType)
	}
	return types.DynType
}

// provider teaches CEL the objects. It answers for them and leaves the rest
// to the standard registry.
type provider struct {
	*types.Registry
	objects map[string]*object // by type name
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if o, ok := p.objects[name]; ok {
		return o.names, true
	}
	return p.Registry.FindStructFieldNames(name)
}

func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if o, ok := p.objects[name]; ok {
		ft, ok := o.fields[field]
		return ft, ok
	}
	return p.Registry.FindStructFieldType(name, field)
}

// NewValue refuses to make an object: facts are given, not invented.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.objects[name]; ok {
		return types.NewErr("a policy can't make a %s", name)
	}
	return p.Registry.NewValue(name, fields)
}

// language is the environment that conditions and messages compile in.
type language struct {
	conditions *cel.Env
	messages   *cel.Env
	objects    map[string]*object // by variable
	names      []string           // every variable and constant
}

func newLanguage() (*language, error) {
	objects := []*object{
		objectOf("finding", "Finding", "the finding that is judged", fact.Findings()),
		objectOf("app", "App", "the application that is judged", fact.Apps()),
		objectOf("asset", "Asset", "the asset that the finding or scan belongs to", fact.Assets()),
		objectOf("scan", "Scan", "the scan that is judged, made or missing", fact.Scans()),
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("make the type registry: %w", err)
	}
	p := &provider{Registry: registry, objects: map[string]*object{}}
	l := &language{objects: map[string]*object{}, names: []string{"stage", "now", "today"}}
	opts := []cel.EnvOption{
		cel.CustomTypeAdapter(registry), cel.CustomTypeProvider(p),
		cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true), cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(maxExpressionSize), cel.ParserRecursionLimit(maxExpressionDepth),
		cel.RegexProgramSizeLimit(1000),
		cel.VariableWithDoc("stage", cel.StringType, "the stage the gate is asked at"),
		cel.VariableWithDoc("now", cel.TimestampType, "the instant of the verdict"),
		cel.VariableWithDoc("today", cel.TimestampType, "midnight UTC of the day of the verdict"),
		ext.Strings(), ext.Sets(),
	}
	for _, o := range objects {
		p.objects[o.typeName] = o
		l.objects[o.variable] = o
		l.names = append(l.names, o.variable)
		opts = append(opts, cel.VariableWithDoc(o.variable, cel.ObjectType(o.typeName), o.doc))
	}
	for s := finding.SeverityInfo; s <= finding.SeverityCritical; s++ {
		name := severityConstant(s)
		l.names = append(l.names, name)
		opts = append(opts, cel.Constant(name, cel.IntType, types.Int(s)))
	}
	if l.conditions, err = cel.NewEnv(opts...); err != nil {
		return nil, fmt.Errorf("make the policy language: %w", err)
	}
	l.messages, err = l.conditions.Extend(
		cel.VariableWithDoc("count", cel.IntType, "how many matched"),
		cel.VariableWithDoc("limit", cel.IntType, "how many the rule allows"))
	if err != nil {
		return nil, fmt.Errorf("make the message language: %w", err)
	}
	return l, nil
}
