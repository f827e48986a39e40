package trivy

import (
	"fmt"

	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// kubernetes reads one resource of a cluster report.
func (d *decoder) kubernetes(pointer string) error {
	var id struct{ namespace, kind, name jsondoc.Text }
	var res resource
	return d.r.Object(func(name string) error {
		switch name {
		case "Namespace":
			return d.r.Decode(&id.namespace)
		case "Kind":
			return d.r.Decode(&id.kind)
		case "Name":
			return d.r.Decode(&id.name)
		case "Metadata":
			var m jsondoc.List[metadata] // one per container image in newer versions
			if err := d.r.Decode(&m); err != nil {
				return err
			}
			if len(m) == 1 { // of several images a result does not say which is its own
				res.image = m[0].image()
			}
		case "Results":
			res.address = address(string(id.namespace), string(id.kind), string(id.name))
			return d.results(pointer+"/Results", res)
		case "Error":
			return d.resourceError(address(string(id.namespace), string(id.kind), string(id.name)))
		}
		return nil
	})
}

func address(namespace, kind, name string) string {
	if namespace == "" {
		return kind + "/" + name
	}
	return kind + "/" + namespace + "/" + name
}

// resourceError shows that Trivy could not scan one resource of a cluster.
func (d *decoder) resourceError(resource string) error {
	pos := d.r.Position()
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	var text jsondoc.Text
	if err := jsondoc.Unmarshal(raw, &text); err != nil || text == "" {
		return err
	}
	return d.sink.Quarantine(jsondoc.Fault(pos, fmt.Errorf("trivy could not scan %s: %s", resource, text), raw))
}
