// Package csaf reads documents of the OASIS Common Security Advisory
// Framework, versions 2.0 and 2.1: VEX, security advisories and the other
// profiles that carry vulnerabilities.
//
// A record is an entry of vulnerabilities. It gives one observation for each
// product that its product_status names, with the status as the claim and
// what the document says of this very product: flags, threats, scores,
// remediations. Products are resolved through branches, relationships and
// groups to package URLs or to names and versions. Kept only raw:
// acknowledgments, involvements, revision history, TLP, SSVC, hashes, serial
// numbers and CPEs. Of a vulnerability larger than a few KiB that names
// several products, each observation keeps an excerpt as its raw record.
package csaf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format is CSAF.
var Format = format.Format{
	Name:  "csaf",
	Title: "CSAF 2.0 and 2.1 (VEX and advisories)",
	Doc: "Machine-readable advisories of vendors and coordinators (Red Hat, Siemens, Cisco, BSI, …). " +
		"Each vulnerability gives one observation a product, with its status as the claim; acknowledgments and hashes are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.category", From: "document.publisher.namespace, document.tracking.id"},
		{Name: "run.started", From: "document.tracking.current_release_date"},
		{Name: "check.id, advisories[0]", From: "vulnerabilities[].cve, else ids[].text"},
		{Name: "advisories", From: "vulnerabilities[].ids[].text where they name one flaw; the others become tags"},
		{Name: "check.title", From: "vulnerabilities[].title"},
		{Name: "check.description", From: "vulnerabilities[].notes of category description, details, summary"},
		{Name: "check.url", From: "document.references of category self"},
		{Name: "cwes", From: "vulnerabilities[].cwe, cwes[] (2.1)"},
		{Name: "component.purl", From: "product_identification_helper.purl, purls[] (2.1)"},
		{Name: "component.group, name, version", From: "branches of category vendor, product_name, product_version; else the full product name"},
		{Name: "component.path", From: "relationships: what the product is part of, then the product"},
		{Name: "location.image", From: "a product or its whole that is a package URL of type oci or docker"},
		{Name: "claim.state", From: "product_status: known_affected, first_affected, last_affected → affected; known_not_affected → not_affected; fixed, first_fixed, recommended → fixed; under_investigation → under_review; unknown → none"},
		{Name: "claim.justification", From: "flags[].label"},
		{Name: "claim.detail", From: "threats[] of category impact"},
		{Name: "claim.by", From: "document.publisher.name"},
		{Name: "claim.at", From: "flags[].date, else document.tracking.current_release_date"},
		{Name: "cvss", From: "scores[] (2.0), metrics[].content (2.1): cvss_v2, cvss_v3, cvss_v4"},
		{Name: "epss", From: "metrics[].content.epss.probability"},
		{Name: "kev", From: "first_known_exploitation_dates, threats[] of category exploit_status that name CISA's catalogue"},
		{Name: "severity", From: "the CVSS rating; else threats[] of category impact, document.aggregate_severity.text"},
		{Name: "message", From: "threats[] of category exploit_status and target_set"},
		{Name: "fix", From: "remediations[]: category, details, url"},
		{Name: "fixVersions", From: "versions of the same product under fixed, first_fixed and recommended"},
		{Name: "references", From: "vulnerabilities[].references[].url, document.references[].url"},
		{Name: "tags", From: "product_status, the version range of the product"},
		{Name: "only raw", From: "acknowledgments, involvements, revision_history, distribution, ssvc, hashes, cpe, sku, serial and model numbers"},
	},
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	d := doc.At("document")
	switch {
	case d.Has("csaf_version"):
		return format.Certain
	case d.Has("publisher", "tracking") && (doc.Has("product_tree") || doc.Has("vulnerabilities")):
		return format.Likely
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{sink: sink}
	for first := true; first || r.More(); first = false {
		if r.Kind() == '[' {
			err = r.Array(func(int) error { return d.document(r) })
		} else {
			err = d.document(r)
		}
		if err != nil {
			return err
		}
	}
	if !d.any {
		return errNoCSAF
	}
	return r.End()
}

