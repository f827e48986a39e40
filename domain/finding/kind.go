package finding

import "fmt"

// Kind is the family of flaw a finding belongs to. It decides which identity
// recipe applies and which words the user interface shows.
type Kind string

// The kinds of findings.
const (
	Vulnerability    Kind = "vulnerability"    // a known advisory in a component (SCA, containers)
	Code             Kind = "code"             // a weakness in source code (SAST)
	Secret           Kind = "secret"           // a credential where it should not be
	Misconfiguration Kind = "misconfiguration" // IaC, Kubernetes, cloud, image settings
	Dynamic          Kind = "dynamic"          // seen from outside on a running system (DAST)
	Licence          Kind = "licence"          // a component's licence that someone must judge
	Quality          Kind = "quality"          // reported by a security tool but no security flaw (bugs, smells)
)

// Kinds lists every kind in the order people see them.
func Kinds() []Kind {
	return []Kind{Vulnerability, Code, Secret, Misconfiguration, Dynamic, Licence, Quality}
}

// ParseKind returns the kind with that name.
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown kind %q: want one of %v", s, Kinds())
}
