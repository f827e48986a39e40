// Package cyclonedx reads CycloneDX bills of materials, versions 1.0 to 1.7,
// in JSON and XML: software (SBOM) and other inventories, vulnerability
// disclosure reports and VEX.
//
// Components become inventory, dependencies its graph, and each vulnerability
// one observation per component that it affects, all with the number of its
// one record. Vulnerabilities of the XML extension that came before version
// 1.4 are read too. Services, hashes, compositions, formulations, credits and
// proofs of concept are kept only raw. The component that the BOM is about is
// the target of the run, not a part of the inventory.
package cyclonedx

import (
	"context"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format is CycloneDX.
var Format = format.Format{
	Name:  "cyclonedx",
	Title: "CycloneDX 1.0–1.7 (JSON, XML)",
	Doc: "The OWASP bill of materials that Trivy, Grype, Syft, cdxgen, Dependency-Track and the build-tool plugins write. " +
		"Read are components, licences, the dependency graph, vulnerabilities with all their ratings, and VEX analyses; " +
		"services, hashes, compositions and formulations are kept only raw.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	switch h.Shape {
	case format.ShapeJSON:
		doc := h.JSON
		switch {
		case strings.EqualFold(doc.At("bomFormat").String(), "CycloneDX"),
			strings.Contains(doc.At("$schema").String(), "cyclonedx.org/schema/"):
			return format.Certain
		case strings.HasPrefix(doc.At("specVersion").String(), "1.") && (doc.At("components").Is('[') || doc.At("vulnerabilities").Is('[')):
			return format.Likely
		}
	case format.ShapeXML:
		switch {
		case h.Root == "bom" && strings.Contains(h.Namespace, "cyclonedx.org/schema/bom"):
			return format.Certain
		case h.Root == "bom" && h.Namespace == "":
			return format.Possible
		}
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	d := &decoder{sink: sink, byRef: map[string]*entry{}, graph: map[string][]string{}}
	read := d.json
	if in.Head().Shape == format.ShapeXML {
		read = d.xml
	}
	err := read(ctx, in, false)
	if d.sinkErr != nil || ctx.Err() != nil {
		return err
	}
	// What stood before a break still counts.
	if flushErr := d.flush(); flushErr != nil {
		return flushErr
	}
	if d.deferred {
		if secondErr := read(ctx, in, true); secondErr != nil {
			return secondErr
		}
	}
	return err
}

// decoder gathers components and graph, which the vulnerabilities need, and
// hands everything over in order. Where a document has its vulnerabilities
// last, as nearly all do, one pass is enough; else they wait for a second.
type decoder struct {
	sink   format.Sink
	record int

	component, vulnerability int // elements seen in XML, for their pointers

	meta       metadata
	components []*entry
	byRef      map[string]*entry
	refs       []string // of the graph's nodes, in order
	graph      map[string][]string

	sawMetadata, sawComponents, sawDependencies bool

	opened, flushed bool
	deferred        bool // vulnerabilities wait for the second pass
	sinkErr         error
}

// entry is a component with what its vulnerabilities take from it.
type entry struct {
	finding.Component
	path, layer string
}

// ready reports whether vulnerabilities can be told now: all that they hang
// on has been read.
func (d *decoder) ready() bool {
	return d.flushed || d.sawMetadata && d.sawComponents && d.sawDependencies
}

// told keeps an error of the sink, which ends everything.
func (d *decoder) told(err error) error {
	if err != nil {
		d.sinkErr = err
	}
	return err
}

// open tells of the run, once.
func (d *decoder) open() error {
	if d.opened {
		return nil
	}
	d.opened = true
	return d.told(d.sink.Run(runOf(&d.meta)))
}

// flush tells of the run, the components and the graph, once.
func (d *decoder) flush() error {
	if d.flushed {
		return nil
	}
	d.flushed = true
	if err := d.open(); err != nil {
		return err
	}
	if d.meta.Component != nil {
		d.markDirect(string(d.meta.Component.Ref))
	}
	for _, e := range d.components {
		if err := d.told(d.sink.Component(e.Component)); err != nil {
			return err
		}
	}
	for _, ref := range d.refs {
		if on := d.graph[ref]; len(on) > 0 {
			if err := d.told(d.sink.Depend(ref, on)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setMetadata takes the metadata. The component that the BOM is about can be
// affected by a vulnerability like any other.
func (d *decoder) setMetadata(m *metadata) {
	d.meta, d.sawMetadata = *m, true
	if c := m.Component; c != nil {
		d.index(newEntry(&c.component))
		for i := range c.Components {
			d.add(&c.Components[i])
		}
	}
}

// add takes a component and those inside it.
func (d *decoder) add(c *component) {
	e := newEntry(c)
	d.components = append(d.components, e)
	d.index(e)
	for i := range c.Components {
		d.add(&c.Components[i])
	}
}

func (d *decoder) index(e *entry) {
	for _, ref := range [...]string{e.Ref, e.PURL} {
		if ref != "" && d.byRef[ref] == nil {
			d.byRef[ref] = e
		}
	}
}

func (d *decoder) depend(dep *dependency) {
	ref := string(dep.Ref)
	if _, known := d.graph[ref]; !known {
		d.refs = append(d.refs, ref)
	}
	d.graph[ref] = append(d.graph[ref], dep.on()...)
}

// markDirect says of every component in the graph whether the root depends on
// it itself. Producers like Trivy put a lock file or an operating system
// between, which stands for no dependency: what it holds counts as direct.
func (d *decoder) markDirect(root string) {
	direct := map[string]bool{}
	for _, ref := range d.graph[root] {
		direct[ref] = true
		if e := d.byRef[ref]; e != nil && e.PURL == "" && grouping(e.Type) {
			for _, inner := range d.graph[ref] {
				direct[inner] = true
			}
		}
	}
	if len(direct) == 0 {
		return
	}
	known := map[string]bool{}
	for ref, on := range d.graph {
		known[ref] = true
		for _, o := range on {
			known[o] = true
		}
	}
	yes, no := true, false
	for _, e := range d.components {
		switch {
		case direct[e.Ref]:
			e.Direct = &yes
		case known[e.Ref]:
			e.Direct = &no
		}
	}
}

func grouping(componentType string) bool {
	switch componentType {
	case "application", "operating-system", "container", "file", "platform":
		return true
	}
	return false
}

// position numbers the next record over both passes.
func (d *decoder) position(at finding.Position) finding.Position {
	at.Record = d.record
	d.record++
	return at
}

func (d *decoder) quarantine(at finding.Position, err error, raw []byte) error {
	if err := d.open(); err != nil {
		return err
	}
	return d.told(d.sink.Quarantine(jsondoc.Fault(at, err, raw)))
}