// errNoCSAF refuses a document that says nothing in the format's words.
var errNoCSAF = errors.New("not a CSAF document: document.csaf_version is missing")

// decoder reads documents one after another.
type decoder struct {
	sink   format.Sink
	record int
	any    bool

	head header
	tree *tree
	run  bool
}

// document reads one document. Vulnerabilities need what the product tree and
// the header say; where they stand before these, they wait.
func (d *decoder) document(r *jsondoc.Reader) error {
	d.head, d.tree, d.run = header{}, newTree(), false
	sawHead, sawTree := false, false
	var waiting []byte
	var waitingAt finding.Position
	err := r.Object(func(name string) error {
		switch name {
		case "document":
			sawHead = true
			if err := d.readHead(r); err != nil {
				return err
			}
		case "product_tree":
			sawTree = true
			return d.tree.read(r)
		case "vulnerabilities":
			if sawHead && sawTree {
				return r.Array(func(i int) error {
					at := r.Position()
					raw, err := r.Value()
					if err != nil {
						return err
					}
					return d.vulnerability(raw, at, i)
				})
			}
			waitingAt = r.Position()
			var err error
			waiting, err = r.Value()
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !sawHead {
		return errNoCSAF
	}
	var list []jsontext.Value
	if len(waiting) > 0 && waiting[0] == '[' {
		if err := jsondoc.Unmarshal(waiting, &list); err != nil {
			return fmt.Errorf("vulnerabilities: %w", err)
		}
	}
	for i, raw := range list {
		if err := d.vulnerability(raw, waitingAt, i); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readHead(r *jsondoc.Reader) error {
	if err := r.Decode(&d.head); err != nil {
		return err
	}
	switch v := strings.TrimSpace(string(d.head.Version)); {
	case v == "":
		return errNoCSAF
	case !strings.HasPrefix(v, "2."):
		return fmt.Errorf("CSAF version %q is not supported: want 2.0 or 2.1", v)
	}
	d.any = true
	return d.sink.Run(d.head.run())
}

// vulnerability turns entry i into observations.
func (d *decoder) vulnerability(raw []byte, at finding.Position, i int) error {
	at.Record, at.Pointer = d.record, fmt.Sprintf("/vulnerabilities/%d", i)
	d.record++
	v := &vulnerability{}
	err := jsondoc.Unmarshal(raw, v)
	if err == nil && v.id() == "" && v.Title == "" && len(v.Notes) == 0 {
		err = jsondoc.Bad("the vulnerability has neither an id nor a title nor notes")
	}
	if err != nil {
		return d.sink.Quarantine(jsondoc.Fault(at, err, raw))
	}
	return d.observe(v, at, raw)
}

// header is what a document says of itself.
type header struct {
	Version   jsondoc.Text `json:"csaf_version"`
	Title     jsondoc.Text `json:"title"`
	Publisher jsondoc.Lax[struct {
		Name      jsondoc.Text `json:"name"`
		Namespace jsondoc.Text `json:"namespace"`
	}] `json:"publisher"`
	Tracking jsondoc.Lax[struct {
		ID      jsondoc.Text `json:"id"`
		Current jsondoc.Text `json:"current_release_date"`
	}] `json:"tracking"`
	Severity jsondoc.Lax[struct {
		Text jsondoc.Text `json:"text"`
	}] `json:"aggregate_severity"`
	References jsondoc.List[reference] `json:"references"`
}

type reference struct {
	URL      jsondoc.Text `json:"url"`
	Category jsondoc.Text `json:"category"`
}

// run describes the document: a newer release of the same id takes the place
// of the older.
func (h *header) run() format.Run {
	return format.Run{
		Tool:     "csaf",
		Category: strings.Join(ident.Add(nil, string(h.Publisher.V.Namespace), string(h.Tracking.V.ID)), " "),
		Started:  ident.Time(string(h.Tracking.V.Current)),
		// Also an advisory without VEX in its name only says who is affected.
		Statements: true, Author: string(h.Publisher.V.Name),
	}
}

// self is the address of the document.
func (h *header) self() string {
	for _, r := range h.References {
		if r.Category == "self" {
			return string(r.URL)
		}
	}
	return ""
}
