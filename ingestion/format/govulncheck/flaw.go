package govulncheck

import (
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/osv"
)

// found is the finding message of protocol 1.
type found struct {
	OSV   jsondoc.Text        `json:"osv"`
	Fixed jsondoc.Text        `json:"fixed_version"`
	Trace jsondoc.List[frame] `json:"trace"`
}

// frame is a step of a trace; the first one is the vulnerable symbol, package
// or module, the last one the entry in the scanned code.
type frame struct {
	Module   jsondoc.Text          `json:"module,case:ignore"`
	Version  jsondoc.Text          `json:"version,case:ignore"`
	Package  jsondoc.Text          `json:"package,case:ignore"`
	Function jsondoc.Text          `json:"function,case:ignore"`
	Receiver jsondoc.Text          `json:"receiver,case:ignore"`
	Position jsondoc.Lax[position] `json:"position,case:ignore"`
}

type position struct {
	File   jsondoc.Text `json:"filename,case:ignore"`
	Line   jsondoc.Int  `json:"line,case:ignore"`
	Column jsondoc.Int  `json:"column,case:ignore"`
}

// level says how near a finding is to the code: the flaw's module is
// required, its package imported, its symbol called.
type level int

const (
	moduleLevel level = iota + 1
	packageLevel
	symbolLevel
)

var levelNames = [...]string{"", "module", "package", "symbol"}

func (f *found) level() level {
	switch {
	case f.Trace[0].Function != "":
		return symbolLevel
	case f.Trace[0].Package != "":
		return packageLevel
	}
	return moduleLevel
}

// flaw is a vulnerability in a module with all its findings.
type flaw struct {
	osv, module, version string
	level                level
	trace                []frame
	raw                  []byte
	at                   finding.Position
	fixed                []string
	symbols              []string
	related              []finding.Location
	entry                *osv.Record // of versions that put it into the finding
}

// maxRelated bounds the further places that are kept of one flaw.
const maxRelated = 50

// finding takes a finding of protocol 1.
func (d *decoder) finding(f *found, raw []byte) error {
	if f.OSV == "" || len(f.Trace) == 0 {
		return jsondoc.Bad("the finding has no osv or no trace")
	}
	d.add(string(f.OSV), f.level(), f.Trace, raw, string(f.Fixed))
	return nil
}

// add files a finding under its flaw; the most precise one represents it.
func (d *decoder) add(id string, at level, trace []frame, raw []byte, fixed string) *flaw {
	first := &trace[0]
	key := [2]string{id, string(first.Module)}
	fl := d.byKey[key]
	if fl == nil {
		fl = &flaw{osv: id, module: key[1]}
		fl.at = finding.Position{Record: len(d.flaws), Pointer: id + " " + key[1]}
		d.byKey[key] = fl
		d.flaws = append(d.flaws, fl)
	}
	if fl.version == "" {
		fl.version = string(first.Version)
	}
	fl.fixed = ident.Add(fl.fixed, fixed)
	if at >= packageLevel {
		if name := first.symbol(); len(fl.symbols) < maxRelated {
			fl.symbols = ident.Add(fl.symbols, name)
		}
	}
	switch {
	case at > fl.level:
		fl.level, fl.trace, fl.raw, fl.related = at, trace, raw, nil
	case at == symbolLevel && len(fl.related) < maxRelated:
		if l := entryOf(trace); l.Path != "" && l != entryOf(fl.trace) && !slices.Contains(fl.related, l) {
			fl.related = append(fl.related, l)
		}
	}
	return fl
}

// symbol is the frame's function as Go writes it, or its package.
func (f *frame) symbol() string {
	parts := []string{string(f.Package)}
	if f.Function != "" {
		if r := strings.TrimLeft(string(f.Receiver), "*"); r != "" {
			parts = append(parts, r[strings.LastIndexByte(r, '.')+1:])
		}
		parts = append(parts, string(f.Function))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ".")
}

func (f *frame) location() finding.Location {
	p := &f.Position.V
	return finding.Location{Path: string(p.File), StartLine: int(p.Line), StartColumn: int(p.Column), Symbol: f.symbol()}
}

// entryOf is where the scanned code sets out for the flaw: the last frame
// that has a position.
func entryOf(trace []frame) finding.Location {
	for i := len(trace) - 1; i > 0; i-- {
		if trace[i].Position.V.File != "" {
			return trace[i].location()
		}
	}
	return finding.Location{}
}

// flush tells what was gathered.
func (d *decoder) flush() error {
	run := format.Run{Tool: "govulncheck", Version: strings.TrimPrefix(string(d.config.Version), "v")}
	if d.config.Name != "" {
		run.Tool = string(d.config.Name)
	}
	if len(d.modules) > 0 && d.modules[0].Version == "" {
		run.Target.Name = d.modules[0].Name // the main module comes first
	}
	if err := d.sink.Run(run); err != nil {
		return err
	}
	for _, c := range d.modules {
		if err := d.sink.Component(c); err != nil {
			return err
		}
	}
	for _, fl := range d.flaws {
		if err := d.sink.Observe(d.observation(fl)); err != nil {
			return err
		}
	}
	for i, f := range d.faults {
		f.Position.Record = len(d.flaws) + i
		if err := d.sink.Quarantine(f); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) observation(fl *flaw) *finding.Observation {
	entry := fl.entry
	if entry == nil {
		entry = d.entries[fl.osv]
	}
	if entry == nil {
		entry = &osv.Record{ID: jsondoc.Text(fl.osv)}
	}
	o := entry.Observation("Go", fl.module)
	o.Position, o.Raw = fl.at, fl.raw
	c := moduleComponent(fl.module, fl.version)
	o.Component = &c
	if len(fl.fixed) > 0 { // for this version, where the advisory lists all branches
		o.FixVersions = fl.fixed
	}
	if entry.Summary == "" {
		o.Title += " in " + fl.module
	}
	o.Tags = ident.Add(o.Tags, "level:"+levelNames[fl.level])
	// Before protocol 1 every scan was one for symbols.
	if (d.config.Level == "symbol" || d.config.Level == "") && d.config.Mode != "binary" && d.config.Mode != "query" {
		if fl.level == symbolLevel {
			o.Tags = ident.Add(o.Tags, "reachable")
		} else {
			o.Tags = ident.Add(o.Tags, "unreachable")
		}
	}
	o.Location = entryOf(fl.trace)
	if len(fl.trace) > 0 {
		o.Location.Symbol = fl.trace[0].symbol()
	}
	if fl.level == symbolLevel && len(fl.trace) > 1 {
		for i := len(fl.trace) - 1; i >= 0; i-- {
			f := &fl.trace[i]
			o.Flow = append(o.Flow, finding.Step{Location: f.location(), Message: f.symbol()})
		}
	}
	o.Related = fl.related
	if len(fl.symbols) > 0 {
		o.Message = "Imported or called: " + strings.Join(fl.symbols, ", ")
	}
	return o
}
