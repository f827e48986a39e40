package cyclonedx

import (
	"context"
	"errors"
	"strconv"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// json reads a BOM in JSON. The second pass reads only vulnerabilities.
func (d *decoder) json(ctx context.Context, in *format.Input, second bool) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	err = r.Object(func(name string) error {
		switch {
		case name == "vulnerabilities" && (second || d.ready()):
			if err := d.flush(); err != nil {
				return err
			}
			return d.jsonVulnerabilities(r)
		case name == "vulnerabilities":
			d.deferred = true
		case second:
		case name == "metadata":
			var m metadata
			return d.jsonPart(r, &m, "/metadata", func() { d.setMetadata(&m) })
		case name == "components":
			d.sawComponents = true
			return d.jsonEach(r, "/components/", func(raw []byte) error {
				var c component
				if err := jsondoc.Unmarshal(raw, &c); err != nil {
					return err
				}
				d.add(&c)
				return nil
			})
		case name == "dependencies":
			d.sawDependencies = true
			return d.jsonEach(r, "/dependencies/", func(raw []byte) error {
				var dep dependency
				if err := jsondoc.Unmarshal(raw, &dep); err != nil {
					return err
				}
				d.depend(&dep)
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.End()
}

// jsonPart reads one member as a whole; one of another shape is set aside.
func (d *decoder) jsonPart(r *jsondoc.Reader, into any, pointer string, then func()) error {
	at := r.Position()
	at.Pointer = pointer
	raw, err := r.Value()
	if err != nil {
		return err
	}
	if err := jsondoc.Unmarshal(raw, into); err != nil {
		return d.quarantine(d.position(at), err, raw)
	}
	then()
	return nil
}

// jsonEach calls fn with every element of the next array and sets aside those
// that it refuses. These are no records: only what is set aside is counted.
func (d *decoder) jsonEach(r *jsondoc.Reader, pointer string, fn func(raw []byte) error) error {
	err := r.Array(func(i int) error {
		at := r.Position()
		at.Pointer = pointer + strconv.Itoa(i)
		raw, err := r.Value()
		if err != nil {
			return err
		}
		if err := fn(raw); err != nil {
			return d.quarantine(d.position(at), err, raw)
		}
		return nil
	})
	return d.oddShape(err)
}

func (d *decoder) jsonVulnerabilities(r *jsondoc.Reader) error {
	err := r.Array(func(i int) error {
		at := d.position(r.Position())
		at.Pointer = "/vulnerabilities/" + strconv.Itoa(i)
		raw, err := r.Value()
		if err != nil {
			return err
		}
		var v vulnerability
		if err := jsondoc.Unmarshal(raw, &v); err != nil {
			return d.quarantine(at, err, raw)
		}
		return d.observe(&v, nil, at, raw)
	})
	return d.oddShape(err)
}

// oddShape sets aside a list that is none and lets the document go on.
func (d *decoder) oddShape(err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	at := d.position(positionOf(shape))
	return d.quarantine(at, shape, nil)
}
