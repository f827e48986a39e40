package mapping

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// xmlPath is a path through elements: those that are walked while the
// document streams, and those looked for in the element held.
type xmlPath struct {
	walk   []string
	within []step
}

func newXMLPath(steps []step) xmlPath {
	walk, over, within := split(steps)
	if over == nil {
		return xmlPath{walk: walk}
	}
	return xmlPath{walk, within}
}

// walkXML calls at for every element that one of the paths leads to. Paths
// that go on below it find their elements in it.
func walkXML(r *xmldoc.Reader, paths []xmlPath, at func(id int, e *xmldoc.Element, within []step, pos finding.Position) error) error {
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(paths, func(p xmlPath) bool { return r.At(p.walk) }) {
			continue
		}
		depth := r.Depth()
		var hit []int
		for id, p := range paths {
			if len(p.walk) >= depth && r.At(p.walk[:depth]) {
				hit = append(hit, id)
			}
		}
		pos := r.Position()
		e, err := r.Element(&start)
		if err != nil {
			return err
		}
		for _, id := range hit {
			var within []step
			for _, name := range paths[id].walk[depth:] {
				within = append(within, step{name: name})
			}
			if err := at(id, e, append(within, paths[id].within...), pos); err != nil {
				return err
			}
		}
	}
}

// elements follows the steps below an element and calls each for every one it
// finds, with the element of the repeated step before and its child in which
// the way went on. A name means all children of that name.
func elements(e *xmldoc.Element, steps []step, each func(e, up *xmldoc.Element, skip string) error) error {
	var follow func(e, rep, up *xmldoc.Element, skip string, steps []step) error
	follow = func(e, rep, up *xmldoc.Element, skip string, steps []step) error {
		if len(steps) > 0 && steps[0].name == "" {
			steps = steps[1:]
		}
		if len(steps) == 0 {
			return each(e, up, skip)
		}
		name, repeats := steps[0].name, len(steps) > 1 && steps[1].each
		for _, c := range e.Children {
			if c.Name != name {
				continue
			}
			var err error
			switch {
			case !repeats:
				err = follow(c, rep, up, skip, steps[1:])
			case e == rep:
				err = follow(c, c, rep, name, steps[1:])
			default:
				err = follow(c, c, rep, "", steps[1:])
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return follow(e, e, nil, "", steps)
}

func (d *decoder) xml() error {
	var paths []xmlPath
	var sections []*compiledSection
	for _, s := range d.p.sections {
		for _, path := range s.paths {
			paths = append(paths, newXMLPath(path))
			sections = append(sections, s)
		}
	}
	context, err := d.contextXML()
	if err != nil {
		return err
	}
	if err := d.begin(context); err != nil {
		return err
	}
	r, err := xmldoc.Open(d.ctx, d.in)
	if err != nil {
		return err
	}
	defer r.Close()
	return walkXML(r, paths, func(id int, e *xmldoc.Element, within []step, pos finding.Position) error {
		d.reached = true
		return elements(e, within, func(rec, up *xmldoc.Element, skip string) error {
			at := place{pos: pos}
			at.pos.Record = d.records
			if rec != e {
				at.pos.Pointer = fmt.Sprintf("%s/%s", pos.Pointer, rec.Name)
			}
			at.up = func() any { return d.around.get(up, skip, func() any { return treeOf(up, skip) }) }
			at.top = func() any { return d.outer.get(e, "", func() any { return treeOf(e, "") }) }
			return d.record(sections[id], treeOf(rec, ""), rec.Raw(), at)
		})
	})
}

// contextXML reads the values that stand around the records.
func (d *decoder) contextXML() ([]any, error) {
	values := d.p.context
	out := make([]any, len(values))
	if len(values) == 0 {
		return nil, nil
	}
	r, err := xmldoc.Open(d.ctx, d.in)
	if err != nil {
		return out, err
	}
	defer r.Close()
	wanted := map[string][]int{} // attributes by the path of their element
	var paths []xmlPath
	var ids []int
	for i, v := range values {
		p := newXMLPath(v.steps)
		if n := len(p.walk); n > 1 && strings.HasPrefix(p.walk[n-1], "_") {
			at := strings.Join(p.walk[:n-1], "/")
			wanted[at] = append(wanted[at], i)
			continue
		}
		paths, ids = append(paths, p), append(ids, i)
	}
	enough := func() bool { return !slices.Contains(out, nil) && single(values) }
	// A broken document gives what came before the break: judging it is left
	// to the pass that reads the records.
	_ = walkContext(r, paths, wanted, enough, func(start xml.StartElement, id int) {
		walk := newXMLPath(values[id].steps).walk
		for _, a := range start.Attr {
			if "_"+a.Name.Local == walk[len(walk)-1] && out[id] == nil {
				out[id] = a.Value
			}
		}
	}, func(n int, e *xmldoc.Element, within []step) {
		_ = elements(e, within, func(e, _ *xmldoc.Element, _ string) error {
			id := ids[n]
			if _, over, _ := split(values[id].steps); over != nil {
				out[id] = append(listOf(out[id]), treeOf(e, ""))
			} else if out[id] == nil {
				out[id] = treeOf(e, "")
			}
			return nil
		})
	})
	return out, d.ctx.Err()
}

// single reports whether each of the values stands in one place, so that
// reading may stop when all are there.
func single(values []contextValue) bool {
	return !slices.ContainsFunc(values, func(v contextValue) bool { _, over, _ := split(v.steps); return over != nil })
}

func walkContext(r *xmldoc.Reader, paths []xmlPath, wanted map[string][]int, enough func() bool, attr func(xml.StartElement, int), elem func(int, *xmldoc.Element, []step)) error {
	deepest := 0
	for _, p := range paths {
		deepest = max(deepest, len(p.walk))
	}
	for at := range wanted {
		deepest = max(deepest, strings.Count(at, "/")+1)
	}
	for !enough() {
		start, err := r.Next()
		if err != nil {
			return err
		}
		depth := r.Depth()
		if depth <= deepest && len(wanted) > 0 {
			for _, id := range wanted[r.Path()] {
				attr(start, id)
			}
		}
		hit := slices.IndexFunc(paths, func(p xmlPath) bool { return r.At(p.walk) })
		switch {
		case hit >= 0:
			e, err := r.Element(&start)
			if err != nil {
				return err
			}
			for i, p := range paths {
				if slices.Equal(p.walk, paths[hit].walk) {
					elem(i, e, p.within)
				}
			}
		case depth > deepest:
			if err := r.Skip(); err != nil {
				return err
			}
		}
	}
	return nil
}

// treeOf turns an element into what expressions work on: an element with
// text alone is that text; else an object with attributes under their name
// after an underscore, children under their name (a list where there are
// several), and text as _text. Children named skip are left out.
func treeOf(e *xmldoc.Element, skip string) any {
	if e == nil {
		return nil
	}
	text := strings.TrimSpace(e.Text)
	if len(e.Attr) == 0 && len(e.Children) == 0 {
		return text
	}
	m := make(map[string]any, len(e.Attr)+len(e.Children)+1)
	for _, a := range e.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			m["_"+a.Name.Local] = a.Value
		}
	}
	for _, c := range e.Children {
		if c.Name == skip && skip != "" {
			continue
		}
		v := treeOf(c, "")
		switch before := m[c.Name].(type) {
		case nil:
			m[c.Name] = v
		case []any:
			m[c.Name] = append(before, v)
		default:
			m[c.Name] = []any{before, v}
		}
	}
	if text != "" {
		m[textMember] = text
	}
	return m
}
