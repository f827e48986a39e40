package sarif

import (
	"net/url"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// maxUnlisted bounds the stand-ins kept for rules that the report does not
// describe.
const maxUnlisted = 1 << 14

// observe turns a result into an observation.
func (r *run) observe(res *result) (*finding.Observation, error) {
	rule := r.ruleOf(res)
	if rule == nil {
		rule = r.unlistedRule(res.ruleID)
	}
	tool := r.toolOf(&res.component)
	o := &finding.Observation{
		Kind:    rule.kind,
		Check:   rule.check,
		Message: r.messageOf(&res.message, rule, tool),
	}
	if res.ruleID != "" {
		o.Check.ID = res.ruleID
	}
	if o.Check.ID == "" && o.Message == "" {
		return nil, jsondoc.Bad("the result names no rule and has no message: nothing says what was found")
	}
	r.grade(o, res, rule)
	r.classify(o, res, rule)
	r.locate(o, res)
	r.claim(o, res)
	r.identify(o, res)
	for _, fix := range res.fixes {
		o.Fix = strings.TrimPrefix(o.Fix+"\n"+fix, "\n")
	}
	o.References = union(union(res.links, res.props.list("references")), rule.props.list("references"))
	o.FirstSeen = parseTime(res.firstSeen)
	switch o.Kind {
	case finding.Vulnerability, finding.Licence:
		r.component(o, res, rule)
	case finding.Secret:
		o.Secret = secretOf(o)
	case finding.Dynamic:
		r.endpoint(o, res)
	}
	return o, nil
}

// unlistedRule stands in for a rule that the run does not describe.
func (r *run) unlistedRule(id string) *rule {
	if rule := r.unlisted[id]; rule != nil {
		return rule
	}
	if r.unlisted == nil || len(r.unlisted) >= maxUnlisted {
		r.unlisted = map[string]*rule{}
	}
	rule := &rule{}
	rule.check.ID = id
	rule.derive(r)
	r.unlisted[id] = rule
	return rule
}

// grade sets the severity. A security-severity (a number on the CVSS scale,
// which GitHub introduced and most security tools now write) says most; then
// a severity word of the tool; then the level. SeverityWord keeps the level,
// or the word when that decided.
func (r *run) grade(o *finding.Observation, res *result, rule *rule) {
	level := r.level(res, rule)
	o.SeverityWord = level
	o.Confidence = first(res.props.confidence(), rule.confidence)
	score := res.props.score()
	if score == 0 {
		score = rule.score
	}
	if score > 0 {
		o.Severity = finding.SeverityOfCVSS(score)
		return
	}
	if o.Severity, o.SeverityWord = res.props.severity(); o.Severity != finding.SeverityUnknown {
		return
	}
	if o.Severity, o.SeverityWord = rule.severity, rule.word; o.Severity != finding.SeverityUnknown {
		return
	}
	o.SeverityWord = level
	o.Severity = severityOfLevel(level)
}

// level is the effective level by section 3.27.10: the result's own, "none"
// for kinds that are no failure, what the invocation configured, the rule's
// default, "warning". Results that wait for a judgement (open, review) have
// no level of their own and take the rule's, or stay ungraded.
func (r *run) level(res *result, rule *rule) string {
	switch strings.ToLower(res.kind) {
	case "pass", "notapplicable", "informational":
		return first(res.level, "none")
	case "open", "review":
		if res.level != "" && res.level != "none" {
			return res.level
		}
		return rule.level
	}
	if res.level != "" {
		return res.level
	}
	i := res.invocation
	if i < 0 && len(r.overrides) == 1 {
		i = 0
	}
	if i >= 0 && i < len(r.overrides) {
		for _, o := range r.overrides[i] {
			if o.level != "" && (o.id == rule.check.ID && o.id != "" || o.id == "" && o.index >= 0 && o.index == res.ruleIndex) {
				return o.level
			}
		}
	}
	return first(rule.level, "warning")
}

// severityOfLevel translates SARIF's levels. Producers with finer scales of
// their own write their low severities as "note".
func severityOfLevel(level string) finding.Severity {
	switch strings.ToLower(level) {
	case "error":
		return finding.SeverityHigh
	case "warning":
		return finding.SeverityMedium
	case "note":
		return finding.SeverityLow
	case "none", "pass", "notapplicable": // the last two: 2.0 drafts
		return finding.SeverityInfo
	}
	return finding.SeverityOfWord(level)
}

// classify sets weaknesses, advisories and tags.
func (r *run) classify(o *finding.Observation, res *result, rule *rule) {
	o.CWEs = slices.Clone(rule.cwes)
	for _, n := range res.props.cwes() {
		o.CWEs = addCWE(o.CWEs, n)
	}
	for _, t := range res.taxa {
		o.CWEs = addCWE(o.CWEs, r.weakness(t))
	}
	o.Tags = union(rule.tags, res.props.labels())
	o.Advisories = slices.Clone(rule.advisories)
	if o.Kind == finding.Vulnerability {
		for _, name := range [...]string{"cve", "cves", "aliases"} {
			for _, s := range res.props.list(name) {
				o.Advisories = addAdvisories(o.Advisories, s)
			}
		}
	}
}

// locate sets the places. The first location is where the flaw is; without
// one, the artifact that was analysed stands in.
func (r *run) locate(o *finding.Observation, res *result) {
	places := res.locations
	if len(places) == 0 && (res.target.uri != "" || res.target.index >= 0) {
		places = []location{{artifact: res.target}}
	}
	if len(places) > 0 {
		o.Location = r.at(&places[0], o.Kind)
		places = places[1:]
	}
	if n := len(places) + len(res.related); n > 0 {
		o.Related = make([]finding.Location, 0, n)
	}
	for _, list := range [...][]location{places, res.related} {
		for i := range list {
			o.Related = append(o.Related, r.at(&list[i], o.Kind))
		}
	}
	if len(res.flow) > 0 {
		o.Flow = make([]finding.Step, 0, len(res.flow))
	}
	for i := range res.flow {
		s := &res.flow[i]
		if s.index >= 0 && s.index < len(r.steps) && s.location.artifact.uri == "" && s.location.artifact.index < 0 {
			s = &r.steps[s.index]
		}
		m := &s.message
		if m.text == "" && m.markdown == "" && m.id == "" {
			m = &s.location.message
		}
		o.Flow = append(o.Flow, finding.Step{Location: r.at(&s.location, o.Kind), Message: r.messageOf(m, nil, r.tools[0])})
	}
}

// claim sets what the report says of the result's state. A suppression counts
// when at least one was accepted, which is also the meaning of one without a
// status (section 3.35.3); requests that were rejected or are under review
// hide nothing. A result that is gone outranks one that is hidden.
func (r *run) claim(o *finding.Observation, res *result) {
	o.Claim.Baseline = res.baseline
	switch strings.ToLower(res.kind) {
	case "pass", "notapplicable":
		o.Claim.State, o.Claim.Source, o.Claim.Detail = finding.ClaimNotAffected, "tool", "result kind: "+res.kind
	case "open", "review":
		o.Claim.State, o.Claim.Source, o.Claim.Detail = finding.ClaimUnderReview, "tool", "result kind: "+res.kind
	}
	switch res.level {
	case "pass", "notApplicable": // 2.0 drafts wrote kinds as levels
		o.Claim.State, o.Claim.Source, o.Claim.Detail = finding.ClaimNotAffected, "tool", "result level: "+res.level
	}
	for _, s := range res.suppressions {
		if s.status != "" && !strings.EqualFold(s.status, "accepted") {
			continue
		}
		source := "external"
		switch s.kind {
		case "inSource", "suppressedInSource":
			source = "in-source"
		case "underReview", "suppressionRejected": // kinds of a release candidate
			continue
		}
		o.Claim.State, o.Claim.Justification, o.Claim.Detail, o.Claim.Source = finding.ClaimSuppressedByTool, s.kind, s.justification, source
		break
	}
	if strings.EqualFold(res.baseline, "absent") {
		o.Claim.State, o.Claim.Source = finding.ClaimAbsent, "tool"
	}
}

// identify sets the tool's fingerprints. Gitleaks uses the place for facts of
// a commit, which go where they belong.
func (r *run) identify(o *finding.Observation, res *result) {
	if r.family.name == "gitleaks" {
		o.Location.Commit, o.Location.Author, o.Location.Date = res.partial["commitSha"], first(res.partial["author"], res.partial["email"]), res.partial["date"]
		for _, name := range [...]string{"commitSha", "author", "email", "date", "commitMessage"} {
			delete(res.partial, name)
		}
	}
	o.Fingerprints = res.fingerprints
	if o.Fingerprints == nil {
		if len(res.partial) > 0 {
			o.Fingerprints = res.partial
		}
		return
	}
	for name, v := range res.partial {
		if _, taken := o.Fingerprints[name]; taken {
			name = "partial/" + name
		}
		o.Fingerprints[name] = v
	}
}

// secretOf describes the credential. The snippet is taken as its value: it is
// the credential itself (Gitleaks) or the line that holds it, and either way
// must not be stored in the clear.
func secretOf(o *finding.Observation) *finding.SecretValue {
	s := &finding.SecretValue{Detector: o.Check.ID}
	v := strings.TrimSpace(o.Location.Snippet)
	switch {
	case strings.Contains(v, "***"), strings.Contains(strings.ToUpper(v), "REDACTED"):
		s.Masked = v
	default:
		s.Value = v
	}
	return s
}

// endpoint sets the address and what was sent there.
func (r *run) endpoint(o *finding.Observation, res *result) {
	l := &o.Location
	if l.URL == "" && isURL(res.target.uri) {
		l.URL = res.target.uri
	}
	if t := res.request.target; t != "" {
		switch {
		case isURL(t):
			l.URL = first(l.URL, t)
		case l.URL == "" && res.request.host != "":
			scheme := "https"
			if strings.EqualFold(res.request.protocol, "http") {
				scheme = "http"
			}
			l.URL = (&url.URL{Scheme: scheme, Host: res.request.host}).String() + t
		}
	}
	l.Method = first(res.request.method, res.props.text("method"))
	l.Parameter = first(l.Parameter, res.props.text("param", "parameter"))
	l.Evidence = first(res.props.text("evidence"), l.Snippet)
}
