// Package openvex reads OpenVEX documents, versions 0.0.1 to 0.2.0, one or
// several in a stream or an array, bare or as the predicate of an in-toto
// attestation (as "vexctl attest" writes them).
//
// A record is a statement. It gives one observation for each product that it
// names, or for each subcomponent where a product has some, with the claim
// that the statement makes. What a statement leaves out (its time, the
// author) is taken from the document, and products from the subjects of the
// attestation. Kept only raw: hashes and CPEs of products, suppliers, the
// role and version of the document.
package openvex

import (
	"context"
	"errors"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format is OpenVEX.
var Format = format.Format{
	Name:  "openvex",
	Title: "OpenVEX 0.0.1–0.2.0",
	Doc: "Statements of suppliers on whether a vulnerability affects a product, as vexctl, Trivy, Grype and govulncheck write them. " +
		"Each statement gives one observation a product or subcomponent, with its claim; hashes and CPEs are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.category", From: "@id"},
		{Name: "run.started", From: "last_updated, timestamp"},
		{Name: "run.target", From: "attestation: subject[].name, subject[].digest"},
		{Name: "check.id, advisories[0]", From: "statements[].vulnerability.name (0.0.1: vulnerability)"},
		{Name: "advisories", From: "statements[].vulnerability.aliases"},
		{Name: "check.url", From: "statements[].vulnerability.@id"},
		{Name: "check.description", From: "statements[].vulnerability.description, vuln_description"},
		{Name: "component", From: "statements[].products[].subcomponents[], else products[]: identifiers.purl, @id"},
		{Name: "component.path", From: "the product, then the subcomponent"},
		{Name: "location.image", From: "a product that is a package URL of type oci or docker"},
		{Name: "claim.state", From: "statements[].status"},
		{Name: "claim.justification", From: "statements[].justification"},
		{Name: "claim.detail", From: "statements[].impact_statement, status_notes"},
		{Name: "claim.by", From: "author"},
		{Name: "claim.at", From: "statements[].last_updated, timestamp, else the document's"},
		{Name: "fix", From: "statements[].action_statement"},
		{Name: "only raw", From: "products[].hashes, products[].identifiers.cpe22 and cpe23, supplier, role, version, tooling"},
	},
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	if p := doc.At("predicate"); p != nil {
		if strings.Contains(doc.At("predicateType").String(), "openvex") {
			return format.Certain
		}
		doc = p
	}
	statement := doc.At("statements", "0")
	switch {
	case strings.Contains(contextOf(doc), "openvex.dev/ns"), doc.At("format").String() == "text/vex+json":
		return format.Certain
	case statement.Has("vulnerability", "status") && doc.Has("author"):
		return format.Likely
	}
	return format.No
}

// contextOf is the JSON-LD context, which may be a list.
func contextOf(doc *format.Node) string {
	c := doc.At("@context")
	if c.Is('[') {
		c = c.First
	}
	return c.String()
}

// errNoVEX refuses a document that says nothing in the format's words.
var errNoVEX = errors.New("not an OpenVEX document: neither statements nor an OpenVEX @context is there")

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	heads, headErr := readHeads(ctx, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, h := range heads {
		if !h.known() {
			return errNoVEX
		}
	}
	if len(heads) == 0 {
		if headErr != nil {
			return headErr
		}
		return errNoVEX
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	next := 0
	return documents(r, func() error {
		h := &head{}
		if next < len(heads) {
			h = heads[next]
		}
		next++
		if err := sink.Run(h.run()); err != nil {
			return err
		}
		return members(r, func(name string) error {
			if name != "statements" {
				return nil
			}
			return jsondoc.Records(r, sink, statements(h, sink))
		})
	})
}

// documents calls fn for every document of a stream or an array.
func documents(r *jsondoc.Reader, fn func() error) error {
	for r.More() {
		var err error
		if r.Kind() == '[' {
			err = r.Array(func(int) error { return fn() })
		} else {
			err = fn()
		}
		if err != nil {
			return err
		}
	}
	return r.End()
}

// members calls fn for the members of a document, be it bare or inside an
// attestation.
func members(r *jsondoc.Reader, fn func(name string) error) error {
	return r.Object(func(name string) error {
		if name == "predicate" && r.Kind() == '{' {
			return r.Object(fn)
		}
		return fn(name)
	})
}

// head is what a document says for all of its statements.
type head struct {
	context    string
	id         string
	author     string
	time       string
	updated    string
	subjects   jsondoc.List[subject]
	statements bool
}

// subject is what an attestation is about.
type subject struct {
	Name   jsondoc.Text                         `json:"name"`
	URI    jsondoc.Text                         `json:"uri"`
	Digest jsondoc.Lax[map[string]jsondoc.Text] `json:"digest"`
}

func (h *head) known() bool {
	return h.statements || strings.Contains(h.context, "openvex")
}

// readHeads passes over the input for what stands around the statements, and
// in some documents behind them.
func readHeads(ctx context.Context, in *format.Input) ([]*head, error) {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var heads []*head
	err = documents(r, func() error {
		h := &head{}
		heads = append(heads, h)
		return members(r, func(name string) error { return h.member(r, name) })
	})
	return heads, err
}

func (h *head) member(r *jsondoc.Reader, name string) error {
	var to *string
	switch name {
	case "statements":
		h.statements = true
		return nil
	case "subject":
		return r.Decode(&h.subjects)
	case "@context":
		to = &h.context
	case "@id", "id":
		to = &h.id
	case "author":
		to = &h.author
	case "timestamp":
		to = &h.time
	case "last_updated":
		to = &h.updated
	default:
		return nil
	}
	var t jsondoc.Text
	if err := r.Decode(&t); err != nil {
		return err
	}
	*to = string(t)
	return nil
}

// run describes a document. Documents of different ids stand beside each
// other; a newer one with the same id takes its place.
func (h *head) run() format.Run {
	run := format.Run{Tool: "openvex", Category: h.id, Started: ident.Time(h.updated), Statements: true, Author: h.author}
	if run.Started.IsZero() {
		run.Started = ident.Time(h.time)
	}
	if len(h.subjects) == 1 {
		s := &h.subjects[0]
		run.Target.Name = s.name()
		if d := s.Digest.V["sha256"]; d != "" {
			run.Target.Digest = "sha256:" + string(d)
		}
		if reference, digest := ident.ImageOfPURL(s.name()); reference != "" {
			run.Target.Kind, run.Target.Name = "image", reference
			if digest != "" {
				run.Target.Digest = digest
			}
		}
	}
	return run
}

func (s *subject) name() string {
	if s.Name != "" {
		return string(s.Name)
	}
	return string(s.URI)
}
