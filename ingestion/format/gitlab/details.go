package gitlab

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// details are free members by name; each says of which type it is.
type details []detail

// detail is one of them, with the members of all types that are read.
type detail struct {
	Type     jsondoc.Text   `json:"type"`
	Name     jsondoc.Text   `json:"name"`
	Value    jsondoc.Text   `json:"value"`
	Text     jsondoc.Text   `json:"text"`
	Href     jsondoc.Text   `json:"href"`
	FileName jsondoc.Text   `json:"file_name"`
	Start    jsondoc.Int    `json:"line_start"`
	End      jsondoc.Int    `json:"line_end"`
	Items    jsontext.Value `json:"items"`
}

// node is a stop of a code flow.
type node struct {
	Type jsondoc.Text        `json:"node_type"` // source, propagation, sink
	File jsondoc.Lax[detail] `json:"file_location"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom. It keeps the order of the
// members and leaves out those of another shape.
func (l *details) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*l = nil
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return err
		}
		one := detail{Name: jsondoc.Text(key.String())}
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		if v.Kind() == '{' && jsondoc.Unmarshal(v, &one) == nil {
			one.Items = one.Items.Clone()
			*l = append(*l, one)
		}
	}
	_, err := d.ReadToken()
	return err
}

// add puts what the details say into the observation.
func (l details) add(o *finding.Observation) {
	var lines []string
	for i := range l {
		d := &l[i]
		switch d.Type {
		case "file-location", "file":
			if at, ok := d.location(); ok {
				o.Related = append(o.Related, at)
			}
		case "code-flows":
			if len(o.Flow) == 0 {
				o.Flow = flow(d.Items)
			}
		case "url":
			lines = line(lines, d.Name, either(d.Href, d.Value))
		case "text", "value", "code", "markdown", "commit":
			lines = line(lines, d.Name, either(d.Value, d.Text))
		}
	}
	if len(lines) > 0 {
		o.Message = strings.TrimSpace(o.Message + "\n\n" + strings.Join(lines, "\n"))
	}
}

func line(to []string, name jsondoc.Text, value string) []string {
	if value == "" {
		return to
	}
	return append(to, name.String()+": "+value)
}

func (d *detail) location() (finding.Location, bool) {
	return finding.Location{Path: d.FileName.String(), StartLine: int(d.Start), EndLine: int(d.End)}, d.FileName != ""
}

// flow reads the first of the flows: a report lists alternatives.
func flow(items jsontext.Value) []finding.Step {
	var flows jsondoc.List[jsondoc.List[node]]
	if jsondoc.Unmarshal(items, &flows) != nil || len(flows) == 0 {
		return nil
	}
	var steps []finding.Step
	for i := range flows[0] {
		if at, ok := flows[0][i].File.V.location(); ok {
			steps = append(steps, finding.Step{Location: at, Message: flows[0][i].Type.String()})
		}
	}
	return steps
}
