package mapping

import (
	"context"
	"errors"
	"fmt"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// decoder reads one document by a mapping.
type decoder struct {
	m    *Mapping
	p    *program
	ctx  context.Context
	in   *format.Input
	sink format.Sink

	vars    []any // of the document being read
	run     format.Run
	opened  bool // a run is open
	target  format.Target
	records int
	reached bool // some path led to a place where records may be

	// around and outer are the enclosing and the outermost element that the
	// record before asked for: all records of one host, file or image want
	// the same.
	around, outer enclosing
}

// enclosing remembers an enclosing element in the form that expressions use.
type enclosing struct {
	of   any // what identifies the element
	skip string
	tree any
}

// get gives the element, made by parse unless it is the one that was asked
// for last.
func (e *enclosing) get(of any, skip string, parse func() any) any {
	if e.of != of || e.skip != skip {
		*e = enclosing{of, skip, parse()}
	}
	return e.tree
}

// ofJSON is get for a JSON value, told apart by where its bytes are.
func (e *enclosing) ofJSON(v []byte, skip string) any {
	if len(v) == 0 {
		return nil
	}
	return e.get(&v[0], skip, func() any { tree, _ := parseJSON(v, skip); return tree })
}

func (m *Mapping) decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	p, err := m.compiled()
	if err != nil {
		return err
	}
	d := &decoder{m: m, p: p, ctx: ctx, in: in, sink: sink}
	switch m.spec.Input {
	case "json":
		err = d.json()
	case "xml":
		err = d.xml()
	case "text":
		err = d.text()
	default:
		err = d.csv()
	}
	if err != nil {
		return err
	}
	if !d.reached && m.detect(in.Head()) < format.Possible {
		return fmt.Errorf("this is no %s report: there are no records where they are expected (%s)", m.spec.Title, m.spec.Records[0].where())
	}
	return d.open()
}

// begin starts a document of the input with the values that stand around its
// records.
func (d *decoder) begin(context []any) error {
	d.vars = make([]any, len(fixedVariables)+len(d.p.context))
	for i := range d.p.context {
		v := context[i]
		if key := d.p.context[i].key; key != nil {
			v = d.index(v, key)
		}
		d.vars[len(fixedVariables)+i] = v
	}
	run := d.m.runOf(d.ctx, d.p, &scope{vars: d.vars})
	if d.opened && sameRun(d.run, run) {
		return nil
	}
	if d.opened || d.records > 0 {
		if err := d.open(); err != nil { // a document without records is a scan, too
			return err
		}
	}
	d.run, d.target, d.opened = run, run.Target, false
	return nil
}

func sameRun(a, b format.Run) bool {
	return a.Tool == b.Tool && a.Version == b.Version && a.Category == b.Category && a.Started.Equal(b.Started) &&
		a.Failed == b.Failed && a.Target == b.Target && len(a.Notes)+len(b.Notes) == 0
}

// index turns a list into an object by a key of its elements.
func (d *decoder) index(v any, key *expr) any {
	out := map[string]any{}
	for _, e := range listOf(v) {
		s := &scope{rec: e, vars: d.vars}
		if k, err := key.all(d.ctx, s); err == nil && len(k) > 0 {
			out[textOf(k[0])] = e
		}
	}
	return out
}

// open opens the run unless it is open.
func (d *decoder) open() error {
	if d.opened {
		return nil
	}
	d.opened = true
	r := d.run
	r.Target = d.target
	return d.sink.Run(r)
}

// place is where a record stands and what is around it.
type place struct {
	pos finding.Position
	key any
	// up and top give the enclosing elements; they are asked only when an
	// expression wants them.
	up, top func() any
}

func (d *decoder) next() int {
	d.records++
	return d.records - 1
}

// record turns one record into observations or a component.
func (d *decoder) record(c *compiledSection, rec any, raw []byte, at place) error {
	sc := &scope{rec: rec, vars: append([]any(nil), d.vars...)}
	sc.vars[2] = at.key
	if c.usesUp && at.up != nil {
		sc.vars[0] = at.up()
	}
	if c.usesTop && at.top != nil {
		sc.vars[1] = at.top()
	}
	if c.when != nil {
		yes, err := c.when.truth(d.ctx, sc)
		if err != nil {
			return d.quarantine(at, raw, err)
		}
		if !yes {
			return nil
		}
	}
	if len(c.target) > 0 {
		if t := targetOf(d.ctx, c.target, sc, d.run.Target); t != d.target {
			d.target, d.opened = t, false
		}
	}
	if err := d.open(); err != nil {
		return err
	}
	at.pos.Record = d.next()
	if c.each == nil {
		return d.observe(c, sc, raw, at)
	}
	items, err := c.each.all(d.ctx, sc)
	if err != nil {
		return d.quarantine(at, raw, err)
	}
	if items = flat(items); len(items) == 0 {
		items = []any{nil}
	}
	for _, item := range items {
		sc.vars[3] = item
		if err := d.observe(c, sc, raw, at); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) observe(c *compiledSection, sc *scope, raw []byte, at place) error {
	o := &draft{Observation: &finding.Observation{Position: at.pos, Kind: c.kind, Raw: raw}}
	for i := range c.fields {
		c.fields[i].apply(d.ctx, sc, o)
	}
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if c.emit == "component" {
		if p := o.component(); p != nil {
			return d.sink.Component(*p)
		}
		return d.quarantine(at, raw, errors.New("the record names no component"))
	}
	done := o.finish()
	if done.Check.ID == "" && done.Check.Title == "" && done.Title == "" && done.Message == "" && len(done.Advisories) == 0 {
		return d.quarantine(at, raw, errors.New("the record names no flaw: neither a check nor a title, a message or an advisory"))
	}
	return d.sink.Observe(done)
}

// quarantine sets a record aside. It has its number already, or gets one.
func (d *decoder) quarantine(at place, raw []byte, err error) error {
	if e := d.ctx.Err(); e != nil {
		return e
	}
	if e := d.open(); e != nil {
		return e
	}
	if at.pos.Record >= d.records {
		at.pos.Record = d.next()
	}
	return d.sink.Quarantine(jsondoc.Fault(at.pos, err, raw))
}
