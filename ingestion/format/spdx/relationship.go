package spdx

import "strings"

// direction says how a relationship becomes an edge of the graph.
type direction struct {
	inverse  bool // the right-hand element depends on the left-hand one
	contains bool
	scope    string
}

// directions are the relationship types of versions 2 and 3 that say that one
// element needs or holds another (SPDX 2.3 section 11.1, SPDX 3.0
// RelationshipType), by their names without case and underscores. Tools,
// generated files, tests and patches are no dependencies.
var directions = map[string]direction{
	"DEPENDSON":            {},
	"DEPENDENCYOF":         {inverse: true},
	"STATICLINK":           {},
	"DYNAMICLINK":          {},
	"HASPREREQUISITE":      {},
	"PREREQUISITEFOR":      {inverse: true},
	"BUILDDEPENDENCYOF":    {inverse: true, scope: "build"},
	"DEVDEPENDENCYOF":      {inverse: true, scope: "dev"},
	"TESTDEPENDENCYOF":     {inverse: true, scope: "test"},
	"OPTIONALDEPENDENCYOF": {inverse: true, scope: "optional"},
	"PROVIDEDDEPENDENCYOF": {inverse: true, scope: "provided"},
	"RUNTIMEDEPENDENCYOF":  {inverse: true, scope: "runtime"},
	"CONTAINS":             {contains: true},
	"CONTAINEDBY":          {contains: true, inverse: true},
	"PACKAGEOF":            {contains: true, inverse: true},
	"OPTIONALCOMPONENTOF":  {contains: true, inverse: true},

	"HASSTATICLINK":         {}, // version 3 from here on
	"HASDYNAMICLINK":        {},
	"HASOPTIONALDEPENDENCY": {scope: "optional"},
	"HASPROVIDEDDEPENDENCY": {scope: "provided"},
	"HASOPTIONALCOMPONENT":  {contains: true},
	"PACKAGEDBY":            {contains: true, inverse: true},
}

// relation is a relationship type by which directions knows it: "dependsOn",
// "DEPENDS_ON" and RDF's "…#relationshipType_dependsOn" are one.
func relation(kind string) string {
	kind = kind[strings.LastIndexAny(kind, "#/")+1:]
	kind = strings.TrimPrefix(kind, "relationshipType_")
	return strings.ToUpper(strings.ReplaceAll(kind, "_", ""))
}
