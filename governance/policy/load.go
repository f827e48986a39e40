package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/governance/fact"
)

// Bundle is a compiled set of policies. It never changes and is safe for
// concurrent use.
type Bundle struct {
	// Digest names the bundle by content: policies, rules and the version of
	// the language, without layout, comments and tests. The same digest
	// gives the same verdict on the same facts.
	Digest   string
	Policies []*Policy // by name
	Atoms    []*Atom
}

// Load compiles policy files into a bundle. When anything is wrong with any
// of them the error is a [Problems] with everything that is wrong.
func Load(sources ...Source) (*Bundle, error) {
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	var problems Problems
	var docs []*document
	for _, src := range sources {
		f := newFile(src.Name, src.Text, &problems)
		for _, body := range f.documents(src.Text) {
			docs = append(docs, f.document(body))
		}
	}
	slices.SortStableFunc(docs, func(a, b *document) int { return strings.Compare(a.name, b.name) })
	c := &compiler{lang: lang, atoms: map[string]*Atom{}}
	b := &Bundle{}
	digest := newDigest()
	for _, d := range docs {
		b.Policies = append(b.Policies, c.policy(d, digest))
	}
	checkNames(docs)
	checkReplaced(docs)
	checkTests(docs)
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	b.Atoms, b.Digest = c.order, digest.sum()
	return b, nil
}

// Policy returns the policy with that name, nil when there is none.
func (b *Bundle) Policy(name string) *Policy {
	for _, p := range b.Policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Only returns the bundle of a single policy, which nothing replaces. Policy
// tests are judged with it.
func (b *Bundle) Only(name string) *Bundle {
	out := &Bundle{Digest: b.Digest + "#" + name, Atoms: b.Atoms}
	if p := b.Policy(name); p != nil {
		out.Policies = []*Policy{p}
	}
	return out
}

func (c *compiler) policy(d *document, digest *digester) *Policy {
	p := &Policy{Name: d.name, Description: d.description, File: d.file.name, Stages: d.stages, RequireScan: d.requireScan, Tests: d.tests}
	digest.text(d.name, d.description, fmt.Sprint(d.requireScan, d.stages))
	if d.scope != nil {
		scope := c.condition(d.scope)
		if scope != nil {
			p.Scope = scope.formula
			digest.text(scope.text)
			for _, m := range scope.mentions {
				if !strings.HasPrefix(m, "app.") && m != "stage" {
					d.file.report(d.scope.at, fmt.Sprintf("a scope selects applications and can't look at %s", m), "")
				}
			}
		}
	} else {
		digest.text()
	}
	for _, r := range d.replaces {
		p.Replaces = append(p.Replaces, strings.TrimSpace(r.text))
	}
	digest.text(p.Replaces...)
	for i := range p.Tests {
		p.Tests[i].Policy = d.name
		if p.Tests[i].Stage == "" {
			p.Tests[i].Stage = d.firstStage()
		}
	}
	for _, cl := range d.rules {
		if r := c.rule(d, cl); r != nil {
			p.Rules = append(p.Rules, r)
			digest.rule(r, cl)
		}
	}
	return p
}

func (c *compiler) rule(d *document, cl clause) *Rule {
	r := &Rule{Policy: d.name, Name: cl.name, Description: cl.description, Action: cl.action, OnUnknown: cl.onUnknown,
		Max: cl.max, Stages: cl.stages, Final: cl.final, Controls: cl.controls}
	if r.Stages == nil {
		r.Stages = d.stages
	}
	when, unless := c.condition(cl.when), c.condition(cl.unless)
	r.Message, r.Fix = c.template(cl.message), c.template(cl.fix)
	if when == nil || (cl.unless != nil && unless == nil) {
		return nil
	}
	r.Match, r.Mentions, r.Key = when.formula, when.mentions, when.text
	if unless != nil {
		r.Match = &Formula{Op: OpAnd, Args: []*Formula{when.formula, {Op: OpNot, Args: []*Formula{unless.formula}}}}
		for _, m := range unless.mentions {
			if !slices.Contains(r.Mentions, m) {
				r.Mentions = append(r.Mentions, m)
			}
		}
		r.Key = "(" + when.text + ") && !(" + unless.text + ")"
	}
	r.Match.Atoms(func(a *Atom) { r.Uses = r.Uses.and(a.Uses) })
	r.TextUses = r.Uses.and(r.Message.uses).and(r.Fix.uses)
	r.About = about(r.Mentions)
	if r.About == AboutFinding && slices.ContainsFunc(r.Mentions, func(m string) bool { return strings.HasPrefix(m, "scan.") }) {
		d.file.report(cl.when.at, fmt.Sprintf("rule %q asks of findings and of scans at once", r.Name), "make two rules of it")
	}
	return r
}

// about finds out what a condition is asked of.
func about(mentions []string) About {
	out := AboutApp
	for _, m := range mentions {
		switch object, _, _ := strings.Cut(m, "."); object {
		case "finding":
			return AboutFinding
		case "scan":
			out = AboutScan
		case "asset":
			out = max(out, AboutAsset)
		}
	}
	return out
}

// checkNames reports policies and rules that bear the same name.
func checkNames(docs []*document) {
	seen := map[string]string{}
	for _, d := range docs {
		if d.name == "" {
			continue
		}
		if first, ok := seen[d.name]; ok {
			d.file.report(d.nameAt, fmt.Sprintf("there is another policy %q in %s", d.name, first), "names must be unique")
		}
		seen[d.name] = fmt.Sprintf("%s:%d", d.file.name, d.nameAt.line)
		rules := map[string]int{}
		for _, r := range d.rules {
			if line, ok := rules[r.name]; ok && r.name != "" {
				d.file.report(r.at, fmt.Sprintf("policy %q has another rule %q at line %d", d.name, r.name, line), "names must be unique")
			}
			rules[r.name] = r.at.line
		}
	}
}

// checkReplaced reports replacements of what doesn't exist or may not be
// replaced.
func checkReplaced(docs []*document) {
	final := map[string]bool{}
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.name)
		for _, r := range d.rules {
			id := d.name + "/" + r.name
			ids = append(ids, id)
			if r.final {
				final[id], final[d.name] = true, true
			}
		}
	}
	for _, d := range docs {
		for _, r := range d.replaces {
			id := strings.TrimSpace(r.text)
			switch {
			case !slices.Contains(ids, id):
				d.file.report(r.at, fmt.Sprintf("nothing called %q to replace", id), didYouMean(id, ids))
			case id == d.name || strings.HasPrefix(id, d.name+"/"):
				d.file.report(r.at, "a policy can't replace itself", "")
			case final[id]:
				d.file.report(r.at, fmt.Sprintf("%q is final and can't be replaced", id), "")
			}
		}
	}
}

