// Package govulncheck reads the JSON of govulncheck in all of its shapes: the
// stream of messages of protocol 1 (also gathered in an array), the messages
// and documents of the versions 0.1 and 0.2 before it, and the document of
// the first version with its graphs of calls and imports. What govulncheck
// writes with -format sarif or openvex is read by those formats.
//
// govulncheck reports one flaw many times: once for the module that is
// required, for each package of it that is imported and each vulnerable
// symbol that is called. A record is a vulnerability in a module: its
// findings are told as one observation at the most precise level, with the
// trace of the first as flow and the entries of others as related places.
// Advisories that concern no found version give none. When the scan was one
// for symbols, the tags "reachable" and "unreachable" say whether any is
// called. Modules of the SBOM message become inventory. Kept only raw: ranges
// and credits of advisories, byte offsets.
package govulncheck

import (
	"context"
	"errors"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/osv"
)

// Format reads govulncheck's JSON.
var Format = format.Format{
	Name:  "govulncheck",
	Title: "govulncheck JSON",
	Doc: "The Go team's govulncheck, -json (every protocol since the first). " +
		"One observation for each vulnerability and module, at the level of symbol, package or module, with the call trace; ranges are kept only raw.",
	Detect: detect,
	Decode: decode,
	Fields: append([]format.Field{
		{Name: "run.version", From: "config.scanner_version"},
		{Name: "run.target.name", From: "SBOM.modules[0].path, when it has no version"},
		{Name: "message", From: "packages and symbols of all findings of the flaw"},
		{Name: "component.name, version", From: "finding.trace[0].module, version"},
		{Name: "fixVersions", From: "finding.fixed_version"},
		{Name: "location.symbol", From: "finding.trace[0].receiver, function"},
		{Name: "location.path, startLine", From: "the trace's last frame with a position: the code that leads to the flaw"},
		{Name: "flow", From: "finding.trace, from the entry to the vulnerable symbol"},
		{Name: "related", From: "the entries of further traces of the same flaw"},
		{Name: "tags level:symbol, level:package, level:module", From: "the most precise finding.trace[0]"},
		{Name: "tags reachable, unreachable", From: "the level, when config.scan_level is symbol and the source was scanned"},
		{Name: "component (inventory)", From: "SBOM.modules[]"},
	}, osv.Fields("osv.")...),
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	config := doc.At("config")
	switch {
	case config.At("scanner_name").String() == "govulncheck", config.At("protocol_version").String() != "" && config.Has("db"):
		return format.Certain
	case config.Has("protocol_version"), doc.At("finding").Has("osv", "trace"), doc.At("vulnerability").Has("osv", "modules"):
		return format.Likely
	case doc.At("Calls").Has("Functions") && (doc.Has("Imports") || doc.Has("Vulns")):
		return format.Certain
	}
	for _, name := range [...]string{"Vulns", "vulns"} {
		v := doc.At(name, "0")
		if v.At("OSV").Is('{') || v.At("osv").Is('{') && v.Has("modules") {
			return format.Certain
		}
	}
	return format.No
}

// errNothing refuses a document that has none of govulncheck's messages.
var errNothing = errors.New("not a govulncheck report: neither config, osv, finding nor vulns is there")

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &decoder{r: r, sink: sink, entries: map[string]*osv.Record{}, byKey: map[[2]string]*flaw{}}
	err = d.messages()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !d.known {
		if err != nil {
			return err
		}
		return errNothing
	}
	d.old.resolve(d)
	if flushErr := d.flush(); flushErr != nil {
		return flushErr
	}
	return err
}

// decoder gathers flaws: the findings of one flaw come apart, and the most
// precise ones last.
type decoder struct {
	r     *jsondoc.Reader
	sink  format.Sink
	known bool

	config  config
	modules []finding.Component
	entries map[string]*osv.Record
	flaws   []*flaw
	byKey   map[[2]string]*flaw
	faults  []format.Fault
	old     oldDocument
}

// config is what a run says of itself.
type config struct {
	Name    jsondoc.Text `json:"scanner_name"`
	Version jsondoc.Text `json:"scanner_version"`
	Level   jsondoc.Text `json:"scan_level"`
	Mode    jsondoc.Text `json:"scan_mode"`
}

// messages reads a stream or an array of messages. Documents of the first
// versions are a single message with other members.
func (d *decoder) messages() error {
	for d.r.More() {
		var err error
		if d.r.Kind() == '[' {
			err = d.r.Array(func(int) error { return d.r.Object(d.member) })
		} else {
			err = d.r.Object(d.member)
		}
		if err != nil {
			return err
		}
	}
	return d.r.End()
}

func (d *decoder) member(name string) error {
	switch name {
	case "config":
		d.known = true
		return ignoreShape(d.r.Decode(&d.config))
	case "progress":
		d.known = true
	case "SBOM", "sbom":
		return d.sbom()
	case "osv":
		d.known = true
		rec := &osv.Record{}
		return d.take(rec, func([]byte) error {
			d.entries[string(rec.ID)] = rec
			return nil
		})
	case "finding":
		d.known = true
		f := &found{}
		return d.take(f, func(raw []byte) error { return d.finding(f, raw) })
	case "vulnerability":
		d.known = true
		return d.vuln()
	case "Vulns", "vulns":
		d.known = true
		return d.r.Array(func(int) error { return d.vuln() })
	case "Calls", "Imports", "Requires":
		d.known = true
		return d.old.read(d.r, name)
	}
	return nil
}

// maxFaults bounds the broken messages that are set aside one by one.
const maxFaults = 1000

// take reads the next value into v and calls fn, or sets the value aside.
func (d *decoder) take(v any, fn func(raw []byte) error) error {
	at := d.r.Position()
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	if err = jsondoc.Unmarshal(raw, v); err == nil {
		err = fn(raw)
	}
	if err != nil && len(d.faults) < maxFaults {
		d.faults = append(d.faults, jsondoc.Fault(at, err, raw))
	}
	return nil
}

func (d *decoder) sbom() error {
	var s struct {
		Modules jsondoc.List[struct {
			Path    jsondoc.Text `json:"path"`
			Version jsondoc.Text `json:"version"`
		}] `json:"modules"`
	}
	err := d.r.Decode(&s)
	for _, m := range s.Modules {
		if m.Path != "" {
			c := moduleComponent(string(m.Path), string(m.Version))
			c.Ref, c.Type = c.PURL, "library"
			d.modules = append(d.modules, c)
		}
	}
	return ignoreShape(err)
}

// moduleComponent is a module as a component. The standard library is a
// module of the name stdlib.
func moduleComponent(path, version string) finding.Component {
	return finding.Component{PURL: ident.PURL("golang", "", path, version), Ecosystem: "golang", Name: path, Version: version}
}

func ignoreShape(err error) error {
	var odd *jsondoc.ShapeError
	if errors.As(err, &odd) {
		return nil
	}
	return err
}
