package dependencycheck

import (
	"context"
	"errors"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

func decodeJSON(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Kind() != '{' {
		if err := r.Skip(); err != nil {
			return err
		}
		return errors.New("not a Dependency-Check report: want an object")
	}
	o, err := jsondoc.ReadOutline(ctx, in, []string{"scanInfo", "projectInfo"}, nil)
	if err != nil {
		return err
	}
	var scan scanInfo
	var project projectInfo
	o.Decode("", "scanInfo", &scan)
	o.Decode("", "projectInfo", &project)
	if err := sink.Run(run(&scan, &project)); err != nil {
		return err
	}
	d := &jsonDecoder{r, sink}
	err = r.Object(func(name string) error {
		if name != "dependencies" {
			return nil
		}
		return d.shaped(r.Array(func(int) error { return d.shaped(d.dependency()) }))
	})
	if err != nil {
		return err
	}
	return r.End()
}

type jsonDecoder struct {
	r    *jsondoc.Reader
	sink format.Sink
}

// dependency reads one dependency; its identifiers stand before its
// vulnerabilities.
func (d *jsonDecoder) dependency() error {
	var dep dependency
	return d.r.Object(func(name string) error {
		switch name {
		case "fileName":
			return d.r.Decode(&dep.FileName)
		case "filePath":
			return d.r.Decode(&dep.FilePath)
		case "license":
			return d.r.Decode(&dep.Licence)
		case "projectReferences":
			return d.r.Decode(&dep.Projects)
		case "relatedDependencies":
			return d.r.Decode(&dep.Related)
		case "packages":
			return d.r.Decode(&dep.Packages)
		case "vulnerabilityIds":
			return d.r.Decode(&dep.CPEs)
		case "vulnerabilities", "suppressedVulnerabilities":
			return d.shaped(jsondoc.Records(d.r, d.sink, func(v *vulnerability, pos finding.Position, raw []byte) error {
				return observe(d.sink, &dep, v, name == "suppressedVulnerabilities", pos, raw)
			}))
		}
		return nil
	})
}

// shaped quarantines a value of the wrong shape and lets reading go on.
func (d *jsonDecoder) shaped(err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	pos := d.r.Position()
	pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
	return d.sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
}
