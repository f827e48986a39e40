package sarif

import (
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// family is what the tool's name says of all its results. SARIF itself does
// not tell a leaked key from an open port.
type family struct {
	name string // a part of the tool's name, lower-cased
	kind finding.Kind
}

// families are tools known to write SARIF of one kind, the more telling name
// first. A rule's own words outrank it. Tools of several kinds (Trivy, Snyk)
// stand under the part of their name that tells.
var families = [...]family{
	{"gitleaks", finding.Secret},
	{"trufflehog", finding.Secret},
	{"detect-secrets", finding.Secret},
	{"ggshield", finding.Secret},
	{"gitguardian", finding.Secret},
	{"secretlint", finding.Secret},
	{"secret-scan", finding.Secret},
	{"secret scan", finding.Secret},
	{"noseyparker", finding.Secret},
	{"nosey parker", finding.Secret},
	{"kingfisher", finding.Secret},
	{"talisman", finding.Secret},
	{"credscan", finding.Secret},
	{"credentialscanner", finding.Secret},

	{"snyk iac", finding.Misconfiguration},
	{"checkov", finding.Misconfiguration},
	{"bridgecrew", finding.Misconfiguration},
	{"tfsec", finding.Misconfiguration},
	{"cfsec", finding.Misconfiguration},
	{"cfn-lint", finding.Misconfiguration},
	{"cfn_nag", finding.Misconfiguration},
	{"kics", finding.Misconfiguration},
	{"terrascan", finding.Misconfiguration},
	{"dockle", finding.Misconfiguration},
	{"hadolint", finding.Misconfiguration},
	{"kubescape", finding.Misconfiguration},
	{"kubesec", finding.Misconfiguration},
	{"kube-linter", finding.Misconfiguration},
	{"kubelinter", finding.Misconfiguration},
	{"kube-score", finding.Misconfiguration},
	{"polaris", finding.Misconfiguration},
	{"regula", finding.Misconfiguration},
	{"prowler", finding.Misconfiguration},
	{"scoutsuite", finding.Misconfiguration},
	{"templateanalyzer", finding.Misconfiguration},
	{"bicep", finding.Misconfiguration},
	{"psrule", finding.Misconfiguration},
	{"scorecard", finding.Misconfiguration},
	{"tflint", finding.Misconfiguration},
	{"zizmor", finding.Misconfiguration},

	{"nuclei", finding.Dynamic},
	{"stackhawk", finding.Dynamic},
	{"hawkscan", finding.Dynamic},
	{"burp", finding.Dynamic},
	{"wapiti", finding.Dynamic},
	{"nikto", finding.Dynamic},
	{"acunetix", finding.Dynamic},
	{"invicti", finding.Dynamic},
	{"netsparker", finding.Dynamic},
	{"dastardly", finding.Dynamic},
	{"restler", finding.Dynamic},
	{"schemathesis", finding.Dynamic},
	{"arachni", finding.Dynamic},

	{"grype", finding.Vulnerability},
	{"dependency-check", finding.Vulnerability},
	{"dependency check", finding.Vulnerability},
	{"snyk open source", finding.Vulnerability},
	{"snyk container", finding.Vulnerability},
	{"osv-scanner", finding.Vulnerability},
	{"govulncheck", finding.Vulnerability},
	{"pip-audit", finding.Vulnerability},
	{"npm-audit", finding.Vulnerability},
	{"npm audit", finding.Vulnerability},
	{"cargo-audit", finding.Vulnerability},
	{"clair", finding.Vulnerability},
	{"docker scout", finding.Vulnerability},
	{"xray", finding.Vulnerability},
	{"twistcli", finding.Vulnerability},
	{"black duck", finding.Vulnerability},
	{"retire", finding.Vulnerability},
	{"anchore", finding.Vulnerability},
	{"depscan", finding.Vulnerability},
}

func familyOf(tool string) family {
	tool = strings.ToLower(tool)
	if tool == "zap" || strings.HasPrefix(tool, "zap ") || strings.Contains(tool, "owasp zap") || strings.Contains(tool, "zed attack") {
		return family{"zap", finding.Dynamic}
	}
	for _, f := range families {
		if strings.Contains(tool, f.name) {
			return f
		}
	}
	return family{}
}

// kindOf decides the kind of a rule's results. An advisory id in the rule's
// id makes it a vulnerability in a component, except for tools that look from
// outside. Then come the words of the rule, then the tool's name.
func (r *run) kindOf(of *rule) finding.Kind {
	if r.family.kind == finding.Dynamic {
		return finding.Dynamic
	}
	if len(addAdvisories(nil, of.check.ID)) > 0 || strings.Contains(of.check.ID, "BC_CVE_") {
		return finding.Vulnerability
	}
	if k := kindOfWord(of.name); k != "" {
		return k
	}
	if id := strings.ToLower(of.check.ID); strings.HasPrefix(id, "ckv_secret") || strings.Contains(id, ".secrets.") || strings.HasPrefix(id, "ssc-") {
		if strings.HasPrefix(id, "ssc-") { // Semgrep Supply Chain
			return finding.Vulnerability
		}
		return finding.Secret
	}
	if r.family.kind != "" {
		return r.family.kind
	}
	quality := false
	for _, t := range of.tags {
		// "vulnerability" as a tag is said of weaknesses in code as well.
		if k := kindOfWord(t); k != "" && k != finding.Vulnerability {
			return k
		}
		switch {
		case strings.EqualFold(t, "security"), cweOf(t, false) > 0:
			return finding.Code
		case qualityTag(t):
			quality = true
		}
	}
	if quality && len(of.cwes) == 0 && of.score == 0 {
		return finding.Quality
	}
	return finding.Code
}

// kindOfWord reads the rule names of Trivy and tags of the same meaning.
func kindOfWord(s string) finding.Kind {
	switch strings.ToLower(s) {
	case "ospackagevulnerability", "languagespecificpackagevulnerability", "vulnerability":
		return finding.Vulnerability
	case "misconfiguration", "iac":
		return finding.Misconfiguration
	case "secret", "secrets":
		return finding.Secret
	case "license", "licence":
		return finding.Licence
	}
	return ""
}

// qualityTag knows the tags by which CodeQL and SpotBugs mark rules that are
// about no security flaw.
func qualityTag(t string) bool {
	switch strings.ToLower(t) {
	case "maintainability", "readability", "reliability", "correctness", "quality", "style", "bad_practice",
		"performance", "mt_correctness", "i18n", "experimental_quality", "useless-code", "efficiency", "testability",
		"language-features", "code-style", "noise":
		return true
	}
	return false
}