// checkTests reports expectations of rules that the policy doesn't have.
func checkTests(docs []*document) {
	for _, d := range docs {
		var names []string
		for _, r := range d.rules {
			names = append(names, r.name)
		}
		for _, t := range d.tests {
			for name := range t.Rules {
				if !slices.Contains(names, name) {
					d.file.report(place{t.Line, t.column}, fmt.Sprintf("test %q expects something of %q, which is no rule of the policy", t.Name, name), didYouMean(name, names))
				}
			}
		}
	}
}

// digester makes the content digest of a bundle.
type digester struct{ b []byte }

// newDigest begins with the versions that the meaning of a bundle hangs on:
// the language and the names of its variables.
func newDigest() *digester {
	d := &digester{}
	d.text("stance-policy", fmt.Sprint(LanguageVersion))
	d.text(fact.Findings().Names()...)
	return d
}

func (d *digester) text(texts ...string) {
	d.b = binary.AppendUvarint(d.b, uint64(len(texts)))
	for _, s := range texts {
		d.b = binary.AppendUvarint(d.b, uint64(len(s)))
		d.b = append(d.b, s...)
	}
}

func (d *digester) rule(r *Rule, cl clause) {
	d.text(r.Name, r.Description, string(r.Action), string(r.OnUnknown), fmt.Sprint(r.Max, r.Final), r.Key)
	for _, s := range []*scalar{cl.message, cl.fix} {
		if s != nil {
			d.text(s.text)
		} else {
			d.text()
		}
	}
	d.text(r.Controls...)
	stages := make([]string, len(r.Stages))
	for i, s := range r.Stages {
		stages[i] = string(s)
	}
	d.text(stages...)
}

func (d *digester) sum() string {
	sum := sha256.Sum256(d.b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
