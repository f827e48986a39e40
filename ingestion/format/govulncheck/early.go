package govulncheck

import (
	"strconv"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/osv"
)

// earlyVuln is a vulnerability as versions before protocol 1 write it: with
// modules and call stacks (0.1 and 0.2) or with links into the graphs of the
// document (the first).
type earlyVuln struct {
	OSV     osv.Record `json:"osv,case:ignore"`
	Modules jsondoc.List[struct {
		Path     jsondoc.Text `json:"path,case:ignore"`
		Found    jsondoc.Text `json:"found_version,case:ignore"`
		Fixed    jsondoc.Text `json:"fixed_version,case:ignore"`
		Packages jsondoc.List[struct {
			Path   jsondoc.Text `json:"path,case:ignore"`
			Stacks jsondoc.List[struct {
				Symbol jsondoc.Text        `json:"symbol,case:ignore"`
				Frames jsondoc.List[frame] `json:"frames,case:ignore"`
			}] `json:"callstacks,case:ignore"`
		}] `json:"packages,case:ignore"`
	}] `json:"modules,case:ignore"`

	Symbol      jsondoc.Text
	PkgPath     jsondoc.Text
	ModPath     jsondoc.Text
	CallSink    jsondoc.Int
	ImportSink  jsondoc.Int
	RequireSink jsondoc.Int
}

// vuln reads a vulnerability of a version before protocol 1.
func (d *decoder) vuln() error {
	v := &earlyVuln{}
	return d.take(v, func(raw []byte) error {
		if v.OSV.ID == "" {
			return jsondoc.Bad("the vulnerability has no id")
		}
		if len(v.Modules) == 0 {
			d.old.vulns = append(d.old.vulns, oldVuln{v, raw})
			return nil
		}
		for i := range v.Modules {
			m := &v.Modules[i]
			top := frame{Module: m.Path, Version: m.Found}
			d.add(string(v.OSV.ID), moduleLevel, []frame{top}, raw, string(m.Fixed)).entry = &v.OSV
			for _, p := range m.Packages {
				top.Package = p.Path
				d.add(string(v.OSV.ID), packageLevel, []frame{top}, raw, "")
				for _, s := range p.Stacks {
					called := top
					called.Function = s.Symbol
					trace := []frame{called}
					for j := len(s.Frames) - 1; j >= 0; j-- { // written from the entry on
						if j == len(s.Frames)-1 {
							trace[0].Position = s.Frames[j].Position
							continue
						}
						trace = append(trace, s.Frames[j])
					}
					d.add(string(v.OSV.ID), symbolLevel, trace, raw, "")
				}
			}
		}
		return nil
	})
}

// oldDocument is the document of the first version: vulnerabilities link into
// graphs that may stand before or behind them.
type oldDocument struct {
	vulns     []oldVuln
	functions map[string]oldFunction
	modules   map[string]oldModule
}

type oldVuln struct {
	*earlyVuln
	raw []byte
}

type oldFunction struct {
	Name     jsondoc.Text
	RecvType jsondoc.Text
	PkgPath  jsondoc.Text
	Pos      jsondoc.Lax[position]
	Sites    jsondoc.List[struct {
		Parent jsondoc.Int
		Pos    jsondoc.Lax[position]
	}] `json:"CallSites"`
}

type oldModule struct {
	Path    jsondoc.Text
	Version jsondoc.Text
}

// read takes one of the graphs. That of imports adds nothing to them.
func (o *oldDocument) read(r *jsondoc.Reader, name string) error {
	var err error
	switch name {
	case "Calls":
		var g struct {
			Functions map[string]oldFunction
		}
		err = r.Decode(&g)
		o.functions = g.Functions
	case "Requires":
		var g struct {
			Modules map[string]oldModule
		}
		err = r.Decode(&g)
		o.modules = g.Modules
	}
	return ignoreShape(err)
}

// resolve turns the vulnerabilities into findings once the graphs are known.
func (o *oldDocument) resolve(d *decoder) {
	for i := range o.vulns {
		v := &o.vulns[i]
		top := frame{Module: v.ModPath, Package: v.PkgPath}
		if m, ok := o.modules[strconv.Itoa(int(v.RequireSink))]; ok {
			top.Version = m.Version
			if top.Module == "" {
				top.Module = m.Path
			}
		}
		at, trace := moduleLevel, []frame{top}
		switch {
		case v.CallSink != 0:
			at = symbolLevel
			trace = o.trace(top, int(v.CallSink))
			if trace[0].Function == "" {
				trace[0].Function = v.Symbol
			}
		case v.ImportSink != 0:
			at = packageLevel
		default:
			trace[0].Package = ""
		}
		if fl := d.add(string(v.OSV.ID), at, trace, v.raw, ""); fl.entry == nil {
			fl.entry = &v.OSV
		}
	}
}

// trace walks from the vulnerable function up to an entry, along the shortest
// way: the sites from which functions are called name their parents.
func (o *oldDocument) trace(top frame, sink int) []frame {
	from := map[int]int{sink: sink} // the function that each one leads to
	queue, entry := []int{sink}, sink
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		sites := o.functions[strconv.Itoa(id)].Sites
		if len(sites) == 0 {
			entry = id
			break
		}
		for _, s := range sites {
			if _, seen := from[int(s.Parent)]; !seen {
				from[int(s.Parent)] = id
				queue = append(queue, int(s.Parent))
			}
		}
	}
	var up []int // from the entry to the sink
	for id := entry; ; id = from[id] {
		up = append(up, id)
		if id == sink {
			break
		}
	}
	var trace []frame
	for i := len(up) - 1; i >= 0; i-- {
		f := o.functions[strconv.Itoa(up[i])]
		step := frame{Package: f.PkgPath, Function: f.Name, Receiver: f.RecvType, Position: f.Pos}
		if len(trace) == 0 {
			step.Module, step.Version = top.Module, top.Version
			if step.Package == "" {
				step.Package = top.Package
			}
		}
		trace = append(trace, step)
	}
	return trace
}
